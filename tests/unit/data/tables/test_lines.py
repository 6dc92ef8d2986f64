"""Lines of a text file: separators, quotes, and every line accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headstart.data.tables.frame import form_of, frame_notes, read_frame
from headstart.data.tables.lines import grid_of
from headstart.data.tables.records import row_names
from headstart.errors import DataError

N = 40


def table(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / name


@pytest.mark.parametrize(
    ("text", "separator", "second"),
    [
        ("a,b\n1,x\n", ",", ["1", "x"]),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ["1,5", "2,5"]),
        ("a\tb\n1, 2\tx, y\n", "\t", ["1, 2", "x, y"]),
        ("a|b\n1|x;y\n", "|", ["1", "x;y"]),
        ("name, first;age\nKant, Immanuel;79\nArendt;69\n", ";", ["Kant, Immanuel", "79"]),
        ('a,b\n"x;y;z","1;2"\n', ",", ["x;y;z", "1;2"]),
        ("a b c\n1  2.5 x\n3 4.5 y\n", " ", ["1", "2.5", "x"]),
        ('a , b\n1 , "x, y" \n', ",", ["1 ", "x, y"]),
        ('a,b\n1,"he said ""no"""\n', ",", ["1", 'he said "no"']),
        ('a,b\n1,"he said \\"no\\", twice"\n', ",", ["1", 'he said "no", twice']),
        ('a,b\n1,5" pipe\n', ",", ["1", '5" pipe']),
        ("sep=;\na;b\n1;2\n", ";", ["1", "2"]),
    ],
)
def test_the_separator_is_that_of_the_whole_file(text: str, separator: str, second: list[str]) -> None:
    grid = grid_of(text)
    assert grid.separator == separator and grid.rows[1] == second


def swallowing(start: int, end: int, width: int) -> str:
    rows = [[f"{i}", f"text {i}", "ab"[i % 2]][-width:] for i in range(N)]
    rows[start][-2] = '"' + rows[start][-2]
    rows[end][-2] += '"'
    return ",".join(["a", "b", "y"][-width:]) + "\n" + "".join(",".join(row) + "\n" for row in rows)


@pytest.mark.parametrize(("start", "end"), [(5, 20), (5, 7), (0, 39), (10, 11)])
def test_a_quote_that_takes_in_rows_is_refused_by_line(tmp_path: Path, start: int, end: int) -> None:
    with pytest.raises(DataError, match=rf"a quote in line {start + 2} is closed in line {end + 2} only"):
        read_frame(table(tmp_path, swallowing(start, end, 3)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "text,y\n" + "".join(f'"a text {i}{"" if i == 5 else chr(34)},{"ab"[i % 2]}\n' for i in range(N)),
            "in line 7",
        ),
        ('a,b\n1,"x\n2,"y"\n', "in line 2 is closed before its cell ends, or was never closed"),
        ('a,b\n1,"x"\n2,"y\n3,z\n', "in line 3 is never closed"),
        ("a,b,y\n1,2,x\n1,y\n", "found rows with fewer: line 3 has 2"),
        ("a,b,y\n\n1,2,x\n1,2,3,y\n", "found rows with more: line 4 has 4"),
        ("4.1,0.5,ill\n4.2,1.5,well\n4.3,0.5,ill\n4.4,1.5,well\n", "found what looks like a row: '4.1', '0.5', 'ill'"),
        ("label,x,label\na,1,b\n", "found 'label' more than once .columns 1 and 3"),
        ("a,b\n1,x\0y\n", "found none: it is something unknown, not plain text"),
    ],
    ids=["never", "later", "end", "few", "many", "headerless", "twice", "nul"],
)
def test_lines_that_cannot_be_meant_are_named(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_frame(table(tmp_path, content))


def test_cells_of_several_lines_are_cells() -> None:
    text = "text,z,y\n" + "".join(f'"some, text\nof, two lines {i}",{i % 5},{"ab"[i % 2]}\n' for i in range(N))
    assert len(grid_of(text).rows) == N + 1
    assert grid_of('text,y\n"Dear Sir, thanks\nbye, now",spam\nhello,ham\n').rows[1] == [
        "Dear Sir, thanks\nbye, now",
        "spam",
    ]


def test_quotes_without_partners_are_letters_and_said(tmp_path: Path) -> None:
    frame = read_frame(table(tmp_path, 'id\ttext\n1\t"so it begins\n2\tand ends\n'))
    assert frame["text"].tolist() == ['"so it begins', "and ends"]
    assert "Quotes are not in pairs" in frame_notes(frame)[0]


@pytest.mark.parametrize(
    ("content", "columns", "note"),
    [
        ("Report 2024;;\n\na;b;y\n1;2;x\n", ["a", "b", "y"], "'Report 2024'"),
        ("Report of May\na,b,y\n1,2,x\n3,4,z\n", ["a", "b", "y"], "'Report of May'"),
        ("# by x, on Monday\n# of 2\n#a,b,y\n1,2,x\n", ["a", "b", "y"], "2 comments"),
        ("a,b,y\n1,2,x\n# batch 2\n3,4,z\n", ["a", "b", "y"], "1 comment"),
        (",a,y\n0,5,x\n1,5,z\n", ["a", "y"], "numbers the rows"),
        ("Unnamed: 0,a,y\n1,5,x\n2,5,z\n", ["a", "y"], "numbers the rows"),
        ("a,y,,\n1,x,,\n2,z,,\n", ["a", "y"], ""),
        ("a,y\n1,x,\n2,z,\n", ["a", "y"], ""),
        ("Age,age\n1,2\n", ["Age", "age"], "differ only by case or spaces"),
        ("label,label.1\na,b\n", ["label", "label.1"], "look like two columns of one name"),
        ("Blood,,y\nsugar,iron,\n1,2,x\n3,4,z\n", ["sugar", "iron", "y"], "first two rows"),
    ],
)
def test_what_stands_around_a_table_is_said(tmp_path: Path, content: str, columns: list[str], note: str) -> None:
    frame = read_frame(table(tmp_path, content))
    assert list(frame.columns) == columns and note in " ".join(frame_notes(frame))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_marks(tmp_path: Path, ends: str, mark: bytes) -> None:
    frame = read_frame(table(tmp_path, mark + f"a;y{ends}1,5;ä{ends}".encode()))
    assert frame.to_dict("list") == {"a": ["1,5"], "y": ["ä"]}
    assert form_of(frame) == {"encoding": "UTF-8", "separator": "semicolon"}


@pytest.mark.parametrize(
    ("content", "rows", "empty"),
    [
        ("a,b\n1,x\n\n2,y\n\n\n", [1, 3], "Row 2 is empty"),
        ("\nReport\na,b\n,\n1,x\n2,y\n , \n\n3,z\n,\n", [2, 3, 6], r"3 rows are empty \(1, 4, 5\)"),
        ('a,b\n1,"x\ny\n"\n\n2,y\n', [1, 3], "Row 2 is empty"),
        ("a,b\n1,x\n# a remark\n2,y\n", [1, 3], ""),
        ("a b\n1 2.5\n\n2 3.5\n", [1, 3], "Row 2 is empty"),
        ("text\ngood\n\nbad\n", [1, 3], "Row 2 is empty"),
    ],
)
def test_rows_keep_their_numbers_in_the_file(tmp_path: Path, content: str, rows: list[int], empty: str) -> None:
    frame = read_frame(table(tmp_path, content))
    assert row_names(frame) == [f"row {i}" for i in rows]
    said = [note for note in frame_notes(frame) if "empty" in note]
    assert len(said) == bool(empty) and (not said or re.match(empty, said[0]))
