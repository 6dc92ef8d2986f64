"""Augmentation: size, determinism, and what the settings promise."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data.pictures.augment import Augmentation, augmented, random_box
from headstart.data.pictures.preprocessing import Preprocessing

PLAIN = Preprocessing(24, (20, 20), (0.5,) * 3, (0.5,) * 3)


@settings(max_examples=40)
@given(height=st.integers(24, 90), width=st.integers(24, 90), seed=st.integers(0, 10_000))
def test_a_crop_lies_inside_the_picture(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    left, top, right, bottom = random_box(height, width, 1.0, Augmentation(area=(0.3, 1.0), stretch=1.5), rng)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert (right - left) * (bottom - top) >= 0.25 * min(height, width) ** 2


def test_the_same_seed_gives_the_same_picture_and_the_canvas_is_not_changed() -> None:
    canvas = np.random.default_rng(0).integers(0, 256, (30, 26, 3), dtype=np.uint8)
    before = canvas.copy()
    a, b = (augmented(canvas, PLAIN, Augmentation(flip=True), np.random.default_rng(5)) for _ in range(2))
    assert a.shape == (20, 20, 3) and a.dtype == np.uint8
    assert np.array_equal(a, b) and np.array_equal(canvas, before)
    assert not np.array_equal(a, augmented(canvas, PLAIN, Augmentation(flip=True), np.random.default_rng(6)))


def test_mirroring_happens_only_when_asked_for() -> None:
    canvas = np.zeros((24, 24, 3), dtype=np.uint8)
    canvas[:, :12] = 200
    still = Augmentation(area=(1.0, 1.0), stretch=1.0, light=0.0)
    turned = Augmentation(area=(1.0, 1.0), stretch=1.0, light=0.0, flip=True)
    left = [bool(augmented(canvas, PLAIN, still, np.random.default_rng(i))[:, :4].mean() > 100) for i in range(20)]
    mixed = [bool(augmented(canvas, PLAIN, turned, np.random.default_rng(i))[:, :4].mean() > 100) for i in range(20)]
    assert all(left) and any(mixed) and not all(mixed)
