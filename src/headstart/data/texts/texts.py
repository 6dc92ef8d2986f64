"""Texts: strings as they are, and files that are decoded only when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from headstart.data.base.content import digest_of, digest_of_file, known_digest_of_file, read_bytes
from headstart.data.base.kinds import TEXTS
from headstart.data.base.reasons import BadText
from headstart.data.base.rows import Inputs, already, span
from headstart.data.base.strings import kind_of_string, names_a_text_file
from headstart.data.texts.decode import decode_text, text_from_bytes, why_no_words
from headstart.errors import BadTexts, DataError

Text: TypeAlias = "str | Path"
_SAMPLE = 100


class Texts(Inputs[Text]):
    """A row of texts: strings and files, in any mixture.

    A ``str`` is the text itself; a ``Path`` is a file, which is not read until :meth:`decode`, :meth:`load` or
    :meth:`digest` is called. Rows can be taken with a slice, an array of positions or a boolean mask.

    Parameters
    ----------
    items : sequence of str or Path
    names : sequence of str, optional
        What to call them. Default: the path, or "text 17".

    Examples
    --------
    >>> texts = Texts(["free prize", "see you at eight"])
    >>> texts.names, texts.decode(1), texts[[1]].names
    (('text 0', 'text 1'), 'see you at eight', ('text 1',))
    """

    kind = TEXTS
    bad_input = BadText
    bad_inputs = BadTexts

    def __init__(self, items: Sequence[Text], names: Sequence[str] | None = None) -> None:
        if names is None:
            names = [str(item) if isinstance(item, Path) else f"{TEXTS.one} {i}" for i, item in enumerate(items)]
        super().__init__(items, names)

    def decode(self, i: int) -> str:
        """Text ``i``.

        Raises
        ------
        BadText
            If its file cannot be read or is no text.
        """
        return decode_text(self.items[i]).text

    def encoding(self, i: int) -> str:
        """How the bytes of text ``i`` were read, in words; "UTF-8" for a string."""
        return decode_text(self.items[i]).encoding

    def load(self, i: int, enough: int | None = None) -> tuple[str, str]:
        """Text ``i`` and its digest, reading its file once.

        Parameters
        ----------
        i : int
        enough : int, optional
            Number of characters that are needed, from the beginning. Default: all.

        Returns
        -------
        text : str
        digest : str

        Raises
        ------
        BadText
            If it is empty or holds nothing but spaces, or its file cannot be read or is no text.
        """
        item = self.items[i]
        if isinstance(item, str):
            text, digest = item, self.digest(i)
        else:
            content = read_bytes(item, BadText)
            text, digest = text_from_bytes(content).text, digest_of_file(item, content)
        reason = why_no_words(text)
        if reason:
            raise BadText(reason)
        return text[:enough], digest

    def digest(self, i: int) -> str:
        """Hash of text ``i``: of a string its UTF-8, of a file its bytes; 32 hexadecimal digits of SHA-256."""
        item = self.items[i]
        if isinstance(item, str):
            return self._digest_in_memory(item)
        return digest_of_file(item, bad=BadText)

    def extent(self, i: int) -> tuple[float, str]:
        """Characters of text ``i``; of a file at most so many, by its bytes."""
        item = self.items[i]
        return float(len(item) if isinstance(item, str) else item.stat().st_size), "characters"

    def sizes(self) -> str:
        """Lengths in characters, of files in bytes."""
        lengths = [len(item) for item in self.items if isinstance(item, str) and item]
        if lengths:
            return span(min(lengths), max(lengths), "characters")
        sizes = [item.stat().st_size for item in self.items if isinstance(item, Path) and item.is_file()]
        return span(min(sizes), max(sizes), "bytes") if sizes else ""

    def known_digest(self, i: int) -> str | None:
        """The digest of text ``i`` where it costs no reading of a file, else None."""
        item = self.items[i]
        return self._digest_in_memory(item) if isinstance(item, str) else known_digest_of_file(item)

    def _digest_in_memory(self, item: Any) -> str:
        return digest_of(item.encode("utf-8", "surrogatepass"))


def as_texts(X: Any) -> Texts:
    """Take texts in any of the usual forms.

    Parameters
    ----------
    X : Texts, str, list, ndarray or Series
        Strings, each a text; one string is one text. Paths (``Path``, or strings that all end in ``.txt``) are files.
        A missing value is an empty text, which is refused by name once it is asked for.

    Raises
    ------
    DataError
        For other kinds of input, numbers, or names of pictures or sounds.

    Examples
    --------
    >>> as_texts(["good", "bad"]), as_texts(["a.txt"]).items[0].name
    (Texts(2), 'a.txt')
    """
    given = already(X, Texts)
    if given is not None:
        return given
    if isinstance(X, str | os.PathLike):
        if not isinstance(X, str) and os.path.isdir(X):
            raise DataError(f"Expected texts, found the folder {os.fspath(X)}.", "Read it with read_dataset.")
        X = [X]
    if getattr(X, "ndim", 1) != 1 or not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        raise DataError(f"Expected texts, found {type(X).__name__}.", _FORMS)
    items = [_item(item, i) for i, item in enumerate(X)]
    if items and all(isinstance(item, str) and names_a_text_file(item) for item in items):
        items = [Path(item) for item in items]
    return Texts(items)


def is_texts(X: Any) -> bool:
    """Whether ``X`` holds texts: strings that name no files of pictures or clips, or paths of text files.

    Of a list the first hundred decide, by their majority. Rows of inputs know it themselves.

    Examples
    --------
    >>> is_texts(["good", "bad"]), is_texts([Path("a.txt")]), is_texts(["a.jpg"]), is_texts([1.0])
    (True, True, False, False)
    """
    if isinstance(X, str | os.PathLike):
        return _is_text(X)
    if getattr(X, "ndim", 1) != 1 or not isinstance(X, Iterable) or isinstance(X, bytes | dict):
        return False
    if isinstance(X, np.ndarray) and X.dtype.kind not in "UOT":
        return False
    some = list(islice((item for item in X if not _is_missing(item)), _SAMPLE))
    if not some or not all(isinstance(item, str | os.PathLike) for item in some):
        return False
    return 2 * sum(map(_is_text, some)) > len(some)


def _is_text(item: str | os.PathLike[str]) -> bool:
    return kind_of_string(item) is TEXTS


_FORMS = "Give a list of strings, paths of .txt files, or a column of a table."


def _item(item: Any, i: int) -> Text:
    if isinstance(item, str):
        return str(item)
    if isinstance(item, os.PathLike):
        return item if isinstance(item, Path) else Path(os.fsdecode(item))
    if _is_missing(item):
        return ""
    raise DataError(f"Expected a text at position {i}, found {type(item).__name__}.", _FORMS)


def _is_missing(item: Any) -> bool:
    return item is None or type(item).__name__ == "NAType" or (isinstance(item, float) and item != item)
