"""A source that holds the target: its rows are kept out of what is learned, and that is said, at every door."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import headstart
from headstart import (
    SafeAlignedClassifier,
    SafeAlignedRegressor,
    SafeTransferClassifier,
    SafeTransferRegressor,
    Source,
)
from headstart.errors import TransferWarning
from headstart.guard.candidates.kept_apart import without_target

rng = np.random.default_rng(3)
X, LABELS, NUMBERS = rng.normal(size=(160, 4)), rng.choice(["a", "b"], 160), rng.normal(size=160)


@pytest.mark.parametrize(
    ("kind", "y"), [(SafeTransferClassifier, LABELS), (SafeTransferRegressor, NUMBERS)], ids=["classes", "numbers"]
)
def test_rows_of_the_target_are_not_borrowed(kind: Any, y: np.ndarray) -> None:
    with pytest.warns(TransferWarning, match=r"60 rows of the source 'export' are rows of the target too \(rows 1, 2"):
        safe = kind(Source(X[::-1], y[::-1], name="export"), budget=3).fit(X[100:], y[100:])
    assert safe.verdict_ != "helps" and safe.evidence_["source"]["n_examples"] == 100
    assert any("were not borrowed" in note for note in safe.evidence_["data"]["notes"])


def test_rows_that_are_not_equal_in_every_column_are_said_to_be_nearly_the_targets() -> None:
    other = X[:60].copy()
    other[::2, 1] = rng.normal(size=30)
    _, some = without_target(X[:60], NUMBERS[:60], [Source(np.vstack([other, X[60:]]), NUMBERS)])
    assert "60 rows of the source are rows of the target too (rows 1, 2" in some[0]
    assert "; 30 of them nearly, not in every column); they were not borrowed" in some[0]
    _, every = without_target(X[:60:2], NUMBERS[:60:2], [Source(np.vstack([other, X[60:]]), NUMBERS)])
    assert "30 rows of the source are nearly rows of the target too, though not in every column (rows 1, 3" in every[0]


def test_a_source_that_is_the_target_is_nothing_to_borrow() -> None:
    with pytest.warns(TransferWarning, match="All 60 rows of the source are rows of the target too: nothing of it was"):
        safe = SafeTransferClassifier(Source(X[:60], LABELS[:60]), budget=3).fit(X[:60], LABELS[:60])
    assert safe.verdict_ == "cannot tell" and safe.evidence_["source"] is None


@pytest.mark.parametrize(
    ("kind", "y"), [(SafeAlignedClassifier, LABELS), (SafeAlignedRegressor, NUMBERS)], ids=["classes", "numbers"]
)
def test_aligned_methods_do_not_borrow_them_either(kind: Any, y: np.ndarray) -> None:
    others = Source(rng.normal(size=(50, 4)), y[:50], name="others")
    with pytest.warns(TransferWarning, match="All 160 rows of the source 'export'"):
        safe = kind(mappings=[], source=[Source(X, y, name="export"), others]).fit(X, y)
    alone = kind(mappings=[], source=[others]).fit(X, y)
    assert safe.notes_ and not alone.notes_ and np.array_equal(safe.predict(X), alone.predict(X))
    assert kind(mappings=[], source=Source(X, y)).fit(X).notes_ == ()  # without labels nothing is given away


def test_weights_and_sparse_rows_go_with_what_is_left() -> None:
    rows = sparse.csr_matrix(X)
    kept, notes = without_target(rows[:10], LABELS[:10], [Source(rows, LABELS, sample_weight=np.arange(160.0))])
    assert kept[0].X.shape == (150, 4) and kept[0].sample_weight.tolist() == list(range(10, 160)) and len(notes) == 1
    whole = Source(X[50:], LABELS[50:])
    assert without_target(X[:10], LABELS[:10], [whole]) == ([whole], ())


def frame(rows: slice, **more: Any) -> pd.DataFrame:
    return pd.DataFrame(X[rows], columns=list("pqrs")).assign(y=LABELS[rows], **more)


def test_the_part_for_the_test_is_kept_out_of_the_source_and_of_the_unlabelled() -> None:
    target = frame(slice(0, 60), split=["train"] * 40 + ["test"] * 20)
    model = headstart.fit(
        target, frame(slice(0, 160)), label="y", unlabelled=frame(slice(30, 90)).drop(columns="y"), budget=3
    )
    said = " ".join(model.evidence["data"]["notes"])
    assert "60 rows of the source 'source 1' are rows of the target too" in said
    assert "20 unlabelled rows are rows of the test part; they were left out." in said
    assert "10 of 40 rows without labels are among the labelled ones and were left out." in said
    assert model.evidence["source"]["n_examples"] == 100 and model.evidence["source"]["n_unlabelled"] == 30
    assert model.evidence["reproduce"]["code"].endswith("unlabelled=unlabelled)")


def test_groups_of_the_target_are_not_borrowed_from() -> None:
    who = np.array([f"P{i // 4}" for i in range(160)])
    model = headstart.fit(
        frame(slice(0, 60), who=who[:60]), frame(slice(52, 160), who=who[52:]), label="y", group_by="who", budget=3
    )
    assert "8 rows of the source 'source 1' are of groups that the target has" in " ".join(
        model.evidence["data"]["notes"]
    )
    assert model.evidence["source"]["n_examples"] == 100


@pytest.mark.parametrize("others", [True, False])
def test_patients_who_are_numbered_alike_are_others_unless_they_agree(others: bool) -> None:
    who, rng = np.arange(160) // 4, np.random.default_rng(1)
    source = frame(slice(0, 160), who=who)
    if others:
        source = source.assign(y=rng.permutation(LABELS), **dict(zip("pqrs", rng.normal(size=(4, 160)), strict=True)))
    else:
        source[list("pqrs")] += 0.3 * rng.normal(size=(160, 4))
    target = frame(slice(0, 120), who=who[:120])
    model = headstart.fit(target, source, label="y", group_by="who", budget=3)
    said = " ".join(model.evidence["data"]["notes"])
    assert ("(0, 1, 2, ...), but what rows of one name hold does not agree" in said) == others
    assert ("120 rows of the source 'source 1' are of groups that the target has" in said) != others
    assert model.evidence["source"]["n_examples"] == (160 if others else 40)


def test_equal_rows_of_a_target_are_one_group_and_tell_on_the_test_part() -> None:
    target = pd.concat(
        [frame(slice(0, 40), split="train"), frame(slice(0, 5), split="test"), frame(slice(50, 60), split="test")]
    )
    target = pd.concat([target, frame(slice(7, 9), split="train")], ignore_index=True)
    model = headstart.fit(target, None, label="y", budget=3)
    said = " ".join(model.evidence["data"]["notes"])
    assert "7 sets of near copies" in said and "WARNING: 5 test rows have a near copy in the training part" in said
    assert model.evidence["data"]["n_groups"] == 40
    safe = SafeTransferClassifier(budget=3).fit(np.vstack([X[:40], X[:4]]), np.append(LABELS[:40], LABELS[:4]))
    assert safe.evidence_["data"]["n_groups"] == 40
    assert "4 rows repeat others; equal rows stay in one fold." in safe.evidence_["data"]["notes"]


@pytest.fixture(scope="module")
def traps() -> ModuleType:
    """The benchmark, of which some traps are sprung here."""
    folder = Path(__file__).parents[3] / "benchmarks"
    spec = importlib.util.spec_from_file_location("leaks_benchmark", folder / "leaks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "name",
    [
        "rounded to one digit",
        "noise of 1%",
        "two columns changed",
        "other writing",
        "a few categories",
        "ids as features",
    ],
)
def test_no_trap_ends_in_helps(traps: ModuleType, name: str) -> None:
    word, told, _ = traps.sprung(traps.TRAPS[name], 0, budget=2)
    assert word != "helps" and told == 1


def test_rows_of_others_are_borrowed_whole(traps: ModuleType) -> None:
    for make in traps.HONEST.values():
        trap = make(np.random.default_rng(0))
        y = trap.target["y"].to_numpy()
        there = Source(trap.source.drop(columns="y"), trap.source["y"].to_numpy())
        kept, notes = without_target(trap.target.drop(columns="y"), y, [there])
        assert kept == [there] and not notes
