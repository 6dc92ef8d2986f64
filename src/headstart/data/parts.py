"""Names under which data come divided into training, validation and test."""

from __future__ import annotations

PARTS = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
    "tst": "test",
}


def part_of(name: object) -> str | None:
    """The part that a folder or a table's cell names: "train", "val", "test", or None.

    Examples
    --------
    >>> part_of("Validation"), part_of(" TEST "), part_of("ants")
    ('val', 'test', None)
    """
    return PARTS.get(str(name).strip().casefold())
