"""How to pretrain: the numbers that are the same whatever is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headstart.errors import ParameterError
from headstart.progress import Progress


@dataclass(frozen=True)
class Recipe:
    """How to pretrain.

    Parameters
    ----------
    network : str, default="small"
        Name of an architecture (`headstart.pretraining.architectures`), or path of a transformers configuration.
    start : str, optional
        Source whose weights to start from, of the same architecture; its output layer is left. Default: random weights.
    epochs : int, default=1
        Times each example is seen, at least 1. Examples from a formula are as good new as again: one epoch.
    budget : float, optional
        Seconds for the training, in place of ``epochs``: the speed is measured, and the schedule made to end in time.
    batch_size : int, default=64
    learning_rate : float, default=2e-3
        Of AdamW at its highest.
    weight_decay : float, default=0.05
        Not on biases and norms.
    label_smoothing : float, default=0.1
        In 0 to 1 (Szegedy et al. 2016, section 7); for labelled examples.
    half : bool, default=True
        Store weights in 16 bits: half the size. They are rounded before the last batch-norm statistics are taken.
    seed : int, default=0
        Of the first weights and the order.
    final_size : int, optional
        Side of the pictures that the finished network is given, in pixels, 16 to 512. Crops show things larger than
        whole pictures do, so a network is often best on pictures larger than its crops were (Touvron et al. 2019).
        Default: the size it was trained at.
    """

    network: str = "small"
    start: str | None = None
    epochs: int = 1
    budget: float | None = None
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    half: bool = True
    seed: int = 0
    final_size: int | None = None

    def check(self) -> None:
        """Refuse numbers outside their range.

        Raises
        ------
        ParameterError
            Naming each of them.
        """
        wrong = [
            f"{name}={value}"
            for name, value, right in (
                ("epochs", self.epochs, self.epochs >= 1),
                ("budget", self.budget, self.budget is None or self.budget > 0),
                ("batch_size", self.batch_size, self.batch_size >= 2),
                ("learning_rate", self.learning_rate, 0 < self.learning_rate <= 1),
                ("weight_decay", self.weight_decay, self.weight_decay >= 0),
                ("label_smoothing", self.label_smoothing, 0 <= self.label_smoothing < 1),
                ("seed", self.seed, self.seed >= 0),
                ("final_size", self.final_size, self.final_size is None or 16 <= self.final_size <= 512),
            )
            if not right
        ]
        if wrong:
            raise ParameterError(
                "Expected at least 1 epoch, a budget above 0, batches of at least 2, a learning rate above 0 and at "
                "most 1, weight decay of at least 0, label smoothing in 0 to 1, a seed of at least 0 and a final "
                f"size of 16 to 512; found {', '.join(wrong)}."
            )


@dataclass(frozen=True)
class RunOptions:
    """Where a run computes, whom it tells, and what the card of its source says.

    Parameters
    ----------
    device : str, default="auto"
        "auto", "cpu", "cuda" or "mps".
    resume : bool, default=False
        Continue a run of the same examples and recipe that was killed.
    progress : callable, optional
        ``progress(what, done, total)``.
    licence : str, optional
        Licence of the result, for its card. By default that of the examples.
    notes : sequence of str
        Further sentences for the card.
    """

    device: str = "auto"
    resume: bool = False
    progress: Progress | None = None
    licence: str | None = None
    notes: Sequence[str] = ()
