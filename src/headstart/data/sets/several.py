"""Whether the cells of a label column hold several labels each, and which."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from headstart.data.tables.gaps import is_missing
from headstart.errors import DataError

_LISTS = (list, tuple, set, frozenset)
_FEWEST = 20


def holds_several(cells: Sequence[Any]) -> tuple[bool, str]:
    """Whether labelled cells hold several labels each, and what is to be said of it.

    The rule: lists do, and texts that are all JSON lists. A text with ";" or "|" in it does if one cell in twenty has
    such signs, and half of the labels between them stand in another cell too, alone or beside others. Else each
    text is one class, whatever its letters.

    Parameters
    ----------
    cells : sequence
        Without those that have no label.

    Returns
    -------
    several : bool
    note : str
        Empty where nothing was to be decided.

    Examples
    --------
    >>> holds_several(["a;b", "b", "a"])[0], holds_several(["AC|DC", "Queen", "Queen"])[0]
    (True, False)
    """
    if any(_is_list(cell) for cell in cells):
        return True, "The labels are lists; they were read as several labels a row."
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    if len(texts) < len(cells) or not texts:
        return False, ""
    if all(text.startswith("[") and text.endswith("]") for text in texts):
        return True, "The labels are lists in text; they were read as several labels a row."
    divided = [text for text in texts if len(_parted(text)) > 1]
    if not divided:
        return False, ""
    example = repr(divided[0])
    homes = Counter(part for text in set(texts) for part in set(_parted(text)))
    parts = {part for text in divided for part in _parted(text)}
    recur = sum(homes[part] > 1 for part in parts)
    if _FEWEST * len(divided) >= len(texts) and 2 * recur >= len(parts):
        return True, (
            f"Labels such as {example} were read as several labels a row, parted at ';' or '|'. If each is one class, "
            "say so (--task classification, task='classification')."
        )
    count = "1 label holds" if len(divided) == 1 else f"{len(divided)} labels hold"
    return False, (
        f"{count} ';' or '|', such as {example}; each was read as one class. If they are several labels a row, say so "
        "(--task multilabel, task='multilabel')."
    )


def several_in(cell: Any, row: str) -> list[Any]:
    """The labels in one cell.

    Raises
    ------
    DataError
        If a list holds lists or missing labels.

    Examples
    --------
    >>> several_in("a; b", "row 1"), several_in('["a"]', "row 2"), several_in([], "row 3")
    (['a', 'b'], ['a'], [])
    """
    if not _is_list(cell):
        text = str(cell).strip()
        return _listed(text) if text.startswith("[") else _parted(text)
    found = cell.tolist() if hasattr(cell, "tolist") else list(cell)
    found = sorted(found, key=str) if isinstance(cell, set | frozenset) else found
    for label in found:
        if _is_list(label) or isinstance(label, dict) or is_missing(label):
            what = "a missing label" if is_missing(label) else f"a {type(label).__name__}"
            raise DataError(
                f"Expected labels that are text or numbers in the list of {row}, found {what} in it.",
                "Give each row one plain list of labels.",
            )
    return found


def _is_list(cell: Any) -> bool:
    return isinstance(cell, _LISTS) or (hasattr(cell, "tolist") and getattr(cell, "ndim", 0) > 0)


def _parted(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;|]", text) if part.strip()]


def _listed(text: str) -> list[str]:
    """The labels of a list in text: JSON, or as Python writes it."""
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = [part.strip().strip("'\"") for part in text.strip("[]").split(",")]
    return [str(label) for label in parsed if str(label)]
