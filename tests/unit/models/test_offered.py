"""What is offered to borrow from."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.errors import DataError, SourceError
from headstart.models.offered import inputs_offered, rows_offered, tables_offered


@pytest.mark.parametrize("word", ["auto", "none", "Auto"])
def test_a_word_for_nothing_beside_a_table_is_nothing(word: str, tmp_path: Path) -> None:
    table = tmp_path / "there.csv"
    table.write_text("a,label\n1,x\n")
    assert tables_offered([word, table]) == tables_offered(table) == [table]
    assert tables_offered(word) == tables_offered([word]) == tables_offered(None) == []
    with pytest.raises(SourceError, match=f"found nothing at {word}"):
        rows_offered([word])  # rows without labels lie somewhere


def test_a_table_without_labels_is_read_in_the_column_that_the_labelled_one_was_read_in(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        Image.new("L", (8, 8), 10 * ord(name) % 256).save(tmp_path / f"{name}.png")
    (tmp_path / "t.csv").write_text("scan,label\na.png,x\nb.png,y\n")
    (tmp_path / "more.csv").write_text("mask,scan\nc.png,d.png\n")
    dataset = recognise(tmp_path / "t.csv", Reading(label="label")).dataset()
    found = inputs_offered(tmp_path / "more.csv", dataset)
    assert found is not None and [Path(one).name for one in found.items] == ["d.png"]
    (tmp_path / "more.csv").write_text("mask,other\nc.png,d.png\n")
    with pytest.raises(DataError, match="Expected the paths in the column 'scan'"):
        inputs_offered(tmp_path / "more.csv", dataset)
