"""What scikit-learn's users expect of a safe choice: names, sparse rows, scores."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from headstart import SafeTransferClassifier, SafeTransferRegressor, Source
from headstart.data.tables import rows as table_rows
from headstart.errors import DataError

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(60, 4)), columns=list("abcd"))
y = np.where(X.a + X.b > 0, "yes", "no")
there = pd.DataFrame(rng.normal(size=(80, 4)) + 0.1, columns=list("abcd"))
source = Source(there, np.where(there.a + there.b > 0, "yes", "no"))


@pytest.fixture(scope="module")
def model() -> SafeTransferClassifier:
    return SafeTransferClassifier(source=source, budget=5, n_splits=3).fit(X, y)


def test_names_are_kept_and_checked(model: SafeTransferClassifier) -> None:
    assert model.feature_names_in_.tolist() == list("abcd") and model.n_features_in_ == 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wanted = model.predict_proba(X)
        assert np.array_equal(model.predict_proba(X[list("dcba")]), wanted)
    with pytest.raises(ValueError, match="yet now missing:\n- d"):
        model.predict(X[list("abc")])
    with pytest.warns(UserWarning, match="X does not have valid feature names, but SafeTransferClassifier"):
        assert np.array_equal(model.predict_proba(X.to_numpy()), wanted)
    with pytest.raises(ValueError, match="X has 3 features, but SafeTransferClassifier is expecting 4"):
        model.predict(X.to_numpy()[:, :3])


def test_decision_function_agrees_with_the_probabilities(model: SafeTransferClassifier) -> None:
    odds, shares = model.decision_function(X), model.predict_proba(X)
    assert odds.shape == (60,) and np.allclose(1 / (1 + np.exp(-odds)), shares[:, 1], atol=1e-6)
    assert np.array_equal(model.classes_[(odds > 0).astype(int)], model.predict(X))


def test_sparse_rows_answer_as_dense_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, other = sparse.csr_matrix(X.to_numpy()), sparse.csr_matrix(there.to_numpy())
    dense = SafeTransferClassifier(source=Source(there.to_numpy(), source.y), budget=60, n_splits=3)
    loose = SafeTransferClassifier(source=Source(other, source.y), budget=60, n_splits=3)
    wanted = dense.fit(X.to_numpy(), y).predict_proba(X.to_numpy())
    assert np.allclose(loose.fit(rows, y).predict_proba(rows), wanted)
    SafeTransferRegressor(budget=2, n_splits=3).fit(rows, X.a.to_numpy()).predict(rows)
    monkeypatch.setattr(table_rows, "_MOST_CELLS", 100)
    with pytest.raises(DataError, match=r"sparse matrix of at most 100 cells, found 60 x 4"):
        loose.fit(rows, y)
