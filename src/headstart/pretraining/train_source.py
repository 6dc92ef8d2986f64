"""Train a small network from random weights, so that other tasks can start from it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headstart.errors import ParameterError
from headstart.networks.folder import check_place
from headstart.nn.layers.sync_norm import with_sync_norms
from headstart.nn.processes import rank, wait_for_all, world_size
from headstart.pretraining.examples.examples import Examples
from headstart.pretraining.objectives import ClassLabels, Objective
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.rounds import chosen_plan
from headstart.pretraining.source_folder import write_source
from headstart.pretraining.starting import first_network
from headstart.pretraining.training_run import Run
from headstart.training.device import pick_device


def train_source(
    examples: Examples,
    out: str | Path,
    recipe: Recipe | None = None,
    options: RunOptions | None = None,
    *,
    objective: Objective | None = None,
) -> dict[str, Any]:
    """Train a network from random weights, and write it as a source.

    AdamW, warm-up and half a cosine; bfloat16 and channels-last where the device has them. About 25,000 examples are a
    round, after which progress is measured and a checkpoint written. At the end the batch-norm statistics are taken
    anew with the final weights, as a plain mean over 50 batches, because running means lag behind (Wu and Johnson
    2021, section 3).

    Parameters
    ----------
    examples : Examples
        What to learn from.
    out : path-like
        Folder of the source; an earlier result there is replaced when the new one is whole.
    recipe : Recipe, optional
    options : RunOptions, optional
    objective : Objective, optional
        What to minimise. By default the classes of the examples are told apart (`ClassLabels`) by a new network.

    Returns
    -------
    dict
        ``out``, ``input_type``, ``words`` (what was learned from), ``objective``, ``n_examples``, ``n_classes``,
        ``n_parameters``, ``held_out`` (what was measured on held-out examples), ``held_out_accuracy`` and ``chance``
        with classes, ``seconds``, ``pictures_per_second``, ``history`` (a record for each round), ``recipe``.

    Raises
    ------
    ParameterError
        For a setting outside its range.
    OutputError
        If something that headstart did not write stands at ``out``.
    """
    recipe, options = recipe or Recipe(), options or RunOptions()
    recipe.check()
    place = check_place(out)
    where = pick_device(options.device)
    examples.compute_on(where)
    started = time.monotonic()
    if objective is None:
        network = first_network(recipe, examples.class_names, size=examples.size, input_type=examples.input_type)
        objective = ClassLabels(network, examples.class_names, recipe.label_smoothing)
    if world_size() > 1:
        with_sync_norms(objective.modules)
        if recipe.batch_size % world_size():
            raise ParameterError(
                f"Expected a batch size that {world_size()} processes can share equally, found {recipe.batch_size}.",
                "Take a multiple of their number.",
            )
    objective.settle(where, examples.preprocessing)
    checkpoint = place.parent / f".{place.name}.pretraining"
    note = place.parent / f".{place.name}.plan"
    if not options.resume and rank() == 0:
        checkpoint.unlink(missing_ok=True)
    wait_for_all()
    run = Run(objective, examples, recipe, options.progress)
    history = run.train(checkpoint, chosen_plan(objective, examples, recipe, run.key, note, options.resume))
    final = run.finish()
    module = objective.modules["network"].cpu()
    record = _record(run, module, history, final, options.notes) | {"seconds": round(time.monotonic() - started, 1)}
    if rank() == 0:
        names, size = objective.outputs, recipe.final_size
        write_source(place, module, examples, names, record, half=recipe.half, licence=options.licence, final_size=size)
        checkpoint.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
    wait_for_all()
    return {"out": str(out), **record}


def _record(
    run: Run, module: Any, history: list[dict[str, float]], final: dict[str, float], notes: Sequence[str]
) -> dict[str, Any]:
    """What is said of a run, in plain JSON types."""
    examples, recipe, objective = run.examples, run.recipe, run.objective
    record = {
        "input_type": examples.input_type,
        "words": examples.words,
        "objective": objective.words,
        "n_examples": examples.n_examples,
        "n_classes": len(examples.class_names),
        "n_parameters": sum(p.numel() for p in module.parameters()),
        "held_out": {name.removeprefix("val_"): round(value, 4) for name, value in final.items()},
        "pictures_per_second": round(
            len(history) * run.steps * recipe.batch_size / max(sum(r["seconds"] for r in history), 1e-9)
        ),
        "history": [{k: round(v, 4) for k, v in r.items()} for r in history],
        "recipe": {**asdict(recipe), "epochs": round(run.plan.epochs, 3), **objective.settings},
        "notes": [*notes, *objective.remarks(final)],
    }
    for name, value in objective.chance().items():
        record["chance"] = value
        record[name.replace("val_", "held_out_")] = round(final[name], 4)
    return record
