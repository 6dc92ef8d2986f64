"""Solving a detector on maps made by hand: it finds what is there, the same with the same seed, and calibrates."""

from functools import partial

import numpy as np
import pytest
from scipy.special import logit, softmax

from headstart.detection.calibrating import calibrated_detector, correct, platt
from headstart.detection.solved import BEST, against_rest, promising
from headstart.detection.solving import Axes, Drawn, examples_of
from headstart.detection.views import views_of
from headstart.errors import DataError
from headstart.math.boxes.overlap import overlaps

SIDE = 16
VIEWS = views_of(2)


def pictures(n: int, seed: int) -> tuple[list[list[np.ndarray]], list[Drawn]]:
    """Maps with noise, in which boxes of two classes raise a channel each; some pictures are empty."""
    rng = np.random.default_rng(seed)
    maps, drawn = [], []
    for i in range(n):
        one, boxes, codes = rng.normal(0, 0.3, (SIDE, SIDE, 6)), [], []
        for code in range(2 if i % 4 else 0):
            x, y = rng.integers(0, SIDE - 7, 2)
            w, h = rng.integers(4, 8, 2)
            one[y : y + h, x : x + w, code] += 2
            boxes.append(np.array([x, y, x + w, y + h]) / SIDE)
            codes.append(code)
        coarse = one.reshape(SIDE // 2, 2, SIDE // 2, 2, 6).mean(axis=(1, 3))
        maps.append([one.astype(np.float32), coarse.astype(np.float32)])
        drawn.append(Drawn(np.array(boxes).reshape(-1, 4), np.array(codes, int), np.zeros((0, 4))))
    return maps, drawn


def test_things_are_found_where_they_stand_and_by_their_class() -> None:
    maps, drawn = pictures(24, 0)
    solved = examples_of(maps, drawn, np.random.default_rng(0), n_classes=2, views=VIEWS).solved()
    right = []
    for one, truth in zip(*pictures(12, 1), strict=True):
        boxes, codes, scores = solved.detect(one)
        assert (np.diff(scores) <= 0).all() and boxes.min(initial=0) >= 0 and boxes.max(initial=1) <= 1
        for box, code in zip(truth.boxes, truth.codes, strict=True):
            best = boxes[codes == code][:1]
            right.append(overlaps(best, box[None])[0, 0] > 0.5)
    assert len(right) == 18 and np.mean(right) > 0.85


def test_odds_against_all_else_are_those_of_the_softmax() -> None:
    odds = np.random.default_rng(0).normal(0, 5, (50, 4))
    p = softmax(np.column_stack([np.zeros(50), odds]), axis=1)[:, 1:]
    np.testing.assert_allclose(against_rest(odds), logit(p), rtol=1e-8)
    far = against_rest(np.array([[800.0, 0.0, -800.0]]))
    np.testing.assert_allclose(far, [[800 - np.log(2), -800, -1600]])
    np.testing.assert_array_equal(against_rest(odds[:, :1]), odds[:, :1])


def test_many_things_of_one_class_leave_places_for_another() -> None:
    odds = np.random.default_rng(0).normal(0, 1, (2000, 3)) + np.array([9, 0, 0])
    taken = promising(odds)
    assert len(set(taken.tolist())) == len(taken) == BEST
    for k in range(3):
        assert set(np.argsort(-odds[:, k])[: BEST // 6].tolist()) <= set(taken.tolist())
    one = odds[:, :1]
    np.testing.assert_array_equal(promising(one), np.argsort(-one[:, 0], kind="stable")[:BEST])


def test_the_same_seed_gives_the_same_and_nothing_is_written_to() -> None:
    maps, drawn = pictures(8, 0)
    before = [[level.copy() for level in one] for one in maps]
    one, other = (
        examples_of(maps, drawn, np.random.default_rng(5), n_classes=2, views=VIEWS).solved() for _ in range(2)
    )
    np.testing.assert_array_equal(one.coef, other.coef)
    for level, kept in zip((x for one in maps for x in one), (x for one in before for x in one), strict=True):
        np.testing.assert_array_equal(level, kept)


def test_without_some_pictures_the_examples_of_the_others_are_left() -> None:
    maps, drawn = pictures(12, 0)
    examples = examples_of(maps, drawn, np.random.default_rng(0), n_classes=2, views=VIEWS)
    some = examples.solved([1, 2, 3, 5, 6])
    for kept in (examples.near, examples.offsets, examples.something, examples.nothing):
        for i in (0, 4, 7, 8, 9, 10, 11):
            kept[i] = kept[4]  # an empty picture: what stood in them cannot be seen any more
    np.testing.assert_array_equal(examples.solved([1, 2, 3, 5, 6]).coef, some.coef)
    with pytest.raises(DataError, match="found none in these pictures"):
        examples.solved([0, 4, 8])


def test_boxes_that_lie_better_are_answered_a_higher_overlap() -> None:
    maps, drawn = pictures(24, 0)
    solved = examples_of(maps, drawn, np.random.default_rng(0), n_classes=2, views=VIEWS).solved()
    said, true = [], []
    for one, truth in zip(*pictures(16, 1), strict=True):
        if len(truth.boxes):
            boxes, _, overlap = solved.candidates(one)
            said.append(overlap)
            true.append(truth.overlap(boxes))
    near = np.concatenate(true) > 0.15
    assert np.corrcoef(np.concatenate(said)[near], np.concatenate(true)[near])[0, 1] > 0.4


def test_a_crowd_is_no_example_of_nothing() -> None:
    drawn = Drawn(np.zeros((0, 4)), np.zeros(0, int), np.array([[0.0, 0, 0.5, 1]]))
    np.testing.assert_allclose(
        drawn.overlap(np.array([[0.1, 0.1, 0.3, 0.3], [0.6, 0, 0.9, 1], [0.25, 0, 0.75, 1]])), [1, 0, 0.5]
    )


def test_scores_come_near_the_share_that_is_right() -> None:
    maps, drawn = pictures(32, 2)
    solved = calibrated_detector(maps, drawn, partial(examples_of, n_classes=2, views=VIEWS), 0)
    scores, right = [], []
    for one, truth in zip(*pictures(40, 3), strict=True):
        boxes, codes, each = solved.detect(one)
        scores.append(each)
        right.append(correct(boxes, codes, truth))
    assert np.concatenate(scores).mean() == pytest.approx(np.concatenate(right).mean(), abs=0.1)


def test_each_thing_is_right_once() -> None:
    boxes = np.array([[0.0, 0, 1, 1], [0, 0, 1, 0.9], [0, 0, 0.2, 0.2]])
    drawn = Drawn(np.array([[0.0, 0, 1, 1]]), np.array([1]), np.zeros((0, 4)))
    assert correct(boxes, np.array([1, 1, 1]), drawn).tolist() == [True, False, False]
    assert not correct(boxes, np.array([0, 0, 0]), drawn).any()


def test_too_few_found_boxes_leave_scores_as_they_are() -> None:
    assert platt(np.array([1.0, 2.0]), np.array([True, False])) == (1.0, 0.0)


def test_axes_keep_distances_where_all_directions_are_kept() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 8)) * np.arange(1, 9)
    axes = Axes.of(X, rng)
    Z = axes(X)
    spread = X.std(axis=0)
    standard = (X - X.mean(axis=0)) / (spread + 1e-3 * np.sqrt((spread**2).mean()))
    np.testing.assert_allclose(Z @ Z.T, standard @ standard.T, atol=1e-3)


def test_a_detector_of_the_same_things_teaches_where_one_picture_shows_them() -> None:
    lent = examples_of(*pictures(24, 0), np.random.default_rng(0), n_classes=2, views=VIEWS).solved()
    few, scores = pictures(2, 1), []
    for source in (None, lent):
        solved = examples_of(*few, np.random.default_rng(0), n_classes=2, views=VIEWS, lent=source).solved()
        right = []
        for one, truth in zip(*pictures(16, 2), strict=True):
            boxes, codes, _ = solved.detect(one)
            for box, code in zip(truth.boxes, truth.codes, strict=True):
                right.append(overlaps(boxes[codes == code][:1], box[None])[0, 0] > 0.5)
        scores.append(np.mean(right))
    assert scores[1] > scores[0]
