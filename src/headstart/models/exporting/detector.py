"""A detector of linear answers as nodes of a graph: from a picture's maps to boxes, as `headstart.detection.solved`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headstart.detection.solved import (
    BEST,
    FAINT,
    HEAT,
    KEPT,
    LEAST,
    MOVES,
    SAME,
    THIN,
    VOTING,
    WHOLE,
    SolvedDetector,
)
from headstart.detection.views import View
from headstart.math.boxes.offsets import FARTHEST
from headstart.math.boxes.pooling import _LEAST
from headstart.models.exporting.graph import Graph, Value


def boxes_of(graph: Graph, solved: SolvedDetector, maps: Sequence[Value]) -> tuple[Value, Value, Value]:
    """Corners (k, 4) as shares of the square, classes (k,) and scores (k,) of what is found, the surest first.

    Parameters
    ----------
    graph : Graph
    solved : SolvedDetector
    maps : sequence of Value, (H, W, C)
        Of one picture, one a level.
    """
    K = solved.n_classes
    told, moves = _Answers(graph, solved, maps, slice(0, K)), _Answers(graph, solved, maps, slice(K, None))
    windows = graph.constant(solved.windows, np.float64)
    m = min(BEST, len(solved.windows))
    boxes = windows.to("Gather", _promising(told(windows), K, m))
    for _ in range(MOVES):
        moved = _shifted(boxes, moves(boxes))
        thin = (moved.part(2, 4) - moved.part(0, 2)).over("Min", 1).to("LessOrEqual", THIN, dtype=bool)
        boxes = graph.where(thin, boxes, moved, np.float64)
    overlap = moves(boxes).part(4, 5).to("Clip", 0.0, 1.0)
    ranks = (_against_rest(told(boxes), K) + overlap * WHOLE).to("Transpose", perm=[1, 0])
    return _chosen(graph, solved, boxes, ranks, m)


def _promising(odds: Value, K: int, m: int) -> Value:
    """As `headstart.detection.solved.promising`: places of m boxes, half of them named by each class in turn."""
    best = _largest(odds.over("Max", 1, keep=False), m)[1]
    if K == 1:
        return best
    each = (odds * -1.0).ascending(-(-m // K), axis=0)[1]
    turns = each.shaped(-1).part(0, m, axis=0)
    sides = [one.to("Unsqueeze", np.array([1], np.int64)) for one in (best, turns)]
    named = odds.graph.joined(sides).shaped(-1)
    alike = named.to("Unsqueeze", np.array([1], np.int64)).to("Equal", named, dtype=bool).cast(np.float64)
    before = (alike * np.tri(2 * m, k=-1)).over("Max", 1, keep=False)  # 1 where an earlier one is the same
    return named.to("Gather", (before * (2.0 * m) + np.arange(2.0 * m)).ascending(m)[1])


def _against_rest(odds: Value, K: int) -> Value:
    """As `headstart.detection.solved.against_rest`."""
    if K == 1:
        return odds
    most = odds.over("Max", 1).to("Relu")
    others = (odds - most).to("Exp") @ (1.0 - np.eye(K)) + (most * -1.0).to("Exp")
    return odds - most - others.to("Log")


class _Answers:
    """As `headstart.detection.views.Answers`, of some of the functions; views that say nothing of them are left out."""

    def __init__(self, graph: Graph, solved: SolvedDetector, maps: Sequence[Value], only: slice) -> None:
        self.graph, self.sums, start = graph, [], 0
        for view in solved.views:
            height, width, channels = solved.shapes[view.level]
            cells = view.bins * view.bins
            own = solved.coef[start : start + cells * channels, only].reshape(cells, channels, -1)
            start += cells * channels
            if own.any():
                side_by_side = own.transpose(1, 0, 2).reshape(channels, -1)
                answered = maps[view.level].cast(np.float64) @ side_by_side
                self.sums.append((view, height, width, _integral(answered, cells, own.shape[2])))
        self.of_place, self.intercept = solved.coef[start:, only], solved.intercept[only]

    def __call__(self, boxes: Value) -> Value:
        """Answers for boxes, (m, k)."""
        parts = [_summed(view, height, width, sums, boxes) for view, height, width, sums in self.sums]
        return self.graph.sum([_place(boxes) @ self.of_place + self.intercept, *parts])


def _integral(answered: Value, cells: int, k: int) -> Value:
    """Integral images (H, W, cells * k) of each cell, one below the other, (cells * (H + 1) * (W + 1), k)."""
    for axis in (0, 1):
        answered = answered.to("CumSum", answered.graph.constant(axis, np.int64))
    padded = answered.to("Pad", np.array([1, 1, 0, 0, 0, 0], np.int64))
    return padded.shaped(-1, cells, k).to("Transpose", perm=[1, 0, 2]).shaped(-1, k)


def _place(boxes: Value) -> Value:
    """As `headstart.detection.views.place_of`."""
    sides = (boxes.part(2, 4) - boxes.part(0, 2)).to("Log")
    both = sides.part(0, 1) * sides.part(1, 2)
    return boxes.graph.joined([sides, sides * sides, both, boxes, boxes * boxes])


def _summed(view: View, height: int, width: int, sums: Value, boxes: Value) -> Value:
    """Sums over the cells of boxes, (m, k), of integral images one below the other."""
    graph, bins = boxes.graph, view.bins
    more = (boxes.part(2, 4) - boxes.part(0, 2)) * ((view.size - 1) / 2)
    low, high = boxes.part(0, 2) - more, boxes.part(2, 4) + more
    columns, across = _edges(low.part(0, 1), high.part(0, 1), bins, width)
    rows, down = _edges(low.part(1, 2), high.part(1, 2), bins, height)
    beyond = (height + 1) * (width + 1) * np.arange(bins * bins).reshape(1, bins, bins, 1)
    columns, across = (one.to("Unsqueeze", np.array([1], np.int64)) for one in (columns, across))
    found = []
    for line in range(4):  # so that what is gathered at once stays small
        row = rows.part(line, line + 1, axis=2).to("Unsqueeze", np.array([3], np.int64))
        weight = down.part(line, line + 1, axis=2).to("Unsqueeze", np.array([3], np.int64)) * across
        corners = sums.to("Gather", row * np.array(width + 1) + columns + beyond)
        weighted = corners * weight.to("Unsqueeze", np.array([4], np.int64))
        found.append(weighted.over("Sum", 1, 2, 3, keep=False))
    return graph.sum(found)


def _edges(low: Value, high: Value, bins: int, cells: int) -> tuple[Value, Value]:
    """As in `headstart.math.boxes.pooling`: lines of the integral and their weights by length, both (m, bins, 4)."""
    graph = low.graph
    at = (low + (high - low) * (np.arange(bins + 1) / bins)).to("Clip", 0.0, 1.0) * float(cells)
    start, end = at.part(0, bins), at.part(1, bins + 1)
    thin = (end - start).to("Less", _LEAST, dtype=bool)
    start = graph.where(thin, start.to("Clip", 0.0, cells - _LEAST), start, np.float64)
    end = graph.where(thin, start + _LEAST, end, np.float64)
    length, lines, weights = end - start, [], []
    for edge, sign in ((start, -1.0), (end, 1.0)):
        line = graph.node("Min", edge.cast(np.int64), np.array(cells - 1))
        second = (edge - line.cast(np.float64)) * sign
        lines += [line, line + np.array(1)]
        weights += [(second * -1.0 + sign) / length, second / length]
    return tuple(  # type: ignore[return-value]
        graph.joined([one.to("Unsqueeze", np.array([2], np.int64)) for one in parts], axis=2)
        for parts in (lines, weights)
    )


def _shifted(boxes: Value, by: Value) -> Value:
    """As `headstart.math.boxes.offsets.shifted`, cut at the edges of the square."""
    low, high = boxes.part(0, 2), boxes.part(2, 4)
    middle = (low + high) / 2.0 + by.part(0, 2) * (high - low)
    half = (high - low) * by.part(2, 4).to("Clip", -FARTHEST, FARTHEST).to("Exp") / 2.0
    return boxes.graph.joined([middle - half, middle + half]).to("Clip", 0.0, 1.0)


def _chosen(graph: Graph, solved: SolvedDetector, boxes: Value, ranks: Value, m: int) -> tuple[Value, Value, Value]:
    """The best of m boxes by their ranks (K, m): suppression, support and votes, all classes at once."""
    K = solved.n_classes
    sorted_ranks, order = _largest(ranks, m)
    shared = _overlaps(boxes)
    rows = shared.to("Gather", order)  # (K, m, m): the best first, with all boxes as they come
    columns = order.to("Unsqueeze", np.array([1], np.int64)).to("Expand", np.array([K, m, m]))
    kept = _kept(graph, rows.to("GatherElements", columns, axis=2).to("Greater", SAME, dtype=bool), K, m)
    near = rows.to("GreaterOrEqual", VOTING, dtype=bool)
    best = sorted_ranks.part(0, 1)
    faint = (ranks - best).to("Unsqueeze", np.array([1], np.int64))
    together = graph.where(near, (faint / HEAT).to("Exp"), 0.0, np.float64).over("Sum", 2, keep=False)
    support = together.to("Log") * HEAT + best
    scores = (support * solved.slope + solved.level).to("Sigmoid")
    votes = graph.where(near, rows * rows * graph.node("Max", faint, FAINT).to("Exp"), 0.0, np.float64)
    corners = ((votes @ boxes) / votes.over("Sum", 2)).to("Clip", 0.0, 1.0)
    enough = kept.to("CumSum", graph.constant(1, np.int64)).to("LessOrEqual", float(KEPT), dtype=bool)
    said = enough.to("And", scores.to("GreaterOrEqual", LEAST, dtype=bool)).cast(np.float64) * kept
    ordered, places = _largest((said * (scores + 1.0)).shaped(-1), K * m)  # 0 of those that are left out
    count = said.cast(np.int64).over("Sum", 0, 1, keep=False).shaped(1)
    places = places.part(0, count, axis=0)
    codes = graph.node("Div", places, np.array(m))
    return corners.shaped(-1, 4).to("Gather", places), codes, ordered.part(0, count, axis=0) - 1.0


def _overlaps(boxes: Value) -> Value:
    """Intersection over union of each two boxes, (m, m)."""
    graph = boxes.graph
    one, other = (boxes.to("Unsqueeze", np.array([axis], np.int64)) for axis in (1, 0))
    ends, starts = graph.node("Min", one, other), graph.node("Max", one, other)
    sides = (ends.part(2, 4, axis=2) - starts.part(0, 2, axis=2)).to("Relu")
    shared = sides.part(0, 1, axis=2).shaped(0, -1) * sides.part(1, 2, axis=2).shaped(0, -1)
    own = boxes.part(2, 4) - boxes.part(0, 2)
    own = own.part(0, 1) * own.part(1, 2)
    return shared / (own + own.shaped(1, -1) - shared)


def _kept(graph: Graph, blocked: Value, K: int, m: int) -> Value:
    """Greedy suppression: 1.0 for boxes, best first, that no kept one before them overlaps too much; (K, m)."""

    def step(inner: Graph, open_: Value, given: Sequence[Value]) -> tuple[Value, Value]:
        mine, others = given
        kept = (open_ * mine).over("Sum", 1)
        return open_ * (others * kept * -1.0 + 1.0), kept

    rows = blocked.cast(np.float64).to("Transpose", perm=[1, 0, 2])
    every = graph.constant(np.ones((K, m)))
    kept = graph.scanned(step, every, [graph.constant(np.eye(m)), rows])
    return kept.shaped(m, K).to("Transpose", perm=[1, 0])


def _largest(values: Value, count: int) -> tuple[Value, Value]:
    """The largest along the last axis, in order, and their places; of equal ones the first."""
    least, places = (values * -1.0).ascending(count, axis=-1)
    return least * -1.0, places
