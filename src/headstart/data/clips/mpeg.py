"""The frames of an MP3 file: how many there are, how many it promises, and where another recording begins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headstart.data.base.reasons import BadClip

_RATES = (44100, 48000, 32000)
_BITRATES = {  # kbit a second by (version 1?, layer)
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_LOST = 1 << 16
_VBRI = 36
#: Frames that a header may promise too much: some encoders count the header's own frame.
_TOLERATED = 1


@dataclass(frozen=True)
class Frame:
    """One frame: where it begins, its length in bytes, its samples, their rate and its channels."""

    at: int
    length: int
    samples: int
    rate: int
    channels: int
    layer: int
    version: int

    @property
    def side(self) -> int:
        """Bytes of side information behind the four of the header."""
        if self.version == 1:
            return 32 if self.channels == 2 else 17
        return 17 if self.channels == 2 else 9


def after_tag(content: bytes) -> int:
    """Where a file goes on behind ID3v2 tags at its beginning; 0 without one.

    Examples
    --------
    >>> after_tag(b"ID3\\x03\\0\\0\\0\\0\\0\\x05Info:fLaC"), after_tag(b"fLaC")
    (15, 0)
    """
    at = 0
    while content[at : at + 3] == b"ID3" and len(content) >= at + 10 and max(content[at + 6 : at + 10]) < 128:
        a, b, c, d = content[at + 6 : at + 10]
        at += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if content[at + 5] & 0x10 else 0)
    return at


def is_mpeg(content: bytes, start: int) -> bool:
    """Whether frames of MPEG sound begin at ``start``, or a little behind it."""
    return (start > 0 or content[:1] == b"\xff") and next(_frames(content, start), None) is not None


def mpeg_streams(content: bytes) -> list[bytes]:
    """The recordings in an MP3 file: itself, but where several were joined or the channels change.

    A frame with the number of frames (Xing, Info, VBRI) begins a recording. That stands at a fixed place in its frame;
    the same letters in a tag mean nothing. Where more frames follow than it speaks of, or there is none, the number is
    set right: decoders stop where it says, or guess it from the first frames.

    Raises
    ------
    BadClip
        If frames are missing (more than one: encoders differ by that), or the rate changes in the middle.
    """
    frames = list(_frames(content, after_tag(content)))
    starts = [
        i for i, frame in enumerate(frames) if i == 0 or _promised(content, frame) or _differ(frames[i - 1], frame)
    ]
    found = []
    for low, high in zip(starts, [*starts[1:], len(frames)], strict=True):
        some, promised = frames[low:high], _promised(content, frames[low])
        if some[0].rate != frames[0].rate:
            raise BadClip(
                f"it changes from {frames[0].rate} to {some[0].rate} samples a second in the middle; cut it into clips "
                "of one rate"
            )
        have = len(some) - (promised is not None)
        if promised is not None and have < promised - _TOLERATED:
            trimmed = _trimmed(content, frames[low])
            seconds = [max(n * some[0].samples - trimmed, 0) / some[0].rate for n in (promised, have)]
            raise BadClip(f"the clip is cut off: its header promises {seconds[0]:.3g} s, {seconds[1]:.3g} s are there")
        other = content[some[0].at + _VBRI : some[0].at + _VBRI + 4] == b"VBRI"  # which the decoder does not know
        right = promised is not None and have <= promised + _TOLERATED and not other
        if right and len(starts) == 1 and _size(some) == frames[-1].at + frames[-1].length - frames[0].at:
            return [content]
        sound = b"".join(content[frame.at : frame.at + frame.length] for frame in some)
        found.append(sound if right or some[0].layer != 3 else _counted(sound, some, promised))
    return found


def _size(frames: list[Frame]) -> int:
    return sum(frame.length for frame in frames)


def _counted(sound: bytes, frames: list[Frame], promised: int | None) -> bytes:
    """The frames of a recording with their number in front."""
    at = 4 + frames[0].side
    if promised is None:
        head = bytes([*sound[:2], sound[2] & 0x0C | 0x80, sound[3]])  # the same but for its bit rate, unpadded
        frame = _frame(head, 0)
        assert frame is not None
        words = b"Xing" + (1).to_bytes(4, "big") + len(frames).to_bytes(4, "big")
        return (head + bytes(frame.side) + words).ljust(frame.length, b"\0") + sound
    if sound[_VBRI : _VBRI + 4] == b"VBRI":
        return _counted(sound[frames[0].length :], frames[1:], None)
    size = _size(frames).to_bytes(4, "big") if sound[at + 7] & 2 else b""
    return sound[: at + 8] + (len(frames) - 1).to_bytes(4, "big") + size + sound[at + 12 + len(size) :]


def _differ(one: Frame, other: Frame) -> bool:
    return (one.rate, one.channels, one.layer) != (other.rate, other.channels, other.layer)


def _promised(content: bytes, frame: Frame) -> int | None:
    """How many frames a header frame speaks of; None where it is none."""
    at = frame.at + 4 + frame.side
    if content[at : at + 4] in (b"Xing", b"Info") and content[at + 7] & 1:
        return int.from_bytes(content[at + 8 : at + 12], "big")
    at = frame.at + _VBRI
    if content[at : at + 4] == b"VBRI":
        return int.from_bytes(content[at + 14 : at + 18], "big")
    return None


def _trimmed(content: bytes, frame: Frame) -> int:
    """Samples of silence before and behind the sound that an encoder notes in its header frame."""
    at = frame.at + 4 + frame.side
    if content[at + 120 : at + 124] not in (b"LAME", b"Lavc", b"Lavf"):
        return 0
    both = int.from_bytes(content[at + 141 : at + 144], "big")
    return (both >> 12) + (both & 0xFFF)


def _frames(content: bytes, at: int) -> Iterator[Frame]:
    """All whole frames from a place on; tags and what else is between them is passed over."""
    last: Frame | None = None
    lost = 0
    while at + 4 <= len(content) and lost < _LOST:
        if content[at : at + 3] == b"ID3":
            at += after_tag(content[at : at + 10]) or 3
            continue
        frame = _frame(content, at)
        in_step = last is not None and not lost
        if frame is None or not (in_step or _frame(content, at + frame.length)):
            at, lost = at + 1, lost + 1
            continue
        if at + frame.length > len(content):
            return
        yield frame
        at, last, lost = at + frame.length, frame, 0


def _frame(content: bytes, at: int) -> Frame | None:
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = {0: 25, 2: 2, 3: 1}.get(head[1] >> 3 & 3), 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version is None or layer == 4 or bits in (0, 15) or rate == 3:
        return None
    hertz = _RATES[rate] // {1: 1, 2: 2, 25: 4}[version]
    kbit = _BITRATES[version == 1, layer][bits]
    padding = head[2] >> 1 & 1
    samples = 384 if layer == 1 else 576 if layer == 3 and version != 1 else 1152
    length = (12000 * kbit // hertz + padding) * 4 if layer == 1 else samples // 8 * 1000 * kbit // hertz + padding
    return Frame(at, length, samples, hertz, 1 if head[3] >> 6 == 3 else 2, layer, version)
