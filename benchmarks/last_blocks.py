"""Training the last blocks from stored activations at the freeze boundary, against running the whole network.

    python benchmarks/last_blocks.py

The same seed, order and settings; weights must agree.
"""

from __future__ import annotations

import os

os.environ["HEADSTART_CACHE"] = "off"

from common import NETWORK, folder_pictures, interleaved, need_data, parser, report_ratio
from headstart import TransferClassifier
from headstart.networks.running import cache


def main() -> None:
    arguments = parser(__doc__ or "", repeats=1)
    arguments.add_argument("--epochs", type=int, default=20)
    arguments.add_argument("--blocks", type=int, default=2)
    arguments.add_argument("--pictures", type=int, default=96)
    options = arguments.parse_args()
    need_data()
    paths, y = folder_pictures("hymenoptera", "train")
    step = max(1, len(paths) // options.pictures)
    paths, y = paths[::step], y[::step]
    models = {}

    def fit(stored: bool) -> None:
        cache._cache_in.cache_clear()
        models[stored] = TransferClassifier(
            str(NETWORK), train=f"last:{options.blocks}", epochs=options.epochs, random_state=0, cache=stored
        ).fit(paths, y)

    TransferClassifier(str(NETWORK), train=f"last:{options.blocks}", epochs=1, random_state=0).fit(paths[::4], y[::4])
    print(f"{len(paths)} pictures, {options.epochs} epochs, last {options.blocks} blocks")
    seconds = interleaved({"without": lambda: fit(False), "stored": lambda: fit(True)}, options.repeats)
    report_ratio(seconds, "without", "stored")
    pairs = zip(
        models[True].network_.module.state_dict().items(),
        models[False].network_.module.state_dict().values(),
        strict=True,
    )
    print(f"largest difference of a weight: {max(float((a - b).abs().max()) for (_, a), b in pairs):.2e}")


if __name__ == "__main__":
    main()
