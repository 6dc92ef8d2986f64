"""What the adviser says: a sentence, the ranking behind it, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headstart.adviser.measuring import HELP, HURT
from headstart.adviser.ranking import FEW, MEASURED, NONE
from headstart.data.base.plain import plain

#: Labels below which training more than the output layer is not advised; see `headstart.guard.evidence.before`.
_SAFE = 50


@dataclass(frozen=True, eq=False)
class Advice:
    """What was said before anything was trained.

    Attributes
    ----------
    words : str
        The advice in a sentence or two.
    ranking : list of dict
        Everything that could be borrowed and "none", the best first; see `headstart.adviser.ranking.ranked`. Scores are
        shares right (of numbers R^2), from 0 to 1.
    lines : tuple of str
        What, how, what is not borrowed and why, what to do next.
    expected : bool
        Whether a gain can be: False where every source is refused.
    findings : list of dict
        What was looked at: ``check``, ``value``, ``verdict`` and ``words`` each.
    notes : tuple of str
        What was done to the data.
    n : int
        Labelled examples that were measured on.
    seconds : float
        What it took.
    numbers : bool
        Whether scores are R^2.
    """

    words: str
    ranking: list[dict[str, Any]]
    lines: tuple[str, ...]
    expected: bool
    findings: list[dict[str, Any]]
    notes: tuple[str, ...]
    n: int
    seconds: float
    numbers: bool = False

    def rows(self) -> list[list[str]]:
        """The ranking as cells: rank, source, what, how, expected, gain, verdict, why."""
        return [
            [
                *(str(row[name]) for name in ("rank", "source", "what", "how")),
                score(row, self.numbers),
                gain(row, self.numbers),
                "" if row["source"] == NONE else row["verdict"],
                row["why"],
            ]
            for row in self.ranking
        ]

    def to_dict(self) -> dict[str, Any]:
        """All of it in plain JSON types."""
        found: dict[str, Any] = plain({name: getattr(self, name) for name in self.__dataclass_fields__})
        return found


def sentence(rows: list[dict[str, Any]], n: int, seconds: float, *, numbers: bool = False) -> str:
    """The advice in words.

    Examples
    --------
    >>> none = {"source": "none", "verdict": "none", "expected": 0.7, "interval": [0.63, 0.77], "basis": "measured"}
    >>> sentence([none], 50, 2.0)
    'Nothing was offered to borrow from: 70% [63-77] without borrowing.'
    """
    none = next(row for row in rows if row["source"] == NONE)
    alone = f"{score(none, numbers)} without borrowing"
    others = [row for row in rows if row["source"] != NONE]
    tried = [row for row in others if row["basis"] == MEASURED]
    if not others:
        return f"Nothing was offered to borrow from: {alone}."
    if not tried:
        refused = [row for row in others if row["verdict"] == "refused"]
        if len(refused) < len(others):
            return f"Nothing could be measured in the time given: {alone}."
        reasons = "; ".join(dict.fromkeys(_lowered(row["why"]) for row in refused))
        which = "this source" if len({row["source"] for row in refused}) == 1 else "these sources"
        return f"No gain is to be expected from {which}: {reasons}."
    best = tried[0]
    spent = f"measured on {n:,} labels in {max(seconds, 0.1):.{0 if seconds >= 1 else 1}f} s"
    figures = f"expected {score(best, numbers)}, {alone}; gain {gain(best, numbers)}, {spent}"
    named = f"{best['source']} by {best['how']}"
    if best["verdict"] == HELP:
        return f"Borrow {named}: {figures}."
    sure = _surest(tried)
    if sure is not None:
        gained = f"{sure['source']} by {sure['how']} gains {gain(sure, numbers)}"
        return f"Borrow: {gained}; likeliest the best, though its own gain is open, is {named}: {figures}."
    if best["verdict"] == HURT:
        return f"Borrow nothing: {alone}; the best that was offered, {named}, gives {gain(best, numbers)}, {spent}."
    if best["gain"] <= 0:
        return (
            f"No gain is in sight: {alone}; the best that was offered, {named}, gives {gain(best, numbers)}, {spent}."
        )
    return f"It is open whether borrowing helps: the likeliest is {named}: {figures}."


def _surest(tried: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The first of the ways that help; the order is by what is likeliest the best, whose own gain may be open."""
    return next((row for row in tried if row["verdict"] == HELP), None)


def more_lines(rows: list[dict[str, Any]], n: int, *, numbers: bool = False) -> tuple[str, ...]:
    """What, how, what is not borrowed, and what to do next."""
    tried = [row for row in rows if row["basis"] == MEASURED and row["source"] != NONE]
    lines = []
    if tried:
        best: dict[str, dict[str, Any]] = {}
        for row in tried:
            best.setdefault(row["what"], row)
        shown = [f"{what} ({points(row['gain'], numbers)})" for what, row in best.items()]
        absent = [what for what in ("instances", "features", "parameters") if what not in best]
        lines.append(f"What: {' > '.join(shown)}{'; not measured: ' + ', '.join(absent) if absent else ''}.")
        top = tried[0]
        ways = [row for row in tried if row["source"] == top["source"]]
        how = " > ".join(f"{row['how']} ({points(row['gain'], numbers)})" for row in ways)
        few = n < _SAFE and any(row["how"] == "a new output layer" for row in ways)
        prior = "; by the number of labels alone (not measured), training more layers is unsafe" if few else ""
        lines.append(f"How: {how}{prior}.")
    if tried and n < FEW:
        lines.append(f"With {n} labels, under {FEW}, how much a source has seen has a say in the order.")
    left = [row for row in rows if row["verdict"] in (HURT, "refused")]
    named = {row["source"]: row for row in reversed(left) if not _used(row["source"], rows)}
    for row in reversed(named.values()):
        figure = f" ({points(row['gain'], numbers)})" if row["gain"] is not None else ""
        lines.append(f"Not borrowed: {row['source']}{figure}: {_lowered(row['why'])}.")
    sure = _surest(tried)
    if sure is not None:
        both = " and ".join(dict.fromkeys([tried[0]["source"], sure["source"]]))
        lines.append(f"Next: headstart fit with {both} as --source; it measures this again on folds.")
    elif tried:
        lines.append("Next: headstart fit compares both on folds; headstart label-next says which labels would tell.")
    return tuple(lines)


def _used(source: str, rows: list[dict[str, Any]]) -> bool:
    """Whether some way to borrow of a source is neither refused nor harmful."""
    return any(row["source"] == source and row["verdict"] not in (HURT, "refused") for row in rows)


def score(row: dict[str, Any], numbers: bool) -> str:
    """An expected score with its interval, as "91% [86-95]" or "R² 0.71 [0.60-0.79]"."""
    if row["expected"] is None:
        return "–"
    value, (low, high) = row["expected"], row["interval"]
    if numbers:
        return f"R² {value:.2f} [{low:.2f}-{high:.2f}]"
    return f"{100 * value:.0f}% [{100 * low:.0f}-{100 * high:.0f}]"


def gain(row: dict[str, Any], numbers: bool) -> str:
    """A gain with its interval, as "+21 [+14, +28]"."""
    if row["gain"] is None:
        return "–"
    low, high = row["gain_interval"]
    return f"{points(row['gain'], numbers)} [{points(low, numbers)}, {points(high, numbers)}]"


def points(value: float, numbers: bool) -> str:
    """A difference in points, or in R^2."""
    return f"{value:+.2f}" if numbers else f"{100 * value:+.0f}"


def _lowered(words: str) -> str:
    return (words[:1].lower() + words[1:]).rstrip(".")
