"""Last blocks adapted to a target without labels: what moves and what does not, saving, and refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_pictures import network, pictures, source
from torch import nn

import headstart
from headstart import AdaptedClassifier, Pictures, Source, TransferClassifier
from headstart.data.inputs.canvases import canvases
from headstart.errors import DataError, ParameterError
from headstart.features.adapted.matching import MinimumClassConfusion
from headstart.features.adapted.names import ADAPTATIONS
from headstart.networks.network import Network
from headstart.networks.running.runtime import to_tensor
from headstart.parameters.tuning import adapting
from headstart.source import NetworkSource

SOLVED = ("solved", "joined")
TRAINED = [
    n for n, (module, _, options) in ADAPTATIONS.items() if module not in SOLVED and not options.get("standardise")
]


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapting, "STEPS", 4)


def normed() -> NetworkSource:
    """A network with batch norm before and behind the last block."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        parts = [nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 12, 3, 2, 1), nn.BatchNorm2d(12)]
        net = nn.Sequential(*parts, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5))
    return NetworkSource(net.eval(), size=32, name="normed")


def elsewhere(n: int = 24, **how: Any) -> Source:
    return Source(*pictures(n), name="elsewhere", **how)


def here(n: int = 24, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Darker, and with another tint."""
    X, y = pictures(n, seed)
    return (X * np.array([0.5, 0.7, 0.5]) + [0, 40, 25]).astype(np.uint8), y


def adapted(name: Any, given: Any = None, train: str = "last:1", **settings: Any) -> TransferClassifier:
    both = [source() if given is None else given, elsewhere()]
    head = AdaptedClassifier(name, target_classes=settings.pop("target_classes", None))
    return TransferClassifier(both, train=train, head=head, **({"epochs": 2, "random_state": 0} | settings))


def moved(before: Network, after: Network) -> set[str]:
    """Names of parameters and buffers that are not what they were, to the bit."""
    own, new = before.module.state_dict(), after.module.state_dict()
    head = f"{before.chain.output_layer}."
    return {name for name in own if not name.startswith(head) and not torch.equal(own[name], new[name])}


@pytest.mark.parametrize("name", TRAINED)
def test_each_loss_reaches_the_last_block_and_nothing_before_it(name: str) -> None:
    X, _ = here()
    start = adapted(name, train="head").fit(X)
    model = adapted(name).fit(X)
    assert moved(start.network_, model.network_) == {"2.weight", "2.bias"}
    assert len(model.history_) == 2 and np.isfinite(model.predict_proba(X)).all()


def test_the_start_is_the_head_that_is_solved_on_the_source() -> None:
    X, _ = here()
    alone = adapted("source only", train="head").fit(X)
    still = adapted("shot", learning_rate=1e-12).fit(X)
    assert np.allclose(alone.predict_proba(X), still.predict_proba(X), atol=1e-3)
    monge = adapted("linear monge", train="head").fit(X)
    carried = adapted("monge-shot", learning_rate=1e-12).fit(X)
    assert np.allclose(monge.predict_proba(X), carried.predict_proba(X), atol=1e-3)


def test_standardising_estimates_batch_norm_anew_and_moves_nothing_else() -> None:
    X, y = here()
    plain, model = (adapted("z-score", normed(), train=train).fit(X) for train in ("head", "last:1"))
    norm = {"4.running_mean", "4.running_var"}
    assert moved(plain.network_, model.network_) == norm
    with torch.no_grad():
        inside = plain.network_.module[:4](_prepared(plain.network_, X))
    found = model.network_.module[4]
    assert torch.allclose(found.running_mean, inside.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(found.running_var, inside.var((0, 2, 3)), rtol=1e-3)
    assert model.score(X, y) > 0.8
    trained = adapted("z-shot", normed()).fit(X)
    assert norm < moved(plain.network_, trained.network_)
    assert torch.equal(trained.network_.module[4].running_mean, found.running_mean)


def _prepared(network: Network, X: np.ndarray) -> torch.Tensor:
    arrays = [network.preprocessing.centre(c) for c in canvases(Pictures(list(X)), network.preprocessing)]
    return to_tensor(network.preprocessing.stack(arrays), network.preprocessing)


def test_it_is_a_standard_model_the_same_when_loaded(tmp_path: Path) -> None:
    X, _ = here()
    model = adapted("shot").fit(X)
    again = headstart.load(model.save(tmp_path / "model"), module=network())
    assert again.classes_.tolist() == ["blue", "red"]
    assert np.allclose(again.predict_proba(X), model.predict_proba(X), atol=1e-5)
    assert np.allclose(again.estimator.embed(X), model.embed(X), atol=1e-5)


def test_the_same_seed_gives_the_same_and_a_killed_training_goes_on(tmp_path: Path) -> None:
    X, _ = here()
    whole = adapted("dann", checkpoint=tmp_path / "state").fit(X)
    assert np.array_equal(whole.predict_proba(X), adapted("dann").fit(X).predict_proba(X))
    again = adapted("dann", checkpoint=tmp_path / "state").fit(X)  # nothing is left to train
    assert np.array_equal(whole.predict_proba(X), again.predict_proba(X))
    other = adapted("dann", checkpoint=tmp_path / "state").fit(X[::2])
    assert not np.array_equal(whole.predict_proba(X), other.predict_proba(X))


def test_labels_of_the_target_take_part_where_they_are_given() -> None:
    """Names that were exchanged elsewhere cannot be told without labels."""
    (X, y), wrong = here(60), np.array(["blue", "red"])
    lent = Source(pictures(10)[0], wrong[np.arange(10) % 2])
    made = TransferClassifier([source(), lent], train="last:1", head=AdaptedClassifier(), epochs=2, random_state=0)
    blind = made.fit(X).score(X[:30], y[:30])
    made.set_params(unlabelled=Pictures(list(X[30:]))).fit(X[:30], y[:30])
    assert blind < made.score(X[:30], y[:30])


@pytest.mark.parametrize("train", ["head", "last:1"])
def test_classes_that_the_target_has_are_named(train: str) -> None:
    X, y = pictures(60)
    three = Source(X, np.where(np.arange(60) % 3, y, "green"))
    head = AdaptedClassifier(target_classes=["blue", "red"])
    model = TransferClassifier([source(), three], train=train, head=head, epochs=1, random_state=0).fit(here()[0])
    assert model.classes_.tolist() == ["blue", "red"]


def test_what_cannot_be_adapted_is_refused_in_words() -> None:
    X, y = here(20)
    for name, words in (("joined", "changes the head alone"), ("z-score", "found no batch norm in them")):
        with pytest.raises(ParameterError, match=words):
            adapted(name).fit(X)
    with pytest.raises(ParameterError, match="learns from the source's labels too"):
        adapted(MinimumClassConfusion(standardise=True), normed()).fit(X)
    for how in ({"train": "all"}, {"cache": False}):
        with pytest.raises(ParameterError, match=r"Expected train='last:k' with cache=True"):
            adapted("shot", **how).fit(X)
    with pytest.raises(ParameterError, match="train='head' with a method as the head"):
        TransferClassifier(source(), train="last:1", head=AdaptedClassifier()).fit(X, y)
    for given in (source(), None):
        with pytest.raises(ParameterError, match="Expected a label for each of 20 pictures, found 0"):
            TransferClassifier(given, head=AdaptedClassifier()).fit(X)
    with pytest.raises(ParameterError, match="Expected a label for each of 20 pictures, found 0"):
        TransferClassifier([source(), elsewhere()]).fit(X)
    with pytest.raises(DataError, match="target y is None"):
        TransferClassifier([source(), elsewhere()], head=headstart.TrAdaBoostClassifier()).fit(X)


@pytest.mark.parametrize("beside", ["sample_weight", "groups"])
def test_what_is_of_labelled_examples_is_not_passed_over_without_labels(beside: str) -> None:
    X, _ = here()
    with pytest.raises(ParameterError, match=f"where the target has no labels, found {beside}"):
        adapted("shot", train="head").fit(X, **{beside: np.arange(len(X))})
