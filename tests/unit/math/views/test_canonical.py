"""Signs of canonical scores."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.math.views.canonical import canonical_views


def test_signs_do_not_depend_on_the_eigensolver(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    views = [rng.normal(size=(40, d)) for d in (3, 2)]
    there = np.ones((40, 2), bool)
    once = canonical_views(views, there, 2)
    eigh = np.linalg.eigh

    def turned(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = eigh(matrix)
        return values, -vectors

    monkeypatch.setattr("numpy.linalg.eigh", turned)
    for one, other in zip(once.coefs, canonical_views(views, there, 2).coefs, strict=True):
        assert np.allclose(one, other)
