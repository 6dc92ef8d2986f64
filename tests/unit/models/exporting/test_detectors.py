"""A detector handed on finds the same boxes: its graph in onnxruntime, the printed lines, and plain transformers."""

from __future__ import annotations

import re
from pathlib import Path

import boxed_pictures
import numpy as np
import pytest
from PIL import Image
from printed_lines import code_of, printed
from tiny_detectors import random_detector, tiny_detector

from headstart import TransferDetector
from headstart.data.pictures.pictures import as_pictures
from headstart.detection.queries import Queries
from headstart.detection.query_solving import SolvedQueries
from headstart.detection.solved import SolvedDetector
from headstart.detection.views import View
from headstart.errors import OutputError
from headstart.models.detection_model import DetectionModel

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
from headstart.models.exporting import comparing
from headstart.models.exporting.detector import boxes_of
from headstart.models.exporting.graph import Graph
from headstart.models.exporting.whole import whole_of


def test_the_graph_finds_the_same(tmp_path: Path) -> None:
    """Boxes of pictures of several shapes, those with low scores too; and a difference is seen."""
    model = random_detector(False)
    whole = whole_of(model, {})
    (tmp_path / "model.onnx").write_bytes(whole.proto.SerializeToString())
    given = as_pictures([*boxed_pictures.scenes(6, seed=1, size=(60, 80))[0], Image.new("RGB", (9, 200))])
    found = comparing.asked(tmp_path / "model.onnx", whole.feed(given))
    assert sum(len(scores) for _, _, scores in found) > 50
    assert comparing.difference_of_boxes(model, given, found) < 1e-4
    other = [(corners + 0.01, codes, scores) for corners, codes, scores in found]
    assert comparing.difference_of_boxes(model, given, other) > 0.005
    assert comparing.difference_of_boxes(model, given, [[part[1:] for part in one] for one in found]) > 0.01


def test_many_boxes_of_many_classes_are_suppressed_alike(tmp_path: Path) -> None:
    """Random answers of seven classes, of which many have the same place."""
    rng = np.random.default_rng(0)
    shapes, views = [(9, 9, 4), (5, 5, 6)], (View(1, 1, 1.0), View(0, 2, 1.3), View(0, 3, 1.4, of_offsets=True))
    wide = 6 + 4 * 4
    odds = rng.normal(size=(wide + 13, 7)) * 0.5, np.zeros(7)
    moves = rng.normal(size=(9 * 4 + 13, 5)) * 0.1, np.zeros(5)
    solved = SolvedDetector.of(views, shapes, np.array([[0.2, 0.2], [0.03, 0.4]]), odds, moves)
    maps = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    graph = Graph()
    given = [graph.input(f"map{i}", np.float32, shape) for i, shape in enumerate(shapes)]
    for name, value in zip("abc", boxes_of(graph, solved, given), strict=True):
        graph.output(value, name, ["k", 4] if name == "a" else ["k"])
    (tmp_path / "model.onnx").write_bytes(graph.model({}).SerializeToString())
    ((boxes, codes, scores),) = comparing.asked(tmp_path / "model.onnx", [{"map0": maps[0], "map1": maps[1]}])
    expected = solved.detect(maps)
    assert len(expected[0]) > 100 and len(set(expected[1])) == 7
    np.testing.assert_array_equal(codes, expected[1])
    np.testing.assert_allclose(boxes, expected[0], atol=1e-12)
    np.testing.assert_allclose(scores, expected[2], atol=1e-12)


def test_boxes_by_the_printed_lines(tmp_path: Path) -> None:
    """What counts in files that are turned, clear or large."""
    model = random_detector(True)
    pictures = boxed_pictures.scenes(3)[0]
    model.export(tmp_path / "out", inputs=pictures)
    big = pictures[0].resize((960, 500), Image.Resampling.BICUBIC)
    turned = big.getexif()
    turned[0x0112] = 6
    big.save(tmp_path / "big.jpg", exif=turned)
    pictures[2].convert("RGBA").save(tmp_path / "clear.png")
    files = [str(tmp_path / name) for name in ("big.jpg", "clear.png")]
    for line, one in zip(printed(tmp_path / "out", *files), model.certain(files), strict=True):
        found = re.findall(r"\('(\w+)', ([\d.]+), \[([^\]]+)\]\)", line)
        assert [name for name, _, _ in found] == one.labels.tolist() and found
        np.testing.assert_allclose([float(score) for _, score, _ in found], one.scores, atol=1e-4)
        corners = [[float(side) for side in sides.split(",")] for _, _, sides in found]
        np.testing.assert_allclose(corners, one.corners, atol=0.05)
    with pytest.raises(OutputError, match=r"found one whose boxes are read off maps\. Export it as ONNX"):
        model.export(tmp_path / "plain", to="transformers")


def test_a_detector_of_queries_goes_as_a_folder_of_transformers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = Queries.of(tiny_detector("detr", tmp_path / "source"))
    assert queries is not None
    estimator = TransferDetector(queries, device="cpu")
    estimator.classes_, estimator.body_ = np.array(["disc", "square"], dtype=object), queries
    width = queries.module.get_submodule(queries.head).in_features
    estimator.solved_ = SolvedQueries(np.random.default_rng(0).normal(size=(width, 2)), np.zeros(2), queries.one_of)
    model = DetectionModel(estimator, {})
    with pytest.raises(OutputError, match=r"found one of transformers' own \(DetrForObjectDetection\).*--to transf"):
        model.export(tmp_path / "out")
    pictures = boxed_pictures.scenes(3)[0]
    out = model.export(tmp_path / "out", to="transformers", inputs=pictures)
    assert {"config.json", "model.safetensors", "preprocessor_config.json"} <= {file.name for file in out.iterdir()}
    pictures[0].save(out / "picture.jpg")
    monkeypatch.chdir(out)
    exec(code_of(out / "README.md"), {})
    found = capsys.readouterr().out.splitlines()
    assert found and all(line.split()[0] in ("disc", "square") for line in found)
