"""A fitted model handed on: as ONNX, or as a folder of transformers alone."""
