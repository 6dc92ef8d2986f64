"""Pre-training without labels from end to end: from what the user names to a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.data.reading.unlabelled import read_unlabelled
from headstart.pretraining.examples.examples import Examples
from headstart.pretraining.examples.given import Given
from headstart.pretraining.examples.material import material_of
from headstart.pretraining.examples.pairs import TwoViews
from headstart.pretraining.examples.unlabelled_examples import UnlabelledExamples
from headstart.pretraining.objectives import prepared
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.self_supervised.objective import SelfSupervised
from headstart.pretraining.starting import first_network
from headstart.pretraining.train_source import train_source
from headstart.progress import Progress

CALIBRATED_ON = 256  # clips from which the front end takes its mean and standard deviation


def unlabelled_pairs(given: Given, progress: Progress | None = None) -> TwoViews:
    """Views of pictures or clips in a folder, whatever folders it has inside, or that a file names.

    Parameters
    ----------
    given : Given
        Of one set, see `headstart.data.reading.unlabelled.read_unlabelled`.
    progress : callable, optional
        Told how reading goes on.

    Raises
    ------
    DataError
        If there is nothing, or too little, to learn from.
    BadPictures, BadClips
        If any cannot be read.
    """
    name = given.one(
        "set to learn from without labels", "Put them into one folder, or list their paths in a .txt file."
    )
    inputs = read_unlabelled(name, given.path_column)
    preprocessing = material_of(inputs.kind.input_type).preprocessing(given)
    return pairs_of(UnlabelledExamples(inputs, preprocessing, name=Path(name).name, progress=progress), given)


def pairs_of(examples: Examples, given: Given) -> TwoViews:
    """Two views of each example, mirrored or not as the user says."""
    changes = material_of(examples.input_type).changes(given.flip)
    return TwoViews(examples, changes=changes, random_state=given.seed)


def pretrain_without_labels(
    examples: TwoViews,
    out: str | Path,
    recipe: Recipe | None = None,
    options: RunOptions | None = None,
) -> dict[str, Any]:
    """Train a new network on pairs of views by `SelfSupervised`, and write it as a source.

    Use it where examples are many and labels are not. Where a network is there that has seen anything alike, try
    learning from it first (`headstart pretrain --teacher`).

    Parameters
    ----------
    examples : TwoViews
    out, recipe, options
        As for `headstart.pretraining.train_source.train_source`.

    Returns
    -------
    dict
        As from `train_source`; its ``notes`` end with a sentence about it if the network has collapsed.
    """
    recipe = recipe or Recipe()
    recipe.check()
    network = first_network(recipe, (), size=examples.size, input_type=examples.input_type)
    some = examples.batch(np.arange(min(CALIBRATED_ON, examples.n)), epoch=0).x
    front_end = getattr(network, "front_end", None)
    if front_end is not None:
        front_end.calibrate(torch.from_numpy(some))
    example = prepared(some[:2], examples.preprocessing, torch.device("cpu"))
    objective = SelfSupervised(network, example, seed=recipe.seed)
    return train_source(examples, out, recipe, options, objective=objective)
