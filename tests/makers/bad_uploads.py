"""Uploads that somebody damaged, or made to do harm: names, contents, and whole requests."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from medical_pictures import dicom, heic, nifti
from PIL import Image
from served import Served

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


def requests(seed: int, n: int, side: int = 4000) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """n bad requests: what it is, the method of `Served` that sends it, and its arguments."""
    rng = np.random.default_rng(seed)
    whole = [picture(0), picture(1, "JPEG"), picture(2, "GIF"), picture(3, "TIFF"), picture(4, "WEBP"), *medical()]
    bodies = (b"", b"{", b"[" * 50_000, b'{"texts": 3}', b'{"rows": [[1]]}', b'{"texts": ["/etc/passwd"]}', b"\xff\xfe")
    for i in range(n):
        content, name = whole[rng.integers(len(whole))], NAMES[rng.integers(len(NAMES))]
        way = i % 10
        if way < 4:
            yield "a damaged file", "send", ("/predict", [("file", name, damaged(rng, content))])
        elif way == 4:
            yield "a name", "send", ("/predict", [("file", name, content)])
        elif way == 5:
            size = [(1 << 30, 1 << 30), (100_000, 100_000), (1, 1 << 31), (0, 0)][rng.integers(4)]
            yield "a huge header", "send", ("/predict", [("file", name, claiming(*size))])
        elif way == 6:
            yield "a bomb", "send", ("/predict", [("file", name, bomb(side if i % 20 < 10 else 2 * side))])
        elif way == 7:
            yield "JSON", "post", ("/predict", bodies[rng.integers(len(bodies))])
        elif way == 8:
            fields = {"label": "<script>", "file": "/etc/passwd", "text": "../x"}
            yield "a correction", "send", ("/correct", [("file", name, damaged(rng, content))], fields)
        else:
            kind = ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/json"][
                rng.integers(4)
            ]
            body = [
                rng.bytes(200),
                b"--x\r\nContent-Disposition: form-data\r\n\r\n",
                json.dumps({"texts": []}).encode(),
            ]
            yield "another body", "ask", ("/predict", "POST", body[rng.integers(3)], {"content-type": kind})


def sent(server: Served, how: str, given: tuple[object, ...]) -> int:
    """Send one of them; the status."""
    return int(getattr(server, how)(*given).status)
