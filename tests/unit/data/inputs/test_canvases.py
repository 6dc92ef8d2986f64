"""Canvases: decoded once, in threads, kept within limits, and broken pictures all named."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.inputs import store as store_module
from headstart.data.inputs.canvases import canvases, default_store, readable_canvases
from headstart.data.inputs.store import CanvasStore
from headstart.data.pictures.pictures import Pictures, as_pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import BadPictures

PLAIN = Preprocessing(16, (14, 14), (0.5,) * 3, (0.5,) * 3)


def noise(n: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (n, 20, 30, 3), dtype=np.uint8))


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("limit", [10**9, 3000, 0])
def test_same_canvases_from_memory_file_and_any_number_of_threads(threads: int, limit: int) -> None:
    arrays = noise(30)
    store = CanvasStore(limit_bytes=limit)
    for _ in range(2):
        found = canvases(as_pictures(arrays), PLAIN, store, threads)
        for canvas, array in zip(found, arrays, strict=True):
            assert np.array_equal(canvas, PLAIN.canvas(array))
            assert not canvas.flags.writeable
    assert store.memory_bytes <= limit
    assert len(store) == 30
    store.clear()
    assert len(store) == 0
    assert np.array_equal(found[0], PLAIN.canvas(arrays[0]))


def test_nothing_is_decoded_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = []
    for i, array in enumerate(noise(5)):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(array).save(paths[-1])
    store = CanvasStore()
    first = canvases(Pictures(paths), PLAIN, store)
    monkeypatch.setattr(Pictures, "load", None)
    again = canvases(Pictures(paths[::-1]), PLAIN, store)
    assert all(a is b for a, b in zip(first, again[::-1], strict=True))


def test_the_store_is_safe_from_the_caller_and_the_caller_from_it() -> None:
    mine = np.zeros((16, 16, 3), np.uint8)
    store = CanvasStore()
    (canvas,) = canvases(Pictures([mine]), PLAIN, store)
    mine[:] = 7
    assert canvas.max() == 0
    assert mine.flags.writeable


def test_a_full_disk_costs_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.tempfile, "TemporaryFile", lambda **_: Full())
    store = CanvasStore(limit_bytes=0)
    assert len(canvases(as_pictures(noise(3)), PLAIN, store)) == 3
    assert len(store) == 0
    assert len(canvases(as_pictures(noise(3)), PLAIN, CanvasStore(0, file_bytes=0))) == 3


def test_one_store_from_many_threads() -> None:
    store = CanvasStore(limit_bytes=20_000)
    block = noise(50)

    def work(i: int) -> bool:
        canvas = block[i % 50]
        return np.array_equal(store.put(str(i % 50), "key", canvas), canvas)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(2000)))
    assert len(store) == 50


def test_all_broken_pictures_are_named_with_their_reasons(tmp_path: Path) -> None:
    good, empty, text = tmp_path / "good.png", tmp_path / "empty.jpg", tmp_path / "text.jpg"
    Image.new("RGB", (9, 9)).save(good)
    empty.touch()
    text.write_text("hello " * 50)
    pictures = Pictures([empty, good, text], ["empty.jpg", "good.png", "text.jpg"])
    with pytest.raises(BadPictures, match=r"2 pictures .* empty.jpg: the file is empty .*; text.jpg: it is text"):
        canvases(pictures, PLAIN, CanvasStore())
    found, bad = readable_canvases(pictures, PLAIN, CanvasStore())
    assert [i for i, _ in bad] == [0, 2]
    assert [canvas is None for canvas in found] == [True, False, True]


def test_progress_counts_every_picture() -> None:
    calls = []
    canvases(as_pictures(noise(5)), PLAIN, CanvasStore(), progress=lambda *call: calls.append(call))
    assert calls == [("reading pictures", i, 5) for i in range(1, 6)]


def test_one_default_store_a_process() -> None:
    assert default_store() is default_store()
