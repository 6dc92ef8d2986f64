"""The forward pass compiled by OpenVINO, where that is installed and there are pictures enough to pay for it."""

from __future__ import annotations

import importlib.util
import threading
import warnings
import weakref
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.inputs.canvases import AnyPreprocessing
from headstart.networks.cutting.trace import twin
from headstart.networks.network import Network
from headstart.networks.running.runtime import to_tensor

#: Processor seconds of compiling, a module of the network; the part of PyTorch's time that a compiled pass saves; and
#: what PyTorch computes in a second on one processor. MobileNetV1 0.25 and V2: 1.3 and 2.2 s, 0.22 and 0.43, 24 and 28
#: billion.
SECONDS_A_MODULE, SAVED, FLOPS_A_SECOND = 0.011, 0.4, 27e9

_saved_each: weakref.WeakKeyDictionary[Network, float] = weakref.WeakKeyDictionary()


def openvino_installed() -> bool:
    """Whether the extra ``openvino`` is there; does not import it."""
    return importlib.util.find_spec("openvino") is not None


def worth_compiling(network: Network, n: int) -> bool:
    """Whether n inputs save more time than compiling takes; by size alone, so that the answer is always the same.

    Compiling takes longer the more modules there are, an input the more products it needs: from about 260 pictures of
    MobileNetV2 and 3,100 of the small MobileNetV1 0.25 on it pays.
    """
    if network not in _saved_each:
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter, torch.no_grad():
            twin(network.module).eval()(network.example())
        _saved_each[network] = SAVED * counter.get_total_flops() / FLOPS_A_SECOND
    return n * _saved_each[network] >= SECONDS_A_MODULE * sum(1 for _ in network.module.modules())


class CompiledRunner:
    """From cropped pictures or windows of sound to rows of features, by a compiled network on the processor.

    Compiling takes seconds; a forward pass then takes about half of PyTorch's time.

    Parameters
    ----------
    rows : nn.Module
        Gives (N, n_values) for inputs in float32, contiguous; only traced.
    example : Tensor, (N, C, H, W) or (N, samples)
        An input.
    preprocessing : Preprocessing or SoundPreprocessing
        How pictures are normalised.
    half : bool
        Whether to compute in bfloat16.
    n_threads : int
        Processors to use, one a batch.

    Raises
    ------
    RuntimeError
        If OpenVINO cannot take this network.
    """

    device = "cpu"

    def __init__(
        self, rows: nn.Module, example: Tensor, preprocessing: AnyPreprocessing, half: bool, n_threads: int
    ) -> None:
        import openvino

        self.preprocessing = preprocessing
        try:
            with torch.no_grad(), warnings.catch_warnings():
                warnings.simplefilter("ignore", torch.jit.TracerWarning)  # the shapes stay those of the example
                model = openvino.convert_model(rows, example_input=example)
            model.reshape([-1, *example.shape[1:]])
            settings = {
                "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
                "INFERENCE_NUM_THREADS": n_threads,
                "NUM_STREAMS": n_threads,
            }
            self._model: Any = openvino.Core().compile_model(model, "CPU", settings)
        except Exception as error:  # OpenVINO has no base class for what it raises
            raise RuntimeError(f"OpenVINO cannot compile this network: {error}") from error
        self._requests = threading.local()

    def __call__(self, arrays: np.ndarray) -> np.ndarray:
        batch = to_tensor(arrays, self.preprocessing, channels_last=False).numpy()
        request = getattr(self._requests, "mine", None)
        if request is None:
            request = self._requests.mine = self._model.create_infer_request()
        return np.array(request.infer([batch])[0], np.float32)
