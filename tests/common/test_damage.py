"""A seeded sample of the benchmarks that damage model folders, checkpoints and boxes: words, equal answers, no more."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads a benchmark as a module."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])

    def read(name: str) -> Any:
        spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return read


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(3))
def test_damaged_and_hostile_model_folders(part: int, bench: Any) -> None:
    fuzz = bench("fuzz_models")
    found = list(fuzz.run(range(9_000_000 + 100 * part, 9_000_000 + 100 * part + 100)))
    faults = [words for outcome, words in found if outcome in bench("damage").FAULTS]
    assert len(found) == 100 and not faults
    counts = Counter(outcome for outcome, _ in found)
    assert counts["damaged, refused"] > 25 and counts["hostile, refused"] > 10 and counts["answers equal"] > 3


def test_damaged_checkpoints(bench: Any) -> None:
    fuzz = bench("fuzz_checkpoints")
    level = logging.getLogger("headstart").level
    try:
        found = list(fuzz.run(range(9_000_000, 9_000_300)))
    finally:
        logging.getLogger("headstart").setLevel(level)
    faults = [words for outcome, words in found if outcome in bench("damage").FAULTS]
    counts = Counter(outcome for outcome, _ in found)
    assert len(found) == 300 and not faults
    assert counts["refused"] > 30 and counts["the weights of an unbroken run"] > 100


def test_broken_annotations_of_boxes(bench: Any) -> None:
    fuzz = bench("fuzz_boxes")
    found = list(fuzz.run(range(9_000_000, 9_000_120)))
    counts = Counter(outcome for outcome, _ in found)
    assert len(found) == 120 and not [words for outcome, words in found if outcome in fuzz.FAULTS]
    assert counts["refused"] > 40 and counts["read"] > 15
