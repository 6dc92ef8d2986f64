"""Which files of a folder are pictures."""

from __future__ import annotations

import os
from pathlib import Path

from headstart.errors import DataError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"})
OTHER_PICTURES = frozenset({".heic", ".heif", ".avif", ".jp2", ".svg", ".dcm", ".psd", ".ico", ".tga", ".exr", ".hdr"})
_IGNORED = frozenset({"thumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "__pycache__"})


def list_pictures(folder: str | os.PathLike[str]) -> tuple[list[Path], list[Path]]:
    """Find the pictures in a folder and all folders below it.

    A file counts as a picture by its suffix or, failing that, by its first bytes. Pictures of kinds that cannot be
    read (HEIC, SVG, ...) and links that lead nowhere are listed too, so that decoding names them rather than
    that they vanish. Hidden files, and what file managers leave behind, are passed over. Links to folders are
    followed; a folder is entered once, and one that the search came from never, so a loop of links ends.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    pictures : list of Path
        Sorted by name.
    others : list of Path
        Files that are no pictures.

    Raises
    ------
    DataError
        If a folder may not be listed.
    """
    pictures: list[Path] = []
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
            (pictures if is_picture_file(path) else others).append(path)
    return sorted(pictures), sorted(others)


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


def is_picture_file(path: Path) -> bool:
    """Whether a file is a picture, by its suffix or its first bytes."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or suffix in OTHER_PICTURES or _starts_like_picture(path)


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


def _starts_like_picture(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(16)
        if head[:2] == b"BM":
            return int.from_bytes(head[2:6], "little") == path.stat().st_size
    except (OSError, ValueError):
        return False
    signatures = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
    return head.startswith(signatures) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
