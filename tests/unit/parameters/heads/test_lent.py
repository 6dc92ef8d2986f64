"""Labelled sets beside a network: their examples are learned from, and nothing is judged on them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from headstart import CORAL, AlignedClassifier, Source, TransferClassifier, TransferRegressor
from headstart.errors import DataError, ParameterError, SourceError
from headstart.models.model import Model, load
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.parameters.heads.by_rows import solve_by
from headstart.parameters.heads.lent import lent_examples, weighed
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import class_targets, number_targets

STARTER = "starter:pictures"


def pictures(n: int, seed: int, dark: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    wave = 60 * (np.sin(np.arange(32) * 1.2) > 0)
    kinds = np.stack([np.broadcast_to(wave, (32, 32)), np.broadcast_to(wave[:, None], (32, 32)), np.full((32, 32), 30)])
    noisy = np.clip(kinds[y] + 60 - dark + rng.normal(0, 90, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along", "flat"])[y]


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, ...]:
    return *pictures(120, 0), *pictures(90, 1, dark=20)


def test_what_is_lent_is_learned_from(sides) -> None:
    X, y, Xt, yt = sides
    alone = TransferClassifier(STARTER, random_state=0).fit(Xt[:3], yt[:3])
    helped = TransferClassifier([STARTER, Source(X, y)], random_state=0).fit(Xt[:3], yt[:3])
    assert helped.score(Xt[3:], yt[3:]) > alone.score(Xt[3:], yt[3:]) + 0.05
    split = TransferClassifier([Source(X[60:], y[60:]), STARTER, Source(X[:60], y[:60])], random_state=0)
    assert np.allclose(split.fit(Xt[:3], yt[:3]).predict_proba(Xt), helped.predict_proba(Xt), atol=1e-3)


def test_nothing_is_judged_on_what_is_lent() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 5))
    y = np.where(X[:, 0] + 0.3 * rng.normal(size=60) > 0, "a", "b")
    worse, wrong = np.r_[X, X[:20]], np.r_[y, np.where(y[:20] == "a", "b", "a")]
    features, targets = Features.of(worse), class_targets(wrong, None)
    head = solve_head(features, targets, "linear", lent=20)
    alone = solve_head(Features.of(X), class_targets(y, None), "linear")
    # held-out rows are the target's own: opposite labels beside them make the head worse there, not 1/4 of all wrong
    assert alone.loss < head.loss < 1.2
    none = solve_head(features, weighed(targets, 20, 1e-9), "linear", lent=20)
    assert none.loss == pytest.approx(alone.loss, rel=0.05)


def test_leave_one_out_of_numbers_looks_at_the_target_alone() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 3))
    y = X @ [1.0, 2.0, 0.0]
    lent = np.r_[X, rng.normal(size=(30, 3))], np.r_[y, 100 * rng.normal(size=30)]
    light = weighed(number_targets(lent[1]), 30, 1e-9)
    head = solve_head(Features.of(lent[0]), light, "linear", lent=30)
    assert head.loss < 1e-3  # the 30 wild ones would have a loss of about 1


@pytest.mark.parametrize("train", ["last:1", "all"])
def test_layers_learn_from_it_too_and_stop_by_the_target(sides, train) -> None:
    X, y, Xt, yt = sides
    model = TransferClassifier(
        [STARTER, Source(X[:30], y[:30])], train=train, epochs=2, random_state=0, early_stopping=True, augment=None
    )
    assert model.fit(Xt[:15], yt[:15]).score(Xt, yt) > 0.5
    assert "val_loss" in model.history_[0]


def test_numbers_and_deep_heads_and_views(sides) -> None:
    X, y, Xt, yt = sides
    dark = np.random.default_rng(3).uniform(0.1, 1, 120)
    dimmed, numbers = (
        (X * dark[:, None, None]).astype(np.uint8),
        Source((X * dark[:, None, None]).astype(np.uint8), dark),
    )
    model = TransferRegressor([STARTER, numbers]).fit(dimmed[:10], dark[:10])
    assert model.score(dimmed, dark) > 0.5
    for more in ({"head": [8], "epochs": 3}, {"views": 2}, {"head": "hidden", "epochs": 3}):
        found = TransferClassifier([STARTER, Source(X, y)], random_state=0, **more).fit(Xt[:9], yt[:9])
        assert found.predict_proba(Xt[:4]).shape == (4, 3)


def test_a_method_of_rows_is_read_off_as_a_linear_layer(sides, tmp_path) -> None:
    X, y, Xt, yt = sides
    method = AlignedClassifier(CORAL(), LogisticRegression())
    model = TransferClassifier([STARTER, Source(X, y)], head=method).fit(Xt[:12], yt[:12])
    rows, target = (embed(load_network(STARTER), part).output for part in (X, Xt))
    own = AlignedClassifier(CORAL(), LogisticRegression(), source=Source(rows, y)).fit(target[:12], yt[:12])
    asked = embed(load_network(STARTER), Xt, exact=True).output  # a model answers in 32 bits, whatever it learned from
    assert np.allclose(model.predict_proba(Xt), own.predict_proba(asked), atol=2e-3)
    Model(model, {}, task="classification", classes=model.classes_).save(tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert np.allclose(loaded.predict_proba(Xt), model.predict_proba(Xt), atol=1e-5)
    assert loaded.estimator.source.name == STARTER and loaded.estimator.head == "linear"


def test_a_method_reads_numbers_and_ready_made_features() -> None:
    X = np.random.default_rng(0).normal(size=(40, 6))
    y = X @ np.arange(6.0)
    head = solve_by(Ridge(1e-6), Features.of(X), number_targets(y), [])
    assert np.allclose(head.scores(Features.of(X))[:, 0], (y - y.mean()) / y.std(), atol=1e-4)
    labels = np.where(y > 0, "high", "low")
    assert TransferClassifier(head=LogisticRegression()).fit(X, labels).score(X, labels) > 0.9


def test_what_cannot_be_lent_is_refused_in_words(sides) -> None:
    X, y, Xt, yt = sides
    with pytest.raises(ParameterError, match="without a network"):
        TransferClassifier(Source(X, y)).fit(Xt, yt)
    with pytest.raises(ParameterError, match="a network and labelled sets, found ndarray"):
        TransferClassifier([STARTER, X]).fit(Xt, yt)
    with pytest.raises(SourceError, match="Expected labels in the source"):
        TransferClassifier([STARTER, Source(X)]).fit(Xt, yt)
    with pytest.raises(DataError, match="found texts"):
        TransferClassifier([STARTER, Source(["a b", "c d"], y[:2])]).fit(Xt, yt)
    with pytest.raises(SourceError, match="in common"):
        TransferClassifier([STARTER, Source(X, np.char.upper(y))]).fit(Xt, yt)
    with pytest.raises(ParameterError, match="linear in the features"):
        TransferClassifier(STARTER, head=DecisionTreeClassifier()).fit(Xt, yt)
    with pytest.raises(ParameterError, match="train='head' with a method"):
        TransferClassifier(STARTER, head=LogisticRegression(), train="last:1").fit(Xt, yt)
    with pytest.raises(ParameterError, match="has no source="):
        TransferClassifier([STARTER, Source(X, y)], head=LogisticRegression()).fit(Xt, yt)
    with pytest.raises(ParameterError, match="one class or number an example"):
        TransferClassifier([STARTER, Source(X, y)]).fit(Xt, np.eye(3, dtype=int)[np.arange(90) % 3])
    assert lent_examples(STARTER, Xt) is None
