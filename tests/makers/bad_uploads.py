"""Uploads that somebody damaged, or made to do harm: names, contents, and whole requests."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
import soundfile
from medical_pictures import dicom, heic, nifti
from PIL import Image
from served import Served, form_of

NAMES = (
    "../../etc/passwd",
    "/etc/passwd",
    "<script>alert(1)</script>.png",
    "a" * 4000 + ".png",
    "con\x07.png",
    "\u202egnp.exe",
    "x.png%00.txt",
    "C:\\\\windows\\\\a.png",
    "{{7*7}}.png",
    "=cmd|calc.png",
    "",
)


def picture(seed: int, kind: str = "PNG") -> bytes:
    """A small picture of noise."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)).save(file, kind)
    return file.getvalue()


@cache
def medical() -> tuple[bytes, ...]:
    """Small files that other libraries read: DICOM, NIfTI plain and packed, HEIC."""
    values = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
    volume = values[..., None].repeat(3, 2)
    return dicom(values), nifti(volume), nifti(volume, packed=True), heic((volume % 256).astype(np.uint8))


@cache
def bomb(side: int) -> bytes:
    """A PNG of few bytes that is side x side black pixels."""
    packed = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    body = b"".join(packed.compress(row) for _ in range(side)) + packed.flush()
    return _png(side, side, body)


def claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims so many pixels, with hardly any behind it."""
    return _png(width, height, zlib.compress(bytes(1000)))


def _png(width: int, height: int, body: bytes) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """A file with some bits turned, an end cut off, a piece out of another place, or bytes of no meaning."""
    way, data = rng.integers(5), bytearray(content)
    if way == 0:
        for _ in range(int(rng.integers(1, 30))):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    elif way == 1:
        del data[rng.integers(len(data)) :]
    elif way == 2:
        start = int(rng.integers(len(data)))
        data[start:start] = data[: rng.integers(len(data))]
    elif way == 3:
        data[8:40] = rng.bytes(32)
    else:
        data = bytearray(rng.bytes(int(rng.integers(0, 3000))))
    return bytes(data)


@cache
def clips() -> tuple[bytes, ...]:
    """A tone as WAV, FLAC, Ogg and MP3."""
    wave, found = 0.3 * np.sin(np.arange(4000) / 5), []
    for form in ("WAV", "FLAC", "OGG", "MP3"):
        file = io.BytesIO()
        soundfile.write(file, wave, 8000, format=form)
        found.append(file.getvalue())
    return tuple(found)


def contents(kind: str) -> list[bytes]:
    """Whole files that a model for a kind of input takes; of rows of a table none."""
    if kind == "image":
        return [picture(0), picture(1, "JPEG"), picture(2, "GIF"), picture(3, "TIFF"), picture(4, "WEBP"), *medical()]
    if kind == "audio":
        return list(clips())
    return [] if kind == "table" else ["Größe? so good, so bad".encode(), "\ufeffso good".encode("utf-16"), b"so"]


#: Values that a program may put where a word or a number is expected.
_CELLS = (
    "",
    "so good",
    "nan",
    "1e999",
    "x" * 100_000,
    "\x00",
    "\ud800",
    "=cmd",
    1e308,
    -0.0,
    1 << 60,
    True,
    None,
    [1],
    {"a": 1},
)


def said(rng: np.random.Generator, columns: Sequence[str]) -> bytes:
    """JSON with texts or rows of odd values, in one of three damaged."""
    values = [_CELLS[k] for k in rng.integers(len(_CELLS), size=max(4, len(columns)))]
    if columns:
        rows = [dict(zip(columns, values, strict=False)), {"other": 1}, {columns[0]: values[0]}]
        body = json.dumps({"rows": rows[: rng.integers(1, 4)]}).encode()
    else:
        body = json.dumps({"texts": values[: rng.integers(1, 4)], "explain": bool(rng.integers(2))}).encode()
    return damaged(rng, body) if rng.integers(3) == 0 else body


def requests(
    seed: int, n: int, side: int = 4000, kind: str = "image", columns: Sequence[str] = ()
) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """n bad requests to a model for a kind of input: what each is, the method of `Served` that sends it, arguments."""
    rng = np.random.default_rng(seed)
    whole = contents(kind)
    bodies = (b"", b"{", b"[" * 50_000, b'{"texts": 3}', b'{"rows": [[1]]}', b'{"texts": ["/etc/passwd"]}', b"\xff\xfe")
    for i in range(n):
        content = whole[rng.integers(len(whole))] if whole else said(rng, columns)
        name, way = NAMES[rng.integers(len(NAMES))], i % 12
        if way < 4 and whole:
            yield "a damaged file", "send", ("/predict", [("file", name, damaged(rng, content))])
        elif way < 4 or way == 10:
            yield "odd values", "post", ("/predict", said(rng, columns))
        elif way == 4:
            yield "a name", "send", ("/predict", [("file", name, content)])
        elif way == 5:
            size = [(1 << 30, 1 << 30), (100_000, 100_000), (1, 1 << 31), (0, 0)][rng.integers(4)]
            yield "a huge header", "send", ("/predict", [("file", name, claiming(*size))])
        elif way == 6:
            yield "a bomb", "send", ("/predict", [("file", name, bomb(side if i % 24 < 12 else 2 * side))])
        elif way == 7:
            yield "JSON", "post", ("/predict", bodies[rng.integers(len(bodies))])
        elif way == 8:
            fields = {"label": "<script>", "boxes": "[" * 99, "file": "/etc/passwd", "text": "../x"}
            yield "a correction", "send", ("/correct", [("file", name, damaged(rng, content))], fields)
        elif way == 9:
            body = (rng.bytes(200), b"--x\r\nContent-Disposition: form-data\r\n\r\n", b'{"texts": []}')
            of = ("multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/json")
            kinds = {"content-type": of[rng.integers(4)]}
            yield "another body", "ask", ("/predict", "POST", body[rng.integers(3)], kinds)
        else:
            body, of_form = form_of([("file", name, content)], {"explain": "1", columns[0] if columns else "text": "x"})
            yield "a damaged form", "ask", ("/predict", "POST", damaged(rng, body), {"content-type": of_form})


def sent(server: Served, how: str, given: tuple[object, ...]) -> int:
    """Send one of them; the status."""
    return int(getattr(server, how)(*given).status)
