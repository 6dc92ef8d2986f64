"""Classes and numbers learned from several views of the same objects, any of which may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_consistent_length

from headstart.contract.estimator_class import estimator_class
from headstart.data.reading.views import RESERVED
from headstart.errors import DataError, ParameterError
from headstart.multiview.base import BaseMultiView
from headstart.multiview.choosing import ChosenWay, Way, choose_way
from headstart.multiview.fusion import FusedViews, fuse, ready_views


@estimator_class
class BaseFused(BaseMultiView):
    """What classes and numbers share.

    Parameters
    ----------
    fusion : {"auto", "product", "joint", "discriminant", "best view"} or name of a view, default="auto"
        How the views are joined. "product": a head a view, multiplied. "joint": one head on all views side by side,
        each of equal variance. "discriminant" (classes, with ``unlabelled``): the joint head with a semi-supervised
        discriminant. The name of a view: that one alone. "best view": whichever single one is best on rows left out.
        "auto": the discriminant where there are rows without labels, else the product, unless another of all these is
        clearly better on rows left out
        (`headstart.multiview.choosing.choose_way`).
    random_state : int, optional
        Of the rows that are left out.

    Attributes
    ----------
    fusion_ : str
        What was taken.
    losses_ : dict of str to float
        Loss of each way that was measured, on rows left out; empty where none was.
    temperature_ : float
        What log-probabilities are divided by; 1 where nothing was measured.
    ready_ : ReadyViews
        Scales, and what fills a missing view in.
    fused_ : FusedViews

    Raises
    ------
    ParameterError
        For views or a fusion that there are not.
    DataError
        For a row without any view.
    """

    fusion: str = "auto"
    _: KW_ONLY
    random_state: int | None = None

    def _ways(self, names: Sequence[str], semi: bool) -> dict[str, Way]:
        """The ways that are compared, the first of which is taken without evidence."""
        single: dict[str, Way] = {name: ("one", i) for i, name in enumerate(names)}
        joined: dict[str, Way] = {"product": ("product", -1), "joint": ("joint", -1)}
        learned: dict[str, Way] = {"discriminant": ("discriminant", -1)} if semi else {}
        if self.fusion == "best view":
            return single
        if self.fusion == "auto":
            return {**learned, **(joined if len(names) > 1 else {}), **single}
        known = {**joined, **learned, **single}
        if self.fusion not in known:
            found = f"Expected fusion {', '.join(map(repr, [*RESERVED, *names]))}, found {self.fusion!r}."
            if self.fusion == "discriminant":
                raise ParameterError(
                    "Expected classes, and unlabelled= rows, for the fusion 'discriminant', found neither or one.",
                    "Give rows without labels, or take fusion='product'.",
                )
            raise ParameterError(found, "Take one of these.")
        return {self.fusion: known[self.fusion]}

    def _learn(self, X: Any, Y: np.ndarray, groups: Any, numbers: bool) -> None:
        """Encode, fill in, choose and fit."""
        encoded, more = self._encode(X)
        check_consistent_length(encoded, Y)
        if groups is not None:
            check_consistent_length(encoded, groups)
            groups = np.asarray(groups)
        views, present = self._parts(encoded)
        others, elsewhere = ([], present[:0]) if more is None else self._parts(more)
        whole = [np.concatenate([a, b]) for a, b in zip(views, others, strict=True)] if others else views
        self.ready_ = ready_views(whole, np.concatenate([present, elsewhere]))
        ready = self.ready_(views, present)
        extra = self.ready_(others, elsewhere) if others else None
        semi = extra is not None and not numbers and Y.shape[1] > 1
        ways = self._ways(list(self.encoder_.slices_), semi)
        seed = 0 if self.random_state is None else int(self.random_state)
        how: dict[str, Any] = {"numbers": numbers, "groups": groups, "more": extra}
        chosen = ChosenWay(next(iter(ways)))
        if self.fusion in ("auto", "best view"):
            chosen = choose_way(ways, ready, Y, random_state=seed, **how)
        name = chosen.name
        if self.fusion == "best view" and chosen.losses:
            name = min(chosen.losses, key=chosen.losses.__getitem__)
        self.fusion_, self.losses_, self.temperature_ = name, chosen.losses, chosen.temperature
        fusion, view = ways[name]
        self.fused_: FusedViews = fuse(fusion, ready, Y, view=view, **how)

    def _scores(self, X: Any) -> np.ndarray:
        """Log-probabilities or numbers of new rows."""
        views, present = self._rows(X)
        return self.fused_.scores(self.ready_(views, present))


@estimator_class
class MultiViewClassifier(ClassifierMixin, BaseFused):
    r"""Classes from several views of the same objects: the picture and the sound, the picture and the table.

    Each view is brought to equal variance and a view that is missing in a row is predicted from those that are there,
    by ridge regression on all rows, with labels and without. Then a linear head a view, multiplied:

    .. math:: p(k \mid x) \propto \pi_k^{1 - V} \prod_v p_v(k \mid x^v)

    unless another way is measurably better (``fusion``). Pictures, clips and texts go through a pretrained network,
    whose features are computed once and kept.

    For objects that are seen in more than one way. Where one view knows everything the others know, it is as good
    alone, and "auto" finds that out where there are labels enough to tell.

    References
    ----------
    Kittler, Hatef, Duin and Matas (1998), "On combining classifiers" (the product rule).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=100)
    >>> X = y[:, None] + rng.normal(0, 0.5, (100, 6))
    >>> X[::4, 3:] = np.nan
    >>> model = MultiViewClassifier({"left": slice(0, 3), "right": slice(3, 6)}).fit(X, y)
    >>> bool(model.score(X, y) > 0.9), model.predict([[1.0, 1.0, 1.0, np.nan, np.nan, np.nan]]).tolist()
    (True, [1])
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn from rows with labels.

        Parameters
        ----------
        X : DataFrame or array of shape (n, d)
            Cells that are empty, None or NaN are missing; a row needs one view or more.
        y : array-like of shape (n,)
        groups : array-like of shape (n,), optional
            Rows of one group never stand on both sides where ways are compared.
        """
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        labels = _check_y(y, estimator=self)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            found = ", ".join(f"one class: {label!r}" for label in self.classes_.tolist()) or "no rows"
            raise DataError(f"Expected two classes or more, found {found}.", "Add rows of other classes.")
        self._learn(X, np.eye(len(self.classes_))[codes], groups, numbers=False)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes in ``classes_``, (n, K)."""
        scores = self._scores(X)
        return np.exp(log_softmax(scores / self.temperature_, axis=1))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest classes, (n,)."""
        chosen = self._scores(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen])


@estimator_class
class MultiViewRegressor(RegressorMixin, BaseFused):
    """Numbers from several views of the same objects. See `MultiViewClassifier`.

    The views' ridge heads are multiplied as normal distributions, each as wide as its leave-one-out error
    (`headstart.math.views.products.product_of_numbers`): a view that knows nothing is left out by itself.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 4))
    >>> y = X[:, 0] + X[:, 2]
    >>> model = MultiViewRegressor({"left": [0, 1], "right": [2, 3]}).fit(X, y)
    >>> model.fusion_, bool(model.score(X, y) > 0.99)
    ('joint', True)
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Learn from rows with numbers y, (n,); see `MultiViewClassifier.fit`."""
        if y is None:
            raise ValueError(f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.")
        self._learn(X, _check_y(y, y_numeric=True, estimator=self).astype(np.float64)[:, None], groups, numbers=True)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,)."""
        return self._scores(X)[:, 0]
