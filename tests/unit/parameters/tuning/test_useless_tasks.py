"""Tasks that are of no use to a target: noise, and what has nothing to do with it; and where nothing can be said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headstart.data.inputs.inputs import as_inputs
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.parameters.heads.targets import task_targets
from headstart.parameters.tuning.together import TaskRows
from headstart.parameters.tuning.useless_tasks import APART, NOISE, useless_tasks

N, OWN = 60, np.arange(24)
RNG = np.random.default_rng(0)
LIGHT, WIDE = np.arange(N) % 2, np.arange(N) // 2 % 2
X = (RNG.random((N, 16, 16)) * 60 + 150 * LIGHT[:, None, None]).astype(np.uint8)
X[WIDE == 1, :, ::2] = 0


def rows_of(y: Any, rows: np.ndarray, task: str = "classification") -> TaskRows:
    return TaskRows(task_targets(np.asarray(y)[rows], task), rows)


@pytest.fixture(scope="module")
def network() -> Any:
    return load_network("starter:pictures")


def test_noise_and_what_is_apart_are_told_from_what_helps(network: Any) -> None:
    every = np.arange(N)
    shuffled = np.random.default_rng(1).permutation(LIGHT)
    tasks = {
        "light": rows_of(LIGHT * 100.0 + RNG.random(N), every, "regression"),
        "wide": rows_of(WIDE, every),
        "noise": rows_of(shuffled, every[24:]),
        "wide of others": rows_of(WIDE, every[24:]),
    }
    inputs, target = as_inputs(X), rows_of(LIGHT, OWN)
    assert useless_tasks(network, inputs, target, tasks) == {"wide": APART, "noise": NOISE}
    assert useless_tasks(random_network(network, 0), inputs, target, tasks) == {"wide": APART}
    assert useless_tasks(network, inputs, target, {}) == {}


def test_groups_count_as_one(network: Any) -> None:
    odd = rows_of(LIGHT, np.arange(N))
    one = TaskRows(odd.targets, odd.rows, np.zeros(N))
    assert useless_tasks(network, as_inputs(X), rows_of(LIGHT, OWN), {"of one group": one}) == {"of one group": NOISE}
