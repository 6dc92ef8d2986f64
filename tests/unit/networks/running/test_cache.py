"""Rows kept in memory and in files: found again, evicted, and doubted."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.networks.running import cache as caching
from headstart.networks.running import shards
from headstart.networks.running.cache import FeatureCache, default_cache, memory_cache, passing_cache
from headstart.networks.running.kept_rows import Run
from headstart.networks.running.passing import passing
from headstart.networks.running.shards import Shard, read_shard, write_shard


def rows(n: int, width: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)


def keys(n: int, start: int = 0) -> list[str]:
    return [f"picture {i}" for i in range(start, start + n)]


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_rows_come_back_by_key_in_memory_and_from_files(tmp_path: Path) -> None:
    data = rows(5)
    cache = FeatureCache(tmp_path)
    cache.put("space", keys(5), [data[:2], data[2:]], (4,))
    for reader in (cache, FeatureCache(tmp_path)):
        found = reader.get("space", ["picture 3", "picture 0", "missing", "picture 3"])
        assert set(found) == {"picture 3", "picture 0"}
        assert np.array_equal(found["picture 3"], data[3])
        assert reader.get("other space", keys(5)) == {}


def test_rows_that_were_given_may_change_afterwards() -> None:
    data = rows(2)
    cache = memory_cache()
    cache.put("space", keys(2), [data], (4,))
    data[:] = 0
    kept = cache.get("space", keys(2))["picture 1"]
    assert kept.any()
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_memory_forgets_the_least_recently_used() -> None:
    cache = FeatureCache(None, memory_bytes=3 * (16 + caching.BESIDE))
    cache.put("space", keys(3), [rows(3)], (4,))
    cache.get("space", ["picture 0"])
    cache.put("space", ["new"], [rows(1)], (4,))
    assert set(cache.get("space", [*keys(3), "new"])) == {"picture 0", "picture 2", "new"}


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "header", "foreign"])
def test_damaged_files_count_as_not_there(tmp_path: Path, damage: str) -> None:
    FeatureCache(tmp_path).put("space", keys(50), [rows(50)], (4,))
    (path,) = files(tmp_path)
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[:-7]
    elif damage == "flipped":
        content[-20] ^= 1
    elif damage == "empty":
        content = bytearray()
    elif damage == "header":
        content[20:60] = b"\xff" * 40
    else:
        content = bytearray(b"something else altogether")
    path.write_bytes(content)
    cache = FeatureCache(tmp_path)
    assert cache.get("space", keys(50)) == {}
    assert cache.mapped("space", keys(50)) is None
    cache.put("space", keys(50), [rows(50)], (4,))
    assert len(FeatureCache(tmp_path).get("space", keys(50))) == 50


def test_a_file_that_vanishes_counts_as_not_there(tmp_path: Path) -> None:
    FeatureCache(tmp_path).put("space", keys(3), [rows(3)], (4,))
    cache = FeatureCache(tmp_path, memory_bytes=0)
    assert len(cache.get("space", keys(3))) == 3
    files(tmp_path)[0].unlink()
    assert cache.get("space", keys(3)) == {}


def test_many_small_files_become_one(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    data = rows(40)
    for i in range(40):
        cache.put("space", keys(1, i), [data[i : i + 1]], (4,))
    assert len(files(tmp_path)) <= caching.MANY + 1
    found = FeatureCache(tmp_path).get("space", keys(40))
    assert np.array_equal(np.stack([found[key] for key in keys(40)]), data)


def test_disk_forgets_the_least_recently_used(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, memory_bytes=0, disk_bytes=10_000)
    for i in range(4):
        cache.put(f"space {i}", keys(10), [rows(10, 70)], (70,))
        for path in files(tmp_path):
            os.utime(path, (time.time() - 100 + i, os.stat(path).st_mtime - 1))
        if i:
            cache.get("space 0", keys(10))
    assert cache.size() <= 10_000
    assert cache.get("space 0", keys(10))
    assert not cache.get("space 1", keys(10))
    assert cache.get("space 3", keys(10))


def test_what_the_disk_cannot_take_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(caching, "write_shard", full)
    cache = FeatureCache(tmp_path)
    cache.put("space", keys(3), [rows(3)], (4,))
    assert len(cache.get("space", keys(3))) == 3
    assert files(tmp_path) == []


def test_a_write_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield rows(2)
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_shard(tmp_path, keys(4), broken(), (4,))
    assert files(tmp_path) == []


def test_what_killed_processes_left_is_swept_up(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put("space", keys(2), [rows(2)], (4,))
    folder = files(tmp_path)[0].parent
    old, fresh = folder / "old.partial", folder / "fresh.partial"
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    cache.put("space", keys(2, 2), [rows(2)], (4,))
    assert not old.exists()
    assert fresh.exists()


def test_a_mapped_array_needs_the_same_pictures_in_the_same_order(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    data = rows(6).reshape(6, 2, 2)
    cache.put("space", keys(6), [data], (2, 2))
    found = cache.mapped("space", keys(6))
    assert isinstance(found, np.memmap)
    assert np.array_equal(found, data)
    assert cache.mapped("space", keys(6)[::-1]) is None
    assert memory_cache().mapped("space", keys(6)) is None


def test_clearing_frees_memory_and_disk(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path)
    cache.put("space", keys(6), [rows(6)], (4,))
    size = cache.size()
    assert size > 6 * 16
    assert cache.clear() == size
    assert cache.size() == 0
    assert cache.get("space", keys(6)) == {}


def test_threads_may_share_a_cache(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, memory_bytes=2000)
    data = rows(60)
    wrong: list[str] = []

    def work(part: int) -> None:
        for i in range(part, 60, 6):
            cache.put("space", keys(1, i), [data[i : i + 1]], (4,))
            found = cache.get("space", keys(60))
            wrong.extend(key for key, row in found.items() if not np.array_equal(row, data[int(key.split()[1])]))

    threads = [threading.Thread(target=work, args=(part,)) for part in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(FeatureCache(tmp_path).get("space", keys(60))) == 60


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    assert default_cache().folder == tmp_path / "features"
    assert default_cache() is default_cache()
    monkeypatch.setenv("HEADSTART_CACHE", "off")
    assert default_cache().folder is None
    monkeypatch.delenv("HEADSTART_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache().folder == tmp_path / "x" / "headstart" / "features"


def test_a_file_says_what_it_holds(tmp_path: Path) -> None:
    data = rows(3).reshape(3, 2, 2)
    written = write_shard(tmp_path, ["ä", "b", "c"], [data], (2, 2))
    shard = read_shard(written.path)
    assert shard is not None
    assert (shard.keys, shard.shape, shard.checksum) == (("ä", "b", "c"), (2, 2), written.checksum)
    assert shard.intact()
    assert np.array_equal(shard.rows(), data)
    assert read_shard(tmp_path / "none.rows") is None


def test_files_that_another_process_merges_meanwhile_are_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = FeatureCache(tmp_path, memory_bytes=2000)
    for i in range(16):
        cache.put("space", keys(1, i), [rows(60)[i : i + 1]], (4,))
    monkeypatch.setattr(Shard, "intact", lambda shard: shard.path.unlink(missing_ok=True) is not None)
    cache.put("space", keys(1, 16), [rows(60)[16:17]], (4,))
    assert list(tmp_path.glob("*/*.rows")) == []


def run_of(data: np.ndarray, calls: list[int]) -> Run:
    def run(new: list[int]) -> tuple[list[int], Iterator[np.ndarray]]:
        calls.extend(new)
        order = new[::-1]
        return order, (data[order[i : i + 2]] for i in range(0, len(order), 2))

    return run


@pytest.mark.parametrize("piece", [1, 64 << 20])
@pytest.mark.parametrize("on_disk", [False, True])
def test_rows_are_computed_once_wherever_they_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, on_disk: bool
) -> None:
    monkeypatch.setattr(caching, "PIECE", piece)
    cache, data, calls = FeatureCache(tmp_path if on_disk else None), rows(7), list[int]()
    names = [*keys(7), "picture 3"]
    whole = np.concatenate([data, data[3:4]])
    for _ in range(2):
        found = cache.rows("space", names, 4, run_of(whole, calls))
        assert np.array_equal(found.columns(0, 4), whole)
        assert np.array_equal(found[np.array([6, 1])].columns(1, 3), data[[6, 1], 1:3])
    assert sorted(calls) == list(range(7))


def test_a_set_larger_than_the_disks_share_keeps_what_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching, "PIECE", 100 * 16)
    cache, data, calls = FeatureCache(tmp_path, memory_bytes=0, disk_bytes=30_000), rows(1000), list[int]()
    for _ in range(2):
        found = cache.rows("space", keys(1000), 4, run_of(data, calls))
        assert np.array_equal(found.columns(0, 4), data)
    assert cache.size() <= 30_000
    assert 1000 < len(calls) < 1700


def test_rows_in_a_file_that_is_deleted_meanwhile_are_still_read(tmp_path: Path) -> None:
    cache, data = FeatureCache(tmp_path, memory_bytes=0), rows(5)
    cache.put("space", keys(5), [data], (4,))
    found = cache.find("space", keys(5), 4)
    files(tmp_path)[0].unlink()
    assert np.array_equal(found.columns(0, 4), data)


@given(
    steps=st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.integers(0, 9), st.integers(1, 40)), max_size=25),
    bounds=st.tuples(st.integers(0, 3000), st.integers(0, 3000)),
)
@settings(max_examples=40)
def test_whatever_is_asked_two_caches_of_a_folder_keep_their_bounds(
    steps: list[tuple[int, bool, int, int]], bounds: tuple[int, int]
) -> None:
    data = rows(60)
    with tempfile.TemporaryDirectory() as folder:
        caches = [FeatureCache(Path(folder), *bounds) for _ in range(2)]
        for which, put, start, n in steps:
            cache, names = caches[which], keys(n, start)
            if put:
                cache.put("space", names, [data[start : start + n]], (4,))
            else:
                found = cache.get("space", names)
                for i, name in enumerate(names):
                    assert name not in found or np.array_equal(found[name], data[start + i])
            assert cache._used <= bounds[0]
            assert cache.size() <= bounds[1]
            assert len(cache._shards) <= len(files(Path(folder))) or not put


def test_a_cache_forgets_the_files_that_are_gone(tmp_path: Path) -> None:
    cache, data = FeatureCache(tmp_path), rows(200)
    for i in range(200):
        cache.put("space", keys(1, i), [data[i : i + 1]], (4,))
        cache.find("space", keys(1, i), 4)
    assert len(cache._shards) <= caching.MANY + 1
    assert len(cache._intact) <= caching.MANY + 1


def test_a_nearly_full_disk_gives_up_old_rows_for_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = FeatureCache(tmp_path, memory_bytes=0)
    for i in range(3):
        cache.put(f"space {i}", keys(50), [rows(50)], (4,))
    size = cache.size()
    monkeypatch.setattr(shards.shutil, "disk_usage", lambda place: SimpleNamespace(free=shards.SPARE))
    assert cache.limit() == size
    cache.put("space 3", keys(50), [rows(50)], (4,))
    assert cache.get("space 3", keys(50)) and not cache.get("space 0", keys(50))
    assert cache.size() <= size


def test_of_a_set_that_does_not_fit_the_first_rows_are_kept(tmp_path: Path) -> None:
    data, cache = rows(1000), FeatureCache(tmp_path, memory_bytes=0, disk_bytes=20_000)
    assert cache.put("space", keys(1000), (data[i : i + 64] for i in range(0, 1000, 64)), (4,)) is None
    found = cache.get("space", keys(1000))
    assert 400 < len(found) < 1000 and cache.size() <= 20_000
    assert all(np.array_equal(found[name], data[i]) for i, name in enumerate(keys(len(found))))


def test_what_passes_holds_few_rows_and_writes_no_files_where_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    usual = default_cache()
    with passing():
        inside = default_cache()
        assert (inside.folder, inside.memory_bytes) == (usual.folder, caching.FEW)
        with passing(files=False), passing():
            assert default_cache().folder is None
        assert default_cache() is inside
        assert passing_cache().memory_bytes == caching.FEW
    assert default_cache() is usual
