"""How a model for data without labels was chosen."""

from __future__ import annotations

from typing import Any

from headstart.report.wording import count, missing

#: Names of the ways to adapt, for people who do not know the field's words.
_NAMES = {
    "source only": "what the labelled set says, as it is",
    "z-score": "each set brought to one scale",
    "linear monge": "the labelled set moved onto yours",
    "discriminant": "the labelled set moved onto yours, then classes sought there",
    "self-training": "taught further by its surest answers",
    "shot": "adapted until answers are sure and balanced",
    "z-shot": "scales matched, then adapted until answers are sure",
    "monge-shot": "the labelled set moved onto yours, then adapted until answers are sure",
    "joined": "the strong ways as one, then classes sought among your examples",
    "mcc": "adapted until classes are least confused",
}


def way_name(name: str) -> str:
    """A way to adapt in plain words; a name that is not ours stays as it is."""
    return _NAMES.get(name, name)


def adaptation(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """What the page says of a choice without labels; None where there was none.

    Parameters
    ----------
    found : dict or None
        ``adaptation`` of the evidence.

    Examples
    --------
    >>> way = {"name": "shot", "agreement": 0.61, "consensus": 0.9, "carried_back": 0.8, "chosen": True}
    >>> said = adaptation({"chosen": "shot", "domain_auc": 0.98, "gate": 0.7, "answers": {"a": 3}, "ways": [way]})
    >>> said["words"], said["rows"][0]["agreement"]
    ('A classifier tells your examples from the labelled set in 98 of 100 pairs: they differ.', '.61')
    >>> said["chosen"]
    'adapted until answers are sure and balanced'
    """
    if not found:
        return None
    auc, gate = found.get("domain_auc"), found.get("gate") or 0.7
    words = ""
    if not missing(auc) and auc is not None:
        end = "they differ." if auc >= gate else "they can hardly be told apart, so nothing was adapted."
        words = f"A classifier tells your examples from the labelled set in {100 * auc:.0f} of 100 pairs: {end}"
    answers = found.get("answers") or {}
    most = max(answers.values(), default=1) or 1
    return {
        "words": words,
        "chosen": way_name(str(found.get("chosen"))),
        "rows": [
            {
                "name": way_name(str(way["name"])),
                "code": str(way["name"]),
                "chosen": bool(way.get("chosen")),
                **{key: _share(way.get(key)) for key in ("agreement", "consensus", "carried_back")},
            }
            for way in found.get("ways") or []
        ],
        "answers": [{"name": name, "n": count(n), "bar": round(100 * n / most, 1)} for name, n in answers.items()],
    }


def _share(value: Any) -> str:
    return "" if value is None or missing(value) else f"{value:.2f}".replace("0.", ".", 1)
