"""Feature augmentation, PRED, mSDA, EasyTL and gradual self-training as estimators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix, issparse, vstack
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import StandardScaler

from headstart import (
    AlignedClassifier,
    EasyTransfer,
    FeatureAugmentation,
    FeatureAugmentationClassifier,
    FeatureAugmentationRegressor,
    GradualSelfTrainingClassifier,
    MarginalisedAutoencoder,
    PREDClassifier,
    PREDRegressor,
    Source,
)
from headstart.errors import DataError, ParameterError


def sides(n: int = 80, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    ys, yt = rng.integers(0, 3, n), np.arange(n) % 3
    centres = np.array([[0.0, 0.0, 3.0], [3.0, 0.0, 0.0], [0.0, 3.0, 0.0]])
    Xs = centres[ys] + rng.normal(0, 0.7, (n, 3))
    Xt = centres[yt] * [1.0, 1.3, 0.8] + [0.5, 0.0, -0.5] + rng.normal(0, 0.7, (n, 3))
    return Xs, ys, Xt, yt


@pytest.mark.parametrize("form", [np.asarray, csr_matrix], ids=["dense", "csr"])
def test_feature_augmentation_is_daumes_by_hand(form: Any) -> None:
    Xs, ys, Xt, yt = sides()
    names = np.array(["a", "b", "c"])
    sources = [Source(form(Xs[:30]), names[ys[:30]]), Source(form(Xs[30:]), names[ys[30:]])]
    model = FeatureAugmentationClassifier(LogisticRegression(), source=sources).fit(form(Xt[:12]), names[yt[:12]])
    zeros = np.zeros_like
    one, two, mine = Xs[:30], Xs[30:], Xt[:12]
    wide = np.vstack(
        [
            np.hstack([one, one, zeros(one), zeros(one)]),
            np.hstack([two, zeros(two), two, zeros(two)]),
            np.hstack([mine, zeros(mine), zeros(mine), mine]),
        ]
    )
    by_hand = LogisticRegression().fit(wide, names[np.r_[ys, yt[:12]]])
    there = np.hstack([Xt, zeros(Xt), zeros(Xt), Xt])
    assert np.allclose(model.predict_proba(form(Xt)), by_hand.predict_proba(there), atol=2e-3)
    assert model.n_domains_ == 3


def test_feature_augmentation_maps_rows() -> None:
    Xs, _, Xt, _ = sides()
    mapping = FeatureAugmentation(source=Source(csr_matrix(Xs))).fit(csr_matrix(Xt))
    moved = mapping.transform(csr_matrix(Xt))
    assert issparse(moved) and moved.shape == (80, 9)
    assert np.array_equal(moved.toarray(), np.hstack([Xt, 0 * Xt, Xt]))


def test_augmented_and_predicted_numbers_beat_few_labels_alone() -> None:
    rng = np.random.default_rng(0)
    coef = rng.normal(size=10)
    Xs, Xt = rng.normal(size=(200, 10)), rng.normal(size=(100, 10))
    ys, yt = Xs @ coef, Xt @ coef + 0.5
    alone = Ridge().fit(Xt[:8], yt[:8]).score(Xt, yt)
    for kind in (FeatureAugmentationRegressor, PREDRegressor):
        assert kind(source=Source(Xs, ys)).fit(Xt[:8], yt[:8]).score(Xt, yt) > alone + 0.1


@pytest.mark.parametrize("form", [np.asarray, csr_matrix], ids=["dense", "csr"])
def test_pred_is_daumes_by_hand(form: Any) -> None:
    Xs, ys, Xt, yt = sides()
    kept = ys.copy()
    model = PREDClassifier(LogisticRegression(), source=Source(form(Xs), ys)).fit(form(Xt[:20]), yt[:20])
    inner = LogisticRegression().fit(Xs, ys)
    wider = np.hstack([Xt, inner.predict_proba(Xt)])
    by_hand = LogisticRegression().fit(wider[:20], yt[:20])
    assert np.allclose(model.predict_proba(form(Xt)), by_hand.predict_proba(wider), atol=2e-3)
    assert np.array_equal(ys, kept)
    without = PREDClassifier(LogisticRegression(), Perceptron(), source=Source(Xs, ys)).fit(Xt, yt)
    assert without.estimator_.coef_.shape == (3, 6)


def test_stacked_layers_are_given_on_and_sparse_stays_sparse() -> None:
    rng = np.random.default_rng(0)
    X = (rng.random((60, 12)) < 0.3).astype(np.float32)
    full = MarginalisedAutoencoder(n_layers=3, source=Source(X)).fit(X[:20])
    assert full.transform(X).shape == (60, 48) and full.transform(X).dtype == np.float32
    alone = MarginalisedAutoencoder(n_layers=3, keep_input=False, source=Source(X)).fit(X[:20])
    assert np.allclose(full.transform(X)[:, 12:], alone.transform(X))
    few = MarginalisedAutoencoder(n_layers=2, pivots=4, source=Source(csr_matrix(X))).fit(csr_matrix(X[:20]))
    moved = few.transform(csr_matrix(X))
    assert issparse(moved) and moved.shape == (60, 20)
    with pytest.raises(ParameterError, match="pivots"):
        MarginalisedAutoencoder(pivots="all", source=Source(X)).fit(X)
    with pytest.raises(ParameterError, match="corruption"):
        MarginalisedAutoencoder(corruption=1.0, source=Source(X)).fit(X)


@pytest.mark.parametrize("names", [[-1, 1, 5], ["p", "q", "r"]], ids=["numbers", "words"])
def test_easy_transfer_is_the_nearest_centre_by_hand(names: list[Any]) -> None:
    Xs, ys, Xt, yt = sides()
    labels = np.array(names)
    model = EasyTransfer(align=None, source=Source(Xs, labels[ys])).fit(Xt)
    assert np.array_equal(model.predict(Xt), NearestCentroid().fit(Xs, labels[ys]).predict(Xt))
    assert np.array_equal(model.labels_, model.predict(Xt)) and (model.prices_ == 0).all()
    assert EasyTransfer(source=Source(Xs, labels[ys])).fit(Xt).score(Xt, labels[yt]) > 0.8


def test_easy_transfer_leaves_no_class_empty_and_its_rule_says_the_same_row_by_row() -> None:
    Xs, ys, Xt, _ = sides()
    far = Xt[:15] - [0.0, 6.0, 0.0]
    model = EasyTransfer(align=None, source=Source(Xs, ys)).fit(far)
    assert set(model.labels_) == {0, 1, 2} and (model.prices_ > 0).any()
    assert set(NearestCentroid().fit(Xs, ys).predict(far)) != {0, 1, 2}
    assert np.array_equal(model.predict(far), model.labels_)
    assert [model.predict(far[i : i + 1])[0] for i in range(15)] == model.labels_.tolist()


def test_easy_transfer_keeps_the_labels_that_are_known() -> None:
    Xs, ys, Xt, yt = sides()
    given = (yt[:9] + 1) % 3
    model = EasyTransfer(source=Source(Xs, ys), unlabelled=Xt[9:]).fit(Xt[:9], given)
    assert np.array_equal(model.labels_[:9], given) and len(model.labels_) == 80
    with pytest.raises(ParameterError, match="'coral'"):
        EasyTransfer(align="CORAL", source=Source(Xs, ys)).fit(Xt)


def test_self_training_follows_given_domains_where_a_leap_fails() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 150)
    words = np.array(["no", "yes"])
    flat = np.where(y == 1, 1.5, -1.5)[:, None] * [1.0, 0.0] + rng.normal(0, 0.3, (150, 2))

    def turned(degrees: float) -> np.ndarray:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return flat @ np.array([[c, s], [-s, c]])

    source, target = Source(flat, words[y]), turned(150)
    leap = GradualSelfTrainingClassifier(source=source).fit(target)
    way = GradualSelfTrainingClassifier(source=source, intermediate=[turned(a) for a in range(20, 150, 20)])
    way.fit(target)
    assert leap.score(target, words[y]) < 0.2 and way.score(target, words[y]) > 0.98
    assert len(way.history_) == 8 and np.mean(way.pseudo_labels_ == words[y]) > 0.98


def test_known_labels_survive_self_training() -> None:
    Xs, ys, Xt, yt = sides()
    given = (yt[:6] + 1) % 3
    for path in ("surest first", "transport"):
        model = GradualSelfTrainingClassifier(path=path, source=Source(Xs, ys), unlabelled=Xt[6:]).fit(Xt[:6], given)
        assert np.array_equal(model.pseudo_labels_[:6], given)


def test_self_training_refuses_in_words() -> None:
    Xs, ys, Xt, _ = sides()
    source = Source(Xs, ys)
    with pytest.raises(ParameterError, match="'surest first', 'transport'"):
        GradualSelfTrainingClassifier(path="goat", source=source).fit(Xt)
    with pytest.raises(ParameterError, match="predict_proba"):
        GradualSelfTrainingClassifier(NearestCentroidWithoutScores(), source=source).fit(Xt)
    with pytest.raises(ParameterError, match="list of arrays"):
        GradualSelfTrainingClassifier(intermediate=Xt, source=source).fit(Xt)
    with pytest.raises(DataError, match="two classes"):
        GradualSelfTrainingClassifier(source=Source(Xs, np.zeros(80, int))).fit(Xt)


class NearestCentroidWithoutScores(EasyTransfer):
    """A classifier that says no scores."""


def reviews(folder: Path, name: str) -> tuple[csr_matrix, np.ndarray, csr_matrix, np.ndarray]:
    with np.load(folder / "amazon_reviews_bow" / f"{name}.npz", allow_pickle=False) as z:
        parts = [
            csr_matrix((z[f"{p}_data"], z[f"{p}_indices"], z[f"{p}_indptr"]), shape=(len(z[f"{p}_y"]), 5000))
            for p in ("train", "test")
        ]
        return parts[0].astype(float), z["train_y"], parts[1].astype(float), z["test_y"]


def test_reviews_of_another_kind_of_goods(shared_data: Path) -> None:
    """tf-idf, logistic regression, no label of the target: 77 on average is wanted, 73.5 is what no transfer gives."""
    scores, plain = [], []
    for one, other in (("books", "electronics"), ("electronics", "books")):
        Xs, ys, _, _ = reviews(shared_data, one)
        Xt, _, X_test, y_test = reviews(shared_data, other)
        tfidf = TfidfTransformer(sublinear_tf=True)
        model = GradualSelfTrainingClassifier(source=Source(Xs, ys), preprocess=tfidf, unlabelled=X_test).fit(Xt)
        scores.append(model.score(X_test, y_test))
        tfidf.fit(vstack([Xs, Xt]))
        plain.append(
            LogisticRegression(max_iter=1000).fit(tfidf.transform(Xs), ys).score(tfidf.transform(X_test), y_test)
        )
    assert np.mean(plain) < 0.74 and np.mean(scores) >= 0.77


def test_easy_transfer_gives_the_published_cells(shared_data: Path) -> None:
    """SURF features, Amazon to DSLR and back, to the last digit."""
    with (
        np.load(shared_data / "office_caltech10_surf" / "amazon.npz") as a,
        np.load(shared_data / "office_caltech10_surf" / "dslr.npz") as d,
    ):
        one, other = ((z["x"].astype(float), z["y"].ravel()) for z in (a, d))
    one, other = ((X / X.sum(axis=1, keepdims=True), y) for X, y in (one, other))
    options: dict[str, Any] = {"preprocess": StandardScaler(), "preprocess_scope": "per-domain"}
    for source, target, published in ((one, other, 48.4), (other, one, 38.3)):
        model = EasyTransfer(source=Source(*source), **options).fit(target[0])
        assert round(100 * model.score(*target), 1) == published


def test_mapped_rows_train_any_classifier() -> None:
    Xs, ys, Xt, yt = sides()
    mapping = MarginalisedAutoencoder(source=Source(Xs)).fit(Xt)
    assert mapping.transform_source().shape == (80, 6)
    model = AlignedClassifier(MarginalisedAutoencoder(), source=Source(Xs, ys)).fit(Xt)
    assert model.score(Xt, yt) > 0.8
