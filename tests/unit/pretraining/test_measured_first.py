"""Sets to measure a source on are read before it is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

import headstart
from headstart.errors import DataError


def test_a_set_that_cannot_be_measured_on_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("a,y\n1,x\n2,z\n")
    for name, said in (("fwe.csv", "found nothing at .*Did you mean"), ("few.csv", "at least 3 examples")):
        with pytest.raises(DataError, match=said):
            headstart.pretrain("formula:leaves", tmp_path / "out", measure=[str(tmp_path / name)], budget=9)
    assert not (tmp_path / "out").exists()
