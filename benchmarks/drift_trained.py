"""How often `headstart check` is right of models whose network was trained: `drift.py` has output layers alone.

Models of 100, 200 and 300 examples (MobileNetV2 at 128 pixels, the starter for speech, MiniLM on the first 40 words),
whose last block, last two blocks, all layers or last two blocks on pairs of examples are trained; every second does not
know one of more than three classes. What is promised comes from three folds, each with a network of its own. Batches
are spoiled as in `drift.py`. `python drift_trained.py` prints the tables of docs/valid.md. A model takes half a minute
to minutes the first time, and is kept in a file with what `check` could see of each batch.

Ways differ in what tells whether batches differ, whose confidence counts, and where neighbours are looked for: *simple*
features, those beside the last block that was not trained (*frozen*, what `check` does), of the *borrowed* network,
which a model does not hold, or of the *trained* one, which has seen the labels of the rows that are kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from drift import SPEAKERS, by_shift
from drift_rows import KINDS, OTHERS, SPOILED, _examples, _network, kept
from sklearn.datasets import load_digits

from common import need_data
from headstart import Clips, Pictures, Texts, TransferClassifier
from headstart.data.sets.splits import folds
from headstart.drift.compared import INVALID, LEVEL, MUCH, VALID, compared
from headstart.guard.evidence.reference import (
    FROZEN,
    NETWORK,
    SIMPLE,
    eyes_of,
    features_for,
    rows_kept,
    trained_rows,
    unit,
)
from headstart.networks.running.embed import embed

#: Set, seed and what is trained. The way to see and whose confidence counts were chosen on the first.
FITTED = (
    *(("photo", 0, "last:1"), ("photo", 1, "last:2"), ("mnist", 0, "all"), ("mnist", 1, "last:2")),
    *(("mnist", 3, "last:2"), ("hymenoptera", 0, "last:1"), ("hymenoptera", 1, "last:2"), ("hymenoptera", 4, "last:1")),
    *(("spoken but theo", 0, "last:1"), ("spoken but theo", 1, "last:2"), ("spoken but theo", 2, "all")),
    *(("spoken but theo", 3, "last:2"), ("spoken but jackson", 0, "last:1"), ("spoken but jackson", 1, "last:2")),
    *(("spam", 1, "last:2"), ("books", 0, "all"), ("books", 1, "last:2")),
)
JUDGED = (
    *(("amazon", 0, "last:1"), ("amazon", 1, "last:2"), ("amazon", 3, "all"), ("sketch", 0, "last:1")),
    *(("sketch", 1, "last:2"), ("cifar", 0, "last:1"), ("cifar", 1, "last:2"), ("caltech", 0, "last:1")),
    *(("caltech", 1, "last:2"), ("chest", 1, "last:2")),
    *(("spoken but nicolas", 0, "last:1"), ("spoken but nicolas", 1, "last:2"), ("spoken but nicolas", 5, "all")),
    *(("spoken but yweweler", 1, "last:2"), ("spoken but yweweler", 2, "all")),
    *(("news", 0, "last:1"), ("news", 1, "last:2"), ("news", 4, "contrastive:2")),
)
#: What the tests and heads see, whether the model's own confidence counts, and where neighbours are looked for.
WAYS = {
    "simple features, heads (before)": ("simple", False, "simple"),
    "simple features, own confidence": ("simple", True, "simple"),
    "simple, own, neighbours by the trained": ("simple", True, "trained"),
    "frozen blocks too, heads": ("frozen", False, "frozen"),
    "frozen blocks too, own confidence": ("frozen", True, "frozen"),
    "as it is: frozen, own, neighbours by the trained": ("frozen", True, "trained"),
    "all by the trained network": ("trained", True, "trained"),
    "borrowed network, heads": ("borrowed", False, "borrowed"),
    "borrowed network, own confidence": ("borrowed", True, "borrowed"),
}
NOW = "as it is: frozen, own, neighbours by the trained"
GROUPS = {"chosen on": FITTED, "judged on": JUDGED}
SIDES = (("m", False), ("size", True))
HEADING = (
    "| way | honest: called different, invalid | fell 10 or more: valid, invalid | fell less: invalid, valid | error | "
    "unchanged | covers |\n| --- | --- | --- | --- | --- | --- | --- |"
)
MAKE = {"pictures": Pictures, "clips": Clips, "texts": Texts}
Examples = tuple[list[Any], np.ndarray]


@functools.cache
def _set(name: str) -> tuple[str, list[Any], np.ndarray]:
    """Kind, examples and labels."""
    if name == "digits":
        found = load_digits()
        grey = (found.images[:1000] * 15.9375).astype(np.uint8)
        return "pictures", [np.repeat(x[..., None], 3, -1) for x in grey], found.target[:1000]
    kind, items, y = _examples(name)
    return kind, [" ".join(text.split()[:40]) for text in items] if kind == "texts" else items, np.asarray(y)


def the_set(name: str) -> tuple[str, list[Any], np.ndarray, dict[str, Examples]]:
    """Kind, examples, labels, and examples of another domain or speaker."""
    if not name.startswith("spoken but "):
        kind, items, y = _set(name)
        return kind, items, y, {"other domain": _set(OTHERS[name])[1:]} if name in OTHERS else {}
    kind, items, y = _set("digits spoken")
    theirs = np.repeat(np.arange(4), 500) == SPEAKERS.index(name.split()[-1])
    mine, other = ([items[i] for i in np.flatnonzero(side)] for side in (~theirs, theirs))
    return kind, mine, y[~theirs], {"other speaker": (other, y[theirs])}


def draw(name: str, seed: int) -> tuple[str, Examples, dict[str, Examples]]:
    """Examples to learn from, and others: honest ones and at most 200 of each way of shifting."""
    kind, items, y, others = the_set(name)
    classes, rng = np.unique(y), np.random.default_rng(seed)
    order = rng.permutation(len(items))
    n = min(len(items) // 2, (100, 200, 300)[seed % 3])
    train, rest = order[:n], order[n:]
    left_out = classes[rng.integers(len(classes))] if seed % 2 and len(classes) > 3 else None
    own = rest if left_out is None else rest[y[rest] != left_out]
    train = train if left_out is None else train[y[train] != left_out]

    def at(rows: np.ndarray) -> Examples:
        return [items[i] for i in rows], y[rows]

    here = {"honest": at(own[:250])}
    for how, spoil in SPOILED[kind].items():
        rows = own[rng.permutation(len(own))[:200]]
        here[how] = [spoil(items[i], rng) for i in rows], y[rows]
    for how, (theirs, labels) in others.items():
        rows = rng.permutation(len(theirs))[:200]
        here[how] = [theirs[i] for i in rows], labels[rows]
    if left_out is not None:
        strangers, pool = rest[y[rest] == left_out], own[rng.permutation(len(own))]
        mixed = np.concatenate([pool[: 4 * len(strangers)], strangers])
        here["a new class"] = at(mixed[rng.permutation(len(mixed))[:200]])
    _, codes, counts = np.unique(y[own], return_inverse=True, return_counts=True)
    chance = rng.dirichlet(np.full(len(counts), 0.3))[codes] / counts[codes]
    keep = own[rng.random(len(own)) < chance / chance.max()]
    if len(keep) >= 25:
        here["other shares of classes"] = at(keep[rng.permutation(len(keep))[:200]])
    return kind, at(train), here


def fitted(kind: str, train: str, seed: int, inputs: Any, y: np.ndarray) -> TransferClassifier:
    """A network trained on examples; all layers for 8 epochs, which is cheap and enough."""
    how: dict[str, Any] = {"train": train, "epochs": 8 if train == "all" else 20, "early_stopping": False}
    return TransferClassifier(_network(kind), random_state=seed, device="cpu", **how).fit(inputs, y)


def seen(model: TransferClassifier, inputs: Any, borrowed: Any) -> dict[str, np.ndarray]:
    """All that could be looked at, and what is answered."""
    none, (network, depth) = np.zeros((0, 0)), eyes_of(model)
    found = {"simple": features_for(SIMPLE, inputs, None, "cpu", none), "p": model.predict_proba(inputs)}
    found["frozen"] = (
        features_for(FROZEN, inputs, network, "cpu", none, depth=depth, exact=True) if depth else found["simple"]
    )
    found["borrowed"] = embed(borrowed, inputs, exact=True).output
    found["trained"] = features_for(NETWORK, inputs, model.network_, "cpu", none, exact=True)
    return {name: values.astype(np.float32) for name, values in found.items()}


def made(name: str, seed: int, train: str) -> dict[str, np.ndarray]:
    """Of a model what it learned from, what its folds answered, and what is seen of all batches; kept in a file."""

    def make() -> tuple[np.ndarray, ...]:
        kind, (items, y), here = draw(name, seed)
        inputs, (classes, codes) = MAKE[kind](items), np.unique(y, return_inverse=True)
        fold, own = np.zeros(len(y), dtype=int), np.zeros((len(y), len(classes)))
        for f, (rows, test) in enumerate(folds(codes, "classification", n_splits=3, random_state=seed)):
            part = fitted(kind, train, seed, inputs[rows], y[rows])
            fold[test] = f
            own[test[:, None], np.searchsorted(classes, part.classes_)] = part.predict_proba(inputs[test])
        model = fitted(kind, train, seed, inputs, y)
        arrays = {"codes": codes, "classes": classes.astype(str), "own": own, "fold": fold}
        for how, (some, labels) in {"train": (items, y), **here}.items():
            told = seen(model, MAKE[kind](some), _network(kind)) | {"y": np.asarray(labels).astype(str)}
            arrays |= {f"{how}|{key}": values for key, values in told.items()}
        return np.array(list(arrays)), *arrays.values()

    names, *values = kept(f"trained {name} {seed} {train.replace(':', ' ')}", make)
    return dict(zip(names.tolist(), values, strict=True))


def judged(model: dict[str, np.ndarray], way: str, seed: int) -> Iterator[dict[str, Any]]:
    """All batches of a model."""
    (sees, own, near), codes, classes = WAYS[way], model["codes"], model["classes"]
    parts = [(np.flatnonzero(model["fold"] != f), np.flatnonzero(model["fold"] == f)) for f in range(3)]
    # heads that see what the model sees are trusted otherwise, see `expected_accuracy`
    eyes = SIMPLE if own or sees in ("simple", "frozen") else NETWORK
    reference, _ = rows_kept(eyes, model[f"train|{sees}"], np.eye(len(classes))[codes], parts, random_state=seed)
    beside = trained_rows(model[f"train|{near}"], model["own"], random_state=seed)
    reference = dataclasses.replace(reference, trained=beside if own else None)
    promised, rng = float((model["own"].argmax(axis=1) == codes).mean()), np.random.default_rng(seed)
    usual = float((classes[model["honest|p"].argmax(axis=1)] == model["honest|y"]).mean())
    for how in [key[:-2] for key in model if key.endswith("|y") and key != "train|y"]:
        y, p, X, Z = (model[f"{how}|{key}"] for key in ("y", "p", sees, near))
        for m in (20, 50, 50, 200) if how == "honest" else (50, 200):
            at = rng.permutation(len(y))[:m]
            if len(at) < 0.5 * m:
                continue
            answers = p[at].argmax(axis=1)
            trained = p[at], unit(Z[at]) @ beside.projection.astype(np.float64)
            found = compared(reference, unit(X[at]), answers, promised, trained=trained, random_state=seed)
            assert found.expected is not None
            e, true = found.expected, float((classes[answers] == y[at]).mean())
            said = {"how": how, "m": len(at), "p": found.p_value, "verdict": found.verdict(promised), "true": true}
            said |= {"expected": e.value, "low": e.low, "high": e.high, "promised": promised, "usual": usual}
            yield said | ({} if how == "honest" else {"size": m})


def redrawn(model: dict[str, np.ndarray], sees: str, seed: int, draws: int = 8) -> list[bool]:
    """Whether honest batches are called different where all rows that are not spoiled are dealt anew."""
    X = np.concatenate([model[f"{part}|{sees}"] for part in ("train", "honest")])
    y = np.concatenate([model[f"{part}|y"] for part in ("train", "honest")])
    classes, codes = np.unique(y, return_inverse=True)
    rng, n, found = np.random.default_rng(seed), len(model["codes"]), []
    for draw in range(draws):
        order = rng.permutation(len(X))
        old, new = order[:n], order[n:][: (50, 200)[draw % 2]]
        parts = folds(codes[old], "classification", n_splits=3, random_state=draw)
        reference, _ = rows_kept(SIMPLE, X[old], np.eye(len(classes))[codes[old]], parts, random_state=draw)
        answers = np.zeros(len(new), dtype=int)
        found.append(compared(reference, unit(X[new]), answers, 0.9, random_state=draw).differs)
    return found


def row(name: str, lines: list[dict[str, Any]], m: int) -> str:
    """A way's figures at m rows, as a row of a table."""

    def share(some: list[dict[str, Any]], verdict: str) -> str:
        return f"{100 * np.mean([line['verdict'] == verdict for line in some]):.1f}%" if some else "-"

    honest, spoiled = ([line for line in lines if line.get(key) == m and ("size" in line) == one] for key, one in SIDES)
    big = [line for line in spoiled if line["usual"] - line["true"] >= MUCH]
    less = [line for line in spoiled if line["usual"] - line["true"] < MUCH]
    error, unchanged = (np.mean([abs(line[of] - line["true"]) for line in spoiled]) for of in ("expected", "promised"))
    covers = np.mean([line["low"] <= line["true"] <= line["high"] for line in spoiled])
    differ = np.mean([line["p"] < LEVEL for line in honest])
    return (
        f"| {name} | {len(honest)}: {100 * differ:.1f}%, {share(honest, INVALID)} | {len(big)}: {share(big, VALID)}, "
        f"{share(big, INVALID)} | {len(less)}: {share(less, INVALID)}, {share(less, VALID)} | {100 * error:.1f} | "
        f"{100 * unchanged:.1f} | {100 * covers:.0f}% |"
    )


def main() -> None:
    """Print the tables."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    need_data()
    warnings.filterwarnings("ignore")
    found: dict[str, dict[str, list[dict[str, Any]]]] = {group: {way: [] for way in WAYS} for group in GROUPS}
    for group, models in GROUPS.items():
        for name, seed, train in models:
            started, model = time.process_time(), made(name, seed, train)
            for way, lines in found[group].items():
                of = {"kind": kind_of(name), "trained": "all layers" if train == "all" else "blocks"}
                lines += [of | line for line in judged(model, way, seed)]
            print(f"{name}, {seed}, {train}: {time.process_time() - started:.0f} CPU s", flush=True)
    for m in (200, 50):
        for group, models in GROUPS.items():
            print(f"\n{m} rows, {group}, {len(models)} models\n\n{HEADING}")
            for way, lines in found[group].items():
                print(row(way, lines, m))
    now = [line for ways in found.values() for line in ways[NOW]]
    before = [line for ways in found.values() for line in ways[next(iter(WAYS))]]
    print(f"\n200 rows, all models, as it is and before\n\n{HEADING}")
    for key in ("kind", "trained"):
        for one in sorted({line[key] for line in now}):
            for of, lines in (("", now), (", before", before)):
                print(row(one + of, [line for line in lines if line[key] == one], 200))
    for sees in ("simple", "frozen"):
        dealt = [redrawn(made(name, seed, train), sees, seed) for name, seed, train in FITTED + JUDGED]
        print(f"honest, dealt anew, {sees}: {100 * np.mean(dealt):.1f}% of {np.size(dealt)} called different")
    print()
    by_shift(now)


def kind_of(name: str) -> str:
    """Pictures, clips or texts."""
    return "clips" if name.startswith("spoken") else next(kind for kind, some in KINDS.items() if name in some)


if __name__ == "__main__":
    main()
