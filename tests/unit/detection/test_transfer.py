"""A detector behind its interface: fitting, finding, saving, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save_file
from sklearn.base import clone
from torch import nn

from headstart import Boxes, TransferDetector
from headstart.detection.maps import Body, as_map, letterboxing, levels_of
from headstart.detection.saving import ARRAYS
from headstart.errors import DataError, ParameterError, SourceError
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.source import NetworkSource

EMPTY = Boxes(np.zeros((0, 4)), np.array([]))


def scenes(n: int, seed: int) -> tuple[list[np.ndarray], list[Boxes]]:
    """Noisy pictures of several shapes with bright or red squares, and some with nothing."""
    rng = np.random.default_rng(seed)
    pictures, boxes = [], []
    for i in range(n):
        picture = rng.integers(0, 70, (90, 120, 3) if i % 2 else (100, 80, 3), dtype=np.uint8)
        x, y = rng.integers(0, 40, 2)
        if i % 5 == 4:
            boxes.append(EMPTY)
        else:
            picture[y : y + 36, x : x + 36, : 3 if i % 3 else 1] += 180
            boxes.append(Boxes(np.array([[x, y, x + 36, y + 36]]), np.array(["bright" if i % 3 else "red"])))
        pictures.append(picture)
    return pictures, boxes


@pytest.fixture(scope="module")
def fitted() -> TransferDetector:
    return TransferDetector(image_size=128).fit(*scenes(20, 0))


def test_it_finds_squares_in_pixels_of_the_pictures(fitted: TransferDetector) -> None:
    pictures, boxes = scenes(15, 1)
    assert fitted.score(pictures, boxes) > 0.7
    for picture, found in zip(pictures, fitted.predict(pictures), strict=True):
        height, width = picture.shape[:2]
        assert found.corners.min(initial=0) >= 0 and (found.corners[:, [0, 2]] <= width).all()
        assert (found.corners[:, [1, 3]] <= height).all()
        assert found.scores is not None and ((found.scores >= 0) & (found.scores <= 1)).all()
        assert set(found.labels) <= {"bright", "red"}


def test_the_same_seed_gives_the_same_boxes_and_pictures_stay_as_they_are(fitted: TransferDetector) -> None:
    pictures, boxes = scenes(20, 0)
    kept = [picture.copy() for picture in pictures]
    other = clone(fitted).fit(pictures, boxes)
    for a, b in zip(fitted.predict(pictures[:4]), other.predict(pictures[:4]), strict=True):
        np.testing.assert_array_equal(a.corners, b.corners)
    for picture, before in zip(pictures, kept, strict=True):
        np.testing.assert_array_equal(picture, before)


def test_a_saved_detector_finds_the_same(fitted: TransferDetector, tmp_path: Path) -> None:
    pictures, _ = scenes(6, 2)
    folder = fitted.save(tmp_path / "detector")
    assert {file.suffix for file in folder.iterdir()} <= {".json", ".safetensors", ".md"}
    loaded = TransferDetector.load(folder)
    for a, b in zip(fitted.predict(pictures), loaded.predict(pictures), strict=True):
        np.testing.assert_allclose(a.corners, b.corners, atol=1e-3)
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-5)
        assert a.labels.tolist() == b.labels.tolist()
    again = TransferDetector(folder, classes=["red"]).fit(*scenes(10, 3))
    assert again.classes_.tolist() == ["red"] and again.body_.size == 128
    assert again.lent_ is not None and again.lent_.n_classes == 2


def test_nothing_borrowed_finds_squares_by_their_edges_and_comes_back_from_its_folder(tmp_path: Path) -> None:
    detector = TransferDetector(None, image_size=128).fit(*scenes(20, 0))
    pictures, boxes = scenes(15, 1)
    assert detector.score(pictures, boxes) > 0.5
    loaded = TransferDetector.load(detector.save(tmp_path / "edges"))
    assert not (tmp_path / "edges" / "model.safetensors").exists()
    for a, b in zip(detector.predict(pictures), loaded.predict(pictures), strict=True):
        np.testing.assert_array_equal(a.corners, b.corners)
    with pytest.raises(ParameterError, match="multiple of 8"):
        TransferDetector(None, image_size=100).fit(pictures, boxes)


def test_a_damaged_folder_is_refused(fitted: TransferDetector, tmp_path: Path) -> None:
    folder = fitted.save(tmp_path / "detector")
    manifest = json.loads((folder / "headstart.json").read_text())
    manifest["detection"]["slope"] = -1
    del manifest["sha256"]
    (folder / "headstart.json").write_text(json.dumps(manifest))
    with pytest.raises(SourceError, match="slope"):
        TransferDetector.load(folder)
    (folder / "detector.safetensors").write_bytes(b"nothing")
    with pytest.raises(SourceError):
        TransferDetector.load(folder)


def test_a_detector_of_version_0_2_0_answers_nothing_of_overlaps(fitted: TransferDetector, tmp_path: Path) -> None:
    folder = fitted.save(tmp_path / "old")
    arrays = load_file(str(folder / "detector.safetensors"))
    older = {name: arrays[name][..., :-1] for name in ("coef", "intercept")}
    save_file({**arrays, **{name: np.ascontiguousarray(array) for name, array in older.items()}}, folder / ARRAYS)
    manifest = json.loads((folder / "headstart.json").read_text())
    del manifest["sha256"], manifest["files"]
    (folder / "headstart.json").write_text(json.dumps(manifest))
    solved = TransferDetector.load(folder).solved_
    np.testing.assert_array_equal(solved.coef[:, :-1], older["coef"])
    assert not solved.coef[:, -1].any() and solved.intercept[-1] == 0


def test_a_turned_picture_gives_boxes_on_the_upright_one(fitted: TransferDetector, tmp_path: Path) -> None:
    picture = scenes(2, 4)[0][1]
    upright = Image.fromarray(picture)
    exif = Image.Exif()
    exif[274] = 6
    upright.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    plain, turned = fitted.predict([picture, str(tmp_path / "turned.png")])
    np.testing.assert_allclose(plain.corners, turned.corners, atol=1e-3)


def test_classes_that_are_not_asked_for_are_passed_over() -> None:
    found = TransferDetector(image_size=128, classes=["red"]).fit(*scenes(12, 0))
    assert found.classes_.tolist() == ["red"]
    assert {label for one in found.predict(scenes(4, 1)[0]) for label in one.labels} <= {"red"}


class Own(nn.Module):
    """Somebody's own network."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, 4, 1), nn.Conv2d(8, 12, 3, 2, 1)
        self.c, self.fc = nn.Conv2d(12, 16, 3, 2, 1), nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.c(torch.relu(self.b(torch.relu(self.a(x))))))
        return self.fc(x.mean((2, 3)))


def test_somebody_s_own_module_is_needed_to_load_it_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Own()
    detector = TransferDetector(NetworkSource(module, size=64), image_size=64).fit(*scenes(10, 0))
    folder = detector.save(tmp_path / "own")
    with pytest.raises(SourceError, match="Expected the module"):
        TransferDetector.load(folder)
    found = TransferDetector.load(folder, Own()).predict(scenes(2, 1)[0])
    np.testing.assert_allclose(found[1].corners, detector.predict(scenes(2, 1)[0])[1].corners, atol=1e-3)


def test_the_levels_are_the_last_maps_of_the_two_coarsest_sizes() -> None:
    network = letterboxing(load_network(NetworkSource(Own(), size=64)), 64)
    assert [(level.side, level.channels) for level in levels_of(network)] == [(8, 12), (4, 16)]


def test_tokens_of_no_square_are_no_map() -> None:
    assert as_map(torch.zeros(1, 8, 8)) is None and as_map(None) is None


@pytest.mark.parametrize("boxes", [[EMPTY], "boxes", [np.zeros((1, 4))] * 20, EMPTY])
def test_anything_but_boxes_of_each_picture_is_refused(boxes: object) -> None:
    with pytest.raises(DataError, match="Expected Boxes for each of 20 pictures"):
        TransferDetector(image_size=128).fit(scenes(20, 0)[0], boxes)  # type: ignore[arg-type]


def test_no_box_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="found no box in any"):
        TransferDetector(image_size=128).fit(scenes(3, 0)[0], [EMPTY] * 3)


def test_boxes_that_stand_beside_their_pictures_are_refused() -> None:
    beside = Boxes(np.array([[500, 500, 600, 600]]), np.array(["red"]))
    with pytest.raises(DataError, match="Expected boxes inside their pictures, found none of red"):
        TransferDetector(None, image_size=128).fit(scenes(3, 0)[0], [beside] * 3)


@pytest.mark.parametrize("classes", [["cat"], [], ["red", "red"]])
def test_classes_that_nobody_drew_are_refused(classes: list[str]) -> None:
    with pytest.raises(ParameterError, match="Expected different classes of"):
        TransferDetector(image_size=128, classes=classes).fit(*scenes(12, 0))


def test_a_size_that_the_network_does_not_take_is_refused() -> None:
    class Fixed(Own):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if x.shape[-1] != 64:
                raise ValueError("wrong size")
            return super().forward(x)

    network: Network = load_network(NetworkSource(Fixed(), size=64))
    with pytest.raises(ParameterError, match="image_size=64"):
        Body.of(network, 128)
    with pytest.raises(ParameterError, match="image_size from 32"):
        Body.of(network, 8)
