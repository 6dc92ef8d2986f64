"""The real sets cut into a choosing and a reporting half, so that no starter is chosen on what it is reported on.

    python benchmarks/halves.py OUT [--leave-out mnist_subset ...] [--most 1000]

writes the pictures and clips of the choosing halves, without labels, into ``OUT/pictures/SET/`` and
``OUT/sounds/SET/``: what `headstart pretrain` may see. Reporting halves are never written.

Pictures are halved within each class by a fixed seed. Sounds: wake_words by the parity of a clip's number;
spoken_digits by speaker (jackson and nicolas for choosing); esc10 by its folds (1 and 2 for choosing).
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from common import DATA, folder_pictures, need_data

SEED = 2026
CHOOSING_SPEAKERS = ("jackson", "nicolas")


@dataclass(frozen=True)
class RealSet:
    """Items (paths or arrays), labels, whether each belongs to the choosing half, and groups that stay whole."""

    items: list[Any]
    y: np.ndarray
    choosing: np.ndarray
    groups: np.ndarray | None = None

    def half(self, name: str) -> np.ndarray:
        """Positions of the "choosing" or "reporting" half, or of "both"."""
        if name == "both":
            return np.arange(len(self.y))
        return np.flatnonzero(self.choosing if name == "choosing" else ~self.choosing)


def first_half(y: np.ndarray) -> np.ndarray:
    """Which rows fall into the first half: half of each class, by a fixed seed."""
    rng, chosen = np.random.default_rng(SEED), np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == label))
        chosen[rows[: (len(rows) + 1) // 2]] = True
    return chosen


def picture_sets() -> dict[str, RealSet]:
    """The eight sets of pictures."""
    found: dict[str, tuple[list[Any], np.ndarray]] = {}
    train, more = folder_pictures("hymenoptera", "train"), folder_pictures("hymenoptera", "val")
    found["hymenoptera"] = (train[0] + more[0], np.r_[train[1], more[1]])
    found["caltech101_subset"] = folder_pictures("caltech101_subset")
    found["chest_xray"] = folder_pictures("chest_xray")
    digits = np.load(DATA / "mnist_subset" / "mnist_t10k_first5000.npz")
    found["mnist_subset"] = (list(digits["x"]), digits["y"].astype(str))
    found["pacs_photo"] = folder_pictures("pacs/photo")
    found["pacs_sketch"] = folder_pictures("pacs/sketch")
    found["office_amazon"] = folder_pictures("office_caltech10_images/amazon")
    small = np.load(DATA / "cifar10_subset" / "cifar10_subset.npz")
    labels = np.r_[small["y_train"], small["y_test"]].astype(str)
    found["cifar10_subset"] = (list(np.r_[small["x_train"], small["x_test"]]), labels)
    return {name: RealSet(items, y, first_half(y)) for name, (items, y) in found.items()}


def other_pictures() -> dict[str, list[Any]]:
    """Sets that only pre-training sees: half of the small X-rays, and the web-camera pictures."""
    xrays = np.load(DATA / "pneumonia_mnist" / "pneumonia28.npz")
    small = np.concatenate([xrays[f"{part}_images"] for part in ("train", "val", "test")])
    return {"office_dslr": folder_pictures("office_caltech10_images/dslr")[0], "pneumonia_mnist": list(small[::2])}


def sound_sets() -> dict[str, RealSet]:
    """The three sets of clips."""
    words = sorted((DATA / "wake_words").glob("*/*.flac"))
    y = np.array([path.parent.name for path in words])
    even = np.array([int(path.stem.split("_")[-1]) % 2 == 0 for path in words])
    found = {"wake_words": RealSet(list(words), y, even)}
    digits = sorted((DATA / "spoken_digits").glob("*.flac"))
    parts = [path.stem.split("_") for path in digits]
    speakers = np.array([part[1] for part in parts])
    labels = np.array([part[0] for part in parts])
    found["spoken_digits"] = RealSet(list(digits), labels, np.isin(speakers, CHOOSING_SPEAKERS), speakers)
    sounds = sorted((DATA / "esc10").glob("*/*.ogg"))
    folds = np.array([path.name.split("-")[0] for path in sounds])
    found["esc10"] = RealSet(list(sounds), np.array([p.parent.name for p in sounds]), np.isin(folds, ("1", "2")))
    return found


def write(items: list[Any], folder: Path, most: int) -> None:
    """Copy files, or write arrays as PNG, under running numbers; of more than ``most`` evenly spread ones."""
    folder.mkdir(parents=True)
    if len(items) > most:
        items = [items[i] for i in np.linspace(0, len(items) - 1, most).round().astype(int)]
    for i, item in enumerate(items):
        if isinstance(item, np.ndarray):
            Image.fromarray(item).save(folder / f"{i:05}.png")
        else:
            shutil.copyfile(item, folder / f"{i:05}{Path(item).suffix}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--leave-out", nargs="*", default=[], help="sets that are not written at all")
    arguments.add_argument("--most", type=int, default=1000, help="most items of one set")
    options = arguments.parse_args()
    need_data()
    for kind, sets in (("pictures", picture_sets()), ("sounds", sound_sets())):
        for name, real in sets.items():
            if name not in options.leave_out:
                write([real.items[i] for i in real.half("choosing")], options.out / kind / name, options.most)
    for name, items in other_pictures().items():
        if name not in options.leave_out:
            write(items, options.out / "pictures" / name, options.most)
    for folder in sorted(options.out.glob("*/*")):
        print(f"{folder}: {len(list(folder.iterdir()))}")


if __name__ == "__main__":
    main()
