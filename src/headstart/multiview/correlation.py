"""What several views say alike, as columns of numbers: generalised canonical correlation."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.model_selection import KFold

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number
from headstart.errors import ParameterError
from headstart.math.views.canonical import CanonicalViews, canonical_views, view_correlations
from headstart.math.views.scaling import ViewScale, equal_variance
from headstart.multiview.base import BaseMultiView

_RIDGES = (0.001, 0.01, 0.1, 1.0)
_SPLITS = 3


@estimator_class
class MultiViewCCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseMultiView):
    """The directions of each view that all views agree on: MAXVAR generalised canonical correlation.

    A row becomes the mean of what the views that it has say of it, so that rows with gaps have the same columns as
    others. What no two views share (the noise of a microphone, the light of a picture) is left behind. It looks at no
    label: rows without labels are what it is made of.

    Parameters
    ----------
    n_components : int, default=10
        At most so many, 1 or more.
    ridge : "auto" or float above 0, default="auto"
        Of each view, in terms of its largest variance. "auto": of 0.001, 0.01, 0.1 and 1 that of the highest
        correlations on rows left out.

    Attributes
    ----------
    correlations_ : ndarray of shape (p,)
        Between the scores of two views, averaged over pairs of views, **on rows that were left out** (3 folds). In the
        rows that were fitted to they are near 1 for wide views, whatever these hold.
    agreement_ : ndarray of shape (p,)
        In-sample, in 0 to 1.
    ridge_ : float
    scales_ : tuple of ViewScale
    maps_ : CanonicalViews

    References
    ----------
    Kettenring (1971), "Canonical analysis of several sets of variables", MAXVAR; van de Velden and Takane (2012),
    "Generalized canonical correlation analysis with missing values"; see `headstart.math.views.canonical`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(200, 1))
    >>> X = np.hstack([shared + 0.3 * rng.normal(size=(200, 3)), shared + 0.3 * rng.normal(size=(200, 3))])
    >>> cca = MultiViewCCA({"left": slice(0, 3), "right": slice(3, 6)}, n_components=2).fit(X)
    >>> bool(cca.correlations_[0] > 0.9), bool(abs(cca.correlations_[1]) < 0.3), cca.transform(X).shape
    (True, True, (200, 2))
    """

    n_components: int = 10
    _: KW_ONLY
    ridge: Any = "auto"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from rows, and from those in ``unlabelled``; y is not looked at."""
        check_number("n_components", self.n_components, 1, whole=True)
        if not (isinstance(self.ridge, str) and self.ridge == "auto"):
            check_number("ridge", self.ridge, 0, open_low=True)
        encoded, more = self._encode(X)
        if len(self.encoder_.slices_) < 2 and self.views is not None:
            raise ParameterError("Expected two views or more to correlate, found one.", "Name another in views=.")
        views, present = self._parts(encoded if more is None else np.concatenate([encoded, more]))
        scales = tuple(equal_variance(V[there]) for V, there in zip(views, present.T, strict=True))
        scaled = [scale(V) for scale, V in zip(scales, views, strict=True)]
        wanted = int(self.n_components)
        ridges = _RIDGES if isinstance(self.ridge, str) else (float(self.ridge),)
        held = {ridge: _held_out(scaled, present, wanted, ridge) for ridge in ridges}
        self.ridge_ = max(ridges, key=lambda ridge: float(np.nan_to_num(held[ridge]).sum()))
        self.scales_: tuple[ViewScale, ...] = scales
        self.maps_: CanonicalViews = canonical_views(scaled, present, wanted, ridge=self.ridge_)
        self.agreement_ = self.maps_.agreement
        self.correlations_ = held[self.ridge_][: len(self.agreement_)]
        self._n_features_out = len(self.agreement_)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The shared scores of rows, (n, p): the mean over the views that are there."""
        views, present = self._rows(X)
        scaled = [scale(V) for scale, V in zip(self.scales_, views, strict=True)]
        return self.maps_.scores(scaled, present)


def _held_out(views: list[np.ndarray], present: np.ndarray, n_components: int, ridge: float) -> np.ndarray:
    """Correlations of views on rows left out, (p,), averaged over folds; NaN where rows are too few."""
    n, found = len(present), []
    if n < 3 * _SPLITS:
        return np.full(n_components, np.nan)
    for train, test in KFold(_SPLITS, shuffle=True, random_state=0).split(present):
        if not present[train].any(axis=0).all():
            continue
        maps = canonical_views([V[train] for V in views], present[train], n_components, ridge=ridge)
        said = view_correlations(maps.each([V[test] for V in views]), present[test])
        found.append(np.concatenate([said, np.zeros(n_components - len(said))]))
    return np.nanmean(found, axis=0) if found else np.full(n_components, np.nan)
