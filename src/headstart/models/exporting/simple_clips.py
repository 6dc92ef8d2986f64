"""Timbre and course of a clip, as nodes: `headstart.math.signals.mfcc` in a graph."""

from __future__ import annotations

import numpy as np

from headstart.math.signals import mfcc
from headstart.models.exporting.graph import Graph, Value

_FAR = np.iinfo(np.int64).max


def clip_blocks(graph: Graph, wave: Value, rate: int) -> dict[str, Value]:
    """``timbre`` (1, 80) and ``course`` (1, 161) in float64, of one wave (T,)."""
    powers = _mel_powers(graph, wave.cast(np.float64), rate)
    k, m = np.arange(mfcc.N_COEFFICIENTS)[None, :], np.arange(mfcc.N_MELS)[:, None]
    length = np.where(k == 0, np.sqrt(1 / mfcc.N_MELS), np.sqrt(2 / mfcc.N_MELS))
    rows = (powers + mfcc._FLOOR).to("Log") @ (np.cos(np.pi * k * (m + 0.5) / mfcc.N_MELS) * length)
    slope = _deltas(graph, rows)
    timbre = graph.joined([part for one in (rows, slope) for part in _moments(one)])
    return {"timbre": timbre, "course": _course(graph, powers, rows)}


def _mel_powers(graph: Graph, wave: Value, rate: int) -> Value:
    """As `mfcc.mel_powers`: a transform as two products with cosines and sines."""
    length, hop = max(1, round(mfcc.WINDOW * rate)), max(1, round(mfcc.HOP * rate))
    n_fft = 1 << (length - 1).bit_length()
    taper, filters = mfcc._constants(rate, length, n_fft, mfcc.N_MELS)
    long = graph.node("Max", wave.to("Shape", dtype=np.int64), np.array([length], np.int64))
    padded = graph.joined([wave, graph.constant(np.zeros(length))], axis=0)
    count = graph.node("Div", long - np.array([length], np.int64), np.array([hop], np.int64)) + np.array([1], np.int64)
    starts = _range(graph, count) * np.array(hop, np.int64)
    places = starts.to("Unsqueeze", np.array([1], np.int64)) + np.arange(length, dtype=np.int64)
    frames = padded.to("Gather", places)
    turns = 2 * np.pi * np.outer(np.arange(length), np.arange(n_fft // 2 + 1)) / n_fft
    real, imaginary = (frames @ (part * taper[:, None]) for part in (np.cos(turns), np.sin(turns)))
    return ((real * real + imaginary * imaginary) @ filters) / float(length)


def _range(graph: Graph, count: Value) -> Value:
    """0, 1, ... of so many, given as (1,)."""
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    return graph.node("Range", zero, _scalar(count), one, dtype=np.int64)


def _scalar(value: Value) -> Value:
    return value.to("Squeeze", np.array([0], np.int64))


def _moments(rows: Value) -> list[Value]:
    """Mean and standard deviation over time, each (1, d)."""
    mean = rows.over("Mean", 0)
    apart = rows - mean
    return [mean, (apart * apart).over("Mean", 0).to("Sqrt")]


def _deltas(graph: Graph, rows: Value, reach: int = 2) -> Value:
    first, last = rows.part(0, 1, axis=0), rows.part(-1, _FAR, axis=0)
    padded = graph.joined([first, first, rows, last, last], axis=0)
    steps = []
    for k in range(1, reach + 1):
        later = padded.part(reach + k, _FAR if k == reach else k - reach, axis=0)
        steps.append((later - padded.part(reach - k, -reach - k, axis=0)) * float(k))
    return graph.sum(steps) / float(2 * sum(k * k for k in range(1, reach + 1)))


def _course(graph: Graph, powers: Value, rows: Value) -> Value:
    """As `mfcc.loud_part` and `mfcc.piece_means`, with the logarithm of the length."""
    count = rows.to("Shape", dtype=np.int64).part(0, 1, axis=0)
    start, end = _loud_part(graph, powers.over("Sum", 1, keep=False), count)
    total = graph.joined([graph.constant(np.zeros((1, mfcc.N_COEFFICIENTS))),
                          rows.to("CumSum", graph.constant(0, np.int64))], axis=0)  # fmt: skip
    low, wide = start.cast(np.float64), (end - start).cast(np.float64)
    ends = low + wide * (np.arange(mfcc.PIECES + 1) / mfcc.PIECES)
    whole = graph.node("Min", ends.to("Floor").cast(np.int64), count - np.array([1], np.int64))
    share = (ends - whole.cast(np.float64)).to("Unsqueeze", np.array([1], np.int64))
    at = total.to("Gather", whole) + share * rows.to("Gather", whole)
    pieces = (at.part(1, _FAR, axis=0) - at.part(0, -1, axis=0)) * float(mfcc.PIECES) / wide
    mean = (total.to("Gather", end) - total.to("Gather", start)) / wide
    return graph.joined([(pieces - mean).shaped(1, -1), (wide * mfcc.HOP).to("Log").shaped(1, 1)])


def _loud_part(graph: Graph, level: Value, count: Value) -> tuple[Value, Value]:
    """First loud frame, and one past the last, each (1,) in int64."""
    one, two = np.array([1], np.int64), np.array([2], np.int64)
    wide = graph.node("Min", count, np.array([mfcc._SMOOTH], np.int64))
    total = graph.joined([graph.constant(np.zeros(1)), level.to("CumSum", graph.constant(0, np.int64))], axis=0)
    place = _range(graph, count)
    high = graph.node("Min", place + graph.node("Div", wide - one, two) + one, count)
    low = graph.node("Max", place - graph.node("Div", wide, two), np.array([0], np.int64))
    smooth = (total.to("Gather", high) - total.to("Gather", low)) / wide.cast(np.float64)
    decibel = (graph.node("Max", smooth, 0.0) + mfcc._FLOOR).to("Log") * (10 / np.log(10))
    top = decibel.over("Max", 0)
    ordered = decibel.ascending(count)[0]
    at = (count - one).cast(np.float64) * 0.1
    below = at.to("Floor")
    under = ordered.to("Gather", below.cast(np.int64))
    over = ordered.to("Gather", graph.node("Min", below.cast(np.int64) + one, count - one))
    tenth = under + (over - under) * (at - below)
    least = top - graph.node("Min", (top - tenth) * mfcc._WAY_DOWN, mfcc._QUIET)
    heard = decibel.to("GreaterOrEqual", least, dtype=bool).cast(np.int32)
    first = heard.to("ArgMax", axis=0, dtype=np.int64)
    last = heard.to("ArgMax", axis=0, select_last_index=1, dtype=np.int64)
    return first, last + one
