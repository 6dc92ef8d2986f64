"""Data that lie elsewhere, behind an address that fsspec knows: brought here before anybody asks what they are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headstart.cache_folder import cache_folder, temporary_folder
from headstart.errors import DataError, MissingExtra, OutputError

#: A path of the system loses one of the slashes. One letter is a drive.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}(?=[^/])", re.IGNORECASE)
_LISTED = ".listed.json"
#: Bytes of all copies; beyond it those that were not used for longest go.
ADDRESS_BYTES = 32 << 30


def brought(data: Any) -> Any:
    """What lies at an address as a path of this machine; anything else as it is, and lists one by one.

    ``file://`` is where it says. Of other addresses (``s3://``, ``hf://``, ``memory://``, whatever fsspec knows) the
    files are copied into the cache, and only those that are new or have changed when they are asked for again.

    Parameters
    ----------
    data : anything
        A file or folder's address is a str or path that begins with a protocol.

    Raises
    ------
    MissingExtra
        If fsspec, or what it needs for the protocol, is not installed.
    DataError
        If there is nothing at the address, or it cannot be reached; for the path ``-``.

    Examples
    --------
    >>> str(brought("file:///data/ants")), brought("starter:pictures"), brought(["a.csv", "b.csv"])
    ('/data/ants', 'starter:pictures', ['a.csv', 'b.csv'])
    """
    if isinstance(data, list):
        return [brought(one) for one in data]
    if isinstance(data, Path) and str(data) == "-":
        raise DataError(
            "Expected a file or a folder, found -: standard input is not read, and standard output not written.",
            "Name a file, with the ending that says what it holds, such as rows.csv or letter.txt.",
        )
    address = address_of(data)
    if address is None:
        return data
    protocol, rest = address.split("://", 1)
    if protocol in ("file", "local"):
        return Path("/" + rest.lstrip("/"))
    return _copied(address)


def address_of(data: Any) -> str | None:
    """The address that a str or path is, written with two slashes; None where it is none.

    Examples
    --------
    >>> address_of(Path("s3:/bucket/ants")), address_of("ants"), address_of("C:/ants"), address_of(3)
    ('s3://bucket/ants', None, None, None)
    """
    if not isinstance(data, str | os.PathLike) or isinstance(data, bytes):
        return None
    said = os.fspath(data)
    found = _ADDRESS.match(said) if isinstance(said, str) else None
    if found is None or (isinstance(data, Path) and data.exists()):
        return None
    return f"{found[1].lower()}://{said[found.end() :]}"


@contextlib.contextmanager
def delivered(place: Any, manifest: str) -> Iterator[Any]:
    """Where to write what is to lie at a place: the place itself, or a folder here that is copied to its address.

    Parameters
    ----------
    place : str, path or None
    manifest : str
        Name of the file by which a folder that may be replaced is known.

    Yields
    ------
    path or None
        The folder here stays where the block ends with an error, so that what was finished is found again.

    Raises
    ------
    OutputError
        If something else lies at the address.
    """
    address = address_of(place)
    if address is None or address.startswith("file://"):
        yield brought(place)
        return
    system, there = _system(address)
    old = system.find(there) if system.exists(there) else []
    if old and f"{there}/{manifest}" not in old:
        raise OutputError(
            f"Expected nothing, or what headstart wrote, at {address}, found other files.", "Name another."
        )
    room = _room("outgoing") / hashlib.sha256(address.encode()).hexdigest()[:32]
    folder = room / (there.rsplit("/", 1)[-1] or "out")
    yield folder
    new = {f"{there}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()}
    for name, path in new.items():
        system.makedirs(name.rsplit("/", 1)[0], exist_ok=True)
        system.put_file(str(path), name)
    for name in set(old) - new.keys():
        system.rm_file(name)
    shutil.rmtree(room, ignore_errors=True)


def _copied(address: str) -> Path:
    """A copy of a file or folder in the cache, brought up to date."""
    system, place = _system(address)
    try:
        whole = system.info(place)
        listed = system.find(place, detail=True) if whole["type"] == "directory" else {place: whole}
        present = {name: str(system.ukey(name)) for name in listed}
    except FileNotFoundError:
        present = {}
    except Exception as error:  # each system has errors of its own
        raise DataError(f"Expected data at {address}, found that it cannot be reached: {error}.") from error
    if not present:
        raise DataError(f"Expected a file or folder at {address}, found nothing.", "Check the address.")
    room = _room() / hashlib.sha256(address.encode()).hexdigest()[:32]
    target = room / (place.rstrip("/").rsplit("/", 1)[-1] or "data")
    known = _listed(room)
    base = place.rstrip("/")
    paths = {name: target / name[len(base) :].lstrip("/") if name != base else target for name in present}
    for name in known.keys() - {str(path.relative_to(room)) for path in paths.values()}:
        (room / name).unlink(missing_ok=True)
    for name, path in paths.items():
        if not path.resolve().is_relative_to(room.resolve()):
            raise DataError(f"Expected files inside {address}, found {name}.", "Rename it.")
        if known.get(str(path.relative_to(room))) == present[name] and path.is_file():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part")
        system.get_file(name, str(partial))
        os.replace(partial, path)
    now = {str(path.relative_to(room)): present[name] for name, path in paths.items()}
    (room / _LISTED).write_text(json.dumps(now), encoding="utf-8")
    _USED.add(room)
    forget_addresses(ADDRESS_BYTES)
    return target


def address_bytes() -> int:
    """Size of all copies of what lies at addresses."""
    return sum(size for _, size, _ in _copies())


def forget_addresses(keep_bytes: int = 0) -> None:
    """Delete copies, those first that were not used for longest, until no more than so many bytes are left.

    What this process has asked for stays.
    """
    left = address_bytes()
    for _, size, room in sorted(_copies()):
        if left > keep_bytes and room not in _USED:
            shutil.rmtree(room, ignore_errors=True)
            left -= size


def _copies() -> list[tuple[float, int, Path]]:
    """Time of last use, size and folder of each copy."""
    found = []
    rooms = _room().iterdir() if _room().is_dir() else ()
    for room in rooms:
        files = [path.stat() for path in room.rglob("*") if path.is_file()]
        listed = room / _LISTED  # written whenever the copy is asked for
        used = listed.stat().st_mtime if listed.exists() else 0.0
        found.append((used, sum(status.st_size for status in files), room))
    return found


def _system(address: str) -> tuple[Any, str]:
    """The file system of an address, and the place on it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtra("fsspec", "fsspec", f"Reading {address}") from error
    protocol = address.split("://", 1)[0]
    try:
        system, place = url_to_fs(address)
    except ImportError as error:
        words = f"Expected what fsspec needs for {protocol}:// to be installed, found: {error}."
        raise DataError(words, "Install the package that it names beside 'headstart[fsspec]'.") from error
    except ValueError as error:
        from fsspec import available_protocols

        known = ", ".join(sorted(available_protocols())[:40])
        raise DataError(f"Expected a protocol that fsspec knows ({known}), found {protocol}://.") from error
    return system, str(place).rstrip("/")


def _listed(room: Path) -> dict[str, str]:
    """What was copied before, and the state that each file was in."""
    try:
        found = json.loads((room / _LISTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        shutil.rmtree(room, ignore_errors=True)
        return {}
    return {str(name): str(state) for name, state in found.items()} if isinstance(found, dict) else {}


def _room(what: str = "addresses") -> Path:
    """Where copies lie: in the cache, or for as long as the process lives."""
    folder = cache_folder()
    if folder is not None:
        return folder / what
    return Path(_for_now().name) / what


def _for_now() -> Any:
    if not _TEMPORARY:
        _TEMPORARY.append(temporary_folder())
    return _TEMPORARY[0]


_TEMPORARY: list[Any] = []
_USED: set[Path] = set()
