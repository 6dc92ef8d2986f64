"""Which files of a folder are pictures, which are clips of sound, and which are texts."""

from __future__ import annotations

import os
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from headstart.data.base.content import plain_file
from headstart.data.base.kinds import CLIPS, PICTURES, Kind, file_kinds, kind_of_suffix
from headstart.data.base.reasons import BadInput
from headstart.data.base.signatures import signed_as
from headstart.errors import DataError, HeadstartError, nearest

_IGNORED = frozenset({"thumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "__pycache__"})


def list_inputs(folder: str | os.PathLike[str]) -> tuple[dict[Kind, list[Path]], list[Path]]:
    """Find the pictures, the clips of sound and the texts in a folder and all folders below it.

    A file counts by its suffix or, failing that, by its first bytes. Films are clips where there is nothing else. Files
    of formats that cannot be read (AVIF, SVG, ...) and links that lead nowhere are listed too, so that decoding names
    them. Hidden files, and what file managers leave behind, are passed over. Links to folders are followed; a folder is
    entered once, and one that the search came from never, so a loop of links ends.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    found : dict of Kind to list of Path
        For each kind that has files, sorted by name.
    others : list of Path
        Files that are none of these.

    Raises
    ------
    DataError
        If a folder may not be listed.
    """
    found: dict[Kind, list[Path]] = {kind: [] for kind in file_kinds()}
    others: list[Path] = []
    entered = {_identity(parent) for parent in Path(folder).resolve().parents}
    waiting = [Path(folder)]
    while waiting:
        current = waiting.pop()
        if _identity(current) in entered:
            continue
        entered.add(_identity(current))
        files, folders = list_folder(current)
        waiting.extend(folders)
        for path in files:
            kind = kind_of_file(path)
            (others if kind is None else found[kind]).append(path)
    if not any(found.values()):  # films beside pictures are left out; alone they are clips
        found[CLIPS] = [path for path in others if path.suffix.lower() in _FILMS]
        others = [path for path in others if path.suffix.lower() not in _FILMS]
    return {kind: sorted(paths) for kind, paths in found.items()}, sorted(others)


#: Files whose sound is read.
_FILMS = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"})


def list_folder(folder: Path) -> tuple[list[Path], list[Path]]:
    """Files and folders directly in a folder, sorted, without hidden ones; a broken link counts as a file."""
    files: list[Path] = []
    folders: list[Path] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower() in _IGNORED:
                    continue
                (folders if _is_folder(entry) else files).append(Path(entry.path))
    except OSError as error:
        raise DataError(
            f"Expected a folder that may be listed, found {printable(str(folder))}: {error.strerror}."
        ) from error
    return sorted(files), sorted(folders)


def kind_of_file(path: Path) -> Kind | None:
    """Whether a file is a picture, a clip of sound or a text, by its suffix or its first bytes; None if none of them.

    A picture or a clip that is called ``.txt`` is what its bytes say.
    """
    kind = kind_of_suffix(path.suffix)
    if kind is None:
        return _kind_of_content(path)
    return _kind_of_content(path, binary=True) or kind if kind.typed and path.suffix.lower() in kind.suffixes else kind


_NAMES = {
    ".pdf": "PDF documents",
    ".mp4": "videos",
    ".mov": "videos",
    ".avi": "videos",
    ".mkv": "videos",
    ".webm": "videos",
    ".mpg": "videos",
    ".mpeg": "videos",
    ".mat": "MATLAB files",
    ".npy": "single NumPy arrays",
    ".h5": "HDF5 files",
    ".hdf5": "HDF5 files",
    ".zip": "packed files",
    ".tar": "packed files",
    ".tgz": "packed files",
    ".gz": "packed files",
    ".rar": "packed files",
    ".7z": "packed files",
    ".pkl": "pickles, which are never loaded",
    ".pickle": "pickles, which are never loaded",
    ".docx": "Word documents",
    ".pptx": "slides",
    ".xml": "XML files",
    ".html": "HTML pages",
    ".ipynb": "notebooks",
}


def what_they_are(paths: Sequence[Path]) -> str:
    """What files are that no reader takes, with their numbers, commonest first; empty where it is not known.

    Told by their suffix, or else by their first bytes.

    Examples
    --------
    >>> what_they_are([Path("a.pdf"), Path("b.PDF"), Path("c.mp4"), Path("d")])
    '2 PDF documents, 1 videos'
    """
    found = Counter(name for path in paths if (name := _called(path)))
    return ", ".join(f"{n} {name}" for name, n in found.most_common(3))


def _called(path: Path) -> str | None:
    named = _NAMES.get(path.suffix.lower())
    kind = kind_of_suffix(path.suffix)
    if named is None and kind is not None and path.suffix.lower() in kind.foreign:
        named = f"{path.suffix.lower()} files"
    if named is not None or not path.is_file():
        return named
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError:
        return None
    found = signed_as(head, ("other",))
    return found and f"{found.split(' ', 1)[1]}s"


def check_there(
    path: Path, expected: str, error: type[HeadstartError] = DataError, todo: str = "Check the path."
) -> None:
    """Refuse a path that leads to nothing, in the same words wherever a path is given.

    Parameters
    ----------
    path : Path
    expected : str
        What is read from it, such as "a folder or a table".
    error : type of HeadstartError, default=DataError
        What is raised.
    todo : str, default="Check the path."
        What to do where no path that is there has nearly the same name.

    Raises
    ------
    HeadstartError
        Of the type ``error``; it names the nearest path that is there.

    Examples
    --------
    >>> check_there(Path("nowhere"), "a table")
    Traceback (most recent call last):
    headstart.errors.DataError: Expected a table, found nothing at nowhere. Check the path.
    """
    where = printable(str(path))
    try:
        if path.exists():
            return
    except (OSError, ValueError) as refused:
        raise error(f"Expected {expected}, found {where}: {refused}.") from refused
    near = _nearest_path(path)
    raise error(
        f"Expected {expected}, found nothing at {where}.",
        todo if near is None else f"Did you mean {printable(str(near))!r}?",
    )


def _nearest_path(path: Path) -> Path | None:
    """The path that is there if the first name in it that leads to nothing is taken for the nearest one beside it."""
    try:
        there = next((parent for parent in path.parents if parent.is_dir()), None)
        if there is None:
            return None
        wrong, *rest = path.relative_to(there).parts
        near = nearest(wrong, (name for name in os.listdir(there) if name[0] != "." or wrong[0] == "."))
        found = None if near is None else there.joinpath(near, *rest)
        return found if found is not None and found.exists() else None
    except (OSError, ValueError):
        return None


def refuse_odd_file(path: Path, expected: str) -> None:
    """Refuse a pipe, a device or a socket in a file's place, before anybody opens it.

    Raises
    ------
    DataError
        It says what was expected there.
    """
    try:
        plain_file(path)
    except BadInput as error:
        raise DataError(
            f"Expected {expected}, found {printable(str(path))}: {error.reason}.", "Save what it gives as a file first."
        ) from error


def printable(name: str) -> str:
    """The name with whatever is not valid text replaced, so that it can be printed and stored.

    Examples
    --------
    >>> printable("caf\\udce9.jpg")
    'caf?.jpg'
    """
    return name.encode("utf-8", "replace").decode("utf-8")


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _kind_of_content(path: Path, binary: bool = False) -> Kind | None:
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
        if binary and not any(byte < 9 for byte in head[:16]):
            return None
        if head[:2] == b"BM":
            return PICTURES if int.from_bytes(head[2:6], "little") == path.stat().st_size else None
    except (OSError, ValueError):
        return None
    if _NETPBM.match(head) or head.startswith(_PICTURE_STARTS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return PICTURES
    if head[128:132] == b"DICM" or head[4:12] in _HEIF or _is_volume(head):
        return PICTURES
    chunked = head[:4] in (b"RIFF", b"RIFX", b"RF64", b"FORM") and head[8:12] in (b"WAVE", b"AIFF", b"AIFC")
    return CLIPS if chunked or head.startswith(_SOUND_STARTS) else None


def _is_volume(head: bytes) -> bool:
    """Whether it is a NIfTI volume, perhaps packed with gzip."""
    if head[:2] == b"\x1f\x8b":
        try:
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, 544)
        except zlib.error:
            return False
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


#: Bytes by which a file is told.
_SNIFFED = 1024
_HEIF = (b"ftypheic", b"ftypheix", b"ftypmif1")
_NETPBM = re.compile(rb"P[1-6]\s+(?:#|\d+\s)")
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_SOUND_STARTS = (b"fLaC", b"OggS", b"ID3", b".snd", b"caff")
