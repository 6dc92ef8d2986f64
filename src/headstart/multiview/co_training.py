"""Views that teach each other on rows without labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from scipy.special import log_softmax

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.errors import ParameterError
from headstart.math.views.co_training import co_train
from headstart.multiview.fused import MultiViewClassifier
from headstart.multiview.fusion import fuse, ready_views, solve_head


@estimator_class
class CoTrainingClassifier(MultiViewClassifier):
    """Co-training: in rounds the view that is sure of a row without a label labels it for the others.

    For views each of which is enough to tell the classes, and that err independently: a word in a page and the words of
    links to it, a picture and a sound. Where views err together it teaches them their errors, and it loses with gaps
    and where one view knows little; ``MultiViewClassifier(unlabelled=...)`` stands that better (``docs/views.md``).

    Parameters
    ----------
    rounds : int, default=30
        1 or more.
    per_class : int, default=1
        Rows of the rarest class that a view labels in a round, 1 or more; of commoner ones more, by their shares.
    pool : int, default=75
        Rows that are looked at in a round, 1 or more.
    fusion : {"product", "joint"} or name of a view, default="product"
        What learns from all rows that have a label in the end.

    Attributes
    ----------
    taught_ : ndarray of shape (m,)
        What the rows without labels were labelled, as a position in ``classes_``; -1 of those that were not.

    References
    ----------
    Blum and Mitchell (1998), "Combining labeled and unlabeled data with co-training", table 1; see
    `headstart.math.views.co_training.co_train` for any number of views and classes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=300)
    >>> X = 2.0 * y[:, None] + rng.normal(0, 0.7, (300, 4))
    >>> few = np.r_[np.flatnonzero(y == 0)[:2], np.flatnonzero(y == 1)[:2]]
    >>> model = CoTrainingClassifier({"left": [0, 1], "right": [2, 3]}, unlabelled=X).fit(X[few], y[few])
    >>> bool(model.score(X, y) > 0.95), bool((model.taught_ >= 0).sum() > 40)
    (True, True)
    """

    fusion: str = "product"
    _: KW_ONLY
    rounds: int = 30
    per_class: int = 1
    pool: int = 75

    def _learn(self, X: Any, Y: np.ndarray, groups: Any, numbers: bool) -> None:
        check_number("rounds", self.rounds, 1, whole=True)
        check_number("per_class", self.per_class, 1, whole=True)
        check_number("pool", self.pool, 1, whole=True)
        if self.fusion in ("auto", "best view", "discriminant"):
            raise ParameterError(
                f"Expected fusion 'product', 'joint' or the name of a view, found {self.fusion!r}.",
                "The labels that views give each other are no measure of which way is best.",
            )
        if self.unlabelled is None:
            super()._learn(X, Y, groups, numbers)
            self.taught_ = np.zeros(0, dtype=int)
            return
        encoded, more = self._encode(X)
        assert more is not None
        views, present = self._parts(np.concatenate([encoded, more]))
        self.ready_ = ready_views(views, present)
        ready = self.ready_(views, present)
        n, K = Y.shape
        known = np.concatenate([Y.argmax(axis=1), np.full(len(more), -1)])
        scaled = self.ready_.scaled(views)

        def learn(v: int, rows: np.ndarray, codes: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            head = solve_head(scaled[v][rows], np.eye(K)[codes], numbers=False, choose=False)
            return lambda asked: np.exp(log_softmax(head(scaled[v][asked]), axis=1))

        seed = 0 if self.random_state is None else int(self.random_state)
        how = {"rounds": int(self.rounds), "per_class": int(self.per_class), "pool": int(self.pool)}
        codes = co_train(learn, known, present, K, random_state=seed, **how)
        self.taught_ = codes[n:]
        rows = np.flatnonzero(codes >= 0)
        name, (fusion, view) = next(iter(self._ways(list(self.encoder_.slices_), semi=False).items()))
        self.fusion_, self.losses_, self.temperature_ = name, {}, 1.0
        learned = [V[rows] for V in ready]
        self.fused_ = fuse(fusion, learned, np.eye(K)[codes[rows]], numbers=False, view=view)
