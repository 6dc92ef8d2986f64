"""Rows of one table in another: whatever was done to the copy they are found, and natural likeness is let be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine

from headstart.data.tables.column_plan import plan_columns
from headstart.data.tables.copies import Cells, cells_of, copies, twins

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def spoiled(X: np.ndarray, columns: list[int], rng: np.random.Generator) -> np.ndarray:
    found = X.copy()
    found[:, columns] = rng.normal(size=(len(X), len(columns)))
    return found


CHANGES: dict[str, Change] = {
    "none": lambda X, rng: X,
    "last digits": lambda X, rng: X * (1 + 1e-13),
    "two decimals": lambda X, rng: X.round(2),
    "one decimal": lambda X, rng: X.round(1),
    "noise": lambda X, rng: X + 0.02 * rng.normal(size=X.shape),
    "one column": lambda X, rng: spoiled(X, [2], rng),
    "two columns": lambda X, rng: spoiled(X, [0, 3], rng),
    "rounded, one column": lambda X, rng: spoiled(X.round(2), [1], rng),
}


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.parametrize("n", [12, 60])
def test_copies_are_found_whatever_was_done_to_them(change: str, n: int) -> None:
    rng = np.random.default_rng(n)
    X = rng.normal(size=(160, 5))
    order = rng.permutation(160)
    found = {tuple(pair) for pair in copies(Cells(X[:n]), Cells(CHANGES[change](X, rng)[order])).tolist()}
    copied = {(i, int(np.flatnonzero(order == i)[0])) for i in range(n)}
    assert found >= copied and len(found - copied) <= 5


@pytest.mark.parametrize("change", list(CHANGES))
def test_copies_that_are_there_three_times_are_found_three_times(change: str) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 5))
    found = copies(Cells(X[:60]), Cells(np.vstack([CHANGES[change](X, rng) for _ in range(3)])))
    assert len({part * 160 + i for part in range(3) for i in range(60)} - set(found[:, 1].tolist())) <= 2


SETS = {
    "iris": load_iris,
    "wine": load_wine,
    "cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}


@pytest.mark.parametrize("name", list(SETS))
def test_other_rows_of_one_set_are_no_copies(name: str) -> None:
    X, y = SETS[name](return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))
    here, there = rows[:50], rows[50:]
    assert len(copies(Cells(X[here]), Cells(X[there]), (y[here], y[there]))) <= 1
    both = np.concatenate([there, here])
    found = copies(Cells(X[here]), Cells(X[both]), (y[here], y[both]))
    assert set(found[:, 1].tolist()) >= set(range(len(there), len(both)))


@pytest.mark.parametrize(("values", "columns"), [(3, 5), (2, 8), (10, 2), (3, 12)])
def test_rows_of_few_values_are_equal_by_nature_until_the_labels_tell(values: int, columns: int) -> None:
    rng = np.random.default_rng(values)
    X, y = rng.integers(0, values, (160, columns)).astype(float), rng.integers(0, 2, 160)
    here, others = (X[:60], y[:60]), (X[60:], y[60:])
    assert len(copies(Cells(here[0]), Cells(others[0]), (here[1], others[1]))) <= 5
    found = copies(Cells(here[0]), Cells(X), (here[1], y))
    assert len(np.unique(found[:, 0])) >= 55 and len(found) <= 65
    assert len(copies(Cells(X[:60]), Cells(rng.integers(0, values, (5000, columns)).astype(float)))) <= 0.05 * 5000


def test_a_mixture_that_was_tested_at_five_ages_is_no_copy() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(100, 4)).repeat(5, axis=0), np.tile([1, 3, 7, 28, 90], 100)])[
        rng.permutation(500)
    ]
    assert not len(copies(Cells(X[:100]), Cells(X[100:])))
    assert len(copies(Cells(X[:100]), Cells(X))) >= 100


def test_cells_of_frames_are_read_as_their_columns_are() -> None:
    sizes = np.random.default_rng(0).permutation(400)[:40]
    one = pd.DataFrame({"code": [f"a{i}" for i in range(40)], "size": [f"{i}.5" for i in sizes], "town": "New York"})
    one.loc[::2, "town"] = "Ulm"
    other = pd.DataFrame({"town": one["town"].str.upper() + " ", "size": one["size"].str.replace(".", ",")})
    mine, theirs = cells_of(one, other, plan_columns(one).columns)
    assert (mine.numbers == theirs.numbers).all() and (mine.words == theirs.words).all() and not mine.names.shape[1]
    assert copies(mine, theirs).tolist() == [[i, i] for i in range(40)]


def test_rows_of_one_name_are_one_thing() -> None:
    rng = np.random.default_rng(0)
    who = rng.permutation(10_000)[:90] + 20_000

    def frame(numbers: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"who": numbers, "x": rng.normal(size=len(numbers)), "z": rng.normal(size=len(numbers))})

    one, other = frame(who[:30]), frame(who[20:])
    assert copies(*cells_of(one, other, plan_columns(one[["x", "z"]]).columns)).tolist() == [
        [20 + i, i] for i in range(10)
    ]


DAYS = pd.date_range("2024-01-01", periods=600)
COUNTS = {
    "numbers of rows": (np.arange(160), np.arange(500)),
    "in steps": (10 * np.arange(1, 161), 10 * np.arange(1, 501)),
    "numbers with gaps": (np.delete(np.arange(180), slice(40, 60)), np.delete(np.arange(560), slice(90, 150))),
    "some equal numbers": (np.arange(160), np.r_[np.arange(160), 2000 + np.arange(340)]),
    "words with numbers": ([f"P{i:04}" for i in range(160)], [f"P{i:04}" for i in range(500)]),
    "wells of plates": ([f"{i // 12}-{'abcdefgh'[i // 20]}{i % 20}" for i in range(160)],) * 2,
    "days": (DAYS[60:220].strftime("%d.%m.%Y"), DAYS[:500].strftime("%d.%m.%Y")),
    "hours": pd.date_range("2024-01-01", periods=160, freq="h").strftime("%Y-%m-%d %H:%M").to_numpy().repeat([1]),
}


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("sort", [False, True])
def test_numbers_of_rows_are_in_every_table(count: str, sort: bool) -> None:
    names = COUNTS[count] if isinstance(COUNTS[count], tuple) else (COUNTS[count],) * 2

    def frame(side: int) -> pd.DataFrame:
        rng, n = np.random.default_rng(side), len(names[side])
        rows = pd.DataFrame(
            {"x": rng.normal(size=n).round(2), "z": rng.normal(size=n), "sex": rng.choice(["f", "m"], n)}
        )
        rows = rows.sort_values("x", ignore_index=True) if sort else rows
        return rows.assign(number=names[side])

    one, other = frame(0), frame(1)
    labels = tuple(np.where(side["x"] > 0, "ill", "well") for side in (one, other))
    columns = plan_columns(one, [("", other)]).columns
    assert len(copies(*cells_of(one, other, columns), labels)) <= 4  # near by chance
    plain = one.drop(columns="number"), other.drop(columns="number")
    assert len(copies(*cells_of(*plain, plan_columns(plain[0]).columns), labels)) <= 4


@pytest.mark.parametrize("count", ["numbers of rows", "words with numbers", "days"])
@pytest.mark.parametrize("kept", ["label", "a column, roughly"])
def test_rows_of_one_number_are_one_thing_where_they_agree(count: str, kept: str) -> None:
    rng, (mine, theirs) = np.random.default_rng(0), COUNTS[count]
    x, z, label = rng.normal(size=500), rng.normal(size=500), rng.choice(["ill", "well"], 500)
    there = pd.DataFrame({"x": x, "z": z, "number": theirs})
    at = [list(theirs).index(name) for name in mine]
    same = kept == "label"
    again = rng.normal(size=160) if same else x[at] + 0.7 * rng.normal(size=160)
    here = pd.DataFrame({"x": again, "z": rng.normal(size=160), "number": mine})
    labels = (label[at] if same else rng.choice(["ill", "well"], 160)), label
    found = copies(*cells_of(here, there, plan_columns(here, [("", there)]).columns), labels)
    assert set(map(tuple, enumerate(at))) <= set(map(tuple, found.tolist()))


def test_sparse_rows_are_compared_too() -> None:
    X = sparse.random(80, 500, 0.02, format="csr", random_state=0)
    assert copies(*cells_of(X[:10], X[5:])).tolist() == [[5 + i, i] for i in range(5)]


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(0, 30), st.integers(2, 6))
def test_each_row_of_the_other_table_is_claimed_once_and_order_does_not_matter(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, d))
    found = copies(Cells(X[:n]), Cells(X))
    claimed = found[:, 1].tolist()
    assert found[:n].tolist() == [[i, i] for i in range(n)] and len(set(claimed)) == len(claimed)
    assert len(claimed) <= n + 5, "a few rows of 80 may be near by chance, in one table of 150"
    order = rng.permutation(80)
    assert sorted(order[copies(Cells(X[:n]), Cells(X[order]))[:, 1]].tolist()) == claimed


def test_twins_are_equal_rows_of_a_table_that_tells_its_rows_apart() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3))
    assert sorted(twins(Cells(np.vstack([X, X[[4, 4, 9]]])))) == [(4, 40), (9, 42), (40, 41)]
    assert twins(Cells(rng.integers(0, 2, (40, 3)).astype(float))) == []
    assert twins(Cells(X[:0])) == [] and not len(copies(Cells(X[:0]), Cells(X)))
