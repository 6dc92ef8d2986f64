"""Which way of learning without labels is worth most here: small batches, small inputs, one core, minutes.

Run: python benchmarks/self_supervised.py pictures [--steps 400 --batch-size 128 --methods vicreg byol ...]
     python benchmarks/self_supervised.py sounds --steps 300 --batch-size 64

All methods get the same network, views, order and number of steps; the learning rate is the best of those given, on
the same sets, which favours all alike. Then headstart's solved heads ("auto", and on the last features alone) at 50
labels, against the same network with random weights.

Pictures: cifar10_subset's training part and half of caltech101_subset and pacs, unlabelled, at 48 pixels; asked about
the other halves, and about sets that were never seen. Sounds: two speakers of spoken_digits, half of wake_words and two
folds of esc10, unlabelled; asked about the other speakers (50 labels from both; or from one, tested on the other), the
other half and the third fold.

The losses that did not win live here alone; the one that did is in headstart.nn.losses.simclr.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common import DATA, digits, folder_pictures, need_data
from headstart.data.clips.clips import Clips, as_clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.pictures import Pictures, as_pictures
from headstart.networks.network import Network
from headstart.networks.running.cache import memory_cache
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.nn.bodies.sound_network import SoundConfig, new_sound_network
from headstart.nn.losses.simclr import nt_xent, projector
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import class_targets
from headstart.pretraining.architectures import new_network
from headstart.pretraining.examples.pair_augment import PictureChanges, picture_view
from headstart.pretraining.examples.pairs import TwoViews
from headstart.pretraining.examples.picture_examples import square
from headstart.pretraining.examples.unlabelled_examples import UnlabelledExamples
from headstart.pretraining.objectives import prepared
from headstart.training.device import autocast, has_bf16
from headstart.training.optimizers import make_optimizer, parameter_groups
from headstart.training.schedule import warmup_cosine

SIZE, LABELS = 48, 50
CPU = torch.device("cpu")


def vicreg(z1: Tensor, z2: Tensor, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0) -> Tensor:
    """Bardes et al. 2022, equation 6; variances averaged over the views, as in the authors' code."""
    spread = (variance_term(z1) + variance_term(z2)) / 2
    shared = covariance_term(z1) + covariance_term(z2)
    return invariance * F.mse_loss(z1, z2) + variance * spread + covariance * shared


def variance_term(z: Tensor, eps: float = 1e-4) -> Tensor:
    """Equations 1 and 2: how far the coordinates' standard deviations fall short of 1."""
    return F.relu(1 - torch.sqrt(z.var(dim=0) + eps)).mean()


def covariance_term(z: Tensor) -> Tensor:
    """Equations 3 and 4: squared covariances of different coordinates."""
    centred = z - z.mean(dim=0)
    c = centred.T @ centred / (len(z) - 1)
    return (c.square().sum() - torch.diagonal(c).square().sum()) / z.shape[1]


def barlow_twins(z1: Tensor, z2: Tensor, off_diagonal: float = 5e-3) -> Tensor:
    """Zbontar et al. 2021, equation 1: the cross-correlation of both views is to be the identity.

    Divided by the width so that the rate means the same at any width.
    """
    a, b = ((z - z.mean(dim=0)) / (z.std(dim=0, unbiased=False) + 1e-5) for z in (z1, z2))
    c = a.T @ b / len(a)
    diagonal = torch.diagonal(c)
    loss = (diagonal - 1).square().sum() + off_diagonal * (c.square().sum() - diagonal.square().sum())
    return loss / c.shape[1]


def cosine(p: Tensor, z: Tensor) -> Tensor:
    """Negative cosine to a target through which no gradient flows (Chen & He 2021, equations 1 and 3)."""
    return -F.cosine_similarity(p, z.detach(), dim=1).mean()


class Method(nn.Module):
    """A network, what stands on its features, and the loss of a batch of both views, (2n, ...)."""

    def __init__(self, name: str, network: nn.Module, features: Callable[[nn.Module, Tensor], Tensor], d: int) -> None:
        super().__init__()
        self.name, self.features = name, features
        self.network = network
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            width = {"byol": (1024, 256), "simsiam": (1024, 1024, 1024), "simclr": (512, 128)}.get(name, (1024,) * 3)
            self.projector = projector(d, *width)
            if name == "simsiam":
                self.projector.append(nn.BatchNorm1d(1024, affine=False))
            wide, narrow = {"byol": (256, 1024), "simsiam": (1024, 256)}.get(name, (1, 1))
            self.predictor = nn.Sequential(
                nn.Linear(wide, narrow, bias=False), nn.BatchNorm1d(narrow), nn.ReLU(), nn.Linear(narrow, wide)
            )
        if name == "byol":
            self.teacher = copy.deepcopy(nn.ModuleList([self.network, self.projector])).requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        with autocast(CPU, has_bf16(CPU)):
            z = self.projector(self.features(self.network, x))
            p = self.predictor(z) if self.name in ("byol", "simsiam") else z
            if self.name == "byol":
                with torch.no_grad():
                    z = self.teacher[1](self.features(self.teacher[0], x))
        z1, z2 = z.float().chunk(2)
        p1, p2 = p.float().chunk(2)
        if self.name == "vicreg":
            return vicreg(z1, z2)
        if self.name == "barlow":
            return barlow_twins(z1, z2)
        if self.name == "simclr":
            return nt_xent(z1, z2)
        return (cosine(p1, z2) + cosine(p2, z1)) / 2

    def after_step(self, part: float, base: float = 0.99) -> None:
        """BYOL's moving average, whose rate goes to 1 by half a cosine (Grill et al. 2020, section 3.2)."""
        if self.name != "byol":
            return
        rate = 1 - (1 - base) * (math.cos(math.pi * part) + 1) / 2
        online = [*self.network.parameters(), *self.projector.parameters()]
        with torch.no_grad():
            for mine, own in zip(self.teacher.parameters(), online, strict=True):
                mine.lerp_(own, 1 - rate)


def learn(method: Method, batches: Iterator[Tensor], steps: int, learning_rate: float) -> dict[str, float]:
    """Train with AdamW, warm-up and half a cosine; seconds of processor time and the last losses."""
    parameters = [p for p in method.parameters() if p.requires_grad]
    optimizer = make_optimizer(
        "adamw", parameter_groups(parameters, [], learning_rate=learning_rate, layer_decay=1.0, weight_decay=0.05)
    )
    method.train()
    losses, started = [], time.process_time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = group["base_lr"] * warmup_cosine(step, steps, steps // 20)
        optimizer.zero_grad(set_to_none=True)
        loss = method(next(batches))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        method.after_step((step + 1) / steps)
        losses.append(float(loss.detach()))
    method.eval()
    return {"loss": float(np.mean(losses[-20:])), "seconds": time.process_time() - started}


def probe(features: Features, y: np.ndarray, repeats: int, kind: str, allowed: np.ndarray | None = None) -> float:
    """Accuracy in percent of a solved head at 50 labels, on everything else; the mean over repeats.

    Where ``allowed`` says which rows may be learned from, it is tested on the others.
    """
    if allowed is None:
        allowed = np.ones(len(y), bool)
    scores = []
    for seed in range(repeats):
        order = np.random.default_rng(seed).permutation(len(y))
        classes = np.unique(y)
        each = max(1, round(LABELS / len(classes)))
        usable = order[allowed[order]]
        train = np.concatenate([usable[y[usable] == c][:each] for c in classes])
        test = np.setdiff1d(order, train if allowed.all() else np.flatnonzero(allowed))[:1000]
        targets = class_targets(y[train], None)
        head = solve_head(features[train], targets, kind)
        scores.append(float((targets.classes[head.scores(features[test]).argmax(axis=1)] == y[test]).mean()))
    return 100 * float(np.mean(scores))


def picture_sets() -> tuple[Pictures, dict[str, tuple[Pictures, np.ndarray]]]:
    """Unlabelled pictures, and labelled sets to be asked about."""
    cifar = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
    unlabelled = list(cifar["x_train"])
    sets = {"cifar10": (Pictures(list(cifar["x_test"])), cifar["y_test"])}
    for name, part in (("caltech101_subset", ""), ("pacs", "photo"), ("pacs", "sketch")):
        paths, y = folder_pictures(name, part)
        unlabelled += paths[::2]
        sets[part or "caltech101"] = (as_pictures(paths[1::2]), y[1::2])
    for name, part in (("hymenoptera", "*"), ("chest_xray", ""), ("office_caltech10_images", "amazon")):
        paths, y = folder_pictures(name, part)
        sets[f"{name.split('_')[0]} (unseen)"] = (as_pictures(paths), y)
    x, y = digits(1500)
    sets["mnist (unseen)"] = (Pictures(list(x.reshape(-1, 28, 28))), y)
    return Pictures(unlabelled), sets


def sound_sets() -> tuple[Clips, dict[str, tuple[Clips, np.ndarray, np.ndarray | None]]]:
    """Unlabelled clips, and labelled sets to be asked about: clips, labels, and which of them may be learned from."""
    spoken = sorted((DATA / "spoken_digits").glob("*.flac"))
    speakers = np.array([path.stem.split("_")[1] for path in spoken])
    spoken_y = np.array([path.name[0] for path in spoken])
    words = sorted((DATA / "wake_words").glob("*/*.flac"))
    scenes = sorted((DATA / "esc10").glob("*/*.ogg"))
    folds = np.array([path.name.split("-")[0] for path in scenes])
    new = np.isin(speakers, ("theo", "yweweler"))
    chosen = [p for p, other in zip(spoken, new, strict=True) if not other] + words[::2]
    chosen += [p for p, fold in zip(scenes, folds, strict=True) if fold != "3"]
    other, last = (
        [p for p, kept in zip(spoken, new, strict=True) if kept],
        [p for p, fold in zip(scenes, folds, strict=True) if fold == "3"],
    )
    return as_clips(chosen), {
        "digits, both speakers": (as_clips(other), spoken_y[new], None),
        "digits, unknown speaker": (as_clips(other), spoken_y[new], speakers[new] == "theo"),
        "wake words": (as_clips(words[1::2]), np.array([p.parent.name for p in words[1::2]]), None),
        "esc10": (as_clips(last), np.array([p.parent.name for p in last]), None),
    }


def picture_batches(pictures: Pictures, batch_size: int) -> Iterator[Tensor]:
    """Both views of random pictures, for ever."""
    side = math.ceil(1.25 * SIZE)
    stored = canvases(pictures, square(side))
    views, step = PictureChanges(), 0
    while True:
        rows = np.random.default_rng([0, step]).permutation(len(stored))[:batch_size]
        rng = np.random.default_rng([1, step])
        both = [[picture_view(stored[i], SIZE, views, rng) for i in rows] for _ in range(2)]
        yield prepared(np.concatenate([np.stack(b) for b in both]), square(SIZE), CPU)
        step += 1


def picture_features(network: nn.Module, x: Tensor) -> Tensor:
    """Pooled output of the body, (n, 256)."""
    pooled: Tensor = network.resnet(x).pooler_output
    return pooled.flatten(1)


def pictures(options: argparse.Namespace) -> None:
    """Train each method, ask its features, print a row."""
    unlabelled, sets = picture_sets()
    print(f"{len(unlabelled)} pictures, {options.steps} steps of {options.batch_size} pairs, one core", flush=True)
    print("| method | rate | seconds | loss | " + " | ".join(sets) + " | mean | mean, last features alone |")
    print("|" + "---|" * (len(sets) + 6), flush=True)
    for name in options.methods:
        for rate in options.rates if name != "random" else [0.0]:
            method = Method(name, new_network("small", ("a", "b"), 0), picture_features, 256)
            method.to(memory_format=torch.channels_last)
            told = {"loss": 0.0, "seconds": 0.0}
            if name != "random":
                told = learn(method, picture_batches(unlabelled, options.batch_size), options.steps, rate)
            network = Network(method.network.eval(), name, "transformers", square(SIZE), config=method.network.config)
            rows = []
            for x, y in sets.values():
                features = embed(network, x, cache=memory_cache())
                rows.append([probe(features, y, options.repeats, kind) for kind in ("auto", "linear")])
            print_row(name, rate, told, rows, options.out)


def sounds(options: argparse.Namespace) -> None:
    """The same for clips, one second at 16 kHz."""
    unlabelled, sets = sound_sets()
    window = SoundPreprocessing(16000, 16000)
    examples = TwoViews(UnlabelledExamples(unlabelled, window))
    print(f"{examples.n} clips, {options.steps} steps of {options.batch_size} pairs, one core", flush=True)
    print("| method | rate | seconds | loss | " + " | ".join(sets) + " | mean | mean, last features alone |")
    print("|" + "---|" * (len(sets) + 6), flush=True)
    for name in options.methods:
        for rate in options.rates if name != "random" else [0.0]:
            net = new_sound_network(SoundConfig.sized("small"), seed=0)
            net.front_end.calibrate(torch.from_numpy(examples.batch(np.arange(200), 0).x))
            method = Method(name, net, sound_features, net.n_features).to(memory_format=torch.channels_last)
            told = {"loss": 0.0, "seconds": 0.0}
            if name != "random":
                rounds = (
                    torch.from_numpy(batch.x)
                    for round_ in itertools.count()
                    for batch in examples.batches(round_, 1, options.batch_size, 0)
                )
                told = learn(method, rounds, options.steps, rate)
            network = Network(net.eval(), name, "module", window, config=net.config, input_type="audio")
            rows = []
            for x, y, allowed in sets.values():
                features = embed(network, x, cache=memory_cache())
                rows.append([probe(features, y, options.repeats, kind, allowed) for kind in ("auto", "linear")])
            print_row(name, rate, told, rows, options.out)


def sound_features(network: nn.Module, x: Tensor) -> Tensor:
    """Pooled output of the body."""
    features: Tensor = network.features(x)  # type: ignore[operator]
    return features


def print_row(name: str, rate: float, told: dict[str, float], rows: list[list[float]], out: Path | None) -> None:
    """One row of the table, and one line of JSON where asked for."""
    auto, linear = np.mean(rows, axis=0)
    cells = " | ".join(f"{row[0]:.1f}" for row in rows)
    print(f"| {name} | {rate:g} | {told['seconds']:.0f} | {told['loss']:.3f} | {cells} | {auto:.1f} | {linear:.1f} |")
    if out is not None:
        with out.open("a") as file:
            file.write(json.dumps({"method": name, "rate": rate, **told, "rows": rows}) + "\n")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["pictures", "sounds"])
    parser.add_argument("--methods", nargs="+", default=["random", "vicreg", "barlow", "byol", "simsiam", "simclr"])
    parser.add_argument("--rates", nargs="+", type=float, default=[2e-3])
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--out", type=Path, help="File to which each result is added as a line of JSON.")
    options = parser.parse_args()
    need_data()
    torch.set_num_threads(1)
    {"pictures": pictures, "sounds": sounds}[options.what](options)


if __name__ == "__main__":
    main()
