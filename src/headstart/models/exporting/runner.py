"""The lines that run an exported model without headstart, as its card prints them."""

from __future__ import annotations

from typing import Any

from headstart.data.boxes.letterbox import GREY
from headstart.data.clips.decode import LOUDEST, SHORTEST
from headstart.data.texts.decode import SOMETHING
from headstart.data.texts.ngrams import _WORD, LONGEST
from headstart.models.exporting.lines.rows import opened_table
from headstart.models.exporting.whole import Whole

_START = "import numpy as np\nimport onnxruntime"
_END = """
model = onnxruntime.InferenceSession({file!r})
for {item} in {items}:
    print({item}, {answer})"""

#: Lines that open a picture, upright and in RGB where it is clear.
_OPENED = """    image = Image.open(path)
    if image.mode[0] in "IF":
        raise SystemExit(f"{{path}} is deeper than 8 bits: divide it by what is white, and save it with 8 bits first.")
    {before}image.draft(image.mode, ({enough}, {enough}))
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))"""
_BOXES = """import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

CLASSES = {classes}
LEAST = {least}  # of each class the score from which a box counts


def inside(size):  # width and height of a picture on the square, and where it begins
    inner = np.maximum(1, np.round(np.multiply(size, {side} / max(size)))).astype(int)
    return inner, ({side} - inner) // 2


def found(path):
{opened}
    inner, edge = inside(image.size)
    square = Image.new("RGB", ({side}, {side}), ({grey}, {grey}, {grey}))
    square.paste(image.convert("RGB").resize(inner, Image.Resampling.BILINEAR), tuple(edge))
    boxes, classes, scores = model.run(None, {{"pixels": np.asarray(square)[None]}})
    inner, edge = inside(whole)
    corners = np.clip((boxes * {side} - np.tile(edge, 2)) / np.tile(inner / whole, 2), 0, np.tile(whole, 2))
    for corner, code, score in zip(corners.tolist(), classes, scores):
        if score >= LEAST[code] and corner[0] < corner[2] and corner[1] < corner[3]:
            yield CLASSES[code], float(score), corner  # left, top, right, bottom in pixels


model = onnxruntime.InferenceSession({file!r})
for path in sys.argv[1:]:
    print(path, list(found(path)))"""

_ROWS = """import csv
import runpy
import sys

import onnxruntime

CELLS = runpy.run_path({cells!r})  # reads the cells of a table as headstart does
{classes}
model = onnxruntime.InferenceSession({file!r})
rows = list({opened})  # the first names the columns
for answer in model.run(None, CELLS["read"](rows, CELLS["FORM"]))[0]:
    print({answer})"""

#: Lines that refuse a text without anything to go by.
_REFUSED = (
    f"    if not re.search({SOMETHING.pattern!r}, text):",
    '        raise SystemExit(f"The text {text!r} is empty.")',
)


def runner_lines(
    whole: Whole,
    file: str,
    classes: list[Any] | None,
    names: dict[str, str],
    least: dict[str, float],
    form: dict[str, str],
) -> str:
    """Python that answers for files given as arguments (for texts: for the texts themselves).

    Parameters
    ----------
    whole : Whole
    file : str
        Name of the model's file.
    classes : list or None
        None for numbers.
    names : dict of str to str
        What ``tokenizer.json``, ``terms.json`` or ``cells.py`` is called.
    least : dict of str to float
        Of a detector the score from which a box of each class counts.
    form : dict of str to str
        In words, what parts the cells of the table that was learned from, and its encoding, as far as they are known.
    """
    if whole.form == "square":
        of = "whole = image.size[::-1] if image.getexif().get(274, 1) > 4 else image.size\n    "
        opened = _OPENED.format(before=of, enough=2 * whole.seen)
        scores = [least[str(name)] for name in classes or []]
        return _BOXES.format(classes=classes, least=scores, side=whole.seen, grey=GREY, opened=opened, file=file)
    if whole.form == "rows":
        answer = "answer" if classes is None else "dict(zip(CLASSES, answer.tolist()))"
        named = "" if classes is None else f"CLASSES = {classes!r}\n"
        return _ROWS.format(cells=names["cells.py"], classes=named, file=file, opened=opened_table(form), answer=answer)
    libraries, prepare, given = _FORMS[whole.form](whole, names)
    answer = "model.run(None, prepared({item}))[0][0]"
    if classes is not None:
        answer = "dict(zip(CLASSES, " + answer + ".tolist()))"
    item, items = ("text", "sys.argv[1:]") if whole.form in ("tokens", "terms") else ("path", "sys.argv[1:]")
    lines = [*sorted([*libraries, "import sys"]), "", _START, *given, ""]
    if classes is not None:
        lines.append(f"CLASSES = {classes!r}")
    end = _END.format(file=file, item=item, items=items, answer=answer.format(item=item))
    gap = [] if prepare.startswith(("TERMS", "tokenizer")) else ["", ""]
    return "\n".join([*lines, *gap, *prepare.splitlines(), "", "", *end.strip("\n").splitlines()])


def _pictures(whole: Whole, names: dict[str, str]) -> tuple[list[str], str, list[str]]:
    seen = whole.seen
    shorter = isinstance(seen.resize, int)
    if shorter:
        size = f"[int({seen.resize} * side / min(image.size)) for side in image.size]"
    else:
        size = f"({seen.resize[1]}, {seen.resize[0]})"
    filtered = f"Image.Resampling.{seen.resample.upper()}"
    lines = [
        "def prepared(path):",
        _OPENED.format(before="", enough=seen.enough),
        f'    image = image.convert("RGB").resize({size}, {filtered})',
    ]
    height, width = seen.size
    if whole.form == "simple pixels":
        lines.append("    image = image.resize((64, 64), Image.Resampling.BILINEAR)")
    elif shorter or seen.crop is not None:
        lines.append(f"    left, top = (image.width - {width}) // 2, (image.height - {height}) // 2")
        lines.append(f"    image = image.crop((left, top, left + {width}, top + {height}))")
    lines.append('    return {"pixels": np.asarray(image)[None]}')
    return [], "\n".join(lines), ["from PIL import Image, ImageOps"]


def _clips(whole: Whole, names: dict[str, str]) -> tuple[list[str], str, list[str]]:
    seen, n = whole.seen, whole.seen.size[0]
    lines = [
        "def prepared(path):",
        '    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)',
        "    wave = wave.mean(axis=1)[: 60 * rate]",
        f"    if len(wave) < {SHORTEST} * rate or not np.abs(wave).max() <= {LOUDEST}:",
        '        raise SystemExit(f"{path} holds less than 10 ms of sound, or samples that are no sound.")',
        f"    if rate != {seen.rate}:",
        f'        wave = soxr.resample(wave, rate, {seen.rate}, quality="HQ")',
    ]
    if whole.form == "wave":
        return [], "\n".join([*lines, '    return {"wave": wave}']), ["import soundfile", "import soxr"]
    room = f"(0, {n} - len(wave)), constant_values=np.nan"
    if not seen.marks_end:
        room = f"(({n} - len(wave)) // 2, ({n} + 1 - len(wave)) // 2)"
    lines += [
        f"    if len(wave) <= {n}:",
        f"        return {{'windows': np.pad(wave, {room})[None]}}",
        f"    starts = [*range(0, len(wave) - {n}, {max(1, n // 2)}), len(wave) - {n}]",
        f'    return {{"windows": np.stack([wave[start : start + {n}] for start in starts])}}',
    ]
    return [], "\n".join(lines).replace("'windows'", '"windows"'), ["import soundfile", "import soxr"]


def _tokens(whole: Whole, names: dict[str, str]) -> tuple[list[str], str, list[str]]:
    seen = whole.seen
    before, after = map(list, seen.tokenizer.around)
    lines = [
        f'tokenizer = Tokenizer.from_file("{names["tokenizer.json"]}")',
        "tokenizer.no_padding()",
        "tokenizer.no_truncation()",
        "",
        "",
        "def prepared(text):",
        *_REFUSED,
        f"    ids = tokenizer.encode(text, add_special_tokens=False).ids[:{seen.limit}]",
        f"    parts = np.array_split(np.array(ids, dtype=int), max(1, -(-len(ids) // {seen.room})))",
        f"    rows = [[*{before}, *part, *{after}] or [{seen.tokenizer.blank}] for part in parts]",
        "    longest = max(map(len, rows))",
        '    return {"tokens": np.array([row + [-1] * (longest - len(row)) for row in rows])}',
    ]
    return ["import re"], "\n".join(lines), ["from tokenizers import Tokenizer"]


def _terms(whole: Whole, names: dict[str, str]) -> tuple[list[str], str, list[str]]:
    lines = [
        f'TERMS = json.load(open("{names["terms.json"]}", encoding="utf-8"))',
        "PLACES = {kind: {term: i for i, term in enumerate(terms)} for kind, terms in TERMS.items()}",
        f"WORD = re.compile({_WORD.pattern!r})",
        "",
        "",
        "def grams(kind, text):",
        '    if kind == "words":',
        "        words = WORD.findall(text)",
        '        return [*words, *(f"{a} {b}" for a, b in zip(words, words[1:]))]',
        '    padded = [f" {word} " for word in text.split()]',
        "    return [word[i : i + n] for word in padded for n in range(2, 6) for i in range(len(word) - n + 1)]",
        "",
        "",
        "def prepared(text):",
        *_REFUSED,
        "    given = {}",
        "    for kind, places in PLACES.items():",
        f"        found = [places[g] for g in grams(kind, text[:{LONGEST}].lower()) if g in places]",
        "        given[kind], counts = np.unique(np.array(found, dtype=np.int64), return_counts=True)",
        '        given[f"{kind}_counts"] = counts.astype(np.float64)',
        "    return given",
    ]
    return ["import json", "import re"], "\n".join(lines), []


_FORMS = {
    "pixels": _pictures,
    "simple pixels": _pictures,
    "windows": _clips,
    "wave": _clips,
    "tokens": _tokens,
    "terms": _terms,
}
