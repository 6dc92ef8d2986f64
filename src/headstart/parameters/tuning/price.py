"""What a fit will cost, from a few measured steps."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.inputs import inputs_in
from headstart.networks.cutting.text_boundary import marked
from headstart.networks.network import Network
from headstart.networks.running.pipeline import rows_a_pass
from headstart.networks.running.runtime import to_tensor
from headstart.parameters.tuning.plan import network_for, settings_for
from headstart.parameters.tuning.trainee import Trainee
from headstart.parameters.tuning.tuning import epochs_for
from headstart.parameters.tuning.windows import windows_each
from headstart.training.batches import Batch, steps_per_epoch
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.work_seconds import least_seconds

#: Seconds of a solved head on features that are there, beside the forward passes.
HEAD_SECONDS = 0.3
#: A step of training takes no longer than so many forward passes of its rows; what says more was disturbed.
_MOST_PASSES = 12.0


def predict_parts(estimator: Any, n_train: int, inputs: Any, n_outputs: int = 2) -> tuple[float, float]:
    """Predicted wall seconds of one fit on ``n_train`` pictures, clips or texts, in two parts.

    Parameters
    ----------
    estimator : TransferClassifier or TransferRegressor
        Unfitted; not changed.
    n_train : int
        Rows of the training part.
    inputs : Pictures, Clips or Texts
        How many there are and of what kind is all that matters, and the lengths of the first texts.
    n_outputs : int, default=2

    Returns
    -------
    (float, float)
        Seconds: of what is computed once an example (the frozen part's activations, where they are kept); and of
        training.
    """
    inputs = inputs_in(inputs)
    if inputs is None:
        return 0.0, HEAD_SECONDS
    network, settings = network_for(estimator, inputs.input_type), settings_for(estimator, input_type=inputs.input_type)
    if settings.blocks == 0:
        return 0.0, HEAD_SECONDS
    trainee = Trainee(network, n_outputs, settings)
    n = min(len(inputs), settings.batch_size)
    x = _example(network, inputs[:n]).to(trainee.device)
    stored = settings.stored and settings.blocks is not None and estimator.augment in ("auto", None, False)
    few = x[: rows_a_pass(network.preprocessing)]
    forward = _forward_seconds(trainee, few) / len(few) if stored else 0.0
    step = _step_seconds(trainee, x, stored, n_outputs)
    if not stored:
        step = min(step, _MOST_PASSES * _forward_seconds(trainee, few) * n / len(few))
    rows = round(n_train * (windows_each(inputs, network.preprocessing) if stored else 1.0))
    steps = epochs_for(settings, rows) * steps_per_epoch(rows, settings.batch_size)
    per_step = step * settings.batch_size / max(n, 1)
    return forward * rows, HEAD_SECONDS + steps * per_step


def _example(network: Network, inputs: Inputs) -> torch.Tensor:
    """A batch like those of the fit: of texts these, which may be long or short; else noise."""
    if not network.chain.takes_tokens or not len(inputs):
        return network.example(len(inputs))
    rows = [network.preprocessing.centre(canvas) for canvas in canvases(inputs, network.preprocessing)]
    return to_tensor(network.preprocessing.stack(rows), network.preprocessing)


def _at_boundary(boundary: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Activations for a batch (N, ...), made of those of one input; of texts as long as they are."""
    if not x.is_floating_point() and boundary.ndim == 3:
        boundary = boundary[:, torch.arange(x.shape[1]) % boundary.shape[1]]
        return marked(boundary.expand(len(x), -1, -1), x)
    return boundary.expand(len(x), *boundary.shape[1:]).contiguous()


def seconds_each(network: Network, inputs: Inputs, device: str = "cpu") -> float:
    """Seconds that one input takes through a frozen network, all its windows together."""
    x = _example(network, inputs[: min(len(inputs), 4)]).to(device)
    module = network.module if device == "cpu" else copy.deepcopy(network.module).to(device)

    def run() -> None:
        with torch.no_grad():
            module(x)

    return least_seconds(run, device=device) / len(x) * windows_each(inputs, network.preprocessing)


def _forward_seconds(trainee: Trainee, x: torch.Tensor) -> float:
    """Seconds of one forward pass."""

    def run() -> None:
        with torch.no_grad():
            trainee.outputs(x, stored=False)

    return least_seconds(run, device=trainee.device.type)


def _step_seconds(trainee: Trainee, x: torch.Tensor, stored: bool, n_outputs: int) -> float:
    """Seconds of one training step, after a warm-up."""
    groups = parameter_groups(
        trainee.head.parameters(), trainee.layers, learning_rate=1e-6, layer_decay=1.0, weight_decay=0.0
    )
    optimizer = make_optimizer(trainee.settings.optimizer, groups)
    if stored:
        stubs = None if trainee.tail is None else trainee.tail.stubs
        x = x if stubs is None else _at_boundary(stubs.boundary.to(x.device), x)
    Y = torch.from_numpy(np.eye(n_outputs, dtype=np.float32)[np.arange(len(x)) % n_outputs]).to(x.device)
    batch = Batch(x, Y, torch.ones(len(x), device=x.device))
    loss = trainee.loss("classification", stored)
    trainee.set_mode()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss(batch).backward()
        optimizer.step()

    return least_seconds(step, device=trainee.device.type)
