"""Partial whitening: closed forms at both ends, and what lies between."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.errors import ParameterError
from headstart.math.linear.whitening import partial_whitening


def rows(n: int = 500) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 6)) @ np.diag([5.0, 3.0, 1.0, 0.5, 0.1, 0.0]) @ rng.standard_normal((6, 8)) + 7.0


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5])
def test_spreads_are_eigenvalues_to_the_power_that_is_left(power: float) -> None:
    X = rows()
    whitening = partial_whitening(X, power, 8)
    Z = (X - whitening.mean) @ whitening.axes
    values = np.linalg.eigvalsh(np.cov(X.T, bias=True))[::-1][:5]  # the sixth direction has no spread
    np.testing.assert_allclose(np.cov(Z.T, bias=True), np.diag(values ** (1 - 2 * power)), atol=1e-8 * values[0])


def test_rows_have_length_one_and_the_first_components_are_kept() -> None:
    X = rows()
    few, all_ = partial_whitening(X, n_components=2), partial_whitening(X)
    assert few(X).shape == (500, 2)
    assert all_(X).shape == (500, 5)
    np.testing.assert_allclose(np.linalg.norm(few(X), axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(few.axes, all_.axes[:, :2])
    assert not few(whitening_mean := few.mean[None]).any(), whitening_mean


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    X = rows(9000)
    centred = X - X.mean(axis=0)
    values = np.linalg.eigvalsh(centred.T @ centred / len(X))
    whitening = partial_whitening(X, 0.5)
    Z = (X - whitening.mean) @ whitening.axes
    np.testing.assert_allclose(np.trace(np.cov(Z.T, bias=True)), (values > 1e-7 * values[-1]).sum())


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"whitening from 0 to 0\.5 and at least 1 component, found 0\.7 and 3"):
        partial_whitening(rows(), 0.7, 3)
    with pytest.raises(ParameterError, match="features that differ from row to row, found the same everywhere"):
        partial_whitening(np.ones((5, 3)))
