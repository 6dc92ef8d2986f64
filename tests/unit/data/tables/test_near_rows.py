"""How near rows are to those of another set, against all distances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from headstart.data.tables.near_rows import _SHARES, _Neighbours, _shares


@pytest.mark.parametrize("itself", [0, 1])
@pytest.mark.parametrize(("m", "p"), [(9, 2), (700, 3), (1500, 12)])
def test_shares_that_are_tried_are_those_by_all_distances(m: int, p: int, itself: int) -> None:
    rng = np.random.default_rng(m + p)
    b = rng.normal(size=(m, p)) * rng.exponential(size=(m, 1))
    a = b[::3] if itself else np.concatenate([b[::3] + 0.03 * rng.normal(size=b[::3].shape), rng.normal(size=(40, p))])
    share, nearest = _shares(_Neighbours(b), a, itself, True)
    far, own = np.sort(cdist(a, b), axis=1)[:, itself], np.argsort(cdist(a, b), axis=1)[:, itself]
    measure = np.sort(cdist(b[own], b), axis=1)[:, min(5 + itself, m - 1)]
    wanted = far / measure
    told = wanted <= _SHARES[0]
    assert told.any() or itself
    assert np.array_equal(share <= _SHARES[0], told)
    assert np.allclose(share[told], wanted[told]) and np.array_equal(nearest[told], own[told])
