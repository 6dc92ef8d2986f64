"""What a starter is worth with few labels, on halves of real sets that played no part in choosing it.

    python benchmarks/starters.py pictures [--source SOURCE] [--labels 20 50 100 500] [--repeats 10]
    python benchmarks/starters.py sounds

For every set and number of labels, the mean accuracy in percent of

    head       `TransferClassifier` with its defaults: frozen features, a solved head
    tuned      all layers fine-tuned (``train="all"``)
    scratch    the same network from random weights, all layers trained
    classical  the same solved head on features without a network, each set of them by itself: edges (HOG), pixels and
               colours, or both; mel cepstra for sounds. "best classical" is the best of these, chosen for each set on
               the figures themselves, which favours it
    ceiling    the head on a much larger network: MobileNetV2 for pictures, Google's speech embedding for sounds

Labels are drawn stratified from the reporting half (``--half choosing`` while a recipe is being chosen) and the rest
of it is the test, at most 1,000. For spoken digits the test is one reporting speaker and labels are drawn from the
other three. The trained ways take most of the time; ``--ways head classical`` leaves them out. ``--json FILE`` keeps
every single figure.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from halves import RealSet, picture_sets, sound_sets
from sklearn.model_selection import StratifiedShuffleSplit

from common import NETWORK, need_data
from headstart import TransferClassifier
from headstart.data.clips.clips import as_clips
from headstart.data.inputs.registry import simple_of
from headstart.data.pictures.pictures import as_pictures
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.networks.running.simple_features import side_by_side, simple_features
from headstart.parameters.heads.solved import solve_head
from headstart.parameters.heads.targets import class_targets

WAYS = ("head", "tuned", "scratch", "classical", "ceiling")
SPEECH_EMBEDDING = f"{Path(__file__).parent / 'sound_networks.py'}:speech_embedding"
Draw = tuple[np.ndarray, np.ndarray]


def draws(real: RealSet, half: str, n: int, repeats: int, most: int = 1000) -> Iterator[Draw]:
    """Rows with labels and rows to test on; none where the half is too small."""
    if real.groups is not None:  # by speaker
        reporting = sorted(set(real.groups[real.half(half)]))
        for repeat in range(repeats):
            unknown = real.groups == reporting[repeat % len(reporting)]
            known, test = np.flatnonzero(~unknown), np.flatnonzero(unknown)
            split = StratifiedShuffleSplit(1, train_size=n, random_state=repeat).split(known, real.y[known])
            yield known[next(split)[0]], test[:most]
        return
    rows = real.half(half)
    if n > 0.8 * len(rows):
        return
    splits = StratifiedShuffleSplit(repeats, train_size=n, random_state=0).split(rows, real.y[rows])
    for train, test in splits:
        yield rows[train], rows[test[:most]]


def solved(features: Features, y: np.ndarray, draw: Draw, kind: str) -> float:
    """Accuracy in percent of a solved head on features that are there."""
    train, test = draw
    targets = class_targets(y[train], None)
    head = solve_head(features[train], targets, kind, random_state=0)
    found = np.asarray(targets.classes)[head.scores(features[test]).argmax(axis=1)]
    return 100 * float((found == y[test]).mean())


def classical(inputs: Any) -> dict[str, Features]:
    """Every set of features without a network."""
    simple, found = simple_of(inputs.kind), simple_features(inputs)
    centred = {name: values - values.mean(axis=0) for name, values in found.items()}
    return {
        name: Features.of(side_by_side({b: centred[b] for b in blocks}, by_column=simple.by_column).astype(np.float32))
        for name, blocks in simple.choices.items()
    }


def measure(real: RealSet, kind: str, options: argparse.Namespace) -> Iterator[tuple[int, str, list[float]]]:
    """Number of labels, way, and its accuracies over the draws, for one set."""
    inputs = as_pictures(real.items) if kind == "pictures" else as_clips(real.items)
    frozen: dict[str, Features] = {}
    for way, source in (("head", options.source), ("ceiling", options.ceiling)):
        if way in options.ways:
            frozen[way] = embed(load_network(source, input_type=inputs.input_type), inputs)
    plain = classical(inputs) if "classical" in options.ways else {}
    trained: dict[str, Callable[[int], Any]] = {
        "tuned": lambda seed: TransferClassifier(options.source, train="all", random_state=seed),
        "scratch": lambda seed: TransferClassifier(None, network=options.source, epochs=40, random_state=seed),
    }
    for n in options.labels:
        found = list(draws(real, options.half, n, options.repeats))
        if not found:
            continue
        for way, features in frozen.items():
            yield n, way, [solved(features, real.y, draw, "auto") for draw in found]
        for name, features in plain.items():
            yield n, f"classical: {name}", [solved(features, real.y, draw, "linear") for draw in found]
        for way in [way for way in trained if way in options.ways]:
            accuracies = []
            for seed, (train, test) in enumerate(found):
                model = trained[way](seed).fit(inputs[train], real.y[train])
                accuracies.append(100 * float((model.predict(inputs[test]) == real.y[test]).mean()))
            yield n, way, accuracies


def summary(table: dict[tuple[int, str, str], list[float]], labels: list[int]) -> None:
    """Means over the sets, and the starter against everything else, set by set."""
    for n in labels:
        names = sorted({name for size, name, _ in table if size == n})
        rows: dict[str, dict[str, float]] = {}
        for name in names:
            for way in {w for size, s, w in table if (size, s) == (n, name)}:
                rows.setdefault(way, {})[name] = float(np.mean(table[n, name, way]))
        plain = [rows[way] for way in rows if way.startswith("classical")]
        if plain:
            rows["best classical"] = {name: max(row[name] for row in plain) for name in names}
        for way, row in rows.items():
            gain = ""
            if way != "head" and "head" in rows:
                gaps = {name: rows["head"][name] - row[name] for name in row}
                gain = f"; head ahead by {np.mean(list(gaps.values())):+.1f}, least {min(gaps.values()):+.1f}"
                gain += f" ({min(gaps, key=lambda name: gaps[name])})"
            print(f"{n} labels, mean of {len(row)} sets, {way}: {np.mean(list(row.values())):.1f}{gain}")


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("kind", choices=["pictures", "sounds"])
    made.add_argument("--source", help="default: the bundled starter")
    made.add_argument("--labels", type=int, nargs="+", default=[20, 50, 100, 500])
    made.add_argument("--repeats", type=int, default=10)
    made.add_argument("--half", choices=["reporting", "choosing"], default="reporting")
    made.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    made.add_argument("--sets", nargs="+")
    made.add_argument("--json", type=Path)
    options = made.parse_args()
    need_data()
    warnings.filterwarnings("ignore")
    sounds = options.kind == "sounds"
    options.source = options.source or ("starter:speech" if sounds else "starter:pictures")
    options.ceiling = SPEECH_EMBEDDING if sounds else str(NETWORK)
    table: dict[tuple[int, str, str], list[float]] = {}
    for name, real in (sound_sets() if sounds else picture_sets()).items():
        if options.sets and name not in options.sets:
            continue
        started = time.monotonic()
        for n, way, accuracies in measure(real, options.kind, options):
            table[n, name, way] = accuracies
            print(f"{name}, {n} labels, {way}: {np.mean(accuracies):.1f}", flush=True)
            if options.json:
                kept = [{"labels": a, "set": b, "way": c, "accuracies": d} for (a, b, c), d in table.items()]
                options.json.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)
    summary(table, options.labels)


if __name__ == "__main__":
    main()
