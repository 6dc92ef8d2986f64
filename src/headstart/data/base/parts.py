"""Which part of the data a folder or a cell names."""

from __future__ import annotations

import re

PARTS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "tr": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
}
_AROUND = re.compile(r"[\s_.-]*(set|data|dataset|split|part|images|imgs|pictures|clips|texts)$")


def part_of(name: object) -> str | None:
    """The part that a folder or a table's cell names: "train", "val", "test", or None.

    Examples
    --------
    >>> part_of("Validation"), part_of(" TEST "), part_of("train_set"), part_of("ants"), part_of("set")
    ('val', 'test', 'train', None, None)
    """
    word = str(name).strip().casefold()
    return PARTS.get(word) or PARTS.get(_AROUND.sub("", word))
