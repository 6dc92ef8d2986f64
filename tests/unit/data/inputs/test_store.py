"""The store of canvases: bounded in memory and in its files, where the oldest go."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.inputs import store as stores
from headstart.data.inputs.canvases import Canvases, canvases, default_store, look_through, own_store
from headstart.data.inputs.store import CanvasStore
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing

PLAIN = Preprocessing((8, 8), None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def canvas(i: int) -> np.ndarray:
    return np.full((10, 10, 1), i, np.uint8)


def filled(n: int, **bounds: int) -> CanvasStore:
    store = CanvasStore(**bounds)
    for i in range(n):
        store.put(str(i), "key", canvas(i))
    return store


def test_what_was_not_used_for_longest_moves_on_to_the_file() -> None:
    store = filled(3, limit_bytes=300)
    assert store.get("0", "key") is not None
    store.put("3", "key", canvas(3))
    assert (store.memory_bytes, store.file_bytes_used) == (300, 100)
    first, second = store.get("0", "key"), store.get("0", "key")
    assert first is second
    found = store.get("1", "key")
    assert found is not None and found is not store.get("1", "key")
    assert np.array_equal(found, canvas(1)) and not found.flags.writeable


def test_a_full_file_forgets_the_oldest_and_takes_the_new() -> None:
    store = filled(50, limit_bytes=0, file_bytes=1000)
    assert 500 <= store.file_bytes_used <= 1000
    assert store.get("0", "key") is None
    last = store.get("49", "key")
    assert last is not None and np.array_equal(last, canvas(49))
    assert len(store) == store.file_bytes_used // 100


def test_a_set_that_is_looked_through_is_not_held() -> None:
    pictures, seen = Pictures([np.full((9, 9, 3), i, np.uint8) for i in range(40)]), set()
    store = CanvasStore(limit_bytes=500, file_bytes=0)

    def visit(i: int, one: np.ndarray) -> None:
        assert one.max() == i
        seen.add(i)

    assert look_through(pictures, PLAIN, visit, store) == []
    assert seen == set(range(40))
    assert store.memory_bytes <= 500


def test_canvases_come_when_they_are_asked_for() -> None:
    pictures = Pictures([np.full((9, 9, 3), i, np.uint8) for i in range(5)])
    found = Canvases(pictures, PLAIN, np.array([4, 2, 0]))
    assert [one.max() for one in found] == [4, 2, 0]
    assert [one.max() for one in found[np.array([1])]] == [2]


@given(
    limits=st.tuples(st.integers(0, 900), st.integers(0, 2000)),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=60),
)
def test_whatever_is_asked_a_store_keeps_its_bounds_and_gives_back_what_it_was_given(
    limits: tuple[int, int], steps: list[tuple[bool, int]]
) -> None:
    store = CanvasStore(*limits)
    for put, i in steps:
        found = store.put(str(i), "key", canvas(i)) if put else store.get(str(i), "key")
        assert found is None or np.array_equal(found, canvas(i))
        assert store.memory_bytes <= limits[0] and store.file_bytes_used <= limits[1]
        if put and limits[0] >= 100:
            assert store.get(str(i), "key") is not None
    store.clear()
    assert (len(store), store.memory_bytes, store.file_bytes_used) == (0, 0, 0)


def test_the_file_that_goes_is_the_one_that_was_not_read_for_longest() -> None:
    store = CanvasStore(limit_bytes=0, file_bytes=1000)
    for i in range(40):
        store.put(str(i), "key", canvas(i))
        assert store.get("0", "key") is not None


def test_where_the_disk_is_nearly_full_a_store_goes_on_with_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(5, limit_bytes=0, file_bytes=1000)
    monkeypatch.setattr(stores.shutil, "disk_usage", lambda place: SimpleNamespace(free=1000))
    for i in range(5, 30):
        store.put(str(i), "key", canvas(i))
    assert 0 < store.file_bytes_used <= 500
    assert store.get("29", "key") is not None
    empty = CanvasStore(limit_bytes=0)
    assert empty.put("a", "key", canvas(1)).shape == (10, 10, 1)
    assert len(empty) == 0


def test_a_store_of_ones_own_takes_everything_and_is_forgotten() -> None:
    pictures, before = Pictures([np.full((9, 9, 3), 40 + i, np.uint8) for i in range(5)]), len(default_store())
    with own_store() as store:
        assert default_store() is store
        canvases(pictures, PLAIN)
        assert len(store) == 5
    assert len(store) == 0 and len(default_store()) == before
