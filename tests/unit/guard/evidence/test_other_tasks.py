"""What is said of tasks that train a target's last blocks: learned with, refused, stopped, or not tried."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from headstart.guard.candidates.candidate import LAST_BLOCKS, WITH_TASKS, Candidate, to_beat
from headstart.guard.choosing.choose import Table
from headstart.guard.evidence.other_tasks import tasks_evidence
from headstart.report.tasks import auxiliary_rows


def told(names: list[str], losses: Any, chosen: int, why: str = "", refused: tuple[str, ...] = ()) -> dict[str, Any]:
    labels = {name: SimpleNamespace(kept=np.array([True, True, False])) for name in ("odd", *refused)}
    material: Any = SimpleNamespace(
        beside=SimpleNamespace(labels=labels, others=2), task="classification", groups=None, weight=None
    )
    each = [Candidate(name, None, True, name, over=LAST_BLOCKS if name == WITH_TASKS else "") for name in names]
    outcomes = [SimpleNamespace(candidate=one) for one in each]
    left: Any = SimpleNamespace(outcomes=outcomes, left_out=[{"name": WITH_TASKS, "words": why}] if why else [])
    lost = np.asarray(losses)
    table = Table(-lost, lost, -lost, np.ones(len(names), dtype=bool), np.arange(len(lost)), None, "classification")
    table = table.beating(to_beat(each))
    model = SimpleNamespace(refused_=dict.fromkeys(refused, "it is of no use"))
    return tasks_evidence(material, left, table, chosen, model)["auxiliary"]


@pytest.mark.parametrize(
    ("lower", "chosen", "word", "words"),
    [
        (
            0.2,
            2,
            "helps",
            "Learned with other tasks: odd. .*is lower by 0.2 .*than of borrowed network, second half trained on.$",
        ),
        (0.2, 0, "helps", "Not learned with other tasks: odd. .*: they help, and another way is better or as good.$"),
        (0.0, 0, "no clear gain", "no more than chance gives, and they are refused.$"),
        (-0.2, 0, "hurts", "out of fold is higher by 0.2 .*: they hurt, and are refused.$"),
    ],
)
def test_a_gain_is_against_the_last_block_without_them(lower: float, chosen: int, word: str, words: str) -> None:
    noise = np.array([0.1, -0.1] * 10)
    losses = np.column_stack([np.full(20, 0.1), np.full(20, 1.0), 1.0 - lower + noise])
    found = told(["head", LAST_BLOCKS, WITH_TASKS], losses, chosen)
    assert (found["word"], found["against"], found["refused"]) == (word, LAST_BLOCKS, [] if chosen == 2 else ["odd"])
    assert found["gain"] == pytest.approx(lower) and found["error"] == pytest.approx(0.0229, abs=1e-3)
    page = auxiliary_rows(found)
    assert page is not None and page["rows"] == [{"name": "odd", "n": "2"}]
    import re

    assert re.search(words, page["words"]), page["words"]


def test_what_was_stopped_or_too_dear_is_said_as_that() -> None:
    words = "fine-tuning the last two blocks, by other tasks too (odd)"
    stopped = told(["head"], np.ones((4, 1)), 0, f"{words}: stopped after 2 of 5 folds, 9 points behind head")
    assert (stopped["word"], stopped["gain"]) == ("stopped", None)
    page = auxiliary_rows(stopped)
    assert page is not None and page["words"].endswith(
        "Fine-tuning the last two blocks, by other tasks too (odd): stopped after 2 of 5 folds, 9 points behind head."
    )
    dear = told(["head"], np.ones((4, 1)), 0, f"{words}: about 31 minutes; --budget 45m")
    assert dear["word"] == "not tried"
    assert told(["head", WITH_TASKS], np.array([[0.5, 0.4]] * 4), 1)["against"] == "head"


def test_tasks_that_were_left_out_of_those_that_help_are_named() -> None:
    losses = np.column_stack([np.full(20, 1.0), np.full(20, 0.5)])
    found = told([LAST_BLOCKS, WITH_TASKS], losses, 1, refused=("coin",))
    assert [one["kept"] for one in found["tasks"]] == [True, False] and found["refused"] == ["coin"]
    page = auxiliary_rows(found)
    assert page is not None and page["words"].startswith("Learned with other tasks: odd. Where")
    assert page["words"].endswith("Left out: coin, as it is of no use.")
    page = auxiliary_rows(told([LAST_BLOCKS, WITH_TASKS], losses, 0, refused=("coin",)))
    assert page is not None and page["words"].startswith("Not learned with other tasks: odd, coin. Where")
