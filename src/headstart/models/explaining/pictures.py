"""Which part of a picture a prediction looked at."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.seen import seen_part
from headstart.models.explaining.explanation import ACTIVATIONS, OCCLUSION, Edges, Explanation, laid_over
from headstart.models.explaining.mapped_head import Looked, MappedHead, mapped_head
from headstart.models.explaining.occlusion import effects, scores_of, windows_over
from headstart.networks.running.pipeline import arrays
from headstart.networks.seeing.fields import field_of

#: Longest side of a picture that is shown or occluded, cells of the occlusion along a side, cells of a fine map.
_SIDE, _CELLS, _FINE = 512, 8, 56
#: Sizes of input, beside the network's own, whose maps a fine one is made of: what is small is seen in larger ones.
_SCALES = (1.5, 2.0)
_WHOLE: Edges = (0.0, 0.0, 1.0, 1.0)


def explain_picture(model: Any, pictures: Pictures, i: int, k: int, answer: Any) -> Explanation:
    """What of a picture speaks for an answer.

    Of linear heads on what is pooled over places it is the class activation map, put back through crop and resize to
    the picture's own pixels; of heads over several depths the sum of their maps. Of every other model squares of a
    quarter of the picture's sides, 25 of one colour of a chessboard of overlapping ones, are painted over in its mean
    colour.

    Parameters
    ----------
    model : headstart.Model
    pictures : Pictures
    i : int
        Which of them.
    k : int
        Position of the class, label or number.
    answer : object
        What it is called.

    References
    ----------
    Zhou et al. (2016), Learning deep features for discriminative localization; Zeiler & Fergus (2014), Visualizing and
    understanding convolutional networks, section 4.2.
    """
    shown = _shown(pictures, i)
    head = mapped_head(model)
    looked = None if head is None else _looked(head, pictures, i, k)
    if head is None or looked is None:
        return _occluded(model, shown, pictures.names[i], k, answer)
    height, width = pictures.decode(i).shape[:2]
    seen = seen_part(head.network.preprocessing, height, width)
    part: Edges = (seen[0] / height, seen[1] / width, seen[2] / height, seen[3] / width)
    size = head.network.preprocessing.size
    fine = [_fine(head, looked, size)]
    if head.linear:
        fine += [found for scale in _SCALES if (found := _at_scale(head, scale, pictures, i, k)) is not None]
    drawn = np.mean(fine, axis=0) if len(fine) > 1 or not head.linear else None
    name, laid = pictures.names[i], _within(_edges(head, looked.finest, looked.joined().shape[1:], size), part)
    return Explanation(
        name, answer, ACTIVATIONS, looked.score, looked.base, looked.joined()[0], (), laid, part, shown, None, drawn
    )


def _looked(head: MappedHead, pictures: Pictures, i: int, k: int) -> Looked | None:
    return head.look(arrays(head.network, pictures[[i]]), k)


def _edges(head: MappedHead, block: str, cells: tuple[int, ...], size: tuple[int, int]) -> Edges:
    """Where a block's map of so many places lies in an input of this size, as shares of its sides."""
    field, (height, width) = field_of(head.network, block), size
    top, left = (start - step / 2 for start, step in zip(field.start, field.step, strict=True))
    ends = (top + cells[0] * field.step[0], left + cells[1] * field.step[1])
    return top / height, left / width, ends[0] / height, ends[1] / width


def _at_scale(head: MappedHead, scale: float, pictures: Pictures, i: int, k: int) -> np.ndarray | None:
    """The fine map of the network at a larger size of input; None where it takes its own size alone."""
    own = head.network.preprocessing
    larger = dataclasses.replace(head.network, preprocessing=own.resized(round(scale * min(own.size))))
    larger.__dict__["chain"] = head.network.chain
    try:
        looked = _looked(dataclasses.replace(head, network=larger), pictures, i, k)
        return None if looked is None else _fine(head, looked, larger.preprocessing.size)
    except (RuntimeError, ValueError, IndexError, TypeError, AssertionError):
        return None


def _fine(head: MappedHead, looked: Looked, size: tuple[int, int]) -> np.ndarray:
    """The maps on a fine grid over an input of this size, each where it lies, added."""
    laid = ((map_[0], _edges(head, block, map_.shape[1:], size)) for block, map_ in looked.maps.items())
    return np.asarray(sum(laid_over(map_, edges, _WHOLE, _FINE, _FINE) for map_, edges in laid))


def _within(edges: Edges, part: Edges) -> Edges:
    """Edges as shares of a part of the picture, as shares of the picture."""
    top, left, bottom, right = part
    return (
        top + edges[0] * (bottom - top),
        left + edges[1] * (right - left),
        top + edges[2] * (bottom - top),
        left + edges[3] * (right - left),
    )


def _occluded(model: Any, shown: np.ndarray, name: str, k: int, answer: Any) -> Explanation:
    height, width = shown.shape[:2]
    cells = min(_CELLS, height, width)
    along = windows_over(cells, min(2, cells))
    squares = along[:, None, :, None] & along[None, :, None, :]
    of_one_colour = np.indices(squares.shape[:2]).sum(axis=0) % 2 == 0
    covered = squares[of_one_colour | (cells % 2 == 1)]  # of an odd number they would leave cells out
    rows, columns = (np.arange(n) * cells // n for n in (height, width))
    colour = shown.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    painted = [np.where(part[rows][:, columns, None], colour, shown) for part in covered]
    scores = scores_of(model, Pictures([shown, *painted]), k)
    values = effects(scores[0] - scores[1:], covered)
    return Explanation(name, answer, OCCLUSION, float(scores[0]), None, values, (), _WHOLE, _WHOLE, shown)


def _shown(pictures: Pictures, i: int) -> np.ndarray:
    """A picture whose longest side is at most 512 pixels."""
    small = Image.fromarray(pictures.decode(i, min_side=_SIDE))
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    return np.asarray(small)
