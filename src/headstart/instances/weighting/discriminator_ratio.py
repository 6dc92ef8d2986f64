"""The odds of a classifier that tells target rows from source rows, as a weighting."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.contract.weighted_fit import seeded
from headstart.data.tables.column_names import stack
from headstart.errors import ParameterError
from headstart.instances.weighting.base import Weighting
from headstart.math.linear.left_out import left_out_scores
from headstart.math.ratios.gaussian import ordered
from headstart.math.ratios.odds import from_logs, log_ratio_from_odds

CALIBRATIONS = (None, "sigmoid", "isotonic")
#: Columns, or rows of both sides, up to which each row is left out in closed form.
_MOST = 1000


@estimator_class
class DiscriminatorRatio(Weighting):
    r"""Weights from a classifier that learns to tell the target's rows from the source's.

    .. math:: w(x) = \frac{P(\text{target} \mid x)}{P(\text{source} \mid x)} \cdot \frac{n_s}{n_t}

    Source rows that look like the target get large weights. Each row is judged by a classifier that did not learn from
    it, so a flexible one does not recognise the source's rows by heart.

    Use it with many columns, sparse rows, or where a good classifier for such rows is known. With ``class_weight`` or
    weights of its own inside the classifier the odds change by a constant, which the scale to mean 1 removes.

    Parameters
    ----------
    estimator : classifier, optional
        With ``predict_proba`` (or calibrated). Default: standardised columns and ``LogisticRegression(max_iter=1000)``.
    calibration : {None, "sigmoid", "isotonic"}, default=None
        Calibrate its probabilities, by folds inside of each fit.
    n_folds : int >= 2, "auto" or None, default="auto"
        Folds of which each is judged by a classifier that learned from the others. "auto": as many as there are rows
        for the default classifier, from a single fit (`headstart.math.linear.left_out`), where rows or columns are at
        most 1,000; five folds for any other. None: one classifier judges the rows that it learned from.
    random_state : int or None, default=None
        Draws the folds; seeds the classifier where it has ``random_state=None``.

    Attributes
    ----------
    log_ratio_ : ndarray of shape (n_source,)
        Logarithm of the ratio, not scaled.

    Raises
    ------
    ParameterError
        For a classifier that gives no probabilities.

    References
    ----------
    Bickel, Brueckner & Scheffer 2009, equation 4. Rows judged by what has not seen them are ours.

    Examples
    --------
    >>> from headstart import DiscriminatorRatio
    >>> rng = np.random.default_rng(0)
    >>> source, target = rng.normal(0, 1, (300, 2)), rng.normal(0.5, 1, (200, 2))
    >>> bool(DiscriminatorRatio(random_state=0).fit(source, target).weights_[source[:, 0] > 1].mean() > 1)
    True
    """

    estimator: Any = None
    _: KW_ONLY
    calibration: str | None = None
    n_folds: int | str | None = "auto"
    random_state: int | None = None

    def _ratio(self, source: Any, target: Any, y: np.ndarray | None) -> np.ndarray:
        check_option("calibration", self.calibration, CALIBRATIONS)
        if self.n_folds != "auto":
            check_number("n_folds", self.n_folds, 2, whole=True, optional=True)
        rng = self._rng()
        n_source, n_target = source.shape[0], target.shape[0]
        if self._at_once(source, target):
            odds = _left_out(stack([source, target]), np.repeat([0, 1], [n_source, n_target]))
            self.log_ratio_ = odds[:n_source] + np.log(n_source / n_target)
            return from_logs(self.log_ratio_)
        order = np.concatenate([ordered(source, rng), n_source + ordered(target, rng)])
        rows, of_target = stack([source, target])[order], (order >= n_source).astype(int)
        probability = np.empty(n_source + n_target)
        for train, test in self._splits(of_target, rng):
            fitted = self._classifier(rows, of_target[train], rng).fit(rows[train], of_target[train])
            probability[order[test]] = fitted.predict_proba(rows[test])[:, 1]
        self.log_ratio_ = log_ratio_from_odds(probability[:n_source], n_source, n_target)
        return from_logs(self.log_ratio_)

    def _at_once(self, source: Any, target: Any) -> bool:
        """Whether the rows are judged by one fit in closed form."""
        plain = self.estimator is None and self.calibration is None and self.n_folds == "auto"
        n = source.shape[0] + target.shape[0]
        return plain and min(n, source.shape[1]) <= _MOST and min(source.shape[0], target.shape[0]) > 1

    def _splits(self, of_target: np.ndarray, rng: np.random.Generator) -> Any:
        every = np.arange(len(of_target))
        wanted = 5 if self.n_folds == "auto" else int(self.n_folds or 0)
        folds = min(wanted, int(np.bincount(of_target).min()))
        if folds < 2:
            return [(every, every)]
        seed = int(rng.integers(2**31 - 1))
        return StratifiedKFold(folds, shuffle=True, random_state=seed).split(every, of_target)

    def _classifier(self, rows: Any, of_target: np.ndarray, rng: np.random.Generator) -> Any:
        made = seeded(standardised_logistic(rows) if self.estimator is None else self.estimator, rng)
        least = int(np.bincount(of_target).min())
        if self.calibration is not None and least >= 2:
            made = CalibratedClassifierCV(made, method=self.calibration, cv=min(5, least))
        if not hasattr(made, "predict_proba"):
            raise ParameterError(
                f"Expected a classifier with predict_proba, found {type(made).__name__}.",
                'Take another one, or calibration="sigmoid".',
            )
        return made


def standardised_logistic(rows: Any) -> Any:
    """Logistic regression on standardised columns; of sparse rows the means stay."""
    return make_pipeline(StandardScaler(with_mean=not sparse.issparse(rows)), LogisticRegression(max_iter=1000))


def _left_out(rows: Any, of_target: np.ndarray) -> np.ndarray:
    """Log-odds of each row by the default classifier on all the others; single precision serves."""
    columns = np.asarray(rows.toarray() if sparse.issparse(rows) else rows, dtype=np.float64)  # a copy: of both sides
    largest = np.abs(columns).max(axis=0)
    columns -= columns.mean(axis=0)
    scale = np.sqrt(np.einsum("ij,ij->j", columns, columns) / len(columns))
    columns /= np.where(scale > 1e-12 * largest, scale, np.maximum(largest, 1.0))
    scaled = columns.astype(np.float32)
    odds = LogisticRegression(max_iter=1000).fit(scaled, of_target).decision_function(scaled)
    return left_out_scores(scaled, of_target, odds.astype(np.float64))
