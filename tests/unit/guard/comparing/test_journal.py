"""A run that was killed goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from headstart.guard.comparing.journal import Journal


def refuse() -> tuple[np.ndarray, float]:
    raise AssertionError("this was finished before")


def test_finished_folds_and_decisions_are_not_computed_again(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j", "key")
    first.decide("price", lambda: [1.5, 2])
    first.fold("head-0", lambda: (np.arange(6.0).reshape(3, 2), 4.25))
    again = Journal(tmp_path / "j", "key", resume=True)
    assert again.decide("price", lambda: [9, 9]) == [1.5, 2]
    prediction, seconds = again.fold("head-0", refuse)
    assert prediction.tolist() == [[0, 1], [2, 3], [4, 5]] and seconds == 4.25


@pytest.mark.parametrize(("key", "resume"), [("other", True), ("key", False)])
def test_other_data_or_a_new_run_start_anew(tmp_path: Path, key: str, resume: bool) -> None:
    Journal(tmp_path / "j", "key").fold("head-0", lambda: (np.zeros(1), 0.0))
    again = Journal(tmp_path / "j", key, resume=resume)
    assert again.fold("head-0", lambda: (np.ones(1), 1.0))[0].tolist() == [1.0]


def test_time_goes_on_from_where_it_stopped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal._start -= 100
    journal.decide("anything", lambda: 1)
    assert 100 <= Journal(tmp_path / "j", "key", resume=True).elapsed() < 105
    assert Journal(tmp_path / "j", "key").elapsed() < 5


def test_damaged_files_are_computed_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal.fold("head-0", lambda: (np.zeros(1000), 1.0))
    (tmp_path / "j" / "head-0.npz").write_bytes((tmp_path / "j" / "head-0.npz").read_bytes()[:200])
    assert journal.fold("head-0", lambda: (np.ones(2), 2.0))[1] == 2.0
    (tmp_path / "j" / "journal.json").write_text("{")
    assert Journal(tmp_path / "j", "key", resume=True).decide("x", lambda: 7) == 7


def test_pickled_arrays_are_not_read(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    np.savez(tmp_path / "j" / "head-0.npz", prediction=np.array([{"a": 1}], dtype=object), seconds=1.0)
    assert journal.fold("head-0", lambda: (np.ones(1), 3.0))[1] == 3.0


def test_a_failed_fold_leaves_nothing_behind(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    with pytest.raises(AssertionError):
        journal.fold("head-0", refuse)
    assert sorted(path.name for path in (tmp_path / "j").iterdir()) == ["journal.json"]
    assert json.loads((tmp_path / "j" / "journal.json").read_text())["key"] == "key"


def test_finish_removes_everything_and_no_folder_keeps_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal.finish()
    assert not (tmp_path / "j").exists()
    loose = Journal()
    assert loose.checkpoint("x") is None
    assert loose.fold("a", lambda: (np.zeros(1), 1.0))[1] == 1.0
    loose.finish()


def test_other_values_than_were_written_are_never_taken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal.decide("folds", lambda: 5)
    journal.fold("head-0", lambda: (np.arange(50.0), 4.25))
    kept = {name: (tmp_path / "j" / name).read_bytes() for name in ("journal.json", "head-0.npz")}
    rng, told = np.random.default_rng(0), 0
    for _ in range(200):
        for name, content in kept.items():
            damaged = bytearray(content)
            damaged[rng.integers(len(damaged))] ^= 1 << int(rng.integers(8))
            (tmp_path / "j" / name).write_bytes(damaged if name == "head-0.npz" or rng.random() < 0.3 else content)
        again = Journal(tmp_path / "j", "key", resume=True)
        assert again.decide("folds", lambda: 7) in (5, 7)
        found, seconds = again.fold("head-0", lambda: (np.full(50, -1.0), 1.0))
        assert (found.tolist(), seconds) in ((np.arange(50.0).tolist(), 4.25), ([-1.0] * 50, 1.0))
        told += seconds == 1.0
    assert told > 100 and "cannot be used" in caplog.text


def test_a_plain_change_of_a_kept_fold_is_noticed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "key")
    journal.fold("head-0", lambda: (np.zeros(3), 1.0))
    with np.load(tmp_path / "j" / "head-0.npz") as kept:
        np.savez(tmp_path / "j" / "head-0.npz", **{**kept, "prediction": np.ones(3)})
    assert journal.fold("head-0", lambda: (np.full(3, 2.0), 1.0))[0].tolist() == [2.0] * 3
