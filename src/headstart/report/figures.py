"""Drawings as inline SVG: they take their colours from the page, so they follow its light and dark dress."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from headstart.data.base.kinds import thing, things
from headstart.math.statistics.two_classes import OperatingPoints
from headstart.report.scale import Place, apart, linear, logarithmic, ticks
from headstart.report.wording import amount, count, is_share, metric_name, missing

WIDTH, HEIGHT = 520.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 12.0, 44.0


def svg(body: Sequence[Markup], label: str, height: float = HEIGHT, width: float = WIDTH) -> Markup:
    """Wrap shapes in one SVG element with a text for those who cannot see it."""
    head = Markup('<svg class="figure" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">').format(
        width, height, label
    )
    return head + Markup("").join(body) + Markup("</svg>")


def _y_axis(values: Sequence[float], metric: str, top: float | None = None) -> tuple[Place, list[Markup]]:
    """Horizontal grid lines with their labels, and the map from values to heights."""
    marks = ticks(min(values), max(values))
    if top is not None and marks[-1] > top >= max(values):
        marks = [m for m in marks if m <= top + 1e-9]
    place = linear(marks[0], max(marks[-1], max(values)), HEIGHT - BOTTOM, TOP)
    shapes = []
    for mark in marks:
        text = f"{100 * mark:.3g}%" if is_share(metric) else amount(metric, mark)
        shapes.append(grid_line(place(mark), text))
    return place, shapes


def _x_axis(values: Sequence[float], place: Place, title: str) -> list[Markup]:
    """Labels under the values, as many as have room, and what they count."""
    values = sorted(set(values))
    shown = apart([place(v) for v in values], 40)
    shapes = [below(place(value), count(value)) for value, show in zip(values, shown, strict=True) if show]
    return [*shapes, below_all(title)]


def grid_line(y: float, text: str) -> Markup:
    """A horizontal line with its label."""
    line = Markup(
        '<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        '<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>'
    )
    return line.format(LEFT, WIDTH - RIGHT, LEFT - 7, y + 4, text, y=y)


def below(x: float, text: str, y: float = HEIGHT - BOTTOM + 18) -> Markup:
    """A label under the drawing."""
    return Markup('<text class="tick" x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>').format(x, y, text)


def below_all(title: str) -> Markup:
    """What the labels under the drawing count."""
    return below((LEFT + WIDTH - RIGHT) / 2, title, HEIGHT - 6)


def _line(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    """A line through points."""
    return Markup('<polyline class="line {}" points="{}"/>').format(
        kind, " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    )


def _band(
    n: Sequence[float], low: Sequence[float], high: Sequence[float], places: tuple[Place, Place], of: str
) -> Markup:
    """The room between two lines."""
    across, up = places
    edge = [(across(x), up(y)) for x, y in zip(n, high, strict=True)]
    edge += [(across(x), up(y)) for x, y in reversed(list(zip(n, low, strict=True)))]
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in edge)
    return Markup('<polygon class="band {}" points="{}"/>').format(of, outline)


def learning_curves(
    curves: Sequence[dict[str, Any]],
    metric: str,
    kind: str = "image",
    *,
    more: Sequence[dict[str, Any]] = (),
    side: str = "transfer",
) -> Markup:
    """Score against the number of labels, each curve with its band.

    Parameters
    ----------
    curves : sequence of dict
        ``name``, ``transfer``, ``n``, ``score``, ``low`` and ``high``, as in the evidence.
    metric : str
        Name of the score.
    kind : str, default="image"
        Kind of input that the labels are of.
    more : sequence of dict, optional
        Where the dashed line leads that says what more labels would bring: ``n``, ``score``, ``low`` and ``high``.
    side : {"transfer", "without"}, default="transfer"
        Which of the curves it continues.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    ahead = {key: [one[key] for one in more] for key in ("n", "score", "low", "high")}
    sizes = [n for curve in curves for n in curve["n"]] + ahead["n"]
    scores = [
        s for c in (*curves, ahead) for key in ("score", "low", "high") for s in c.get(key) or [] if not missing(s)
    ]
    across = logarithmic(
        min(sizes), max(sizes) if max(sizes) > min(sizes) else min(sizes) + 1, LEFT + 14, WIDTH - RIGHT - 14
    )
    up, body = _y_axis(scores, metric, 1.0 if is_share(metric) else None)
    body += _x_axis(sizes, across, f"labelled {things(kind)} (equal steps are equal ratios)")
    lines: list[Markup] = []
    for curve in curves:
        of = "transfer" if curve["transfer"] else "without"
        points = [(across(n), up(s)) for n, s in zip(curve["n"], curve["score"], strict=True)]
        low, high = curve.get("low"), curve.get("high")
        if low and high and not any(missing(v) for v in [*low, *high]):
            body.append(_band(curve["n"], low, high, (across, up), of))
        lines.append(_line(points, of))
        for (x, y), n, score in zip(points, curve["n"], curve["score"], strict=True):
            words = f"{curve['name']}: {amount(metric, score)} from {count(n, thing(kind))}"
            dot = '<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="4.2"><title>{}</title></circle>'
            lines.append(Markup(dot).format(of, x, y, words))
    if more:
        body.append(_band(ahead["n"], ahead["low"], ahead["high"], (across, up), f"{side} ahead"))
        points = [(across(n), up(s)) for n, s in zip(ahead["n"], ahead["score"], strict=True)]
        lines.append(_line(points, f"{side} ahead"))
    return svg(body + lines, f"Learning curves: {metric_name(metric)} against the number of labelled {things(kind)}")


def loss_history(history: Sequence[dict[str, Any]]) -> Markup:
    """Loss on the training part and on the part kept aside, epoch by epoch.

    Parameters
    ----------
    history : sequence of dict
        ``epoch``, ``train_loss``, ``val_loss``; the latter may be missing.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    epochs = [row["epoch"] for row in history]
    tracks = {
        kind: [(row["epoch"], row[key]) for row in history if not missing(row.get(key))]
        for kind, key in (("fitted", "train_loss"), ("aside", "val_loss"))
    }
    losses = [loss for track in tracks.values() for _, loss in track]
    across = linear(min(epochs), max(epochs), LEFT + 14, WIDTH - RIGHT - 14)
    up, body = _y_axis(losses, "log_loss")
    body += _x_axis(epochs, across, "epoch")
    for kind, track in tracks.items():
        body.append(_line([(across(epoch), up(loss)) for epoch, loss in track], kind))
    return svg(body, "Loss against epochs, on the training part and on the part kept aside")


def reliability_curve(bins: Sequence[dict[str, float]]) -> Markup:
    """How often the model is right against how sure it is, with intervals; the dashed line is right as often as sure.

    Parameters
    ----------
    bins : sequence of dict
        ``sure``, ``right``, ``low``, ``high`` and ``n``, by rising ``sure``.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    least = min([1.0] + [min(one["sure"], one["low"]) for one in bins])
    start = min(0.9, int(10 * least) / 10)
    across = linear(start, 1.0, LEFT + 14, WIDTH - RIGHT - 14)
    up, body = _y_axis([start, 1.0], "accuracy", top=1.0)
    for mark in [tick for tick in ticks(start, 1.0) if tick >= start - 1e-9]:
        body.append(below(across(mark), f"{100 * mark:.3g}%"))
    body.append(below_all("how sure the model is"))
    body.append(_line([(across(start), up(start)), (across(1.0), up(1.0))], "even"))
    for one in bins:
        x = across(one["sure"])
        shape = '<line class="whisker transfer" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
        body.append(Markup(shape).format(x, x, up(one["low"]), up(one["high"])))
        words = f"{amount('accuracy', one['sure'])} sure, {amount('accuracy', one['right'])} right of {count(one['n'])}"
        dot = '<circle class="dot transfer" cx="{:.1f}" cy="{:.1f}" r="4.2"><title>{}</title></circle>'
        body.append(Markup(dot).format(x, up(one["right"]), words))
    return svg(body, "How often the model is right against how sure it is")


def _square() -> tuple[Place, Place, list[Markup]]:
    """Shares from 0 to 1 both ways, with their grid."""
    across, up = linear(0.0, 1.0, LEFT + 14, WIDTH - RIGHT - 14), linear(0.0, 1.0, HEIGHT - BOTTOM, TOP)
    marks = (0.0, 0.25, 0.5, 0.75, 1.0)
    body = [grid_line(up(mark), f"{100 * mark:g}%") for mark in marks]
    return across, up, body + [below(across(mark), f"{100 * mark:g}%") for mark in marks]


def roc_curve(points: OperatingPoints, chosen: int) -> Markup:
    """The share that is found against the share of false alarms, as the threshold falls; the dashed line is chance.

    Parameters
    ----------
    points : OperatingPoints
    chosen : int
        The point at which the model answers.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    across, up, body = _square()
    alarms, found = 1.0 - points.specificity[::-1, 0], points.sensitivity[::-1, 0]
    body.append(below_all("false alarms (found: upwards)"))
    body.append(_line([(across(0), up(0)), (across(1), up(1))], "even"))
    body.append(_line([(across(x), up(y)) for x, y in zip(alarms.tolist(), found.tolist(), strict=True)], "transfer"))
    x, y = across(1.0 - points.specificity[chosen, 0]), up(points.sensitivity[chosen, 0])
    dot = '<circle class="dot transfer" cx="{:.1f}" cy="{:.1f}" r="5.5"><title>as the model answers</title></circle>'
    body.append(Markup(dot).format(x, y))
    return svg(body, "ROC curve: the share that is found against the share of false alarms")


def referral_curve(wrong: np.ndarray) -> Markup:
    """The share of answers that are wrong against the share that is referred, the least sure first.

    Parameters
    ----------
    wrong : ndarray of shape (n,)
        Share that is wrong among the m surest, m from 1 to n.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    n = len(wrong)
    kept = np.unique(np.linspace(max(1, round(0.2 * n)), n, min(n, 120)).round().astype(int))
    shares = wrong[kept - 1]
    across = linear(0.0, 0.8, LEFT + 14, WIDTH - RIGHT - 14)
    up, body = _y_axis([0.0, float(shares.max())], "accuracy")
    body += [below(across(mark), f"{100 * mark:g}%") for mark in (0.0, 0.2, 0.4, 0.6, 0.8)]
    body.append(below_all("referred, the least sure first (wrong answers: upwards)"))
    points = [(across(1.0 - m / n), up(share)) for m, share in zip(kept.tolist(), shares.tolist(), strict=True)]
    body.append(_line(points[::-1], "transfer"))
    return svg(body, "Share of answers that are wrong against the share that is referred")


def heatmap(matrix: Sequence[Sequence[float]], labels: Sequence[str]) -> Markup:
    """A confusion matrix too large for a table: a square a cell, its names when pointed at.

    Parameters
    ----------
    matrix : sequence of sequence of float
        Rows are true classes, columns predicted ones.
    labels : sequence of str
        Names of the classes.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    size = 500.0 / len(labels)
    cells = [Markup('<rect class="plate" x="0" y="0" width="500" height="500"/>')]
    for i, row in enumerate(matrix):
        total = sum(row) or 1
        for j, value in enumerate(row):
            if value:
                cells.append(
                    Markup(
                        '<rect class="{}" x="{:.2f}" y="{:.2f}" width="{s:.2f}" height="{s:.2f}" opacity="{:.2f}">'
                        "<title>{} taken for {}: {}</title></rect>"
                    ).format(
                        "right" if i == j else "wrong",
                        j * size,
                        i * size,
                        0.25 + 0.75 * value / total,
                        labels[i],
                        labels[j],
                        count(value),
                        s=size,
                    )
                )
    return svg(cells, "Confusion matrix: rows are true classes, columns predicted ones", 500.0, 500.0)


#: Shapes of the sides of a map: a disc for the target, the others for sources.
_SHAPES = (
    "M{x:.1f},{y:.1f}m-3.6,0a3.6,3.6 0 1,0 7.2,0a3.6,3.6 0 1,0 -7.2,0",
    "M{x:.1f},{y:.1f}m0,-4.4l4,7h-8z",
    "M{x:.1f},{y:.1f}m-3.2,-3.2h6.4v6.4h-6.4z",
    "M{x:.1f},{y:.1f}m0,-4.6l4.6,4.6l-4.6,4.6l-4.6,-4.6z",
)
_MAP = 340.0


def side_mark(side: int) -> Markup:
    """The shape of the points of a side, for a legend; the target is side 0."""
    shape = _SHAPES[min(side, len(_SHAPES) - 1)].format(x=6, y=6)
    way = "yours" if side == 0 else "lent"
    return Markup('<svg class="mark" viewBox="0 0 12 12" aria-hidden="true"><path class="{}" d="{}"/></svg>').format(
        way, shape
    )


def point_map(
    points: Sequence[tuple[float, float]], sides: Sequence[int], labels: Sequence[int], hues: Sequence[str], label: str
) -> Markup:
    """Points in the plane, coloured by label, their shape by side; those of the target are filled and lie on top.

    Parameters
    ----------
    points : sequence of (float, float)
        In the unit square, the second upwards.
    sides, labels : sequence of int
        Of each point; side 0 is the target, label -1 has the last hue.
    hues : sequence of str
        Classes of CSS by label.
    label : str
        What the drawing shows, for those who cannot see it.

    Returns
    -------
    Markup
        One ``<svg>`` element.
    """
    place, up = linear(0.0, 1.0, 10.0, _MAP - 10.0), linear(0.0, 1.0, _MAP - 10.0, 10.0)
    body = [Markup('<rect class="plate" x="0" y="0" width="{s:g}" height="{s:g}" rx="10"/>').format(s=_MAP)]
    for side in sorted(set(sides), reverse=True):
        shape = _SHAPES[min(side, len(_SHAPES) - 1)]
        for group in sorted(set(labels)):
            some = [p for p, s, c in zip(points, sides, labels, strict=True) if s == side and c == group]
            if some:
                drawn = "".join(shape.format(x=place(x), y=up(y)) for x, y in some)
                path = '<path class="{} {}" d="{}"/>'
                body.append(Markup(path).format("yours" if side == 0 else "lent", hues[group], drawn))
    return svg(body, label, _MAP, _MAP)
