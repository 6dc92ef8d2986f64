"""Three hundred broken annotation files: each is refused in words, or read with every box accounted for.

    python benchmarks/fuzz_boxes.py --cases 300

A small set of pictures is written in each form that is read (COCO JSON, YOLO text, Pascal VOC XML, a table). One
annotation file is then changed at random: bits, ends, bytes put in, lines doubled or lost, numbers and words replaced,
keys renamed, files renamed or of another form. What is read all the same must hold every picture, and boxes
inside their pictures; or it is refused in words. Faults are any other exception, a set
without boxes, and pictures that lost their boxes while nothing was said.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "makers"), str(Path(__file__).parent)]

import boxed_pictures as maker  # noqa: E402
from damage import changed, cut, flipped  # noqa: E402

from headstart.data.pictures.turns import frame_of  # noqa: E402
from headstart.data.reading.inspecting import inspected  # noqa: E402
from headstart.data.reading.options import Reading  # noqa: E402
from headstart.data.reading.recognise import recognise  # noqa: E402
from headstart.data.sets.dataset import Dataset  # noqa: E402
from headstart.errors import HeadstartError  # noqa: E402

PICTURES = 8
FAULTS = ("traceback", "no boxes", "boxes lost and nothing said", "boxes outside")
#: What may stand in the place of a number or a word.
WRONG = (
    b"nan",
    b"-1",
    b"1e999",
    b"",
    b"0",
    b"999999",
    b"null",
    b"\xff\xfe",
    b"0x10",
    b"1_000",
    b'"',
    b"&lol;",
    b"\x00",
)


def broken(place: Path, rng: np.random.Generator) -> str:
    """Change one annotation file, or where it stands; what was done in words."""
    files = [place] if place.is_file() else sorted(place.iterdir())
    file = files[rng.integers(len(files))]
    content, kind = file.read_bytes(), int(rng.integers(9))
    if kind in (0, 1):
        harm = changed if file.suffix == ".json" and rng.random() < 0.7 else (flipped, cut)[kind]
        new, words = harm(content, rng)
        file.write_bytes(new)
        return f"{file.name}: {words}"
    if kind in (2, 3):
        pieces = re.findall(rb"[\w.+-]+", content)
        if not pieces:
            return "nothing"
        old, put = pieces[rng.integers(len(pieces))], WRONG[rng.integers(len(WRONG))]
        file.write_bytes(
            re.sub(rb"(?<![\w.+-])" + re.escape(old) + rb"(?![\w.+-])", lambda _: put, content, count=1 + kind % 2)
        )
        return f"{old!r} became {put!r} in {file.name}"
    if kind == 4:
        at = int(rng.integers(len(content) + 1))
        more = rng.integers(0, 256, int(rng.integers(1, 9)), dtype=np.uint8).tobytes()
        file.write_bytes(content[:at] + more + content[at:])
        return f"{more!r} put into {file.name}"
    if kind == 5:
        lines = re.split(rb"(?<=[\n>}])", content)
        k = int(rng.integers(len(lines)))
        again = lines[:k] + [lines[k]] * int(rng.integers(0, 3)) + lines[k + 1 :]
        file.write_bytes(b"".join(again))
        return f"piece {k} of {file.name} {len(again) - len(lines) + 1} times"
    if kind == 6:
        file.rename(file.with_name(f"lost{file.suffix}"))
        return f"{file.name} renamed"
    if kind == 7:
        other = (b"{}", b"[]", b"<a/>", b"hello", b"", b"path,label\na,b\n", b"0 0.5 0.5 0.2 0.2")[rng.integers(7)]
        file.write_bytes(other)
        return f"{other!r} in the place of {file.name}"
    file.write_bytes(content.decode().encode(("utf-16", "utf-8-sig", "latin-1", "utf-32")[rng.integers(4)]))
    return f"{file.name} in another encoding"


def outcome(read: Dataset, fewest: int) -> str:
    """Whether every picture and box is accounted for."""
    n = sum(len(boxes) for boxes in read.y)
    if n == 0:
        return "no boxes"
    for item, boxes in zip(read.inputs.items, read.y, strict=True):
        frame = frame_of(item)
        inside = frame is not None and (not len(boxes) or (boxes.corners.max(axis=0)[2:] <= frame.upright).all())
        if not inside or (len(boxes) and boxes.corners.min() < 0):
            return "boxes outside"
    pictures = {path.name for path in Path(read.root).iterdir()}
    seen = {Path(name).name for name in read.names} | {Path(name).name for name, _ in read.dropped}
    unknown = set() if read.without_label is None else {Path(name).name for name in read.without_label.names}
    lost = pictures - seen - unknown or read.unlabelled != len(unknown)
    return "boxes lost and nothing said" if lost or n < fewest else "read"


def run(seeds: range) -> Iterator[tuple[str, str]]:
    """The outcome of each case, with what was done and what was said."""
    with tempfile.TemporaryDirectory() as folder:
        pictures, boxes = maker.scenes(PICTURES)
        every, most = sum(len(one) for one in boxes), max(len(one) for one in boxes)
        for form in maker.FORMS:
            maker.write(Path(folder) / form, form, pictures, boxes)
        for seed in seeds:
            rng = np.random.default_rng(seed)
            form = maker.FORMS[seed % len(maker.FORMS)]
            root = Path(folder) / "case"
            shutil.copytree(Path(folder) / form, root)
            place = next(root / name for name in ("boxes.json", "boxes.csv", "labels") if (root / name).exists())
            done = f"{seed} {form}: {broken(place, rng)}"
            try:
                found = inspected(recognise(root / "images", Reading(boxes=place)).dataset())
                yield outcome(found, every - most if form in ("yolo", "voc") else 1), done
            except HeadstartError as error:
                yield "refused", f"{done}: {error}"
            except Exception as error:
                yield "traceback", f"{done}: {type(error).__name__}: {error}"
            shutil.rmtree(root)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--all", action="store_true", help="print every case")
    asked = parser.parse_args()
    every = list(run(range(asked.cases)))
    for what, words in every:
        if what in FAULTS or asked.all:
            print(f"{what}: {words}")
    print(dict(Counter(what for what, _ in every)))
    sys.exit(any(what in FAULTS for what, _ in every))
