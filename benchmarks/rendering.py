"""Pictures from formulas a second against pictures that a network in training consumes: the ratio, family by family.

Run: python benchmarks/rendering.py [--device cpu] [--network small] [--batch-size 64]

Rendering and training steps take turns, so that a slow minute of the machine hits both. A ratio above 1 means that
pictures come faster than the network can learn from them. On a CPU both share its cores, so of the whole time rendering
takes 1 / (1 + ratio).
"""

from __future__ import annotations

import statistics

import numpy as np
import torch
from torch.nn import functional as F

from common import interleaved, parser
from headstart.pretraining.architectures import new_network
from headstart.pretraining.formula.rendered import FORMULAS, RenderedPictures
from headstart.training.device import autocast, has_bf16, pick_device

CLASSES = 1000


class Step:
    """One training step of a network on pictures that lie ready."""

    def __init__(self, network: str, batch_size: int, size: int, device: torch.device) -> None:
        self.device, self.bf16 = device, has_bf16(device)
        self.module = new_network(network, tuple(map(str, range(CLASSES))), 0).to(device).train()
        self.module = self.module.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.module.parameters(), 1e-4)
        rng = np.random.default_rng(0)
        self.pictures = torch.from_numpy(rng.integers(0, 256, (batch_size, size, size, 3), dtype=np.uint8)).to(device)
        self.labels = torch.from_numpy(rng.integers(0, CLASSES, batch_size)).to(device)

    def __call__(self) -> None:
        with autocast(self.device, self.bf16):
            logits = self.module((self.pictures.permute(0, 3, 1, 2).float() - 127.5) / 63.75).logits
        F.cross_entropy(logits.float(), self.labels).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        _wait(self.device)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def main() -> None:
    """Print a table: a row a formula."""
    made = parser(__doc__, 15)
    made.add_argument("--device", default="auto")
    made.add_argument("--network", default="small")
    made.add_argument("--batch-size", type=int, default=64)
    made.add_argument("--image-size", type=int, default=64)
    options = made.parse_args()
    device, n = pick_device(options.device), options.batch_size
    ways = {"training": Step(options.network, n, options.image_size, device)}
    rng = np.random.default_rng(0)
    for formula in FORMULAS:
        pictures = RenderedPictures(formula, 500 if formula == "glyphs" else CLASSES, 1000, size=options.image_size)

        def render(pictures: RenderedPictures = pictures) -> None:
            pictures.batch(rng.integers(0, len(pictures), n), device=device)
            _wait(device)

        ways[formula] = render
    interleaved(ways, 3)  # tables are made, memory is warm
    seconds = interleaved(ways, options.repeats)
    print(f"{options.network} network, batches of {n}, {options.image_size} x {options.image_size} pixels, {device}, ")
    print(f"{torch.get_num_threads()} threads; pictures a second, medians of {options.repeats}")
    print("\n| what | pictures a second | / training |\n|---|---|---|")
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(seconds["training"], taken, strict=True))
        print(f"| {name} | {n / statistics.median(taken):,.0f} | {ratio:.1f} |")


if __name__ == "__main__":
    main()
