"""A kind of input that headstart does not know: sequences of numbers in files, all that it takes to add one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.content import digest_of, digest_of_file, read_bytes
from headstart.data.base.inspection import Look
from headstart.data.base.kinds import Kind
from headstart.data.base.reasons import BadInput
from headstart.data.base.rows import Inputs, already, span
from headstart.data.base.simple import SimpleFeatures
from headstart.data.inputs.registry import Entry

SEQUENCES = Kind(
    "sequence",
    "sequence",
    "sequences",
    frozenset({".seq"}),
    formats="Sequences are SEQ files, numbers with spaces between.",
    sample='["numbers.seq"]',
)
PARTS = 8


class Sequences(Inputs):
    """A row of sequences of numbers: files and arrays (T,), of any length."""

    kind = SEQUENCES

    def load(self, i: int, enough: Any = None) -> tuple[np.ndarray, str]:
        """Sequence ``i`` and its digest."""
        item = self.items[i]
        if isinstance(item, np.ndarray):
            return item, self.digest(i)
        content = read_bytes(item, BadInput)
        try:
            values = np.array(content.split(), dtype=np.float32)
        except ValueError:
            raise BadInput("it holds something else than numbers") from None
        if not len(values):
            raise BadInput("it holds no number")
        return values, digest_of_file(item, content)

    def sizes(self) -> str:
        """Lengths in numbers."""
        lengths = [len(item) if isinstance(item, np.ndarray) else len(item.read_text().split()) for item in self.items]
        return span(min(lengths), max(lengths), "numbers") if lengths else ""

    def _digest_in_memory(self, item: Any) -> str:
        return digest_of(np.ascontiguousarray(item).data)


def as_sequences(X: Any) -> Sequences:
    """Paths and arrays as sequences."""
    given = already(X, Sequences)
    if given is not None:
        return given
    items = [X] if isinstance(X, str | os.PathLike) else X
    return Sequences([Path(item) if isinstance(item, str | os.PathLike) else item for item in items])


def is_sequences(X: Any) -> bool:
    """Whether something names files of sequences."""
    first = next(iter(X), None) if isinstance(X, Iterable) and not isinstance(X, str) else X
    return isinstance(first, str | os.PathLike) and Path(first).suffix.lower() in SEQUENCES.suffixes


@dataclass(frozen=True)
class SequencePreprocessing:
    """Sequences brought to zero mean where that is wanted."""

    centred: bool = False

    enough = None
    as_is = np.float32
    resized_by = None

    def canvas(self, decoded: np.ndarray) -> np.ndarray:
        """Numbers (T,) in float32."""
        return (decoded - decoded.mean() if self.centred else decoded).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain JSON types."""
        return {"centred": self.centred}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> SequencePreprocessing:
        """Read what `to_dict` wrote."""
        return cls(**settings)

    def key(self) -> str:
        """The same for the same settings."""
        return f"sequence {self.centred}"

    canvas_key = key


def describe(canvases: Sequence[np.ndarray], preprocessing: SequencePreprocessing) -> np.ndarray:
    """Means and deviations of eight parts of each sequence, (n, 16) in float32."""
    parts = [np.array_split(np.resize(x, max(len(x), PARTS)), PARTS) for x in canvases]
    rows = [[part.mean() for part in row] + [part.std() for part in row] for row in parts]
    return np.array(rows, dtype=np.float32).reshape(len(canvases), 2 * PARTS)


class SequenceLook(Look):
    """Which sequences never change."""

    def __init__(self, sequences: Sequences) -> None:
        super().__init__(len(sequences))
        self.constant = np.zeros(len(sequences), dtype=bool)

    def _measure(self, i: int, canvas: np.ndarray) -> None:
        self.constant[i] = np.ptp(canvas) == 0

    def notes(self, rows: np.ndarray, names: Sequence[str]) -> list[str]:
        """A note where some never change."""
        n = int(self.constant[rows].sum())
        return [f"{SEQUENCES.count(n)} of one number throughout."] if n else []


def specimen(sequences: Sequences, i: int) -> dict[str, Any]:
    """The first numbers, as a text."""
    return {"text": " ".join(f"{value:g}" for value in sequences.load(i)[0][:12])}


ENTRY = Entry(
    SEQUENCES,
    Sequences,
    is_sequences,
    as_sequences,
    specimen,
    SequenceLook,
    SimpleFeatures(
        name="means and deviations",
        words="a linear model on means and deviations, no network",
        called="simple sequence features",
        blocks={"means": PARTS, "deviations": PARTS},
        choices={"means": ("means",), "means and deviations": ("means", "deviations")},
        by_column=True,
        preprocessing=SequencePreprocessing(),
        describe=describe,
    ),
    SequencePreprocessing,
)


def write_sequences(root: Path, n: int = 12) -> Path:
    """A folder of ``n`` rising and ``n`` falling sequences, 20 to 40 numbers each."""
    rng = np.random.default_rng(0)
    for name, sign in (("rising", 1), ("falling", -1)):
        (root / name).mkdir(parents=True)
        for i in range(n):
            length = 20 + int(rng.integers(21))
            values = sign * np.linspace(-0.5, 0.5, length) + rng.normal(0, 1.0, length)
            (root / name / f"{i}.seq").write_text(" ".join(f"{value:.3f}" for value in values))
    return root
