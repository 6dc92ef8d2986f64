"""What is white is decided once for a set, by tags and by all its values; slices, digests and models keep it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from raw_pictures import png, tiff

from headstart.data.base.reasons import BadPicture
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.depth import Depth, Range, decided
from headstart.data.pictures.pictures import Pictures, as_pictures, pictures_of_blocks
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import BadPictures, DataError, ParameterError
from headstart.guard.baselines.classical import BaselineClassifier
from headstart.models.saving.baselines import load_baseline, save_baseline

SMALL = Preprocessing((16, 16), None, (0.5,) * 3, (0.5,) * 3)


def flat(*values: float, dtype: type = np.uint16) -> list[np.ndarray]:
    return [np.full((16, 16), value, dtype) for value in values]


def saved(folder: Path, arrays: list[np.ndarray], suffix: str = ".tif") -> list[Path]:
    paths = [folder / f"{i}{suffix}" for i in range(len(arrays))]
    for array, path in zip(arrays, paths, strict=True):
        Image.fromarray(array).save(path)
    return paths


@pytest.mark.parametrize(
    ("values", "dtype", "white"),
    [
        ((3, 200), np.uint16, 255),
        ((300, 1000), np.uint16, 1023),
        ((90, 4095), np.uint16, 4095),
        ((90, 4096), np.uint16, 16383),
        ((90, 16384), np.uint16, 65535),
        ((200, 300), np.int32, 1023),
        ((1.0, 200.0), np.float32, 255),
        ((0.1, 0.9), np.float32, 1),
    ],
)
def test_one_white_for_all_files_of_a_set(tmp_path: Path, values: tuple, dtype: type, white: float) -> None:
    pictures = Pictures(saved(tmp_path, flat(*values, dtype=dtype)))
    for i, value in enumerate(values):
        assert abs(pictures.decode(i).max() - 255 * value / white) <= 0.51
        assert pictures[[i]].decode(0).max() == pictures.decode(i).max()
    said = " ".join(pictures.notes)
    assert (f"{white} is taken for white" in said) == (white != 65535)


def test_parts_of_a_set_keep_its_decision_and_a_set_of_its_own_decides_anew(tmp_path: Path) -> None:
    files = saved(tmp_path, flat(90, 4000), ".png")
    both, dark = Pictures(files), Pictures(files[:1])
    assert (both.depth.whole, dark.depth.whole) == (4095, 255)
    assert both.digest(0) == both[:1].digest(0) != dark.digest(0)
    assert both.known_digest(0) == both.digest(0)
    told = dark.with_depth(both.depth)
    assert told.decode(0).max() == both.decode(0).max() == 6
    assert told.digest(0) == both.digest(0) == both.load(0)[1]


def test_tags_speak_for_the_range(tmp_path: Path) -> None:
    grey = np.array([[0, 400], [800, 200]])
    said = {
        "max.tif": tiff(grey.astype(np.uint16), 16, tags={281: [1000]}),
        "float.tif": tiff(grey.astype(np.float32), 32, sample_format=3, tags={341: [2000.0]}),
        "bits.png": png(grey, 16, extra={b"sBIT": bytes([12])}),
        "twelve.tif": tiff(grey, 12),
        "most.pgm": b"P5 2 2 4095\n" + grey.astype(">u2").tobytes(),
    }
    for (name, content), white in zip(said.items(), (1000, 2000, 4095, 4095, 4095), strict=True):
        (tmp_path / name).write_bytes(content)
        assert np.array_equal(Pictures([tmp_path / name]).decode(0)[..., 0], np.rint(grey * 255 / white)), name
    (tmp_path / "other.tif").write_bytes(tiff(grey.astype(np.uint16), 16, tags={281: [801]}))
    assert Pictures([tmp_path / "max.tif", tmp_path / "other.tif"]).depth.whole == 1023, "tags that differ count values"
    (tmp_path / "scaled.png").write_bytes(png(grey * 70, 16, extra={b"sBIT": bytes([12])}))
    assert Pictures([tmp_path / "scaled.png"]).depth.whole == 65535, "sBIT of values that were scaled up"


def test_white_is_zero_is_the_files_own(tmp_path: Path) -> None:
    grey = np.array([[0, 4000], [100, 200]], np.uint16)
    for photometric in (0, 1):
        (tmp_path / f"{photometric}.tif").write_bytes(tiff(grey, 16, photometric=photometric))
    both = Pictures([tmp_path / "0.tif", tmp_path / "1.tif"])
    assert np.abs(both.decode(0).astype(int) + both.decode(1) - 255).max() <= 1
    assert both.decode(0)[0, 0, 0] == 255


def test_arrays_and_pictures_in_memory_decide_together() -> None:
    mixed = [*flat(100), Image.fromarray(np.full((16, 16), 3000, np.uint16)), np.full((16, 16), 7, np.uint8)]
    pictures = as_pictures(mixed)
    assert [pictures.decode(i).max() for i in range(3)] == [6, 187, 7]
    parts = pictures_of_blocks([np.full((1, 16, 16), 200.0), np.full((1, 16, 16), 1.5)])
    assert [parts.decode(i).max() for i in range(2)] == [200, 2]
    with pytest.raises(DataError, match=r"reach 1.5, neither 0..1 nor 0..255; clip them, or say what is white"):
        as_pictures(np.full((2, 16, 16), 1.5))


def test_a_new_picture_beyond_white_is_refused_with_the_way_out(tmp_path: Path) -> None:
    files = saved(tmp_path, flat(4000, 5000))
    learned = Pictures(files[:1]).settle(SMALL)
    assert learned.depth == Depth(whole=4095.0)
    with pytest.raises(BadPictures, match=r"values up to 5000 where 4095 is white .*depth=Depth\(whole=5000\)"):
        canvases(Pictures(files[1:]), learned)
    assert canvases(Pictures(files[1:], depth=Depth(whole=8000)), learned.__class__.from_dict(SMALL.to_dict()))


def test_preprocessing_carries_the_decision_and_plain_sets_leave_no_trace() -> None:
    kept = Pictures(flat(90, 4000)).settle(SMALL)
    assert Preprocessing.from_dict(kept.to_dict()) == kept
    assert kept.key() != SMALL.key()
    plain = Pictures([np.zeros((4, 4), np.uint8)])
    assert plain.settle(SMALL) is SMALL
    assert "depth" not in SMALL.to_dict()
    with pytest.raises(ParameterError, match="white value above 0 in whole, found -1"):
        Depth(whole=-1)
    with pytest.raises(ParameterError, match="a page counted from 1, found 0"):
        Depth(page=0)
    with pytest.raises(ParameterError, match="Expected a depth of"):
        Depth.from_dict({"black": 1})


def test_files_out_of_range_have_no_say() -> None:
    found = decided([Range(False, 70000.0), Range(False, 300.0), Range(True, 0.5), Range(True, 999.0)])
    assert found == Depth(whole=1023.0, real=1.0)
    with pytest.raises(BadPicture, match="found 70000"):
        Pictures([np.full((4, 4), 70000)]).decode(0)


def test_a_model_reads_a_single_new_picture_as_it_learned(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    levels = [*rng.integers(60, 120, 10), *rng.integers(3000, 4000, 10)]
    made = [np.clip(rng.normal(level, 20, (24, 24)), 0, 4095).astype(np.uint16) for level in levels]
    files, y = saved(tmp_path, made, ".png"), ["dark"] * 10 + ["bright"] * 10
    model = BaselineClassifier().fit(files, y)
    assert model.predict(files[:1]).tolist() == ["dark"], "alone it is as dark as among the others"
    assert model.preprocessing is None
    place = tmp_path / "model"
    place.mkdir()
    again = load_baseline(place, save_baseline(model, place))
    assert np.allclose(again.predict_proba(files[:1]), model.predict_proba(files)[:1])
