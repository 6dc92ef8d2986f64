"""Read the tokenizer of a transformers folder, as transformers itself would use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.cache_folder import temporary_folder
from headstart.data.texts.tokenizer import JSON, TextTokenizer
from headstart.errors import SourceError
from headstart.networks.reading.files_of import quiet

#: Files in which a tokenizer may be, the whole one first.
VOCABULARIES = (
    JSON,
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "bpe.codes",
)
_KEPT = (JSON, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
#: What transformers says where a tokenizer names no longest text.
_ENDLESS = 1_000_000


def open_tokenizer(folder: Path, name: str) -> Any:
    """The tokenizer in a folder as transformers reads it; one without ``tokenizer.json`` is converted, where it can be.

    Parameters
    ----------
    folder : Path
        A transformers folder.
    name : str
        What messages call the network.

    Raises
    ------
    SourceError
        If there is none, or only one that works in Python alone.
    """
    from transformers import AutoTokenizer

    if not any((folder / file).is_file() for file in VOCABULARIES):
        found = ", ".join(sorted(item.name for item in folder.iterdir())[:8]) or "nothing"
        raise SourceError(
            f"Expected the tokenizer of {name} in {folder}, found none (it holds {found}).",
            "tokenizer.json must lie beside config.json.",
        )
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:300] if str(error).strip() else repr(error)
        raise SourceError(
            f"Expected the tokenizer of {name} in {folder}, found: {reason}", "Get its files again."
        ) from error
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise SourceError(
            f"Expected a tokenizer that can be kept in {JSON}, found {type(tokenizer).__name__} of {name}, which works "
            "in Python alone.",
            "Take another network.",
        )
    return tokenizer


def said_length(tokenizer: Any) -> int | None:
    """Most tokens that a tokenizer says the network takes; None where it does not say."""
    length = int(tokenizer.model_max_length)
    return length if length < _ENDLESS else None


def kept_tokenizer(tokenizer: Any, window: int) -> TextTokenizer:
    """A tokenizer as its files, set to pad and cut on the right, at a window of so many tokens; it is changed."""
    tokenizer.padding_side = tokenizer.truncation_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token or tokenizer.convert_ids_to_tokens(0)
    tokenizer.model_max_length = window
    with temporary_folder() as place, quiet():
        tokenizer.save_pretrained(place)
        files = {file: Path(place) / file for file in _KEPT}
        return TextTokenizer({file: path.read_text(encoding="utf-8") for file, path in files.items() if path.is_file()})
