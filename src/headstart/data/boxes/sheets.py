"""What an annotation says of a picture, as it is written there, before the picture is looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from headstart.data.base.content import read_bytes
from headstart.data.base.files import printable
from headstart.data.base.parts import part_of
from headstart.data.base.reasons import BadInput
from headstart.errors import DataError


@dataclass(frozen=True)
class Drawn:
    """One box.

    Parameters
    ----------
    label : str
    corners : (float, float, float, float)
        Left, top, right, bottom.
    crowd : bool, default=False
    where : str, default=""
        Its place in the file, for the words of errors, as "line 3".
    """

    label: str
    corners: tuple[float, float, float, float]
    crowd: bool = False
    where: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is written of one picture.

    Parameters
    ----------
    names : tuple of str
        What the annotation calls it, best first: paths of any machine, or parts of them, with a suffix or without.
    drawn : tuple of Drawn
        Its boxes; none is a picture without things.
    size : (int, int), optional
        Width and height in pixels, where they are written.
    shares : bool, default=False
        Whether corners are shares of width and height, and not pixels.
    part : {"train", "val", "test"}, optional
    place : str, default=""
        The file, for the words of errors.
    """

    names: tuple[str, ...]
    drawn: tuple[Drawn, ...]
    size: tuple[int, int] | None = None
    shares: bool = False
    part: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Sheets:
    """All that was read.

    Parameters
    ----------
    form : str
        What the files are, as "COCO JSON".
    sheets : tuple of Sheet
    classes : tuple of str
        Those that the annotation lists, in its order; empty where it lists none.
    notes : tuple of str
    silent : bool, default=False
        Whether a picture of which nothing is written shows nothing, as in YOLO's form; else it is not annotated.
    """

    form: str
    sheets: tuple[Sheet, ...]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    silent: bool = False


def text_of(file: Path) -> str:
    """Text of an annotation file in UTF-8, or in UTF-16 with its mark; the mark is taken off.

    Raises
    ------
    DataError
        For other bytes, or a file that cannot be read. An empty file is an empty text.
    """
    try:
        content = b"" if file.is_file() and file.stat().st_size == 0 else read_bytes(file)
        return decoded(content)
    except BadInput as error:
        raise DataError(f"Expected annotations in {printable(str(file))}, found: {error.reason}.") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"Expected text in UTF-8 in {printable(str(file))}, found other bytes.", "Save it as UTF-8."
        ) from error


def decoded(content: bytes) -> str:
    """Bytes as text, by their mark: UTF-16, or UTF-8.

    Examples
    --------
    >>> decoded("\ufeff0 1".encode()), decoded("0 1".encode("utf-16"))
    ('0 1', '0 1')
    """
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if marked else "utf-8-sig")


def part_in(name: str) -> str | None:
    """The part that the name of a file or folder speaks of: "train", "val", "test", or None.

    Examples
    --------
    >>> part_in("instances_val2017.json"), part_in("train"), part_in("_annotations.coco.json"), part_in("contest")
    ('val', 'train', None, None)
    """
    words = [re.sub(r"\d+$", "", word) for word in re.split(r"[^a-z0-9]+", Path(name).name.casefold())]
    found = {part for word in words if (part := part_of(word)) is not None}
    return found.pop() if len(found) == 1 else None


def part_on(path: str) -> str | None:
    """The part that the nearest folder of a path, or its file's name, speaks of.

    Examples
    --------
    >>> part_on("images/val2017/000009.jpg"), part_on("test/_annotations.coco.json"), part_on("a/b.jpg")
    ('val', 'test', None)
    """
    *folders, _ = path.replace("\\", "/").split("/")
    return next((part for folder in reversed(folders) if (part := part_in(folder)) is not None), None)


def check_names(names: Iterable[str], where: str) -> None:
    """Refuse two classes of one name, or one without.

    Raises
    ------
    DataError
    """
    counts = Counter(names)
    twice = [name for name, n in counts.items() if n > 1]
    if twice or any(not name.strip() for name in counts):
        found = f"{twice[0]!r} twice" if twice else "an empty one"
        raise DataError(f"Expected classes of different names in {where}, found {found}.", "Rename one of them.")


def listed(names: Sequence[str], most: int = 5) -> str:
    """The first few of some names, in words.

    Examples
    --------
    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
