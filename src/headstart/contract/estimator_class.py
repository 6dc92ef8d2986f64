"""Classes of methods: options are declared as fields, and what a base describes its subclasses need not repeat."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

from headstart.contract.catalogue import CARDS, CATALOGUE

#: Sections of a docstring that a class completes from those of its bases.
INHERITED = ("Parameters", "Attributes", "Raises")
_Class = TypeVar("_Class")


@dataclass_transform(eq_default=False)
def estimator_class(cls: type[_Class]) -> type[_Class]:
    """Make `__init__` of a class's fields, complete its docstring by its bases', and give it its card of the catalogue.

    A field is an option: ``__init__`` stores it and does nothing else, which is what scikit-learn asks of estimators.
    Parameters, attributes and errors that the class itself does not describe are taken from the nearest base that does;
    a base may describe options that only some of its subclasses have.

    Parameters
    ----------
    cls : class
        Fields behind ``_: KW_ONLY`` are given by name.

    Returns
    -------
    The same class.

    Examples
    --------
    >>> from sklearn.base import BaseEstimator
    >>> @estimator_class
    ... class Shift(BaseEstimator):
    ...     '''Moves numbers.
    ...
    ...     Parameters
    ...     ----------
    ...     by : float, default=1.0
    ...         How far.
    ...     '''
    ...     by: float = 1.0
    >>> Shift(by=2.0)
    Shift(by=2.0)
    """
    made = dataclass(eq=False, repr=False)(cls)
    if CATALOGUE.get(made.__name__) == made.__module__:
        made.card = CARDS[made.__name__]  # type: ignore[attr-defined]
    if made.__doc__ is not None:  # python -OO strips them
        made.__doc__ = _completed(made)
    return made


def sections(words: str) -> dict[str, str]:
    """The parts of a numpydoc docstring by their headings; what stands before any is under "".

    Examples
    --------
    >>> sections("One sentence.\\n\\nReturns\\n-------\\nint\\n")
    {'': 'One sentence.\\n\\n', 'Returns': 'int\\n'}
    """
    first, *rest = re.split(r"^(\w[\w ]*)\n-{3,}\n", words, flags=re.MULTILINE)
    return {"": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def entries(section: str) -> dict[str, str]:
    """The entries of a section by the names that they describe.

    Examples
    --------
    >>> entries("a, b : int\\n    Two.\\nc : int\\n")
    {'a, b': 'a, b : int\\n    Two.', 'c': 'c : int'}
    """
    found = [entry.rstrip() for entry in re.split(r"^(?=\S)", section, flags=re.MULTILINE) if entry.strip()]
    return {re.split(r" : |\n", entry)[0]: entry for entry in found}


def _completed(cls: Any) -> str:
    own = sections(inspect.cleandoc(cls.__doc__))
    options = list(inspect.signature(cls).parameters)
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith("headstart.") and base.__doc__]
    theirs = [sections(inspect.cleandoc(base.__doc__)) for base in bases]
    parts = {"": own.pop("").rstrip("\n")}
    for title in INHERITED:
        lines: dict[str, str] = {}
        for part in (own, *theirs):
            told = {name for head in lines for name in head.split(", ")}
            for head, words in entries(part.get(title, "")).items():
                fits = part is own or title != "Parameters" or head.split(", ")[0] in options
                if fits and not told & set(head.split(", ")):
                    lines[head] = words
        if title == "Parameters":
            place = {name: i for i, name in enumerate(options)}
            lines = dict(sorted(lines.items(), key=lambda line: place.get(line[0].split(", ")[0], len(place))))
        if lines:
            parts[title] = "\n".join(lines.values())
    parts |= {title: words.rstrip("\n") for title, words in own.items() if title not in INHERITED}
    return "\n\n".join(f"{title}\n{'-' * len(title)}\n{words}" if title else words for title, words in parts.items())
