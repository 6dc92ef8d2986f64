"""scikit-learn's own contract, over every public estimator, with no transfer: `source=None`."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from headstart import SafeTransferClassifier, SafeTransferRegressor, TransferClassifier, TransferRegressor


@parametrize_with_checks(
    [
        TransferClassifier(),
        TransferRegressor(),
        SafeTransferClassifier(n_splits=2),
        SafeTransferRegressor(n_splits=2),
    ]
)
@pytest.mark.filterwarnings("ignore")
def test_contract(estimator: Any, check: Any) -> None:
    check(estimator)
