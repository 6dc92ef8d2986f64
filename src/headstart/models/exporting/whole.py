"""A whole model as one graph: from what its runner gives to calibrated probabilities or numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.simple import SIDE
from headstart.data.sets.task import DETECTION
from headstart.data.tables.rows import rows_of
from headstart.data.texts.ngrams import NgramCounter
from headstart.detection.edges import CELL, Edges
from headstart.errors import OutputError
from headstart.guard.baselines.text_terms import strings_of
from headstart.models.exporting.answers import probabilities, tempered
from headstart.models.exporting.baselines import clip_scores, picture_scores, text_scores
from headstart.models.exporting.body import body_of, maps_of_body
from headstart.models.exporting.detector import boxes_of
from headstart.models.exporting.encoder import encoded
from headstart.models.exporting.graph import Graph, Value
from headstart.models.exporting.heads import answers_of
from headstart.models.exporting.lines.rows import TableForm, cells_file, fed, form_of
from headstart.models.exporting.simple_pictures import edge_maps
from headstart.models.exporting.tables import class_probabilities, said_by
from headstart.networks.network import Network
from headstart.networks.running.runtime import layout_of

#: What a detector gives, by name.
FOUND = ("boxes", "classes", "scores")
Feed = Callable[[Any], Iterator[dict[str, np.ndarray]]]


@dataclass(frozen=True)
class Whole:
    """A model in ONNX's form, and how it is fed.

    Attributes
    ----------
    proto : onnx.ModelProto
    form : {"pixels", "simple pixels", "square", "windows", "wave", "tokens", "terms", "rows"}
        What its runner has to make of an input.
    feed : callable
        From inputs as the model itself takes them to what the graph is given, in parts whose answers follow each other.
    files : dict of str to str
        Texts that its runner reads, by the names of their files.
    seen : Preprocessing, SoundPreprocessing, TextPreprocessing, TableForm or None
        What is done to an input before; of a detector the side of its square in pixels.
    """

    proto: Any
    form: str
    feed: Feed
    files: dict[str, str] = field(default_factory=dict)
    seen: Any = None


def whole_of(model: Any, said: dict[str, str]) -> Whole:
    """Write a fitted model as a graph.

    Parameters
    ----------
    model : headstart.Model
    said : dict of str to str
        What the file says of itself.

    Raises
    ------
    OutputError
        If it has no such form; the words say why, and what to do.
    """
    graph = Graph()
    if model.task == DETECTION:
        return _of_boxes(graph, model.estimator, said)
    if model.kind.values:
        return _of_rows(graph, model, said)
    network, _ = model.network
    made = _of_simple(graph, model) if network is None else _of_network(graph, model, network)
    answer, form, feed, files, seen = made
    return Whole(_finished(graph, model, answer, said), form, feed, files, seen)


def _finished(graph: Graph, model: Any, answer: Value, said: dict[str, str], n: Any = "n") -> Any:
    """The graph with its output: numbers, or probabilities at the model's temperature."""
    if model.task == "regression":
        graph.output(answer, "predictions", [n, "t"])
    else:
        shares = tempered(answer, model.temperature, model.task == "multilabel")
        graph.output(shares, "probabilities", [n, len(model.classes_)])
    return graph.model(said)


def _of_boxes(graph: Graph, estimator: Any, said: dict[str, str]) -> Whole:
    """A detector that reads boxes off maps: one picture on its square in, what is found in it out."""
    body, solved = estimator.body_, estimator.solved_
    pixels = graph.input("pixels", np.uint8, [1, body.size, body.size, 3])
    if isinstance(body, Edges):
        maps, form = [_edges_and_colours(graph, pixels, body.size)], body.form
    else:
        form = body.squared.preprocessing
        given = graph.all_of(maps_of_body(body), _normalised(graph, pixels, form), np.float32)
        maps = [one.to("Squeeze", np.array([0], np.int64)) for one in given]
    for name, value in zip(FOUND, boxes_of(graph, solved, maps), strict=True):
        graph.output(value, name, ["k", 4] if name == "boxes" else ["k"])
    return Whole(graph.model(said), "square", _pixels_feed(form), {}, body.size)


def _edges_and_colours(graph: Graph, pixels: Value, size: int) -> Value:
    """As `headstart.detection.edges.Edges`, (H, W, 39)."""
    n = size // CELL
    parts = pixels.cast(np.float32).shaped(n, CELL, n, CELL, 3)
    cells = parts.over("Mean", 1, 3, keep=False) / 255.0
    corners = [cells.part(a, n - 1 + a, axis=0).part(b, n - 1 + b) for a in (0, 1) for b in (0, 1)]
    edges = edge_maps(graph, pixels, size).to("Squeeze", np.array([0], np.int64))
    return graph.joined([edges, graph.sum(corners) / 4.0], axis=2)


Made = tuple[Value, str, Feed, dict[str, str], Any]


def _of_network(graph: Graph, model: Any, network: Network) -> Made:
    fitted, seen = model._answers.fitted_, network.preprocessing
    if seen.as_is is None:
        height, width = seen.size
        pixels = graph.input("pixels", np.uint8, ["n", height, width, 3])
        rows = graph.runs(body_of(network), _normalised(graph, pixels, seen), np.float32).cast(np.float64)
        form, feed = "pixels", _pixels_feed(seen)
    elif seen.one_size:
        windows = graph.input("windows", np.float32, ["windows", seen.size[0]])
        rows = graph.runs(body_of(network), windows, np.float32).cast(np.float64).over("Mean", 0)
        form, feed = "windows", _windows_feed(seen)
    else:
        tokens = graph.input("tokens", np.int64, ["n", "tokens"])
        rows = graph.runs(body_of(network), tokens, np.float32).cast(np.float64)
        rows = rows.over("Mean", 0) if seen.windowed else rows
        form, feed = "tokens", _windows_feed(seen)
    answer = answers_of(fitted, rows, layout_of(network.chain))
    if model.task != "regression":
        answer = probabilities(answer, model.task == "multilabel")
    files = {"tokenizer.json": seen.tokenizer.files["tokenizer.json"]} if form == "tokens" else {}
    return answer, form, feed, files, seen


def _normalised(graph: Graph, pixels: Value, seen: Any) -> Value:
    """As `headstart.networks.running.runtime.to_tensor`."""
    if seen.channels == 1:
        weighed = (pixels.cast(np.int32) * np.array([19595, 38470, 7471], np.int32)).over("Sum", 3)
        pixels = graph.node("Div", weighed + np.array(0x8000, np.int32), np.array(0x10000, np.int32))
    std = np.asarray(seen.std, np.float64)
    gain = (seen.scale / std).astype(np.float32)
    shift = (-np.asarray(seen.mean, np.float64) / std).astype(np.float32)
    return (pixels.cast(np.float32) * gain + shift).to("Transpose", perm=[0, 3, 1, 2])


def _pixels_feed(seen: Any) -> Feed:
    def feed(inputs: Any) -> Iterator[dict[str, np.ndarray]]:
        for canvas in canvases(inputs, seen):
            yield {"pixels": np.ascontiguousarray(seen.centre(canvas)[None])}

    return feed


def _windows_feed(seen: Any) -> Feed:
    name, dtype = ("windows", np.float32) if seen.one_size else ("tokens", np.int64)

    def feed(inputs: Any) -> Iterator[dict[str, np.ndarray]]:
        for canvas in canvases(inputs, seen):
            parts = seen.windows(canvas) if seen.windowed else [seen.centre(canvas)]
            yield {name: np.asarray(seen.stack(list(parts)), dtype)}

    return feed


def _of_simple(graph: Graph, model: Any) -> Made:
    """A model without a network."""
    estimator = model.estimator
    files: dict[str, str] = {}
    seen = None if hasattr(estimator, "terms_") else _seen_by(estimator)
    if seen is None:
        scores, form, feed = text_scores(graph, estimator), "terms", _terms_feed(estimator)
        files = {"terms.json": json.dumps({terms.kind: terms.names for terms in estimator.terms_}) + "\n"}
    elif seen.as_is is None:
        scores = picture_scores(graph, estimator, graph.input("pixels", np.uint8, ["n", SIDE, SIDE, 3]))
        form, feed = "simple pixels", _simple_pixels_feed(seen)
    else:
        scores = clip_scores(graph, estimator, graph.input("wave", np.float32, ["samples"]), seen.rate)
        form, feed = "wave", _wave_feed(seen)
    answer = scores if model.task == "regression" else probabilities(scores, model.task == "multilabel")
    return answer, form, feed, files, seen


def _seen_by(estimator: Any) -> Any:
    """The preprocessing of a model on simple features."""
    from headstart.data.base.kinds import kind_named
    from headstart.data.inputs.registry import simple_of

    return estimator.preprocessing_ or simple_of(kind_named(estimator.input_type_)).preprocessing


def _simple_pixels_feed(seen: Any) -> Feed:
    def feed(inputs: Any) -> Iterator[dict[str, np.ndarray]]:
        for canvas in canvases(inputs, seen):
            small = Image.fromarray(canvas).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            yield {"pixels": np.asarray(small)[None]}

    return feed


def _wave_feed(seen: Any) -> Feed:
    def feed(inputs: Any) -> Iterator[dict[str, np.ndarray]]:
        for canvas in canvases(inputs, seen):
            yield {"wave": np.asarray(canvas, np.float32)}

    return feed


def _terms_feed(estimator: Any) -> Feed:
    counters = {terms.kind: NgramCounter(terms.kind, terms.names) for terms in estimator.terms_}

    def feed(inputs: Any) -> Iterator[dict[str, np.ndarray]]:
        for text in strings_of(inputs):
            given: dict[str, np.ndarray] = {}
            for kind, counter in counters.items():
                columns, counts = counter.columns(text)
                given |= {kind: columns.astype(np.int64), f"{kind}_counts": counts.astype(np.float64)}
            yield given

    return feed


def _of_rows(graph: Graph, model: Any, said: dict[str, str]) -> Whole:
    form = form_of(model.encoder)
    rows, estimator = encoded(graph, model.encoder), model.estimator
    fitted = getattr(estimator, "fitted_", None)
    if fitted is not None:
        if fitted.network is not None:
            raise OutputError("Expected a model of numbers, found one whose rows a network makes.", _FOLDER)
        answer = answers_of(fitted, (rows - fitted.shift) / fitted.scale, None)
        answer = answer if model.task == "regression" else probabilities(answer, model.task == "multilabel")
    elif model.task == "classification":
        answer = class_probabilities(graph, estimator, rows, model.classes_)
    elif model.task == "regression":
        answer = said_by(graph, estimator, rows)
    else:
        raise OutputError("Expected one label a row, found a table of several labels a row.", _FOLDER)
    return Whole(_finished(graph, model, answer, said), "rows", _rows_feed(form), {"cells.py": cells_file(form)}, form)


def _rows_feed(form: TableForm) -> Feed:
    def feed(X: Any) -> Iterator[dict[str, np.ndarray]]:
        frame = rows_of(X)
        yield fed(frame, form, len(frame))

    return feed


_FOLDER = "Hand the model's folder on as it is."
