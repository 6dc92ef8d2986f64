"""Files of our own that are trusted only as they were written: a mark, a checksum, the content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

MARK = b"HSSEALED"
_DIGEST = hashlib.sha256().digest_size


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


def write_sealed(path: Path, content: bytes) -> None:
    """Replace a file in one step; a kill or a full disk leaves the old file or the new one.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MARK + hashlib.sha256(content).digest())
            file.write(content)
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
    if not os.path.lexists(path):
        return None
    if not path.is_file():
        raise NotSealed("no plain file", False)
    try:
        whole = path.read_bytes()
    except OSError as error:
        raise NotSealed(error.strerror or str(error), False) from error
    mark, digest, content = whole[: len(MARK)], whole[len(MARK) : len(MARK) + _DIGEST], whole[len(MARK) + _DIGEST :]
    if len(mark) < len(MARK) and MARK.startswith(mark):
        raise NotSealed("a file that ends too soon", True)
    if mark != MARK:
        raise NotSealed("a file of another form", False)
    if hashlib.sha256(content).digest() != digest:
        raise NotSealed("other bytes than were written", True)
    return content
