"""From what the user names to a source: its classes learned, or views of it, or what teachers say of it."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

from headstart.contract.arguments import a, above, plainly, several, whole, within
from headstart.data.base.whole import check_file
from headstart.data.reading.read import read_dataset
from headstart.data.sets.description import sentences, tell
from headstart.errors import ParameterError
from headstart.networks.folder import check_place
from headstart.networks.reading.loading import load_network
from headstart.nn.processes import processes
from headstart.pretraining.distillation.distil import distil
from headstart.pretraining.distillation.objective import DistillationRecipe
from headstart.pretraining.examples.examples import Examples
from headstart.pretraining.examples.given import FORMULA, Given
from headstart.pretraining.examples.material import material_of
from headstart.pretraining.examples.pairs import TwoViews
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.examples.speech_sets import SPEECH, SpeechSettings, speech_examples
from headstart.pretraining.formula.rendered import PREVIEWS, write_preview
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.self_supervised.pretrain_without_labels import (
    pairs_of,
    pretrain_without_labels,
    unlabelled_pairs,
)
from headstart.pretraining.sources.worth import add_results, read_measured, transfer_results
from headstart.pretraining.train_source import train_source
from headstart.progress import Progress, reporter


@plainly(
    data=a("a path, a list of paths or the name of a formula", str, PathLike, list, tuple),
    classes=whole(2),
    per_class=whole(1),
    words=whole(2),
    takes=whole(1),
    leave_out=several("names", str),
    seconds=within(0.3, 10),
    window=above(0),
    network=a("a name", str),
    image_size=whole(16, 256),
    final_size=whole(16, 512),
    batch_size=whole(2),
    learning_rate=above(0, 1),
    temperature=above(0),
    contrast=within(0),
    whitening=within(0, 0.5),
    label_weight=within(0),
    teacher_weights=several("numbers", Real),
    measure=several("paths", (str, PathLike)),
    notes=several("sentences", str),
)
def pretrain(
    data: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    self_supervised: bool = False,
    teachers: Sequence[Any] = (),
    label: str | None = None,
    path_column: str | None = None,
    classes: int = 500,
    per_class: int = 1000,
    words: int = 1000,
    takes: int = 24,
    leave_out: Sequence[str] = (),
    seconds: float = 1.0,
    window: float | None = None,
    flip: bool = True,
    network: str = "small",
    start: str | None = None,
    image_size: int = 64,
    final_size: int | None = None,
    epochs: int | None = None,
    budget: float | None = None,
    batch_size: int = 64,
    learning_rate: float = 2e-3,
    half: bool = True,
    views: int = 8,
    temperature: float = 0.1,
    contrast: float = 1.0,
    whitening: float = 0.25,
    label_weight: float = 0.0,
    teacher_weights: Sequence[float] = (),
    skip_bad: bool = False,
    measure: Sequence[str | Path] = (),
    preview: str | Path | None = None,
    licence: str | None = None,
    notes: Sequence[str] = (),
    resume: bool = False,
    random_state: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Pretrain a network from random weights, so that small tasks can start from it.

    Use it where examples are many, or can be rendered, and no network has seen anything like them. Under ``torchrun``
    all processes train one network; the first one writes.

    Parameters
    ----------
    data : str, path or sequence of them
        A large labelled set of pictures or clips (a folder a class, a table, or an ``.npz`` file), "formula:NAME" for
        pictures that headstart renders (glyphs, fractals, contours, textures, leaves, mixed), or "speech:synthetic" for
        words that espeak-ng speaks. With ``teachers`` any pictures or clips, and there may be several sets; with
        ``self_supervised`` any of one set, and labels are not read.
    out : path-like, optional
        Folder of the source; an earlier result there is replaced when the new one is whole. Needed but for ``preview``.
    self_supervised : bool, default=False
        Learn from pairs of views, without labels.
    teachers : sequence of sources
        Networks whose features to learn.
    label, path_column : str, optional
        Columns of a table.
    classes, per_class : int
        Of a formula: at least 2, and 1.
    words, takes, leave_out
        Of speech: how many words, how often each is spoken, and words not to speak ("digit" and "command" are groups).
    seconds : float from 0.3 to 10, default=1.0
        Length of the sounds that are learned from.
    window : float, optional
        The finished network's window of sound. Default: ``seconds``.
    flip : bool, default=True
        Whether left and right of pictures may be exchanged.
    network : str, default="small"
        Its architecture.
    start : str, optional
        A source of that architecture whose weights to start from.
    image_size, final_size : int
        Side in pixels while it learns (16 to 256), and of what the finished network takes (16 to 512).
    epochs : int, optional
        Times each example is seen. Default: 1 for a formula, 10 for speech, else 30.
    budget : float, optional
        Seconds for the training, in place of ``epochs``.
    batch_size, learning_rate, half
        See `headstart.pretraining.recipe.Recipe`.
    views, temperature, contrast, whitening
        With teachers, see `headstart.pretraining.distillation.objective.DistillationRecipe`.
    label_weight, teacher_weights, skip_bad
        With teachers, see `headstart.pretraining.distillation.distil.distil`.
    measure : sequence of paths
        Labelled sets on which to measure the result.
    preview : path-like, optional
        PNG of rendered pictures of a formula; without ``out`` nothing is trained.
    licence, notes
        For the source's card.
    resume : bool, default=False
        Go on where a killed call with the same arguments stopped.
    random_state : int, default=0
        Seed; the same seed gives the same source.
    device : str, default="auto"
    progress : callable, optional
        Told ``progress(what, done, total)``. Default: bars on standard error if that is a terminal.

    Returns
    -------
    dict
        As `headstart.pretraining.train_source.train_source` returns it; with ``transfer`` where it was measured, and
        ``preview``.

    Raises
    ------
    ParameterError
        For arguments that do not go together or lie outside their range.
    DataError, OutputError
        If the data cannot be used, or ``out`` cannot be written.

    Examples
    --------
    >>> import headstart
    >>> headstart.pretrain("formula:leaves", preview="leaves.png", classes=4, per_class=20, image_size=32)
    {'preview': 'leaves.png'}
    """
    named = (data,) if isinstance(data, str | Path) else tuple(data)
    speech = SpeechSettings(words, takes, tuple(leave_out), seconds, random_state, window)
    given = Given(tuple(map(str, named)), image_size, classes, per_class, flip, label, path_column, speech)
    if self_supervised and teachers:
        raise ParameterError("Expected self_supervised or teachers, found both.", "Leave one of them out.")
    if out is None and preview is None:
        raise ParameterError("Expected out=, a folder for the source, or preview=, found neither.", "Give out=.")
    if out is not None:
        check_place(out)
    if preview is not None:
        check_file(preview, "--preview", PREVIEWS)
    drawn = {} if preview is None else {"preview": _drawn(given, preview)}
    if out is None:
        return drawn
    numbers: dict[str, Any] = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "half": half,
        "final_size": final_size,
    }
    recipe = Recipe(network, start, epochs or given.epochs, budget, seed=random_state, **numbers)
    taught = DistillationRecipe(views, whitening=whitening, contrast=contrast, temperature=temperature)
    taught.check()
    sets = read_measured(measure)
    with processes() as first, reporter(progress) as bars:
        options = RunOptions(device, resume, bars if first else None, licence, notes)
        if teachers:
            big = [load_network(teacher) for teacher in teachers]
            material = material_of(big[0].input_type)
            shown = material.shown(given, big, taught.views, label_weight > 0, options.progress)
            how: dict[str, Any] = {
                "label_weight": label_weight,
                "teacher_weights": teacher_weights,
                "skip_bad": skip_bad,
            }
            record = distil(shown, big, out, recipe, taught, options, **how)
        elif self_supervised:
            record = pretrain_without_labels(_pairs(given, options.progress), out, recipe, options)
        else:
            record = train_source(_labelled(given, options.progress), out, recipe, options)
        if first and sets:
            rows = transfer_results(out, sets, seed=random_state, device=device, progress=options.progress)
            add_results(out, rows)
            record["transfer"] = rows
    return record | drawn


def _drawn(given: Given, preview: str | Path) -> str:
    """Write a sheet of rendered pictures; its path."""
    if not given.synthetic or not given.data[0].startswith(FORMULA):
        raise ParameterError(
            f"Expected a formula to preview, found {', '.join(given.data)}.",
            "Take formula:mixed, or leave --preview out.",
        )
    write_preview(given.rendered(given.data[0]), Path(preview))
    return str(preview)


def _labelled(given: Given, progress: Progress | None) -> Examples:
    """Examples whose classes are learned."""
    name = given.one("labelled set", "Put them into one, or learn from several without labels (--teacher).")
    if name.startswith(FORMULA):
        return FormulaExamples(given.rendered(name))
    if name.startswith(SPEECH):
        return speech_examples(name, given.speech, progress)
    dataset = read_dataset(name, label=given.label, path_column=given.path_column)
    tell(sentences(dataset))
    examples: Examples = material_of(dataset.input_type).labelled(given, dataset, progress)
    return examples


def _pairs(given: Given, progress: Progress | None) -> TwoViews:
    """Two views of each example."""
    return pairs_of(_labelled(given, progress), given) if given.synthetic else unlabelled_pairs(given, progress)
