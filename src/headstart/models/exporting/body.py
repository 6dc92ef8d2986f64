"""A network's forward pass, from its input to a row of features, in ONNX's form."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from headstart.detection.maps import Body, Looking
from headstart.errors import MissingExtra, OutputError
from headstart.networks.cutting.trace import twin
from headstart.networks.network import Network
from headstart.networks.running.runners import simple
from headstart.networks.running.runtime import Rows, layout_of

#: Most inputs in one pass.
_MOST_ROWS = 1 << 20


def body_of(network: Network) -> Any:
    """A network as an ONNX model: ``x`` in, as `headstart.networks.running.runtime.to_tensor` gives it, rows out.

    Its rows are those of the exact pass: output, depths and grids side by side. PyTorch writes the operators.

    Parameters
    ----------
    network : Network

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    MissingExtra
        Without onnxscript.
    OutputError
        If PyTorch cannot write the network's operators in this form.
    """
    rows = Rows(twin(simple(network)), network.chain, layout_of(network.chain)).eval()
    example = network.example(3)
    free: dict[int, Any] = {0: torch.export.Dim("n", min=1, max=_MOST_ROWS)}
    if network.chain.takes_tokens:
        example[1, -2:] = -1
        free[1] = torch.export.Dim("tokens", min=2, max=max(3, network.preprocessing.size[0]))
    return _written(network, rows, example, free)


def maps_of_body(body: Body) -> Any:
    """What a detector looks at as an ONNX model: one picture in, (1, 3, side, side), its maps out, (1, H, W, C)."""
    looking = _Maps(twin(body.squared.module).eval(), [level.block for level in body.levels], whole=True)
    return _written(body.network, looking, body.squared.example(1), {})


class _Maps(Looking):
    """A network that answers with its maps one after the other."""

    def forward(self, x: torch.Tensor) -> Any:
        """Maps in the order of their blocks."""
        seen = super().forward(x)
        return tuple(seen[name].float() for name in self.blocks)


def _written(network: Network, module: torch.nn.Module, example: torch.Tensor, free: dict[int, Any]) -> Any:
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtra("onnxscript", "onnx", "A network in ONNX's form") from error
    try:
        with _silent(), torch.no_grad():
            program = torch.export.export(module, (example,), dynamic_shapes=(free,), strict=False)
            made = torch.onnx.export(program, (), dynamo=True, input_names=["x"], verbose=False)
        assert made is not None
        return made.model_proto
    except Exception as error:
        deepest: BaseException = error
        while deepest.__cause__ is not None:
            deepest = deepest.__cause__
        reason = next((line for line in str(deepest).splitlines() if line.strip()), "no reason given")
        raise OutputError(
            f"Expected a network that PyTorch can write as ONNX, found that {network.name} is none: "
            f"{type(deepest).__name__}: {reason[:300]}.",
            "Hand the model's folder on as it is, or fit with another network.",
        ) from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without what the writer of operators says about itself."""
    said = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [log.level for log in said]
    try:
        for log in said:
            log.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(said, levels, strict=True):
            log.setLevel(level)
