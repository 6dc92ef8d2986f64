"""Two thousand damaged checkpoints: none resumes with other weights, none ends in anything but words.

    python benchmarks/fuzz_checkpoints.py --cases 2000

A training is stopped half-way; its checkpoint is damaged by bits, ends, parts of other checkpoints, other files, or by
somebody who makes the checksum right again. It is then resumed. A damaged one has to be left alone (the training begins
anew, with the weights of an unbroken one) or refused by `HeadstartError`; one with a right checksum must have the
weights of this network, whatever their values.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))

from damage import TooSlow, changed, cut, flipped, limits, main

from headstart.data.base.sealed import MARK, read_sealed, write_sealed
from headstart.errors import HeadstartError
from headstart.training.loop import LoopSettings, train

EPOCHS = 4


def weights(checkpoint: Path | None = None, key: str = "it", stop: int | None = None, seed: int = 0) -> list[Any]:
    """Weights after a short training, which a checkpoint may cut short; ``stop`` ends it after so many epochs."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layer, generator = nn.Linear(6, 3), torch.Generator().manual_seed(seed)
        X, y = torch.randn(24, 6, generator=generator), torch.arange(24) % 3
    settings = LoopSettings(EPOCHS, 3, seed=seed, checkpoint=checkpoint, key=key, checkpoint_seconds=0)
    optimizer = torch.optim.AdamW([{"params": list(layer.parameters()), "base_lr": 0.01}], lr=0.01)

    def batches(epoch: int) -> Iterator[torch.Tensor]:
        if stop is not None and epoch == stop:
            raise KeyboardInterrupt
        yield from torch.arange(24).reshape(3, 8)

    with contextlib.suppress(KeyboardInterrupt):
        train(
            nn.ModuleDict({"layer": layer}),
            optimizer,
            batches,
            lambda rows: nn.functional.cross_entropy(layer(X[rows]), y[rows]),
            settings,
        )
    return [parameter.detach().numpy().tolist() for parameter in layer.parameters()]


def damage(path: Path, others: list[Path], rng: np.random.Generator) -> tuple[str, bool]:
    """Change a checkpoint; what was done in words, and whether its checksum is right."""
    kind, whole = rng.integers(6), path.read_bytes()
    if kind == 0:
        other = others[rng.integers(len(others))]
        path.write_bytes(other.read_bytes())
        return f"that of {other.name}", False
    if kind <= 3:
        content, words = (flipped, cut)[kind % 2](whole, rng)
        path.write_bytes(content)
        return words, False
    if kind == 4:
        start, other = sorted(rng.integers(len(MARK), len(whole), 2).tolist())
        path.write_bytes(whole[:start] + bytes(other - start) + whole[other:])
        return "bytes of nothing in the middle", start == other
    content = read_sealed(path)
    assert content is not None
    length = int.from_bytes(content[:8], "little")
    said, words = changed(content[8 : 8 + length], rng)
    write_sealed(path, len(said).to_bytes(8, "little") + said + content[8 + length :])
    return f"{words}, checksum made right", True


def case(seed: int, folder: Path, wanted: list[Any]) -> tuple[str, str]:
    """Outcome and words of one case."""
    rng = np.random.default_rng(seed)
    path = folder / "run"
    path.write_bytes((folder / f"after{rng.integers(1, EPOCHS)}").read_bytes())
    others = [folder / "other", folder / "older", folder / "thesis"]
    words, hostile = damage(path, others, rng)
    words = f"{seed} {words}"
    try:
        with limits():
            found = weights(path)
    except HeadstartError as error:
        return "refused", f"{words}: {error}"
    except TooSlow:
        return "too slow", words
    except BaseException as error:
        return "foreign exception", f"{words}: {type(error).__name__}: {error}"
    if found == wanted:
        return "the weights of an unbroken run", words
    return ("checksum made right, other values" if hostile else "wrong, accepted"), words


def run(seeds: range) -> Iterator[tuple[str, str]]:
    """Outcome and words of each case, in this process."""
    logging.getLogger("headstart").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for stop in range(1, EPOCHS):
            weights(folder / f"after{stop}", stop=stop)
        weights(folder / "other", key="another", seed=1)
        torch.save({"key": "it", "epoch": 1}, folder / "older")
        (folder / "thesis").write_text("my thesis " * 50)
        wanted = weights()
        for seed in seeds:
            yield case(seed, folder, wanted)


if __name__ == "__main__":
    main(__file__, str(__doc__), 2000, run)
