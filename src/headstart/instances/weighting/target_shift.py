"""Label shift as weightings: each class of the source gets the weight that its share in the target asks for."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.contract.weighted_fit import seeded
from headstart.errors import DataError, ParameterError, TransferWarning
from headstart.instances.weighting.base import Weighting
from headstart.instances.weighting.discriminator_ratio import standardised_logistic
from headstart.math.ratios.gaussian import ordered
from headstart.math.ratios.label_shift import ClassRatios, black_box_shift, mmd_target_shift

#: Condition number above which classes are said to look alike.
ALIKE = 1e3


class BaseTargetShift(Weighting):
    """What both have in common: one weight a class.

    Attributes
    ----------
    weights_ : ndarray of shape (n_source,)
        Mean 1; equal within a class.
    classes_ : ndarray of shape (K,)
    class_weights_ : ndarray of shape (K,)
        Share in the target over share in the source.
    priors_ : ndarray of shape (K,)
        Shares in the target.
    """

    def _needs_classes(self) -> bool:
        return True

    @abstractmethod
    def _class_ratios(self, source: Any, codes: np.ndarray, target: Any) -> ClassRatios:
        """Share of each class in the target over its share in the source."""

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        assert y is not None
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise DataError(f"Expected classes of the source's rows, found other labels: {error}") from error
        self.classes_, codes = np.unique(y, return_inverse=True)
        found = self._class_ratios(source, codes, target)
        self.class_weights_, self.priors_, self.condition_ = found.ratios, found.priors, found.condition
        if len(self.classes_) > 1 and found.condition > ALIKE:
            warnings.warn(
                f"{type(self).__name__} can hardly tell classes apart (condition number {found.condition:.2g}): the "
                "shares of the classes in the target are uncertain.",
                TransferWarning,
                stacklevel=4,
            )
        return found.ratios[codes]


@estimator_class
class MMDTargetShift(BaseTargetShift):
    r"""Weigh classes so that their mixture has the target's mean in a kernel space.

    With label shift the classes look the same on both sides and only their shares differ. The shares p of the target
    minimise :math:`\|\sum_k p_k \mu_k - \mu_t\|^2` over the simplex, a problem of as many variables as classes.

    Use it where the target has another mix of the same classes: another season, another clinic. Do not use it where
    classes look different on both sides.

    Parameters
    ----------
    width : "median" or float > 0, default="median"
        Width of the Gaussian kernel.
    random_state : int or None, default=None
        Draws rows for the median, and landmarks beyond 4e9 kernel values.

    Attributes
    ----------
    condition_ : float
        Condition number of the classes' kernel means; above 1000 there is a warning.

    References
    ----------
    Zhang, Schoelkopf, Muandet & Wang 2013, equation 6, without regularisation and for classes only.

    Examples
    --------
    >>> from headstart import MMDTargetShift
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["rare", "usual"], 100)
    >>> source = rng.normal(3.0 * (y == "usual")[:, None], 1, (200, 1))
    >>> target = np.vstack([source[:80], source[100:120]])
    >>> MMDTargetShift(random_state=0).fit(source, target, y).priors_.round(1).tolist()
    [0.8, 0.2]
    """

    _: KW_ONLY
    width: str | float = "median"
    random_state: int | None = None

    def _class_ratios(self, source: Any, codes: np.ndarray, target: Any) -> ClassRatios:
        return mmd_target_shift(source, codes, target, n_classes=len(self.classes_), width=self.width, rng=self._rng())


@estimator_class
class BBSE(BaseTargetShift):
    r"""Weigh classes by the mistakes of any classifier (black-box shift estimation).

    A classifier's confusions on source rows that it did not learn from say how its predictions on the target come
    about: :math:`\hat w = \hat C^{-1} \hat\mu`. The classifier need not be good, only better than chance on each class.

    Use it under label shift with many columns, where kernel means see little.

    Parameters
    ----------
    estimator : classifier, optional
        Default: standardised columns and ``LogisticRegression(max_iter=1000)``.
    predictions : {"labels", "probabilities"}, default="labels"
        What of the classifier is counted.
    n_folds : int >= 2, default=5
        Folds of the source.
    random_state : int or None, default=None
        Draws the folds; seeds the classifier where it has ``random_state=None``.

    Attributes
    ----------
    condition_ : float
        Condition number of the matrix of confusions; above 1000 there is a warning.

    References
    ----------
    Lipton, Wang & Smola 2018, algorithm 1; with folds instead of one held-out part.

    Examples
    --------
    >>> from headstart import BBSE
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["rare", "usual"], 100)
    >>> source = rng.normal(3.0 * (y == "usual")[:, None], 1, (200, 1))
    >>> target = np.vstack([source[:80], source[100:120]])
    >>> BBSE(random_state=0).fit(source, target, y).priors_.round(1).tolist()
    [0.8, 0.2]
    """

    estimator: Any = None
    _: KW_ONLY
    predictions: str = "labels"
    n_folds: int = 5
    random_state: int | None = None

    def _class_ratios(self, source: Any, codes: np.ndarray, target: Any) -> ClassRatios:
        check_option("predictions", self.predictions, ("labels", "probabilities"))
        check_number("n_folds", self.n_folds, 2, whole=True)
        K, rng = len(self.classes_), self._rng()
        counts = np.bincount(codes)
        if K == 1 or counts.max() < 2:  # nothing to tell apart, or no row to hold out
            return ClassRatios(np.ones(K), counts / len(codes), 1.0 if K == 1 else np.inf)
        order = ordered(source, rng)
        folds = min(self.n_folds, int(counts.max()))
        said = np.zeros((len(codes), K))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            splits = StratifiedKFold(folds, shuffle=True, random_state=int(rng.integers(2**31 - 1)))
            for train, test in splits.split(order, codes[order]):
                said[order[test]] = self._said(source, codes, order[train], source[order[test]], K, rng)
        aim = self._said(source, codes, order, target, K, rng)
        return black_box_shift(said, codes, aim, n_classes=K)

    def _said(
        self, source: Any, codes: np.ndarray, train: np.ndarray, rows: Any, K: int, rng: np.random.Generator
    ) -> np.ndarray:
        """What a classifier that learned from ``train`` says about rows, (n, K)."""
        said = np.zeros((rows.shape[0], K))
        if (codes[train] == codes[train[0]]).all():
            said[:, codes[train[0]]] = 1.0
            return said
        made = standardised_logistic(source) if self.estimator is None else self.estimator
        made = seeded(made, rng).fit(source[train], codes[train])
        if self.predictions == "labels":
            said[np.arange(len(said)), made.predict(rows)] = 1.0
            return said
        if not hasattr(made, "predict_proba"):
            raise ParameterError(
                f"Expected a classifier with predict_proba, found {type(made).__name__}.",
                'Take another one, or predictions="labels".',
            )
        said[:, made.classes_] = made.predict_proba(rows)
        return said
