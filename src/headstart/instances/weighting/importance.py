"""An estimator on weighted source rows, and on the target's labelled rows."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.utils import get_tags

from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, Side, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import DataError, ParameterError
from headstart.instances.source_use import SourceUseMixin
from headstart.instances.weighting.balanced_weighting import BalancedWeighting
from headstart.instances.weighting.base import Weighting
from headstart.instances.weighting.discriminator_ratio import DiscriminatorRatio
from headstart.instances.weighting.kernel_density_ratio import KernelDensityRatio
from headstart.instances.weighting.kernel_mean_matching import KernelMeanMatching
from headstart.instances.weighting.kliep import KLIEP
from headstart.instances.weighting.least_squares_ratio import RULSIF, ULSIF
from headstart.instances.weighting.nearest_neighbour_ratio import NearestNeighbourRatio
from headstart.instances.weighting.target_shift import BBSE, MMDTargetShift
from headstart.math.ratios.odds import effective_sample_size

#: Short names that ``weighting=`` takes.
WEIGHTINGS: dict[str, type[Weighting]] = {
    "balanced": BalancedWeighting,
    "bbse": BBSE,
    "discriminator": DiscriminatorRatio,
    "kernel-density": KernelDensityRatio,
    "kliep": KLIEP,
    "kmm": KernelMeanMatching,
    "mmd-target-shift": MMDTargetShift,
    "nearest-neighbour": NearestNeighbourRatio,
    "rulsif": RULSIF,
    "ulsif": ULSIF,
}


@estimator_class
class BaseImportanceWeighted(SourceUseMixin, WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `ImportanceWeightedClassifier`.

    Parameters
    ----------
    random_state : int or None, default=None
        Seed of a weighting that has none.

    Attributes
    ----------
    weights_ : ndarray of shape (n_source,)
        Weight of every source row, mean 1, in the order of ``source``. See `explain_source`.
    effective_sample_size_ : float
        As many equal source rows would count as much. A collapse draws a `TransferWarning`.
    weighting_ : Weighting or None
        Fitted.
    estimator_ : classifier or regressor
        Fitted.

    Raises
    ------
    ParameterError
        For an unknown weighting, and for what the weighting itself refuses.
    """

    estimator: Any = None
    weighting: Any = "rulsif"
    _: KW_ONLY
    random_state: int | None = None

    def _weighting(self) -> Weighting | None:
        """The weighting that will be fitted, seeded where it has no seed of its own; None: all rows alike."""
        if self.weighting is None:
            return None
        if isinstance(self.weighting, str) and self.weighting in WEIGHTINGS:
            made = WEIGHTINGS[self.weighting]()
        elif isinstance(self.weighting, Weighting):
            made = clone(self.weighting)
        else:
            names = ", ".join(repr(name) for name in WEIGHTINGS)
            raise ParameterError(
                f"Expected weighting to be one of {names}, a Weighting or None, found {self.weighting!r}."
            )
        if self._task == "regression" and made._needs_classes():
            raise ParameterError(
                f"Expected a weighting for numbers, found {type(made).__name__}, which weighs classes.",
                "Take another one, for example RULSIF().",
            )
        own = made.get_params()
        unset = [name for name in own if name.rpartition("__")[2] == "random_state" and own[name] is None]
        return made.set_params(**dict.fromkeys(unset, self.random_state))

    def _check(self) -> None:
        self._weighting()

    def _learn_alone(self, domains: Domains) -> None:
        self.weighting_: Weighting | None = None
        self.weights_, self.effective_sample_size_ = np.zeros(0), 0.0
        super()._learn_alone(domains)

    def _learn(self, domains: Domains) -> None:
        source, self.weighting_ = domains.source, self._weighting()
        found = np.ones(len(source))
        if self.weighting_ is not None:
            self.weighting_.fit(source.X, domains.target_rows, domains.labels(source))
            found = self.weighting_.weights_
        self.weights_ = np.concatenate(domains.as_given(found))
        self.effective_sample_size_ = effective_sample_size(found)
        whole = self._weighed(domains, found)
        self.estimator_ = fit_weighted(self._unfitted(), whole.X, domains.labels(whole), whole.sample_weight)

    def _weighed(self, domains: Domains, found: np.ndarray) -> Side:
        """Source rows and labelled target rows with their weights."""
        source, target = domains.source, domains.target
        weight = found * source.weights
        if not weight.sum() > 0:
            raise DataError("Expected weight on some row of the source, found none.", "Give other sample_weight.")
        if target.y is None:
            return replace(source, sample_weight=weight)
        own = target.weights
        share = None if self.weighting_ is None else self.weighting_.target_share_
        if share is not None and own.sum() > 0:
            total = len(weight) + len(own)
            weight, own = weight * ((1 - share) * total / weight.sum()), own * (share * total / own.sum())
        return together([replace(source, sample_weight=weight), replace(target, sample_weight=own)])

    def _takes_missing(self) -> bool:
        return self.source is None and bool(get_tags(self._unfitted()).input_tags.allow_nan)


@estimator_class
class ImportanceWeightedClassifier(ClassifierMixin, BaseImportanceWeighted):
    """A classifier that learns from source rows, each weighted by how much it looks like the target.

    Labelled rows of the target are added, with weight 1 each where the source's have mean 1 (see `BalancedWeighting`
    for another balance). Without labels, ``fit(X)``, it learns from the weighted source alone. Without a source it is
    its estimator, fitted on the target, exactly.

    Use it where inputs (or, with a target-shift weighting, the shares of classes) differ between the sides, and the
    rule from inputs to labels is the same. A flexible classifier gains little from weights: it fits everywhere at once.

    Parameters
    ----------
    estimator : classifier, optional
        Takes ``sample_weight``. Default: ``LogisticRegression(max_iter=1000)``.
    weighting : str, Weighting or None, default="rulsif"
        "balanced", "bbse", "discriminator", "kernel-density", "kliep", "kmm", "mmd-target-shift", "nearest-neighbour",
        "rulsif", "ulsif", or an object such as ``KernelMeanMatching(bound=10)``. None: all source rows alike.

    Examples
    --------
    >>> from headstart import ImportanceWeightedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(0, 1, (400, 1)), rng.normal(1, 0.4, (200, 1))
    >>> ys = np.where(np.abs(Xs[:, 0]) > 1, "far", "near")
    >>> model = ImportanceWeightedClassifier(source=Source(Xs, ys), random_state=0).fit(X)
    >>> model.predict([[0.5], [1.5]]).tolist()
    ['near', 'far']
    """


@estimator_class
class ImportanceWeightedRegressor(RegressorMixin, BaseImportanceWeighted):
    """A regressor that learns from source rows, each weighted by how much it looks like the target.

    See `ImportanceWeightedClassifier`; weightings that correct the shares of classes are refused.

    Parameters
    ----------
    estimator : regressor, optional
        Takes ``sample_weight``. Default: ``Ridge()``.
    weighting : str, Weighting or None, default="rulsif"
        "balanced", "discriminator", "kernel-density", "kliep", "kmm", "nearest-neighbour", "rulsif", "ulsif", or an
        object such as ``KernelMeanMatching(bound=10)``. None: all source rows alike.

    Examples
    --------
    >>> from headstart import ImportanceWeightedRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> Xs, X = rng.normal(0, 1, (400, 1)), rng.normal(1, 0.3, (200, 1))
    >>> model = ImportanceWeightedRegressor(source=Source(Xs, Xs[:, 0] ** 2), random_state=0).fit(X)
    >>> bool(model.score(X, X[:, 0] ** 2) > 0.8)
    True
    """
