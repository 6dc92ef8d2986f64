"""The bytes of an input file, and the hash that tells inputs apart."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

from headstart.data.base.reasons import BadInput, why_unreadable

MAX_BYTES = 1 << 30

#: Digests of files that are remembered, and how many.
_DIGESTS: OrderedDict[tuple[str, int, int], str] = OrderedDict()
_MANY = 1 << 18
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NOT_PLAIN = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is not a plain file but a pipe (FIFO)"),
    (stat.S_ISSOCK, "it is not a plain file but a socket"),
    (stat.S_ISCHR, "it is not a plain file but a device"),
    (stat.S_ISBLK, "it is not a plain file but a device"),
)


def plain_file(path: str | os.PathLike[str], bad: type[BadInput] = BadInput) -> os.stat_result:
    """What the system knows of a file, which must be a plain one; links are followed, nothing is opened.

    A pipe, a device or a socket in a file's place may give bytes for ever, or wait for ever for the first.

    Parameters
    ----------
    path : path-like
    bad : type of BadInput
        What is raised.

    Raises
    ------
    BadInput
        If there is no such file, or it is a folder, a pipe, a device or a socket.

    Examples
    --------
    >>> plain_file("/dev/null")
    Traceback (most recent call last):
    ...
    headstart.data.base.reasons.BadInput: it is not a plain file but a device
    """
    try:
        return _plain(os.stat(path), bad)
    except (OSError, ValueError) as error:
        raise bad(why_unreadable(path, error)) from error


def open_plain(path: str | os.PathLike[str], bad: type[BadInput] = BadInput) -> BinaryIO:
    """A plain file opened for reading bytes; as :func:`plain_file` refuses, and without ever waiting.

    Raises
    ------
    BadInput
        As :func:`plain_file`, or if the file may not be read.
    """
    plain_file(path, bad)
    try:
        descriptor = os.open(path, os.O_RDONLY | _AT_ONCE)
    except (OSError, ValueError) as error:
        raise bad(why_unreadable(path, error)) from error
    try:
        _plain(os.fstat(descriptor), bad)
    except BadInput:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_bytes(path: str | os.PathLike[str], bad: type[BadInput] = BadInput) -> bytes:
    """Content of a file.

    Raises
    ------
    BadInput
        As :func:`open_plain`, or if it is empty or above 1 GiB.
    """
    size = plain_file(path, bad).st_size
    if size == 0:
        raise bad("the file is empty (0 bytes)")
    if size > MAX_BYTES:
        raise bad(f"the file has {size / 2**30:.1f} GiB; at most 1 GiB is read")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise bad(why_unreadable(path, error)) from error


def _plain(status: os.stat_result, bad: type[BadInput]) -> os.stat_result:
    if not stat.S_ISREG(status.st_mode):
        raise bad(next((words for is_so, words in _NOT_PLAIN if is_so(status.st_mode)), "it is not a plain file"))
    return status


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
        key = key_of_file(path)
    except (OSError, ValueError):
        return digest_of(read_bytes(path, bad))
    digest = _DIGESTS.get(key)
    if digest is None:
        digest = _DIGESTS[key] = digest_of(read_bytes(path, bad) if content is None else content)
        if len(_DIGESTS) > _MANY:
            _DIGESTS.popitem(last=False)
    return digest


def known_digest_of_file(path: str | Path) -> str | None:
    """What :func:`digest_of_file` remembers of a file, without reading it."""
    try:
        return _DIGESTS.get(key_of_file(path))
    except (OSError, ValueError):
        return None


def key_of_file(path: str | Path) -> tuple[str, int, int]:
    """By what a file is known until it changes: its whole path, its size in bytes and when it was changed."""
    status, name = os.stat(path), os.fspath(path)
    return name if name.startswith(os.sep) else os.path.abspath(name), status.st_size, status.st_mtime_ns
