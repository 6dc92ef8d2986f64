"""Made pictures hold what they are called after, and preferences are told from the responses to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.math.signals.probes import FAMILIES, gratings, probes
from headstart.math.signals.selectivity import MARGIN, orientation_selectivity, preferred


def test_probes_have_one_mean_and_contrast_and_follow_their_seed() -> None:
    found = probes(24, 6, np.random.default_rng(3))
    assert tuple(found) == FAMILIES
    for pictures in found.values():
        np.testing.assert_allclose(pictures.mean(axis=(1, 2)), 0, atol=1e-12)
        np.testing.assert_allclose(pictures.std(axis=(1, 2)), 0.5, atol=1e-12)
    again = probes(24, 6, np.random.default_rng(3))
    assert all(np.array_equal(found[family], again[family]) for family in FAMILIES)
    assert not np.array_equal(found["edges"], probes(24, 6, np.random.default_rng(4))["edges"])


def test_an_edge_changes_along_one_direction_alone_and_a_corner_along_two() -> None:
    found = probes(48, 12, np.random.default_rng(0))

    def flatness(pictures: np.ndarray) -> np.ndarray:
        """Smaller over larger eigenvalue of the structure tensor in the middle."""
        down, across = np.gradient(pictures, axis=(1, 2))
        part = (slice(None), slice(12, 36), slice(12, 36))
        a, b, c = ((x[part] * y[part]).sum((1, 2)) for x, y in ((down, down), (down, across), (across, across)))
        tensors = np.stack([np.stack([a, b], -1), np.stack([b, c], -1)], -1)
        values = np.linalg.eigvalsh(tensors)
        return values[:, 0] / values[:, 1]

    assert flatness(found["edges"]).max() < 0.1
    assert np.median(flatness(found["corners"])) > 0.15


def test_a_grating_has_its_period_and_its_direction() -> None:
    found = gratings(64, orientations=4, periods=(8.0,), phases=1)
    for k, picture in enumerate(found[:, 0, 0]):
        power = np.abs(np.fft.fft2(picture))
        down, across = np.unravel_index(power[:, :33].argmax(), (64, 33))
        angle = np.arctan2(down if down < 32 else down - 64, across) % np.pi
        assert abs((angle - np.pi * k / 4 + np.pi / 2) % np.pi - np.pi / 2) < 0.15


@given(st.lists(st.floats(0, 100), min_size=3, max_size=9).filter(lambda x: sum(x) > 1e-3), st.floats(0.1, 10))
def test_selectivity_lies_between_none_and_all_and_knows_no_scale(responses: list[float], factor: float) -> None:
    r = np.array(responses)
    found = orientation_selectivity(r)
    assert -1e-9 <= found <= 1 + 1e-9
    assert orientation_selectivity(factor * r) == pytest.approx(float(found), abs=1e-9)
    assert orientation_selectivity(np.roll(r, 1)) == pytest.approx(float(found), abs=1e-9)


def test_nothing_answered_has_no_selectivity() -> None:
    assert np.isnan(orientation_selectivity(np.zeros((2, 4)))).all()


def test_what_is_hardly_stronger_does_not_make_a_family_preferred() -> None:
    best = {"edges": np.array([1.0, 1.0, 0.0]), "corners": np.array([0.99 * MARGIN, 1.01 * MARGIN, 0.0])}
    assert preferred(best | {"curves": np.array([0.5, 1.02 * MARGIN, 0.0])}).tolist() == [0, 1, -1]
