"""The lines that run an exported model without headstart, as its card prints them."""

from __future__ import annotations

import codecs
from typing import Any

from headstart.data.boxes.letterbox import GREY
from headstart.data.tables.cells import CATEGORY, DATE, DURATION, Column
from headstart.data.tables.dates import DAY, MONTH, MONTHS, YEAR
from headstart.data.tables.gaps import GAPS
from headstart.data.tables.lines import SEPARATORS
from headstart.data.texts.decode import UTF8
from headstart.data.texts.ngrams import _WORD, LONGEST
from headstart.models.exporting.encoder import TableForm
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


#: Of each way to write a date, where its year, month and day stand, and an example.
_ORDERS = {
    YEAR: ((0, 1, 2), "as 2024-01-31 or 2024-01-31 14:30"),
    DAY: ((2, 1, 0), "as 31.01.2024 or 31.01.2024 14:30"),
    MONTH: ((2, 0, 1), "as 01/31/2024 or 01/31/2024 14:30"),
    MONTHS: ((0, 1, 2), "as 2024-01"),
}
_MOMENT = """def moment(text, order):  # 24 hours, in UTC
    date, *clock = re.split("[ T]+", text)
    parts = [int(part) for part in re.findall(r"\\d+", date)] + [1]
    year, month, day = (parts[place] for place in (order if parts[0] < 100 else (0, 1, 2)))
    year += 0 if year > 99 else 2000 if year < 69 else 1900
    return datetime.datetime(year, month, day, *[int(part) for part in re.findall(r"\\d+", "".join(clock))[:3]])


"""


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
        What ``tokenizer.json`` or ``terms.json`` is called.
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
    libraries, prepare, given = _FORMS[whole.form](whole, names)
    answer = "model.run(None, prepared({item}))[0][0]"
    if classes is not None:
        answer = "dict(zip(CLASSES, " + answer + ".tolist()))"
    item, items = ("text", "sys.argv[1:]") if whole.form in ("tokens", "terms") else ("path", "sys.argv[1:]")
    if whole.form == "rows":
        item, items = "row", _opened_table(form)
        answer = answer.replace("print({item}, ", "print(")
    lines = [*sorted([*libraries, "import sys"]), "", _START, *given, ""]
    if classes is not None:
        lines.append(f"CLASSES = {classes!r}")
    end = _END.format(file=file, item=item, items=items, answer=answer.format(item=item))
    gap = [] if prepare.startswith(("MISSING", "TERMS", "tokenizer")) else ["", ""]
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
        f"    ids = tokenizer.encode(text, add_special_tokens=False).ids[:{seen.limit}]",
        f"    parts = np.array_split(np.array(ids, dtype=int), max(1, -(-len(ids) // {seen.room})))",
        f"    rows = [[*{before}, *part, *{after}] or [{seen.tokenizer.blank}] for part in parts]",
        "    longest = max(map(len, rows))",
        '    return {"tokens": np.array([row + [-1] * (longest - len(row)) for row in rows])}',
    ]
    return [], "\n".join(lines), ["from tokenizers import Tokenizer"]


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
        "    given = {}",
        "    for kind, places in PLACES.items():",
        f"        found = [places[g] for g in grams(kind, text[:{LONGEST}].lower()) if g in places]",
        "        given[kind], counts = np.unique(np.array(found, dtype=np.int64), return_counts=True)",
        '        given[f"{kind}_counts"] = counts.astype(np.float64)',
        "    return given",
    ]
    return ["import json", "import re"], "\n".join(lines), []


def _rows(whole: Whole, names: dict[str, str]) -> tuple[list[str], str, list[str]]:
    form: TableForm = whole.seen
    lines = [
        f"MISSING = {sorted(word for word in GAPS if word)!r}",
        "",
        "",
        "def cell(row, column):",
        '    text = (row[column] or "").strip()',
        '    return "" if text.casefold() in MISSING else text',
        "",
        "",
    ]
    imports, given = ["import csv"], []
    if form.numbers:
        lines += [*_number_lines(form), "", ""]
        dated = any(column.kind == DATE for column in form.columns)
        imports += ["import datetime", "import re"] if dated else []
        given.append('"numbers": np.array([numbers(row)], dtype=np.float64)')
    if form.categories:
        given.append(
            f'"categories": np.array([[cell(row, column) for column in {list(form.categories)!r}]], dtype=object)'
        )
    lines += ["def prepared(row):", f"    return {{{', '.join(given)}}}"]
    return imports, "\n".join(lines), []


def _opened_table(form: dict[str, str]) -> str:
    """What reads the rows of a file that is written as the table that was learned from."""
    encoding = form.get("encoding", UTF8)
    try:
        encoding = "utf-8-sig" if encoding == UTF8 else codecs.lookup(encoding).name
    except LookupError:  # "UTF-8 with 2 damaged characters"
        encoding = "utf-8-sig"
    mark = next((sign for sign, name in SEPARATORS.items() if name == form.get("separator")), ",")
    parted = "" if mark == "," else f", delimiter={mark!r}"
    return f'csv.DictReader(open(sys.argv[1], encoding="{encoding}", newline=""){parted})'


def _number_lines(form: TableForm) -> list[str]:
    """Lines that read the numbers of a row, as its columns are written."""
    plain = {column.name: column for column in form.columns if column.kind not in (CATEGORY, DATE)}
    if all(name in plain and not _cleaned(plain[name]) for name in form.numbers):
        each = f"float(cell(row, column) or 'nan') for column in {list(form.numbers)!r}"
        return ["def numbers(row):", f"    return [{each}]"]
    dates = {column.name: column for column in form.columns if column.kind == DATE}
    lines = _MOMENT.splitlines() if dates else []
    lines += ["def numbers(row):", "    found = []"]
    for name in form.numbers:
        if name in plain:
            lines.append(f"    text = cell(row, {name!r}){_cleaned(plain[name])}")
            lines.append("    found.append(float(text) if text else np.nan)")
        elif name.endswith(" (days)"):  # the first of the three numbers of a date
            order, example = _ORDERS.get(dates[name.removesuffix(" (days)")].order, _ORDERS[YEAR])
            lines += [
                f"    text = cell(row, {name.removesuffix(' (days)')!r})  # {example}",
                f"    day = moment(text, {order}) if text else None",
                "    days = (day - datetime.datetime(1970, 1, 1)).total_seconds() / 86400 if day else np.nan",
                "    found += [days, day.month, day.weekday()] if day else [np.nan] * 3",
            ]
    return [*lines, "    return found"]


def _cleaned(column: Column) -> str:
    """What makes a program's number of how a column is written."""
    if column.order == DURATION:
        return "  # in seconds"
    found = "".join(f".removeprefix({column.before!r})" if column.before else "")
    found += f".removesuffix({column.after!r})" if column.after else ""
    found += ".strip()" if found else ""
    found += f".replace({column.thousands!r}, '')" if column.thousands else ""
    return found + (f".replace({column.decimal!r}, '.')" if column.decimal != "." else "")


_FORMS = {
    "pixels": _pictures,
    "simple pixels": _pictures,
    "windows": _clips,
    "wave": _clips,
    "tokens": _tokens,
    "terms": _terms,
    "rows": _rows,
}
