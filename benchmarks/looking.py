"""Where a class activation map points: on what stands in the box, or on what is around it?

    python benchmarks/looking.py [--repeats 5] [--pictures 100]

Pictures of vehicles whose boxes are of one class. A head on MobileNetV2 learns the class from four fifths of the train
part, drawn anew each time; then held-out pictures are explained for their class. Pointing game (Zhang et al. 2016):
share of pictures whose strongest pixel lies in a box. Energy: share of what speaks for the class that lies in the
boxes, beside the share of the picture that they cover. A linear head, one over several depths, and the latter by
occlusion too, which is what models of other kinds are explained by.
"""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
from PIL import Image

from common import DATA, NETWORK, need_data, parser
from headstart import Model, TransferClassifier
from headstart.guard.mixture import MixedClassifier

FOLDER = DATA / "vehicles_openimages"


def of_one_class(part: str) -> list[tuple[str, str, list[list[float]]]]:
    """Path, class and boxes (left, top, width, height) of the pictures with boxes of one class."""
    said = json.loads((FOLDER / f"{part}.json").read_text())
    names = {one["id"]: one["name"] for one in said["categories"]}
    found = []
    for picture in said["images"]:
        boxes = [one for one in said["annotations"] if one["image_id"] == picture["id"]]
        classes = {names[one["category_id"]] for one in boxes}
        if len(classes) == 1:
            found.append((str(FOLDER / part / picture["file_name"]), classes.pop(), [one["bbox"] for one in boxes]))
    return found


def inside(boxes: list[list[float]], height: int, width: int) -> np.ndarray:
    """Which pixels lie in a box."""
    mask = np.zeros((height, width), bool)
    for left, top, wide, high in boxes:
        mask[int(top) : int(np.ceil(top + high)), int(left) : int(np.ceil(left + wide))] = True
    return mask


def figures(map_: np.ndarray, mask: np.ndarray) -> list[float]:
    """Pointing game, energy, both for the picture itself: its centre, and the share that the boxes cover."""
    height, width = map_.shape
    positive = np.maximum(map_, 0)
    strongest = np.unravel_index(map_.argmax(), map_.shape)
    energy = float((positive * mask).sum() / max(positive.sum(), 1e-12))
    return [float(mask[strongest]), energy, float(mask[height // 2, width // 2]), float(mask.mean())]


def main() -> None:
    options = parser(str(__doc__), 5)
    options.add_argument("--pictures", type=int, default=100)
    options.add_argument("--occluded", type=int, default=25, help="pictures of a draw that are occluded too")
    given = options.parse_args()
    need_data()
    train, test = of_one_class("train"), of_one_class("valid") + of_one_class("test")
    rows: dict[str, list[Any]] = {}
    for seed in range(given.repeats):
        rng = np.random.default_rng(seed)
        learned = [train[i] for i in rng.permutation(len(train))[: len(train) * 4 // 5]]
        asked = [test[i] for i in rng.permutation(len(test))[: given.pictures]]
        for head, shown in (("linear", asked), ("depths", asked), ("hidden from sight", asked[: given.occluded])):
            if head != "hidden from sight":
                fitted = TransferClassifier(NETWORK, head=head, random_state=seed)
                fitted.fit([one[0] for one in learned], [one[1] for one in learned])
            mixed = MixedClassifier([fitted], np.ones(1), np.ones(1), fitted.classes_)
            inner = mixed if head == "hidden from sight" else fitted
            model = Model(inner, {}, task="classification", classes=list(fitted.classes_))
            started, found = time.process_time(), {}  # type: float, dict[str, list[list[float]]]
            for path, label, boxes in shown:
                width, height = Image.open(path).size
                explained = model.explain([path], label)[0]
                mask = inside(boxes, height, width)
                found.setdefault(f"{explained.way}, {head}", []).append(figures(explained.over(height, width), mask))
            seconds = (time.process_time() - started) / len(shown)
            right = float((fitted.predict([one[0] for one in asked]) == [one[1] for one in asked]).mean())
            for way, each in found.items():
                rows.setdefault(way, []).append([*np.mean(each, axis=0), right, seconds])
                print(f"draw {seed} {way}:", " ".join(f"{value:.3f}" for value in rows[way][-1]), flush=True)
    for way, each in rows.items():
        mean, spread = np.mean(each, axis=0), np.std(each, axis=0, ddof=1) if len(each) > 1 else np.zeros(6)
        words = ("pointing", "energy in the boxes", "centre of the picture", "area of the boxes", "accuracy", "CPU s")
        print(f"{way}: " + "; ".join(f"{w} {m:.3f} +- {s:.3f}" for w, m, s in zip(words, mean, spread, strict=True)))


if __name__ == "__main__":
    main()
