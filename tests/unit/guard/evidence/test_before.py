"""What is said before anything is trained, and how curves and mistakes are made."""

from __future__ import annotations

import base64
import dataclasses
import io

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from tiny_pictures import network, pictures

from headstart.data.pictures.pictures import as_pictures
from headstart.data.pictures.specimen import thumbnail_base64
from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.train_size import train_size
from headstart.guard.comparing.curves import learning_curve, nested_order, sizes
from headstart.guard.comparing.deadline import Deadline
from headstart.guard.comparing.journal import Journal
from headstart.guard.evidence.before import expected, findings, relatedness, source_size, summary
from headstart.guard.evidence.mistakes import surest_mistakes
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.source import NetworkSource


def material(n: int = 30, **card: object) -> Material:
    X, y = pictures(n)
    return Material(as_pictures(X), y, "classification", None, load_network(NetworkSource(network(), size=32, **card)))  # type: ignore[arg-type]


def verdicts(found: list[dict]) -> dict[str, str]:
    return {finding["check"]: finding["verdict"] for finding in found}


def test_a_large_trained_source_is_expected_to_help() -> None:
    found = findings(material(n_examples=1_000_000))
    assert expected(found)
    assert verdicts(found)["size of the source"] == "neutral", "it says nothing of these data"
    assert {"nearest neighbours", "leave-one-out ridge", "layers"} <= verdicts(found).keys()
    assert all(finding["words"].endswith(".") for finding in found)


def test_a_source_with_fewer_examples_is_not() -> None:
    found = findings(material(n_examples=29))
    assert not expected(found)
    assert summary(found).startswith(
        "No gain is to be expected from this source: the source was trained on 29 examples"
    )
    assert source_size(30, 30)["verdict"] == "neutral"


def test_random_weights_are_not() -> None:
    given = material()
    assert given.network is not None
    given = dataclasses.replace(given, network=random_network(given.network, 0))
    found = findings(given)
    assert not expected(found) and verdicts(found)["trained weights"] == "against"
    names = [c.name for c in standard_for_inputs(given.network, "classification", n=30)]
    assert "all layers" not in names and "from scratch" in names


def test_the_measured_relatedness_takes_sides() -> None:
    given = material(60)
    good = np.eye(2)[given.target] + np.random.default_rng(0).normal(0, 0.1, (60, 2))
    noise = np.random.default_rng(1).normal(size=(60, 5))
    features = given.network_features
    assert features is not None
    given.__dict__["simple_features"] = noise
    given.__dict__["network_features"] = dataclasses.replace(features, output=good.astype(np.float32))
    assert {f["verdict"] for f in relatedness(given)} == {"for"}
    given.__dict__["simple_features"] = good
    given.__dict__["network_features"] = dataclasses.replace(features, output=noise.astype(np.float32))
    assert {f["verdict"] for f in relatedness(given)} == {"against"}
    assert summary(findings(given)).startswith("No gain is to be expected from this source: nearest")


def test_without_a_network_nothing_is_said() -> None:
    X, y = pictures(10)
    assert summary(findings(Material(as_pictures(X), y, "classification"))).startswith("Nothing speaks for or against")


def test_sizes_are_few_and_balanced() -> None:
    assert sizes(1000, 3) == [10, 20, 50, 100, 200, 500, 1000]
    assert sizes(30, 10) == [30]
    target = np.array([0] * 90 + [1] * 10)
    order = nested_order(target, "classification", np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(100))
    assert 2 <= target[order[:10]].sum() <= 4
    assert 2 <= target[order[:20]].sum() <= 4


def test_a_learning_curve_rises() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(150) % 2
    X = rng.normal(size=(150, 10)) + 0.9 * y[:, None] * (np.arange(10) < 3)
    given = Material(X, y, "classification")
    candidate = Candidate("line", LogisticRegression(), False, "line")
    splits = folds(y, "classification")
    curve = learning_curve(candidate, given, splits, n_folds=4)
    assert curve is not None and curve["n"] == [10, 20, 50, 120]
    assert curve["n_splits"] == 4 and curve["score"][-1] > curve["score"][0]
    assert all(low <= s <= high for low, s, high in zip(curve["low"], curve["score"], curve["high"], strict=True))
    over = Deadline(Journal(spent=100), 10)
    assert learning_curve(candidate, given, splits, deadline=over) is None


def test_mistakes_come_surest_first_with_a_thumbnail() -> None:
    given = material(6)
    p = np.full((6, 2), 0.5)
    p[np.arange(6), given.target] = 0.9
    p[1] = np.roll([0.7, 0.3], given.target[1] == 0)
    p[4] = np.roll([0.95, 0.05], given.target[4] == 0)
    found = surest_mistakes(given, p / p.sum(axis=1, keepdims=True), ["blue", "red"])
    assert [entry["name"] for entry in found] == ["picture 4", "picture 1"]
    assert found[0]["true"] != found[0]["predicted"] and found[0]["probability"] == pytest.approx(0.95)
    assert Image.open(io.BytesIO(base64.b64decode(found[0]["thumbnail"]))).format == "JPEG"
    wide = Image.open(io.BytesIO(base64.b64decode(thumbnail_base64(np.zeros((300, 600, 3), dtype=np.uint8)))))
    assert wide.size == (192, 96)


def test_smaller_pictures_only_where_the_network_takes_them() -> None:
    small = load_network(NetworkSource(network(), size=32))
    large = load_network(NetworkSource(network(), size=224))
    assert train_size(small) is None
    assert train_size(large) == 160
    from torch import nn

    rigid = nn.Sequential(nn.Conv2d(3, 2, 16, 16), nn.Flatten(), nn.Linear(2 * 14 * 14, 3))
    assert train_size(load_network(NetworkSource(rigid, size=224))) is None
