"""Scores of features: against the formula written out, and against the density of the model."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from headstart.math.statistics.relatedness import standardised
from headstart.math.statistics.transferability import gaussian_bhattacharyya, log_evidence


def test_the_evidence_is_the_largest_density_of_the_model() -> None:
    rng = np.random.default_rng(0)
    F = rng.normal(size=(40, 4))
    y = F @ [1.0, -0.5, 0.0, 0.3] + 0.7 * rng.normal(size=40)
    x, centred = standardised(F).astype(float), y - y.mean()

    def minus(logs: np.ndarray) -> float:
        a, b = np.exp(logs)
        return -float(multivariate_normal(cov=x @ x.T / a + np.eye(40) / b).logpdf(centred))

    best = -minimize(minus, np.zeros(2), method="Nelder-Mead").fun / 40
    # the formula has 1/2 of each term, as the log-density: n ln(b) / 2 + ... all over n
    assert log_evidence(F, y[:, None], max_iter=200) == pytest.approx(best, abs=1e-3)


def test_bhattacharyya_as_written_out() -> None:
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], 15)
    X = rng.normal(size=(30, 3)) + codes[:, None] * [1.0, 0.0, 0.0]
    _, _, axes = np.linalg.svd(standardised(X).astype(float), full_matrices=False)
    R = standardised(X).astype(float) @ axes.T
    one, two = R[codes == 0], R[codes == 1]
    within = (one.var(axis=0) + two.var(axis=0)) / 2 + 1e-6
    a, b = (0.5 * part.var(axis=0) + 0.5 * within for part in (one, two))
    s = (a + b) / 2
    far = ((one.mean(axis=0) - two.mean(axis=0)) ** 2 / s).sum() / 8
    far += 0.5 * np.log(np.prod(s) / np.sqrt(np.prod(a) * np.prod(b)))
    assert gaussian_bhattacharyya(X, codes) == pytest.approx(-np.exp(-far), rel=1e-4)


def test_two_examples_of_a_class_are_enough() -> None:
    X = np.random.default_rng(0).normal(size=(6, 50))
    assert -1 <= gaussian_bhattacharyya(X, np.array([0, 0, 1, 1, 2, 2])) <= 0
