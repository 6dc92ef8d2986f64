"""--metric and --class-weight: what is measured can be chosen, and what guessing gives is always said."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.cli.main import exit_code


@pytest.fixture
def rare(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    state = np.where(rng.random(150) < 0.1, "ill", "well")
    frame = pd.DataFrame(rng.normal(size=(150, 3)) + 1.0 * (state == "ill")[:, None], columns=list("abc"))
    frame.assign(state=state).to_csv(tmp_path / "here.csv", index=False)
    return tmp_path / "here.csv"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = exit_code([str(one) for one in arguments])
        return code, *capsys.readouterr()

    return command


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--metric", "acc"], "Expected a metric, found 'acc'. Choose one: for classes accuracy, balanced_accuracy"),
        (["--metric", "mae"], "Expected a metric for classes, found 'mae'."),
        (["--class-weight", "ill"], "Expected balanced, or classes with weights of 0 or more as ill=5,well=1"),
        (["--class-weight", "ill=-2"], "Expected balanced, or classes with weights of 0 or more"),
        (["--class-weight", "sick=2"], "Expected weights for the classes ill, well, found 'sick'."),
    ],
)
def test_wrong_words_are_refused_before_anything_is_written(
    rare: Path, run: Callable, given: list[str], words: str
) -> None:
    code, _, error = run("fit", rare, "--label", "state", "--out", rare.parent / "model", *given)
    assert code != 0 and words in error and not (rare.parent / "model").exists()


def test_the_summary_leads_with_what_to_expect_and_json_holds_it(rare: Path, run: Callable) -> None:
    out = rare.parent / "model"
    asked = ["--metric", "balanced_accuracy", "--class-weight", "ill=9,well=1", "--budget", "20s"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code, said, _ = run("fit", rare, "--label", "state", "--out", out, *asked)
    assert code == 0
    assert said.startswith("Balanced accuracy of about ") and "(guessing: 50.0%)" in said.splitlines()[0]
    assert "Guessing is always 'well'." in said.splitlines()[1]
    evidence = json.loads((out / "evidence.json").read_text())
    assert evidence["trivial"]["metric"] == evidence["estimate"]["metric"] == "balanced_accuracy"
    assert "--metric balanced_accuracy --class-weight ill=9,well=1" in evidence["reproduce"]["command"]
