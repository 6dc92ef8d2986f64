"""Checksums of a folder's files, in its manifest: what was written is what is read."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError, SourceError

MANIFEST = "headstart.json"
#: What may be written anew by anybody: nothing is learned from these when a model is loaded.
FREE = ("README.md", "report.html")
#: Files that a reader of networks takes up wherever they lie, so none may be added.
_READ = (".json", ".safetensors", ".bin", ".model", ".jinja")
_WORDS = ("vocab.txt", "merges.txt")
#: Seconds after which a file that was not touched is taken to be what it was: times of files are coarse.
_SETTLED = 2.0
_seen: dict[str, tuple[int, int, int, str]] = {}


def seal(folder: Path) -> None:
    """Put the SHA-256 of every file, and of the manifest's own words, into ``headstart.json``.

    Parameters
    ----------
    folder : Path
        With a manifest; without one nothing is done.
    """
    file = folder / MANIFEST
    if not file.is_file():
        return
    manifest = json.loads(file.read_text(encoding="utf-8"))
    manifest["files"] = {name: _digest(folder / name) for name in _listed(folder)}
    manifest["sha256"] = said_digest(manifest)
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")


def said_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 of what a manifest says, its own checksum aside, however it is laid out.

    Examples
    --------
    >>> said_digest({"b": 1, "a": 2, "sha256": "x"}) == said_digest({"a": 2, "b": 1})
    True
    """
    said = {key: value for key, value in manifest.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, allow_nan=False).encode()).hexdigest()


def check_words(manifest: dict[str, Any], where: str) -> None:
    """Refuse a manifest that says something else than when it was written.

    Raises
    ------
    SourceError
    """
    if "sha256" in manifest and manifest["sha256"] != said_digest(manifest):
        raise _other(f"{where} as it was written", "other words")


def check_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a folder whose files are not those that its manifest lists; one without a list is taken as it is.

    Parameters
    ----------
    folder : Path
    manifest : dict
        Checked.

    Raises
    ------
    SourceError
        It names the first file that differs, is missing, or was added where readers of networks would take it up.
    """
    said = manifest.get("files")
    if said is None:
        return
    for name, digest in said.items():
        file = folder / name
        try:
            found = _digest(file)
        except OSError as error:
            raise _other(f"the file {name} in {folder}", error.strerror or str(error)) from error
        if found != digest:
            raise _other(f"{name} in {folder} as it was written", "other bytes")
    added = sorted(name for name in _listed(folder) if name not in said and _taken_up(name))
    if added:
        raise _other(f"the files that {MANIFEST} lists in {folder}", f"another one, {added[0]}")


@contextmanager
def in_words(what: str, folder: Path) -> Iterator[None]:
    """Turn whatever reading a folder's parts ends in into an error that names the folder.

    Raises
    ------
    SourceError
    """
    try:
        yield
    except HeadstartError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # what Rust raises
            raise
        said = str(error).strip().splitlines() or [""]
        raise SourceError(
            f"Expected {what} in {folder}, found parts that do not go together: {type(error).__name__}: "
            f"{said[0][:200]}.",
            "It is damaged, or was not written for this: get the folder again.",
        ) from error


def _taken_up(name: str) -> bool:
    return name.endswith(_READ) or name.rpartition("/")[2] in _WORDS


def _listed(folder: Path) -> Iterator[str]:
    """Places of the files that count, in order."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            inside = (Path(place) / name).relative_to(folder).as_posix()
            if inside not in (MANIFEST, *FREE) and not name.startswith("."):
                yield inside


def _digest(file: Path) -> str:
    status = os.stat(file)
    key, stamp = os.path.abspath(file), (status.st_size, status.st_mtime_ns, status.st_ino)
    known = _seen.get(key)
    if known is not None and known[:3] == stamp:
        return known[3]
    with open(file, "rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if time.time() - max(status.st_mtime, status.st_ctime) > _SETTLED:
        _seen[key] = (*stamp, found)
    return found


def _other(expected: str, found: str) -> SourceError:
    return SourceError(
        f"Expected {expected}, found {found}.", "It was changed or damaged since: copy the folder anew, or fit again."
    )
