"""Whether a sound file is all there, by what its own outer structure promises, and where joined files begin in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from headstart.data.base.reasons import BadClip
from headstart.data.clips.mpeg import after_tag, is_mpeg, mpeg_streams

_UNKNOWN = 0x7FFFFF00
_CHUNKED: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RIFX": "big", b"FORM": "big", b"RF64": "little"}
_FORMS = (b"WAVE", b"AIFF", b"AIFC")
_SOUND_CHUNKS = (b"data", b"SSND")
_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
_FLAC_MOST = 0xFFFFFFFFF
_W64_SOUND = bytes.fromhex("64617461f3acd3118cd100c04f8edb8a")
_LEAST_REST = 256
_PADDING = 16


@dataclass(frozen=True, eq=False)
class Stream:
    """One sound file, perhaps out of several that are joined in one.

    Parameters
    ----------
    content : bytes
    exact : bool
        Whether the number of samples in its header is a promise; False where it is unknown, or an estimate.
    """

    content: bytes
    exact: bool = True


def streams_of(content: bytes) -> list[Stream]:
    """The sound files that some bytes hold, one after the other: one, but for files that were joined.

    A length that its writer did not know yet (a WAV whose sound is said to have 0 bytes) is filled in, so that a reader
    goes on to the end.

    Parameters
    ----------
    content : bytes
        Of the whole file.

    Raises
    ------
    BadClip
        If something is missing at the end, or follows that belongs to nothing; the words say what.
    """
    start = after_tag(content)
    if content[start : start + 4] == b"fLaC":
        return _flac_streams(content)
    if content[:4] == b"OggS":
        return [Stream(part) for part in _split(content, _links(content))]
    if is_mpeg(content, start):
        return [Stream(part, exact=False) for part in mpeg_streams(content)]
    return _laid_streams(content)


def missing_bytes(content: bytes) -> int:
    """How many bytes of sound a file promises and does not have.

    WAV, RF64, W64, AIFF, AU and CAF files say the length of their sound; lengths of 2 GiB and more in 32 bits are what
    programs write that do not know it yet, and promise nothing. An OGG file is made of pages that say their own length.

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
    if content[:4] == b"OggS":
        return _missing_in_pages(content)
    laid = _layout(content)
    return 0 if laid is None else max(laid.at + laid.length - len(content), 0)


@dataclass(frozen=True)
class _Layout:
    """Where the sound of a file begins, its length, where that length is written, and where the file ends; in bytes."""

    at: int
    length: int
    end: int
    place: slice | None = None
    order: Literal["little", "big"] = "little"


def _layout(content: bytes) -> _Layout | None:
    """How a file lays out its sound; None where the format does not say, or the length is unknown."""
    readers = {b"riff": _w64_layout, b".snd": _au_layout, b"caff": _caf_layout, b"NIST": _nist_layout}
    if content[:4] in _CHUNKED and content[8:12] in _FORMS:
        return _chunk_layout(content)
    reader = readers.get(content[:4])
    return None if reader is None else reader(content)


def _laid_streams(content: bytes) -> list[Stream]:
    """Files that say how long their sound is, joined or alone; of a length of 0 with sound behind it, all there is."""
    laid = _layout(content)
    rest = b"" if laid is None or laid.end >= len(content) else content[laid.end :]
    if laid is None or len(rest) < _LEAST_REST:
        return [Stream(content, exact=not _is_in_bits(content))]
    following = rest[:_PADDING].lstrip(b"\0")
    if following[:4] == content[:4] and _layout(rest[len(rest[:_PADDING]) - len(following) :]) is not None:
        start = laid.end + len(rest[:_PADDING]) - len(following)
        return [Stream(content[:start]), *_laid_streams(content[start:])]
    if _is_accounted_for(rest):
        return [Stream(content, exact=not _is_in_bits(content))]
    if laid.length == 0 and laid.place is not None:
        filled = (len(content) - laid.at).to_bytes(4, laid.order)
        return [Stream(content[: laid.place.start] + filled + content[laid.place.stop :])]
    raise BadClip(
        f"its header speaks of {laid.length} bytes of sound and {len(rest)} more follow that belong to nothing; was it "
        "written while it was read, or joined? Save it anew"
    )


def _is_in_bits(content: bytes) -> bool:
    """Whether the samples of an AIFF file have no fixed length (DWVW), so that nobody can seek in them."""
    return content[:4] == b"FORM" and b"DWVW" in content[:256]


def _flac_streams(content: bytes) -> list[Stream]:
    """FLAC files; the number of samples is 36 bits of the first block, 0 where it was not known yet."""
    starts = [match.start() for match in _FLAC.finditer(content)]
    parts = _split(content, [0, *starts[1:]])
    numbers = [int.from_bytes(content[start + 21 : start + 26], "big") & _FLAC_MOST for start in starts or [0]]
    return [Stream(part, exact=number > 0) for part, number in zip(parts, numbers, strict=True)]


def _links(content: bytes) -> list[int]:
    """Where the links of a chained OGG file begin: at a page that begins a stream and follows one that does not."""
    starts, at, began = [0], 0, True
    while at + 27 <= len(content) and content[at : at + 4] == b"OggS":
        begins = bool(content[at + 5] & 2)
        if begins and not began:
            starts.append(at)
        began = begins
        segments = content[at + 26]
        at += 27 + segments + sum(content[at + 27 : at + 27 + segments])
    return starts


def _split(content: bytes, starts: list[int]) -> list[bytes]:
    if len(starts) < 2:
        return [content]
    return [content[low:high] for low, high in zip(starts, [*starts[1:], len(content)], strict=True)]


def _is_name(name: bytes) -> bool:
    """Whether four bytes may name a chunk that does not begin a file."""
    return all(32 <= byte < 127 for byte in name) and name not in (*_CHUNKED, b"caff")


def _is_accounted_for(rest: bytes) -> bool:
    """Whether what follows the sound is chunks to the end, a tag, or nothing but zeros."""
    if rest[:3] in (b"TAG", b"ID3") or rest[:8] == b"APETAGEX" or not rest.strip(b"\0"):
        return True
    orders: tuple[Literal["little", "big"], ...] = ("little", "big")
    for order in orders:
        at = 0
        while at + 8 <= len(rest) and _is_name(rest[at : at + 4]):
            at += 8 + int.from_bytes(rest[at + 4 : at + 8], order)
            at += at % 2
        if at and at >= len(rest) - 8:
            return True
    return False


def _chunk_layout(content: bytes) -> _Layout | None:
    """Of a WAV, RF64 or AIFF file."""
    order = _CHUNKED[content[:4]]
    at, large = 12, 0
    while at + 8 <= len(content):
        name = content[at : at + 4]
        length = int.from_bytes(content[at + 4 : at + 8], order)
        if name == b"ds64":
            large = int.from_bytes(content[at + 16 : at + 24], "little")
        if name in _SOUND_CHUNKS:
            length = large if length == 0xFFFFFFFF and 0 < large < 1 << 62 else length
            if length >= _UNKNOWN and length != large:
                return None
            return _Layout(at + 8, length, at + 8 + length + length % 2, slice(at + 4, at + 8), order)
        at += 8 + length + length % 2
    return None


def _w64_layout(content: bytes) -> _Layout | None:
    """Of a W64 file: chunks with names of 16 bytes and lengths of 8, which count themselves."""
    at, end = 40, int.from_bytes(content[16:24], "little")
    while at + 24 <= len(content):
        length = int.from_bytes(content[at + 16 : at + 24], "little")
        if content[at : at + 16] == _W64_SOUND:
            return _Layout(at + 24, length - 24, max(end, at + length)) if 24 <= length < 1 << 62 else None
        at += max(24, length + -length % 8)
    return None


def _au_layout(content: bytes) -> _Layout | None:
    """Of an AU file: where the sound begins and its length, four bytes each."""
    at, length = (int.from_bytes(content[i : i + 4], "big") for i in (4, 8))
    return None if length >= _UNKNOWN else _Layout(at, length, at + length, slice(8, 12), "big")


def _nist_layout(content: bytes) -> _Layout | None:
    """Of a NIST SPHERE file: lines of a name, a type and a value; the second line is the length of all of these."""
    marks = re.match(rb"NIST_1A\n *(\d{1,9})\n", content)
    if marks is None:
        return None
    at = int(marks[1])
    if b",embedded-" in content[:at]:
        raise BadClip("it is a NIST SPHERE file whose samples are packed; write it anew as WAV, with sox for instance")
    said = dict(re.findall(rb"\n(sample_count|sample_n_bytes|channel_count) -i (\d{1,12})", content[:at]))
    count, width = (int(said.get(name, least)) for name, least in ((b"sample_count", b"0"), (b"sample_n_bytes", b"1")))
    length = count * width * int(said.get(b"channel_count", b"1"))
    return _Layout(at, length, at + length) if length else None


def _caf_layout(content: bytes) -> _Layout | None:
    """Of a CAF file: chunks with a name of 4 bytes and a length of 8, to the end."""
    at, sound = 8, None
    while at + 12 <= len(content) and _is_name(content[at : at + 4]):
        length = int.from_bytes(content[at + 4 : at + 12], "big", signed=True)
        if length < 0:
            return None
        if content[at : at + 4] == b"data":
            sound = (at + 12, length)
        at += 12 + length
    return None if sound is None else _Layout(*sound, max(at, sum(sound)))


def _missing_in_pages(content: bytes) -> int:
    """What the last page lacks; its header is 27 bytes, then one byte a segment with that segment's length."""
    at = content.rfind(b"OggS")
    if at + 27 > len(content):
        return at + 27 - len(content)
    segments = content[26 + at]
    lengths = content[at + 27 : at + 27 + segments]
    return max(at + 27 + segments + sum(lengths) - len(content), 0)
