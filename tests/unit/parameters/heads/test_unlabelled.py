"""A head that learns from examples without labels: gain, saving, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from tiny_pictures import pictures, source

from headstart import Model, Pictures, TransferClassifier, TransferRegressor, load
from headstart.errors import DataError, ParameterError
from headstart.networks.running.features import Features
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.heads.unlabelled import solve_with_unlabelled


def rows(seed: int, n: int = 300) -> tuple[Features, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(3, p=[0.6, 0.2, 0.2], size=n)
    y[:6] = [0, 0, 1, 1, 2, 2]
    directions = np.random.default_rng(9).normal(size=(4, 20))
    return Features.of(3 * directions[3] + directions[y] + rng.normal(0, 1.4, (n, 20))), y


def test_it_says_what_the_discriminant_says_and_is_better_than_few_labels_alone() -> None:
    gains = []
    for seed in range(4):
        features, y = rows(seed)
        targets = class_targets(y[:6], None)
        head, shares = solve_with_unlabelled(features[:6], features[6:], targets)
        alone = solve_head(features[:6], targets, "linear")
        right = [(one.scores(features[6:]).argmax(axis=1) == y[6:]).mean() for one in (head, alone)]
        gains.append(right[0] - right[1])
        assert head.is_linear and np.abs(shares - [0.6, 0.2, 0.2]).max() < 0.15
    assert np.mean(gains) > 0.02 and min(gains) > -0.02


def fitted(**settings: Any) -> TransferClassifier:
    X, y = pictures(60)
    return TransferClassifier(source(), random_state=0, unlabelled=Pictures(list(X[8:])), **settings).fit(X[:8], y[:8])


def test_pictures_without_labels_are_learned_from_and_the_model_is_saved_like_any_other(tmp_path: Any) -> None:
    model, (X, y) = fitted(), pictures(80, seed=3)
    assert model.score(X, y) > 0.85 and model.fitted_.linear is not None
    assert model.class_shares_ is not None and np.abs(model.class_shares_ - 0.5).max() < 0.15
    saved = Model(model, {}, task="classification", classes=["blue", "red"], temperature=1.0, input_type="image")
    again = load(saved.save(tmp_path / "model"), module=None if model.network_ is None else model.network_.module)
    assert np.allclose(again.predict_proba(X), saved.predict_proba(X), atol=1e-5)
    assert again.estimator.unlabelled is None


def test_clones_share_the_pictures() -> None:
    more = Pictures(list(pictures(10)[0]))
    assert clone(TransferClassifier(source(), unlabelled=more)).unlabelled is more


def test_without_them_nothing_changes() -> None:
    X, y = pictures(20)
    one, other = (TransferClassifier(source(), random_state=0, **more).fit(X, y) for more in ({}, {"unlabelled": None}))
    assert np.array_equal(one.predict_proba(X), other.predict_proba(X)) and one.class_shares_ is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train": "contrastive"}, "found classification, train='contrastive'"),
        ({"head": "depths"}, "head='depths'"),
        ({"views": 2}, "views=2"),
    ],
)
def test_what_cannot_learn_from_them_is_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ParameterError, match=r"Expected unlabelled with classes of pictures.*" + words):
        fitted(**settings)


def test_other_kinds_and_tasks_are_refused() -> None:
    X, y = pictures(8)
    with pytest.raises(DataError, match="Expected pictures, without labels, found texts"):
        TransferClassifier(source(), unlabelled=["see you at eight", "a free prize"]).fit(X, y)
    several = np.column_stack([y == "red", y == "blue"]).astype(int)
    with pytest.raises(ParameterError, match="found multilabel"):
        TransferClassifier(source(), unlabelled=Pictures(list(X))).fit(X, several)
    with pytest.raises(ParameterError, match=r"found ready-made features.*SemiSupervisedDiscriminantClassifier"):
        TransferClassifier(unlabelled=Pictures(list(X))).fit(np.eye(4), [0, 1, 0, 1])
    assert "unlabelled" not in TransferRegressor().get_params()
