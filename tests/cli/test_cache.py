"""``headstart cache`` says where it is and how large, and clears it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.cli.main import exit_code
from headstart.networks.running import cache, shards
from headstart.networks.running.cache import FeatureCache


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FeatureCache:
    kept = FeatureCache(tmp_path / "kept")
    kept.put("space", ["a", "b"], [np.ones((2, 1000), np.float32)], (1000,))
    monkeypatch.setattr(cache, "default_cache", lambda: kept)
    return kept


def test_it_says_where_and_how_large(filled: FeatureCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["folder"] == str(filled.folder) and printed["bytes"] >= 8000 and not printed["cleared"]
    assert exit_code(["cache"]) == 0
    assert "MB of at most 8.6 GB." in capsys.readouterr().out


def test_a_disk_with_no_more_room_is_the_bound(
    filled: FeatureCache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shards.shutil, "disk_usage", lambda place: SimpleNamespace(free=0))
    assert exit_code(["cache"]) == 0
    assert "MB of at most 0.0 GB, as the disk has no more room." in capsys.readouterr().out


def test_clearing_leaves_nothing(filled: FeatureCache, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["cache", "--clear"]) == 0
    assert "deleted." in capsys.readouterr().out
    assert filled.size() == 0 and filled.get("space", ["a"]) == {}


def test_no_disk_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cache, "default_cache", lambda: FeatureCache(None))
    assert exit_code(["cache"]) == 0
    assert "HEADSTART_CACHE=off" in capsys.readouterr().out


def test_copies_of_addresses_are_shown_and_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    room = tmp_path / "addresses" / "one"
    room.mkdir(parents=True)
    (room / "table.csv").write_bytes(b"x" * 3_000_000)
    assert exit_code(["cache"]) == 0
    assert "Copies of what lies at addresses beside it: 3.0 MB." in capsys.readouterr().out
    assert exit_code(["cache", "--clear", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address_bytes"] == 3_000_000
    assert not room.exists()
