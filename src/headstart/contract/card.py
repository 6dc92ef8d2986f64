"""What a method is, in a few fields that the adviser, the documentation, the command line and the tests read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

#: What is borrowed -> the room of the methods that borrow it, in the order of the documentation.
ROOMS = {
    "instances": "instances",
    "features": "features",
    "parameters": "parameters",
    "unlabelled": "semisupervised",
    "tasks": "multitask",
    "views": "multiview",
}
_ALLOWED = {
    "transfers": tuple(ROOMS),
    "target_labels": ("none", "some", "optional"),
    "source_labels": ("needed", "optional", "none"),
}
_TASKS = ("classification", "regression")


@dataclass(frozen=True)
class MethodCard:
    """A method's card: what it transfers, what it needs, what it costs, where it comes from.

    Parameters
    ----------
    transfers : {"instances", "features", "parameters", "unlabelled", "tasks", "views"}
        "unlabelled": rows of the target without labels are what is borrowed; "tasks": other questions, or the same one
        in other groups; "views": one view of an object helps another, and each may borrow a network.
    target_labels : {"none", "some", "optional"}
        "none": labels of the target are never looked at while there is a source; "some": it cannot do without;
        "optional": it uses them where they are given.
    source_labels : {"needed", "optional", "none"}
        "none": labels of the source are never looked at.
    tasks : tuple of {"classification", "regression"}
    cost : str
        Time in n (rows of both sides), d (columns) and what else matters: ``"O(n d^2 + d^3)"``.
    paper : str
        Authors, year, and which algorithm or equation.
    words : str
        One sentence for somebody who has never heard of it.

    Raises
    ------
    ValueError
        If a field holds another word.

    Examples
    --------
    >>> card = MethodCard("features", "none", "none", ("classification",), "O(n d^2)", "Sun et al. 2016", "Aligns.")
    >>> card.to_dict()["transfers"]
    'features'
    """

    transfers: str
    target_labels: str
    source_labels: str
    tasks: tuple[str, ...]
    cost: str
    paper: str
    words: str

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"Expected {name} to be one of {allowed}, found {getattr(self, name)!r}.")
        if not self.tasks or set(self.tasks) - set(_TASKS):
            raise ValueError(f"Expected tasks among {_TASKS}, found {self.tasks}.")

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict for JSON."""
        return asdict(self)
