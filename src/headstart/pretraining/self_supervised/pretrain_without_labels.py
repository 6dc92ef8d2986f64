"""Pre-training without labels from end to end: from what the user names to a source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.pretraining.examples.pair_augment import PictureChanges
from headstart.pretraining.examples.pairs import TwoViews
from headstart.pretraining.examples.picture_examples import square
from headstart.pretraining.examples.unlabelled_examples import UnlabelledExamples
from headstart.pretraining.objectives import prepared
from headstart.pretraining.pretrain import pretrain
from headstart.pretraining.recipe import Recipe
from headstart.pretraining.self_supervised.objective import SelfSupervised
from headstart.pretraining.starting import first_network
from headstart.progress import Progress

RATE = 16000  # of networks for sounds, in Hz
CALIBRATED_ON = 256  # clips from which the front end takes its mean and standard deviation


def unlabelled_pairs(
    data: str | Path,
    *,
    size: int = 64,
    seconds: float = 1.0,
    flip: bool = True,
    path_column: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> TwoViews:
    """Views of pictures or clips in a folder, whatever folders it has inside, or that a file names.

    Parameters
    ----------
    data : path-like
        As for `headstart.data.reading.unlabelled.read_unlabelled`.
    size : int, default=64
        Side of the network's pictures in pixels.
    seconds : float, default=1.0
        Length of the network's sounds.
    flip : bool, default=True
        Whether pictures may be mirrored; not where sides matter, as in digits.
    path_column : str, optional
        Of a table.
    seed : int, default=0
        Decides the views and what is held out.
    progress : callable, optional
        Told how reading goes on.

    Raises
    ------
    DataError
        If there is nothing, or too little, to learn from.
    BadPictures, BadClips
        If any cannot be read.
    """
    inputs = read_unlabelled(data, path_column)
    sounds = isinstance(inputs, Clips)
    preprocessing = SoundPreprocessing(RATE, round(seconds * RATE)) if sounds else square(size)
    examples = UnlabelledExamples(inputs, preprocessing, name=Path(data).name, progress=progress)
    return TwoViews(examples, changes=None if sounds else PictureChanges(flip=flip), random_state=seed)


def pretrain_without_labels(
    examples: TwoViews,
    out: str | Path,
    recipe: Recipe | None = None,
    *,
    device: str = "auto",
    resume: bool = False,
    progress: Progress | None = None,
    licence: str | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Train a new network on pairs of views by `SelfSupervised`, and write it as a source.

    Use it where examples are many and labels are not. Where a network is there that has seen anything alike, try
    learning from it first (`headstart pretrain --teacher`).

    Parameters
    ----------
    examples : TwoViews
    out, recipe, device, resume, progress, licence, notes
        As for `headstart.pretraining.pretrain.pretrain`.

    Returns
    -------
    dict
        As from `pretrain`; its ``notes`` end with a sentence about it if the network has collapsed.
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
    return pretrain(
        examples,
        out,
        recipe,
        objective=objective,
        device=device,
        resume=resume,
        progress=progress,
        licence=licence,
        notes=notes,
    )
