"""The bytes of an input file, and the hash that tells inputs apart."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

from headstart.data.base.reasons import BadInput, why_unreadable

MAX_BYTES = 1 << 30

_DIGESTS: dict[tuple[str, int, int], str] = {}


def read_bytes(path: str | os.PathLike[str], bad: type[BadInput] = BadInput) -> bytes:
    """Content of a file.

    Parameters
    ----------
    path : path-like
    bad : type of BadInput
        What is raised.

    Raises
    ------
    BadInput
        If there is no such file, it is not a plain file, it may not be read, it is empty or above 1 GiB.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise bad("it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a plain file")
        if status.st_size == 0:
            raise bad("the file is empty (0 bytes)")
        if status.st_size > MAX_BYTES:
            raise bad(f"the file has {status.st_size / 2**30:.1f} GiB; at most 1 GiB is read")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise bad(why_unreadable(path, error)) from error


def digest_of(*parts: Any) -> str:
    """32 hexadecimal digits of SHA-256 over some bytes."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.hexdigest()[:32]


def digest_of_file(path: str | Path, content: bytes | None = None, bad: type[BadInput] = BadInput) -> str:
    """Hash of a file's bytes, remembered until its size or time of change differ.

    Parameters
    ----------
    path : path
    content : bytes, optional
        Its bytes, where they have been read already.
    bad : type of BadInput
        What is raised if the file cannot be read.
    """
    try:
        key = _key_of_file(path)
    except (OSError, ValueError):
        return digest_of(read_bytes(path, bad))
    if key not in _DIGESTS:
        _DIGESTS[key] = digest_of(read_bytes(path, bad) if content is None else content)
    return _DIGESTS[key]


def known_digest_of_file(path: str | Path) -> str | None:
    """What :func:`digest_of_file` remembers of a file, without reading it."""
    try:
        return _DIGESTS.get(_key_of_file(path))
    except (OSError, ValueError):
        return None


def _key_of_file(path: str | Path) -> tuple[str, int, int]:
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns
