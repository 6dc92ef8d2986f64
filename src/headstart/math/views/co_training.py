"""Co-training: the view that is sure of a row without a label teaches the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: ``learn(v, rows, codes)``: a function from rows (m,) to class probabilities (m, K), learned by view v alone.
Learn = Callable[[int, np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


def co_train(
    learn: Learn,
    known: np.ndarray,
    present: np.ndarray,
    n_classes: int,
    *,
    rounds: int = 30,
    per_class: int = 1,
    pool: int = 75,
    random_state: int = 0,
) -> np.ndarray:
    """Label rows in rounds, each view those of a random pool that it is most sure of.

    In a round each view learns from all rows that have a label by now and in which it is there; of the pool it then
    labels, for each class k, the ``per_class`` times round(share of k / least share) rows of the highest probability
    of k. Where two views label one row the surer one does. The pool is filled up from the other rows.

    It rests on each view being enough to tell the classes, and on views that are independent given the class: then
    what one is sure of is, for another, a random example with a label.

    Parameters
    ----------
    learn : callable
        ``learn(v, rows, codes)`` gives a function from positions (m,) to probabilities (m, K).
    known : ndarray of int, shape (n,)
        Class codes, -1 where there is no label.
    present : ndarray of bool, shape (n, V)
    n_classes : int
    rounds : int, default=30
        As in the paper; it ends earlier when no row is left.
    per_class : int, default=1
        1 or more.
    pool : int, default=75
        Rows that are looked at in a round, as in the paper; 1 or more.
    random_state : int, default=0

    Returns
    -------
    ndarray of int, shape (n,)
        The codes that are known, and those that were found; -1 where there is none still.

    References
    ----------
    Blum and Mitchell (1998), "Combining labeled and unlabeled data with co-training", table 1 (two views, two classes).
    Where we differ: any number of views and classes, views that may be missing, and the surer view decides; a
    row is given to the class that is likeliest for it alone.

    Examples
    --------
    >>> X = np.array([[0.0, 0.1], [9.0, 8.8], [0.2, 0.0], [8.7, 9.1]])
    >>> def learn(v, rows, codes):
    ...     centres = np.array([X[rows[codes == k], v].mean() for k in range(2)])
    ...     return lambda those: np.exp(-abs(X[those, v][:, None] - centres))
    >>> co_train(learn, np.array([0, 1, -1, -1]), np.ones((4, 2), bool), 2).tolist()
    [0, 1, 0, 1]
    """
    rng = np.random.default_rng(random_state)
    codes, waiting = known.copy(), rng.permutation(np.flatnonzero(known < 0)).tolist()
    shares = np.maximum(np.bincount(known[known >= 0], minlength=n_classes), 1)
    wanted = per_class * np.maximum(np.rint(shares / shares.min()).astype(int), 1)
    watched: list[int] = []
    for _ in range(rounds):
        watched += [waiting.pop() for _ in range(min(pool - len(watched), len(waiting)))]
        if not watched:
            break
        found = _said(learn, codes, present, np.array(watched), wanted)
        if not found:
            break
        for row, (_, code) in found.items():
            codes[row] = code
        watched = [row for row in watched if row not in found]
    return codes


def _said(
    learn: Learn, codes: np.ndarray, present: np.ndarray, watched: np.ndarray, wanted: np.ndarray
) -> dict[int, tuple[float, int]]:
    """The rows that some view labels, with how sure it is and the class."""
    found: dict[int, tuple[float, int]] = {}
    labelled = np.flatnonzero(codes >= 0)
    for v, there in enumerate(present.T):
        rows, asked = labelled[there[labelled]], watched[there[watched]]
        if not len(rows) or not len(asked):
            continue
        p = learn(v, rows, codes[rows])(asked)
        for k, most in enumerate(wanted):
            for i in np.argsort(-p[:, k], kind="stable")[:most]:
                row, sure = int(asked[i]), float(p[i, k])
                if p[i].argmax() == k and sure > found.get(row, (0.0, 0))[0]:
                    found[row] = (sure, k)
    return found
