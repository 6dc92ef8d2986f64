"""Pretrain a small network from random weights, so that other tasks can start from it."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.data.progress import Progress
from headstart.errors import ParameterError
from headstart.networks.folder import check_place
from headstart.parameters.examples import Batch, Examples, steps
from headstart.parameters.source_folder import MEAN, STD, write_source
from headstart.training.device import autocast, has_bf16, pick_device
from headstart.training.loop import LoopSettings, train
from headstart.training.optimizers import make_optimizer, parameter_groups

#: Settings of transformers' ResNet for each size: plain 3 x 3 convolutions, which are fast on a CPU.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "small": {"embedding_size": 32, "hidden_sizes": [48, 96, 192, 256], "depths": [1, 1, 1, 1]},
    "base": {"embedding_size": 64, "hidden_sizes": [64, 128, 256, 512], "depths": [2, 2, 2, 2]},
}
ROUND = 25_600  # pictures between two measurements
CHECKPOINT_SECONDS = 20.0  # least time between two checkpoints


@dataclass(frozen=True)
class Recipe:
    """How to pretrain.

    Parameters
    ----------
    network : {"small", "base"}
        1.8 or 11.2 million parameters.
    epochs : int, default=1
        Times each picture is seen, at least 1. Pictures from a formula are as good new as again: one epoch.
    batch_size : int, default=64
    learning_rate : float, default=2e-3
        Of AdamW at its highest.
    weight_decay : float, default=0.05
        Not on biases and norms.
    label_smoothing : float, default=0.1
        In 0 to 1 (Szegedy et al. 2016, section 7).
    half : bool, default=True
        Store weights in 16 bits: half the size. They are rounded before the last batch-norm statistics are taken.
    seed : int, default=0
        Of the first weights and the order.
    """

    network: str = "small"
    epochs: int = 1
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    half: bool = True
    seed: int = 0


def pretrain(
    examples: Examples,
    out: str | Path,
    recipe: Recipe | None = None,
    *,
    device: str = "auto",
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a network from random weights to tell the classes apart, and write it as a source.

    Cross-entropy with label smoothing, AdamW, warm-up and half a cosine; bfloat16 and channels-last where the device
    has them. About 25,000 pictures are a round, after which progress is measured and a checkpoint written. At the end
    the batch-norm statistics are taken anew with the final weights, as a plain mean over 50 batches, because running
    means lag behind (Wu and Johnson 2021, section 3).

    Parameters
    ----------
    examples : Examples
        What to learn.
    out : path-like
        Folder of the source; an earlier result there is replaced when the new one is whole.
    recipe : Recipe, optional
    device : str, default="auto"
        "auto", "cpu", "cuda" or "mps".
    resume : bool, default=False
        Continue a run of the same examples and recipe that was killed.
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    dict
        ``out``, ``words`` (what was learned), ``n_examples``, ``n_classes``, ``n_parameters``, ``held_out_accuracy``,
        ``chance``, ``seconds``, ``pictures_per_second``, ``history`` (a record for each round), ``recipe``.

    Raises
    ------
    ParameterError
        For a setting outside its range.
    OutputError
        If something that headstart did not write stands at ``out``.
    """
    recipe = recipe or Recipe()
    _check(recipe)
    place = check_place(out)
    where = pick_device(device)
    started = time.monotonic()
    module = new_network(recipe.network, examples.class_names, recipe.seed).to(where)
    for parameter in module.parameters():  # channels last: what convolutions are fastest on
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    checkpoint = place.parent / f".{place.name}.pretraining"
    if not resume:
        checkpoint.unlink(missing_ok=True)
    run = _Run(module, examples, recipe, where)
    history = run.train(checkpoint, progress)
    final = run.finish(progress)
    seconds = time.monotonic() - started
    seen = examples.n * recipe.epochs
    record = {
        "words": examples.words,
        "n_examples": examples.n,
        "n_classes": len(examples.class_names),
        "n_parameters": sum(p.numel() for p in module.parameters()),
        "held_out_accuracy": round(final["val_accuracy"], 4),
        "held_out_loss": round(final["val_loss"], 4),
        "chance": 1 / len(examples.class_names),
        "seconds": round(seconds, 1),
        "pictures_per_second": round(seen / max(sum(r["seconds"] for r in history), 1e-9)),
        "history": [{k: round(v, 4) for k, v in r.items()} for r in history],
        "recipe": asdict(recipe),
    }
    write_source(place, module.cpu(), examples, record, half=recipe.half)
    checkpoint.unlink(missing_ok=True)
    return {"out": str(out), **record}


def new_network(size: str, class_names: tuple[str, ...], seed: int) -> nn.Module:
    """A transformers ResNet with random weights; the caller's random numbers are left as they were.

    Parameters
    ----------
    size : {"small", "base"}
    class_names : tuple of str
        One output each.
    seed : int

    Examples
    --------
    >>> module = new_network("small", ("ant", "bee"), seed=0)
    >>> sum(p.numel() for p in module.parameters())
    1771394
    """
    from transformers import ResNetConfig, ResNetForImageClassification

    if size not in ARCHITECTURES:
        raise ParameterError(f"Expected a network of {', '.join(ARCHITECTURES)}; found {size!r}.", "Take one of these.")
    names = dict(enumerate(class_names))
    config = ResNetConfig(
        **ARCHITECTURES[size], layer_type="basic", id2label=names, label2id={name: i for i, name in names.items()}
    )
    config.problem_type = "single_label_classification"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = ResNetForImageClassification(config)
    return module


def prepared(pictures: np.ndarray, device: torch.device) -> Tensor:
    """Network input from pictures (n, size, size, 3) uint8: normalised float32 (n, 3, size, size), channels last."""
    batch = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2)  # of memory (n, h, w, c): channels last already
    return (batch.float() - 255 * MEAN) / (255 * STD)


def ahead(batches: Iterator[Batch], depth: int = 3) -> Iterator[Batch]:
    """The same batches, made in a second thread while the caller works on the last ones.

    Examples
    --------
    >>> list(ahead(iter(range(5))))
    [0, 1, 2, 3, 4]
    """
    ready: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(maxsize=depth)
    stop = threading.Event()
    end = object()

    def put(item: Any, error: BaseException | None = None) -> None:
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                ready.put((item, error), timeout=0.1)
                return

    def work() -> None:
        try:
            for batch in batches:
                put(batch)
                if stop.is_set():
                    return
        except BaseException as error:
            put(end, error)
        else:
            put(end)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is end:
                return
            yield item
    finally:
        stop.set()
        thread.join()


class _Run:
    """One pre-training: network, examples, recipe and device, and what is done with them."""

    def __init__(self, module: nn.Module, examples: Examples, recipe: Recipe, device: torch.device) -> None:
        self.module, self.examples, self.recipe, self.device = module, examples, recipe, device
        self.bf16 = has_bf16(device)
        self.rounds = max(1, math.ceil(examples.n / ROUND))

    def train(self, checkpoint: Path, progress: Progress | None) -> list[dict[str, float]]:
        """Train in rounds; one record a round."""
        recipe = self.recipe
        groups = parameter_groups(
            self.module.parameters(),
            [],
            learning_rate=recipe.learning_rate,
            layer_decay=1.0,
            weight_decay=recipe.weight_decay,
        )
        settings = LoopSettings(
            epochs=recipe.epochs * self.rounds,
            steps_per_epoch=steps(self.examples.n // self.rounds, recipe.batch_size),
            warmup=0.05,
            clip=5.0,
            seed=recipe.seed,
            checkpoint=checkpoint,
            key=hashlib.sha256(repr((self.examples.key, recipe)).encode()).hexdigest(),
            checkpoint_seconds=CHECKPOINT_SECONDS,
        )
        return train(
            nn.ModuleDict({"network": self.module}),
            make_optimizer("adamw", groups),
            lambda round_: ahead(self._batches(round_)),
            self._loss,
            settings,
            evaluate=self.measure,
            set_mode=self._train_mode,
            progress=progress,
        )

    def finish(self, progress: Progress | None, n_batches: int = 50) -> dict[str, float]:
        """Round the weights if they are stored so, take batch-norm statistics anew, and measure."""
        if self.recipe.half:
            with torch.no_grad():
                for parameter in self.module.parameters():
                    parameter.copy_(parameter.half().float())
        norms = [m for m in self.module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all batches
        self.module.train()
        endless = itertools.chain.from_iterable(self._batches(i) for i in itertools.count())
        with torch.no_grad():
            for done, batch in enumerate(itertools.islice(endless, n_batches)):
                self._logits(batch[0])
                if progress is not None:
                    progress("taking statistics", done + 1, n_batches)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        self.module.eval()
        with torch.no_grad():
            return self.measure()

    def measure(self) -> dict[str, float]:
        """Cross-entropy and accuracy on the held-out pictures."""
        loss, right, n = 0.0, 0.0, 0
        for pictures, labels in self.examples.held_out():
            logits, target = self._logits(pictures), torch.from_numpy(labels).to(self.device)
            loss += float(F.cross_entropy(logits, target, reduction="sum"))
            right += float((logits.argmax(dim=1) == target).sum())
            n += len(labels)
        return {"val_loss": loss / n, "val_accuracy": right / n}

    def _batches(self, round_: int) -> Iterator[Batch]:
        return self.examples.batches(round_, self.rounds, self.recipe.batch_size, self.recipe.seed)

    def _logits(self, pictures: np.ndarray) -> Tensor:
        with autocast(self.device, self.bf16):
            logits: Tensor = self.module(prepared(pictures, self.device)).logits
        return logits.float()

    def _train_mode(self) -> None:
        self.module.train()

    def _loss(self, batch: Batch) -> Tensor:
        target = torch.from_numpy(batch[1]).to(self.device)
        return F.cross_entropy(self._logits(batch[0]), target, label_smoothing=self.recipe.label_smoothing)


def _check(recipe: Recipe) -> None:
    wrong = [
        f"{name}={value}"
        for name, value, right in (
            ("epochs", recipe.epochs, recipe.epochs >= 1),
            ("batch_size", recipe.batch_size, recipe.batch_size >= 2),
            ("learning_rate", recipe.learning_rate, 0 < recipe.learning_rate <= 1),
            ("weight_decay", recipe.weight_decay, recipe.weight_decay >= 0),
            ("label_smoothing", recipe.label_smoothing, 0 <= recipe.label_smoothing < 1),
            ("seed", recipe.seed, recipe.seed >= 0),
        )
        if not right
    ]
    if wrong:
        raise ParameterError(
            "Expected at least 1 epoch, batches of at least 2, a learning rate above 0 and at most 1, weight decay of "
            f"at least 0, label smoothing in 0 to 1 and a seed of at least 0; found {', '.join(wrong)}."
        )
