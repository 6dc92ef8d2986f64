"""What a network's ``config.json`` and the heads of its files may say, before memory is taken for it."""

from __future__ import annotations

import copy
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from headstart.data.base.json_files import (
    FLAG,
    TEXT,
    checked,
    maybe,
    parsed,
    read_json,
    record,
    refuse,
    several,
    table_of,
    whole,
)
from headstart.errors import SourceError
from headstart.networks.refuse import shards_of

#: Names of settings, and the largest whole number that one of that name may be: far beyond any network that there is.
_LIMITS = (
    (re.compile(r"(^|_)(ids?|token)(_|$)|vocab"), 1 << 26),
    (re.compile(r"layers|depths?($|_)|blocks|stages|heads|groups|experts"), 1 << 14),
    (re.compile(r"mel($|s|_)|mels|masks"), 1 << 11),
    (re.compile(r"fft|win($|dow)|hop"), 1 << 16),
    (re.compile(r"size|dim|channels|length|positions?|width|features|resolution|patch|labels|rate|samples"), 1 << 22),
)
_HEADER = table_of(record({}, {"shape": several(whole(0, 1 << 48), 0, 16)}))
_LONGEST_HEADER = 100_000_000
#: Files that say what becomes of an input.
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
#: Weights beyond those in the file that may be made anew: an output layer.
_SPARE = 50_000_000


def _numbers(settings: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """Name, value and limit of every whole number."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _numbers(value)
            continue
        most = next((most for pattern, most in _LIMITS if pattern.search(str(name).lower())), 1 << 53)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from _numbers(part)
            elif type(part) is int:
                yield name, part, most


CONFIG = replace(
    record(
        {},
        {
            "model_type": TEXT,
            "architectures": maybe(several(TEXT, 0, 100)),
            "id2label": maybe(table_of(TEXT)),
            "is_encoder_decoder": FLAG,
        },
    ),
    words="a JSON object",
)


def read_config(file: Path) -> dict[str, Any]:
    """Content of a ``config.json`` whose sizes are such as a network can have.

    Raises
    ------
    SourceError
    """
    todo = "Get the file again."
    settings: dict[str, Any] = read_json(file, CONFIG, todo=todo)
    for name, value, most in _numbers(settings):
        if abs(value) > most:
            refuse(f"a size of at most {most:,}", name, str(file), str(value)[:60], todo)
    return settings


def shapes_in(file: Path) -> dict[str, list[int]]:
    """Shape of every tensor in a file of safetensors, by its head alone.

    Raises
    ------
    SourceError
        If it has none that can be read.
    """
    try:
        with file.open("rb") as opened:
            (length,) = struct.unpack("<Q", opened.read(8))
            header = parsed(opened.read(min(length, _LONGEST_HEADER)))
    except (OSError, ValueError, struct.error) as error:
        raise SourceError(f"Expected readable weights in {file}, found: {error}.", "Get the file again.") from error
    checked(header, _HEADER, str(file))
    return {name: said.get("shape", []) for name, said in header.items() if name != "__metadata__"}


def require_room(model_class: Any, config: Any, file: Path) -> None:
    """Refuse a configuration of a network that is larger than the weights beside it, before memory is taken for it.

    Parameters
    ----------
    model_class : type
        Of transformers.
    config : transformers configuration
    file : Path
        As of `headstart.networks.refuse.weight_file`.

    Raises
    ------
    SourceError
    """
    files = shards_of(file) if file.suffix == ".json" else [file]
    held = sum(math.prod(shape) for one in files for shape in shapes_in(one).values())
    try:
        with torch.device("meta"):
            build = getattr(model_class, "from_config", None) or model_class
            empty = build(copy.deepcopy(config))
    except Exception:  # what cannot be built at all is told by who builds it
        return
    wanted = sum(parameter.numel() for parameter in empty.parameters())
    if wanted > held + _SPARE:
        raise SourceError(
            f"Expected all weights of the network that config.json describes in {file.parent}, found {held:,} of "
            f"{wanted:,}, the others missing or of another shape.",
            "The files do not belong together: get the folder again.",
        )
