"""Files of our own that are trusted only as they were written: a mark, a checksum, the content."""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO

from headstart.data.base.json_files import Shape, checked, parsed
from headstart.errors import ParameterError, SourceError

_LOG = logging.getLogger("headstart")

MARK = b"HSSEALED"
_DIGEST = hashlib.sha256().digest_size
#: Bytes of a file before its content.
BEFORE = len(MARK) + _DIGEST


class NotSealed(Exception):
    """A file that is not what was written.

    Parameters
    ----------
    reason : str
        In words.
    ours : bool
        Whether it begins as one of our files does.
    """

    def __init__(self, reason: str, ours: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ours = ours


def write_sealed(path: Path, content: bytes | Iterable[bytes | memoryview]) -> None:
    """Replace a file in one step; a kill or a full disk leaves the old file or the new one.

    Parameters
    ----------
    path : Path
        Folders that lack are made.
    content : bytes, or iterable of parts
        Parts are written as they come.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(BEFORE))
            digest = hashlib.sha256()
            for part in [content] if isinstance(content, bytes) else content:
                digest.update(part)
                file.write(part)
            file.seek(0)
            file.write(MARK + digest.digest())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_sealed(path: Path) -> bytes | None:
    """The content as it was written; None where there is no file.

    Raises
    ------
    NotSealed
        If the file is damaged, or none of ours.

    Examples
    --------
    >>> write_sealed(Path("kept"), b"abc"), read_sealed(Path("kept")), read_sealed(Path("other"))
    (None, b'abc', None)
    >>> Path("kept").write_bytes(Path("kept").read_bytes()[:-1] + b"x")
    43
    >>> read_sealed(Path("kept"))
    Traceback (most recent call last):
    ...
    headstart.data.base.sealed.NotSealed: other bytes than were written
    """
    content = _content(path, lambda file: file.read())
    return None if content is None else bytes(content)


def mapped_sealed(path: Path) -> memoryview | None:
    """As `read_sealed`, but mapped from the file: it takes no memory unread, and what is written to it stays here.

    Give it up before the file is written again.
    """
    return _content(path, lambda file: mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def _content(path: Path, read: Callable[[BinaryIO], bytes | mmap.mmap]) -> memoryview | None:
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        raise NotSealed("no plain file", False)
    try:
        with open(path, "rb") as file:
            whole = memoryview(read(file) if os.fstat(file.fileno()).st_size else b"")  # nothing cannot be mapped
    except OSError as error:
        raise NotSealed(error.strerror or str(error), False) from error
    mark, digest, content = bytes(whole[: len(MARK)]), whole[len(MARK) : BEFORE], whole[BEFORE:]
    if len(mark) < len(MARK) and MARK.startswith(mark):
        raise NotSealed("a file that ends too soon", True)
    if mark != MARK:
        raise NotSealed("a file of another form", False)
    if hashlib.sha256(content).digest() != digest:
        raise NotSealed("other bytes than were written", True)
    return content


def write_note(path: Path, note: dict[str, Any]) -> None:
    """Replace a sealed note of plain JSON types, as `write_sealed`."""
    write_sealed(path, json.dumps(note).encode())


def read_note(path: Path, shape: Shape, then: str) -> Any:
    """What `write_note` wrote; None where there is nothing, or where it is damaged, which is said.

    Parameters
    ----------
    path : Path
    shape : Shape
        What the note has to be.
    then : str
        What happens without it, for the line on the logger "headstart" about a damaged one.

    Raises
    ------
    ParameterError
        If something else stands there: somebody's file, or a note in the form of an earlier headstart. It is left
        alone.

    Examples
    --------
    >>> from headstart.data.base.json_files import record, whole
    >>> write_note(Path("note"), {"n": 3})
    >>> read_note(Path("note"), record({"n": whole(1, 5)}), "it is counted anew")
    {'n': 3}
    """
    try:
        content = read_sealed(path)
        if content is None:
            return None
        try:
            return checked(parsed(content), shape, str(path))
        except (SourceError, ValueError, RecursionError) as error:
            raise NotSealed("a file of another form", False) from error
    except NotSealed as error:
        if not error.ours:
            raise ParameterError(
                f"Expected a note of this version of headstart or nothing at {path}, found {error.reason}.",
                "Remove it, or give another place (--out).",
            ) from error
        _LOG.warning("The note %s is damaged (%s): %s.", path, error.reason, then)
        return None
