"""What was borrowed: a network, or rows of other tables and which of them were used."""

from __future__ import annotations

from typing import Any

from headstart.report.wording import count, short_count


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
        return "Labelled rows of other tables."
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
