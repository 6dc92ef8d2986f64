"""What other tasks gave a target whose last blocks they train: for the report."""

from __future__ import annotations

from typing import Any

from headstart.guard.candidates.candidate import LAST_BLOCKS, WITH_TASKS
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table
from headstart.guard.comparing.comparison import Comparison
from headstart.math.linear.source_worth import mean_and_error

#: Standard errors of a gain that chance exceeds once in 20 cases.
LEVEL = 1.645
_STOPPED = ": stopped after "


def tasks_evidence(material: Material, comparison: Comparison, table: Table, chosen: int) -> dict[str, Any]:
    """``auxiliary``: a row for each task, whether it was learned with, and what that changed out of fold; or nothing.

    They train together and are taken or refused together.

    Parameters
    ----------
    material : Material
        Nothing is said without ``beside``.
    comparison : Comparison
    table : Table
        Of its outcomes.
    chosen : int
        Number of the candidate that was taken.
    """
    if material.beside is None:
        return {}
    names = [outcome.candidate.name for outcome in comparison.outcomes]
    kept = names[chosen] == WITH_TASKS
    labels = {name: int(one.kept.sum()) for name, one in material.beside.labels.items()}
    why = next((str(one["words"]) for one in comparison.left_out if one["name"] == WITH_TASKS), "")
    found: dict[str, Any] = {
        "together": True,
        "tasks": [{"name": name, "n": n, "kept": kept} for name, n in labels.items()],
        "refused": [] if kept else list(labels),
        "others": material.beside.others,
        "loss": "squared error" if material.task == "regression" else "log-loss",
        "word": "stopped" if _STOPPED in why else "not tried",
        "why": why,
        **dict.fromkeys(("gain", "error", "against")),
    }
    rest = [name for name in names if name != WITH_TASKS]
    if WITH_TASKS in names and rest:
        means = table.losses.mean(axis=0)
        against = LAST_BLOCKS if LAST_BLOCKS in rest else min(rest, key=lambda name: means[names.index(name)])
        lower = table.losses[:, names.index(against)] - table.losses[:, names.index(WITH_TASKS)]
        gain, error = (float(one[0]) for one in mean_and_error(lower[None, :], material.groups))
        word = "helps" if gain > LEVEL * error else "hurts" if gain < -LEVEL * error else "no clear gain"
        found |= {"gain": gain, "error": error, "against": against, "word": word}
    return {"auxiliary": found}
