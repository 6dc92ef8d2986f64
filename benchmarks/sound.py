"""What borrowing is worth for sounds: wake words, digits of unknown speakers, environmental sounds.

    python benchmarks/sound.py --json sound.jsonl                 # measures what the file lacks, then prints the tables
    python benchmarks/sound.py --json sound.jsonl --ways mfcc logistic headstart --labels 8 16
    python benchmarks/sound.py --json sound.jsonl --show          # prints the tables alone
    python benchmarks/sound.py --time                             # embedding against one bare forward pass

For each set, network and number of labels a class the mean accuracy in percent of

    headstart  `TransferClassifier` with its defaults: frozen features, a solved head
    logistic   scikit-learn's logistic regression on the same embeddings, standardised, its penalty by cross-validation
    mfcc       headstart's own linear model on mel cepstra, which borrows nothing
    scratch    the same network from random weights, all layers trained

Labels are drawn stratified. wake_words: the test is every clip that was not drawn. spoken_digits: the test is one
speaker, whom the model has not heard, labels are of the other three. esc10: labels from two folds, the
test is the third.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import DATA, need_data
from headstart import TransferClassifier
from headstart.data.clips.clips import Clips
from headstart.guard.baselines.classical import BaselineClassifier
from headstart.networks.reading.loading import load_network
from headstart.networks.running.cache import FeatureCache
from headstart.networks.running.embed import embed

HERE = Path(__file__).parent
SOURCES = {
    "speech_embedding": f"{HERE / 'sound_networks.py'}:speech_embedding",
    "yamnet": f"{HERE / 'sound_networks.py'}:yamnet",
    "starter:speech": "starter:speech",
}
SPOKEN = ("speech_embedding", "starter:speech")
WAYS = ("headstart", "logistic", "mfcc", "scratch")
LABELS = (8, 10, 16, 64)
SETS = ("wake_words", "spoken_digits", "esc10")
MOST_TESTED = 500
Draw = tuple[np.ndarray, np.ndarray]


def read(name: str) -> tuple[Clips, np.ndarray, np.ndarray]:
    """Clips, labels, and the speaker or fold of each; an empty one where there is none."""
    if name == "spoken_digits":
        paths = sorted((DATA / name).glob("*.flac"))
        parts = [path.stem.split("_") for path in paths]
        return Clips(paths), np.array([part[0] for part in parts]), np.array([part[1] for part in parts])
    paths = sorted(path for suffix in ("flac", "ogg") for path in (DATA / name).glob(f"*/*.{suffix}"))
    fold = [path.name.split("-")[0] if name == "esc10" else "" for path in paths]
    return Clips(paths), np.array([path.parent.name for path in paths]), np.array(fold)


def draws(y: np.ndarray, part: np.ndarray, n: int, repeats: int) -> Iterator[Draw]:
    """Rows with labels, n a class, and rows to test on; none where a class has too few."""
    parts = np.unique(part)
    for repeat in range(repeats):
        aside = part == parts[repeat % len(parts)] if len(parts) > 1 else np.zeros(len(y), bool)
        known = np.flatnonzero(~aside)
        classes, counts = np.unique(y[known], return_counts=True)
        if counts.min() < n + (0 if aside.any() else 10):
            return
        rng = np.random.default_rng([repeat, n])
        train = np.concatenate([rng.choice(known[y[known] == label], n, replace=False) for label in classes])
        rest = np.flatnonzero(aside) if aside.any() else np.setdiff1d(known, train)
        if len(rest) > MOST_TESTED:
            split = StratifiedShuffleSplit(1, train_size=MOST_TESTED, random_state=repeat).split(rest, y[rest])
            rest = rest[next(split)[0]]
        yield train, rest


def logistic(x: np.ndarray, y: np.ndarray, draw: Draw) -> float:
    """Accuracy of tuned logistic regression."""
    train, test = draw
    inner = min(5, int(np.unique(y[train], return_counts=True)[1].min()))
    tuned = LogisticRegressionCV(Cs=np.logspace(-4, 2, 7), cv=inner, max_iter=1000, scoring="neg_log_loss")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = make_pipeline(StandardScaler(), tuned).fit(x[train], y[train])
    return float((fitted.predict(x[test]) == y[test]).mean())


def measured(way: str, source: str, clips: Clips, y: np.ndarray, draw: Draw) -> float:
    """Accuracy of one way on one draw."""
    train, test = draw
    network = load_network(SOURCES[source], input_type="audio") if source else None
    if way == "logistic":
        return logistic(embed(network, clips).output, y, draw)
    if way == "headstart":
        model: Any = TransferClassifier(network, random_state=0)
    elif way == "scratch":
        model = TransferClassifier(None, network=network, train="all", random_state=0)
    else:
        model = BaselineClassifier()
    return float((model.fit(clips[train], y[train]).predict(clips[test]) == y[test]).mean())


def wanted(args: argparse.Namespace) -> Iterator[tuple[str, str, str, int]]:
    """Every set, way, network and number of labels that was asked for."""
    for name in args.sets:
        for n in args.labels:
            for way in args.ways:
                for source in [""] if way == "mfcc" else args.sources:
                    yield name, way, source, n


def run(args: argparse.Namespace, file: Path) -> None:
    """Measure what the file does not hold yet; each figure is written at once."""
    known = {(r["set"], r["way"], r["source"], r["n"], r["repeat"]) for r in rows_of(file)}
    for name, way, source, n in wanted(args):
        clips, y, part = read(name)
        repeats = min(args.repeats, args.scratch_repeats) if way == "scratch" else args.repeats
        for repeat, draw in enumerate(draws(y, part, n, repeats)):
            key = (name, way, source, n, repeat)
            if key in known:
                continue
            started = time.perf_counter()
            score = measured(way, source, clips, y, draw)
            row = dict(zip(("set", "way", "source", "n", "repeat"), key, strict=True))
            row |= {"accuracy": score, "seconds": time.perf_counter() - started}
            with file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(row) + "\n")


def rows_of(file: Path) -> list[dict[str, Any]]:
    """What was measured before."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def show(rows: list[dict[str, Any]]) -> None:
    """A table a set, and the verdict lines."""
    found: dict[tuple[str, str, str, int], list[float]] = {}
    for row in rows:
        found.setdefault((row["set"], row["source"], row["way"], row["n"]), []).append(100 * row["accuracy"])
    means = {key: float(np.mean(values)) for key, values in found.items()}
    for name in SETS:
        counts = sorted({key[3] for key in found if key[0] == name})
        if not counts:
            continue
        print(f"\n{name}: mean accuracy in percent (draws)")
        print(f"{'network':<18}{'way':<11}" + "".join(f"{n:>6} a class " for n in counts))
        for source, way in sorted(
            {key[1:3] for key in found if key[0] == name}, key=lambda k: (k[0], WAYS.index(k[1]))
        ):
            cells = [
                f"{means[name, source, way, n]:>9.1f} ({len(found[name, source, way, n])})"
                if (name, source, way, n) in means
                else f"{'-':>13}"
                for n in counts
            ]
            print(f"{source or 'none':<18}{way:<11}" + " ".join(cells))
    print()
    wake = means.get(("wake_words", "speech_embedding", "headstart", 10))
    if wake is not None:
        print(
            f"{'met' if wake >= 99 else 'NOT MET'}: wake_words, speech_embedding, 10 clips a word: {wake:.1f}% (>= 99%)"
        )
    for source in SPOKEN:
        digit = means.get(("spoken_digits", source, "headstart", 10))
        plain = means.get(("spoken_digits", "", "mfcc", 10))
        if digit is not None and plain is not None:
            good = "met" if digit - plain >= 10 else "NOT MET"
            print(
                f"{good}: spoken_digits, unknown speaker, 10 a digit, {source}: {digit - plain:+.1f} over MFCC (>= +10)"
            )
    pairs = [
        (means[key], means[key[0], key[1], "logistic", key[3]])
        for key in means
        if key[2] == "headstart" and (key[0], key[1], "logistic", key[3]) in means
    ]
    if pairs:
        gaps = np.array([a - b for a, b in pairs])
        print(
            f"headstart against tuned logistic regression on the same embeddings: {gaps.mean():+.1f} on the mean of "
            f"{len(gaps)} cells (from {gaps.min():+.1f} to {gaps.max():+.1f})"
        )


def timed(n: int = 120, pairs: int = 3) -> None:
    """Seconds of `embed` with an empty cache against one bare forward pass over the same clips, in turn."""
    paths = sorted((DATA / "wake_words").glob("*/*.flac"))[:n]
    for name, source in SOURCES.items():
        network = load_network(source, input_type="audio")
        window = network.preprocessing
        ratios = []
        for _ in range(pairs + 1):
            started = time.process_time()
            with torch.inference_mode():
                for path in paths:
                    wave, _ = soundfile.read(path, dtype="float32")
                    network.module(torch.from_numpy(np.array(window.windows(wave))))
            bare = time.process_time() - started
            started = time.process_time()
            embed(network, Clips(paths), cache=FeatureCache(folder=None), exact=True)
            ratios.append((time.process_time() - started) / bare)
        print(f"{name}: embedding takes {np.median(ratios[1:]):.2f} x one bare forward pass ({len(paths)} clips)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=Path("sound.jsonl"))
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--sources", nargs="+", default=list(SOURCES), choices=list(SOURCES))
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--labels", nargs="+", type=int, default=LABELS)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--scratch-repeats", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--time", action="store_true")
    args = parser.parse_args()
    need_data()
    if args.time:
        timed()
        return
    if not args.show:
        run(args, args.json)
    show(rows_of(args.json))


if __name__ == "__main__":
    main()
