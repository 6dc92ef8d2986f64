"""``headstart pretrain``: from a large labelled set, or from a formula, to a source for other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.console import common, note, print_json, progress_bars
from headstart.errors import ParameterError

if TYPE_CHECKING:
    from headstart.data.progress import Progress
    from headstart.parameters.examples import Examples

FORMULA = "formula:"


@click.command("pretrain")
@click.argument("data")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write the source into.")
@click.option(
    "--preview", type=click.Path(path_type=Path), help="PNG with rendered pictures; alone, nothing is trained."
)
@click.option("--classes", type=click.IntRange(2), default=500, show_default=True, help="Classes of a formula.")
@click.option("--per-class", type=click.IntRange(1), default=1000, show_default=True, help="Pictures of each of them.")
@click.option("--label", help="Column of a table that holds the labels.")
@click.option("--path-column", help="Column of a table that holds the paths of the pictures.")
@click.option("--network", type=click.Choice(["small", "base"]), default="small", show_default=True, help="Its size.")
@click.option("--image-size", type=click.IntRange(16, 256), default=64, show_default=True, help="Its input, in pixels.")
@click.option("--epochs", type=click.IntRange(1), help="Times each picture is seen. Default: 1 for a formula, else 30.")
@click.option("--batch-size", type=click.IntRange(2), default=64, show_default=True, help="Pictures a step.")
@click.option("--learning-rate", type=float, default=2e-3, show_default=True, help="Highest rate of AdamW.")
@click.option(
    "--flip/--no-flip", default=True, show_default=True, help="Whether left and right may be exchanged in DATA."
)
@click.option("--half/--no-half", default=True, show_default=True, help="Store weights in 16 bits instead of 32.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of the same command stopped.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same source."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(data: str, out: Path | None, preview: Path | None, resume: bool, as_json: bool, **options: Any) -> None:
    """Pretrain a network from random weights, so that small tasks can start from it.

    DATA is a large labelled set (a folder a class, or a table), or formula:NAME for pictures that headstart renders
    itself: formula:glyphs, formula:fractals, formula:contours, formula:textures, or formula:mixed for all of them.

    \b
    headstart pretrain many-pictures/ --out source
    headstart pretrain formula:mixed --classes 500 --per-class 1000 --out source
    headstart pretrain formula:mixed --preview sheet.png
    headstart fit few-pictures/ --source source --out model
    """
    if out is None and preview is None:
        raise click.UsageError("Missing option '--out' (or '--preview').")
    from headstart.networks.folder import check_place
    from headstart.parameters.pretrain import pretrain
    from headstart.parameters.recipe import Recipe

    if out is not None:
        check_place(out)
    with progress_bars() as progress:
        examples = _examples(data, options, preview, progress)
        if out is None:
            if as_json:
                print_json({"preview": str(preview)})
            return
        recipe = Recipe(
            network=options["network"],
            epochs=options["epochs"] or (1 if data.startswith(FORMULA) else 30),
            batch_size=options["batch_size"],
            learning_rate=options["learning_rate"],
            half=options["half"],
            seed=options["seed"],
        )
        record = pretrain(examples, out, recipe, device=options["device"], resume=resume, progress=progress)
    if as_json:
        print_json(record | {"preview": None if preview is None else str(preview)})
        return
    click.echo(
        f"{record['held_out_accuracy']:.1%} of held-out pictures right (by chance {record['chance']:.1%}); "
        f"{record['n_parameters']:,} parameters; {record['pictures_per_second']:,} pictures a second; "
        f"{record['seconds']:,.0f} seconds."
    )
    note(f"\nSource: {out}\nUse it:  headstart fit pictures/ --source {out} --out model")


def _examples(data: str, options: dict[str, Any], preview: Path | None, progress: Progress | None) -> Examples:
    """What to learn from; writes the preview on the way."""
    from headstart.data.rendered import RenderedPictures, write_preview
    from headstart.parameters.picture_examples import DatasetExamples, FormulaExamples

    size, seed = options["image_size"], options["seed"]
    if data.startswith(FORMULA):
        name = data.removeprefix(FORMULA)
        pictures = RenderedPictures(name, options["classes"], options["per_class"], seed, size)
        if preview is not None:
            write_preview(pictures, preview)
            note(f"Preview: {preview}")
        return FormulaExamples(pictures)
    if preview is not None:
        raise ParameterError(
            f"Expected a formula to preview, found {data}.", "Take formula:mixed, or leave --preview out."
        )
    from headstart.data.read import read_dataset

    dataset = read_dataset(data, label=options["label"], path_column=options["path_column"])
    return DatasetExamples(dataset, size=size, flip=options["flip"], random_state=seed, progress=progress)
