"""Regular transfer as estimators: rows or coefficients as source, many classes, sparse rows, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.svm import LinearSVC

from headstart.errors import ParameterError, SourceError
from headstart.parameters.tables.regular_transfer import RegularTransferClassifier, RegularTransferRegressor
from headstart.source import Source


def classes(K: int, n: int = 12, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(15, K))
    Xs, X, new = (rng.normal(size=(m, 15)) for m in (400, n * K, 300))
    names = np.array(["ant", "bee", "cow", "dog"])[:K]
    return Xs, names[(Xs @ W).argmax(1)], X, names[(X @ W).argmax(1)], new, names[(new @ W).argmax(1)]


@pytest.mark.parametrize("K", [2, 4])
def test_a_near_source_helps(K: int) -> None:
    Xs, ys, X, y, new, y_new = classes(K, n=5)
    alone = RegularTransferClassifier(random_state=0).fit(X, y).score(new, y_new)
    model = RegularTransferClassifier(source=Source(Xs, ys), random_state=0).fit(X, y)
    assert model.score(new, y_new) > alone + 0.1
    shares = model.predict_proba(new)
    assert np.allclose(shares.sum(1), 1) and np.array_equal(model.classes_[shares.argmax(1)], model.predict(new))
    assert model.coef_.shape == ((1, 15) if K == 2 else (4, 15)) and np.isfinite(model.log_loss_)


@pytest.mark.parametrize("K", [2, 4])
def test_lambda_is_lambda_and_not_its_square(K: int) -> None:
    """The stationary point of the stated objective, at a lambda at which the square would show."""
    Xs, ys, X, y, *_ = classes(K)
    source = LogisticRegression(max_iter=1000).fit(Xs, ys)
    model = RegularTransferClassifier(penalty=5.0, source=source).fit(X, y)
    hot = (y[:, None] == model.classes_).astype(float)
    slope = X.T @ (model.predict_proba(X) - hot)
    pull = 2 * 5.0 * (model.coef_ - model.source_coef_).T
    assert np.abs((slope[:, 1:] if K == 2 else slope) + pull).max() < 1e-4
    assert np.allclose(model.source_coef_, source.coef_)


def test_numbers_lambda_and_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    X, w = rng.normal(size=(12, 20)), rng.normal(size=20)
    y = X @ w + 4
    source = Ridge(alpha=1e-3).fit(rng.normal(size=(50, 20)), rng.normal(size=50))
    model = RegularTransferRegressor(penalty=3.0, source=source).fit(X, y)
    peer = Ridge(alpha=3.0).fit(X, y - X @ source.coef_)
    assert np.allclose(model.coef_, peer.coef_ + source.coef_) and model.intercept_ == pytest.approx(peer.intercept_)


def test_a_class_that_the_source_lacks_is_learned_and_one_that_the_target_lacks_stays_known() -> None:
    Xs, ys, X, y, *_ = classes(4)
    some = ys != "dog"
    model = RegularTransferClassifier(source=Source(Xs[some], ys[some]), random_state=0).fit(X, y)
    assert (model.source_coef_[3] == 0).all() and "dog" in model.predict(X)
    seen = y != "bee"
    other = RegularTransferClassifier(source=Source(Xs, ys), random_state=0).fit(X[seen], y[seen])
    assert other.classes_.tolist() == ["ant", "bee", "cow", "dog"] and np.isfinite(other.predict_proba(X)).all()
    pair = LogisticRegression().fit(Xs[some & (ys != "cow")], ys[some & (ys != "cow")])
    wide = RegularTransferClassifier(source=pair, random_state=0).fit(X, y)
    assert np.allclose(wide.source_coef_[1], pair.coef_[0] / 2) and np.allclose(
        wide.source_coef_[0], -pair.coef_[0] / 2
    )


def test_models_as_sources_survive_clones_cross_validation_and_grids() -> None:
    Xs, ys, X, y, *_ = classes(2)
    fitted = LinearSVC().fit(Xs, ys)
    model = RegularTransferClassifier(source=fitted, random_state=0)
    assert clone(model).source is fitted and np.isfinite(cross_val_score(model, X, y, cv=3, error_score="raise")).all()
    grid = {"source": [FrozenEstimator(fitted), Source(Xs, ys), None]}
    search = GridSearchCV(RegularTransferClassifier(penalty=1.0), grid, cv=3, error_score="raise").fit(X, y)
    assert search.cv_results_["mean_test_score"][0] > search.cv_results_["mean_test_score"][2]


def test_sparse_rows_say_what_dense_ones_say() -> None:
    Xs, ys, X, y, *_ = classes(4)
    dense = RegularTransferClassifier(source=Source(Xs, ys), random_state=0).fit(X, y)
    rows = RegularTransferClassifier(source=Source(sparse.csr_matrix(Xs), ys), random_state=0)
    rows.fit(sparse.csr_matrix(X), y)
    assert np.allclose(rows.coef_, dense.coef_, atol=1e-5)
    numbers = RegularTransferRegressor(source=Source(Xs, Xs[:, 0])).fit(X, X[:, 0])
    thin = RegularTransferRegressor(source=Source(sparse.csr_matrix(Xs), Xs[:, 0])).fit(sparse.csr_matrix(X), X[:, 0])
    assert np.allclose(thin.predict(sparse.csr_matrix(X)), numbers.predict(X), atol=1e-6)


def test_what_cannot_be_borrowed_is_refused_in_words() -> None:
    Xs, ys, X, y, *_ = classes(2)
    cases = [
        (RegularTransferClassifier(source=RandomForestClassifier(2).fit(Xs, ys)), "without coef_"),
        (RegularTransferClassifier(source=LogisticRegression()), "Expected a fitted linear model"),
        (RegularTransferClassifier(source=Ridge().fit(Xs, Xs[:, 0])), "without classes_"),
        (RegularTransferClassifier(source=LogisticRegression().fit(Xs[:, :3], ys)), "15 columns.*found 3"),
    ]
    for model, words in cases:
        with pytest.raises(SourceError, match=words):
            model.fit(X, y)
    with pytest.raises(SourceError, match="for one number"):
        RegularTransferRegressor(source=LogisticRegression().fit(Xs, ys)).fit(X, X[:, 0])
    for penalty, words in (("atuo", "'auto', found 'atuo'"), (0.0, "above 0, found 0.0"), (-1.0, "above 0")):
        with pytest.raises(ParameterError, match=words):
            RegularTransferClassifier(penalty=penalty).fit(X, y)
    with pytest.raises(ParameterError, match="found one class"):
        RegularTransferClassifier().fit(X, np.zeros(len(X)))
