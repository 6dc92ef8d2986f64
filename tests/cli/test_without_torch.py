"""Rows of a table are learned, told, checked and advised on where torch cannot be imported: nobody waits for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

COMMANDS = """
import sys


class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers"):
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, Missing())
from headstart.cli.main import exit_code

fit = ["fit", "here.csv", "--label", "kind", "--source", "there.csv", "--budget", "5s", "--out", "model"]
for words in (
    fit,
    ["predict", "model", "new.csv", "--csv"],
    ["evaluate", "model", "other.csv", "--label", "kind"],
    ["label-next", "new.csv", "--model", "model", "-n", "4", "--out", "next.csv"],
    ["advise", "here.csv", "--label", "kind", "--source", "there.csv"],
):
    assert exit_code(words) == 0, words
assert exit_code(["check", "model", "new.csv"]) in (0, 3, 4)
"""


def rows(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4)).round(4)
    kind = np.where(X[:, 0] + X[:, 1] + 0.3 * rng.normal(size=n) > 0, "big", "small")
    return pd.DataFrame(X, columns=list("abcd")).assign(kind=kind)


def test_a_table_needs_no_torch(tmp_path: Path) -> None:
    for seed, (name, n) in enumerate({"here": 40, "there": 80, "other": 30}.items()):
        rows(n, seed).to_csv(tmp_path / f"{name}.csv", index=False)
    rows(30, 3).drop(columns="kind").to_csv(tmp_path / "new.csv", index=False)
    done = subprocess.run([sys.executable, "-c", COMMANDS], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
