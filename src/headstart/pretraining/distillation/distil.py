"""A big network's knowledge in a small one: the teachers see every view once, then the student learns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from headstart.networks.folder import check_place
from headstart.networks.network import Network
from headstart.nn.processes import rank, told_by_first, wait_for_all
from headstart.pretraining.distillation.lessons import Lessons, remove
from headstart.pretraining.distillation.objective import Distillation, DistillationRecipe, component_names
from headstart.pretraining.distillation.taught_examples import TaughtExamples, teacher_lengths
from headstart.pretraining.examples.picture_views import Views
from headstart.pretraining.objectives import ClassLabels, Joint, Objective, prepared
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.starting import first_network
from headstart.pretraining.train_source import train_source
from headstart.training.device import pick_device


def distil(
    views: Sequence[Views],
    teachers: Sequence[Network],
    out: str | Path,
    recipe: Recipe | None = None,
    distillation: DistillationRecipe | None = None,
    options: RunOptions | None = None,
    *,
    label_weight: float = 0.0,
    teacher_weights: Sequence[float] = (),
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Train a small network to say what larger ones say, and write it as a source.

    Every view is made and shown to the teachers once; what they say is kept beside the result until that is written,
    so that ``resume`` repeats none of it.

    Parameters
    ----------
    views : sequence of Views
        What teachers and student see; all of one kind and size.
    teachers : sequence of Network
    out : path-like
    recipe : Recipe, optional
    distillation : DistillationRecipe, optional
    options : RunOptions, optional
    label_weight : float, default=0
        Weight of telling the classes apart as well, by cross-entropy. Above 0 the outputs of the saved network are
        the classes, else the components of the teachers' features.
    teacher_weights : sequence of float, default=()
        Of each teacher beside the others, above 0; without them all count alike.
    skip_bad : bool, default=False
        Leave out examples that cannot be read, and note how many they were.

    Returns
    -------
    dict
        As of `train_source`.

    Raises
    ------
    BadPictures
        If examples cannot be read; with ``resume`` and ``skip_bad`` the work done so far is used.
    ParameterError, DataError, OutputError
        As of `train_source`.
    """
    recipe, distillation = recipe or Recipe(), distillation or DistillationRecipe()
    options = options or RunOptions()
    recipe.check()
    distillation.check()
    teacher_lengths(teacher_weights, len(teachers))
    place = check_place(out)
    lessons = Lessons(views, teachers, place.parent / f".{place.name}.teaching")
    if rank() == 0:
        if not options.resume:
            remove(lessons.folder)
        lessons.learn(str(pick_device(options.device)), options.progress)
    wait_for_all()
    if rank() > 0:
        lessons.read()
    lessons.bad = told_by_first(lessons.bad)
    if not skip_bad:
        lessons.refuse_bad()
    left_out = [f"{len(lessons.bad)} examples could not be read and were left out."] if lessons.bad else []
    examples = TaughtExamples(lessons, distillation, recipe.seed, labelled=label_weight > 0, weights=teacher_weights)
    notes = [*options.notes, *(f"Teacher: {_described(teacher)}." for teacher in teachers), *left_out]
    objective = _objective(examples, recipe, distillation, label_weight)
    record = train_source(examples, out, recipe, replace(options, notes=notes), objective=objective)
    if rank() == 0:
        lessons.remove()
    return record


def _objective(
    examples: TaughtExamples, recipe: Recipe, distillation: DistillationRecipe, label_weight: float
) -> Objective:
    components = component_names(examples.n_components)
    outputs = examples.class_names or components
    network = first_network(recipe, outputs, size=examples.size, input_type=examples.input_type)
    teaching = Distillation(network, examples.n_components, distillation)
    if not label_weight:
        return teaching
    labels = ClassLabels(network, examples.class_names, recipe.label_smoothing)
    first = next(examples.held_out())
    example = prepared(first.x[:2], examples.preprocessing, pick_device("cpu"))
    return Joint([labels, teaching], [label_weight, 1.0], example, recipe.seed)


def _described(teacher: Network) -> str:
    card = teacher.card
    trained = "" if card.n_examples is None else f", trained on {card.n_examples:,} examples"
    return f"{teacher.name}, {card.n_parameters:,} parameters{trained}, licence {card.licence or 'unknown'}"
