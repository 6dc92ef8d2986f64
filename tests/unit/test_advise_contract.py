"""scikit-learn's own checks of the guard."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from headstart.advise.safe import SafeTransferClassifier, SafeTransferRegressor

CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{getattr(check, 'func', check).__name__}")
    for made in (SafeTransferClassifier(n_splits=2), SafeTransferRegressor(n_splits=2))
    for estimator, check in estimator_checks_generator(made)
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_accepts_it(estimator: Any, check: Any) -> None:
    check(estimator)
