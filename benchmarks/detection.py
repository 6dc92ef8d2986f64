"""Detection that borrows: average precision with few boxed pictures, against a centre head trained on the same maps.

Rows: `few` (motorcycles, 50 and 20 pictures: each draw takes 50 of the 90 with motorcycles to learn from, of which the
first 20 are the smaller set, and is tested on the 40 others and 30 without), `all` (five classes, all training
pictures, tested on the others; the centre head has ten times the CPU time), `cars` (a detector of cars as the source
for motorcycles, buses and trucks, against the classification network alone, with the verdict over folds).
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import centre_head
import numpy as np

from common import DATA, NETWORK, need_data, parser
from headstart import Boxes, TransferDetector
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.boxes import with_boxes
from headstart.detection.transfer import places_of
from headstart.guard.detecting.tried import Way, best_of, picture_folds, tried
from headstart.guard.detecting.verdict import detection_verdict
from headstart.math.boxes.average_precision import average_precision

PLACE = DATA / "vehicles_openimages"
CLASSES = ("ambulance", "bus", "car", "motorcycle", "truck")
Scene = tuple[str, Boxes]


def scenes(part: str) -> list[Scene]:
    """Paths and boxes of one part."""
    said = json.loads((PLACE / f"{part}.json").read_text())
    names = {category["id"]: category["name"] for category in said["categories"]}
    corners: dict[int, list[list[float]]] = {image["id"]: [] for image in said["images"]}
    labels: dict[int, list[str]] = {image["id"]: [] for image in said["images"]}
    for one in said["annotations"]:
        x, y, width, height = one["bbox"]
        corners[one["image_id"]].append([x, y, x + width, y + height])
        labels[one["image_id"]].append(names[one["category_id"]])
    return [
        (str(PLACE / part / image["file_name"]), Boxes(corners[image["id"]], labels[image["id"]]))
        for image in said["images"]
    ]


def precision(truth: Sequence[Scene], answers: Sequence[Boxes], classes: Sequence[str]) -> tuple[float, float]:
    """AP50 and AP75."""
    found = average_precision([boxes for _, boxes in truth], answers, classes)
    return found.ap50, found.ap75


def parts(given: Sequence[Scene]) -> tuple[Pictures, list[Boxes]]:
    """Pictures and their boxes."""
    return Pictures([path for path, _ in given]), [boxes for _, boxes in given]


def timed(work: Callable[[], object]) -> tuple[object, float]:
    """What work gives, and its CPU seconds."""
    started = time.process_time()
    return work(), time.process_time() - started


def centre(
    detector: TransferDetector, given: Sequence[Scene], test: Sequence[Scene], seconds: float, seed: int
) -> tuple[float, float]:
    """AP50 and AP75 of a centre head on the maps of a fitted detector."""
    body, classes = detector.body_, detector.classes_
    pictures, boxes = parts(given)
    drawn = places_of(boxes, classes, body.letterboxes(pictures))
    how = {"seconds": seconds, "seed": seed}
    head = centre_head.trained(
        body.maps(pictures), [one.boxes for one in drawn], [one.codes for one in drawn], len(classes), **how
    )
    others = parts(test)[0]
    answers = centre_head.found(head, body.maps(others), classes.tolist(), body.letterboxes(others))
    return precision(test, answers, classes.tolist())


def few(repeats: int) -> None:
    """Motorcycles from 50 and 20 pictures."""
    every = [one for part in ("train", "valid", "test") for one in scenes(part)]
    shown = [one for one in every if "motorcycle" in one[1].labels]
    others = [one for one in every if "motorcycle" not in one[1].labels]
    TransferDetector(NETWORK, classes=["motorcycle"]).fit(*parts(shown[:6]))  # loads what is loaded once
    rows: dict[int, list[list[float]]] = {50: [], 20: []}
    for draw in range(repeats):
        rng = np.random.default_rng(draw)
        order, rest = rng.permutation(len(shown)), rng.permutation(len(others))[:30]
        test = [shown[i] for i in order[50:]] + [others[i] for i in rest]
        for n in rows:
            given = [shown[i] for i in order[:n]]
            detector = TransferDetector(NETWORK, classes=["motorcycle"], random_state=draw)
            _, fitting = timed(lambda d=detector, g=given: d.fit(*parts(g)))
            answers, finding = timed(lambda d=detector, t=test: d.predict([path for path, _ in t]))
            own = precision(test, answers, ["motorcycle"])
            trained = centre(detector, given, test, fitting, draw)
            rows[n].append([*own, *trained, fitting, finding])
            print(f"draw {draw}, {n} pictures: " + " ".join(f"{value:.3f}" for value in rows[n][-1]), flush=True)
    print("pictures | AP50 | AP75 | centre head AP50 | AP75 | CPU s to fit | CPU s for 70 pictures")
    for n, found in rows.items():
        print(f"{n} | " + " | ".join(f"{value:.3f}" for value in np.mean(found, axis=0)))


def all_classes(repeats: int) -> None:
    """Five classes from all training pictures; once, for there is one division."""
    given, test = scenes("train"), scenes("valid") + scenes("test")
    detector = TransferDetector(NETWORK, classes=list(CLASSES))
    _, seconds = timed(lambda: detector.fit(*parts(given)))
    answers = detector.predict([path for path, _ in test])
    own = precision(test, answers, CLASSES)
    trained = centre(detector, given, test, 10 * seconds, 0)
    print(f"all classes, mean AP50 {own[0]:.3f} (AP75 {own[1]:.3f}) in {seconds:.0f} CPU s of fitting")
    print(f"centre head in {10 * seconds:.0f} CPU s: {trained[0]:.3f} (AP75 {trained[1]:.3f})")
    print(f"{own[0] / trained[0]:.2f} x")


def cars(repeats: int) -> None:
    """A detector of cars as the source of others."""
    train, test = scenes("train"), scenes("valid") + scenes("test")
    with tempfile.TemporaryDirectory() as place:
        known = [one for one in train if "car" in one[1].labels]
        source = TransferDetector(NETWORK, classes=["car"]).fit(*parts(known)).save(Path(place) / "cars")
        for name in ("motorcycle", "bus", "truck"):
            shown = [one for one in train if name in one[1].labels]
            for draw in range(repeats):
                order = np.random.default_rng(draw).permutation(len(shown))[:40]
                one_car(source, name, [shown[i] for i in order], test, draw)


def one_car(source: Path, name: str, given: Sequence[Scene], test: Sequence[Scene], draw: int) -> None:
    """One draw: what folds say of the detector of cars, and what the test pictures say."""
    pictures, boxes = parts(given)
    kept = [Boxes(b.corners[b.labels == name], b.labels[b.labels == name]) for b in boxes]
    dataset = with_boxes(pictures, kept)
    ways = [
        Way("network", TransferDetector(NETWORK, classes=[name]), False, "the classification network"),
        Way("cars", TransferDetector(source, classes=[name]), True, "a detector of cars", wary=True),
    ]
    splits = picture_folds(dataset, 3, draw)
    results = [tried(way, dataset, splits) for way in ways]
    said = detection_verdict(results)
    scores = [precision(test, way.fitted(pictures, kept).predict([p for p, _ in test]), [name])[0] for way in ways]
    chosen = results.index(best_of(results))
    print(
        f"{name}, draw {draw}: folds {results[0].score:.3f} and with cars {results[1].score:.3f}, {said['word']}; test "
        f"{scores[0]:.3f} and {scores[1]:.3f}; chosen {ways[chosen].name}: {scores[chosen] - scores[0]:+.3f}",
        flush=True,
    )


ROWS = {"few": few, "all": all_classes, "cars": cars}

if __name__ == "__main__":
    arguments = parser(__doc__, 5)
    arguments.add_argument("--only", choices=sorted(ROWS), action="append")
    asked = arguments.parse_args()
    need_data()
    for name, row in ROWS.items():
        if asked.only is None or name in asked.only:
            row(asked.repeats)
