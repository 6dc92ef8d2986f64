"""What a prediction looked at, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy.ndimage import map_coordinates

ACTIVATIONS, OCCLUSION, TERMS = "class activation map", "occlusion", "linear terms"
#: Colours of what speaks for the answer and against it.
_FOR, _AGAINST = (255, 92, 20), (40, 110, 255)
_STRONGEST = 0.85
Edges: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each part of one input adds to what a model said of it.

    Attributes
    ----------
    name : str
        Of the input.
    answer : object
        The class or label that is explained; for numbers the number.
    way : {"class activation map", "linear terms", "occlusion"}
        A class activation map is exact: with ``base`` its mean gives ``score``. Linear terms are exact too: with
        ``base`` their sum gives ``score``, the answer's logit less the mean of the others'. By occlusion a value is
        what the score loses where this part is hidden; parts that stand for each other then share little, and nothing
        adds up.
    score : float
        The answer's logit, or for numbers the number. By occlusion the log-odds of the answer's probability.
    base : float or None
        The score's own intercept; None by occlusion.
    values : ndarray, (h, w) or (n,)
        What each place of a map, each word or each column adds.
    parts : tuple of n str
        Words or columns; empty for maps.
    edges : (float, float, float, float) or None
        Where the map lies: top, left, bottom and right edge as shares of the picture's (or spectrogram's) height and
        width, below 0 and above 1 where it reaches beyond.
    seen : (float, float, float, float) or None
        Edges of what the network was shown, alike; the map may be moved against it by the network's padding.
    background : ndarray, (H, W, 3), uint8, or None
        The picture, or of a clip its spectrogram, low tones at the bottom.
    span : (float, float) or None
        Of a clip, the seconds that the spectrogram covers.
    fine : ndarray, (h', w'), or None
        A finer map of what was shown: the mean of the map and those of the network at one and a half times and twice
        its size, where the network takes that. It is what is drawn, and does not add up.
    """

    name: str
    answer: Any
    way: str
    score: float
    base: float | None
    values: np.ndarray
    parts: tuple[str, ...] = ()
    edges: Edges | None = None
    seen: Edges | None = None
    background: np.ndarray | None = None
    span: tuple[float, float] | None = None
    fine: np.ndarray | None = None

    def over(self, height: int, width: int) -> np.ndarray:
        """The map over a picture of this size, (height, width), with 0 where the network did not look.

        Of a class activation map ``base`` is added: it is what the head says of each place alone, above 0 for the
        answer and below it against, and its mean over the places is the score.

        Raises
        ------
        ValueError
            For words and columns, which have no places.
        """
        if self.edges is None:
            raise ValueError(f"Expected a map, found what {len(self.parts)} parts add.")
        seen = self.edges if self.seen is None else self.seen
        base = self.base or 0.0
        if self.fine is not None:
            return laid_over(self.fine + base, seen, seen, height, width)
        return laid_over(self.values + base, self.edges, seen, height, width)

    def strongest(self, n: int = 5) -> list[tuple[str, float]]:
        """The n parts that add or take most, with what they add; of maps none."""
        order = np.argsort(-np.abs(self.values), kind="stable")[:n].tolist() if self.parts else []
        return [(self.parts[i], float(self.values[i])) for i in order]

    def drawn(self) -> np.ndarray:
        """The background in grey with the map over it, (H, W, 3) in uint8: warm speaks for the answer, blue against."""
        assert self.background is not None
        height, width = self.background.shape[:2]
        values = self.over(height, width)
        most = float(np.abs(values).max()) or 1.0
        grey = self.background @ np.array([0.299, 0.587, 0.114])
        base = np.repeat((0.25 * 128 + 0.75 * grey)[:, :, None], 3, axis=2)
        share = np.abs(values)[:, :, None] / most
        colour = np.where(values[:, :, None] > 0, _FOR, _AGAINST)
        weight = _STRONGEST * share
        return np.asarray((1 - weight) * base + weight * colour).round().clip(0, 255).astype(np.uint8)

    def to_dict(self) -> dict[str, Any]:
        """In plain JSON types, without pictures."""
        found: dict[str, Any] = {"file": self.name, "answer": self.answer, "way": self.way, "score": self.score}
        found |= {"base": self.base, "values": np.round(self.values, 5).tolist()}
        found |= {"parts": list(self.parts)} if self.parts else {"edges": list(self.edges or ())}
        return found | ({} if self.span is None else {"seconds": list(self.span)})


def laid_over(values: np.ndarray, edges: Edges, seen: Edges, height: int, width: int) -> np.ndarray:
    """A map (h, w) over a picture of so many pixels, between its places linearly; 0 beyond what was seen.

    Examples
    --------
    >>> half = (0.0, 0.0, 1.0, 0.5)
    >>> laid_over(np.array([[1.0, 3.0]]), half, half, 1, 8).tolist()
    [[1.0, 1.5, 2.5, 3.0, 0.0, 0.0, 0.0, 0.0]]
    """
    axes, inside = [], []
    for axis, (n, cells) in enumerate(zip((height, width), values.shape, strict=True)):
        at = (np.arange(n) + 0.5) / n
        inside.append((at >= seen[axis]) & (at <= seen[axis + 2]))
        axes.append((at - edges[axis]) / (edges[axis + 2] - edges[axis]) * cells - 0.5)
    laid = map_coordinates(values, np.meshgrid(*axes, indexing="ij"), order=1, mode="nearest")
    return np.where(inside[0][:, None] & inside[1], laid, 0.0)
