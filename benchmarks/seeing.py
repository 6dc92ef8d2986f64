"""What each depth of a network prefers: edges, corners, curves, textures or noise, beside random weights.

    python benchmarks/seeing.py [SOURCE ...]

Every figure is a mean over draws of made pictures (of random networks: over networks), with its standard deviation.
"""

from __future__ import annotations

import sys

from common import DATA, NETWORK
from headstart.networks.reading.loading import load_network
from headstart.networks.seeing.preferences import Share, preferences

SOURCES = ("starter:pictures", str(DATA / "networks" / "mobilenet_v1_0.25_128"), str(NETWORK))


def said(share: Share) -> str:
    """Mean and spread."""
    return f"{share.mean:.2f} +- {share.spread:.2f}"


def main() -> None:
    for source in sys.argv[1:] or SOURCES:
        network = load_network(source)
        found = preferences(network)
        print(
            f"{network.name}: orientation selectivity of the first layer {said(found.selectivity)}, with random "
            f"weights {said(found.random_selectivity)}"
        )
        for block, shares, random in zip(found.blocks, found.shares, found.random, strict=True):
            told = "; ".join(f"{family} {said(share)} ({said(random[family])})" for family, share in shares.items())
            print(f"  {block}: {told}", flush=True)


if __name__ == "__main__":
    main()
