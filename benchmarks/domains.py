"""From one domain to another without target labels: every adaptation, the safe choice, and what they cost.

    python benchmarks/domains.py [--repeats 10] [--pairs amazon:dslr dslr:amazon] [--draws random]
        [--methods shot safe] [--peers]

A draw takes the same number of rows of each class, up to 400 of each domain; with ``--draws skewed`` half of the
target's classes keep one row in five; with ``--draws random`` up to 300 are drawn as they come. `halves` are two
parts of one domain, so there is nothing to adapt; `third` leaves a third of the classes in the target and states
them, beside the same without it. The discriminant and Monge-SHOT were
chosen on the pairs in CHOSEN_ON (two balanced draws of most of them, three skewed), and so was when the source is sure;
what is joined was compared on all pairs.
``--methods`` names those that are run beside source only. ``--peers`` puts skada's deep methods beside ours (MCC,
DANN, CDAN, DeepCORAL, DeepJDOT on one linear layer, 100 epochs).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from domain_rows import SPEAKERS, rows_of

from common import need_data, parser
from headstart import AdaptedClassifier, SafeAdaptedClassifier, Source
from headstart.features.adapted.names import ADAPTATIONS

Draw = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
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
    """What was found over settings."""

    def __init__(self) -> None:
        self.scores: dict[str, dict[str, list[float]]] = {}
        self.seconds: dict[str, list[float]] = {}

    def add(self, setting: str, name: str, score: float, seconds: float | None = None) -> None:
        """One outcome of a draw."""
        self.scores.setdefault(setting, {}).setdefault(name, []).append(score)
        if seconds is not None:
            self.seconds.setdefault(name, []).append(seconds)

    def row(self, setting: str) -> str:
        """Mean accuracies of a setting, a column a method."""
        found = self.scores[setting]
        return f"| {setting} | " + " | ".join(f"{name} {np.mean(values):.1f}" for name, values in found.items()) + " |"

    def summary(self, settings: list[str]) -> None:
        """Mean gain, worst pair and pairs hurt by over a point, for each method."""
        if not settings:
            return
        base = {one: np.mean(self.scores[one]["source only"]) for one in settings}
        for name in self.scores[settings[0]]:
            gaps = np.array(
                [np.mean(self.scores[one][name]) - base[one] for one in settings if name in self.scores[one]]
            )
            cost = self.seconds.get(name, [float("nan")])
            hurt, mean = int((gaps < -1).sum()), np.mean(list(base.values())) + gaps.mean()
            words = f"{mean:5.1f} {gaps.mean():+5.1f} worst {gaps.min():+5.1f} hurt {hurt} of {len(gaps)}"
            print(f"  {name:16s} {words}, CPU s mean {np.mean(cost):.2f} most {np.max(cost):.2f}")


def compare(totals: Totals, pair: str, seed: int, options: Any) -> None:
    """All methods on a draw."""
    X, y, T, t = drawn(pair, seed, options.draws)
    source = Source(X, y)
    for name in (name for name in ADAPTATIONS if name in ("source only", *options.methods)):
        score, seconds, _ = measured(lambda name=name: AdaptedClassifier(name, source=source).fit(T), T, t)
        totals.add(pair, name, score, seconds)
    if SAFE in options.methods:
        score, seconds, safe = measured(lambda: SafeAdaptedClassifier(source=source).fit(T), T, t)
        totals.add(pair, SAFE, score, seconds)
        print(f"    {pair} {seed}: AUC {safe.domain_auc_:.2f}, {safe.verdict_}, {safe.chosen_}", flush=True)
    for name, value in (peers(X, y, T, t) if options.peers else {}).items():
        totals.add(pair, name, value)


def compare_third(totals: Totals, pair: str, seed: int, how: str) -> None:
    """A third of the classes: blind and stated."""
    (X, y, T, t), kept = third(drawn(pair, seed, how), seed)
    source = Source(X, y)
    for words, stated in (("", None), (", stated", kept)):
        for name in ("source only", "discriminant", "shot", "z-shot", "monge-shot", "joined"):
            made = AdaptedClassifier(name, source=source, target_classes=stated)
            totals.add(f"third {pair}", name + words, measured(lambda made=made: made.fit(T), T, t)[0])
        safe = SafeAdaptedClassifier(source=source, target_classes=stated)
        totals.add(f"third {pair}", "safe" + words, measured(lambda safe=safe: safe.fit(T), T, t)[0])


def main() -> None:
    """Print a row for each setting, then gains and harm over pairs."""
    need_data()
    made = parser(__doc__ or "", repeats=10)
    made.add_argument("--pairs", nargs="+", default=[*JUDGED_ON, *CHOSEN_ON])
    made.add_argument("--parts", nargs="+", default=["pairs", "third", "halves"], choices=["pairs", "third", "halves"])
    made.add_argument("--draws", default="balanced", choices=["balanced", "skewed", "random"])
    made.add_argument("--methods", nargs="+", default=[*ADAPTATIONS, SAFE], choices=[*ADAPTATIONS, SAFE])
    made.add_argument("--peers", action="store_true")
    options = made.parse_args()
    totals = Totals()
    for pair in options.pairs if "pairs" in options.parts else ():
        for seed in range(options.repeats):
            compare(totals, pair, seed, options)
        print(totals.row(pair), flush=True)
    for pair in options.pairs if "third" in options.parts else ():
        if len(np.unique(rows_of(pair.split(":")[0])[1])) < 6:
            continue
        for seed in range(options.repeats):
            compare_third(totals, pair, seed, options.draws)
        print(totals.row(f"third {pair}"), flush=True)
    for name in HALVES if "halves" in options.parts else ():
        for seed in range(options.repeats):
            X, y, T, t = drawn(name, seed)
            for words, gate in (("safe", 0.7), ("safe without gate", 0.0)):
                safe = SafeAdaptedClassifier(source=Source(X, y), gate=gate)
                totals.add(f"halves {name}", words, measured(lambda safe=safe, T=T: safe.fit(T), T, t)[0])
            alone = AdaptedClassifier("source only", source=Source(X, y))
            totals.add(f"halves {name}", "source only", measured(lambda alone=alone, T=T: alone.fit(T), T, t)[0])
        print(totals.row(f"halves {name}"), flush=True)
    if "pairs" in options.parts:
        for words, group in (("chosen on", CHOSEN_ON), ("judged on", JUDGED_ON), ("all", options.pairs)):
            print(words)
            totals.summary([pair for pair in group if pair in totals.scores])


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
