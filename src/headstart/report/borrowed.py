"""What was borrowed: a network, or rows of other tables and which of them were used."""

from __future__ import annotations

from typing import Any

from headstart.data.base.kinds import things
from headstart.report.adaptation import way_name
from headstart.report.figures import point_map, side_mark
from headstart.report.method_names import plain_name
from headstart.report.wording import count, short_count

_HUES = 8


def borrowed(source: dict[str, Any] | None) -> list[tuple[str, str]]:
    """What was borrowed from, as pairs of name and value.

    Parameters
    ----------
    source : dict or None
        ``source`` of the evidence.

    Returns
    -------
    list of (str, str)

    Examples
    --------
    >>> borrowed({"kind": "rows", "sources": [{"name": "a.csv", "n": 1200}], "n_columns": 8, "n_unlabelled": 0})
    [('a.csv', '1,200 rows'), ('Columns, in numbers', '8')]
    """
    if not source:
        return []
    if source.get("kind") == "rows":
        given = source.get("sources") or source.get("sets") or []
        rows = [(str(entry["name"]), count(entry["n"], "row") + _help(entry)) for entry in given]
        rows.append(("Columns, in numbers", count(source["n_columns"]) if source.get("n_columns") else ""))
        rows.append(("Without labels", count(source["n_unlabelled"], "row") if source.get("n_unlabelled") else ""))
        return [(name, value) for name, value in rows if value]
    rows = [
        ("Network", str(source.get("name", ""))),
        ("Kind", str(source.get("kind") or "")),
        ("Weights", short_count(source.get("n_parameters"))),
        ("Learned from", f"{short_count(source['n_examples'])} examples" if source.get("n_examples") else "not known"),
        ("Its classes", count(source["n_classes"]) if source.get("n_classes") else ""),
        ("Licence", str(source.get("licence") or "not stated")),
        ("Origin", str(source.get("origin") or "")),
        *((f"Labelled set {entry['name']}", count(entry["n"], "example")) for entry in source.get("sets") or []),
    ]
    return [(name, value) for name, value in rows if value]


def _help(entry: dict[str, Any]) -> str:
    """Whether one of several sources helps by itself."""
    return "" if "used" not in entry else ", helps by itself" if entry["used"] else ", does not help by itself"


def lead(source: dict[str, Any] | None) -> str:
    """What the card of the source says first."""
    if source and source.get("kind") == "rows":
        given = source.get("sources") or source.get("sets")
        return "Labelled rows of other tables." if given else "Rows of yours that have no labels."
    if source and source.get("sets"):
        return "The network that transfer starts from, and labelled examples beside it."
    return "The network that transfer starts from."


def used_rows(source: dict[str, Any] | None) -> dict[str, Any] | None:
    """Which of the borrowed rows the model used, by table and by class; None where that is not known.

    Parameters
    ----------
    source : dict or None
        Its ``use`` is what ``explain_source`` of the chosen method said.

    Returns
    -------
    dict or None
        ``words``, ``rows`` with ``name``, ``n``, ``weight`` and ``bar``, and ``histogram`` with ``name``, ``n`` and
        ``bar``.
    """
    use = (source or {}).get("use")
    if not use or not use.get("n_rows"):
        return None
    parts = [(str(entry["source"]), entry) for entry in use.get("by_source") or []]
    parts += [(f"class {entry['class']}", entry) for entry in use.get("by_class") or []]
    words = f"{count(use['n_rows'], 'row')} of the source count as much as {count(use['effective_rows'])} equal ones"
    rows = [
        {
            "name": name,
            "n": count(entry["rows"]),
            "weight": f"{100 * entry['share']:.0f}%",
            "bar": round(100 * entry["share"], 1),
        }
        for name, entry in parts
    ]
    least = ", ".join(str(entry["row"] + 1) for entry in (use.get("least_used") or [])[:8])
    by = f", by the part called “{use['part']}”" if use.get("part") else ""
    told = f"{words}{by}. Least used were the rows {least}." if least else f"{words}{by}."
    return {"words": told, "rows": rows, "histogram": _histogram(use.get("histogram") or [])}


def _histogram(stretches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many rows weigh how much, as bars."""
    most = max((one["rows"] for one in stretches), default=0) or 1
    return [
        {
            "name": f"{one['low']:g} and more" if one["high"] is None else f"{one['low']:g} to {one['high']:g}",
            "n": count(one["rows"]),
            "bar": round(100 * one["rows"] / most, 1),
        }
        for one in stretches
    ]


def both_sides(found: dict[str, Any] | None, kind: str) -> dict[str, Any] | None:
    """Where what was borrowed lies beside the target, before both were brought together and after.

    Parameters
    ----------
    found : dict or None
        ``domains`` of the evidence.
    kind : str
        Kind of input.

    Returns
    -------
    dict or None
        ``words``, ``sides`` and ``labels`` for the legend, and ``figures`` with ``name``, ``note`` and ``figure``.
    """
    if not found:
        return None
    unmoved = _unmoved(found)
    if unmoved:
        found = {**found, "views": [view for view in found["views"] if view["place"] == "before"]}
    many, labels = things(kind), found["labels"]
    hues = [f"fifth-{i}" if found.get("numbers") else f"hue-{min(i, _HUES - 1)}" for i in range(len(labels))]
    colours = [*hues, "hue-none"]
    sides = [
        {"mark": side_mark(i), "name": f"your {many}" if i == 0 else str(side["name"]), "n": _shown(side)}
        for i, side in enumerate(found["sides"])
    ]
    figures = []
    for view in sorted(found["views"], key=lambda view: str(view["by"])):
        name = f"{'Before' if view['place'] == 'before' else 'After'}, {_BY[view['by']]}"
        note = "" if view["share"] is None else f"{100 * view['share']:.0f}% of the spread lies in this plane."
        drawn = point_map(view["points"], found["side"], found["label"], colours, f"{name}: {_sides(sides)}")
        figures.append({"name": name, "note": note, "figure": drawn})
    named = [{"hue": hue, "name": str(label)} for hue, label in zip(hues, labels, strict=True)]
    return {
        "words": _told_apart(found),
        "after": _after(found, unmoved),
        "sides": sides,
        "labels": named,
        "figures": figures,
    }


_BY = {"PCA": "principal axes (PCA)", "t-SNE": "neighbours (t-SNE)"}


def _shown(side: dict[str, Any]) -> str:
    return count(side["n"]) if side["shown"] == side["n"] else f"{count(side['shown'])} of {count(side['n'])}"


def _sides(sides: list[dict[str, Any]]) -> str:
    return " and ".join(str(side["name"]) for side in sides)


def _told_apart(found: dict[str, Any]) -> str:
    """How well a classifier tells the two sides apart, before and after."""
    auc = {view["place"]: round(100 * max(view["auc"], 0.5)) for view in found["views"]}
    words = f"A classifier that has to say of a pair which one is yours is right in {auc['before']} of 100"
    if "after" in auc:
        words += f" before, and in {auc['after']} after both were brought together"
    return f"{words}; 50 is guessing."


def _unmoved(found: dict[str, Any]) -> bool:
    """Whether what is called after is what was before: a way that learns otherwise than by moving a side."""
    points = {(view["by"], view["place"]): view["points"] for view in found["views"]}
    return ("PCA", "after") in points and points["PCA", "after"] == points.get(("PCA", "before"))


def _after(found: dict[str, Any], unmoved: bool = False) -> str:
    """By what the two sides were brought together."""
    how = found.get("alignment")
    if how is None:
        return "No method that was tried moves one side onto the other."
    name, share = way_name(plain_name(str(how["name"]))), how["share"]
    if unmoved:
        return f"“{name}” moves neither side: it answers otherwise in the same places, so there is no picture after it."
    if share >= 0.995:
        return f"After: as the chosen model sees them, “{name}”."
    if share > 0:
        return f"After: as “{name}” sees them, {max(1, round(100 * share))}% of the chosen mixture."
    return f"After: as “{name}” would see them; it was tried, and not chosen."
