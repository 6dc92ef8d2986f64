"""The table of corrections: whole rows from many writers, files under their content's hash, no formulas."""

from __future__ import annotations

import csv
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.web import corrections
from headstart.web.corrections import append, keep_file
from headstart.web.limits import Refused


def rows(table: Path) -> list[list[str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_many_writers_lose_no_row(tmp_path: Path) -> None:
    def write(k: int) -> None:
        for i in range(20):
            append(tmp_path / "new", {"path": f"files/{k}-{i}.png", "label": 'a, "quoted"\nlabel'})

    threads = [threading.Thread(target=write, args=(k,)) for k in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    head, *found = rows(tmp_path / "new" / "corrections.csv")
    assert head == ["path", "label"] and len(found) == 100
    assert {row[0] for row in found} == {f"files/{k}-{i}.png" for k in range(5) for i in range(20)}


def test_a_line_that_was_cut_off_is_ended_first(tmp_path: Path) -> None:
    (tmp_path / "corrections.csv").write_text("path,label\nfiles/a.png,ca")
    table = append(tmp_path, {"path": "files/b.png", "label": "dog"})
    assert rows(table)[1:] == [["files/a.png", "ca"], ["files/b.png", "dog"]]


def test_a_table_of_another_model_is_not_mixed(tmp_path: Path) -> None:
    append(tmp_path, {"path": "files/a.png", "label": "x"})
    with pytest.raises(Refused, match=r"Expected a table of age, label .*--corrections") as refused:
        append(tmp_path, {"age": "3", "label": "x"})
    assert refused.value.status == 409


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_no_cell_is_a_formula(text: str) -> None:
    kept = str(corrections._plain(text))
    if kept[:1] in ("=", "+", "-", "@", "\t", "\r"):
        float(kept)


def test_files_lie_under_their_hash_once(tmp_path: Path) -> None:
    first, again, other = (keep_file(tmp_path, content, ".png") for content in (b"one", b"one", b"two"))
    assert first == again != other and first.startswith("files/") and first.endswith(".png")
    assert sorted(path.read_bytes() for path in (tmp_path / "files").iterdir()) == [b"one", b"two"]


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections.shutil, "disk_usage", lambda place: SimpleNamespace(free=10))
    with pytest.raises(Refused, match="Expected room on the disk") as refused:
        keep_file(tmp_path / "new", b"one", ".png")
    assert refused.value.status == 507 and not (tmp_path / "new").exists()
