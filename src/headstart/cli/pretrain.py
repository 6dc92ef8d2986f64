"""``headstart pretrain``: from large data, a formula or a larger network to a source for other tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from headstart.cli.console import common, echo, note, print_json
from headstart.cli.options import Place
from headstart.cli.running.duration import Duration
from headstart.cli.running.interruption import going_on_from


@click.command("pretrain")
@click.argument("data", nargs=-1, required=True)
@click.option("--out", type=Place(), help="Folder to write the source into.")
@click.option("--preview", type=Place(), help="PNG with rendered pictures; alone, nothing is trained.")
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
@click.option("--measure", multiple=True, help="A labelled set to measure the result on; may be repeated.")
@click.option("--licence", help="Licence of the result, for its card.")
@click.option("--note", "notes", multiple=True, help="A line for its card; may be repeated.")
@click.option("--half/--no-half", default=True, show_default=True, help="Store weights in 16 bits instead of 32.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run of the same command stopped.")
@click.option(
    "--seed",
    "random_state",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="The same seed gives the same source.",
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
    if options["self_supervised"] and options["teachers"]:
        raise click.UsageError("Take --self-supervised or --teacher, not both.")
    from headstart.data.base.kinds import things
    from headstart.nn.processes import processes
    from headstart.pretraining.source_folder import held_out_words
    from headstart.pretraining.sources.from_data import pretrain

    saved = [] if out is None else [out.parent / f".{out.name}.{what}" for what in ("pretraining", "teaching")]
    with going_on_from(*saved), processes() as first:
        record = pretrain(data, out, preview=preview, **options)
    if not first:
        return
    if as_json:
        print_json(record)
        return
    if preview is not None:
        note(f"Preview: {preview}")
    if out is None:
        return
    echo(
        f"On held-out examples: {held_out_words(record)}; {record['n_parameters']:,} parameters; "
        f"{record['pictures_per_second']:,} examples a second; {record['seconds']:,.0f} seconds."
    )
    for row in record.get("transfer", ()):
        echo(
            f"{row['set']}, {row['labels']} labels: {row['source']:.1%} right, {row['random']:.1%} from random weights."
        )
    for remark in record["notes"][len(options["notes"]) :]:
        note(remark)
    note(f"\nSource: {out}\nUse it:  headstart fit {things(record['input_type'])}/ --source {out} --out model")
