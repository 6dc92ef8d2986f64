"""A network that learns from views of examples without labels: what a step sees, skewed shares, and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from text_families import family_folder
from tiny_pictures import pictures, source

from headstart import Pictures, TransferClassifier
from headstart.data.pictures.augment import Augmentation
from headstart.errors import ParameterError
from headstart.networks.reading.loading import load_network
from headstart.nn.losses.consistency import followed
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.tuning.consistency import STEPS, TOGETHER, VIEWS, Teaching, Unlabelled
from headstart.parameters.tuning.trainee import Trainee
from headstart.training.batches import Batch


def labelled(epoch: int) -> list[Batch]:
    return [Batch(torch.zeros(2, 3), torch.eye(2), torch.ones(2))]


def teaching(n: int, blocks: int | None) -> Teaching:
    trainee = Trainee(load_network(source()), 2, TuningSettings(blocks))
    more = Unlabelled(Pictures(list(pictures(n)[0])), np.array([0.5, 0.5]), Augmentation((1.0, 1.0), 1.0, False, 0.0))
    return Teaching(trainee, more, stored=blocks is not None)


@pytest.mark.parametrize("blocks", [1, None])
def test_both_views_of_a_step_are_of_the_same_examples(blocks: int | None) -> None:
    batches, steps = teaching(50, blocks).batches(labelled, epochs=3)
    assert steps == 2
    for epoch in range(3):  # nothing is varied, so that the strong views are the examples themselves
        for pair in batches(epoch):
            assert torch.allclose(pair.weak, pair.strong, atol=1e-4) and len(pair.x) == 2


def test_an_epoch_sees_all_examples_once_as_far_as_the_steps_go() -> None:
    of = teaching(70, 1)
    batches, steps = of.batches(labelled, epochs=2)
    assert sum(len(pair.weak) for pair in batches(0)) >= 70 - TOGETHER and steps == 3
    assert of.batches(labelled, epochs=STEPS)[1] == 1 and VIEWS > 1


def fitted(train: str, **settings: Any) -> TransferClassifier:
    X, y = pictures(60)
    return TransferClassifier(
        source(), random_state=0, train=train, epochs=2, unlabelled=Pictures(list(X[8:])), **settings
    ).fit(X[:8], y[:8])


@pytest.mark.parametrize("train", ["last:1", "all"])
def test_the_network_learns_from_them_and_says_how_their_classes_look(train: str) -> None:
    model, (X, y) = fitted(train), pictures(80, seed=3)
    assert model.score(X, y) > 0.85
    assert model.class_shares_ is not None and np.abs(model.class_shares_ - 0.5).max() < 0.15
    assert np.array_equal(model.predict_proba(X), fitted(train).predict_proba(X))


def test_of_texts_channels_are_hidden_and_whole_networks_refused(tmp_path: Path) -> None:
    folder = str(family_folder("bert", tmp_path))
    X = [f"{text} {i}" for i in range(5) for text in ("the cat sat on the mat", "free prize! call now")]
    common: dict[str, Any] = {"random_state": 0, "epochs": 1, "unlabelled": X[4:]}
    model = TransferClassifier(folder, train="last:1", **common).fit(X[:4], [0, 1, 0, 1])
    assert model.class_shares_ is not None and np.isfinite(model.predict_proba(X)).all()
    with pytest.raises(ParameterError, match=r"Expected train='last:k' with unlabelled texts.*boundary"):
        TransferClassifier(folder, train="all", **common).fit(X[:4], [0, 1, 0, 1])


def test_a_killed_training_goes_on_to_the_same_weights_and_not_with_other_examples(tmp_path: Path) -> None:
    whole = fitted("last:1", checkpoint=tmp_path / "state")
    X, y = pictures(60)
    again = fitted("last:1", checkpoint=tmp_path / "state")  # nothing is left to train
    assert np.array_equal(again.predict_proba(X), whole.predict_proba(X)) and len(again.history_) == 2
    fewer = TransferClassifier(source(), random_state=0, train="last:1", epochs=2, checkpoint=tmp_path / "state")
    fewer.set_params(unlabelled=Pictures(list(X[30:]))).fit(X[:8], y[:8])
    assert not np.array_equal(fewer.predict_proba(X), whole.predict_proba(X))


def test_averages_follow_the_batches_as_the_loss_wants_them() -> None:
    of, shares = teaching(50, 1), torch.tensor([0.5, 0.5])
    rng, state = np.random.default_rng(0), None
    for _ in range(3):
        weak = torch.from_numpy(rng.normal(size=(6, 2)).astype(np.float32))
        state, found = followed(state, weak, shares, 0.9), of.follow(weak)
        assert torch.allclose(found.answers, state.answers) and torch.allclose(found.variance, state.variance)


def test_equal_labels_do_not_make_skewed_examples_equal() -> None:
    X, y = pictures(120)
    red, blue = np.flatnonzero(y == "red"), np.flatnonzero(y == "blue")
    few, more = np.r_[red[:4], blue[:4]], np.r_[red[4:44], blue[4:8]]
    model = TransferClassifier(source(), random_state=0, train="last:1", epochs=2, unlabelled=Pictures(list(X[more])))
    model.fit(X[few], y[few])
    assert model.class_shares_ is not None and model.class_shares_[1] > 0.6  # half way between 10 : 1 and equal
    assert model.score(*pictures(80, seed=3)) > 0.85
