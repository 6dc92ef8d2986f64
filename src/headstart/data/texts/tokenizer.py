"""The tokenizer of a network for texts: from a text to the numbers of its tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from headstart.errors import SourceError

JSON = "tokenizer.json"
#: Characters read at first for each token that is wanted; texts have 3 to 6.
_CHARACTERS = 8
#: Characters before the end of a part of a text whose tokens might be others in the whole text.
_MARGIN = 200


class TextTokenizer:
    """A tokenizer as its files say it; read when first used, and compared by what it does.

    Parameters
    ----------
    files : mapping of str to str
        Names and contents of its files: ``tokenizer.json``, and what else transformers reads.

    Raises
    ------
    SourceError
        If ``tokenizer.json`` is missing or damaged.

    Examples
    --------
    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> made = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "cat": 2}, unk_token="[UNK]"))
    >>> made.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> tokenizer = TextTokenizer({"tokenizer.json": made.to_str()})
    >>> tokenizer.ids("a cat sat").tolist(), tokenizer.ids("a cat sat", most=2).tolist(), tokenizer.n_tokens
    ([1, 2, 0], [1, 2], 3)
    """

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)
        if JSON not in self.files:
            raise SourceError(f"Expected {JSON} among a tokenizer's files, found {', '.join(self.files) or 'none'}.")

    def __repr__(self) -> str:
        return f"TextTokenizer({self.n_tokens} tokens)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextTokenizer) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self.files}

    def __deepcopy__(self, memo: dict[int, Any]) -> TextTokenizer:
        return self

    @cached_property
    def key(self) -> str:
        """Short hash of what it does; the same in every process."""
        return hashlib.sha256(self.files[JSON].encode()).hexdigest()[:16]

    @cached_property
    def backend(self) -> Tokenizer:
        """The tokenizer of the library, neither padding nor cutting."""
        try:
            made = Tokenizer.from_str(self.files[JSON])
        except Exception as error:  # the library raises plain Exception
            raise SourceError(f"Expected a tokenizer in {JSON}, found: {error}.", "Get the file again.") from error
        made.no_padding()
        made.no_truncation()
        return made

    @cached_property
    def n_tokens(self) -> int:
        """Size of its vocabulary, added tokens included."""
        return int(self.backend.get_vocab_size(with_added_tokens=True))

    @cached_property
    def special(self) -> frozenset[int]:
        """Numbers of tokens that stand for no text: beginning, end, padding, unknown."""
        return frozenset(number for number, token in self.backend.get_added_tokens_decoder().items() if token.special)

    @cached_property
    def around(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Special tokens that it puts before and after a text."""
        for word in ("a", "the", ".", "1"):
            plain = self.backend.encode(word, add_special_tokens=False).ids
            whole = self.backend.encode(word).ids
            for start in range(len(whole) - len(plain) + 1):
                if plain and whole[start : start + len(plain)] == plain:
                    return tuple(whole[:start]), tuple(whole[start + len(plain) :])
        return (), ()

    @cached_property
    def blank(self) -> int:
        """What an empty text is where the tokenizer puts nothing around texts: its end token, else its first."""
        settings = json.loads(self.files.get("tokenizer_config.json", "{}"))
        for name in ("eos_token", "bos_token", "pad_token", "unk_token"):
            token = settings.get(name)
            number = self.backend.token_to_id(token["content"] if isinstance(token, dict) else token) if token else None
            if number is not None:
                return int(number)
        return min(self.special, default=0)

    def ids(self, text: str, most: int | None = None) -> np.ndarray:
        """Tokens of a text, without special ones.

        Of a long text no more is read than the first ``most`` tokens need, cut between words where there are any.

        Parameters
        ----------
        text : str
        most : int, optional
            How many are wanted. Default: all.

        Returns
        -------
        ndarray of shape (T,), int32
            T <= ``most``.
        """
        text = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
        if most is None:
            return np.array(self.backend.encode(text, add_special_tokens=False).ids, np.int32)
        length = _CHARACTERS * most + _MARGIN
        while len(text) > length:
            found = self.backend.encode(text[: _between_words(text, length)], add_special_tokens=False)
            if len(found.ids) > most and found.offsets[most - 1][1] < length - _MARGIN:
                return np.array(found.ids[:most], np.int32)
            length *= 4
        return np.array(self.backend.encode(text, add_special_tokens=False).ids[:most], np.int32)


def _between_words(text: str, length: int) -> int:
    """The last place between two words among the last characters before ``length``, else ``length``."""
    for place in range(length, length - _MARGIN // 2, -1):
        if text[place].isspace():
            return place
    return length
