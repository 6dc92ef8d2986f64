"""A target of texts whose network other tasks train too, through `fit`: compared, said, saved, borrowed from again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from text_families import family_folder

import headstart
from headstart.guard import guard
from headstart.guard.candidates import for_inputs
from headstart.guard.candidates.candidate import LAST_BLOCKS, WITH_TASKS
from headstart.guard.choosing.choose import Table
from headstart.report.write import write_report

NAMES = ("tf-idf", "head", LAST_BLOCKS, WITH_TASKS)
LABELS = ["mood", "stars", "coin"]


def table(n: int = 48, seed: int = 0) -> pd.DataFrame:
    """Sentences; their mood is known of every third, how many stars they gave of nearly all, a coin of all."""
    rng = np.random.default_rng(seed)
    good = rng.integers(2, size=n)
    said = [f"number {i + 100 * seed} was {['bad', 'fine'][k]} to {['lose', 'have'][k]}" for i, k in enumerate(good)]
    frame = pd.DataFrame({"said": said})
    frame["mood"] = pd.Series(np.array(["down", "up"])[good], dtype=object).where(np.arange(n) % 3 == 0, None)
    frame["stars"] = pd.Series(1.0 + 3 * good + rng.random(n).round(2)).where(np.arange(n) != 3, None)
    frame["coin"] = rng.choice(["heads", "tails"], n)
    return frame


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A fit in which the candidate with the other tasks is taken, among four."""
    place = tmp_path_factory.mktemp("beside")
    table().to_csv(place / "t.csv", index=False)
    network = family_folder("bert", place)
    whole = for_inputs.input_candidates

    def few(*given: Any, **how: Any) -> list[Any]:
        found = [one for one in whole(*given, **how) if one.name in NAMES]
        assert [one.name for one in found] == list(NAMES)
        return found

    def pick(table: Table, **how: Any) -> int:
        return table.scores.shape[1] - 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(for_inputs, "input_candidates", few)
        patch.setattr(guard, "pick", pick)
        model = headstart.fit(
            place / "t.csv",
            str(network),
            label=LABELS,
            text_column="said",
            target="mood",
            n_splits=2,
            budget=60,
            out=place / "m",
        )
    return model, place


def test_it_stands_beside_the_usual_candidates_and_is_told(fitted: tuple[Any, Path]) -> None:
    model, place = fitted
    one = {one["name"]: one for one in model.evidence["candidates"]}[WITH_TASKS]
    assert one["chosen"] and one["transfer"] and one["words"].endswith("by other tasks too (stars, coin)")
    told = model.evidence["auxiliary"]
    why = "it has nothing to do with the target"
    assert told["tasks"][0] == {"name": "stars", "n": 47, "kept": True, "why": ""}
    assert told["tasks"][1] == {"name": "coin", "n": 48, "kept": False, "why": why}
    assert (told["refused"], told["others"], told["against"]) == (["coin"], 32, LAST_BLOCKS)
    html = write_report(place / "m").read_text(encoding="utf-8")
    assert "Learned with other tasks: stars. Where they train the network too, the log-loss" in html
    assert (
        f"than of borrowed network, second half trained on. Left out: coin, as {why}." in html
        and "No task has seen texts that were held out" in html
    )
    command = model.evidence["reproduce"]["command"]
    assert "--label mood --label stars --label coin" in command and "--target mood" in command


def test_the_model_is_one_of_the_target_alone(fitted: tuple[Any, Path]) -> None:
    model, place = fitted
    found, new = headstart.load(place / "m"), table(12, seed=1)
    assert np.allclose(found.predict_proba(list(new["said"])), model.predict_proba(list(new["said"])))
    assert found.task == "classification" and found.classes_.tolist() == ["down", "up"]
    said = json.loads((place / "m" / "headstart.json").read_text())["estimator"]
    assert said["class"] == "TransferClassifier" and "beside" not in said["params"]
    table(30, seed=2).to_csv(place / "new.csv", index=False)
    assert headstart.evaluate(place / "m", place / "new.csv").evidence["data"]["n"] == 10
    again = headstart.TransferClassifier(place / "m").fit(list(new["said"]), ["a", "b"] * 6)
    assert again.predict_proba(list(new["said"])).shape == (12, 2)
