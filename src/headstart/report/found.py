"""A detector asked about files: boxes of each, the pictures drawn, and those that cannot be read by name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.data.boxes.boxes import Boxes
from headstart.data.boxes.drawing import drawn_boxes
from headstart.data.pictures.decode import decode
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.specimen import write_picture
from headstart.errors import BadInputs, OutputError
from headstart.guard.detecting.evidence import certain
from headstart.models.detection_model import DetectionModel
from headstart.progress import Progress

_CHUNK = 32


def look_through(
    model: DetectionModel,
    files: Sequence[Path],
    draw: Path | None = None,
    least: float | None = None,
    progress: Progress | None = None,
) -> tuple[list[tuple[int, Path, Boxes]], list[dict[str, str]]]:
    """Find things in files of pictures, and draw them where asked.

    Parameters
    ----------
    model : DetectionModel
    files : sequence of Path
    draw : Path, optional
        Folder to write pictures with boxes into.
    least : float, optional
        Least score of a box that is drawn, see `kept`.
    progress : callable, optional
        Told ``progress("finding things", done, n)``.

    Returns
    -------
    found : list of (int, Path, Boxes)
        Place, file and every box of each picture that can be read.
    failed : list of dict
        ``file`` and ``reason`` of the others.

    Raises
    ------
    OutputError
        If a picture would be drawn over itself.
    """
    targets = [] if draw is None else drawn_names(files, draw)
    found: list[tuple[int, Path, Boxes]] = []
    failed: list[dict[str, str]] = []
    for start in range(0, len(files), _CHUNK):
        some = files[start : start + _CHUNK]
        for k, answer in enumerate(_asked(model, some)):
            if isinstance(answer, str):
                failed.append({"file": str(some[k]), "reason": answer})
                continue
            found.append((start + k, some[k], answer))
            if draw is not None:
                _draw(model, some[k], kept(model, answer, least), targets[start + k])
        if progress is not None:
            progress("finding things", min(start + _CHUNK, len(files)), len(files))
    return found, failed


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


def _asked(model: DetectionModel, files: Sequence[Path]) -> list[Any]:
    """Boxes of each file, or the reason why it cannot be read."""
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


def kept(model: DetectionModel, boxes: Boxes, least: float | None) -> Boxes:
    """The boxes of at least this score; where none is said, of the threshold of their class."""
    thresholds = model.thresholds if least is None else dict.fromkeys(map(str, model.classes_), least)
    return certain(boxes, thresholds)


def _draw(model: DetectionModel, file: Path, boxes: Boxes, target: Path) -> None:
    picture = drawn_boxes(decode(file), boxes, [str(name) for name in model.classes_])
    write_picture(target, picture, "--draw")
