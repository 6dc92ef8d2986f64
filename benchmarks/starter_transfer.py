"""What a starter's frozen features are worth with 50 labels: against random weights, HOG and pixels.

Run: python benchmarks/starter_transfer.py ../shared/data [--source starter:pictures]

For each set 50 stratified labels, 6 repeats, at most 1,000 test pictures. A logistic regression on standardised
features; its C is the best of three on the mean of the repeats, for every kind of features alike. Networks: square
roots of the mean-pooled activations of the last three blocks. Hyperparameters are favoured a little, all alike.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import StandardScaler

from headstart.data.inputs.canvases import canvases
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.reading.read import read_dataset
from headstart.math.signals.hog import colour_histogram, hog, thumbnail
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed

LABELS, REPEATS, PENALTIES = 50, 6, (0.003, 0.03, 0.3)


def sets(data: Path) -> dict[str, tuple[Pictures, np.ndarray]]:
    """Pictures and labels of each set."""
    digits = load_digits()
    found = {"digits": (Pictures(list((digits.images * (255 / 16)).astype(np.uint8))), digits.target)}
    mnist = np.load(data / "mnist_subset" / "mnist_t10k_first5000.npz")
    found["mnist_subset"] = (Pictures(list(mnist["x"][:2000].reshape(-1, 28, 28))), mnist["y"][:2000])
    for name in ("caltech101_subset", "hymenoptera", "pacs/sketch", "pacs/photo", "chest_xray"):
        dataset = read_dataset(data / name)
        rows = np.random.default_rng(0).permutation(len(dataset.y))[:1500]
        found[name] = (dataset.inputs[rows], dataset.y[rows])
    return found


def network_features(network: Network, pictures: Pictures) -> np.ndarray:
    """Square roots of the means of the last three blocks."""
    depths = embed(network, pictures).depths[-3:]
    return np.concatenate([np.sqrt(np.maximum(depth, 0)) for depth in depths], axis=1)


def accuracy(blocks: list[np.ndarray], y: np.ndarray) -> float:
    """Mean accuracy in percent with `LABELS` labels; each block of features weighs the same."""
    scores = []
    for train, test in StratifiedShuffleSplit(REPEATS, train_size=LABELS, random_state=0).split(y, y):
        test = test[:1000]
        scalers = [StandardScaler().fit(block[train]) for block in blocks]
        a, b = (
            np.concatenate(
                [
                    s.transform(block[rows]) * np.sqrt(256 / block.shape[1])
                    for s, block in zip(scalers, blocks, strict=True)
                ],
                axis=1,
            )
            for rows in (train, test)
        )
        heads = [LogisticRegression(C=c, max_iter=200).fit(a, y[train]) for c in PENALTIES]
        scores.append([head.score(b, y[test]) for head in heads])
    return 100 * float(np.mean(scores, axis=0).max())


def main() -> None:
    """Print a table: a row a set, a column a kind of features."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--source", default="starter:pictures")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    source = load_network(options.source)
    scratch = random_network(source, 0)
    square = Preprocessing(64, (64, 64), (0.5,) * 3, (0.25,) * 3)
    rows = []
    print(f"| set | {options.source} | with HOG | random weights | HOG and colours | pixels |")
    print("|---|---|---|---|---|---|")
    for name, (pictures, y) in sets(options.data).items():
        pixels = np.stack([square.centre(canvas) for canvas in canvases(pictures, square)])
        classical = [hog(pixels), colour_histogram(pixels)]
        ours = network_features(source, pictures)
        kinds = ([ours], [ours, *classical], [network_features(scratch, pictures)], classical, [thumbnail(pixels)])
        rows.append([accuracy([block.reshape(len(y), -1) for block in blocks], y) for blocks in kinds])
        print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{value:.1f}" for value in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main()
