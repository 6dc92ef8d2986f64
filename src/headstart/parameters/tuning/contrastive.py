"""Train the last blocks on pairs of examples, and solve a head on what they then say."""

from __future__ import annotations

import numpy as np

from headstart.data.base.rows import Inputs
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.running.cache import passing_cache
from headstart.networks.running.embed import embed
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import Targets
from headstart.parameters.tuning.tuning import tune
from headstart.progress import Progress
from headstart.training.device import pick_device


def contrast(
    network: Network,
    inputs: Inputs,
    targets: Targets,
    settings: TuningSettings,
    kind: str = "auto",
    *,
    groups: np.ndarray | None = None,
    progress: Progress | None = None,
    lent: int = 0,
) -> Fitted:
    """Draw examples of one class together and push the others apart, then solve a head.

    With 8 labels a class there are few examples but many pairs, and what is learned from pairs has no new parameters:
    SetFit (Tunstall et al. 2022) trains a whole text encoder so. Here the last blocks are trained, from activations at
    the boundary that are computed once, on all pairs of balanced batches (`headstart.nn.losses.pairs.pair_loss`); and
    the head may read the layers before them too, which never saw a label. Penalties and weights of the head come from
    the features of the untouched network: those of the trained one tell its own training rows apart without fail.

    Use it with few labels and a network that is close to the target. What it gives differs from set to set: with 8
    labels a class it helped on the topics of news, and was behind the head alone on spam and opinions about films. The
    guard measures it.

    Parameters
    ----------
    network : Network
        Not changed.
    inputs : Pictures, Clips or Texts, n of them
    targets : Targets of n
        Classes, or several labels; ``class_weight`` weighs the pairs as well.
    settings : TuningSettings
        With ``pairs=True``. Every row trains; nothing is set aside for stopping early.
    kind : {"auto", "linear", "depths"}
        Of the head, as in `headstart.parameters.heads.solved.solve_head`.
    groups : ndarray of shape (n,), optional
    progress : callable, optional
    lent : int, default=0
        How many of the last rows are lent by other sets; the head is not judged on them.

    Raises
    ------
    ParameterError
        For numbers, or with hidden layers in the head.
    """
    if targets.task == "regression":
        raise ParameterError(
            "Expected classes or labels for train='contrastive', found numbers.", "Use train='last:2' or 'all'."
        )
    if settings.widths:
        raise ParameterError(
            f"Expected head 'auto', 'linear' or 'depths' with train='contrastive', found {list(settings.widths)}.",
            "Its head is solved, not trained.",
        )
    device = str(pick_device(settings.device))
    before = embed(network, inputs, device=device, progress=progress)
    tuned = tune(network, inputs, targets, settings, progress=progress)
    after = embed(tuned.network, inputs, device=device, progress=progress, cache=passing_cache())
    head = solve_head(after, targets, kind, groups=groups, random_state=settings.seed, chosen_on=before, lent=lent)
    return Fitted(targets, tuned.network, head, None, tuned.history)
