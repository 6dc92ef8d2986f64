"""Choosing for a target without labels: is there anything to adapt, and whose answers stand with the others?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.preprocessing import Normalizer

from headstart.data.sets.splits import folds
from headstart.math.linear.logistic import solve_logistic
from headstart.math.linear.row_space import row_space
from headstart.math.statistics.cluster_agreement import adjusted_agreement, rows_in_groups

#: Rows of each domain that the gate looks at, and principal coordinates of them.
_SEEN, _COORDINATES = 1000, 64
_PENALTIES = (0.1, 0.01)
#: Rows of the target that are grouped.
_GROUPED = 2000
#: Coordinates in which they are, and groups for each class.
_GROUPING, _GROUPS_A_CLASS = 16, 3


def domain_auc(source: np.ndarray, target: np.ndarray, seed: int = 0) -> float:
    """How well a classifier tells the two domains apart on rows that it did not learn from.

    Parameters
    ----------
    source : ndarray of shape (n, d)
        At most 1000 rows of each side are drawn; a logistic regression sees their first 64 principal coordinates.
    target : ndarray of shape (m, d)
    seed : int, default=0

    Returns
    -------
    float
        Cross-validated area under the ROC curve: 0.5 where the domains are the same, 1 where they never mix.

    References
    ----------
    Ben-David, Blitzer, Crammer and Pereira (2007), Analysis of representations for domain adaptation, section 4: the
    proxy of the A-distance is a rescaled error of such a classifier.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> domain_auc(X[:100], X[100:]) < 0.65 < 0.95 < domain_auc(X[:100], X[100:] + 9)
    True
    """
    rng = np.random.default_rng(seed)
    sides = [
        side if len(side) <= _SEEN else side[rng.choice(len(side), _SEEN, replace=False)] for side in (source, target)
    ]
    y = np.repeat([0, 1], [len(side) for side in sides])
    weight = np.concatenate([np.full(len(side), 0.5 * len(y) / len(side)) for side in sides])
    space = row_space(np.concatenate(sides).astype(np.float64), weight)
    rows = (space.left * space.singular) / space.root[:, None]
    kept = np.argsort(-space.singular, kind="stable")[:_COORDINATES]
    parts = folds(y, "classification", n_splits=5, random_state=seed)
    solved = solve_logistic(rows[:, kept], np.eye(2)[y], sample_weight=weight, penalties=_PENALTIES, folds=parts)
    scores = solved.out_of_fold[:, 1] - solved.out_of_fold[:, 0]
    n, m = len(sides[0]), len(sides[1])
    return float((rankdata(scores)[y == 1].sum() - m * (m + 1) / 2) / (n * m))


def group_agreement(
    target: np.ndarray, answers: Mapping[str, np.ndarray], n_classes: int, seed: int = 0
) -> dict[str, float]:
    """How far each candidate's answers agree with the groups that the target's rows fall into by themselves.

    Rows at unit length, in their 16 strongest principal coordinates, are grouped by k-means into three times as many
    groups as there are classes, ten times; the score is the mean adjusted Rand index. It costs no fit and looks at no
    label. It cannot see classes that were exchanged, and errs where groups are not the classes. With several groups a
    class it tells candidates apart better than with one (a class is seldom round).

    Parameters
    ----------
    target : ndarray of shape (m, d)
        At most 2000 rows are drawn.
    answers : dict of str to ndarray of int, shape (m,)
        Class codes.
    n_classes : int
    seed : int, default=0

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> X = np.repeat([[1.0, 0.0], [0.0, 1.0]], 6, axis=0) + 0.01 * np.arange(24).reshape(12, 2)
    >>> found = group_agreement(X, {"groups": np.repeat([0, 1], 6), "mixed": np.arange(12) % 2}, 2)
    >>> found["groups"] > found["mixed"]
    True
    """
    rng = np.random.default_rng(seed)
    some = np.arange(len(target))
    some = some if len(some) <= _GROUPED else np.sort(rng.choice(some, _GROUPED, replace=False))
    groups = rows_in_groups(_grouping_rows(target[some]), _GROUPS_A_CLASS * n_classes, seed=seed)
    return {
        name: float(np.mean([adjusted_agreement(codes[some], one) for one in groups]))
        for name, codes in answers.items()
    }


def consensus(shares: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Share of rows on which a candidate says what all of them say together, by the sum of their probabilities.

    Candidates err in different ways, so that their sum is better than most of them, and the one next to it is seldom
    bad; a candidate that stands alone is rarely right.

    Parameters
    ----------
    shares : dict of str to ndarray of shape (m, K)
        Probabilities of the classes.

    Examples
    --------
    >>> sure, other = np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[0.6, 0.4], [0.4, 0.6]])
    >>> consensus({"one": sure, "two": sure, "alone": other})
    {'one': 1.0, 'two': 1.0, 'alone': 0.5}
    """
    together = np.sum(list(shares.values()), axis=0).argmax(axis=1)
    return {name: float((one.argmax(axis=1) == together).mean()) for name, one in shares.items()}


def chosen_without_labels(alike: Mapping[str, float], agreement: Mapping[str, float], first: Sequence[str] = ()) -> str:
    """The candidate of the largest consensus; of equal ones one of ``first``, then the one that agrees with groups.

    That the consensus decides, and not the groups, was chosen on the pairs that `benchmarks/domains.py` names for it.

    Examples
    --------
    >>> chosen_without_labels({"a": 0.8, "b": 0.7}, {"a": 0.5, "b": 0.6})
    'a'
    """
    return max(alike, key=lambda name: (alike[name], name in first, agreement[name]))


def _grouping_rows(target: np.ndarray) -> np.ndarray:
    """Rows at unit length, in their strongest principal coordinates."""
    space = row_space(np.asarray(Normalizer().transform(np.asarray(target, dtype=np.float64))))
    kept = np.argsort(-space.singular, kind="stable")[:_GROUPING]
    return np.asarray((space.left * space.singular)[:, kept])
