"""What each column of a table is worth to the chosen model: what is lost out of fold where its values are exchanged."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from headstart.contract.answers import predicted
from headstart.data.base.plain import plain
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.out_of_fold import Split, fit_on
from headstart.math.linear.source_worth import mean_and_error

#: Columns that are looked at, and how often the values of each are exchanged in a fold.
MOST_COLUMNS, EXCHANGES = 100, 5


def column_worth(
    material: Material,
    candidate: Candidate,
    splits: Sequence[Split],
    origins: Sequence[str],
    *,
    random_state: int,
    price: float = 0.0,
    left: float = np.inf,
    folds: int | None = None,
) -> dict[str, Any] | None:
    r"""By how much the score of rows that were not learned from falls where one column's values are exchanged.

    In each fold the chosen way learns from the other rows, and the values of a column (all columns of numbers that it
    became) change places among the rows that were held out, five times. For row i the loss is :math:`d_i = s_i -
    \tfrac15 \sum_r s_{ir}`, with s what the row adds to the score; its mean is what is lost, its interval is Student's
    over rows, or over groups. It holds for these models: how much another draw of the training rows would change them
    is not in it. Columns that tell the same stand in for each other, so that none of them is missed.

    Parameters
    ----------
    material : Material
        Of a table.
    candidate : Candidate
        What was chosen.
    splits : sequence of (train, test)
        Of the first cross-validation.
    origins : sequence of d str
        The column of the table that each column of numbers comes from.
    random_state : int
    price : float, default=0
        Seconds that the first fold is expected to take.
    left : float
        Seconds that all may take; a fold that would not fit is not begun.
    folds : int, optional
        How many folds an earlier fit took, whatever the clock says.

    Returns
    -------
    dict or None
        ``metric``, ``n`` rows, ``n_folds``, ``exchanges``, and ``rows`` with ``column``, ``lost``, ``low`` and
        ``high``, the largest loss first. None where there was no time, or for fewer than 2 and more than 100 columns.

    References
    ----------
    Breiman (2001), Random forests, section 10; Fisher, Rudin and Dominici (2019), All models are wrong, but many are
    useful, for any model and held-out rows.
    """
    names = list(dict.fromkeys(origins))
    if not 2 <= len(names) <= MOST_COLUMNS:
        return None
    places = [np.flatnonzero([origin == name for origin in origins]) for name in names]
    rng, begun = np.random.default_rng(random_state), time.monotonic()
    done: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for train, test in splits[:folds]:
        spent = time.monotonic() - begun
        if folds is None and spent + (spent / len(done) if done else price) > left:
            break
        done.append((test, *_exchanged(fit_on(candidate, material, train), material, test, places, rng)))
    if not done:
        return None
    asked = np.concatenate([test for test, _, _ in done])
    own = _adds(material, asked, [whole for _, whole, _ in done])
    lost = np.empty((len(names), len(asked)))
    for c in range(len(names)):
        each = [_adds(material, asked, [moved[c, r] for _, _, moved in done]) for r in range(EXCHANGES)]
        lost[c] = own - np.mean(each, axis=0)
    groups = None if material.groups is None else material.groups[asked]
    mean, error = mean_and_error(lost, groups)
    units = len(asked) if groups is None else len(np.unique(groups))
    reach = error * stats.t.ppf(0.975, max(units - 1, 1))
    order = np.argsort(-mean, kind="stable").tolist()
    return {
        "metric": material.measured.name,
        "n": len(asked),
        "n_folds": len(done),
        "exchanges": EXCHANGES,
        "rows": [
            {"column": names[c], "lost": mean[c], "low": mean[c] - reach[c], "high": mean[c] + reach[c]} for c in order
        ],
    }


def _adds(material: Material, asked: np.ndarray, answers: Sequence[np.ndarray]) -> np.ndarray:
    """What each row adds to the score, the larger the better, (m,)."""
    weight = None if material.weight is None else material.weight[asked]
    measured = material.measured
    return measured.sign * measured.spread(material.target[asked], np.concatenate(answers), weight)


def _exchanged(
    model: Any, material: Material, test: np.ndarray, places: Sequence[np.ndarray], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Answers for rows (m, ...), and where the values of each column changed places, (columns, exchanges, m, ...)."""
    rows = np.asarray(material.rows)[test]
    moved = []
    for columns in places:
        several = np.tile(rows, (EXCHANGES, 1, 1))
        for r in range(EXCHANGES):
            several[r][:, columns] = rows[rng.permutation(len(rows))][:, columns]
        said = predicted(model, several.reshape(-1, rows.shape[1]), material.task, material.classes)
        moved.append(said.reshape(EXCHANGES, len(rows), *said.shape[1:]))
    return predicted(model, rows, material.task, material.classes), np.stack(moved)


def add_column_worth(found: Any, material: Material, encoder: Any, plan: Any, left: float, random_state: int) -> None:
    """Write what the columns of a table are worth into the evidence of what a guard has found.

    Parameters
    ----------
    found : Guarded
    material : Material
    encoder : TableEncoder or None
    plan : dict or None
        Of an earlier fit, which is repeated.
    left : float
        Seconds of the budget.
    random_state : int
    """
    if material.shown is None or not hasattr(encoder, "origins"):
        return
    chosen = next(row for row in found.evidence["candidates"] if row["chosen"])
    worth = column_worth(
        material,
        found.candidate,
        found.splits,
        encoder.origins(),
        random_state=random_state,
        price=chosen["seconds"] / (chosen["n_splits"] * chosen["n_repeats"]),
        left=left,
        folds=None if plan is None else plan.get("columns", 0),
    )
    if worth is not None:
        found.evidence["columns"] = plain(worth)
        found.evidence["plan"]["columns"] = worth["n_folds"]
