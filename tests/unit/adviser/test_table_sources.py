"""Sources with rows: what is refused and why, what is named, what is gained."""

from __future__ import annotations

import re

import numpy as np
import pytest

from headstart.adviser.table_sources import SourceRows, judge_rows

WEIGHTS = np.array([2.0, -1.5, 1.0, 0.0, 0.5, 0.0, 1.0, -1.0, 0.7, 0.0])


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and two classes by a line with some noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 10))
    return X, (X @ WEIGHTS + rng.normal(size=n) > 0).astype(int)


def judged(*sources: tuple[np.ndarray, np.ndarray], n: int = 50) -> list[SourceRows]:
    X, y = rows(n, 0)
    pairs = [(S, np.eye(2)[labels]) for S, labels in sources]
    return judge_rows(X, np.eye(2)[y], pairs, y, names=["ill", "well"])[2]


def test_a_source_of_the_same_kind_helps() -> None:
    (found,) = judged(rows(400, 1), n=20)
    assert found.refused is None and found.gains[found.best].word == "help"
    assert set(found.gains) == {"instances", "parameters", "features"}


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_labels_and_noise_are_refused_and_opposite_labels_named(seed: int) -> None:
    X, y = rows(400, 1)
    rng = np.random.default_rng(seed)
    shuffled, noise, opposite = judged((X, rng.permutation(y)), (rng.normal(size=X.shape), y), (X, 1 - y))
    for one in (shuffled, noise):
        assert one.refused is not None and "swapped" not in one.refused
    assert opposite.refused is not None
    assert opposite.refused.startswith(
        "its labels look swapped: 'ill' there is 'well' here, 'well' there is 'ill' here"
    )


def test_a_source_whose_answers_lie_far_off_but_tell_the_classes_is_judged() -> None:
    X, y = rows(60, 1)
    (found,) = judged((0.2 * X + WEIGHTS / 4, y), n=200)  # in another unit, from another zero
    assert found.refused is None


def test_a_source_with_columns_in_another_unit_is_judged_and_noise_among_them_refused() -> None:
    X, y = rows(300, 1)
    unit = 10.0 ** np.arange(-2, 3).repeat(2)
    rng = np.random.default_rng(0)
    other, noise = judged(((X + 5) * unit, y), ((rng.normal(size=X.shape) + 5) * unit, y))
    assert other.refused is None and other.gains["features"].value > other.gains["instances"].value
    assert noise.refused is not None


def test_columns_that_do_not_vary_on_one_side_or_both_are_no_fault() -> None:
    X, y = rows(50, 0)
    S, answers = rows(300, 1)
    X[:, 0], S[:, 0], S[:, 1] = 500.0, -700.0, 900.0
    found = judge_rows(X, np.eye(2)[y], [(S, np.eye(2)[answers])], y, names=["ill", "well"])[2]
    assert found[0].refused is None


def test_numbers_that_fall_where_the_targets_rise_are_named() -> None:
    rng = np.random.default_rng(0)
    X, S = rng.normal(size=(60, 10)), rng.normal(size=(300, 10))
    y = (X @ WEIGHTS)[:, None]
    *_, (same, opposite) = judge_rows(X, y, [(S, (S @ WEIGHTS)[:, None]), (S, -(S @ WEIGHTS)[:, None])], y[:, 0])
    assert same.refused is None
    assert opposite.refused == "its labels look swapped: its numbers fall where yours rise"


@pytest.mark.parametrize("seed", range(5))
def test_numbers_at_another_level_are_judged_and_those_of_another_unit_named(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, S = rng.normal(size=(60, 10)), rng.normal(size=(300, 10))
    y, answers = (rows @ WEIGHTS + rng.normal(size=len(rows)) for rows in (X, S))
    others = [answers + 40.0, 1000.0 * answers, answers / 1000.0, rng.permutation(answers)]
    pairs = [(S, other[:, None]) for other in others] + [(rng.normal(size=S.shape) + 3.0, answers[:, None])]
    level, large, small, shuffled, noise = judge_rows(X, y[:, None], pairs, y)[2]
    assert level.refused is None and level.gains["parameters"].value > -0.05
    for one, power in ((large, 3), (small, -3)):
        times = re.search(r"change some ([\d.,e-]+) times", one.refused or "")
        assert times is not None and abs(np.log10(float(times[1].replace(",", ""))) - power) < 0.15
    for one in (shuffled, noise):
        assert one.refused is not None and "chance" in one.refused


def test_a_source_of_other_numbers_is_not_called_swapped() -> None:
    """What tells other numbers of few columns rises or falls with the target's by chance, and less than its own do."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        X, S = rng.normal(size=(200, 4)), rng.normal(size=(200, 4))
        mine, theirs = rng.normal(size=(2, 4))
        cosine = mine @ theirs / np.linalg.norm(mine) / np.linalg.norm(theirs)
        (found,) = judge_rows(X, (X @ mine)[:, None], [(S, (S @ theirs)[:, None])], X @ mine)[2]
        assert (found.refused is not None and "swapped" in found.refused) == (cosine < -0.7) or abs(cosine + 0.7) < 0.1


def test_the_target_alone_is_measured_without_sources() -> None:
    X, y = rows(50, 0)
    alone, error, found = judge_rows(X, np.eye(2)[y], [], y, names=["ill", "well"])
    assert alone.shape == (50,) and 0 < error < 0.25 and found == []
