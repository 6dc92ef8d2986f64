"""Training all layers, against a bare PyTorch loop with the same batches, augmentation, precision and optimiser.

python benchmarks/fine_tuning.py
"""

from __future__ import annotations

import copy
import os

os.environ["HEADSTART_CACHE"] = "off"

import numpy as np
import torch
from torch import nn

from common import NETWORK, folder_pictures, interleaved, need_data, parser, report_ratio
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.augment import Augmentation
from headstart.data.pictures.pictures import as_pictures
from headstart.networks.reading.loading import load_network
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.tuning.tuning import tune
from headstart.training.batches import canvas_batches
from headstart.training.device import has_bf16

BATCH = 32


def bare_loop(network, pictures, targets, epochs: int, augmentation: Augmentation) -> nn.Module:
    """What one writes by hand: replace the classifier, autocast, AdamW."""
    device = torch.device("cpu")
    kept = canvases(pictures, network.preprocessing)
    model = copy.deepcopy(network.module).to(memory_format=torch.channels_last).eval()
    torch.manual_seed(0)
    model.classifier = nn.Linear(model.classifier.in_features, targets.Y.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.01)
    batches = canvas_batches(
        kept, network.preprocessing, targets.Y, targets.weight, batch_size=BATCH, seed=0, device=device,
        augmentation=augmentation,
    )  # fmt: skip
    for epoch in range(epochs):
        for batch in batches(epoch):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16(device)):
                logits = model(batch.x).logits
            nn.functional.cross_entropy(logits.float(), batch.Y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    return model


def main() -> None:
    arguments = parser(__doc__ or "", repeats=3)
    arguments.add_argument("--epochs", type=int, default=2)
    arguments.add_argument("--pictures", type=int, default=128)
    options = arguments.parse_args()
    need_data()
    paths, y = folder_pictures("hymenoptera", "train")
    chosen = np.linspace(0, len(paths) - 1, options.pictures).astype(int)
    pictures, targets = as_pictures([paths[i] for i in chosen]), class_targets(y[chosen], None)
    network, augmentation = load_network(str(NETWORK)), Augmentation(flip=True)
    settings = TuningSettings(blocks=None, epochs=options.epochs, augmentation=augmentation, batch_size=BATCH)
    canvases(pictures, network.preprocessing)
    print(f"{len(pictures)} pictures, {options.epochs} epochs, {torch.get_num_threads()} threads")
    ways = {
        "bare loop": lambda: bare_loop(network, pictures, targets, options.epochs, augmentation),
        "headstart": lambda: tune(network, pictures, targets, settings),
    }
    ways["headstart"]()
    seconds = interleaved(ways, options.repeats)
    print("pictures a second, headstart / bare loop (the inverse of the times):")
    report_ratio(seconds, "bare loop", "headstart")


if __name__ == "__main__":
    main()
