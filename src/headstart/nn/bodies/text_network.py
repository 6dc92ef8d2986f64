"""A network for texts: a body that reads tokens, pooling, and one linear output layer."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError

#: How the activations of a text's tokens become one vector.
POOLINGS = ("first", "max", "mean", "mean_sqrt", "weighted_mean", "last")


class TokenPooling(nn.Module):
    r"""One vector for a row of tokens, from those that are there.

    With activations :math:`h_1, \dots, h_T` of the T tokens of a text: "first" :math:`h_1`, "last" :math:`h_T`, "max"
    their largest in each channel, "mean" :math:`\sum_t h_t / T`, "mean_sqrt" :math:`\sum_t h_t / \sqrt T`,
    "weighted_mean" :math:`\sum_t t h_t / \sum_t t`. Several stand side by side.

    Parameters
    ----------
    modes : sequence of str
        Of `POOLINGS`.

    Examples
    --------
    >>> hidden, mask = torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]])
    >>> TokenPooling(["mean", "last", "max"])(hidden, mask).tolist()
    [[2.0, 3.0, 3.0]]
    """

    def __init__(self, modes: Sequence[str] = ("mean",)) -> None:
        super().__init__()
        unknown = [mode for mode in modes if mode not in POOLINGS]
        if unknown or not modes:
            raise ParameterError(f"Expected poolings of {', '.join(POOLINGS)}, found {list(modes)}.")
        self.modes = tuple(modes)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Pool (N, L, C) with mask (N, L), tokens at the left, to (N, modes * C); sums are in float32."""
        parts = [_pooled(mode, hidden, mask) for mode in self.modes]
        return (parts[0] if len(parts) == 1 else torch.cat(parts, 1)).to(hidden.dtype)


def _pooled(mode: str, hidden: Tensor, mask: Tensor) -> Tensor:
    if mode == "first":
        return hidden[:, 0]
    count = mask.sum(1).clamp(min=1)
    if mode == "last":
        return hidden[torch.arange(hidden.shape[0], device=hidden.device), count - 1]
    if mode == "max":
        return hidden.masked_fill(~mask.unsqueeze(2), torch.finfo(hidden.dtype).min).amax(1)
    share = mask.float()
    if mode == "weighted_mean":
        share = share.cumsum(1) * share
    total = torch.bmm(share.unsqueeze(1), hidden.float()).squeeze(1)
    if mode == "mean_sqrt":
        return total / count.sqrt().unsqueeze(1)
    return total / share.sum(1).clamp(min=1e-9).unsqueeze(1)


class UnitLength(nn.Module):
    """Features divided by their Euclidean length."""

    def forward(self, features: Tensor) -> Tensor:
        """(N, C) to (N, C)."""
        return nn.functional.normalize(features, dim=1)


class TextNetwork(nn.Module):
    """A transformer for texts, pooling over its tokens, further layers where it has any, and a linear output layer.

    Parameters
    ----------
    body : nn.Module
        Called as ``body(input_ids=..., attention_mask=...)``; its first output is (N, L, C).
    width : int
        C.
    poolings : sequence of str, default=("mean",)
        As in `TokenPooling`.
    after : sequence of nn.Module
        Layers between pooling and output, (N, d) to (N, d').
    n_features : int, optional
        d' of the last of them; default: what pooling gives.
    n_outputs : int, default=1

    Attributes
    ----------
    n_features : int
        Width of the output layer's input.
    unused : nn.Module or None
        The body's own pooling layer, which is set aside: it is never run, and only saved with the body.
    """

    unused: nn.Module | None

    def __init__(
        self,
        body: nn.Module,
        width: int,
        poolings: Sequence[str] = ("mean",),
        after: Sequence[nn.Module] = (),
        n_features: int | None = None,
        n_outputs: int = 1,
    ) -> None:
        super().__init__()
        self.body = body
        self.unused = getattr(body, "pooler", None)
        if self.unused is not None:
            body.pooler = None  # type: ignore[assignment]
        self.pooling = TokenPooling(poolings)
        self.after = nn.Sequential(*after)
        self.n_features = width * len(self.pooling.modes) if n_features is None else n_features
        self.output = nn.Linear(self.n_features, n_outputs)
        # A causal network would otherwise keep the keys and values of all layers for a next token.
        self.caches = "use_cache" in inspect.signature(body.forward).parameters

    @property
    def config(self) -> Any:
        """The body's configuration."""
        return self.body.config

    def hidden(self, ids: Tensor) -> Tensor:
        """What the body says about each token, (N, L, C)."""
        given: dict[str, Any] = {"use_cache": False} if self.caches else {}
        return self.body(input_ids=ids.clamp(min=0), attention_mask=(ids >= 0).long(), **given)[0]

    def features(self, ids: Tensor) -> Tensor:
        """Input of the output layer, (N, n_features)."""
        return self.after(self.pooling(self.hidden(ids), ids >= 0))

    def forward(self, ids: Tensor) -> Tensor:
        """Outputs (N, n_outputs) for tokens (N, L) in int64, -1 on the right where there is none."""
        return self.output(self.features(ids))

    def fresh(self) -> TextNetwork:
        """The same architecture with new weights from torch's present random state."""
        body = type(self.body)(copy.deepcopy(self.body.config))
        after = copy.deepcopy(self.after)
        for layer in after.modules():
            if isinstance(layer, nn.Linear):
                layer.reset_parameters()
        return TextNetwork(body, 0, self.pooling.modes, list(after), self.n_features, self.output.out_features)
