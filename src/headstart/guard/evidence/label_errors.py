"""Labels worth a second look, and what a model said of the examples that it did not learn from."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.guard.candidates.material import Material
from headstart.guard.evidence.mistakes import SHOWN, entry

#: Labels that are listed, and held-out answers that are kept, at most.
MOST, HELD = 50, 1000
#: How much surer of another class: from about here on most are wrong, also where a model is right in 70% alone.
SURER = 0.7


def label_errors(material: Material, probabilities: np.ndarray, labels: list[Any] | None) -> list[dict[str, Any]]:
    """Examples whose label is likely wrong, the likeliest first.

    Parameters
    ----------
    material : Material
        Of classes; of other tasks nothing is said.
    probabilities : array (n, K)
        Calibrated, out of fold.
    labels : list or None
        Class names.

    Returns
    -------
    list of dict
        As the mistakes have them: ``name``, ``true`` (the label), ``predicted`` (the class suggested), ``probability``
        (of that class), and of the first twelve something to see or hear; at most 50.
    """
    if material.task != "classification" or labels is None:
        return []
    rows, suggested = likely_wrong(probabilities, material.target)
    found = []
    for place, (i, k) in enumerate(zip(rows[:MOST], suggested[:MOST], strict=True)):
        said = labels[material.target[i]], labels[k], float(probabilities[i, k])
        found.append(entry(material, int(i), *said, shown=place < SHOWN))
    return found


def held_out(material: Material, probabilities: np.ndarray, random_state: int) -> dict[str, list[float]] | None:
    """Probabilities of the label and of the answer of at most 1,000 examples, by models that had not seen them.

    Parameters
    ----------
    material : Material
    probabilities : array (n, K)
        Calibrated, out of fold.
    random_state : int
        Of the drawing.

    Returns
    -------
    dict or None
        ``of_label`` and ``of_answer``; None for other tasks than classes.
    """
    if material.task != "classification":
        return None
    kept = np.sort(np.random.default_rng(random_state).permutation(len(probabilities))[:HELD])
    of_label = probabilities[kept, material.target[kept]]
    return {"of_label": of_label.round(6).tolist(), "of_answer": probabilities[kept].max(axis=1).round(6).tolist()}


def likely_wrong(probabilities: np.ndarray, codes: np.ndarray, surer: float = SURER) -> tuple[np.ndarray, np.ndarray]:
    r"""Examples whose label is likely wrong, the likeliest first, and the class each seems to be.

    A class is confidently answered where its probability reaches what it is on average among examples of that label,

    .. math:: t_j = \frac{1}{|\{i : y_i = j\}|} \sum_{i : y_i = j} p_{ij}.

    An example is listed where, of the classes that reach their t, the likeliest is another than its label and likelier
    than it by ``surer`` at least. The order is by the margin p(label) - p(that class), the smallest first.

    Parameters
    ----------
    probabilities : ndarray of shape (n, K)
        Out of fold, and calibrated.
    codes : ndarray of int, shape (n,)
        Labels as numbers from 0 to K - 1.
    surer : float, default=0.7
        From 0 to 1.

    Returns
    -------
    rows : ndarray of int, shape (m,)
    suggested : ndarray of int, shape (m,)

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Confident learning: estimating uncertainty in dataset labels, equations 1 and 2
    and the ranking by normalised margin. Where we differ: all off the diagonal of the confident joint are listed, not
    as many as its counts say, but only with such a margin: a model that is often wrong would list half of the rows.

    Examples
    --------
    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    >>> rows, suggested = likely_wrong(sure, np.array([0, 0, 1, 1, 0]))
    >>> rows.tolist(), suggested.tolist()
    ([4], [1])
    """
    n, n_classes = probabilities.shape
    counts = np.bincount(codes, minlength=n_classes)
    own = probabilities[np.arange(n), codes]
    usual = np.bincount(codes, weights=own, minlength=n_classes) / np.maximum(counts, 1)
    usual[counts == 0] = np.inf
    reached = np.where(probabilities >= usual, probabilities, -1.0)
    suggested = reached.argmax(axis=1)
    margin = own - reached.max(axis=1)
    rows = np.flatnonzero((reached.max(axis=1) >= 0) & (suggested != codes) & (margin < 0) & (margin <= -surer))
    rows = rows[np.argsort(margin[rows], kind="stable")]
    return rows, suggested[rows]
