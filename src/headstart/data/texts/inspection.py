"""What one pass over all texts sees: which are the same, and which files were not in UTF-8."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.base.near import Prints
from headstart.data.texts.decode import UTF8, decode_text
from headstart.data.texts.texts import Texts

#: Letters of a text below which an equal one is a common phrase and no copy.
_LEAST = 8


class TextLook(Look):
    """Which texts are the same but for spaces and capitals, and how their bytes were read.

    Parameters
    ----------
    texts : Texts
    """

    def __init__(self, texts: Texts) -> None:
        super().__init__(len(texts))
        self.texts = texts
        self.encodings = [UTF8] * len(texts)
        self.bare = [b""] * len(texts)

    def visit(self, i: int, canvas: np.ndarray) -> None:
        """Look at one text, whatever the network makes of it."""
        decoded = decode_text(self.texts.items[i])
        self.prints[i], self.bare[i] = same_words(decoded.text), same_letters(decoded.text)
        self.encodings[i] = decoded.encoding

    def near(self, rows: np.ndarray) -> Prints:
        """Hashes that are the same for texts that differ by spaces, capitals and what stands at their ends."""
        return Prints(tuple(self.bare[i] for i in rows.tolist()))

    def same(self, rows: np.ndarray, canvases: Sequence[np.ndarray]) -> list[list[int]]:
        """Sets of texts that differ by spaces and capitals at most, as positions in ``rows``."""
        alike: dict[bytes, list[int]] = defaultdict(list)
        for at, i in enumerate(rows.tolist()):
            alike[self.prints[i]].append(at)
        return sorted(found for found in alike.values() if len(found) > 1)

    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """How files were read that are not in UTF-8."""
        read: dict[str, list[str]] = defaultdict(list)
        for i in rows.tolist():
            if self.encodings[i] != UTF8:
                read[self.encodings[i]].append(names[i])
        return [
            f"{'1 text was' if len(found) == 1 else f'{len(found)} texts were'} read as {encoding}: "
            f"{', '.join(found[:3])}{', ...' if len(found) > 3 else ''}."
            for encoding, found in sorted(read.items())
        ]


def same_words(text: str) -> bytes:
    """Hash that is the same for texts that differ by spaces and capitals only.

    Examples
    --------
    >>> same_words("Free  prize\\n") == same_words("free prize"), same_words("free") == same_words("tree")
    (True, False)
    """
    plain = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def same_letters(text: str) -> bytes:
    """Hash that is the same for texts that differ by spaces, capitals and ends only; empty for short ones.

    Examples
    --------
    >>> same_letters("Free prize, call now!!") == same_letters(' "free prize,call now"'), same_letters("OK!")
    (True, b'')
    """
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    ends = [i for i, letter in enumerate(plain) if letter.isalnum()]
    plain = plain[ends[0] : ends[-1] + 1] if ends else ""
    return (
        hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if len(plain) >= _LEAST
        else b""
    )
