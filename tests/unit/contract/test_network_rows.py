"""A network among what is borrowed makes rows of pictures, for every method of rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart import (
    CORAL,
    AlignedClassifier,
    GradualSelfTrainingClassifier,
    ImportanceWeightedClassifier,
    NetworkSource,
    Pictures,
    SafeAlignedClassifier,
    SemiSupervisedDiscriminantClassifier,
    Source,
    TrAdaBoostClassifier,
)
from headstart.contract.network_rows import network_among, seen
from headstart.errors import DataError, ParameterError, SourceError
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

STARTER = "starter:pictures"


def pictures(n: int, seed: int, dark: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Stripes up and down or left and right, in noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wave = 90 * (np.sin(np.arange(32) * 1.2) > 0)
    stripes = np.where(y[:, None, None] == 1, wave[None, :, None], wave[None, None, :])
    noisy = np.clip(stripes + 60 - dark + rng.normal(0, 25, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along"])[y]


@pytest.fixture(scope="module")
def sides() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return *pictures(40, 0), *pictures(30, 1, dark=40)


@pytest.mark.parametrize(
    "method",
    [
        AlignedClassifier(CORAL(), LogisticRegression()),
        ImportanceWeightedClassifier(LogisticRegression(), random_state=0),
        GradualSelfTrainingClassifier(LogisticRegression()),
        SafeAlignedClassifier(LogisticRegression(), mappings=[CORAL()]),
    ],
    ids=lambda method: type(method).__name__,
)
def test_a_method_answers_as_on_the_features_themselves(method, sides) -> None:
    X, y, Xt, _ = sides
    rows = [embed(load_network(STARTER), part).output for part in (X, Xt)]
    there = method.set_params(source=[STARTER, Source(X, y)]).fit(Xt)
    said = there.predict_proba(Xt)
    own = method.set_params(source=Source(rows[0], y)).fit(rows[1])
    assert np.allclose(said, own.predict_proba(rows[1]), atol=1e-6)


def test_labels_of_the_target_and_rows_without_labels_are_pictures_too(sides) -> None:
    X, y, Xt, yt = sides
    model = SemiSupervisedDiscriminantClassifier(source=STARTER, unlabelled=Xt[10:]).fit(Xt[:10], yt[:10])
    assert model.score(Xt, yt) > 0.9
    boosted = TrAdaBoostClassifier(LogisticRegression(), source=[STARTER, Source(X, y)], n_estimators=3)
    assert boosted.fit(Xt[:10], yt[:10]).score(Xt[10:], yt[10:]) > 0.8
    assert "40 source rows" in str(boosted.explain_source())


def test_order_of_network_and_sets_is_irrelevant_and_a_set_is_seen_once(sides) -> None:
    X, y, Xt, _ = sides
    given = Source(X, y)
    first = AlignedClassifier(source=[STARTER, given]).fit(Xt).predict_proba(Xt)
    second = AlignedClassifier(source=[given, STARTER]).fit(Xt).predict_proba(Xt)
    assert (first == second).all()
    network = load_network(STARTER)
    assert seen(given, network, "the source") is seen(given, network, "the source")


def test_source_alone_is_a_network() -> None:
    module = load_network(STARTER).module
    assert network_among([NetworkSource(module)])[1] is None
    assert network_among(module)[0] is module


def test_what_does_not_go_together_is_refused_in_words(sides) -> None:
    X, y, Xt, _ = sides
    rows = np.zeros((6, 3))
    with pytest.raises(DataError, match="a network is among what is borrowed from, found rows of numbers"):
        AlignedClassifier(source=[STARTER, Source(X, y)]).fit(rows)
    with pytest.raises(DataError, match="Expected pictures in the source, found rows of numbers"):
        AlignedClassifier(source=[STARTER, Source(rows, y[:6])]).fit(Xt)
    with pytest.raises(DataError, match="found texts"):
        AlignedClassifier(source=[STARTER, Source(["a word", "two"], ["across", "along"])]).fit(Xt)
    with pytest.raises(ParameterError, match="one network in source=, found 2"):
        AlignedClassifier(source=[STARTER, "starter:speech", Source(X, y)]).fit(Xt)
    with pytest.raises(DataError, match=r"found pictures[\s\S]*source=\[network, Source"):
        AlignedClassifier(source=Source(rows, y[:6])).fit(Pictures(list(Xt)))
    with pytest.raises(SourceError, match="which takes sounds"):
        AlignedClassifier(source=["starter:speech", Source(X, y)]).fit(Xt)
