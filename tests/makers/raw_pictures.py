"""Picture files written byte by byte, so that a test knows the truth without asking the library that reads them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

_SIZES = {3: (2, "H"), 4: (4, "I"), 11: (4, "f")}


def png(values: np.ndarray, bits: int, *, extra: Mapping[bytes, bytes] | None = None, palette: bytes = b"") -> bytes:
    """A PNG of values (H, W) or (H, W, C) of so many bits; with ``palette`` they are places in it.

    ``extra`` holds further chunks by name, written before the pixels.
    """
    height, width = values.shape[:2]
    channels = 1 if values.ndim == 2 else values.shape[2]
    kind = 3 if palette else {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + _packed(row.reshape(-1), bits) for row in values)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))]
    extra = dict(extra or {})
    chunks += [(name, extra.pop(name)) for name in (b"sBIT", b"gAMA") if name in extra]
    chunks += [(b"PLTE", palette)] if palette else []
    chunks += [*extra.items(), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _packed(row: np.ndarray, bits: int) -> bytes:
    if bits == 16:
        return row.astype(">u2").tobytes()
    if bits == 8:
        return row.astype(np.uint8).tobytes()
    places = np.unpackbits(row.astype(np.uint8)[:, None], axis=1)[:, 8 - bits :]
    return np.packbits(places.reshape(-1)).tobytes()


def tiff(
    pages: np.ndarray | Sequence[np.ndarray],
    bits: int,
    *,
    photometric: int | None = 1,
    sample_format: int = 1,
    order: str = "<",
    planes: bool = False,
    tags: Mapping[int, Sequence[float]] | None = None,
) -> bytes:
    """An uncompressed TIFF of one or several pages of values (H, W) or (H, W, C).

    ``tags`` holds further tags: whole numbers are written as SHORT, floats as FLOAT.
    """
    pages = [pages] if isinstance(pages, np.ndarray) else pages
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for number, values in enumerate(pages):
        height, width = values.shape[:2]
        channels = 1 if values.ndim == 2 else values.shape[2]
        laid = np.moveaxis(values, 2, 0) if planes else values
        if bits % 8:
            data = b"".join(_bits_of(row, bits) for row in laid.reshape(height, -1))
        else:
            data = laid.astype(laid.dtype.newbyteorder(order)).tobytes()
        parts = channels if planes else 1
        entries: dict[int, tuple[int, Sequence[float]]] = {
            256: (4, [width]),
            257: (4, [height]),
            258: (3, [bits] * channels),
            259: (3, [1]),
            277: (3, [channels]),
            278: (4, [height]),
            279: (4, [len(data) // parts] * parts),
            284: (3, [2 if planes else 1]),
            339: (3, [sample_format] * channels),
        }
        entries |= {} if photometric is None else {262: (3, [photometric])}
        for name, value in (tags or {}).items():
            entries[name] = (11 if any(isinstance(v, float) for v in value) else 3, value)
        count = len(entries) + 1
        at = len(out)
        more_at = at + 2 + 12 * count + 4
        more = b""
        listed = {name: _written(order, kind, value) for name, (kind, value) in entries.items()}
        for name, (_, _, content) in listed.items():
            if len(content) > 4:
                listed[name] = (*listed[name][:2], struct.pack(order + "I", more_at + len(more)))
                more += content + b"\0" * (len(content) % 2)
        data_at = more_at + len(more) + 4 * parts
        starts = struct.pack(order + f"{parts}I", *(data_at + i * (len(data) // parts) for i in range(parts)))
        listed[273] = (4, parts, starts if parts == 1 else struct.pack(order + "I", more_at + len(more)))
        body = b"".join(
            struct.pack(order + "HHI", name, *listed[name][:2]) + listed[name][2] for name in sorted(listed)
        )
        end = data_at + len(data) + len(data) % 2
        following = struct.pack(order + "I", end if number + 1 < len(pages) else 0)
        out += struct.pack(order + "H", count) + body + following + more + starts + data + b"\0" * (len(data) % 2)
    return out


def _bits_of(row: np.ndarray, bits: int) -> bytes:
    wide = row.astype(">u2").view(np.uint8).reshape(-1, 2)
    return np.packbits(np.unpackbits(wide, axis=1)[:, 16 - bits :].reshape(-1)).tobytes()


def _written(order: str, kind: int, value: Sequence[float]) -> tuple[int, int, bytes]:
    content = struct.pack(order + f"{len(value)}{_SIZES[kind][1]}", *value)
    return kind, len(value), content.ljust(4, b"\0")
