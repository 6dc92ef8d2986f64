"""What single predictions looked at: a picture each, and one page of all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.plain import plain
from headstart.data.base.whole import real_place, write_whole
from headstart.data.pictures.specimen import thumbnail_base64, write_picture
from headstart.models.explaining.explanation import ACTIVATIONS, OCCLUSION, TERMS, Explanation
from headstart.report.mistakes import data_uri
from headstart.report.write import rendered, write_page

#: On the page, and the longest side of a picture there.
MOST, _SIDE = 200, 360
#: What a shade stands for at least, in log-odds.
_FAINTEST = 0.1
_OPTION = "--explain"
_HOW = {
    ACTIVATIONS: "Class activation maps: what the linear head says of each place of the network's last map. Their mean "
    "over all places is the model's score.",
    TERMS: "Exactly: the model is linear in words, and what they add makes its score (of classes the logit less "
    "the mean of the others').",
    OCCLUSION: "By occlusion: each part was hidden in turn, and the model asked again. Shown is what the answer's "
    "log-odds (or the number) lose. Parts that tell the same hide each other: nothing here adds up.",
}


def write_explanations(
    folder: str | Path, found: Iterable[Explanation], sure: Mapping[str, float | None] | None = None
) -> Path:
    """Write ``index.html``, ``explanations.json`` and, of maps, a PNG an input.

    Parameters
    ----------
    folder : path-like
        Made if it is not there; files of the same names are replaced.
    found : iterable of Explanation
        Taken one after the other, so that many do not stand in memory at once.
    sure : mapping of str to float or None, optional
        Probabilities of the answers, by name.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OutputError
        If something cannot be written.
    """
    target = real_place(folder, _OPTION)
    shown: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    ways: set[str] = set()
    fine = False
    for number, one in enumerate(found):
        file = "" if one.edges is None else f"{number + 1:04d}-{_plain(one.name)}.png"
        picture = None if one.edges is None else one.drawn()
        if picture is not None:
            write_picture(target / file, Image.fromarray(picture), _OPTION)
        listed.append(one.to_dict() | ({"picture": file} if file else {}))
        ways.add(one.way)
        fine |= one.fine is not None
        if number < MOST:
            shown.append(_card(one, picture, file, (sure or {}).get(one.name)))
    text = json.dumps(plain(listed), indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(target / "explanations.json", f"{text}\n".encode(), "explanations", _OPTION)
    finer = ["They are drawn finer: the mean of the maps at the network's own and at larger sizes."] if fine else []
    page = {
        "title": f"{len(listed)} explained",
        "how": [words for way, words in _HOW.items() if way in ways] + finer,
        "maps": any(card["picture"] for card in shown),
        "table": any(card["table"] for card in shown),
        "shown": shown,
        "more": len(listed) - len(shown),
    }
    return write_page(target / "index.html", rendered("explained.jinja", page), option=_OPTION)


def _card(one: Explanation, picture: np.ndarray | None, file: str, sure: float | None) -> dict[str, Any]:
    most = max(float(np.abs(one.values).max(initial=0.0)), _FAINTEST)
    parts = [_part(word, float(value), most) for word, value in zip(one.parts, one.values, strict=False)]
    table = any(" = " in word for word in one.parts)
    return {
        "name": one.name,
        "file": file,
        "answer": f"{one.answer:.6g}" if isinstance(one.answer, float) else str(one.answer),
        "sure": "" if sure is None else f"{100 * sure:.1f}%",
        "picture": "" if picture is None else data_uri(thumbnail_base64(picture, _SIDE)),
        "strongest": _moment(one),
        "table": table,
        "parts": sorted(parts, key=lambda part: -part["bar"])[:12] if table else parts,
    }


def _part(word: str, value: float, most: float) -> dict[str, Any]:
    share = abs(value) / most
    side = "" if share < 0.1 else "pro" if value > 0 else "contra"
    return {
        "word": word,
        "side": side,
        "shade": round(share, 3),
        "bar": round(100 * share, 1),
        "value": f"{value:+.3f}",
    }


def _moment(one: Explanation) -> str:
    """Of a clip, when what speaks most for the answer is heard."""
    if one.span is None:
        return ""
    course = one.values.sum(axis=0)
    start, end = one.span
    step = (end - start) / len(course)
    at = start + step * int(course.argmax())
    return f"most at {max(at, 0):.2f} to {min(at + step, end):.2f} s"


def _plain(name: str) -> str:
    """The end of a name as part of a file's name."""
    stem = Path(name).stem
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)[:60] or "input"
