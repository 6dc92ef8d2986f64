"""Whether a sound file is all there, by what its own outer structure promises."""

from __future__ import annotations

_UNKNOWN = 0x7FFFFF00
_CHUNKED = {b"RIFF": "little", b"RIFX": "big", b"FORM": "big"}
_SOUND_CHUNKS = (b"data", b"SSND")


def missing_bytes(content: bytes) -> int:
    """How many bytes of sound a file promises and does not have.

    WAV and AIFF files say the length of their sound in a chunk's header; lengths of 2 GiB and more are what programs
    write that do not know it yet, and promise nothing. An OGG file is made of pages that say their own length.

    Parameters
    ----------
    content : bytes
        Of the whole file.

    Returns
    -------
    int
        0 where all is there, or where the format makes no such promise.

    Examples
    --------
    >>> whole = b"RIFF" + (44).to_bytes(4, "little") + b"WAVEdata" + (8).to_bytes(4, "little") + bytes(8)
    >>> missing_bytes(whole), missing_bytes(whole[:-3])
    (0, 3)
    """
    if content[:4] in _CHUNKED:
        return _missing_in_chunks(content)
    if content[:4] == b"OggS":
        return _missing_in_pages(content)
    return 0


def _missing_in_chunks(content: bytes) -> int:
    order = _CHUNKED[content[:4]]
    at = 12
    while at + 8 <= len(content):
        length = int.from_bytes(content[at + 4 : at + 8], "little" if order == "little" else "big")
        if content[at : at + 4] in _SOUND_CHUNKS:
            return 0 if length >= _UNKNOWN else max(at + 8 + length - len(content), 0)
        at += 8 + length + length % 2
    return 0


def _missing_in_pages(content: bytes) -> int:
    """What the last page lacks; its header is 27 bytes, then one byte a segment with that segment's length."""
    at = content.rfind(b"OggS")
    if at + 27 > len(content):
        return at + 27 - len(content)
    segments = content[26 + at]
    lengths = content[at + 27 : at + 27 + segments]
    return max(at + 27 + segments + sum(lengths) - len(content), 0)
