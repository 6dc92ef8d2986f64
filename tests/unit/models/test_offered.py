"""What is offered to borrow from."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.errors import SourceError
from headstart.models.offered import rows_offered, tables_offered


@pytest.mark.parametrize("word", ["auto", "none", "Auto"])
def test_a_word_for_nothing_beside_a_table_is_nothing(word: str, tmp_path: Path) -> None:
    table = tmp_path / "there.csv"
    table.write_text("a,label\n1,x\n")
    assert tables_offered([word, table]) == tables_offered(table) == [table]
    assert tables_offered(word) == tables_offered([word]) == tables_offered(None) == []
    with pytest.raises(SourceError, match=f"found nothing at {word}"):
        rows_offered([word])  # rows without labels lie somewhere
