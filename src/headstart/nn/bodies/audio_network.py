"""A network of one of transformers' audio families, from the wave to its outputs."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from headstart.nn.bodies.front_ends import FrontEnd


class AudioNetwork(nn.Module):
    """A family's front end, its network, and where that has no outputs of its own, a linear layer behind it.

    Parameters
    ----------
    front_end : FrontEnd
        From waves to what ``body`` takes.
    body : transformers model
        One for audio classification, which gives ``logits``; or an audio tower, which gives ``pooler_output``.
    output : nn.Linear, optional
        Behind a tower's pooled output.
    """

    def __init__(self, front_end: FrontEnd, body: Any, output: nn.Linear | None = None) -> None:
        super().__init__()
        self.front_end, self.body, self.output = front_end, body, output

    def forward(self, waves: Tensor) -> Tensor:
        """Outputs (N, K) for waves (N, T) at the front end's rate, -1 to 1; NaN from where a shorter clip ends."""
        with torch.autocast(waves.device.type, enabled=False):
            inputs = self.front_end(waves)
        result = self.body(**inputs)
        return result.logits if self.output is None else self.output(result.pooler_output)

    @property
    def parts(self) -> dict[str, str]:
        """Names of the classes of transformers that it stands for: its body and its feature extractor."""
        return {"body": type(self.body).__name__, "extractor": str(self.front_end.settings["feature_extractor_type"])}

    def fresh(self) -> AudioNetwork:
        """The same architecture with weights from torch's present random state."""
        body = type(self.body)(copy.deepcopy(self.body.config))
        if isinstance(getattr(self.body, "projector", None), nn.Identity):
            body.projector = nn.Identity()
        output = None if self.output is None else nn.Linear(self.output.in_features, self.output.out_features)
        return AudioNetwork(self.front_end, body, output)
