"""A bad folder for temporary files is said in plain words."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from headstart.cache_folder import temporary_folder
from headstart.data.base.address import _for_now
from headstart.errors import OutputError


def test_a_bad_temporary_folder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    monkeypatch.setattr("headstart.data.base.address._TEMPORARY", [])
    for make in (temporary_folder, _for_now):
        with pytest.raises(OutputError, match=r"Expected a folder for temporary files .*No such file.*set TMPDIR"):
            make()
