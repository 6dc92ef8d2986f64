"""Every usual kind of picture becomes the right 8-bit RGB pixels, and everything else a reason in words."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data.base.reasons import BadPicture
from headstart.data.base.signatures import what_is
from headstart.data.pictures import fast_jpeg as fastjpeg
from headstart.data.pictures.decode import decode, rgb_from_bytes


def gradient(height: int = 40, width: int = 60) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 6, columns * 4, (rows + columns) * 2], axis=2).astype(np.uint8)


def stored(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("GIF", {})]
)
def test_lossless_formats_keep_their_pixels(tmp_path: Path, kind: str, options: dict) -> None:
    pixels = gradient()
    image = Image.fromarray(pixels)
    if kind == "GIF":
        image = image.quantize(256)
        pixels = np.asarray(image.convert("RGB"))
    path = tmp_path / "picture.bin"
    path.write_bytes(stored(image, kind, **options))
    assert np.array_equal(decode(path), pixels)
    assert np.array_equal(decode(str(path)), pixels)


def test_jpeg_is_what_pillow_decodes() -> None:
    content = stored(Image.fromarray(gradient()), "JPEG", quality=80)
    assert np.array_equal(np.asarray(rgb_from_bytes(content)), np.asarray(Image.open(io.BytesIO(content))))


def test_grey_and_black_and_white_fill_three_channels(tmp_path: Path) -> None:
    grey = gradient()[:, :, 0]
    for mode, expected in (("L", grey), ("1", np.where(grey > 127, 255, 0))):
        path = tmp_path / f"{mode}.png"
        Image.fromarray(expected.astype(np.uint8)).convert(mode).save(path)
        assert np.array_equal(decode(path), np.repeat(expected[:, :, None], 3, axis=2))


def test_transparency_is_laid_over_white(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 255)
    pixels[0, 1] = (0, 0, 0, 128)
    path = tmp_path / "rgba.png"
    Image.fromarray(pixels).save(path)
    found = decode(path)
    assert found[0, 0].tolist() == [255, 0, 0]
    assert found[0, 1].tolist() == [127, 127, 127]
    assert found[1, 1].tolist() == [255, 255, 255]
    assert np.array_equal(decode(pixels), found)
    Image.fromarray(pixels).convert("LA").save(path)
    assert decode(path)[1, 1].tolist() == [255, 255, 255]


def test_transparent_colour_of_a_palette_and_of_rgb_is_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([10, 20, 30, 200, 100, 50] + [0] * 762)
    image.save(tmp_path / "p.png", transparency=0)
    assert decode(tmp_path / "p.png").tolist() == [[[255, 255, 255], [200, 100, 50]]]
    rgb = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    rgb.save(tmp_path / "rgb.png", transparency=(1, 2, 3))
    assert decode(tmp_path / "rgb.png").tolist() == [[[255, 255, 255], [4, 5, 6]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_is_scaled_and_never_clipped(tmp_path: Path, kind: str) -> None:
    values = np.array([[0, 257, 300, 1000], [32768, 40000, 65534, 65535]], np.uint16)
    path = tmp_path / "deep"
    Image.fromarray(values).save(path, kind)
    expected = np.rint(values / 257).astype(np.uint8)
    assert np.array_equal(decode(path)[:, :, 0], expected)
    dark = np.full((3, 3), 200, np.uint16)
    Image.fromarray(dark).save(path, kind)
    assert np.array_equal(decode(path)[:, :, 0], np.ones((3, 3)))


def test_float_and_32_bit_tiff(tmp_path: Path) -> None:
    path = tmp_path / "float.tif"
    Image.fromarray(np.array([[0.0, 0.5, 1.0]], np.float32)).save(path)
    assert decode(path)[0, :, 0].tolist() == [0, 128, 255]
    Image.fromarray(np.array([[0, 70000]], np.int32)).save(path)
    with pytest.raises(BadPicture, match="found 70000; scale the pixels first"):
        decode(path)


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "cmyk.jpg")
    red = decode(tmp_path / "cmyk.jpg")
    assert red.shape == (8, 8, 3)
    assert red[..., 0].min() > 240
    assert red[..., 1:].max() < 15


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_turns_are_carried_out(tmp_path: Path, turn: int) -> None:
    upright = gradient()
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }[turn]
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / "turned.png"
    Image.fromarray(np.ascontiguousarray(undo(upright))).save(path, exif=exif)
    assert np.array_equal(decode(path), upright)
    Image.fromarray(np.ascontiguousarray(undo(upright))).save(tmp_path / "t.jpg", exif=exif, quality=95, subsampling=0)
    assert np.abs(decode(tmp_path / "t.jpg").astype(int) - upright).mean() < 3


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "exif.jpg"
    Image.fromarray(gradient()).save(path, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff nonsense")
    assert decode(path).shape == (40, 60, 3)


def test_first_picture_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "TIFF", "WEBP"):
        frames[0].save(tmp_path / "film", kind, save_all=True, append_images=frames[1:])
        found = decode(tmp_path / "film")[0, 0].astype(int)
        assert np.abs(found - [255, 0, 0]).max() < 10


@settings(max_examples=40)
@given(height=st.integers(1, 700), width=st.integers(1, 700), min_side=st.integers(1, 500))
def test_draft_never_falls_below_the_shortest_side(height: int, width: int, min_side: int) -> None:
    content = stored(Image.new("RGB", (width, height), "green"), "JPEG")
    found = np.asarray(rgb_from_bytes(content, min_side))
    assert min(found.shape[:2]) >= min(min_side, height, width)
    assert found.shape[0] <= height
    if min(height, width) >= 16 * min_side:
        assert found.shape[0] < height


def test_draft_with_room_hardly_changes_the_result(shared_data: Path) -> None:
    small = np.asarray(Image.open(next((shared_data / "hymenoptera" / "val" / "bees").glob("*.jpg"))))
    large = Image.fromarray(small).resize((small.shape[1] * 6, small.shape[0] * 6), Image.Resampling.BICUBIC)
    content = stored(large, "JPEG", quality=92)
    side = 256
    exact, draft = (np.asarray(rgb_from_bytes(content, m)) for m in (None, 2 * side))
    assert draft.shape[0] < exact.shape[0]

    def resized(pixels: np.ndarray) -> np.ndarray:
        return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)).astype(int)

    assert np.abs(resized(exact) - resized(draft)).mean() < 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"just some text\n" * 20, "it is text, not a JPEG, PNG"),
        (b"\x00" * 500, "it is a file of zero bytes"),
        (b"%PDF-1.7 ...", "it is a PDF document"),
        (b"\x00\x00\x00\x18ftypheic" + b"\x00" * 40, "HEIC picture"),
        (stored(Image.fromarray(gradient()), "JPEG")[:300], "cut off"),
        (stored(Image.fromarray(gradient()), "PNG")[:-60], "cut off"),
    ],
)
def test_broken_files_say_why(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(BadPicture, match=words):
        decode(path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_huge_dimensions_are_refused_before_memory_is_spent(tmp_path: Path) -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    for side in (9_500, 60_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        path = tmp_path / f"{side}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))
        with pytest.raises(BadPicture, match="make it smaller first"):
            decode(path)


def test_places_that_are_no_files_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")
    cases = {
        "loop.jpg": "symbolic link that leads back to itself",
        "nowhere.jpg": "no such file",
        "folder.jpg": "it is a folder",
        "pipe.jpg": "not a plain file",
        "nul\x00.jpg": "cannot be a file's",
        "x" * 300 + ".jpg": "too long",
    }
    for name, words in cases.items():
        with pytest.raises(BadPicture, match=words):
            decode(tmp_path / name)
    with pytest.raises(BadPicture, match="web address, not a file"):
        decode("https://example.org/ant.jpg")
    (tmp_path / "secret.jpg").write_bytes(b"x")

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadPicture, match=r"may not be read \(no permission\)"):
        decode(tmp_path / "secret.jpg")


def test_arrays_are_taken_as_they_mean() -> None:
    assert decode(np.array([[0.0, 1.0]]))[0, :, 0].tolist() == [0, 255]
    assert decode(np.array([[0.0, 254.6]]))[0, :, 0].tolist() == [0, 255]
    assert decode(np.array([[True, False]]))[0, :, 0].tolist() == [255, 0]
    assert decode(np.array([[3, 255]], np.int64))[0, :, 0].tolist() == [3, 255]
    mine = gradient()
    assert decode(mine) is mine


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.array([[np.nan, 1.0]]), "NaN"),
        (np.array([[-1.0, 1.0]]), "before any standardisation"),
        (np.array([[0.0, 300.0]]), "found 300"),
        (np.zeros((3, 4, 7)), "1 to 4 channels"),
        (np.zeros((0, 4)), "empty"),
        (np.array([["a", "b"]]), "expected numbers"),
    ],
)
def test_arrays_that_are_no_pictures_say_why(array: np.ndarray, words: str) -> None:
    with pytest.raises(BadPicture, match=words):
        decode(array)


def test_what_is_never_fails() -> None:
    assert what_is("häschen".encode() * 100) == "text"
    assert what_is(bytes(range(256))) == "something unknown"


def test_simplejpeg_is_used_only_when_it_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        @staticmethod
        def decode_jpeg(content: bytes, **_: object) -> np.ndarray:
            return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")) ^ 1

    class Right:
        @staticmethod
        def decode_jpeg(content: bytes, **_: object) -> np.ndarray:
            return np.array(Image.open(io.BytesIO(content)).convert("RGB"))

    content = stored(Image.fromarray(gradient()), "JPEG")
    for library, used in ((Wrong, False), (Right, True)):
        fastjpeg._library.cache_clear()
        monkeypatch.setattr(fastjpeg.importlib, "import_module", lambda _, library=library: library)
        assert (fastjpeg.decode(content, "RGB") is not None) is used
        assert fastjpeg.decode(content[:200], "CMYK") is None
    fastjpeg._library.cache_clear()
