"""Heads of what has no grid (texts): over the last layers, with the last features as the smaller part."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.networks.reading.loading import load_network
from headstart.networks.running.features import Features
from headstart.parameters.heads.solved import _weights, feature_set, solve_head
from headstart.parameters.heads.targets import class_targets, number_targets


def features(n: int, telling: tuple[float, ...], last: float, seed: int = 0) -> tuple[Features, np.ndarray]:
    """Six depths and the last features, each with the class in its first column, as clear as told."""
    generator = np.random.default_rng(seed)
    y = np.arange(n) % 2

    def noise(clear: float) -> np.ndarray:
        X = generator.standard_normal((n, 12)).astype(np.float32)
        X[:, 0] += clear * (2 * y - 1)
        return X

    return Features(noise(last), tuple(noise(clear) for clear in telling), ()), y


def test_layers_before_the_last_are_read() -> None:
    (train, y), (test, truth) = features(32, (0, 0, 3, 3, 3, 0), 0.3), features(400, (0, 0, 3, 3, 3, 0), 0.3, seed=1)
    head = solve_head(train, class_targets(y, None))
    assert "layers" in {part.name for part in head.parts}
    linear = solve_head(train, class_targets(y, None), "linear")
    right = [(h.scores(test).argmax(axis=1) == truth).mean() for h in (head, linear)]
    assert right[0] > 0.95 and right[0] > right[1] + 0.1


def test_layers_are_the_last_four_of_six() -> None:
    found, _ = features(5, (0,) * 6, 0)
    expected = np.concatenate([np.sign(d) * np.sqrt(np.abs(d)) for d in found.depths[2:]], axis=1)
    assert np.array_equal(feature_set(found, "layers"), expected)


def test_last_features_alone_where_they_are_clearly_better() -> None:
    train, y = features(300, (0,) * 6, 3)
    assert solve_head(train, class_targets(y, None)).is_linear


def test_one_part_that_is_left_of_several_weighs_one() -> None:
    train, y = features(64, (0.5,) * 6, 2)
    head = solve_head(train, class_targets(y, None), "depths")
    assert [(part.name, part.weight) for part in head.parts] == [("output", 1.0)] and head.is_linear


def test_last_features_start_from_a_quarter_and_gain_with_evidence() -> None:
    equal, better = np.array([0.7, 0.7]), np.array([0.5, 0.7])
    assert _weights(equal, 16, False) == pytest.approx([0.25, 0.75])
    few, many = _weights(better, 16, False)[0], _weights(better, 10_000, False)[0]
    assert 0.25 < few < 0.5 < 0.9 < many
    assert _weights(np.array([0.7, 0.7, 0.7]), 16, True) == pytest.approx([1 / 3] * 3)


def test_penalties_come_from_the_features_that_saw_no_label() -> None:
    blind, y = features(24, (0.5,) * 6, 0.5)
    told = Features(10 * np.c_[2 * y - 1, np.zeros((24, 11))].astype(np.float32), (), ())
    targets = class_targets(y, None)
    sure, wary = solve_head(told, targets, "linear"), solve_head(told, targets, "linear", chosen_on=blind)
    assert sure.loss < 0.1 < wary.loss == pytest.approx(solve_head(blind, targets, "linear").loss)
    assert np.abs(wary.scores(told)).max() < np.abs(sure.scores(told)).max()


def test_rows_that_are_not_held_are_scored_a_block_at_a_time() -> None:
    """All blocks at once would be all features in memory."""
    train, y = features(64, (0, 0, 2, 2, 2, 0), 0.5)
    whole, _ = features(9000, (0, 0, 2, 2, 2, 0), 0.5, seed=1)
    head, blocks, most = solve_head(train, class_targets(y, None)), list[weakref.ref[Features]](), list[int]()

    class Stored:
        held = False

        def __len__(self) -> int:
            return len(whole)

        def __getitem__(self, index: slice) -> Features:
            most.append(sum(block() is not None for block in blocks))
            found = whole[index]
            blocks.append(weakref.ref(found))
            return found

    np.testing.assert_allclose(head.scores(Stored()), head.scores(whole), rtol=1e-5)  # type: ignore[arg-type]
    assert len(blocks) > 3 and max(most) <= 1


def test_pairs_are_a_candidate_for_few_texts(minilm: object) -> None:
    network = load_network(str(minilm))

    def names(n: int, task: str = "classification", n_classes: int = 4) -> list[str]:
        return [c.name for c in standard_for_inputs(network, task, input_type="text", n=n, n_classes=n_classes)]

    assert "pairs" in names(32) and "pairs" not in names(256) and "pairs" not in names(32, "regression")
    found = standard_for_inputs(network, "multilabel", input_type="text", n=32)
    pairs = next(candidate for candidate in found if candidate.name == "pairs")
    assert pairs.dear and pairs.transfer and pairs.fresh().train == "contrastive"


def test_what_another_head_chose_gives_the_same_head() -> None:
    train, y = features(64, (0, 0, 1, 1, 1, 0), 0.5)
    targets = class_targets(y, None)
    head = solve_head(train, targets)
    again = solve_head(train, targets, choices=head.choices)
    assert [part.name for part in again.parts] == [part.name for part in head.parts] and np.isnan(again.loss)
    np.testing.assert_allclose(again.scores(train), head.scores(train), atol=1e-3)
    assert solve_head(train, number_targets(y.astype(float))).choices is None


def of_classes(y: np.ndarray, generator: np.random.Generator) -> Features:
    """Last features, a depth and a grid around a centre a class, with as much noise."""
    arrays = []
    for width in (16, 24, 40):
        centres = np.random.default_rng(width).standard_normal((y.max() + 1, width))
        arrays.append((centres[y] + 0.7 * generator.standard_normal((len(y), width))).astype(np.float32))
    return Features(arrays[0], (arrays[1],), (arrays[2],))


def test_of_one_example_a_class_and_two_of_one_that_one_is_not_the_answer_to_all() -> None:
    generator = np.random.default_rng(0)
    y, truth = np.r_[np.arange(9), 0], np.tile(np.arange(9), 40)
    head = solve_head(of_classes(y, generator), class_targets(y, None))
    answers = head.scores(of_classes(truth, generator)).argmax(axis=1)
    assert np.bincount(answers, minlength=9).max() < 120 and (answers == truth).mean() > 0.8


def test_where_nothing_can_be_held_out_weights_and_penalty_are_what_is_usual() -> None:
    y = np.arange(9)
    head = solve_head(of_classes(y, np.random.default_rng(0)), class_targets(y, None))
    assert [(part.weight, part.penalty) for part in head.parts] == [(0.5, 0.01), (0.25, 0.01), (0.25, 0.01)]
    assert np.isnan(head.loss) and head.losses == {}
