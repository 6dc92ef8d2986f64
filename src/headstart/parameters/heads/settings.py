"""What of a network is trained, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.data.inputs.variants import AnyAugmentation


@dataclass(frozen=True)
class TuningSettings:
    """What of a network is trained, and how; the arguments of `TransferClassifier` with every default filled in.

    Parameters
    ----------
    blocks : int or None
        Number of last blocks that are trained; None trains all.
    widths : tuple of int
        Hidden layers of the new head; empty for a linear one.
    rank : int or None
        Of changes beside the projections of attention, which are trained alone (LoRA); None trains the weights.
    stored : bool
        Whether activations at the freeze boundary are computed once and kept (needs ``augmentation=None``).
    channel_dropout : float
        Share of the channels at the freeze boundary that a step hides from each example.
    pairs : bool
        Whether the features are trained on the pairs of balanced batches (`pair_loss`), without a head and in at most
        `headstart.parameters.tuning.tuning.MOST_STEPS` steps, in the place of a head and the layers below it on labels.
    """

    blocks: int | None
    rank: int | None = None
    widths: tuple[int, ...] = ()
    dropout: float = 0.0
    channel_dropout: float = 0.0
    optimizer: str = "adamw"
    epochs: int = 20
    learning_rate: float = 3e-4
    layer_decay: float = 1.0
    weight_decay: float = 1e-2
    l2_sp: float = 0.0
    augmentation: AnyAugmentation | None = None
    patience: int = 0
    batch_size: int = 32
    device: str = "cpu"
    seed: int = 0
    checkpoint: Path | None = None
    stored: bool = True
    pairs: bool = False
