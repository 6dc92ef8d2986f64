"""The ways to learn from several views that are compared: joined, each alone, with networks and without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headstart.guard.candidates.candidate import Candidate
from headstart.multiview.fused import MultiViewClassifier, MultiViewRegressor
from headstart.source import Source

#: What a way is called that uses no network where one is offered.
PLAIN = "without networks"


def view_candidates(
    views: Mapping[str, slice], borrowed: Mapping[str, bool], task: str, *, unlabelled: Any = None, without: Any = None
) -> list[Candidate]:
    """Candidates on views that lie side by side in an array.

    A single view, and a discriminant that learns from rows without labels, have to be ahead by a standard error: the
    best of several looks better than it is.

    Parameters
    ----------
    views : dict of str to slice
        Columns of each view.
    borrowed : dict of str to bool
        Whether its columns come from a trained network.
    task : {"classification", "regression"}
    unlabelled : array of shape (m, d), optional
        Rows without labels.
    without : dict of str to slice, optional
        Columns of the same views without any network, where some have one.

    Examples
    --------
    >>> found = view_candidates({"picture": slice(0, 4), "lab": slice(4, 6)}, {"picture": True, "lab": False},
    ...     "classification", without={"picture": slice(6, 9), "lab": slice(4, 6)})
    >>> [(one.name, one.transfer) for one in found][:3]
    [('product', True), ('joint', True), ('picture', True)]
    """
    kind = MultiViewRegressor if task == "regression" else MultiViewClassifier
    more = None if unlabelled is None else Source(unlabelled, None, "rows without labels")
    several, found = len(views) > 1, []

    def made(columns: Mapping[str, slice], fusion: str) -> Any:
        return kind(dict(columns), fusion=fusion, source=None, unlabelled=more)

    def add(
        name: str, columns: Mapping[str, slice], fusion: str, transfer: bool, words: str, wary: bool = False
    ) -> None:
        found.append(Candidate(name, made(columns, fusion), transfer, words, wary=wary))

    any_borrowed = any(borrowed.values())
    if several:
        add("product", views, "product", any_borrowed, "the answers of a linear head a view, multiplied")
        add("joint", views, "joint", any_borrowed, "one linear head on all views, each of equal variance")
    if more is not None and task == "classification":
        words = (
            f"one head on all views, and a discriminant that learns from {len(unlabelled):,} rows without labels too"
        )
        add("discriminant", views, "discriminant", any_borrowed, words, wary=several)
    for view in views:
        add(view, views, view, borrowed[view], f"the view {view} alone", wary=several)
    if without is None:
        return found
    if several:
        add(
            f"product {PLAIN}", without, "product", False, "as the product, of what can be measured without any network"
        )
    for view in views:
        if borrowed[view]:
            words = f"the view {view} alone, by what can be measured without any network"
            add(f"{view} {PLAIN}", without, view, False, words, wary=several)
    return found
