"""A check of models that answer with several labels, from several views, or with things in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boxed_pictures as maker
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import headstart
from headstart.data.boxes.boxes import Boxes
from headstart.detection.transfer import TransferDetector
from headstart.errors import ParameterError, SourceError
from headstart.guard.evidence.reference import SIMPLE, ranks_of, reference_without_heads
from headstart.models.detection_model import DetectionModel


def test_several_labels_are_compared_as_data_and_measured_elsewhere(tmp_path: Path) -> None:
    def rows(n: int, seed: int, move: float = 0.0) -> pd.DataFrame:
        X = np.random.default_rng(seed).normal(size=(n, 4)) + move
        table = pd.DataFrame(X, columns=list("abcd"))
        return table.assign(left=(X[:, 0] > 0).astype(int), right=(X[:, 1] > 0).astype(int))

    headstart.fit(rows(80, 0), None, label=["left", "right"], budget=6, out=tmp_path / "m")
    guess = headstart.load(tmp_path / "m").evidence["trivial"]["words"]
    assert "'left'" in guess or "'right'" in guess
    chosen = headstart.label_next(rows(40, 1)[list("abcd")], n=6, model=tmp_path / "m")  # doubt is for classes
    assert len(set(chosen.rows.tolist())) == 6
    same = headstart.check(tmp_path / "m", rows(40, 1)[list("abcd")])
    moved = headstart.check(tmp_path / "m", rows(40, 2, 2.0)[list("abcd")])
    assert (same.verdict, moved.verdict) == ("valid", "doubtful")
    assert "a higher" in moved.words[0] and "the rows differ" in moved.sentence
    with pytest.raises(
        ParameterError, match=r"model of classes or of numbers, found one of several labels\. headstart evaluate"
    ):
        headstart.check(tmp_path / "m", rows(40, 1), labels="left")


def test_rows_that_are_later_alone_are_valid(tmp_path: Path) -> None:
    """New rows are always later: a date says nothing of whether the others changed, and what moved with them does."""

    def visits(n: int, seed: int, first: str, move: float = 0.0) -> pd.DataFrame:
        X = np.random.default_rng(seed).normal(size=(n, 3)) + move
        table = pd.DataFrame(X, columns=list("abc")).assign(ill=np.where(X[:, 0] > move, "yes", "no"))
        return table.assign(visit=pd.date_range(first, periods=n, freq="3D").strftime("%d.%m.%Y"))

    headstart.fit(visits(150, 0, "2024-01-01"), None, label="ill", budget=6, out=tmp_path / "m")
    model = headstart.load(tmp_path / "m")
    assert model.reference is not None and model.reference.dates.sum() == 3
    for first, word in (("2026-01-01", "later"), ("2020-01-01", "earlier")):
        same = headstart.check(model, visits(60, 1, first).drop(columns="ill"))
        assert same.verdict == "valid" and f"'visit' is {word} in 100% of the rows" in " ".join(same.words)
    moved = headstart.check(model, visits(60, 2, "2026-01-01", 2.0).drop(columns="ill"))
    assert moved.verdict != "valid" and "visit" not in moved.words[0].split("most unlike")[0]
    assert headstart.check(model, visits(60, 3, "2024-02-01").drop(columns="ill")).words == ()


def test_views_with_gaps_are_compared(tmp_path: Path) -> None:
    def table(n: int, seed: int, dark: int = 0) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        y, names = rng.integers(2, size=n), []
        for i in range(n):
            names.append(str(tmp_path / f"{seed}-{i}.png"))
            pixels = rng.integers(0, 60, (16, 16)) + 120 * y[i] + 40 - dark
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(names[-1])
        age = np.where(rng.random(n) < 0.2, np.nan, 50 + 10 * y + rng.normal(0, 5, n))
        return pd.DataFrame({"photo": names, "age": age, "ill": np.array(["no", "yes"])[y]})

    view = {"picture": ["photo"], "lab": ["age"]}
    headstart.fit(table(50, 0), None, label="ill", view=view, budget=8, out=tmp_path / "m")
    loaded = headstart.load(tmp_path / "m")
    assert loaded.reference is not None and np.isfinite(loaded.reference.ranks).all()
    same = headstart.check(loaded, table(30, 1).drop(columns="ill"))
    moved = headstart.check(loaded, table(30, 2, dark=90).drop(columns="ill"))
    assert not len(loaded.reference.heads)  # of views they expect too little: benchmarks/drift_views.py
    assert (same.verdict, moved.verdict) == ("valid", "doubtful") and "expected" not in moved.numbers
    assert moved.words[-1] == "Do: label 20 of them (headstart label-next), then --labels tells exactly."
    assert moved.numbers["p_value"] < 0.05 < same.numbers["p_value"]


def test_columns_that_rows_lack_have_ranks_of_those_that_have_them() -> None:
    rows = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan], [2.0, 7.0, np.nan]])
    ranks = ranks_of(rows)
    assert ranks[[0, 50, 100], 0].tolist() == [1.0, 2.0, 3.0]
    assert ranks[[0, 100], 1].tolist() == [5.0, 7.0] and (ranks[:, 2] == 0).all()


@pytest.fixture(scope="module")
def finder() -> tuple[DetectionModel, Any, list[Boxes]]:
    pictures, boxes = maker.scenes(30, size=(96, 72))
    detector = TransferDetector(image_size=96).fit(pictures[:4], boxes[:4])
    kept = reference_without_heads(headstart.Pictures(list(pictures)), random_state=0)
    return DetectionModel(detector, {}, kept), pictures, boxes


def test_what_finds_things_keeps_simple_features_and_is_checked(
    finder: tuple[DetectionModel, Any, list[Boxes]], tmp_path: Path
) -> None:
    model, pictures, boxes = finder
    loaded = headstart.load(model.save(tmp_path / "m"))
    assert loaded.reference.sees == SIMPLE and not len(loaded.reference.heads)
    others, _ = maker.scenes(24, size=(96, 72), seed=5)
    same = headstart.check(loaded, list(others))
    dark = headstart.check(loaded, [(np.asarray(one) // 6).astype(np.uint8) for one in others])
    assert (same.verdict, dark.verdict) == ("valid", "doubtful")
    assert "brightness lower" in dark.words[0]
    with pytest.raises(ParameterError, match="found one of things in pictures"):
        headstart.check(loaded, list(others), labels="folders")
    found = loaded.evaluate(
        (list(pictures[:1]) + list(others[:10]), boxes[:1] + maker.scenes(24, size=(96, 72), seed=5)[1][:10])
    )
    assert found.evidence["evaluation"]["overlap"]["n"] == 1 and found.evidence["evaluation"]["n"] == 10


def test_without_a_reference_it_is_said_what_to_do(finder: tuple[DetectionModel, Any, list[Boxes]]) -> None:
    model, pictures, _ = finder
    bare = DetectionModel(model.estimator, {})
    with pytest.raises(SourceError, match=r"found one without\. Fit again without --no-reference; headstart evaluate"):
        headstart.check(bare, list(pictures))
