"""What a file is by the bytes that it begins with."""

from __future__ import annotations

from collections.abc import Container

#: Where the mark stands, the mark (one or several), the family of the format, and its name; the first that fits counts.
_SIGNATURES: tuple[tuple[int, bytes | tuple[bytes, ...], str, str], ...] = (
    (0, b"\xff\xd8\xff", "picture", "a JPEG picture"),
    (0, b"\x89PNG", "picture", "a PNG picture"),
    (0, b"GIF8", "picture", "a GIF picture"),
    (8, b"WEBP", "picture", "a WebP picture"),
    (0, (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "picture", "a TIFF picture"),
    (8, b"WAVE", "sound", "a WAV sound file"),
    (0, b"fLaC", "sound", "a FLAC sound file"),
    (0, b"OggS", "sound", "an OGG sound file"),
    (0, b"ID3", "sound", "an MP3 sound file"),
    (8, (b"AIFF", b"AIFC"), "sound", "an AIFF sound file"),
    (0, b".snd", "sound", "an AU sound file"),
    (0, b"caff", "sound", "a CAF sound file"),
    (0, b"NIST_1A\n", "sound", "a NIST SPHERE sound file"),
    (4, b"ftypM4A", "other sound", "an M4A (AAC) sound file"),
    (0, (b"\xff\xf1", b"\xff\xf9"), "other sound", "an AAC sound file"),
    (0, b"#!AMR", "other sound", "an AMR sound file"),
    (0, b"0&\xb2u", "other sound", "a WMA sound file"),
    (0, b"MThd", "other sound", "a MIDI file (notes, no sound)"),
    (0, b"{\\rtf", "text", "an RTF document"),
    (0, b"\xd0\xcf\x11\xe0", "text", "an old Word or Excel document"),
    (0, b"\x1f\x8b", "text", "a file packed with gzip"),
    (0, b"\x7fELF", "text", "a program"),
    (4, (b"ftypheic", b"ftypheix"), "other", "a HEIC picture"),
    (4, b"ftypmif1", "other", "a HEIF picture"),
    (4, b"ftypavif", "other", "an AVIF picture"),
    (4, b"ftyp", "other", "a film or HEIF file"),
    (0, b"\x1aE\xdf\xa3", "other", "a Matroska or WebM file"),
    (128, b"DICM", "other", "a DICOM file"),
    (0, b"%PDF", "other", "a PDF document"),
    (0, b"<svg", "other", "an SVG drawing"),
    (0, b"8BPS", "other", "a Photoshop file"),
    (0, b"\x00\x00\x00\x0cjP", "other", "a JPEG 2000 picture"),
    (0, b"PK\x03\x04", "other", "a ZIP archive"),
    (0, b"\x89HDF", "other", "an HDF5 file"),
    (0, b"\x93NUMPY", "other", "a NumPy array file"),
)
FAMILIES = frozenset(family for _, _, family, _ in _SIGNATURES)


def signed_as(content: bytes, families: Container[str] = FAMILIES) -> str | None:
    """Name of the first format of these families whose mark the content carries; None where there is none.

    Examples
    --------
    >>> signed_as(b"%PDF-1.7"), signed_as(b"%PDF-1.7", ("picture",))
    ('a PDF document', None)
    """
    known = (name for at, marks, family, name in _SIGNATURES if family in families and content.startswith(marks, at))
    return next(known, None)


def what_is(content: bytes, families: Container[str] = FAMILIES) -> str:
    """Name what a file seems to be, from its first bytes; of formats with a mark those of some families alone.

    Examples
    --------
    >>> what_is(b"%PDF-1.7"), what_is(b"hello, world"), what_is(bytes(16))
    ('a PDF document', 'text', 'a file of zero bytes')
    """
    found = signed_as(content, families)
    if found is not None:
        return found
    head = content[:512]
    if not head.strip(b"\x00"):
        return "a file of zero bytes"
    if b"\x00" not in head:
        try:
            head[:-4].decode("utf-8")
        except UnicodeDecodeError:
            return "something unknown"
        return "text"
    return "something unknown"
