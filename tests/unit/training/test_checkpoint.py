"""A checkpoint is trusted only as it was written: damage, other work and other files are told apart, in words."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from headstart.data.base.sealed import write_sealed
from headstart.errors import ParameterError
from headstart.training.checkpoint import load_checkpoint, save_checkpoint

STATE: dict[str, Any] = {
    "key": "k",
    "epoch": 3,
    "best_loss": float("inf"),
    "history": [{"epoch": 1.0, "val": None}],
    "weights": {"a.b": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3), "none": torch.zeros(0, 2)},
    "optimizer": {"state": {0: {"step": torch.tensor(2.0)}}, "param_groups": [{"betas": (0.9, 0.999), "lr": 1e-3}]},
}


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "deep" / "run", STATE)
    assert same(STATE, load_checkpoint(tmp_path / "deep" / "run", "k"))
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["run"]


def test_damage_anywhere_begins_anew_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "run"
    save_checkpoint(path, STATE)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    with caplog.at_level(logging.INFO, "headstart"):
        for _ in range(300):
            damaged = bytearray(whole)
            damaged[rng.integers(8, len(whole))] ^= 1 << int(rng.integers(8))
            path.write_bytes(bytes(damaged[: rng.integers(9, len(whole))] if rng.random() < 0.2 else damaged))
            assert load_checkpoint(path, "k") is None
    assert len(caplog.messages) == 300
    assert all("is damaged (" in line and "begins anew" in line for line in caplog.messages)


def test_other_work_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_checkpoint(tmp_path / "run", STATE)
    assert load_checkpoint(tmp_path / "run", "other") is None
    assert "of other data, settings or weights: the training begins anew" in caplog.text


@pytest.mark.parametrize("what", ["thesis", "torch", "folder", "sealed", "list"])
def test_what_headstart_did_not_write_is_refused_and_left_alone(what: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    if what == "folder":
        path.mkdir()
    elif what == "torch":
        torch.save(STATE, path)
    elif what in ("sealed", "list"):
        said = b"[1]" if what == "list" else b"{"
        write_sealed(path, len(said).to_bytes(8, "little") + said + b"x")
    else:
        path.write_text("my thesis")
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(
        ParameterError, match=r"Expected a checkpoint of this version .*Remove it, or give another place"
    ):
        load_checkpoint(path, "k")
    assert before is None or path.read_bytes() == before


def test_a_disk_that_is_full_leaves_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path / "run", STATE)

    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("headstart.data.base.sealed.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(tmp_path / "run", {**STATE, "epoch": 4})
    assert [file.name for file in tmp_path.iterdir()] == ["run"]
    assert same(STATE, load_checkpoint(tmp_path / "run", "k"))


def test_what_has_no_safe_form_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="cannot hold object"):
        save_checkpoint(tmp_path / "run", {"key": object()})
    assert not (tmp_path / "run").exists()
