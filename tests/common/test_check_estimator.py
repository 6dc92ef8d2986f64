"""scikit-learn's own contract, over every public estimator, with no transfer: `source=None`."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from headstart import SafeTransferClassifier, SafeTransferRegressor, TransferClassifier, TransferRegressor

#: A penalty is chosen on rows that are left out: two copies of a row stand on both sides, a row of weight 2 on one.
_LEFT_OUT = "penalties are chosen on rows that are left out"
_REPEATED = {f"check_sample_weight_equivalence_on_{form}_data": _LEFT_OUT for form in ("dense", "sparse")}


@parametrize_with_checks(
    [
        TransferClassifier(),
        TransferRegressor(),
        SafeTransferClassifier(n_splits=2),
        SafeTransferRegressor(n_splits=2),
    ],
    expected_failed_checks=lambda estimator: _REPEATED,
)
@pytest.mark.filterwarnings("ignore")
def test_contract(estimator: Any, check: Any) -> None:
    check(estimator)
