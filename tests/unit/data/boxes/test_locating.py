"""Which picture an annotation means."""

import pytest

from headstart.data.boxes.locating import located
from headstart.data.boxes.sheets import Sheet
from headstart.errors import DataError

PICTURES = ["a/1.jpg", "b/1.jpg", "b/2.PNG", "3.jpg", "more/3.jpg"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("a/1.jpg", 0), ("x/b/1.jpg", 1), ("B\\1.JPG", 1), ("2.png", 2), ("2.jpg", 2), ("3", 3), ("more/3", 4),
        ("4", None), ("labels/a/1.txt", None), ("labels/a/1", 0),
    ],
)  # fmt: skip
def test_folders_agree_as_far_as_they_do(name: str, meant: int | None) -> None:
    assert located([Sheet((name,), ())], PICTURES) == [meant]


def test_the_part_decides_between_equals_and_else_nothing_does() -> None:
    pictures = ["train/images/1.jpg", "val/images/1.jpg"]
    assert located([Sheet(("1.jpg",), (), part="val")], pictures) == [1]
    with pytest.raises(DataError, match=r"one picture called '1\.jpg' \(t\.json\), found train/images/1\.jpg and val/"):
        located([Sheet(("1.jpg",), (), place="t.json")], pictures)


def test_capitals_are_told_apart_where_both_are_there() -> None:
    assert located([Sheet(("A.jpg",), ()), Sheet(("a.jpg",), ())], ["a.jpg", "A.jpg"]) == [1, 0]
