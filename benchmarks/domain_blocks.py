"""From one domain to another without target labels: the last block adapted, beside a residual map before the head.

    python benchmarks/domain_blocks.py [--repeats 1] [--pairs amazon:dslr photo:sketch] [--methods shot mcc z-score]
        [--train last:1] [--results FILE]

Draws, pictures and the network are those of `domains.py`. Accuracy in % and CPU seconds of each fit from pictures whose
features are cached already; the first "head" of a pair embeds them.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path

import numpy as np
from domain_rows import PICTURES, SIDE, pictures_of
from domains import JUDGED_ON, Found, Totals, balanced

from common import NETWORK, need_data, parser
from headstart import AdaptedClassifier, Source, TransferClassifier

METHODS = ("z-score", "shot", "z-shot", "monge-shot", "mcc")


def compare(pair: str, seed: int, methods: list[str], train: str) -> Found:
    """Each method before the head and on the last blocks."""
    rng, sides = np.random.default_rng(seed), []
    for name in pair.split(":"):
        pictures, labels = pictures_of(name)
        kept, _ = balanced(np.arange(len(labels)), labels, rng)
        sides.append((pictures[kept], labels[kept]))
    (X, y), (T, t) = sides
    ways = [("source only", "head"), ("joined", "head"), *((name, how) for name in methods for how in ("head", train))]
    found = {}
    for name, how in ways:
        started = time.process_time()
        head, given = AdaptedClassifier(name), [str(NETWORK), Source(X, y)]
        model = TransferClassifier(given, train=how, head=head, image_size=SIDE, random_state=0).fit(T)
        seconds = time.process_time() - started
        found[name if how == "head" else f"{name}, {how}"] = 100 * float(model.score(T, t)), seconds
    return found


def main() -> None:
    """Print a row a pair, then gains and harm."""
    need_data()
    made = parser(__doc__ or "", repeats=1)
    pairs = [f"{a}:{b}" for a in PICTURES for b in PICTURES]
    made.add_argument("--pairs", nargs="+", default=list(JUDGED_ON), choices=pairs, metavar="PAIR")
    made.add_argument("--methods", nargs="+", default=list(METHODS))
    made.add_argument("--train", default="last:1")
    made.add_argument("--results", type=Path, help="file of the draws that are done; it is gone on from")
    options = made.parse_args()
    totals = Totals(options.results)
    for seed in range(options.repeats):
        for pair in options.pairs:
            totals.draw(pair, seed, lambda pair=pair, seed=seed: compare(pair, seed, options.methods, options.train))
            print(totals.row(pair), flush=True)
    totals.summary(options.pairs)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
