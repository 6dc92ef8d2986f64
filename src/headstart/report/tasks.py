"""Several tasks on one page, other tasks beside a target, and groups that share a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.report.method_names import plain_name
from headstart.report.wording import MINUS, amount, count, duration, gain, metric_name, span

_MOST_GROUPS = 12
_WORDS = {
    "helps": "borrowing helps",
    "hurts": "borrowing hurts, and was not used",
    "no evidence either way": "no evidence that borrowing helps or hurts",
    "cannot tell": "whether borrowing helps cannot be told",
}
#: Whether what other tasks say of a row is lent, and what is measured.
_LENT = (
    "For each it was measured, out of fold, whether what the other tasks say of a row helps it; a task that does not "
    "help is refused."
)
_ALONE = "The tasks do not learn from each other here, as rows of a table do; each was compared with borrowing nothing."


#: Why tasks that train a network together are not learned with, by what was measured.
_TOGETHER = {
    "helps": "they help, and another way is better or as good",
    "hurts": "they hurt, and are refused",
    "no clear gain": "no more than chance gives, and they are refused",
}


def tasks_page(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """What the page of several tasks prints.

    Parameters
    ----------
    evidence : mapping
        As `headstart.models.saving.task_models.SeveralTasks` holds it.

    Returns
    -------
    dict
        Strings for ``tasks.jinja``.
    """
    data, reproduce = evidence.get("data") or {}, evidence.get("reproduce") or {}
    versions = ", ".join(f"{name} {version}" for name, version in (reproduce.get("versions") or {}).items())
    return {
        "title": str(data.get("name") or "several tasks"),
        "tasks": [_task(one, i + 1) for i, one in enumerate(evidence["tasks"])],
        "lead": _LENT if any(one["helped_by"] or one["refused"] for one in evidence["tasks"]) else _ALONE,
        "warnings": [str(words) for words in evidence.get("warnings") or []],
        "seconds": duration(evidence.get("seconds")),
        "command": reproduce.get("command") or "",
        "code": reproduce.get("code") or "",
        "versions": versions,
    }


def _task(one: Mapping[str, Any], number: int) -> dict[str, Any]:
    metric = one["metric"]
    shared = one["difference"] is not None
    return {
        "name": str(one["name"]),
        "place": f"task-{number}/report.html",
        "task": "numbers"
        if one["task"] == "regression"
        else "classes"
        if one["task"] == "classification"
        else "labels",
        "n": count(one["n"]),
        "metric": metric_name(metric),
        "value": amount(metric, one["value"]),
        "span": span(metric, one["interval"]),
        "gave": gain(metric, one["difference"]) if shared else "–",
        "gave_span": span(metric, one["span"]) if shared else "",
        "helped": ", ".join(one["helped_by"]) or ("none" if one["refused"] else "–"),
        "refused": ", ".join(one["refused"]) or ("none" if one["helped_by"] else "–"),
        "word": one["word"],
        "sentence": (_WORDS[one["word"]] if shared else "learned alone") + f"; chosen: {plain_name(one['chosen'])}.",
    }


def auxiliary_rows(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What other tasks gave a target: a row a task, and a sentence; None where there were none.

    Examples
    --------
    >>> task = {"name": "speaker", "n": 60, "gain": -0.02, "error": 0.01, "kept": False}
    >>> found = auxiliary_rows({"tasks": [task], "loss": "log-loss"})
    >>> found["words"], found["rows"][0]["gain"]
    ('Of 1 other task none helps the target. Refused: speaker.', '\u22120.02')
    """
    if not found or not found.get("tasks"):
        return None
    tasks = found["tasks"]
    if found.get("together"):
        return _together(found)
    kept = [str(one["name"]) for one in tasks if one["kept"]]
    refused = [str(one["name"]) for one in tasks if not one["kept"]]
    some = f"{', '.join(kept)} {'help' if len(kept) > 1 else 'helps'} the target" if kept else "none helps the target"
    rest = f" Refused: {', '.join(refused)}." if refused else ""
    rows = [
        {
            "name": str(one["name"]),
            "n": count(one["n"]),
            "gain": f"{one['gain']:.3g}".replace("-", MINUS),
            "error": f"{one['error']:.2g}",
            "kept": "learned with" if one["kept"] else "hurts" if one["gain"] < -one["error"] else "does not help",
        }
        for one in tasks
    ]
    return {
        "words": f"Of {count(len(tasks), 'other task')} {some}.{rest}",
        "rows": rows,
        "loss": found.get("loss", ""),
        "together": False,
    }


def _together(found: Mapping[str, Any]) -> dict[str, Any]:
    """What tasks gave a target that train its network: taken or refused together, but for what is of no use."""
    kept = [str(one["name"]) for one in found["tasks"] if one["kept"]]
    names = ", ".join(kept or found["refused"])
    words = f"{'Learned with' if kept else 'Not learned with'} other tasks: {names}. "
    if found["word"] in _TOGETHER:
        size, less = abs(found["gain"]), "lower" if found["gain"] >= 0 else "higher"
        words += (
            f"Where they train the network too, the {found['loss']} out of fold is {less} by {size:.2g} "
            f"(standard error {found['error']:.1g}) than of {plain_name(found['against'])}"
        )
        words += ". " if kept else f": {_TOGETHER[found['word']]}. "
        left = "; ".join(f"{one['name']}, as {one['why']}" for one in found["tasks"] if one.get("why"))
        words += f"Left out: {left}. " if kept and left else ""
    else:
        words += f"{found['why'][:1].upper()}{found['why'][1:]}. " if found["why"] else ""
    rows = [{"name": str(one["name"]), "n": count(one["n"])} for one in found["tasks"]]
    return {"words": words.strip(), "rows": rows, "loss": found["loss"], "together": True}


def pooled_groups(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What sharing gave each group: a sentence, and the groups that it gave least; None where there were none.

    Examples
    --------
    >>> group = {"group": "s3", "n": 12, "alone": 1.0, "shared": 2.0, "pooled": 1.5, "p_value": 0.01, "worse": True}
    >>> page = {"column": "school", "n_groups": 30, "worse": ["s3"], "better_on_average": 29, "groups": [group]}
    >>> pooled_groups(page)["words"]
    'Partial pooling over school: of 30 groups 29 do as well as alone or better, out of fold. Made worse, at 5%: s3.'
    """
    if not found:
        return None
    n, worse = int(found["n_groups"]), [str(name) for name in found["worse"]]
    named = ", ".join(worse[:_MOST_GROUPS]) + (
        f" and {len(worse) - _MOST_GROUPS} more" if len(worse) > _MOST_GROUPS else ""
    )
    words = (
        f"Partial pooling over {found['column']}: of {count(n, 'group')} {found['better_on_average']:,} do as well as "
        f"alone or better, out of fold. " + (f"Made worse, at 5%: {named}." if worse else "None is made worse, at 5%.")
    )
    rows = [
        {
            "name": str(one["group"]),
            "n": count(one["n"]),
            **{name: f"{one[name]:.4g}" for name in ("alone", "shared", "pooled")},
            "worse": bool(one["worse"]),
        }
        for one in found["groups"][:_MOST_GROUPS]
    ]
    return {"words": words, "rows": rows, "loss": found.get("loss", ""), "column": str(found["column"])}
