"""Edges, colours and thumbnail of pictures of 64 x 64 pixels, as nodes: `headstart.math.signals.hog` in a graph."""

from __future__ import annotations

import numpy as np

from headstart.math.signals.hog import _CELL, _DIRECTIONS, _area, _pooling
from headstart.models.exporting.graph import Graph, Value

_SIDE, _THUMBNAIL = 64, 12


def picture_blocks(graph: Graph, pixels: Value, wanted: frozenset[str]) -> dict[str, Value]:
    """The wanted blocks of features, each (n, columns) in float64, of pixels (n, 64, 64, 3) in uint8."""
    made = {"edges": _edges, "colours": _colours, "thumbnail": _thumbnail}
    return {name: made[name](graph, pixels) for name in made if name in wanted}


def _edges(graph: Graph, pixels: Value) -> Value:
    """Histograms of oriented gradients, (n, 1764)."""
    return edge_maps(graph, pixels, _SIDE).shaped(0, -1).cast(np.float64)


def edge_maps(graph: Graph, pixels: Value, side: int) -> Value:
    """Histograms of oriented gradients, (n, side / 8 - 1, side / 8 - 1, 36) in float32, of (n, side, side, 3)."""
    weighed = (pixels.cast(np.int32) * np.array([77, 151, 28], np.int32)).over("Sum", 3, keep=False)
    grey = graph.node("Div", weighed, np.array(256, np.int32)).cast(np.float32)
    inside = np.array([0, 1, 0, 0, 1, 0], np.int64)
    down = (grey.part(2, side) - grey.part(0, side - 2)).to("Pad", np.array([0, 1, 0, 0, 1, 0], np.int64))
    across = (grey.part(2, side, axis=2) - grey.part(0, side - 2, axis=2)).to("Pad", inside[[0, 2, 1, 3, 5, 4]])
    upright = across.to("Equal", 0.0, dtype=bool)
    slope = graph.where(upright, 1.0, across, np.float32)
    angle = graph.where(upright, np.pi / 2, (down / slope).to("Atan"), np.float32)
    angle = graph.where(angle.to("Less", 0.0, dtype=bool), angle + np.pi, angle, np.float32)
    place = angle * (_DIRECTIONS / np.pi) - 0.5
    place = graph.where(place.to("Less", 0.0, dtype=bool), place + float(_DIRECTIONS), place, np.float32)
    strength = (down * down + across * across).to("Sqrt").to("Unsqueeze", np.array([3], np.int64))
    apart = (place.to("Unsqueeze", np.array([3], np.int64)) - np.arange(_DIRECTIONS + 1, dtype=np.float32)).to("Abs")
    votes = (apart * -1.0 + 1.0).to("Relu") * strength
    votes = graph.joined([votes.part(0, 1, axis=3) + votes.part(_DIRECTIONS, _DIRECTIONS + 1, axis=3),
                          votes.part(1, _DIRECTIONS, axis=3)], axis=3)  # fmt: skip
    half = _CELL // 2
    fine = side // half
    fine_votes = votes.shaped(-1, fine, half, fine, half, _DIRECTIONS).over("Sum", 2, 4, keep=False)
    pooling = graph.constant(_pooling(fine, fine // 2), np.float32)
    rows = pooling @ fine_votes.shaped(-1, fine, fine * _DIRECTIONS)
    cells = pooling @ rows.shaped(-1, fine // 2, fine, _DIRECTIONS)
    n = fine // 2
    corners = [cells.part(a, n - 1 + a).part(b, n - 1 + b, axis=2) for a in (0, 1) for b in (0, 1)]
    blocks = graph.joined(corners, axis=3)
    return (blocks / (blocks.over("Sum", 3) + 1.0)).to("Sqrt")


def _colours(graph: Graph, pixels: Value) -> Value:
    """Square roots of the shares of 64 colours, (n, 64)."""
    levels = graph.node("Div", pixels.cast(np.int32), np.array(64, np.int32))
    colour = (levels * np.array([16, 4, 1], np.int32)).over("Sum", 3, keep=False).shaped(0, -1)
    limits = graph.constant(64, np.int64), graph.constant([0.0, 1.0], np.float32)
    counts = colour.cast(np.int64).to("OneHot", *limits, axis=-1, dtype=np.float32).over("Mean", 1, keep=False)
    return counts.to("Sqrt").cast(np.float64)


def _thumbnail(graph: Graph, pixels: Value) -> Value:
    """The pictures reduced to 12 x 12 pixels, from 0 to 1, (n, 432)."""
    area = graph.constant(_area(_SIDE, _THUMBNAIL), np.float32)
    rows = (area @ pixels.cast(np.float32).shaped(0, _SIDE, _SIDE * 3)).shaped(-1, _THUMBNAIL, _SIDE, 3)
    return ((area @ rows) / 255.0).shaped(0, -1).cast(np.float64)
