"""Detection that borrows: average precision with few boxed pictures, against a centre head trained on the same maps.

Rows: `few` (motorcycles, 50 and 20 pictures: each draw takes 50 of the 90 with motorcycles to learn from, of which the
first 20 are the smaller set, and is tested on the 40 others and 30 without), `all` (five classes, all training
pictures, tested on the others; the centre head has ten times the CPU time), `cars` (a detector of cars as the source
for motorcycles, buses and trucks, against the classification network alone, with what folds choose).

`--results found.json --pieces 2` measures two draws, writes them to a file and ends; run again it goes on.
"""

from __future__ import annotations

import json
import sys
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
from headstart.detection.maps import Body
from headstart.detection.transfer import places_of
from headstart.guard.detecting.tried import Way, best_of, picture_folds, tried
from headstart.math.boxes.average_precision import average_precision
from headstart.networks.reading.loading import load_network

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


class Pieces:
    """What was measured, piece by piece, in a file that the next run reads on.

    Parameters
    ----------
    path : path-like or None
        Without one everything is measured in one run.
    most : int or None
        Pieces after which a run ends.
    """

    def __init__(self, path: str | None, most: int | None) -> None:
        self.path, self.left = None if path is None else Path(path), most
        known = self.path is not None and self.path.is_file()
        self.known: dict[str, list[float]] = json.loads(self.path.read_text()) if known else {}

    def __call__(self, key: str, work: Callable[[], Sequence[float]]) -> list[float]:
        """The numbers of a piece: known ones, or those that work gives."""
        if key not in self.known:
            if self.left == 0:
                sys.exit("as many pieces as were asked for; run again for the next")
            self.left = None if self.left is None else self.left - 1
            self.known[key] = [round(float(value), 4) for value in work()]
            print(f"{key}: " + " ".join(f"{value:.3f}" for value in self.known[key]), flush=True)
            if self.path is not None:
                self.path.write_text(json.dumps(self.known, indent=1))
        return self.known[key]


def centre(
    body: Body, classes: Sequence[str], given: Sequence[Scene], test: Sequence[Scene], seconds: float, seed: int
) -> tuple[float, float]:
    """AP50 and AP75 of a centre head on the maps of a detector."""
    pictures, boxes = parts(given)
    drawn = places_of(boxes, np.array(classes, object), body.letterboxes(pictures))
    how = {"seconds": seconds, "seed": seed}
    head = centre_head.trained(
        body.maps(pictures), [one.boxes for one in drawn], [one.codes for one in drawn], len(classes), **how
    )
    others = parts(test)[0]
    answers = centre_head.found(head, body.maps(others), classes, body.letterboxes(others))
    return precision(test, answers, classes)


def few(repeats: int, pieces: Pieces) -> None:
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
            rows[n].append(pieces(f"few {n} {draw}", lambda g=given, t=test, d=draw: one_of_few(g, t, d)))
    print("pictures | AP50 | AP75 | centre head AP50 | AP75 | CPU s to fit | CPU s for 70 pictures")
    for n, found in rows.items():
        print(f"{n} | " + " | ".join(f"{value:.3f}" for value in np.mean(found, axis=0)))
        print("  spread | " + " | ".join(f"{value:.3f}" for value in np.std(found, axis=0)))


def one_of_few(given: Sequence[Scene], test: Sequence[Scene], draw: int) -> list[float]:
    """One draw: the detector, the centre head in its seconds, and both their seconds."""
    detector = TransferDetector(NETWORK, classes=["motorcycle"], random_state=draw)
    _, fitting = timed(lambda: detector.fit(*parts(given)))
    answers, finding = timed(lambda: detector.predict([path for path, _ in test]))
    own = precision(test, answers, ["motorcycle"])
    return [*own, *centre(detector.body_, ["motorcycle"], given, test, fitting, draw), fitting, finding]


def all_classes(repeats: int, pieces: Pieces) -> None:
    """Five classes from all training pictures; once, for there is one division."""
    given, test = scenes("train"), scenes("valid") + scenes("test")

    def solved() -> list[float]:
        detector = TransferDetector(NETWORK, classes=list(CLASSES))
        _, seconds = timed(lambda: detector.fit(*parts(given)))
        return [*precision(test, detector.predict([path for path, _ in test]), CLASSES), seconds]

    own = pieces("all detector", solved)
    print(f"all classes, mean AP50 {own[0]:.3f} (AP75 {own[1]:.3f}) in {own[2]:.0f} CPU s of fitting")
    body = Body.of(load_network(NETWORK, input_type="image"), 256)
    for times in (10, 3, 1):
        seconds = times * own[2]
        found = pieces(f"all centre head {times}", lambda s=seconds: centre(body, CLASSES, given, test, s, 0))
        print(f"centre head in {seconds:.0f} CPU s: {found[0]:.3f} (AP75 {found[1]:.3f}), {own[0] / found[0]:.2f} x")


def cars(repeats: int, pieces: Pieces) -> None:
    """A detector of cars as the source of others."""
    train, test = scenes("train"), scenes("valid") + scenes("test")
    with tempfile.TemporaryDirectory() as place:
        source: list[Path] = []

        def learned() -> Path:
            if not source:
                known = [one for one in train if "car" in one[1].labels]
                source.append(TransferDetector(NETWORK, classes=["car"]).fit(*parts(known)).save(Path(place) / "cars"))
            return source[0]

        for draw in range(repeats):
            for name in ("motorcycle", "bus", "truck"):
                shown = [one for one in train if name in one[1].labels]
                order = np.random.default_rng(draw).permutation(len(shown))[:40]
                given = [shown[i] for i in order]
                found = pieces(f"cars {name} {draw}", lambda g=given, n=name, d=draw: one_car(learned(), n, g, test, d))
                print(
                    f"{name}, draw {draw}: folds {found[0]:.3f} and with cars {found[1]:.3f}; test {found[2]:.3f} and "
                    f"{found[3]:.3f}; chosen {'cars' if found[4] else 'network'}: "
                    f"{found[2 + int(found[4])] - found[2]:+.3f}"
                )


def one_car(source: Path, name: str, given: Sequence[Scene], test: Sequence[Scene], draw: int) -> list[float]:
    """One draw: AP50 of folds and of the test pictures, without and with cars, and whether cars are chosen."""
    pictures, boxes = parts(given)
    kept = [Boxes(b.corners[b.labels == name], b.labels[b.labels == name]) for b in boxes]
    dataset = with_boxes(pictures, kept)
    ways = [
        Way("network", TransferDetector(NETWORK, classes=[name]), False, "the classification network"),
        Way("cars", TransferDetector(source, classes=[name]), True, "a detector of cars", wary=True),
    ]
    splits = picture_folds(dataset, 3, draw)
    results = [tried(way, dataset, splits) for way in ways]
    scores = [precision(test, way.fitted(pictures, kept).predict([p for p, _ in test]), [name])[0] for way in ways]
    return [*(one.score for one in results), *scores, results.index(best_of(results))]


ROWS = {"few": few, "all": all_classes, "cars": cars}

if __name__ == "__main__":
    arguments = parser(__doc__, 5)
    arguments.add_argument("--only", choices=sorted(ROWS), action="append")
    arguments.add_argument("--results", help="a JSON file that keeps what was measured; the next run goes on from it")
    arguments.add_argument("--pieces", type=int, help="how many draws to measure in this run at most")
    asked = arguments.parse_args()
    need_data()
    found = Pieces(asked.results, asked.pieces)
    for name, row in ROWS.items():
        if asked.only is None or name in asked.only:
            row(asked.repeats, found)
