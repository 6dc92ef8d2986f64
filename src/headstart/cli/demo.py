"""``headstart demo``: the main job on data that come along, with what is bundled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from headstart.cli.console import common, echo, note, print_json
from headstart.cli.demos.digits import digits
from headstart.cli.demos.wake_words import N_WORDS, wake_words
from headstart.cli.options import Place
from headstart.cli.running.duration import Duration
from headstart.progress import reporter

if TYPE_CHECKING:
    from headstart.data.sets.dataset import Dataset


class Demo(NamedTuple):
    """A small data set that is bundled.

    Parameters
    ----------
    data : callable
        ``data(labels, seed)`` gives it with a part to learn from.
    what : str
        What it holds, in the plural.
    own : str
        What the user would have, in the plural.
    labels, fewest, most, step : int
        How many labels by default, at least and at most; a multiple of what.
    """

    data: Callable[[int, int], Dataset]
    what: str
    own: str
    labels: int
    fewest: int
    most: int
    step: int = 1


DEMOS = {
    "pictures": Demo(digits, "handwritten digits", "pictures", 50, 20, 1500),
    "speech": Demo(wake_words, "spoken names", "clips", 10 * N_WORDS, 3 * N_WORDS, 20 * N_WORDS, N_WORDS),
}


#: Part of the time for learning with what is bundled; the rest is for learning without it.
_WITH_SOURCE = 0.7


@click.command("demo")
@click.argument("what", type=click.Choice(list(DEMOS)), default="pictures")
@click.option("--labels", type=int, help="How many labels to learn from. Default: 50 pictures, or 40 clips.")
@click.option("--out", type=Place(), default=Path("headstart-demo"), show_default=True)
@click.option("--budget", type=Duration(), default="45s", show_default=True, help="Time to spend.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which ones are labelled, and all other chance.")
@common
def command(what: str, labels: int | None, out: Path, budget: float, seed: int, as_json: bool) -> None:
    """Learn from a few labels, with and without the bundled network: WHAT is pictures (the default) or speech.

    The pictures are 1,797 real handwritten digits (scikit-learn's), the speech four names in thirty voices. All that
    are not labelled are kept for the final score.
    """
    import time

    from headstart.cli.summary import print_summary, summary
    from headstart.models.fitting import fit
    from headstart.networks.folder import check_place
    from headstart.report.write import write_beside

    demo = DEMOS[what]
    labels = check_labels(demo.labels if labels is None else labels, demo)
    check_place(out)
    data = demo.data(labels, seed)
    rest = len(data) - labels
    note(f"{len(data):,} {demo.what}: {labels} are labelled, {rest:,} are kept for the final score.")
    began = time.monotonic()
    with reporter(lines=True) as progress:
        model = fit(data, budget=_WITH_SOURCE * budget, random_state=seed, progress=progress)
        rest_of_time = max(budget - (time.monotonic() - began), (1 - _WITH_SOURCE) * budget)
        alone = fit(data, None, budget=rest_of_time, random_state=seed, progress=progress)
    again = "headstart demo" + ("" if what == "pictures" else f" {what}") + f" --labels {labels} --seed {seed}"
    model.evidence["data"]["name"] = f"{labels} {demo.what}"
    model.evidence["reproduce"] |= {"command": again, "code": ""}
    model.save(out, also=write_beside)
    report = out / "report.html"
    chosen, without = model.evidence["test"]["accuracy"], alone.evidence["test"]["accuracy"]
    if as_json:
        test = {"n": rest, "chosen": chosen, "without_transfer": without}
        print_json(summary(model.evidence) | {"demo": test, "model": str(out), "report": str(report)})
        return
    print_summary(model.evidence)
    echo(
        f"\nOn the {rest:,} other {demo.what} the chosen model is right in {100 * chosen:.1f}%; "
        f"learned from the {labels} alone: {100 * without:.1f}%.",
        bold=True,
    )
    note(f"\nModel:  {out}\nReport: {report} (open it in a browser)\nYour own {demo.own}: headstart fit --help")


def check_labels(labels: int, demo: Demo) -> int:
    """The number of labels, if a demo has so many."""
    if not demo.fewest <= labels <= demo.most or labels % demo.step:
        steps = f" and a multiple of {demo.step}" if demo.step > 1 else ""
        raise click.UsageError(f"Expected --labels from {demo.fewest} to {demo.most}{steps}, found {labels}.")
    return labels
