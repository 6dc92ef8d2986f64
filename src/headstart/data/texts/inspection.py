"""What one pass over all texts sees: which are the same, and which files were not in UTF-8."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from headstart.data.base.inspection import Look
from headstart.data.texts.decode import UTF8, decode_text
from headstart.data.texts.texts import Texts


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

    def visit(self, i: int, canvas: np.ndarray) -> None:
        """Look at one text, whatever the network makes of it."""
        decoded = decode_text(self.texts.items[i])
        self.prints[i] = same_words(decoded.text)
        self.encodings[i] = decoded.encoding

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
