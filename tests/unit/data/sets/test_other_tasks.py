"""Other tasks beside a target: each example once, gaps, copies and the part for the test left out, groups kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from headstart import Pictures
from headstart.data.inputs.registry import simple_of
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.other_tasks import beside


def scenes(n: int, seed: int = 0) -> list[np.ndarray]:
    """Smooth pictures that differ."""
    rng = np.random.default_rng(seed)
    return [np.kron(rng.integers(0, 255, (6, 6, 3)), np.ones((12, 12, 1))).astype(np.uint8) for _ in range(n)]


def made(
    rows: list[np.ndarray | Path], names: list[str], labels: list[str], groups: list[str] | None = None
) -> Dataset:
    kept = None if groups is None else np.array(groups)
    return Dataset(Pictures(rows, names), np.array(labels), "classification", tuple(sorted(set(labels))), groups=kept)


def test_what_each_task_says_of_the_targets_examples_and_of_others(tmp_path: Path) -> None:
    own, more = scenes(5), scenes(3, seed=1)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = [f"own {i}" for i in range(5)]
    target = dataclasses.replace(made(own, names, ["a", "b", "a", "b", "a"]), parts=np.array(["train"] * 4 + ["test"]))
    near = np.clip(own[1].astype(int) + 3, 0, 255).astype(np.uint8)
    odd = made(
        [own[0], own[4], more[0], near, tmp_path / "broken.png", more[2]],
        ["own 0", "own 4", "more 0", "near", "broken", "more 2"],
        ["y", "n", "n", "y", "n", "y"],
    )
    even = made([own[2], more[0], more[0]], ["own 2", "more 0", "again"], ["u", "v", "u"])
    found, notes = beside({"odd": odd, "even": even}, target, target, simple_of(target.kind).preprocessing)
    assert found is not None and found.inputs.names == ("own 0", "more 0", "more 2", "own 2")
    assert found.own.tolist() == [True, False, False, True] and found.others == 2
    assert found.labels["odd"].kept.tolist() == [True, True, True, False]
    assert found.labels["odd"].y.tolist() == ["y", "n", "y"] and found.labels["even"].y.tolist() == ["v", "u"]
    assert notes == (
        "1 of 4 pictures of other tasks cannot be read; they were left out.",
        "1 of 4 pictures of other tasks are copies of labelled ones; they were left out.",
    )


def test_groups_are_those_of_the_screened_target() -> None:
    own, more = scenes(3), scenes(3, seed=1)
    before = made(own, ["1", "2", "3"], ["a", "b", "a"], ["p", "q", "r"])
    screened = dataclasses.replace(before, groups=np.array(["p", "p", "r"]))  # p and q held copies
    task = made([own[1], *more], ["2", "4", "5", "6"], ["x", "y", "x", "y"], ["q", "q", "r", "s"])
    found, _ = beside({"task": task}, screened, before, simple_of(before.kind).preprocessing)
    assert found is not None and found.groups.tolist() == ["p", "p", "r", ""]
    assert found.places(screened.inputs[[2]], np.array(["r"])).tolist() == [-1, -1, 1, 2]
