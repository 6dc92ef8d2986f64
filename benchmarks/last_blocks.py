"""Training the last blocks: against a loop over hand-cached activations, and against running the whole network.

The bare loop is what one writes by hand for this very network: channels last, the frozen layers run once in inference
mode, the others and a new head trained from what they gave, with the same batches, AdamW, schedule and clipping. It
knows where to cut; headstart finds out, and also puts the head on its optimum first. Pictures are decoded beforehand.

CPU seconds of the bare loop by headstart's, one thread, on a busy machine, 122 pictures, 20 epochs, 3 pairs:
MobileNetV2 1.56 (from 1.52 to 1.58), MobileNetV1 0.25 0.94 (from 0.87 to 0.96).

    python benchmarks/last_blocks.py
    python benchmarks/last_blocks.py --whole    # the same weights from the whole network in every epoch
"""

from __future__ import annotations

import copy
import os

os.environ["HEADSTART_CACHE"] = "off"

import numpy as np
import torch
from torch import nn

from common import DATA, clocked, folder_pictures, need_data, parser, report_ratio
from headstart import TransferClassifier
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.pictures import as_pictures
from headstart.networks.reading.loading import load_network
from headstart.networks.running import cache
from headstart.networks.running.runtime import to_tensor
from headstart.training.batches import batch_rows
from headstart.training.schedule import warmup_cosine

NETWORKS = ("mobilenet_v2_1.0_224", "mobilenet_v1_0.25_128")
BATCH = 32
FITTING = 8  # pictures of a frozen pass: faster than 32, whose activations leave the caches


def halves(module: nn.Module, blocks: int) -> tuple[nn.Sequential, nn.Sequential]:
    """The frozen layers, and the last ``blocks`` with the pooling behind them."""
    if hasattr(module, "mobilenet_v2"):
        body = module.mobilenet_v2
        layers = [body.conv_stem, *body.layer, body.conv_1x1]
    else:
        body = module.mobilenet_v1
        layers = [body.conv_stem, *body.layer]
    tail = nn.Sequential(*layers[-blocks:], nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*layers[:-blocks]), tail


def bare_loop(network, pictures, y, blocks: int, epochs: int) -> nn.Module:
    """Frozen activations once, then plain torch over them."""
    model = copy.deepcopy(network.module).to(memory_format=torch.channels_last).eval()
    body, tail = halves(model, blocks)
    kept = [network.preprocessing.centre(canvas) for canvas in canvases(pictures, network.preprocessing)]
    with torch.inference_mode():
        parts = [
            body(to_tensor(np.stack(kept[i : i + FITTING]), network.preprocessing))
            for i in range(0, len(kept), FITTING)
        ]
    stored = torch.cat(parts).clone()
    target = torch.from_numpy(np.unique(y, return_inverse=True)[1])
    torch.manual_seed(0)
    net = nn.Sequential(tail, nn.Linear(model.classifier.in_features, int(target.max()) + 1))
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=3e-4, weight_decay=0.01, fused=True)
    step, total = 0, epochs * len(batch_rows(len(stored), BATCH, 0, 0))
    for epoch in range(epochs):
        for rows in batch_rows(len(stored), BATCH, 0, epoch):
            optimizer.param_groups[0]["lr"] = 3e-4 * warmup_cosine(step, total, max(1, total // 10))
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(stored[rows]), target[rows]).backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            step += 1
    return net


def main() -> None:
    arguments = parser(__doc__ or "", repeats=3)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--blocks", type=int, default=2)
    arguments.add_argument("--pictures", type=int, default=96)
    arguments.add_argument("--whole", action="store_true", help="compare with running the whole network")
    options = arguments.parse_args()
    need_data()
    paths, y = folder_pictures("hymenoptera", "train")
    step = max(1, len(paths) // options.pictures)
    pictures, y = as_pictures(paths[::step]), y[::step]
    models = {}

    def fit(folder: str, stored: bool) -> None:
        cache._cache_in.cache_clear()
        models[stored] = TransferClassifier(
            folder, train=f"last:{options.blocks}", epochs=options.epochs, random_state=0, cache=stored
        ).fit(pictures, y)

    for name in NETWORKS:
        folder = str(DATA / "networks" / name)
        network = load_network(folder)
        canvases(pictures, network.preprocessing)
        TransferClassifier(folder, train=f"last:{options.blocks}", epochs=1, random_state=0).fit(pictures[::4], y[::4])
        print(f"{name}: {len(pictures)} pictures, {options.epochs} epochs, last {options.blocks} blocks")
        ways = {"headstart": lambda folder=folder: fit(folder, True)}
        if options.whole:
            ways["whole network"] = lambda folder=folder: fit(folder, False)
        else:
            ways["bare loop"] = lambda network=network: bare_loop(network, pictures, y, options.blocks, options.epochs)
        for clock, seconds in clocked(ways, options.repeats).items():
            print(f"{clock}: ", end="")
            report_ratio(seconds, list(ways)[1], "headstart")
        if options.whole:
            ours, theirs = (models[stored].network_.module.state_dict() for stored in (True, False))
            print(f"largest difference of a weight: {max(float((ours[k] - theirs[k]).abs().max()) for k in ours):.2e}")


if __name__ == "__main__":
    main()
