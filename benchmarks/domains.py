"""From one domain to another without target labels: every adaptation, the safe choice, and what they cost.

    python benchmarks/domains.py [--repeats 10] [--pairs amazon:dslr dslr:amazon] [--draws random]
        [--methods shot safe] [--peers] [--results FILE]

A draw takes the same number of rows of each class, up to 400 of each domain; with ``--draws skewed`` half of the
target's classes keep one row in five; with ``--draws random`` up to 300 are drawn as they come. `halves` are two
parts of one domain, so there is nothing to adapt; `third` leaves a third of the classes in the target and states
them, beside the same without it. The discriminant and Monge-SHOT were
chosen on the pairs in CHOSEN_ON (two balanced draws of most of them, three skewed), and so was when the source is sure;
what is joined was compared on all pairs, how it goes on from there on those in CHOSEN_ON.
``--methods`` names those that are run beside source only. ``--peers`` puts skada's deep methods beside ours (MCC,
DANN, CDAN, DeepCORAL, DeepJDOT on one linear layer, 100 epochs).
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
from domain_rows import SPEAKERS, rows_of

from common import need_data, parser
from headstart import AdaptedClassifier, SafeAdaptedClassifier, Source
from headstart.features.adapted.names import ADAPTATIONS

Draw = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
#: Accuracy in % and CPU seconds of each method.
Found = dict[str, tuple[float, float]]
CHOSEN_ON = (
    "jackson:not jackson",
    "nicolas:not nicolas",
    "theo:not theo",
    "yweweler:not yweweler",
    "books:electronics",
    "electronics:books",
    "coil1:coil2",
    "coil2:coil1",
    "surf amazon:surf dslr",
    "surf dslr:surf amazon",
)
JUDGED_ON = ("amazon:dslr", "dslr:amazon", "photo:sketch", "sketch:photo", "mnist:digits", "digits:mnist")
HALVES = ("amazon", "mnist", "photo", "books", *SPEAKERS[:2])
SAFE = "safe"
_ROWS, _BALANCED = 300, 400


def balanced(X: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The same number of rows of each class, at most 400 together."""
    classes, counts = np.unique(y, return_counts=True)
    each = min(_BALANCED // len(classes), counts.min())
    kept = np.concatenate([rng.permutation(np.flatnonzero(y == one))[:each] for one in classes])
    return X[kept], y[kept]


def skewed(T: np.ndarray, t: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Half of the classes whole, of each other one row in five."""
    classes, codes = np.unique(t, return_inverse=True)
    rng = np.random.default_rng(seed + 99)
    share = np.where(rng.permutation(len(classes)) < len(classes) // 2, 1.0, 0.2)
    kept = rng.random(len(t)) < share[codes]
    return T[kept], t[kept]


def drawn(pair: str, seed: int, how: str = "balanced") -> Draw:
    """Rows and labels of a source and a target; of one name alone two halves of it."""
    rng = np.random.default_rng(seed)
    if ":" not in pair:
        X, y = rows_of(pair)
        order = rng.permutation(len(X))[: 2 * _ROWS]
        first, second = np.array_split(order, 2)
        return X[first], y[first], X[second], y[second]
    (X, y), (T, t) = (rows_of(name) for name in pair.split(":"))
    if how != "random":
        X, y, T, t = *balanced(X, y, rng), *balanced(T, t, rng)
        return (X, y, T, t) if how == "balanced" else (X, y, *skewed(T, t, seed))
    first, second = rng.permutation(len(X))[:_ROWS], rng.permutation(len(T))[:_ROWS]
    return X[first], y[first], T[second], t[second]


def third(draw: Draw, seed: int) -> tuple[Draw, np.ndarray]:
    """The same with a third of the classes in the target, and these."""
    X, y, T, t = draw
    classes = np.unique(y)
    kept = np.random.default_rng(seed).permutation(classes)[: max(2, round(len(classes) / 3))]
    rows = np.isin(t, kept)
    return (X, y, T[rows], t[rows]), kept


def measured(way: Callable[[], Any], T: np.ndarray, t: np.ndarray) -> tuple[float, float, Any]:
    """Accuracy in %, CPU seconds of the fit, and the fitted model."""
    started = time.process_time()
    fitted = way()
    seconds = time.process_time() - started
    return 100 * float((np.asarray(fitted.predict(T)) == t).mean()), seconds, fitted


def peers(X: np.ndarray, y: np.ndarray, T: np.ndarray, t: np.ndarray) -> dict[str, float]:
    """Accuracy of skada's deep methods on one linear layer, each of them with its defaults."""
    import torch
    from skada.deep import CDAN, DANN, MCC, DeepCoral, DeepJDOT
    from torch import nn

    class OneLayer(nn.Module):
        """The layer that is adapted, and a head."""

        def __init__(self, d: int, n_classes: int) -> None:
            super().__init__()
            self.feature, self.output = nn.Linear(d, 128), nn.Linear(128, n_classes)

        def forward(self, x: torch.Tensor, sample_weight: object = None) -> torch.Tensor:
            return self.output(self.feature(x))

    classes, codes = np.unique(y, return_inverse=True)
    scale = X.std()
    rows = np.concatenate([X, T]).astype(np.float32) / scale
    labels = np.concatenate([codes, np.full(len(T), -1)])
    side = np.repeat([1, -2], [len(X), len(T)])
    found = {}
    for kind in (DeepCoral, DeepJDOT, DANN, CDAN, MCC):
        torch.manual_seed(0)
        net = OneLayer(rows.shape[1], len(classes))
        own = {"num_features": 128} if kind in (DANN, CDAN) else {}
        own |= {"n_classes": len(classes)} if kind is CDAN else {}
        try:
            model = kind(net, layer_name="feature", batch_size=128, max_epochs=100, train_split=None, **own)
            model.fit(rows, labels, side)
            said = np.asarray(model.predict(T.astype(np.float32) / scale, sample_domain=np.full(len(T), -2)))
            found[f"skada {kind.__name__}"] = 100 * float((classes[said] == t).mean())
        except Exception as error:
            print(f"    skada {kind.__name__} stops: {type(error).__name__}: {error}"[:160])
    return found


class Totals:
    """What was found over settings; with a file each draw is written there, and not computed again."""

    def __init__(self, file: Path | None = None) -> None:
        self.scores: dict[str, dict[str, list[float]]] = {}
        self.seconds: dict[str, list[float]] = {}
        self.file = file
        lines = file.read_text().splitlines() if file is not None and file.exists() else []
        self.written = {(one["setting"], one["seed"]): one["found"] for one in map(json.loads, lines)}

    def draw(self, setting: str, seed: int, way: Callable[[], Found]) -> None:
        """One draw of a setting, from the file where it is there."""
        found = self.written.get((setting, seed))
        if found is None:
            found = way()
            if self.file is not None:
                with self.file.open("a") as lines:
                    lines.write(json.dumps({"setting": setting, "seed": seed, "found": found}) + "\n")
        for name, (score, seconds) in found.items():
            self.scores.setdefault(setting, {}).setdefault(name, []).append(score)
            self.seconds.setdefault(name, []).append(seconds)

    def row(self, setting: str) -> str:
        """Mean accuracies of a setting, a column a method, and the safe choice's gain with its deviation."""
        found = self.scores[setting]
        told = " | ".join(f"{name} {np.mean(values):.1f}" for name, values in found.items())
        gaps = np.subtract(found[SAFE], found["source only"]) if SAFE in found else np.zeros(0)
        return f"| {setting} | {told} |" + (f" {gaps.mean():+.1f} ± {gaps.std(ddof=1):.1f} |" if gaps.size > 1 else "")

    def summary(self, settings: list[str]) -> None:
        """Mean gain, worst pair and pairs hurt by over a point, for each method; and draws, for each."""
        if not settings:
            return
        base = {one: np.mean(self.scores[one]["source only"]) for one in settings}
        for name in self.scores[settings[0]]:
            there = [one for one in settings if name in self.scores[one]]
            draws = [np.subtract(self.scores[one][name], self.scores[one]["source only"]) for one in there]
            gaps, each = np.array([one.mean() for one in draws]), np.concatenate(draws)
            cost = self.seconds.get(name, [float("nan")])
            hurt, mean = int((gaps < -1).sum()), np.mean(list(base.values())) + gaps.mean()
            words = f"{mean:5.1f} {gaps.mean():+5.1f} worst {gaps.min():+5.1f} hurt {hurt} of {len(gaps)}"
            told = f"draws hurt {int((each < -1).sum())} of {len(each)}, worst {each.min():+.1f}"
            print(f"  {name:16s} {words}; {told}; CPU s mean {np.mean(cost):.2f} most {np.max(cost):.2f}")


def compare(pair: str, seed: int, options: Any) -> Found:
    """All methods on a draw."""
    X, y, T, t = drawn(pair, seed, options.draws)
    source, found = Source(X, y), {}
    for name in (name for name in ADAPTATIONS if name in ("source only", *options.methods)):
        found[name] = measured(lambda name=name: AdaptedClassifier(name, source=source).fit(T), T, t)[:2]
    if SAFE in options.methods:
        score, seconds, safe = measured(lambda: SafeAdaptedClassifier(source=source).fit(T), T, t)
        found[SAFE] = score, seconds
        print(f"    {pair} {seed}: AUC {safe.domain_auc_:.2f}, {safe.verdict_}, {safe.chosen_}", flush=True)
    return found | {name: (value, nan) for name, value in (peers(X, y, T, t) if options.peers else {}).items()}


def compare_third(pair: str, seed: int, how: str) -> Found:
    """A third of the classes: blind and stated."""
    (X, y, T, t), kept = third(drawn(pair, seed, how), seed)
    source, found = Source(X, y), {}
    for words, stated in (("", None), (", stated", kept)):
        for name in ("source only", "discriminant", "shot", "z-shot", "monge-shot", "joined"):
            made = AdaptedClassifier(name, source=source, target_classes=stated)
            found[name + words] = measured(lambda made=made: made.fit(T), T, t)[:2]
        safe = SafeAdaptedClassifier(source=source, target_classes=stated)
        found["safe" + words] = measured(lambda safe=safe: safe.fit(T), T, t)[:2]
    return found


def compare_halves(name: str, seed: int) -> Found:
    """Two parts of one domain, with the gate and without."""
    X, y, T, t = drawn(name, seed)
    found = {}
    for words, gate in (("safe", 0.7), ("safe without gate", 0.0)):
        safe = SafeAdaptedClassifier(source=Source(X, y), gate=gate)
        found[words] = measured(lambda safe=safe: safe.fit(T), T, t)[:2]
    alone = AdaptedClassifier("source only", source=Source(X, y))
    return found | {"source only": measured(lambda: alone.fit(T), T, t)[:2]}


def main() -> None:
    """Print a row for each setting, then gains and harm over pairs."""
    need_data()
    made = parser(__doc__ or "", repeats=10)
    made.add_argument("--pairs", nargs="+", default=[*JUDGED_ON, *CHOSEN_ON])
    made.add_argument("--parts", nargs="+", default=["pairs", "third", "halves"], choices=["pairs", "third", "halves"])
    made.add_argument("--draws", default="balanced", choices=["balanced", "skewed", "random"])
    made.add_argument("--methods", nargs="+", default=[*ADAPTATIONS, SAFE], choices=[*ADAPTATIONS, SAFE])
    made.add_argument("--peers", action="store_true")
    made.add_argument("--results", type=Path, help="file of the draws that are done; it is gone on from")
    options = made.parse_args()
    totals = Totals(options.results)
    for pair in options.pairs if "pairs" in options.parts else ():
        for seed in range(options.repeats):
            totals.draw(pair, seed, lambda pair=pair, seed=seed: compare(pair, seed, options))
        print(totals.row(pair), flush=True)
    for pair in options.pairs if "third" in options.parts else ():
        if len(np.unique(rows_of(pair.split(":")[0])[1])) < 6:
            continue
        for seed in range(options.repeats):
            totals.draw(f"third {pair}", seed, lambda pair=pair, seed=seed: compare_third(pair, seed, options.draws))
        print(totals.row(f"third {pair}"), flush=True)
    for name in HALVES if "halves" in options.parts else ():
        for seed in range(options.repeats):
            totals.draw(f"halves {name}", seed, lambda name=name, seed=seed: compare_halves(name, seed))
        print(totals.row(f"halves {name}"), flush=True)
    if "pairs" in options.parts:
        for words, group in (("chosen on", CHOSEN_ON), ("judged on", JUDGED_ON), ("all", options.pairs)):
            print(words)
            totals.summary([pair for pair in group if pair in totals.scores])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
