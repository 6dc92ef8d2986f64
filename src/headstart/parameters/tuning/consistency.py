"""Examples without labels beside the labelled ones of a training: weak views teach strong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from headstart.data.base.rows import Inputs
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.fixed_views import views_of
from headstart.data.inputs.variants import AnyAugmentation
from headstart.errors import ParameterError
from headstart.networks.running.embed import boundary
from headstart.nn.layers.dropout import without_channels
from headstart.nn.losses.consistency import Sureness, consistency_loss, followed
from headstart.parameters.tuning.trainee import Trainee
from headstart.training.batches import Batch, canvas_batches, stored_batches
from headstart.training.device import pick_device
from headstart.training.loop import Batches

#: Strong views of an example at a boundary, each computed once, ever.
VIEWS = 2
#: Steps, at most, and examples without labels in each.
STEPS, TOGETHER = 300, 32
#: Share of the channels that is hidden where a kind of input has no augmentation.
_HIDDEN = 0.25
_MOMENTUM = 0.9


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Examples without labels, their class shares, and how strong views are made.

    Attributes
    ----------
    inputs : Inputs of m examples
    shares : ndarray of shape (K,)
        As estimated; never those of the labels.
    augmentation : Augmentation, SoundAugmentation or None
        None, as for texts: channels at the boundary are hidden.
    """

    inputs: Inputs
    shares: np.ndarray
    augmentation: AnyAugmentation | None


@dataclass(frozen=True)
class Pair(Batch):
    """A batch with labels, and weak and strong views of examples without."""

    weak: Tensor
    strong: Tensor


class Teaching(nn.Module):
    """Batches and loss of labelled examples, joined by those of examples without labels.

    Each step sees a batch with labels and one without. Of the latter the plain example is the weak view: it says which
    class the strong one is to be, as far as it is sure (`headstart.nn.losses.consistency`).

    Parameters
    ----------
    trainee : Trainee
    more : Unlabelled
    stored : bool
        Whether batches are activations at the boundary.

    Raises
    ------
    ParameterError
        If there are neither views nor a boundary.
    """

    def __init__(self, trainee: Trainee, more: Unlabelled, stored: bool) -> None:
        super().__init__()
        self.trainee, self.more, self.stored = trainee, more, stored
        self.shares = torch.from_numpy(np.asarray(more.shares, dtype=np.float32)).to(trainee.device)
        self.averages: Tensor
        self.register_buffer("averages", self.shares.new_zeros(len(self.shares) + 2))  # so that checkpoints keep them
        if more.augmentation is None and not stored:
            raise ParameterError(
                f"Expected train='last:k' with unlabelled {more.inputs.kind.many}, found a training of the whole "
                "network.",
                "They have no views; channels at the boundary below the last blocks are hidden in their place.",
            )
        self.weak, self.strong = self._kept() if stored else self._seen()

    def batches(self, labelled: Batches, epochs: int) -> tuple[Batches, int]:
        """Batches of both, and steps of an epoch: the examples without labels once, as far as `STEPS` allow."""
        n = len(self.more.inputs)
        steps = max(1, min(-(-n // TOGETHER), STEPS // epochs))

        def of(epoch: int) -> Iterator[Pair]:
            own, *views = (_again_and_again(one, epoch) for one in (labelled, self.weak, self.strong))
            pairs = zip(*views, strict=True)
            for _ in range(steps):
                one, (weak, strong) = next(own), next(pairs)
                yield Pair(one.x, one.Y, one.weight, weak.x, strong.x)

        return of, steps

    def loss(self, labelled: Callable[[Batch], Tensor]) -> Callable[[Pair], Tensor]:
        """The labelled batch's loss and the consistency of the other."""

        def of(batch: Pair) -> Tensor:
            head, strong = self.trainee.head, batch.strong
            head.eval()
            with torch.no_grad():
                weak = self.trainee.outputs(batch.weak, self.stored)
            head.train()
            sureness = self.follow(weak)
            if self.more.augmentation is None:
                strong = without_channels(strong, _HIDDEN, self.trainee.time_last)
            said = self.trainee.outputs(strong, self.stored)
            return labelled(batch) + consistency_loss(weak, said, sureness, self.shares)

        return of

    def follow(self, weak: Tensor) -> Sureness:
        """The averages of `Sureness` after one more batch of logits of weak views."""
        *answers, mean, variance = self.averages.clone()
        before = Sureness(torch.stack(answers), mean, variance) if bool(self.averages.any()) else None
        now = followed(before, weak, self.shares, _MOMENTUM)
        self.averages.copy_(torch.cat([now.answers, now.mean[None], now.variance[None]]))
        return now

    def _kept(self) -> tuple[Batches, Batches]:
        """Activations at the boundary, of the examples and of their strong views."""
        trainee, inputs = self.trainee, self.more.inputs
        network, blocks = trainee.network, trainee.settings.blocks
        assert blocks is not None
        device = str(pick_device(trainee.settings.device))
        weak = boundary(network, inputs, blocks, device=device)
        if self.more.augmentation is None:
            return self._dealt(weak, 1), self._dealt(weak, 1)
        varied = views_of(inputs, network.preprocessing, self.more.augmentation, range(1, VIEWS + 1))
        return self._dealt(weak, 1), self._dealt(boundary(network, varied, blocks, device=device), VIEWS)

    def _dealt(self, rows: np.ndarray, views: int) -> Batches:
        """Stored rows in the same order whatever the number of views, of which each epoch takes another."""
        n, settings = len(rows) // views, self.trainee.settings
        blank = np.zeros((n, 1)), np.zeros(n)
        dealt = [
            stored_batches(rows, *blank, TOGETHER, settings.seed, self.trainee.device, chosen=np.arange(n) + view * n)
            for view in range(views)
        ]
        return lambda epoch: dealt[epoch % views](epoch)

    def _seen(self) -> tuple[Batches, Batches]:
        """The examples as they are, and varied anew at every step."""
        trainee, preprocessing = self.trainee, self.trainee.network.preprocessing
        kept = canvases(self.more.inputs, preprocessing)
        blank = np.zeros((len(kept), 1)), np.zeros(len(kept))
        weak, strong = (
            canvas_batches(
                kept,
                preprocessing,
                *blank,
                batch_size=TOGETHER,
                seed=trainee.settings.seed,
                device=trainee.device,
                augmentation=augmentation,
            )
            for augmentation in (None, self.more.augmentation)
        )
        return weak, strong


def _again_and_again(batches: Batches, epoch: int) -> Iterator[Batch]:
    """Batches of pass after pass, each epoch of passes of its own."""
    while True:
        yield from batches(epoch)
        epoch += STEPS + 1
