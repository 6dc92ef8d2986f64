"""What a model finds in pictures: a line a picture, a row a box, COCO's result format, or drawn on the pictures."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from headstart.cli.console import note, print_json, print_table
from headstart.progress import reporter

_CHUNK = 32
_COLUMNS = ("file", "label", "score", "xmin", "ymin", "xmax", "ymax", "error")


def found_in(
    model: Any,
    places: Sequence[Path],
    draw: Path | None,
    least: float | None,
    as_csv: bool,
    as_json: bool,
    others: Sequence[str],
) -> int:
    """Find things in pictures, print them, and draw them where asked; the exit code is 1 where some cannot be read.

    Parameters
    ----------
    model : DetectionModel
    places : sequence of Path
        Files, folders, tables of paths.
    draw : Path or None
        Folder to write pictures with boxes into.
    least : float or None
        Least score of a box; None: the threshold of each class, and with ``as_json`` every box.
    others : sequence of str
        Options that say nothing of pictures with boxes.
    """
    from headstart.cli.predictions import gather

    if others:
        raise click.UsageError(f"{' and '.join(others)} say nothing of a model that finds things in pictures.")
    files = gather(places, model.input_type)
    targets = [] if draw is None else drawn_names(files, draw)
    found: list[Any] = []
    failed: list[dict[str, str]] = []
    with reporter() as progress:
        for start in range(0, len(files), _CHUNK):
            some = files[start : start + _CHUNK]
            for k, answer in enumerate(_asked(model, some)):
                if isinstance(answer, str):
                    failed.append({"file": str(some[k]), "reason": answer})
                    continue
                found.append((start + k, some[k], answer))
                if draw is not None:
                    _draw(model, some[k], _kept(model, answer, least), targets[start + k])
            if progress is not None:
                progress("finding things", min(start + _CHUNK, len(files)), len(files))
    note(f"Read: {model.kind.count(len(files))} to be looked through by {model!r}")
    if draw is not None:
        note(f"Drawn: {model.kind.count(len(found))} in {draw}")
    if as_json:
        from headstart.data.boxes.results import coco_results

        shown = [(i, file, boxes if least is None else _kept(model, boxes, least)) for i, file, boxes in found]
        print_json(coco_results(shown, [str(name) for name in model.classes_]))
    else:
        kept = [(file, _kept(model, boxes, least)) for _, file, boxes in found]
        (_print_csv if as_csv else _print_lines)(kept, failed)
    for entry in failed:
        note(f"Cannot read {entry['file']}: {entry['reason']}")
    return 1 if failed else 0


def drawn_names(files: Sequence[Path], folder: Path) -> list[Path]:
    """Where each picture is drawn: its path below what all have in common, in ``folder``, as JPEG or PNG.

    Raises
    ------
    OutputError
        If a picture would be drawn over itself.

    Examples
    --------
    >>> [path.as_posix() for path in drawn_names([Path("a/b/1.jpg"), Path("a/c/1.tif")], Path("out"))]
    ['out/b/1.jpg', 'out/c/1.png']
    """
    from headstart.errors import OutputError

    whole = [Path(os.path.abspath(file)) for file in files]
    root = Path(os.path.commonpath([file.parent for file in whole]))
    targets: list[Path] = []
    taken: set[Path] = set()
    for file in whole:
        suffix = ".jpg" if file.suffix.lower() in (".jpg", ".jpeg", ".jpe", ".jfif") else ".png"
        target = folder / file.relative_to(root).with_suffix(suffix)
        target = target.with_name(f"{file.name}{suffix}") if target in taken else target
        taken.add(target)
        targets.append(target)
    own = {file.resolve() for file in whole}
    over = next((target for target in targets if target.resolve() in own), None)
    if over is not None:
        raise OutputError(
            f"Expected another folder to draw into than that of the pictures, found {over}.", "Choose another --draw."
        )
    return targets


def _asked(model: Any, files: Sequence[Path]) -> list[Any]:
    """Boxes of each file, or the reason why it cannot be read."""
    from headstart.data.pictures.pictures import Pictures
    from headstart.errors import BadInputs

    left = list(range(len(files)))
    reasons: dict[int, str] = {}
    while left:
        try:
            answers = model.predict(Pictures([files[i] for i in left], [str(i) for i in left]))
            whole = dict(zip(left, answers, strict=True))
            return [reasons.get(i) or whole[i] for i in range(len(files))]
        except BadInputs as error:
            bad = {int(name): reason for name, reason in error.bad}
            if not bad.keys() & set(left):
                raise
            reasons |= bad
            left = [i for i in left if i not in reasons]
    return [reasons[i] for i in range(len(files))]


def _kept(model: Any, boxes: Any, least: float | None) -> Any:
    from headstart.guard.detecting.evidence import certain

    thresholds = model.thresholds if least is None else dict.fromkeys(map(str, model.classes_), least)
    return certain(boxes, thresholds)


def _draw(model: Any, file: Path, boxes: Any, target: Path) -> None:
    from headstart.data.boxes.drawing import drawn_boxes
    from headstart.data.pictures.decode import decode

    picture = drawn_boxes(decode(file), boxes, [str(name) for name in model.classes_])
    target.parent.mkdir(parents=True, exist_ok=True)
    picture.save(target, quality=92) if target.suffix == ".jpg" else picture.save(target)


def _print_lines(found: Sequence[tuple[Path, Any]], failed: Sequence[dict[str, str]]) -> None:
    """One line a picture: what was found in it."""
    rows = []
    for file, boxes in found:
        counts = Counter(map(str, boxes.labels.tolist())).most_common()
        surest = f"{100 * boxes.scores.max():.0f}%" if len(boxes) else ""
        rows.append((str(file), ", ".join(f"{n} {label}" for label, n in counts) or "nothing", surest))
    if rows:
        print_table(("file", "found", "surest"), rows, right=(2,))


def _print_csv(found: Sequence[tuple[Path, Any]], failed: Sequence[dict[str, str]]) -> None:
    """A header, then a row a box; a picture in which nothing was found has a row with its name alone."""
    from headstart.visible import cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for file, boxes in found:
        for label, score, corners in zip(boxes.labels, boxes.scores, boxes.corners.round(2).tolist(), strict=True):
            writer.writerow([cell(str(file)), cell(str(label)), f"{score:.4f}", *corners, ""])
        if not len(boxes):
            writer.writerow([cell(str(file)), *[""] * 7])
    for entry in failed:
        writer.writerow([cell(entry["file"]), *[""] * 6, cell(entry["reason"])])
