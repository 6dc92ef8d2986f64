"""Histograms of oriented gradients against a plain loop, and their speed."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.signals.hog import colour_histogram, hog, thumbnail


def _slow_cells(grey: np.ndarray, cell: int = 8, directions: int = 9) -> np.ndarray:
    height, width = grey.shape
    fine = np.zeros((height // 4, width // 4, directions))
    for r in range(height):
        for c in range(width):
            down = grey[r + 1, c] - grey[r - 1, c] if 0 < r < height - 1 else 0.0
            right = grey[r, c + 1] - grey[r, c - 1] if 0 < c < width - 1 else 0.0
            place = (np.arctan2(down, right) % np.pi) / np.pi * directions - 0.5
            low = int(np.floor(place))
            fine[r // 4, c // 4, low % directions] += np.hypot(down, right) * (1 - (place - low))
            fine[r // 4, c // 4, (low + 1) % directions] += np.hypot(down, right) * (place - low)
    cells = np.zeros((height // cell, width // cell, directions))
    for r in range(cells.shape[0]):
        for c in range(cells.shape[1]):
            for i in range(fine.shape[0]):
                for j in range(fine.shape[1]):
                    near = max(0, 1 - abs((i + 0.5) / 2 - (r + 0.5))) * max(0, 1 - abs((j + 0.5) / 2 - (c + 0.5)))
                    cells[r, c] += near * fine[i, j]
    return cells


def test_hog_equals_a_plain_loop() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (32, 24)).astype(np.uint8)
    picture = np.repeat(grey[None, :, :, None], 3, axis=3)
    cells = _slow_cells(grey.astype(float))
    blocks = []
    for r in range(3):
        for c in range(2):
            block = np.concatenate([cells[r, c], cells[r, c + 1], cells[r + 1, c], cells[r + 1, c + 1]])
            blocks.append(np.sqrt(block / (block.sum() + 1)))
    assert hog(picture)[0] == pytest.approx(np.concatenate(blocks), abs=1e-4)


def test_hog_sees_directions() -> None:
    stripes = np.zeros((1, 64, 64, 3), dtype=np.uint8)
    stripes[:, :, ::8] = 255
    upright = hog(stripes).reshape(-1, 9).sum(axis=0)
    lying = hog(stripes.transpose(0, 2, 1, 3).copy()).reshape(-1, 9).sum(axis=0)
    assert set(np.argsort(upright)[-2:]) == {0, 8}
    assert np.argmax(lying) == 4


def test_hog_does_not_mind_contrast_and_is_zero_on_flat_pictures() -> None:
    rng = np.random.default_rng(1)
    dark = rng.integers(0, 60, (3, 64, 64, 3)).astype(np.uint8)
    assert np.abs(hog(dark) - hog(dark * 4)).max() < 0.05
    assert np.abs(hog(np.full((1, 64, 64, 3), 99, dtype=np.uint8))).max() == 0


def test_batches_do_not_change_anything() -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (70, 32, 32, 3)).astype(np.uint8)
    assert np.array_equal(hog(pictures)[65], hog(pictures[65:66])[0])
    assert hog(pictures[:0]).shape == (0, hog(pictures).shape[1])


def test_colour_histogram_counts_colours() -> None:
    pictures = np.zeros((1, 8, 8, 3), dtype=np.uint8)
    pictures[0, :4] = (255, 0, 130)
    shares = colour_histogram(pictures)[0] ** 2
    assert shares[0] == pytest.approx(0.5)
    assert shares[3 * 16 + 2] == pytest.approx(0.5)


def test_thumbnail_keeps_the_mean_and_the_layout() -> None:
    pictures = np.random.default_rng(3).integers(0, 256, (4, 60, 64, 3)).astype(np.uint8)
    small = thumbnail(pictures).reshape(4, 12, 12, 3)
    assert small.mean(axis=(1, 2)) == pytest.approx(pictures.mean(axis=(1, 2)) / 255, abs=1e-4)
    assert small[0, 0, :, 0].mean() == pytest.approx(pictures[0, :5, :, 0].mean() / 255, abs=1e-4)
