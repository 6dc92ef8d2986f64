"""Sources with rows: what is refused and why, what is named, what is gained."""

from __future__ import annotations

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


def test_numbers_that_fall_where_the_targets_rise_are_named() -> None:
    rng = np.random.default_rng(0)
    X, S = rng.normal(size=(60, 10)), rng.normal(size=(300, 10))
    y = (X @ WEIGHTS)[:, None]
    *_, (same, opposite) = judge_rows(X, y, [(S, (S @ WEIGHTS)[:, None]), (S, -(S @ WEIGHTS)[:, None])], y[:, 0])
    assert same.refused is None
    assert opposite.refused == "its labels look swapped: its numbers fall where yours rise"


def test_the_target_alone_is_measured_without_sources() -> None:
    X, y = rows(50, 0)
    alone, error, found = judge_rows(X, np.eye(2)[y], [], y, names=["ill", "well"])
    assert alone.shape == (50,) and 0 < error < 0.25 and found == []
