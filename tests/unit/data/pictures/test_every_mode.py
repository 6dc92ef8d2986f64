"""Every mode, depth, polarity and format, written by Pillow or by hand, is read as the truth or refused in words."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from raw_pictures import png, tiff

from headstart.data.base.reasons import BadPicture
from headstart.data.pictures.decode import FORMATS, as_array, decode, rgb_from_bytes
from headstart.data.pictures.depth import Depth
from headstart.data.pictures.pictures import Pictures

SHAPE = (7, 9)
UNCLEAR = ("PPM", "GIF", "BMP", "DIB")
FULL16 = Depth(whole=65535.0)


def values(high: int, *channels: int, seed: int = 0) -> np.ndarray:
    found = np.random.default_rng(seed).integers(0, high + 1, (*SHAPE, *channels))
    found[0, 0], found[0, 1] = 0, high
    return found


def pixels(content: bytes, depth: Depth | None = FULL16) -> np.ndarray:
    return as_array(rgb_from_bytes(content, None, depth)).astype(int)


def truth(found: np.ndarray, white: float) -> np.ndarray:
    """What the 8-bit pixels should be, transparency laid over white."""
    share = found / white
    share = share[:, :, None] if share.ndim == 2 else share
    if share.shape[2] in (2, 4):
        alpha = share[..., -1:]
        share = share[..., :-1] * alpha + 1 - alpha
    return np.broadcast_to(255 * share, (*SHAPE, 3))


def test_png_of_every_depth_and_colour() -> None:
    for bits, channels in [(1, 1), (2, 1), (4, 1), *product((8, 16), (1, 2, 3, 4))]:
        most = (1 << bits) - 1
        given = values(most, *([] if channels == 1 else [channels]))
        assert np.abs(pixels(png(given, bits)) - truth(given, most)).max() <= (1.5 if channels in (2, 4) else 0.5)


def test_transparent_values_of_a_png_are_white() -> None:
    for bits in (1, 2, 4, 8, 16):
        most = (1 << bits) - 1
        given = values(most)
        key = int(given[3, 3])
        found = pixels(png(given, bits, extra={b"tRNS": key.to_bytes(2, "big")}))
        assert np.abs(found - np.where((given == key)[..., None], 255, truth(given, most))).max() <= 0.5, bits
    for bits in (8, 16):
        given = values((1 << bits) - 1, 3)
        key = b"".join(int(v).to_bytes(2, "big") for v in given[3, 3])
        found = pixels(png(given, bits, extra={b"tRNS": key}))
        hidden = (given == given[3, 3]).all(axis=2, keepdims=True)
        assert np.abs(found - np.where(hidden, 255, truth(given, (1 << bits) - 1))).max() <= 0.5, bits


def test_palettes_of_every_depth() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (256, 3), dtype=np.uint8)
    for bits in (1, 2, 4, 8):
        given = values((1 << bits) - 1)
        found = pixels(png(given, bits, palette=colours[: 1 << bits].tobytes()))
        assert np.array_equal(found, colours[given]), bits
        some = bytes([0, 128])
        opacity = np.full(256, 255)
        opacity[:2] = list(some)
        found = pixels(png(given, bits, palette=colours[: 1 << bits].tobytes(), extra={b"tRNS": some}))
        alpha = opacity[given][..., None] / 255
        assert np.abs(found - (colours[given] * alpha + 255 * (1 - alpha))).max() <= 1, bits
    for factor in (1, 256, 257):  # a colour map of 8 bits, of 16 bits without and with its lower byte
        table = [int(v) * factor for v in colours.T.reshape(-1)]
        found = pixels(tiff(values(255).astype(np.uint8), 8, photometric=3, tags={320: table}))
        assert np.array_equal(found, colours[values(255)]), factor


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("photometric", [0, 1])
def test_grey_tiffs_of_every_depth_and_polarity(photometric: int, order: str) -> None:
    kinds = {
        (1, 1): np.uint8,
        (2, 1): np.uint8,
        (4, 1): np.uint8,
        (8, 1): np.uint8,
        (12, 1): np.uint16,
        (16, 1): np.uint16,
        (16, 2): np.int16,
        (32, 1): np.uint32,
        (32, 2): np.int32,
        (32, 3): np.float32,
        (64, 3): np.float64,
        (16, 3): np.float16,
    }
    read = set()
    for (bits, sample_format), dtype in kinds.items():
        most = {(16, 2): 32767, (32, 3): 1, (64, 3): 1, (16, 3): 1}.get((bits, sample_format), (1 << min(bits, 16)) - 1)
        given = (values(most) if most > 1 or bits == 1 else values(1000) / 1000).astype(dtype)
        content = tiff(given, bits, photometric=photometric, sample_format=sample_format, order=order)
        try:
            found = pixels(content, None)
        except BadPicture as error:
            assert "of a kind that cannot be read; save it anew" in error.reason
            continue
        expected = truth(given.astype(float), most)
        assert np.abs(found - (expected if photometric else 255 - expected)).max() <= 0.51, (bits, sample_format)
        read.add((bits, sample_format))
    assert read >= {(1, 1), (2, 1), (4, 1), (8, 1), (32, 3)}
    assert (16, 1) in read or (order, photometric) == (">", 0)


def test_white_is_zero_survives_compression() -> None:
    grey = values(255).astype(np.uint8)
    for mode, compression in [("1", "group4"), ("1", "packbits"), ("L", "tiff_lzw"), ("L", "tiff_adobe_deflate")]:
        image, file = Image.fromarray(grey).convert(mode), io.BytesIO()
        image.save(file, "TIFF", tiffinfo={262: 0}, compression=compression)
        assert np.array_equal(pixels(file.getvalue())[..., 0], np.asarray(image.convert("L"))), (mode, compression)


def test_colour_tiffs_of_16_bits_keep_what_a_byte_would_lose() -> None:
    for order, (extra, channels) in product("<>", [(None, 3), (0, 4), (1, 4), (2, 4)]):
        given = values(4095, channels).astype(np.uint16)
        if extra == 1:
            given[..., :3] = np.minimum(given[..., :3], given[..., 3:])
        content = tiff(given, 16, photometric=2, order=order, tags={} if extra is None else {338: [extra]})
        found = pixels(content, Depth(whole=4095))
        share = given[..., :3] / 4095
        alpha = given[..., 3:] / 4095 if extra in (1, 2) else 1
        expected = share + 1 - alpha if extra == 1 else share * alpha + 1 - alpha
        assert np.abs(found - 255 * expected).max() <= 1.5, (order, extra)
    with pytest.raises(BadPicture, match="16-bit channels one after the other"):
        rgb_from_bytes(tiff(values(65535, 3).astype(np.uint16), 16, photometric=2, planes=True))
    eight = values(255, 3).astype(np.uint8)
    assert np.array_equal(pixels(tiff(eight, 8, photometric=2, planes=True)), eight)
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        file = io.BytesIO()
        Image.fromarray(values(4095).astype(np.uint16)).save(file, "TIFF", compression=compression)
        expected = np.rint(values(4095) * 255 / 4095)
        assert np.array_equal(pixels(file.getvalue(), Depth(whole=4095))[..., 0], expected)


def test_what_would_be_misread_is_refused_in_words() -> None:
    grey = values(100).astype(np.uint8)
    for content, words in [
        (tiff(grey.astype(np.int8), 8, sample_format=2), "signed 8-bit values; save them as unsigned"),
        (tiff(grey, 8, photometric=None), "do not say whether 0 is black or white"),
        (tiff(-grey.astype(np.int16) - 1, 16, sample_format=2), "expected values from 0 up, found -101"),
        (tiff(values(65535, 4).astype(np.uint16), 16, photometric=5), "16-bit CMYK values; save it in 8 bits"),
        (tiff(values(255, 3).astype(np.uint8), 8, photometric=8), r"L\*a\*b\* colours; save it as RGB"),
        (tiff(np.full(SHAPE, 1.5, np.float32), 32, sample_format=3), "reach 1.5, neither 0..1 nor 0..255; clip them"),
        (tiff(np.full(SHAPE, np.nan, np.float32), 32, sample_format=3), "NaN or infinite"),
        (tiff(np.full(SHAPE, 3000.0, np.float32), 32, sample_format=3), r"found 3000; scale .* or say what is white"),
        (tiff(np.full(SHAPE, 70000, np.int32), 32, sample_format=2), r"expected values in 0..65535, found 70000"),
        (b"P5 3 3 255 \0", "cut off"),
        (b"P2 3 1 9 1 2 nine", "something else than numbers"),
        (b"P2 2 1 9 1 12", "a value of 12 where its header claims 9 at most"),
        (b"P5 0 3 255 \0", "claims 0 x 3 pixels"),
        (b"P6 30000 30000 255 \0", "too many to be read safely"),
        (b"P5 x y", "not a JPEG|Netpbm header"),
    ]:
        with pytest.raises(BadPicture, match=words):
            pixels(content, None)


@pytest.mark.parametrize("kind", [*FORMATS, "PPM", "MPO"])
@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "La", "CMYK", "YCbCr", "LAB", "HSV", "I", "I;16", "F"],
)
def test_whatever_pillow_writes_is_read_as_it_was_or_refused(mode: str, kind: str) -> None:
    rows, columns = np.mgrid[0:16, 0:24]
    smooth = np.stack([rows * 16, columns * 10, (rows + columns) * 6, 255 - rows * 8], axis=2).astype(np.uint8)
    if mode in ("I", "I;16"):
        image = Image.fromarray((smooth[..., 0].astype(np.uint16) * 257).astype(np.int32 if mode == "I" else np.uint16))
        expected = np.repeat(smooth[..., :1], 3, axis=2)
    elif mode == "F":
        image = Image.fromarray(smooth[..., 0].astype(np.float32))
        expected = np.repeat(smooth[..., :1], 3, axis=2)
    else:
        base = Image.fromarray(smooth if mode in ("LA", "PA", "RGBA", "RGBa", "La") else smooth[..., :3])
        steps = {"RGBa": ["RGBA", "RGBa"], "La": ["LA", "La"], "PA": ["P", "PA"]}.get(mode, [mode])
        image = base
        for step in steps:
            try:
                image = image.convert(step)
            except ValueError:
                pytest.skip("Pillow makes no such picture")
        if mode == "LAB":
            with pytest.raises(BadPicture, match="save it as RGB"):
                decode(image)
            return
        straight = image.convert({"RGBa": "RGBA", "La": "LA"}.get(mode, mode)).convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        expected = np.asarray(Image.alpha_composite(white, straight).convert("RGB"))
        assert np.abs(decode(image).astype(int) - expected).max() <= 1
    if (mode in ("I", "I;16") and kind in ("WEBP", "GIF")) or (mode in ("RGBA", "LA") and kind in UNCLEAR):
        return  # what Pillow writes there is not what the picture holds: clipped values, opacity lost or all or nothing
    file = io.BytesIO()
    options = {"WEBP": {"lossless": True, "exact": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    try:
        image.save(file, kind, **options)
    except (OSError, KeyError, ValueError):
        pytest.skip("Pillow does not write it")
    try:
        found = pixels(file.getvalue(), None)
    except BadPicture as error:
        assert len(error.reason) > 20
        return
    allowed = {"JPEG": 6, "MPO": 40, "GIF": 60}.get(kind, 1)
    assert np.abs(found - expected).mean() <= allowed / 4, (mode, kind)


@settings(max_examples=60)
@given(
    st.integers(1, 6),
    st.integers(1, 65535),
    st.sampled_from([b" ", b"\n", b" # a line\n", b"\r\n"]),
    st.integers(0, 99),
)
def test_netpbm_of_every_kind_and_largest_value(kind: int, most: int, space: bytes, seed: int) -> None:
    bitmap, colour = kind in (1, 4), kind in (3, 6)
    given_values = values(1 if bitmap else most, *([3] if colour else []), seed=seed)
    head = b"P%d" % kind + space + b"9 7" + (b"" if bitmap else space + b"%d" % most) + b"\n"
    if kind <= 3:
        body = b" ".join(b"%d" % v for v in given_values.reshape(-1))
    elif bitmap:
        body = np.packbits(given_values.astype(np.uint8), axis=1).tobytes()
    else:
        body = given_values.astype(np.uint8 if most < 256 else ">u2").tobytes()
    expected = truth(given_values, 1 if bitmap else most)
    assert np.abs(pixels(head + body) - (255 - expected if bitmap else expected)).max() <= 0.51


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG", "MPO"])
def test_pages_are_said_and_chosen(tmp_path: Path, kind: str) -> None:
    colours = ["red", "blue", "lime"]
    film = [Image.new("RGB", (16, 16), colour) for colour in colours]
    path = tmp_path / f"film.{kind.lower().replace('mpo', 'jpg')}"
    film[0].save(path, kind, save_all=True, append_images=film[1:])
    Image.new("RGB", (16, 16)).save(tmp_path / "one.png")
    both = Pictures([path, tmp_path / "one.png"])
    assert both.notes == (
        "1 picture has several pages or frames (3); page 1 is used, the others are not (choose one with --page, "
        "page=...).",
    )
    for page, colour in enumerate(colours, start=1):
        chosen = Pictures([path], depth=Depth(page=page))
        expected = np.asarray(Image.new("RGB", (1, 1), colour))[0, 0].astype(int)
        assert np.abs(chosen.decode(0)[8, 8] - expected).max() < 12
        assert chosen.digest(0) != both.digest(0)
    with pytest.raises(BadPicture, match="it has 3 pages, page 4 was asked for"):
        Pictures([path], depth=Depth(page=4)).decode(0)
    with pytest.raises(BadPicture, match="it has 1 page, page 2 was asked for"):
        Pictures([tmp_path / "one.png"], depth=Depth(page=2)).decode(0)
