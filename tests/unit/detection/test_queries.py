"""Detectors of transformers' families as sources: read, solved, saved, and the same in plain transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_detectors import FAMILIES, tiny_detector

from headstart import TransferDetector
from headstart.data.boxes.boxes import Boxes
from headstart.data.pictures.pictures import as_pictures
from headstart.detection.queries import Queries, query_folder
from headstart.detection.query_solving import SolvedQueries, dealt, queries_of
from headstart.detection.solving import Drawn
from headstart.errors import BadPictures, DataError, SourceError


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (70 + 3 * i, 90, 3), dtype=np.uint8) for i in range(12)]


def drawn_of(queries: Queries, pictures: list[np.ndarray], pairs: dict[str, int]) -> list[Boxes]:
    """Boxes where some queries are, as if these saw things."""
    found = []
    for (_, corners, _), picture in zip(queries.maps(as_pictures(pictures)), pictures, strict=True):
        height, width = picture.shape[:2]
        sides = np.array([width, height, width, height])
        whole = np.clip(corners, 0, 1) * sides
        rows = [row for row in pairs.values() if (whole[row, 2:] - whole[row, :2] > 0.2).all()]
        names = [name for name, row in pairs.items() if row in rows]
        found.append(Boxes(whole[rows], np.array(names, dtype=object)))
    return found


def _pairs(queries: Queries, pictures: list[np.ndarray]) -> dict[str, int]:
    """Two queries whose boxes are inside pictures and apart."""
    corners = np.clip(np.array([one[1] for one in queries.maps(as_pictures(pictures))]), 0, 1)
    sides = (corners[..., 2:] - corners[..., :2]).min(axis=(0, 2))
    one = int(sides.argmax())
    apart = np.abs(corners - corners[:, one : one + 1]).mean(axis=(0, 2)) * (sides > 0.03)
    return {"cat": one, "dog": int(apart.argmax())}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_new_layer_finds_new_classes_and_transformers_finds_the_same(
    family: str, tmp_path: Path, pictures: list[np.ndarray]
) -> None:
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    folder = tiny_detector(family, tmp_path / "source")
    queries = Queries.read(*query_folder(folder))  # type: ignore[misc]
    before = queries.digest
    boxes = drawn_of(queries, pictures, _pairs(queries, pictures))
    detector = TransferDetector(folder).fit(pictures, boxes)
    assert detector.classes_.tolist() == ["cat", "dog"]
    found = detector.predict(pictures)
    saved = detector.save(tmp_path / "model")
    assert Queries.read(*query_folder(folder)).digest == before  # type: ignore[misc]
    again = TransferDetector.load(saved).predict(pictures)
    module = AutoModelForObjectDetection.from_pretrained(saved).eval()
    processor = AutoImageProcessor.from_pretrained(saved, backend="pil")
    for picture, one, other in zip(pictures, found, again, strict=True):
        assert np.allclose(one.corners, other.corners, atol=1e-3) and one.labels.tolist() == other.labels.tolist()
        assert np.allclose(one.scores, other.scores, atol=1e-4)
        theirs = _plain(module, processor, picture)
        scores = np.sort([score for _, _, score in theirs])[::-1][: len(one)]
        assert np.allclose(scores, one.scores[: len(scores)], atol=1e-4)
        for label, box, score in theirs:
            near = np.abs(one.corners - box).max(axis=1) < 1e-4 * max(picture.shape)
            assert (near & (one.labels == label) & (np.abs(one.scores - score) < 1e-4)).any()


def _plain(module: Any, processor: Any, picture: np.ndarray) -> list[tuple[str, np.ndarray, float]]:
    """What plain transformers finds: the best class of each query."""
    with torch.inference_mode():
        made = processor(images=Image.fromarray(picture), return_tensors="pt")
        out = module(pixel_values=made["pixel_values"])
    logits = out.logits[0]
    n = module.config.num_labels
    shares = logits.softmax(-1)[:, :n] if logits.shape[-1] == n + 1 else logits.sigmoid()
    x, y, w, h = out.pred_boxes[0].unbind(-1)
    height, width = picture.shape[:2]
    sides = torch.tensor([width, height, width, height])
    corners = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1).clamp(0, 1) * sides
    scores, codes = shares.max(-1)
    inside = (corners[:, 2:] > corners[:, :2]).all(-1)
    return [
        (module.config.id2label[int(code)], corner.numpy(), float(score))
        for code, corner, score, here in zip(codes, corners, scores, inside, strict=True)
        if here and score >= 1e-3
    ]


def test_a_saved_detector_is_a_source_of_the_next(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    folder = tiny_detector("detr", tmp_path / "source")
    queries = Queries.read(*query_folder(folder))  # type: ignore[misc]
    boxes = drawn_of(queries, pictures, _pairs(queries, pictures))
    saved = TransferDetector(folder, classes=["dog"]).fit(pictures, boxes).save(tmp_path / "first")
    assert query_folder(saved) is not None
    again = TransferDetector(saved).fit(pictures, boxes)
    assert again.body_.labels == ["dog"] and again.classes_.tolist() == ["cat", "dog"]


def test_more_classes_than_the_source_has(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    folder = tiny_detector("two_stage", tmp_path / "source", labels=1)
    queries = Queries.read(*query_folder(folder))  # type: ignore[misc]
    boxes = drawn_of(queries, pictures, _pairs(queries, pictures))
    saved = TransferDetector(folder).fit(pictures, boxes).save(tmp_path / "model")
    said = json.loads((saved / "config.json").read_text())
    assert set(said["id2label"].values()) == {"cat", "dog"}


def test_each_thing_is_dealt_one_query_and_crowds_tell_nothing() -> None:
    boxes = np.array(
        [[0, 0, 0.4, 0.4], [0, 0, 0.41, 0.4], [0.5, 0.5, 0.9, 0.9], [0.55, 0.55, 0.8, 0.8], [0, 0.9, 0.9, 1]]
    )
    things = Drawn(np.array([[0, 0, 0.41, 0.4], [0.9, 0, 1, 0.1]]), np.array([1, 0]), np.array([[0.5, 0.5, 1, 1.0]]))
    assert dealt((np.zeros((5, 1)), boxes, np.zeros(5)), things).tolist() == [0, 2, -1, -1, 0]


@pytest.mark.parametrize("one_of", [True, False])
def test_the_layer_of_separable_queries_names_them(one_of: bool) -> None:
    rng = np.random.default_rng(1)
    maps, drawn = [], []
    for _ in range(30):
        corners = rng.uniform(0, 0.5, (20, 2))
        boxes = np.concatenate([corners, corners + 0.3], axis=1)
        code = int(rng.integers(2))
        seen = rng.normal(size=(20, 8))
        seen[4, code] += 12
        maps.append((seen, boxes, np.full(20, 0.5)))
        drawn.append(Drawn(boxes[4:5], np.array([code]), np.zeros((0, 4))))
    solved = queries_of(maps, drawn, rng, n_classes=2, one_of=one_of).solved()
    for seen, these in zip(maps, drawn, strict=True):
        boxes, codes, scores = solved.detect(seen)
        assert np.array_equal(boxes[0], these.boxes[0]) and codes[0] == these.codes[0]
        assert scores[0] > 0.5 > np.append(scores[1:], 0.0).max()


def test_scores_of_one_softmax_leave_room_for_nothing() -> None:
    solved = SolvedQueries(np.eye(2), np.zeros(2), one_of=True)
    scores = solved.detect((np.zeros((1, 2)), np.array([[0, 0, 1, 1.0]]), np.ones(1)))[2]
    assert scores.tolist() == pytest.approx([1 / 3])


def test_a_detector_that_sees_none_of_the_things_says_so(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    folder = tiny_detector("yolos", tmp_path / "source")
    tiny = [Boxes(np.array([[0.0, 0.0, 1.5, 1.5]]), np.array(["dot"])) for _ in pictures]
    with pytest.raises(DataError, match=r"none of 12 boxes that it names"):
        TransferDetector(folder).fit(pictures, tiny)


def test_what_is_missing_in_a_folder_is_named(tmp_path: Path) -> None:
    folder = tiny_detector("detr", tmp_path / "source")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(SourceError, match=r"Expected preprocessor_config.json beside the detector source, found none"):
        TransferDetector(folder).fit(
            [np.zeros((9, 9, 3), np.uint8)], [Boxes(np.array([[0, 0, 5, 5]]), np.array(["a"]))]
        )


def test_broken_pictures_are_all_named(tmp_path: Path, pictures: list[np.ndarray]) -> None:
    folder = tiny_detector("detr", tmp_path / "source")
    queries = Queries.read(*query_folder(folder))  # type: ignore[misc]
    for name in ("one.jpg", "two.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff no picture " + name.encode())
    with pytest.raises(BadPictures, match=r"one\.jpg[\s\S]*two\.jpg"):
        queries.maps(as_pictures([tmp_path / "one.jpg", tmp_path / "two.jpg"]))


@pytest.mark.parametrize("source", [None, "starter:pictures", torch.nn.Linear(2, 2), "timm:resnet18"])
def test_other_sources_are_no_detectors(source: Any) -> None:
    assert query_folder(source) is None
