"""What a network wants done to a text before it sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headstart.data.base.preprocessing import BasePreprocessing, short_hash
from headstart.data.texts.tokenizer import JSON, TextTokenizer
from headstart.errors import ParameterError

#: Stands in a batch where a text has no token.
NO_TOKEN = -1


@dataclass(frozen=True)
class TextPreprocessing(BasePreprocessing):
    """Turn texts into tokens, and cut them at the network's window or into several windows.

    Parameters
    ----------
    tokenizer : TextTokenizer
        The network's own.
    window : int
        Most tokens that the network is given at a time, special ones included; at least 4 more than these.
    windows_at_most : int, default=1
        Into how many windows a long text may be cut, from 1 to 1000; the text is the mean of its windows. What is
        longer is cut off.

    Examples
    --------
    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> words = {"[UNK]": 0, **{letter: i + 1 for i, letter in enumerate("abcdefgh")}}
    >>> made = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    >>> made.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> preprocessing = TextPreprocessing(TextTokenizer({"tokenizer.json": made.to_str()}), window=4, windows_at_most=2)
    >>> canvas = preprocessing.canvas("a b c d e f")
    >>> preprocessing.centre(canvas).tolist(), [part.tolist() for part in preprocessing.windows(canvas)]
    ([1, 2, 3], [[1, 2, 3], [4, 5, 6]])
    >>> preprocessing.stack([np.array([1, 2]), np.array([3])]).tolist()
    [[1, 2], [3, -1]]
    """

    tokenizer: TextTokenizer
    window: int
    windows_at_most: int = 1

    #: Always 1: a token is one number.
    channels: ClassVar[int] = 1
    as_is: ClassVar[Any] = np.int64
    resized_by: ClassVar[str | None] = "text_windows"
    one_size: ClassVar[bool] = False

    def __post_init__(self) -> None:
        special = sum(map(len, self.tokenizer.around))
        if not (isinstance(self.window, int) and self.window >= special + 4):
            raise ParameterError(f"Expected a window of at least {special + 4} tokens, found {self.window!r}.")
        if not (isinstance(self.windows_at_most, int) and 1 <= self.windows_at_most <= 1000):
            raise ParameterError(f"Expected 1 to 1000 windows for a text, found {self.windows_at_most!r}.")

    @property
    def size(self) -> tuple[int]:
        """Most tokens of the network's input, as a tuple."""
        return (self.window,)

    @property
    def windowed(self) -> bool:
        """Whether an input may need several windows."""
        return self.windows_at_most > 1

    @property
    def room(self) -> int:
        """Tokens of a text that one window takes, beside the special ones."""
        return self.window - sum(map(len, self.tokenizer.around))

    @property
    def limit(self) -> int:
        """Tokens of a text that are used."""
        return self.room * self.windows_at_most

    def canvas(self, decoded: str | np.ndarray) -> np.ndarray:
        """The tokens of a text without special ones; one more than are used where there are more.

        Parameters
        ----------
        decoded : str or ndarray of shape (T,), int32
            A text, or a canvas, which stays as it is.

        Returns
        -------
        ndarray of shape (T,), int32
            T <= ``limit + 1``.
        """
        return decoded if isinstance(decoded, np.ndarray) else self.tokenizer.ids(decoded, self.limit + 1)

    def longer(self, canvas: np.ndarray) -> bool:
        """Whether a text is longer than one window."""
        return len(canvas) > self.room

    def cut(self, canvas: np.ndarray) -> bool:
        """Whether a part of a text is not used."""
        return len(canvas) > self.limit

    def centre(self, canvas: np.ndarray) -> np.ndarray:
        """The first window of a text with its special tokens, (L,) in int32; not padded."""
        return self._framed(self.pieces(canvas)[0])

    def windows(self, canvas: np.ndarray) -> list[np.ndarray]:
        """All windows of a text with their special tokens, each (L,) in int32, of nearly equal length."""
        return [self._framed(piece) for piece in self.pieces(canvas)]

    def pieces(self, canvas: np.ndarray) -> list[np.ndarray]:
        """Canvases of the windows of a text: what is used of it, in parts of nearly equal length."""
        used = canvas[: self.limit]
        return np.array_split(used, max(1, -(-len(used) // self.room)))

    def some_piece(self, canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Canvas of one window, at random."""
        pieces = self.pieces(canvas)
        return pieces[int(rng.integers(len(pieces)))] if len(pieces) > 1 else pieces[0]

    def stack(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        """A batch (N, L) in int32 of inputs of different length, with -1 on the right where there is no token."""
        batch = np.full((len(arrays), max(map(len, arrays), default=0)), NO_TOKEN, np.int32)
        for row, array in zip(batch, arrays, strict=True):
            row[: len(array)] = array
        return batch

    def example(self, n: int) -> np.ndarray:
        """n rows of random tokens that are not special, (n, L) in int32, always the same ones."""
        usual = np.setdiff1d(np.arange(self.tokenizer.n_tokens), list(self.tokenizer.special))
        rng = np.random.default_rng(0)
        rows = rng.choice(usual if len(usual) > 1 else self.tokenizer.n_tokens, (n, min(self.room, 12)))
        return np.stack([self._framed(row) for row in rows])

    def resized(self, windows_at_most: int) -> TextPreprocessing:
        """The same for another number of windows."""
        return dataclasses.replace(self, windows_at_most=windows_at_most)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types; the tokenizer by its hash, since its files lie beside them."""
        return {
            "kind": "text",
            "window": self.window,
            "windows_at_most": self.windows_at_most,
            "tokenizer": self.tokenizer.key,
        }

    @classmethod
    def from_dict(cls, settings: dict[str, Any], folder: str | Path) -> TextPreprocessing:
        """Read what :meth:`to_dict` wrote, with the tokenizer in ``folder``.

        Raises
        ------
        ParameterError
            If the settings are not those of a text.
        """
        if settings.get("kind") != "text" or not {"window", "windows_at_most"} <= set(settings):
            raise ParameterError(f"Expected text preprocessing settings, found {settings}.")
        names = [name for name in (JSON, "tokenizer_config.json") if (Path(folder) / name).is_file()]
        files = {name: (Path(folder) / name).read_text(encoding="utf-8") for name in names}
        return cls(TextTokenizer(files), int(settings["window"]), int(settings["windows_at_most"]))

    def canvas_key(self) -> str:
        """Short hash of what decides a canvas alone."""
        return short_hash(["text", self.tokenizer.key, self.limit])

    def _framed(self, piece: np.ndarray) -> np.ndarray:
        before, after = self.tokenizer.around
        if not len(piece) and not before and not after:
            return np.array([self.tokenizer.blank], np.int32)
        return np.concatenate([before, piece, after]).astype(np.int32)
