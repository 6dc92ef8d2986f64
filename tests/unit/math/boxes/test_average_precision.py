"""Average precision against COCO's own program, in closed form, and as the mean of what pictures add."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.boxes.boxes import Boxes
from headstart.math.boxes.average_precision import (
    all_matches,
    average_precision,
    paired_precision,
    picture_values,
    precision_recall,
)

NAMES = np.array(["ant", "bee", "cat"])
Scene = tuple[list[Boxes], list[Boxes]]


def scene(seed: int, n: int = 8, most: int = 9, tied: bool = False, crowds: bool = True) -> Scene:
    """Pictures with drawn boxes and found ones near them, some of neither, in several sizes."""
    rng = np.random.default_rng(seed)
    drawn, found = [], []
    for _ in range(n):
        k = int(rng.integers(0, 5))
        left = rng.uniform(0, 200, (k, 2))
        corners = np.column_stack([left, left + rng.choice([12, 50, 150], (k, 1)) * rng.uniform(0.6, 1.4, (k, 2))])
        labels = rng.choice(NAMES, k)
        crowd = rng.random(k) < 0.2 if crowds else np.zeros(k, bool)
        again = rng.integers(0, k, int(rng.integers(0, most))) if k else np.zeros(0, int)
        near = corners[again] * rng.uniform(0.9, 1.1, (len(again), 1)) if k else np.zeros((0, 4))
        stray = rng.uniform(0, 100, (2, 2))
        boxes = np.concatenate([near, np.column_stack([stray, stray + rng.uniform(5, 90, (2, 2))])])
        called = np.concatenate([labels[again], rng.choice(NAMES, 2)])
        scores = rng.uniform(0, 1, len(boxes))
        drawn.append(Boxes(corners, labels, crowd=crowd))
        found.append(Boxes(boxes, called, np.round(scores, 1) if tied else scores))
    return drawn, found


def by_coco(drawn: list[Boxes], found: list[Boxes], most: int = 100) -> Any:
    """The same by pycocotools, with its table of precisions."""
    coco = pytest.importorskip("pycocotools.coco")
    from pycocotools.cocoeval import COCOeval

    def row(boxes: Boxes, j: int) -> dict[str, Any]:
        left, top, right, bottom = boxes.corners[j].tolist()
        number = int(np.flatnonzero(boxes.labels[j] == NAMES)[0]) + 1
        return {"category_id": number, "bbox": [left, top, right - left, bottom - top]}

    given = coco.COCO()
    annotations = [
        row(boxes, j) | {"image_id": i + 1, "iscrowd": int(boxes.crowd[j]), "area": float(boxes.areas[j])}
        for i, boxes in enumerate(drawn)
        for j in range(len(boxes))
    ]
    given.dataset = {
        "images": [{"id": i + 1} for i in range(len(drawn))],
        "annotations": [one | {"id": k + 1} for k, one in enumerate(annotations)],
        "categories": [{"id": k + 1, "name": str(name)} for k, name in enumerate(NAMES)],
    }
    results = [
        row(boxes, j) | {"image_id": i + 1, "score": float(boxes.scores[j])}
        for i, boxes in enumerate(found)
        for j in range(len(boxes))
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        given.createIndex()
        evaluation = COCOeval(given, given.loadRes(results), "bbox")
        evaluation.params.maxDets = [most] * 3
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation.eval["precision"]


def mean(values: np.ndarray) -> float:
    return float(values[values > -1].mean()) if (values > -1).any() else float("nan")


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([1, 3, 100]), st.booleans(), st.booleans())
def test_every_number_is_coco_s(seed: int, most: int, tied: bool, crowds: bool) -> None:
    drawn, found = scene(seed, tied=tied, crowds=crowds)
    table = by_coco(drawn, found, most)
    for k, area in enumerate(("all", "small", "medium", "large")):
        own = average_precision(drawn, found, NAMES.tolist(), most=most, area=area)
        theirs = table[:, :, :, k, 2]
        np.testing.assert_allclose(own.ap, mean(theirs), atol=1e-9)
        np.testing.assert_allclose(own.ap50, mean(theirs[0]), atol=1e-9)
        np.testing.assert_allclose(own.ap75, mean(theirs[5]), atol=1e-9)
        for name, value in own.of_class().items():
            np.testing.assert_allclose(value, mean(theirs[:, :, NAMES.tolist().index(name)]), atol=1e-9)


def test_empty_pictures_count_by_what_is_found_in_them() -> None:
    drawn, found = scene(5, crowds=False)
    nothing, wrong = Boxes([], []), Boxes([[0, 0, 30, 30]] * 3, NAMES, [0.99] * 3)
    before = average_precision(drawn, found)
    assert average_precision([*drawn, nothing], [*found, Boxes([], [], [])]).ap == before.ap
    after = average_precision([*drawn, nothing], [*found, wrong])
    assert after.ap < before.ap
    np.testing.assert_allclose(after.ap, mean(by_coco([*drawn, nothing], [*found, wrong])[..., 0, 2]), atol=1e-9)


def test_a_perfect_detector_and_one_that_finds_nothing() -> None:
    drawn, _ = scene(3, crowds=False)
    perfect = [Boxes(one.corners, one.labels, np.ones(len(one))) for one in drawn]
    assert average_precision(drawn, perfect).ap == 1.0
    assert average_precision(drawn, [Boxes([], [], [])] * len(drawn)).ap == 0.0


def test_nothing_to_be_found_is_no_score() -> None:
    score = average_precision([Boxes([], [])], [Boxes([[0, 0, 1, 1]], ["ant"], [0.5])])
    assert np.isnan(score.ap) and np.isnan(score.ap50) and score.classes == ()


def test_what_is_found_in_a_crowd_is_neither_right_nor_wrong() -> None:
    drawn = [Boxes([[0, 0, 100, 100], [200, 0, 220, 20]], ["ant", "ant"], crowd=[True, False])]
    found = [Boxes([[5, 5, 20, 20], [30, 30, 50, 50], [200, 0, 220, 20]], ["ant"] * 3, [0.9, 0.8, 0.7])]
    assert average_precision(drawn, found).ap50 == pytest.approx(1)


def test_what_pictures_add_has_average_precision_as_its_mean() -> None:
    drawn, found = scene(7, n=15)
    values = picture_values(drawn, found)
    np.testing.assert_allclose(values.mean(), average_precision(drawn, found).ap)
    left = [i for i in range(15) if i != 4]
    np.testing.assert_allclose(
        (values - values[4])[0] / 14,
        average_precision([drawn[i] for i in left], [found[i] for i in left], NAMES.tolist()).ap
        - average_precision([drawn[i] for i in range(1, 15)], [found[i] for i in range(1, 15)], NAMES.tolist()).ap,
        atol=1e-12,
    )


def test_the_paired_test_rejects_what_is_equal_no_more_often_than_it_says() -> None:
    rejected = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        drawn, one = scene(seed, n=30, crowds=False)
        other = [
            Boxes(boxes.corners * rng.uniform(0.93, 1.07, (len(boxes), 1)), boxes.labels, rng.uniform(0, 1, len(boxes)))
            for boxes in one
        ]
        again = [
            Boxes(boxes.corners * rng.uniform(0.93, 1.07, (len(boxes), 1)), boxes.labels, rng.uniform(0, 1, len(boxes)))
            for boxes in one
        ]
        rejected += paired_precision(drawn, other, again, thresholds=[0.5]).p_value < 0.05
    assert rejected <= 10  # of 100; 5 are expected, 11 or more by chance once in a hundred


def test_the_paired_test_sees_a_better_detector() -> None:
    drawn, _ = scene(1, n=40, crowds=False)
    rng = np.random.default_rng(0)
    good = [Boxes(one.corners * 1.02, one.labels, rng.uniform(0.5, 1, len(one))) for one in drawn]
    half = [
        Boxes(one.corners[: len(one) // 2], one.labels[: len(one) // 2], one.scores[: len(one) // 2]) for one in good
    ]
    found = paired_precision(drawn, good, half)
    assert found.difference > 0.2 and found.p_value < 0.01 and 0 < found.low < found.difference < found.high
    grouped = paired_precision(drawn, good, half, groups=np.arange(40) // 2)
    np.testing.assert_allclose(grouped.difference, found.difference)


def test_the_curve_of_a_class_ends_at_what_was_found() -> None:
    drawn, found = scene(2, crowds=False)
    one = all_matches(drawn, found, thresholds=[0.5])["ant"]
    recall, precision = precision_recall(one)
    assert recall[-1] == one.right[0].sum() / one.positives.sum()
    assert precision[-1] == one.right[0].sum() / len(one.scores)
