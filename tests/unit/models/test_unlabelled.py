"""`fit` with pictures and texts that have no label."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from tiny_pictures import pictures, source

import headstart
from headstart import Texts
from headstart.data.reading.options import Reading
from headstart.data.sets.description import sentences
from headstart.errors import DataError
from headstart.guard.candidates.for_inputs import UNLABELLED
from headstart.models.target import read_target, screened


def folders(place: Path, labelled: int = 10, more: int = 30) -> tuple[Path, Path]:
    X, y = pictures(labelled + more)
    for i, (picture, label) in enumerate(zip(X, y, strict=True)):
        folder = place / "here" / label if i < labelled else place / "more"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / f"{i}.png")
    return place / "here", place / "more"


def test_a_folder_without_labels_goes_to_the_guard_without_copies(tmp_path: Path) -> None:
    here, more = folders(tmp_path)
    twin = next((here / "red").glob("*.png"))
    (more / "twin.png").write_bytes(twin.read_bytes())
    model = headstart.fit(here, source(), unlabelled=more, budget=40, out=tmp_path / "model")
    words = {c["name"]: c["words"] for c in model.evidence["candidates"]}
    assert words[UNLABELLED] == "one linear layer that learns from 30 examples without labels too"
    assert (
        "1 of 31 pictures without labels are copies of labelled ones; they were left out."
        in (model.evidence["data"]["notes"])
    )
    assert model.predict([twin]).tolist() == ["red"] and (tmp_path / "model" / "evidence.json").exists()


def test_lists_tables_and_things_in_memory_are_taken(tmp_path: Path) -> None:
    here, more = folders(tmp_path, more=6)
    paths = sorted(more.glob("*.png"))
    (tmp_path / "list.txt").write_text("\n".join(str(path) for path in paths[:4]))
    pd.DataFrame({"file": [str(path) for path in paths[4:]]}).to_csv(tmp_path / "list.csv", index=False)
    for given, n in (
        (more, 6),
        ([str(tmp_path / "list.txt"), str(tmp_path / "list.csv")], 6),
        ([str(path) for path in paths[:3]], 3),
        (pictures(5, seed=3)[0], 5),
    ):
        target = screened(read_target(here, source(), Reading(), unlabelled=given), False, None)
        assert len(target.more["unlabelled"]) == n


def test_blank_labels_of_a_table_of_texts_are_used(tmp_path: Path) -> None:
    texts = [f"{'good' if i % 2 else 'bad'} sentence number {i}" for i in range(12)]
    labels = [("yes" if i % 2 else "no") if i < 8 else None for i in range(12)]
    pd.DataFrame({"text": texts, "label": labels}).to_csv(tmp_path / "here.csv", index=False)
    pd.DataFrame({"text": ["another good one", texts[0].upper()]}).to_csv(tmp_path / "more.csv", index=False)
    target = screened(
        read_target(tmp_path / "here.csv", None, Reading(), unlabelled=tmp_path / "more.csv"), False, None
    )
    assert list(target.more["unlabelled"]) == [*texts[8:], "another good one"]
    assert "Without a label: 4, which only learning without labels may use" in (sentences(target.dataset))


def test_another_kind_is_refused(tmp_path: Path) -> None:
    here, _ = folders(tmp_path)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "one.txt").write_text("see you at eight")
    with pytest.raises(DataError, match=r"Expected pictures in .*texts, found 1 other files"):
        read_target(here, source(), Reading(), unlabelled=tmp_path / "texts")
    with pytest.raises(DataError, match="Expected pictures, without labels as with them, found texts"):
        read_target(here, source(), Reading(), unlabelled=Texts(["see you at eight"]))
    with pytest.raises(DataError, match=r"found nothing at .*mistyped"):
        read_target(here, source(), Reading(), unlabelled=tmp_path / "mistyped")


def test_texts_in_memory_are_texts(tmp_path: Path) -> None:
    pd.DataFrame({"text": [f"sentence number {i}" for i in range(8)], "label": ["a", "b"] * 4}).to_csv(
        tmp_path / "here.csv", index=False
    )
    for given in (["one more", "two more"], Texts(["one more", "two more"])):
        found = read_target(tmp_path / "here.csv", None, Reading(), unlabelled=given).more["unlabelled"]
        assert list(found) == ["one more", "two more"]
    with pytest.raises(DataError, match="found nothing at mistyped"):
        read_target(tmp_path / "here.csv", None, Reading(), unlabelled=["mistyped"])


def test_rows_of_values_with_a_blank_label_are_rows_without_labels(tmp_path: Path) -> None:
    """Those of the parts for validation and test are not."""
    labels = ["a", "b", "a", "b", "b", None, None, None]
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0, 8.0, 5.0, 6.0, 9.0], "label": labels})
    frame["split"] = ["train", "train", "train", "test", "train", "train", "test", "train"]
    frame.to_csv(tmp_path / "values.csv", index=False)
    frame[["size"]][:1].assign(size=7.0).to_csv(tmp_path / "more.csv", index=False)
    target = read_target(tmp_path / "values.csv", None, Reading(label="label"), unlabelled=tmp_path / "more.csv")
    assert target.dataset.unlabelled == 3 and target.more["unlabelled"]["size"].tolist() == ["7.0", "5.0", "9.0"]
    assert "Without a label: 3, which only learning without labels may use" in sentences(target.dataset)
