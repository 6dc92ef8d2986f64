"""DICOM, NIfTI and HEIC: told by content, seen as their headers say, refused by name when broken."""

from __future__ import annotations

import gzip
import shutil
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from medical_pictures import dicom, heic, nifti
from PIL import Image

from headstart.cli.main import exit_code
from headstart.data.base.files import kind_of_file
from headstart.data.base.kinds import PICTURES
from headstart.data.base.reasons import BadPicture
from headstart.data.pictures.decode import as_array, decode, rgb_from_bytes
from headstart.data.pictures.depth import Depth
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.read import read_dataset
from headstart.errors import DataError, ParameterError

RAMP = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16) * 20


def grey(content: bytes, **depth: Any) -> np.ndarray:
    return as_array(rgb_from_bytes(content, None, Depth(**depth) if depth else None))[..., 0]


def test_without_a_window_twelve_bits_are_not_black() -> None:
    found = grey(dicom(RAMP))
    np.testing.assert_array_equal(found, np.rint(255 * (RAMP / RAMP.max())))


def test_window_slope_and_polarity() -> None:
    """Hounsfield units by slope and intercept, seen through the file's window: PS3.3 C.11.2.1.2, written out."""
    stored = RAMP.astype(np.int16)
    tags = {
        "bits": 16,
        "RescaleSlope": 2,
        "RescaleIntercept": -1024,
        "WindowCenter": [40, 900],
        "WindowWidth": [400, 80],
    }
    units = stored * 2.0 - 1024
    low, high = 40 - 0.5 - 399 / 2, 40 - 0.5 + 399 / 2
    expected = np.where(units <= low, 0, np.where(units > high, 1, (units - 39.5) / 399 + 0.5))
    np.testing.assert_array_equal(grey(dicom(stored, **tags)), np.rint(255 * expected))
    np.testing.assert_array_equal(grey(dicom(stored, "MONOCHROME1", **tags)), np.rint(255 * (1 - expected)))
    exact = grey(dicom(stored, VOILUTFunction="LINEAR_EXACT", **tags))
    np.testing.assert_array_equal(exact, np.rint(255 * np.clip((units - 40) / 400 + 0.5, 0, 1)))
    sigmoid = grey(dicom(stored, VOILUTFunction="SIGMOID", **tags))
    np.testing.assert_array_equal(sigmoid, np.rint(255 / (1 + np.exp(-4 * (units - 40) / 400))))


def test_frames_are_pages() -> None:
    content = dicom(np.stack([RAMP, RAMP[::-1]]))
    np.testing.assert_array_equal(grey(content, page=2), grey(content)[::-1])
    with pytest.raises(BadPicture, match="it has 2 frames, frame 3 was asked for"):
        grey(content, page=3)


@pytest.mark.parametrize("packed", [False, True])
def test_a_volume_gives_its_middle_slice(packed: bool) -> None:
    volume = np.random.default_rng(0).integers(0, 500, (7, 5, 9)).astype(np.int16)
    content = nifti(volume, packed)
    for page, k in ((None, 4), (1, 0), (9, 8)):
        piece = volume[:, ::-1, k].T.astype(float)
        expected = np.rint(255 * (piece - piece.min()) / (piece.max() - piece.min()))
        np.testing.assert_array_equal(grey(content, **({} if page is None else {"page": page})), expected)
    shown = grey(nifti(volume, packed, cal_min=100, cal_max=300))
    np.testing.assert_array_equal(shown, np.rint(255 * np.clip((volume[:, ::-1, 4].T - 100) / 200, 0, 1)))
    with pytest.raises(BadPicture, match="it has 9 slices, slice 10 was asked for"):
        grey(content, page=10)


def directed(volume: np.ndarray, axes: str, packed: bool = False) -> bytes:
    """A volume, given from left to right, back to front and from the feet up, stored along other axes."""
    nibabel = pytest.importorskip("nibabel")
    from nibabel.orientations import axcodes2ornt, inv_ornt_aff, ornt_transform

    way = ornt_transform(axcodes2ornt(tuple("RAS")), axcodes2ornt(tuple(axes)))
    stored = nibabel.orientations.apply_orientation(volume, way)
    made = nibabel.Nifti1Image(stored, np.eye(4) @ inv_ornt_aff(way, volume.shape))
    return gzip.compress(made.to_bytes()) if packed else made.to_bytes()


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PIR", "SRA", "ALI"])
@pytest.mark.parametrize("packed", [False, True])
def test_planes_follow_the_files_own_orientation(axes: str, packed: bool) -> None:
    rng = np.random.default_rng(0)
    volume = rng.integers(0, 255, (5, 7, 9)).astype(np.uint8)
    content = directed(volume, axes, packed)

    def white(values: np.ndarray) -> np.ndarray:
        low, high = int(values.min()), int(values.max())
        return np.rint(255 * (values.astype(float) - low) / (high - low)).astype(np.uint8)

    expected = {"axial:2": volume[:, :, 1], "coronal": volume[:, 3, :], "sagittal:5": volume[4]}
    for page, values in expected.items():
        np.testing.assert_array_equal(grey(content, page=page), white(values.T[::-1]), err_msg=page)
    with pytest.raises(BadPicture, match="it has 7 slices, slice 8 was asked for"):
        grey(content, page="coronal:8")


def test_a_plane_of_a_header_without_orientation_is_taken_as_stored_and_is_said(tmp_path: Path) -> None:
    volume = np.arange(4 * 5 * 6, dtype=np.uint8).reshape(4, 5, 6)
    content = nifti(volume, qform_code=0, sform_code=0)
    np.testing.assert_array_equal(grey(content, page="axial"), grey(content))
    (tmp_path / "brain.nii").write_bytes(content)
    shown = Pictures([tmp_path / "brain.nii"]).on_page("coronal:2")
    assert shown.decode(0).shape == (6, 4, 3)
    assert "Of 1 volume coronal slice 2 is used" in " ".join(shown.notes)
    assert shown.digest(0) != Pictures([tmp_path / "brain.nii"]).digest(0)
    assert Depth.from_dict(shown.depth.to_dict()) == shown.depth
    with pytest.raises(ParameterError, match="Expected a page counted from 1, found 'top'"):
        shown.on_page("top")
    far = bytearray(content)
    far[42:48] = np.array([2000, 1000, 1000], "<i2").tobytes()
    with pytest.raises(BadPicture, match=r"its header says that 2,000,000,000 bytes begin at byte 352"):
        grey(bytes(far), page="coronal")


def test_sizes_are_told_by_headers_without_decoding(tmp_path: Path) -> None:
    wide = np.zeros((30, 40, 3), np.uint8)
    files = {
        "a.dcm": (dicom(RAMP), 16 * 12),
        "b.nii": (nifti(np.zeros((4, 5, 6), np.uint8)), 30),
        "c.heic": (heic(wide), 30 * 40),
    }
    for name, (content, _) in files.items():
        (tmp_path / name).write_bytes(content)
    held = Pictures([tmp_path / name for name in files])
    assert [held.extent(i) for i in range(3)] == [(float(n), "pixels") for _, n in files.values()]
    (tmp_path / "a.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    assert held.extent(0)[0] == 0.0


def test_heic_is_upright() -> None:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :, 0], pixels[24:, 32:, 2] = 255, 255
    found = as_array(rgb_from_bytes(heic(pixels)))
    assert found.shape == pixels.shape and np.abs(found.astype(int) - pixels).mean() < 8


def test_files_count_by_their_content(tmp_path: Path) -> None:
    made = {
        "scan": dicom(RAMP),
        "brain.nii.gz": nifti(np.ones((4, 4, 4), np.int16), True),
        "photo": heic(np.zeros((64, 64, 3), np.uint8)),
    }
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
        assert kind_of_file(tmp_path / name) is PICTURES, name
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" * 200))
    assert kind_of_file(tmp_path / "table.csv.gz") is None
    notes = Pictures([tmp_path / name for name in made]).notes
    assert notes[0] == "Read: 1 DICOM file, 1 NIfTI volume, 1 HEIC picture."
    assert notes[1] == "Of 1 volume the middle slice is used (choose one with --page, page=...)."


def test_patients_are_offered_as_groups(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for i in range(12):
        place = tmp_path / ("ill" if i % 2 else "well") / f"{i}.dcm"
        place.parent.mkdir(exist_ok=True)
        values = rng.integers(0, 4000, (32, 32)).astype(np.uint16)
        place.write_bytes(dicom(values, PatientID=f"P{i // 4}" if i < 8 else f"Q{i}"))
    assert exit_code(["inspect", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Read: 12 DICOM files." in said
    assert "12 files are of 6 patients (PatientID). Keep each on one side of every split: --group-by PatientID." in said
    groups = read_dataset(tmp_path, group_by="PatientID").groups
    assert groups is not None and len(set(groups.tolist())) == 6
    for label in ("a", "b"):
        (tmp_path / "plain" / label).mkdir(parents=True)
        Image.fromarray(rng.integers(0, 255, (8, 8)).astype(np.uint8)).save(tmp_path / "plain" / label / "1.png")
    with pytest.raises(DataError, match="Expected a PatientID in the files, found none in 2"):
        read_dataset(tmp_path / "plain", group_by="PatientID")
    shutil.rmtree(tmp_path / "plain")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "well" / "plain.png")
    assert exit_code(["inspect", str(tmp_path), "--group-by", "PatientID"]) == 0


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = dicom(RAMP)
    reasons = {
        "it holds no|ends|damaged|less|bytes": content[:-100],
        "without a picture": dicom(RAMP)[: content.rindex(b"\xe0\x7f\x10\x00")],
    }
    for words, broken in reasons.items():
        with pytest.raises(BadPicture, match=words):
            rgb_from_bytes(broken)
    files = {
        "pydicom": ("dicom", content),
        "nibabel.nifti1": ("nifti", nifti(RAMP.astype(np.int16)[..., None])),
        "pillow_heif": ("heic", heic(np.zeros((64, 64, 3), np.uint8))),
    }
    for name, (extra, made) in files.items():
        with monkeypatch.context() as hidden:
            hidden.setitem(sys.modules, name, None)
            with pytest.raises(BadPicture, match=rf"pip install 'headstart\[{extra}\]'"):
                rgb_from_bytes(made)
    with pytest.raises(BadPicture, match=r"complex|of type"):
        rgb_from_bytes(nifti(np.ones((4, 4, 2), np.complex64)))


def test_an_unknown_compression_says_what_undoes_it() -> None:
    lossless = dicom(RAMP)
    at = lossless.index(b"1.2.840.10008.1.2.1")
    length = int.from_bytes(lossless[at - 2 : at], "little")
    new = b"1.2.840.10008.1.2.4.80"
    changed = lossless[: at - 2] + len(new).to_bytes(2, "little") + new + lossless[at + length :]
    group = changed.index(b"\x02\x00\x00\x00UL\x04\x00") + 8
    size = int.from_bytes(changed[group : group + 4], "little") + len(new) - length
    changed = changed[:group] + size.to_bytes(4, "little") + changed[group + 4 :]
    with pytest.raises(BadPicture, match=r"compressed as JPEG-LS Lossless.* pip install pylibjpeg|damaged"):
        rgb_from_bytes(changed)


def test_mutations_end_in_a_picture_or_in_words(tmp_path: Path) -> None:
    """Bytes changed anywhere: no other error, and no more memory than a picture needs."""
    rng = np.random.default_rng(0)
    whole = [
        dicom(RAMP, WindowCenter=100, WindowWidth=50),
        nifti(RAMP.astype(np.int16)[..., None].repeat(3, 2)),
        nifti(RAMP.astype(np.float32)[..., None], packed=True),
        heic(rng.integers(0, 255, (64, 64, 3)).astype(np.uint8)),
    ]
    file = tmp_path / "broken"
    tracemalloc.start()
    ended = 0
    for i in range(200):
        content = bytearray(whole[i % 4])
        for place in rng.integers(0, min(len(content), 600 if i % 3 else len(content)), int(rng.integers(1, 6))):
            content[place] = int(rng.integers(0, 256))
        file.write_bytes(bytes(content[: int(rng.integers(200, len(content) + 1))] if i % 5 == 0 else content))
        Pictures([file]).notes  # noqa: B018
        try:
            decode(file)
        except BadPicture as error:
            assert str(error) and "\n" not in str(error).strip()
            ended += 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ended > 20 and peak < 400 << 20
