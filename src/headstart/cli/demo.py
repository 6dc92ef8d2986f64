"""``headstart demo``: the main job on real handwritten digits, with what is bundled."""

from __future__ import annotations

from pathlib import Path

import click

from headstart.cli.console import common, note, print_json, progress_bars
from headstart.cli.duration import Duration


@click.command("demo")
@click.option(
    "--labels", type=click.IntRange(20, 1500), default=50, show_default=True, help="How many labels to learn from."
)
@click.option("--out", type=click.Path(path_type=Path), default=Path("headstart-demo"), show_default=True)
@click.option("--budget", type=Duration(), default="45s", show_default=True, help="Time for the candidates.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which digits are labelled, and all other chance.")
@common
def command(labels: int, out: Path, budget: float, seed: int, as_json: bool) -> None:
    """Learn handwritten digits from a few labels, with and without the bundled network.

    The digits are real ones (scikit-learn's, 1,797 of them). All that are not labelled are kept for the final score.
    """
    from headstart.advise.fit import fit
    from headstart.cli.digits import digits
    from headstart.cli.summary import print_summary, summary
    from headstart.networks.folder import check_place
    from headstart.report.write import write_beside

    check_place(out)

    data = digits(labels, seed)
    rest = len(data) - labels
    note(f"{len(data):,} handwritten digits: {labels} are labelled, {rest:,} are kept for the final score.")
    with progress_bars() as progress:
        model = fit(data, "starter:pictures", budget=budget, random_state=seed, progress=progress)
        alone = fit(data, None, budget=budget, random_state=seed, progress=progress)
    model.evidence["data"]["name"] = f"{labels} handwritten digits"
    model.evidence["reproduce"] |= {"command": f"headstart demo --labels {labels} --seed {seed}", "code": ""}
    model.save(out, also=write_beside)
    report = out / "report.html"
    chosen, without = model.evidence["test"]["accuracy"], alone.evidence["test"]["accuracy"]
    if as_json:
        test = {"n": rest, "chosen": chosen, "without_transfer": without}
        print_json(summary(model.evidence) | {"demo": test, "model": str(out), "report": str(report)})
        return
    print_summary(model.evidence)
    click.secho(
        f"\nOn the {rest:,} other digits the chosen model is right in {100 * chosen:.1f}%; "
        f"learned from the {labels} alone: {100 * without:.1f}%.",
        bold=True,
    )
    note(f"\nModel:  {out}\nReport: {report} (open it in a browser)\nYour own pictures: headstart fit --help")
