"""What other tasks gave a target whose last blocks they train: for the report."""

from __future__ import annotations

from typing import Any

from headstart.guard.candidates.candidate import WITH_TASKS
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table, clear_gain
from headstart.guard.comparing.comparison import Comparison
from headstart.math.linear.source_worth import CLEAR

_STOPPED = ": stopped after "


def tasks_evidence(
    material: Material, comparison: Comparison, table: Table, chosen: int, estimator: Any
) -> dict[str, Any]:
    """``auxiliary``: a row for each task, whether it was learned with, and what that changed out of fold; or nothing.

    They train together and are taken together, but for those that can be of no use; or refused together.

    Parameters
    ----------
    material : Material
        Nothing is said without ``beside``.
    comparison : Comparison
    table : Table
        Of its outcomes.
    chosen : int
        Number of the candidate that was taken.
    estimator : fitted estimator
        It, on all examples.
    """
    if material.beside is None:
        return {}
    names = [outcome.candidate.name for outcome in comparison.outcomes]
    labelled = material.beside.labels
    taken = names[chosen] == WITH_TASKS
    reasons: dict[str, str] = getattr(estimator, "refused_", {}) if taken else dict.fromkeys(labelled, "")
    labels = {name: int(one.kept.sum()) for name, one in labelled.items()}
    why = next((str(one["words"]) for one in comparison.left_out if one["name"] == WITH_TASKS), "")
    found: dict[str, Any] = {
        "together": True,
        "tasks": [
            {"name": name, "n": n, "kept": name not in reasons, "why": reasons.get(name, "")}
            for name, n in labels.items()
        ],
        "refused": list(reasons),
        "others": material.beside.others,
        "loss": "squared error" if material.task == "regression" else "log-loss",
        "word": "stopped" if _STOPPED in why else "not tried",
        "why": why,
        **dict.fromkeys(("gain", "error", "against")),
    }
    place = names.index(WITH_TASKS) if WITH_TASKS in names else -1
    if place in (table.over or {}):
        gain, error, clear = clear_gain(table, place)
        word = "helps" if clear else "hurts" if gain < -CLEAR * error else "no clear gain"
        found |= {"gain": gain, "error": error, "against": names[(table.over or {})[place]], "word": word}
    return {"auxiliary": found}
