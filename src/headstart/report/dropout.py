"""Overfitting, and what dropout does to it: the curves of a head with dropout and of the same without."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from headstart.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, below, below_all, grid_line, svg
from headstart.report.scale import linear, ticks

_KINDS = (("without", "without", "without dropout"), ("with", "transfer", "with dropout"))


def dropout(evidence: dict[str, Any] | None, things: str) -> dict[str, Any] | None:
    """The curves of dropout, ready to print; None where they were not asked for.

    Parameters
    ----------
    evidence : dict or None
        What `headstart.parameters.heads.dropout_curves.dropout_curves` found.
    things : str
        What the examples are called.
    """
    if not evidence:
        return None
    last = {name: {key: evidence[name][key][-1] for key in ("train", "held_out", "alike")} for name, _, _ in _KINDS}
    rows = [
        {"name": label, "train": _percent(last[name]["train"]), "held_out": _percent(last[name]["held_out"])}
        | {"gap": _percent(last[name]["train"] - last[name]["held_out"]), "alike": f"{last[name]['alike']:.2f}"}
        for name, _, label in _KINDS
    ]
    words = (
        f"The same head with a hidden layer of {evidence['width']} units, on the same features, from the same start: "
        f"{evidence['n']} {things} to learn from, {evidence['n_held_out']} held out. Dashed: on the {things} that it "
        "learns from; solid: on those held out. Where the two lines part, the head learns by heart."
    )
    return {"figure": _figure(evidence), "rows": rows, "words": words}


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _figure(evidence: dict[str, Any]) -> Markup:
    epochs = evidence["with"]["epoch"]
    shares = [share for name, _, _ in _KINDS for key in ("train", "held_out") for share in evidence[name][key]]
    marks = [mark for mark in ticks(min(shares), 1.0) if mark <= 1.0 + 1e-9]
    across = linear(min(epochs), max(max(epochs), min(epochs) + 1), LEFT + 14, WIDTH - RIGHT - 14)
    up = linear(min(marks[0], min(shares)), 1.0, HEIGHT - BOTTOM, TOP)
    body = [grid_line(up(mark), f"{100 * mark:.3g}%") for mark in marks]
    body += [below(across(epochs[at]), f"{epochs[at]:.0f}") for at in {0, len(epochs) // 2, len(epochs) - 1}]
    body.append(below_all("epoch"))
    shape = Markup('<polyline class="line {}" points="{}"><title>{}</title></polyline>')
    for name, kind, label in _KINDS:
        for key, extra, words in (("train", " ahead", "learned from"), ("held_out", "", "held out")):
            points = zip(epochs, evidence[name][key], strict=True)
            drawn = " ".join(f"{across(epoch):.1f},{up(share):.1f}" for epoch, share in points)
            body.append(shape.format(kind + extra, drawn, f"{label}, {words}"))
    return svg(body, "Share right against epochs, with dropout and without, learned from and held out")
