"""A file that is written whole, or not at all; and whether a place can be written at, before hours are spent."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from headstart.data.base.address import address_of, brought
from headstart.data.base.content import plain_file
from headstart.data.base.reasons import BadInput, why_unwritable
from headstart.errors import OutputError


def check_writable(target: str | Path, option: str = "--out") -> Path:
    """The real path of a file or folder to write, tried before hours are spent; what was made to try it is gone again.

    Its name has to leave room for those that are written beside it meanwhile.

    Parameters
    ----------
    target : path-like
        Links are followed; folders that lack will be made.
    option : str, default="--out"
        What the user is told to change.

    Raises
    ------
    OutputError
        If nothing can be written there.

    Examples
    --------
    >>> check_writable("made/model").name, Path("made").exists()
    ('model', False)
    >>> check_writable("")
    Traceback (most recent call last):
    ...
    headstart.errors.OutputError: Expected a place to write to, found ''. Name a file or folder here (--out).
    """
    place = real_place(target, option)
    try:
        above = takewhile(lambda folder: not os.path.isdir(folder), (place.parent, *place.parent.parents))
        first = [place, *above][-1]
        if first.is_symlink():  # one that leads nowhere has a real path
            first.stat()
        if first != place and first.exists():
            raise NotADirectoryError(errno.ENOTDIR, "", str(first))
        tried = partial_of(first)
        try:
            (tried / place.parent.relative_to(first.parent) / partial_of(place).name).mkdir(parents=True)
        finally:
            shutil.rmtree(tried, ignore_errors=True)
    except (OSError, ValueError) as error:
        raise _refusal(str(target), error, option) from error
    return place


def check_folder(target: str | Path | None, option: str) -> None:
    """As `check_writable`, of a folder that files are written into, whatever else it holds; None is none.

    Raises
    ------
    OutputError
    """
    if target is not None:
        check_writable(real_place(target, option) / "file", option)


def check_file(target: str | Path, option: str = "--out", endings: Sequence[str] = ()) -> Path:
    """As `check_writable`, of a file: a folder or a device in its place is refused, too.

    Parameters
    ----------
    target : path-like
    option : str, default="--out"
    endings : sequence of str, optional
        One of these has to be its name's, as ``.csv``.

    Raises
    ------
    OutputError
    """
    name = os.fspath(target)
    if name and endings and Path(name).suffix.lower() not in endings:
        *most, last = endings
        raise OutputError(
            f"Expected a file that ends in {', '.join(most)}{' or ' if most else ''}{last}, found {target}.",
            f"The ending says what is written: {option} {Path(name).stem or 'file'}{endings[0]}.",
        )
    place = check_writable(target, option)
    if place.is_dir():
        example = place / f"file{endings[0] if endings else ''}"
        raise OutputError(f"Expected a file to write, found the folder {target}.", f"Name a file: {option} {example}.")
    if place.exists():
        try:
            plain_file(place)
        except BadInput as error:
            raise OutputError(
                f"Expected a file to write at {target}, but {error.reason}.", f"Name another ({option})."
            ) from error
    return place


def partial_of(place: Path) -> Path:
    """A new name beside a place, for what will take it; it says which process writes."""
    return place.parent / f".{place.name}.{os.getpid()}-{uuid.uuid4().hex}.writing"


def write_whole(target: str | Path, content: bytes, what: str, option: str = "--out") -> None:
    """Write a file whole or not at all: beside its place, then moved there in one step.

    Parameters
    ----------
    target : path-like
        Replaced where it exists, or what it links to; folders that lack are made.
    content : bytes
    what : str
        What it is, for words.
    option : str, default="--out"
        What the user is told to change.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place = real_place(target, option)
    partial = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".tmp", dir=place.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        os.replace(partial, place)
    except (OSError, ValueError) as error:
        raise _refusal(f"{what} to {target}", error, option) from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def real_place(target: str | Path, option: str = "--out") -> Path:
    """The real path of a place to write to, of this machine; see `check_writable`.

    Raises
    ------
    OutputError
    """
    if not isinstance(target, str | os.PathLike):
        raise OutputError(f"Expected a place to write to, found {target!r}.", f"Name a file or folder ({option}).")
    address = address_of(target)
    if os.fspath(target) in ("", "-") or (address is not None and not address.startswith("file://")):
        raise OutputError(
            f"Expected a place to write to, found {address or os.fspath(target)!r}.",
            f"Name a file or folder here ({option}).",
        )
    try:
        return Path(os.path.realpath(Path(target if address is None else brought(target)).expanduser()))
    except (OSError, ValueError, RuntimeError) as error:
        raise _refusal(str(target), error, option) from error


def _refusal(what: str, error: Exception, option: str) -> OutputError:
    return OutputError(
        f"Expected to write {what}, found: {why_unwritable(error)}. What was there before is unchanged.",
        f"Choose another place ({option}).",
    )
