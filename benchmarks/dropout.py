"""Dropout on a hidden head: share right before and after, learned from and held out.

    python benchmarks/dropout.py [--repeats 5]

Features of MobileNetV1 (0.25); each draw takes so many pictures to learn from and as many held out. The head and the
two curves are those that ``headstart fit --curves dropout`` shows.
"""

from __future__ import annotations

import numpy as np

from common import DATA, digits, folder_pictures, need_data, parser
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.parameters.heads.dropout_curves import dropout_curves
from headstart.parameters.heads.targets import class_targets

NETWORK = DATA / "networks" / "mobilenet_v1_0.25_128"


def main() -> None:
    given = parser(str(__doc__), 5).parse_args()
    need_data()
    network = load_network(NETWORK)
    caltech, insects = folder_pictures("caltech101_subset"), folder_pictures("hymenoptera", "*")
    for name, (X, y), n in (("ants and bees", insects, 100), ("ten classes", caltech, 100), ("digits", digits(), 200)):
        features, targets = embed(network, X).output, class_targets(np.asarray(y), None)
        rows = []
        for seed in range(given.repeats):
            order = np.random.default_rng(seed).permutation(len(targets))
            found = dropout_curves(features, targets, order[:n], order[n : 2 * n], seed)
            ways = [found[way] for way in ("without", "with")]
            rows.append([one[key][-1] for key in ("train", "held_out", "held_out_loss", "alike") for one in ways])
        mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1)
        for i, what in enumerate(("right, learned from", "right, held out", "loss, held out", "units alike")):
            without, with_ = (f"{mean[2 * i + k]:.3f} +- {spread[2 * i + k]:.3f}" for k in range(2))
            print(f"{name} ({n}), {what}: without {without}, with {with_}", flush=True)


if __name__ == "__main__":
    main()
