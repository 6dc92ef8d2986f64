"""Training all layers, against a bare PyTorch loop with the same batches, precision, schedule and optimiser.

Once as the pictures are, and once varied by the same functions. The bare loop has channels-last weights; pictures are
decoded beforehand, and both make the next batch in a thread. Both start from a random head.

CPU seconds of the bare loop by headstart's, MobileNetV1 0.25, 192 pictures, one thread, on a busy machine, 5 pairs: as
they are 1.01 (from 0.85 to 1.14), varied 0.98 (from 0.93 to 1.10).

python benchmarks/fine_tuning.py
"""

from __future__ import annotations

import copy
import os

os.environ["HEADSTART_CACHE"] = "off"

import numpy as np
import torch
from torch import nn

from common import DATA, clocked, folder_pictures, need_data, parser, report_ratio
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.augment import Augmentation
from headstart.data.pictures.pictures import as_pictures
from headstart.networks.reading.loading import load_network
from headstart.parameters.heads.settings import TuningSettings
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.tuning.tuning import tune
from headstart.training.batches import canvas_batches, steps_per_epoch
from headstart.training.device import has_bf16
from headstart.training.schedule import warmup_cosine

BATCH = 32


def bare_loop(network, pictures, targets, epochs: int, augmentation: Augmentation | None) -> nn.Module:
    """What one writes by hand: replace the classifier, autocast, AdamW."""
    device = torch.device("cpu")
    kept = canvases(pictures, network.preprocessing)
    model = copy.deepcopy(network.module).to(memory_format=torch.channels_last).eval()
    torch.manual_seed(0)
    model.classifier = nn.Linear(model.classifier.in_features, targets.Y.shape[1])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, weight_decay=0.01, fused=True)
    step, total = 0, epochs * steps_per_epoch(len(pictures), BATCH)
    batches = canvas_batches(
        kept, network.preprocessing, targets.Y, targets.weight, batch_size=BATCH, seed=0, device=device,
        augmentation=augmentation,
    )  # fmt: skip
    for epoch in range(epochs):
        for batch in batches(epoch):
            optimizer.param_groups[0]["lr"] = 3e-4 * warmup_cosine(step, total, max(1, total // 10))
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16(device)):
                logits = model(batch.x).logits
            nn.functional.cross_entropy(logits.float(), batch.Y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
    return model


def main() -> None:
    arguments = parser(__doc__ or "", repeats=5)
    arguments.add_argument("--network", default="mobilenet_v1_0.25_128", help="or mobilenet_v2_1.0_224, and the like")
    arguments.add_argument("--epochs", type=int, default=3)
    arguments.add_argument("--pictures", type=int, default=192)
    options = arguments.parse_args()
    need_data()
    paths, y = folder_pictures("hymenoptera", "train")
    chosen = np.linspace(0, len(paths) - 1, options.pictures).astype(int)
    pictures, targets = as_pictures([paths[i] for i in chosen]), class_targets(y[chosen], None)
    network = load_network(str(DATA / "networks" / options.network))
    canvases(pictures, network.preprocessing)
    print(f"{network.name}: {len(pictures)} pictures, {options.epochs} epochs, {torch.get_num_threads()} threads")
    for augmentation in (None, Augmentation(flip=True)):
        settings = TuningSettings(blocks=None, epochs=options.epochs, augmentation=augmentation, batch_size=BATCH)
        ways = {
            "bare loop": lambda varied=augmentation: bare_loop(network, pictures, targets, options.epochs, varied),
            "headstart": lambda settings=settings: tune(network, pictures, targets, settings),
        }
        ways["headstart"]()
        print("as they are" if augmentation is None else "varied")
        for clock, seconds in clocked(ways, options.repeats).items():
            print(f"{clock}: ", end="")
            report_ratio(seconds, "bare loop", "headstart")


if __name__ == "__main__":
    main()
