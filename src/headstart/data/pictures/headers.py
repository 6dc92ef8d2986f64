"""What the headers of a set of pictures say, and the one decision on their depth that follows from it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from headstart.data.base.content import key_of_file, open_plain, read_bytes
from headstart.data.base.reasons import BadInput, BadPicture
from headstart.data.pictures.decode import FORMATS, values_of_file
from headstart.data.pictures.depth import Depth, Range, decided
from headstart.data.pictures.dicom import frames_of_dicom, is_dicom
from headstart.data.pictures.heif import is_heif, pictures_in_heif
from headstart.data.pictures.netpbm import is_netpbm, largest_of_netpbm
from headstart.data.pictures.nifti import is_nifti, slices_of_nifti
from headstart.data.pictures.values import values_of_array, values_of_image

DICOM, VOLUME, HEIC = "DICOM file", "NIfTI volume", "HEIC picture"
#: Bytes of a file in which its header nearly always ends.
_HEADER = 1 << 20
_THREADS = 8
_HEAD = 4096
_SEGMENTS = 64


@dataclass(frozen=True)
class Header:
    """Whether a picture may be deeper than 8 bits, how many pages or frames its file has, and its format.

    The format is named where another library reads it: "DICOM file", "NIfTI volume", "HEIC picture".
    """

    deep: bool = False
    pages: int = 1
    form: str = ""


@dataclass(frozen=True, eq=False)
class Seen:
    """What one look at a set of pictures found.

    Parameters
    ----------
    depth : Depth
        The decision.
    headers : dict
        By `place_of` an item; those of plain 8-bit pictures of one page are left out.
    notes : tuple of str
        What was decided and why, in sentences.
    """

    depth: Depth
    headers: dict[Any, Header]
    notes: tuple[str, ...]

    def header(self, item: Any) -> Header:
        """The header of an item of the set."""
        return self.headers.get(place_of(item), _PLAIN)


class SetOfPictures:
    """Items that share one decision, made when it is first asked for, by whichever thread comes first.

    Parameters
    ----------
    items : sequence of path, ndarray or PIL.Image.Image
    given : Depth, optional
        What is decided already, by the user or by a model.
    """

    def __init__(self, items: Sequence[Any], given: Depth | None = None) -> None:
        self._items = items
        self.given = given or Depth()
        self._lock = threading.Lock()
        self._seen: Seen | None = None
        self._others: dict[Depth, SetOfPictures] = {}

    def __getstate__(self) -> dict[str, Any]:
        """For another process: what was decided for the whole set, and headers by position, since things move."""
        seen = self.seen
        headers = [(i, seen.header(item)) for i, item in enumerate(self._items)] if seen.headers else []
        kept = [(i, header) for i, header in headers if header != _PLAIN]
        return {"items": self._items, "given": self.given, "depth": seen.depth, "headers": kept, "notes": seen.notes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["items"], state["given"])  # type: ignore[misc]
        headers = {place_of(self._items[i]): header for i, header in state["headers"]}
        self._seen = Seen(state["depth"], headers, state["notes"])

    @property
    def seen(self) -> Seen:
        """What the look at the set found."""
        with self._lock:
            if self._seen is None:
                self._seen = look_through(self._items, self.given)
            return self._seen

    def under(self, depth: Depth) -> SetOfPictures:
        """The same items under what a model has decided, and for the rest as they are."""
        full = depth.filled(self.seen.depth)
        if full == self.seen.depth or (full.page is None and not self.seen.headers):
            return self
        with self._lock:
            return self._others.setdefault(full, SetOfPictures(self._items, full))


def look_through(items: Sequence[Any], given: Depth) -> Seen:
    """Read the headers of all pictures, and the values of those that are deeper than 8 bits.

    Pictures that cannot be read have no say here; decoding names them.
    """
    headers = {place_of(item): header_of(item) for item in items}
    headers = {place: header for place, header in headers.items() if header != _PLAIN}
    deep = [item for item in items if headers.get(place_of(item), _PLAIN).deep]
    with ThreadPoolExecutor(_THREADS) as pool:
        every = list(pool.map(lambda item: _range_of(item, given.frame), deep))
    ranges = [found for found in every if found is not None]
    depth = decided(ranges, given)
    named = any(isinstance(item, str | Path) for item in deep)
    return Seen(depth, headers, (*_range_notes(ranges, depth, given, named), *_page_notes(headers, depth)))


def header_of(item: Any) -> Header:
    """What the header of a picture says, from its first bytes where they are enough."""
    if isinstance(item, np.ndarray):
        return _PLAIN if item.dtype == np.uint8 else _DEEP
    if isinstance(item, Image.Image):
        return Header(item.mode in ("I", "F") or item.mode.startswith("I;16"), getattr(item, "n_frames", 1))
    try:
        return _at(*key_of_file(item))
    except Exception:
        return _PLAIN


@lru_cache(1 << 15)
def _at(path: str, size: int, changed: int) -> Header:
    """The header of a file, read once as long as it is the same."""
    with open_plain(path, BadPicture) as file:
        return _in_file(file)


def place_of(item: Any) -> Any:
    """What an item of a set is known by."""
    return str(item) if isinstance(item, str | Path) else id(item)


_PLAIN, _DEEP = Header(), Header(deep=True)


def _in_file(file: BinaryIO) -> Header:
    head = file.read(_HEAD)
    if head.startswith(b"\xff\xd8"):
        return Header(pages=_by_pillow(file).pages) if _has_several(file) else _PLAIN
    if head.startswith(b"\x89PNG"):
        pages = _by_pillow(file).pages if b"acTL" in head else 1
        return Header(head[24] == 16, pages)
    if is_netpbm(head):
        return Header(deep=largest_of_netpbm(head) > 255)
    for form, fits, count in _FORMS:
        if fits(head):
            return Header(pages=_counted(file, count, whole=form == HEIC), form=form)
    if head[8:12] == b"WEBP" and not (head[12:16] == b"VP8X" and head[20] & 2):
        return _PLAIN
    return _PLAIN if head.startswith(b"BM") else _by_pillow(file)


def _counted(file: BinaryIO, count: Callable[[bytes], int], whole: bool) -> int:
    """How many pictures a file holds, from its beginning where that says it."""
    file.seek(0)
    content = file.read(-1 if whole else _HEADER)
    try:
        return count(content)
    except Exception:
        rest = file.read()
        if not rest:
            raise
        return count(content + rest)


#: What other libraries read: its name, how it is told, and how many pictures a file holds.
_FORMS = (
    (DICOM, is_dicom, frames_of_dicom),
    (VOLUME, is_nifti, slices_of_nifti),
    (HEIC, is_heif, pictures_in_heif),
)


def _has_several(file: BinaryIO) -> bool:
    """Whether a JPEG file says that it holds several pictures (MPF), which stands before its pixels."""
    at = 2
    for _ in range(_SEGMENTS):
        file.seek(at)
        segment = file.read(8)
        if len(segment) < 8 or segment[0] != 0xFF or segment[1] == 0xDA:
            return False
        if segment[1] == 0xE2 and segment[4:8] == b"MPF\0":
            return True
        at += 2 + int.from_bytes(segment[2:4], "big")
    return False


def _by_pillow(file: BinaryIO) -> Header:
    file.seek(0)
    with Image.open(file, formats=FORMATS) as image:
        bits = max(getattr(image, "tag_v2", {}).get(258, (8,)))
        return Header(image.mode in ("I", "F") or bits > 8, getattr(image, "n_frames", 1))


def _range_of(item: Any, page: int) -> Range | None:
    try:
        if isinstance(item, np.ndarray):
            values = values_of_array(item)
        elif isinstance(item, Image.Image):
            values = values_of_image(item)
        else:
            values = values_of_file(read_bytes(item, BadPicture), page)
        return None if values is None else Range.of(values)
    except BadInput:
        return None


def _range_notes(ranges: list[Range], depth: Depth, given: Depth, files: bool) -> list[str]:
    """What was taken for white, where a rule of thumb decided it."""
    notes = []
    for real, white, known in ((False, depth.whole, given.whole), (True, depth.real, given.real)):
        found = [r for r in ranges if r.real is real]
        top = max((r.top or 0.0 for r in found), default=0.0)
        usual = {True: (1.0, 255.0), False: (255.0, 65535.0)}[real]
        if not found or white is None or known is not None or white == top or (not files and white in usual):
            continue
        highest = max((r.highest for r in found if r.highest <= white), default=white)
        what = "float" if real else "16-bit" if top else "32-bit"
        count = f"{len(found)} {what} {'picture has' if len(found) == 1 else 'pictures have'}"
        notes.append(
            f"{count} values up to {highest:g}{f' of {top:g}' if top else ''}: {white:g} is taken for white, for all "
            "of them and for new ones."
        )
    return notes


def _page_notes(headers: dict[Any, Header], depth: Depth) -> list[str]:
    forms = Counter(header.form for header in headers.values() if header.form)
    named = [f"{n} {form}{'' if n == 1 else 's'}" for form, n in forms.items()]
    notes = [f"Read: {', '.join(named)}."] if named else []
    volumes = sum(header.form == VOLUME and header.pages > 1 for header in headers.values())
    if volumes:
        plane, number = depth.cut
        named_plane = "" if plane is None else f"{plane} "
        which = f"the middle {named_plane}slice" if number is None else f"{named_plane}slice {number}"
        notes.append(
            f"Of {volumes} volume{'' if volumes == 1 else 's'} {which} is used (choose one with --page, page=...)."
        )
    counts = Counter(header.pages for header in headers.values() if header.pages > 1 and header.form != VOLUME)
    if not counts:
        return notes
    n, low, high = sum(counts.values()), min(counts), max(counts)
    several = f"{low}" if low == high else f"{low} to {high}"
    subject = "1 picture has" if n == 1 else f"{n} pictures have"
    return [
        *notes,
        f"{subject} several pages or frames ({several}); page {depth.frame} is used, the others are not (choose "
        "one with --page, page=...).",
    ]
