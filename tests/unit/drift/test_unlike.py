"""Inputs unlike the training data are told while a model answers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from headstart.drift.accuracy import strangeness
from headstart.drift.unlike import Likeness, left_out


def test_each_row_is_left_out_of_its_own_neighbours() -> None:
    rows = np.random.default_rng(0).normal(size=(40, 8))
    slow = [strangeness(np.delete(rows, i, axis=0), rows[i : i + 1])[0] for i in range(40)]
    assert np.allclose(left_out(rows), np.sort(slow))


def test_one_in_a_hundred_like_the_data_is_called_unlike_and_all_that_are_far() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(800, 16))
    known = Likeness(None, rows, left_out(rows))
    unlike, share = known.judge(rng.normal(size=(4000, 16)))
    assert 0.003 < unlike.mean() < 0.03
    assert abs(share.mean() - 0.5) < 0.05
    far, beyond = known.judge(rng.normal(size=(50, 16)) + 5)
    assert far.all() and (beyond == 1).all()


def test_it_is_told_without_loading_scikit_learn() -> None:
    code = (
        "import sys, headstart.models.saving.reference, headstart.drift.unlike, headstart.math.statistics.conformal\n"
        "import headstart.networks.running.simple_features\n"
        "print(any(name.split('.')[0] == 'sklearn' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
