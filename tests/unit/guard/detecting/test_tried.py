"""Ways of detecting on the same folds: nothing is seen before it is judged, the verdict is right, counts are honest."""

from __future__ import annotations

import dataclasses
from typing import Any

import boxed_pictures as maker
import numpy as np
import pytest

from headstart.data.boxes.boxes import Boxes
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.boxes import with_boxes
from headstart.data.sets.dataset import Dataset
from headstart.guard.detecting.evidence import (
    best_thresholds,
    certain_by_fold,
    class_evidence,
    judged,
    right_and_found,
    wrong_pictures,
)
from headstart.guard.detecting.tried import Tried, Way, best_of, picture_folds, scores_of, some_rows, tried
from headstart.guard.detecting.verdict import detection_verdict, expected


class Oracle:
    """Knows what stands in every picture, and answers right in a share of them; remembers what it was fitted on."""

    seen: list[tuple[str, ...]] = []  # noqa: RUF012

    def __init__(self, truth: Any = None, share: float = 1.0, seed: int = 0) -> None:
        self.truth, self.share, self.seed = truth, share, seed

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"truth": self.truth, "share": self.share, "seed": self.seed}

    def fit(self, pictures: Pictures, boxes: list[Boxes]) -> Oracle:
        assert len(pictures) == len(boxes)
        self.learned_ = set(pictures.names)
        Oracle.seen.append(pictures.names)
        return self

    def predict(self, pictures: Pictures) -> list[Boxes]:
        assert not self.learned_ & set(pictures.names), "asked about what it learned from"
        return [self._answer(name) for name in pictures.names]

    def _answer(self, name: str) -> Boxes:
        rng = np.random.default_rng([self.seed, int(name.split()[-1])])
        truth = self.truth[name]
        if rng.random() < self.share:
            return Boxes(truth.corners, truth.labels, rng.uniform(0.6, 1, len(truth)))
        return Boxes([[0, 0, 3, 3]], ["disc"], [rng.uniform(0, 0.9)])


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    pictures, boxes = maker.scenes(40)
    return with_boxes(Pictures(pictures), boxes)


def way(dataset: Dataset, name: str, share: float, transfer: bool, seed: int = 0) -> Way:
    truth = dict(zip(dataset.names, dataset.y, strict=True))
    return Way(name, Oracle(truth, share, seed), transfer, name)


def run(dataset: Dataset, *shares: float) -> list[Tried]:
    splits = picture_folds(dataset, 3, 0)
    return [tried(way(dataset, f"way {k}", share, k > 0, k), dataset, splits) for k, share in enumerate(shares)]


def test_every_picture_is_judged_once_by_what_has_not_seen_it(dataset: Dataset) -> None:
    Oracle.seen.clear()
    splits = picture_folds(dataset, 3, 0)
    found = tried(way(dataset, "all", 1.0, True), dataset, splits)
    assert len(Oracle.seen) == 3 and sorted(i for _, test in splits for i in test.tolist()) == list(range(40))
    assert found.score == pytest.approx(1) and scores_of(list(dataset.y), found.found, dataset.classes)["ap"] > 0.999


def test_groups_stay_on_one_side(dataset: Dataset) -> None:
    grouped = dataclasses.replace(dataset, groups=(np.arange(40) // 4).astype(str))
    for train, test in picture_folds(grouped, 3, 0):
        assert not set(grouped.groups[train]) & set(grouped.groups[test])


def test_a_share_of_the_pictures_holds_every_class(dataset: Dataset) -> None:
    rows = some_rows(np.arange(40), dataset, 0.1, seed=3)
    assert len(rows) == 4
    assert {label for i in rows for label in dataset.y[i].labels} == set(maker.CLASSES)


@pytest.mark.parametrize(
    ("shares", "word", "used"),
    [((0.3, 0.95), "helps", True), ((0.95, 0.3), "hurts", False), ((0.7, 0.7), "no evidence either way", None)],
)
def test_the_verdict_follows_the_truth(dataset: Dataset, shares: Any, word: str, used: bool | None) -> None:
    ways = run(dataset, *shares)
    result = detection_verdict(ways)
    assert result["word"] == word and (used is None or result["transfer_used"] is used)
    low, high = result["interval"]
    assert (low <= 0 <= high) == (word == "no evidence either way")
    assert "average precision (AP50) on 40 held-out pictures" in result["sentence"]


def test_what_cannot_be_told_is_not_claimed(dataset: Dataset) -> None:
    ways = run(dataset, 0.3, 0.95)
    assert "nothing was borrowed" in detection_verdict(ways[:1])["sentence"]
    assert "every way borrows" in detection_verdict(ways[1:])["sentence"]
    few = run(dataset.select(np.arange(12)), 0.1, 1.0)
    told = detection_verdict(few)
    assert told["word"] == "cannot tell" and "12 pictures are too few" in told["sentence"]


def test_more_ways_make_the_test_harder(dataset: Dataset) -> None:
    two, three = run(dataset, 0.5, 0.9), run(dataset, 0.5, 0.9, 0.2)
    assert detection_verdict(three)["p_value"] == pytest.approx(min(1.0, 2 * detection_verdict(two)["p_value"]))


def test_what_is_expected_allows_for_the_choosing(dataset: Dataset) -> None:
    ways = run(dataset, 0.6, 0.6, 0.6, 0.6)
    found = expected(ways)
    assert found["metric"] == "ap50" and found["value"] <= max(one.score for one in ways)
    low, high = found["interval"]
    assert 0 <= low < found["value"] < high <= 1


def test_thresholds_come_from_the_other_folds() -> None:
    drawn = [Boxes([[0, 0, 9, 9]], ["car"])] * 4
    low = Boxes([[0, 0, 9, 9]], ["car"], [0.2])
    high = Boxes([[0, 0, 9, 9], [20, 20, 29, 29]], ["car", "car"], [0.9, 0.3])
    sure = certain_by_fold(drawn, [low, low, high, high], ["car"], np.array([0, 0, 1, 1]))
    assert [len(one) for one in sure] == [0, 0, 2, 2]  # folds 0: from 0.9; fold 1: from 0.2
    alone = certain_by_fold(drawn, [low, low, high, high], ["car"], np.zeros(4, dtype=int))
    assert [len(one) for one in alone] == [1, 1, 2, 2]  # each half by what the other chose: from 0.2
    assert best_thresholds(drawn, [low, low, high, high], ["car", "bus"]) == {"car": 0.2, "bus": 1.0}


def test_missed_wrong_and_right_add_up() -> None:
    drawn = Boxes([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 90, 50]], ["car"] * 3, crowd=[False, False, True])
    found = Boxes([[0, 0, 10, 9], [0, 0, 10, 10], [45, 5, 60, 20]], ["car"] * 3, [0.9, 0.8, 0.7])
    missed, wrong, right = judged(drawn, found)
    assert (missed.tolist(), wrong.tolist(), right) == ([1], [1], 1)
    assert right_and_found([drawn], [found]) == {"recall": 0.5, "precision": 0.5, "things": 2, "answers": 2}
    other = judged(drawn, Boxes([[0, 0, 10, 10]], ["bus"], [0.9]))
    assert (other[0].tolist(), other[1].tolist(), other[2]) == ([0, 1], [0], 0)


def test_evidence_of_classes_holds_curves_and_counting(dataset: Dataset) -> None:
    (found,) = run(dataset, 0.8)
    fold = np.arange(40) % 3
    rows = class_evidence(list(dataset.y), found.found, dataset.classes, fold)
    assert [row["class"] for row in rows] == list(maker.CLASSES)
    for row in rows:
        assert row["boxes"] == dataset.n_per_class()[row["class"]] and 0 < row["ap50"] < 1
        assert len(row["recall"]) == len(row["precision"]) and max(row["recall"]) < 1
        assert row["error"] >= abs(row["bias"]) and 0 < row["threshold"] <= 1


def test_wrong_pictures_are_shown_and_right_ones_are_not(dataset: Dataset) -> None:
    perfect = [Boxes(one.corners, one.labels, np.ones(len(one))) for one in dataset.y]
    assert wrong_pictures(dataset, perfect) == []
    spoiled = list(perfect)
    spoiled[0] = Boxes([[0, 0, 5, 5]], ["disc"], [0.9])
    (shown,) = wrong_pictures(dataset, spoiled)
    assert shown["name"] == dataset.names[0] and shown["wrong"] == ["disc"] and shown["thumbnail"].startswith("/9j/")
    assert len(shown["missed"]) == len(dataset.y[0])


def test_a_wary_way_is_taken_only_where_it_is_clearly_ahead(dataset: Dataset) -> None:
    def result(name: str, values: np.ndarray, wary: bool) -> Tried:
        return Tried(Way(name, None, True, name, wary), [], values, 1.0)

    rng = np.random.default_rng(0)
    base = rng.normal(0.5, 0.2, 100)
    noise = rng.normal(0, 0.2, 100)
    noise -= noise.mean()
    error = noise.std(ddof=1) / 10
    plain = result("plain", base, False)
    for ahead, taken in ((1.9, "plain"), (2.1, "wary")):
        wary = result("wary", base + noise + ahead * error, True)
        assert best_of([plain, wary]).way.name == best_of([wary, plain]).way.name == taken
    assert best_of([result("wary", base, True)]).way.name == "wary"
