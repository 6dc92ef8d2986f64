"""``headstart pretrain``: from large data, a formula or a larger network to a source for other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headstart.cli.console import common, note, print_json
from headstart.cli.duration import Duration
from headstart.errors import ParameterError
from headstart.progress import reporter

if TYPE_CHECKING:
    from headstart.pretraining.examples.examples import Examples
    from headstart.pretraining.recipe import Recipe
    from headstart.progress import Progress

FORMULA, SPEECH = "formula:", "speech:"


@click.command("pretrain")
@click.argument("data", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write the source into.")
@click.option(
    "--preview", type=click.Path(path_type=Path), help="PNG with rendered pictures; alone, nothing is trained."
)
@click.option("--self-supervised", is_flag=True, help="Learn from pictures or clips of sound without labels.")
@click.option("--teacher", "teachers", multiple=True, help="A source whose features to learn; may be repeated.")
@click.option("--classes", type=click.IntRange(2), default=500, show_default=True, help="Classes of a formula.")
@click.option("--per-class", type=click.IntRange(1), default=1000, show_default=True, help="Pictures of each of them.")
@click.option("--words", type=click.IntRange(2), default=1000, show_default=True, help="Words of speech:synthetic.")
@click.option("--takes", type=click.IntRange(1), default=24, show_default=True, help="How often each is spoken.")
@click.option(
    "--leave-out", multiple=True, help="A word not to speak, or all marked digit or command; may be repeated."
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.3, 10),
    default=1.0,
    show_default=True,
    help="Sounds to learn from are this long.",
)
@click.option("--window", type=click.FloatRange(0.3, 10), help="The network's window of sound. Default: --seconds.")
@click.option("--label", help="Column of a table that holds the labels.")
@click.option("--path-column", help="Column of a table that holds the paths of the pictures.")
@click.option("--network", default="small", show_default=True, help="Its architecture.")
@click.option("--from", "start", help="A source of that architecture whose weights to start from.")
@click.option("--image-size", type=click.IntRange(16, 256), default=64, show_default=True, help="Its input, in pixels.")
@click.option("--final-size", type=click.IntRange(16, 512), help="The finished network's. Default: --image-size.")
@click.option(
    "--epochs",
    type=click.IntRange(1),
    help="Times each example is seen. Default: 1 for a formula, 10 for speech, else 30.",
)
@click.option("--budget", type=Duration(), help="Time for the training, such as 30m, in place of --epochs.")
@click.option("--batch-size", type=click.IntRange(2), default=64, show_default=True, help="Pictures a step.")
@click.option("--learning-rate", type=float, default=2e-3, show_default=True, help="Highest rate of AdamW.")
@click.option(
    "--flip/--no-flip", default=True, show_default=True, help="Whether left and right may be exchanged in DATA."
)
@click.option("--views", type=click.IntRange(1), default=8, show_default=True, help="Views of each for a teacher.")
@click.option("--temperature", type=float, default=0.1, show_default=True, help="Of a teacher's contrastive term.")
@click.option("--contrast", type=float, default=1.0, show_default=True, help="Weight of that term.")
@click.option("--whitening", type=float, default=0.25, show_default=True, help="Of a teacher's features, 0 to 0.5.")
@click.option(
    "--label-weight", type=click.FloatRange(0), default=0.0, show_default=True, help="Of DATA's labels, with a teacher."
)
@click.option(
    "--teacher-weight", "teacher_weights", type=float, multiple=True, help="Of each teacher, in order. Default: alike."
)
@click.option("--skip-bad", is_flag=True, help="With a teacher: leave out what cannot be read.")
@click.option("--measure", "measured", multiple=True, help="A labelled set to measure the result on; may be repeated.")
@click.option("--licence", help="Licence of the result, for its card.")
@click.option("--note", "notes", multiple=True, help="A line for its card; may be repeated.")
@click.option("--half/--no-half", default=True, show_default=True, help="Store weights in 16 bits instead of 32.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of the same command stopped.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="The same seed gives the same source."
)
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, mps, or auto.")
@common
def command(data: tuple[str, ...], out: Path | None, preview: Path | None, as_json: bool, **options: Any) -> None:
    """Pretrain a network from random weights, so that small tasks can start from it.

    DATA is a large labelled set of pictures or clips (a folder a class, a table, or an .npz file), or formula:NAME for
    pictures that headstart renders itself: formula:glyphs, formula:fractals, formula:contours, formula:textures,
    formula:leaves, or formula:mixed for several of them; or speech:synthetic for words that espeak-ng speaks. With
    --teacher it is any pictures or clips, with or without labels, and there may be several. With --self-supervised
    it is any pictures or clips, in a folder whatever folders it has inside, and their labels are not read.

    \b
    headstart pretrain many-pictures/ --out source
    headstart pretrain formula:mixed --classes 500 --per-class 1000 --out source
    headstart pretrain speech:synthetic --words 1000 --out source
    headstart pretrain pictures/ more.txt --teacher big-network/ --out source
    headstart pretrain unlabelled-pictures/ --self-supervised --out source
    headstart pretrain formula:mixed --preview sheet.png
    headstart fit few-pictures/ --source source --out model
    """
    if out is None and preview is None:
        raise click.UsageError("Missing option '--out' (or '--preview').")
    from headstart.networks.folder import check_place
    from headstart.pretraining.source_folder import held_out_words
    from headstart.training.processes import processes

    if out is not None:
        check_place(out)
    if options["self_supervised"] and options["teachers"]:
        raise click.UsageError("Take --self-supervised or --teacher, not both.")
    with processes() as first, reporter() as bars:
        progress = bars if first else None
        if preview is not None:
            _preview(data, options, preview)
        if out is None:
            if as_json:
                print_json({"preview": str(preview)})
            return
        way = _distil if options["teachers"] else _alone if options["self_supervised"] else _learn
        record = way(data, out, options, progress)
        if first and options["measured"]:
            record["transfer"] = _measure(out, options, progress)
    if not first:
        return
    if as_json:
        print_json(record | {"preview": None if preview is None else str(preview)})
        return
    click.echo(
        f"On held-out examples: {held_out_words(record)}; {record['n_parameters']:,} parameters; "
        f"{record['pictures_per_second']:,} examples a second; {record['seconds']:,.0f} seconds."
    )
    for row in record.get("transfer", ()):
        click.echo(
            f"{row['set']}, {row['labels']} labels: {row['source']:.1%} right, {row['random']:.1%} from random weights."
        )
    for remark in record["notes"][len(options["notes"]) :]:
        note(remark)
    what = "clips" if record["input_type"] == "audio" else "pictures"
    note(f"\nSource: {out}\nUse it:  headstart fit {what}/ --source {out} --out model")


def _learn(data: tuple[str, ...], out: Path, options: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    """Learn the classes of the data."""
    from headstart.pretraining.pretrain import pretrain

    examples = _examples(data, options, progress)
    return pretrain(examples, out, _recipe(data, options), **_common(options), progress=progress)


def _alone(data: tuple[str, ...], out: Path, options: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    """Learn without labels and without a teacher."""
    from headstart.pretraining.examples.pair_augment import PictureChanges
    from headstart.pretraining.examples.pairs import TwoViews
    from headstart.pretraining.self_supervised.pretrain_without_labels import pretrain_without_labels, unlabelled_pairs

    if len(data) == 1 and data[0].startswith((FORMULA, SPEECH)):
        changes = None if data[0].startswith(SPEECH) else PictureChanges(flip=options["flip"])
        pairs = TwoViews(_examples(data, options, progress), changes=changes, random_state=options["seed"])
    elif len(data) == 1:
        given = {name: options[name] for name in ("seconds", "flip", "path_column", "seed")}
        pairs = unlabelled_pairs(data[0], size=options["image_size"], **given, progress=progress)
    else:
        raise ParameterError(
            f"Expected one set to learn from without labels, found {len(data)}: {', '.join(data)}.",
            "Put them into one folder, or list their paths in a .txt file.",
        )
    return pretrain_without_labels(pairs, out, _recipe(data, options), **_common(options), progress=progress)


def _distil(data: tuple[str, ...], out: Path, options: dict[str, Any], progress: Progress | None) -> dict[str, Any]:
    """Learn what the teachers say."""
    from headstart.networks.reading.loading import load_network
    from headstart.pretraining.distillation.distil import distil
    from headstart.pretraining.distillation.objective import DistillationRecipe
    from headstart.pretraining.examples.view_sets import picture_views

    distillation = DistillationRecipe(
        views=options["views"],
        whitening=options["whitening"],
        contrast=options["contrast"],
        temperature=options["temperature"],
    )
    distillation.check()
    teachers = [load_network(teacher) for teacher in options["teachers"]]
    labelled = options["label_weight"] > 0
    if teachers[0].input_type == "audio":
        from headstart.pretraining.examples.speech_sets import sound_views

        views = sound_views(
            data,
            teachers,
            _speech(options),
            n_views=distillation.views,
            labelled=labelled,
            path_column=options["path_column"],
            progress=progress,
        )
    else:
        views = picture_views(
            data,
            teachers,
            n_views=distillation.views,
            size=options["image_size"],
            labelled=labelled,
            **{name: options[name] for name in ("classes", "per_class", "flip", "seed", "label", "path_column")},
        )
    more = {name: options[name] for name in ("label_weight", "teacher_weights", "skip_bad")}
    recipe = _recipe(data, options)
    return distil(views, teachers, out, recipe, distillation, **more, **_common(options), progress=progress)


def _measure(out: Path, options: dict[str, Any], progress: Progress | None) -> list[dict[str, Any]]:
    """What the source is worth on labelled sets."""
    from headstart.data.reading.read import read_dataset
    from headstart.pretraining.worth import add_results, transfer_results

    sets = {Path(name).stem: read_dataset(name) for name in options["measured"]}
    rows = transfer_results(out, sets, seed=options["seed"], device=options["device"], progress=progress)
    add_results(out, rows)
    return rows


def _common(options: dict[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("device", "resume", "licence", "notes")}


def _recipe(data: tuple[str, ...], options: dict[str, Any]) -> Recipe:
    from headstart.pretraining.recipe import Recipe

    formulas = all(name.startswith(FORMULA) for name in data)
    epochs = 1 if formulas else 10 if any(name.startswith(SPEECH) for name in data) else 30
    return Recipe(
        epochs=options["epochs"] or epochs,
        **{
            name: options[name]
            for name in ("network", "start", "budget", "batch_size", "learning_rate", "half", "seed", "final_size")
        },
    )


def _speech(options: dict[str, Any]) -> Any:
    from headstart.pretraining.examples.speech_sets import SpeechSettings

    return SpeechSettings(
        options["words"], options["takes"], options["leave_out"], options["seconds"], options["seed"], options["window"]
    )


def _preview(data: tuple[str, ...], options: dict[str, Any], preview: Path) -> None:
    """Write a sheet of rendered pictures."""
    from headstart.pretraining.formula.rendered import write_preview

    if len(data) != 1 or not data[0].startswith(FORMULA):
        raise ParameterError(
            f"Expected a formula to preview, found {', '.join(data)}.", "Take formula:mixed, or leave --preview out."
        )
    write_preview(_rendered(data[0], options), preview)
    note(f"Preview: {preview}")


def _rendered(name: str, options: dict[str, Any]) -> Any:
    from headstart.pretraining.formula.rendered import RenderedPictures

    formula = name.removeprefix(FORMULA)
    return RenderedPictures(formula, options["classes"], options["per_class"], options["seed"], options["image_size"])


def _examples(data: tuple[str, ...], options: dict[str, Any], progress: Progress | None) -> Examples:
    """Labelled examples."""
    from headstart.pretraining.examples.picture_examples import DatasetExamples, FormulaExamples

    if len(data) != 1:
        raise ParameterError(
            f"Expected one labelled set, found {len(data)}: {', '.join(data)}.",
            "Put them into one, or learn from several without labels (--teacher).",
        )
    if data[0].startswith(FORMULA):
        return FormulaExamples(_rendered(data[0], options))
    if data[0].startswith(SPEECH):
        from headstart.pretraining.examples.speech_sets import speech_examples

        return speech_examples(data[0], _speech(options), progress)
    from headstart.data.reading.read import read_dataset

    dataset = read_dataset(data[0], label=options["label"], path_column=options["path_column"])
    if dataset.input_type == "audio":
        from headstart.pretraining.examples.clip_examples import ClipExamples

        speech = _speech(options)
        given = {"seconds": speech.seconds, "preprocessing": speech.preprocessing, "random_state": speech.seed}
        return ClipExamples(dataset, **given, progress=progress)
    return DatasetExamples(
        dataset, size=options["image_size"], flip=options["flip"], random_state=options["seed"], progress=progress
    )
