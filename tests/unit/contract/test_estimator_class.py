"""Fields as options of scikit-learn's kind, and docstrings completed by what the bases say."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sklearn.base import BaseEstimator, clone

import headstart
from headstart.contract.borrower import Borrower
from headstart.contract.catalogue import CATALOGUE, method
from headstart.contract.estimator_class import entries, estimator_class, sections


@estimator_class
class Base(BaseEstimator):
    """What both share.

    Parameters
    ----------
    first, second : int, default=1
        How many.
    only_some_have : int
        Not here.
    """

    first: int = 1
    second: int = 1


Base.__module__ = "headstart.made_up"


@estimator_class
class Kept(Base):
    """Says nothing new."""

    third: Any = None


@estimator_class
class Told(Kept):
    """Says more.

    Parameters
    ----------
    second : int, default=1
        Its own words.

    Notes
    -----
    The end.
    """


def test_options_are_stored_cloned_and_shown() -> None:
    made = Told(2, third="x")
    assert made.get_params() == {"first": 2, "second": 1, "third": "x"}
    assert clone(made).get_params() == made.get_params() and repr(made) == "Told(first=2, third='x')"
    assert Told() != Told() and len({Told(), Told()}) == 2, "estimators are told apart by identity"


def test_what_a_base_describes_is_there_once_and_in_order() -> None:
    found = sections(Told.__doc__ or "")
    assert list(found) == ["", "Parameters", "Notes"]
    assert entries(found["Parameters"]) == {"second": "second : int, default=1\n    Its own words."}, (
        "an entry for two names is passed over where one of them has its own"
    )
    assert list(entries(sections(Kept.__doc__ or "")["Parameters"])) == ["first, second"]
    assert "only_some_have" in (Base.__doc__ or "") and "only_some_have" not in (Kept.__doc__ or "")


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_option_of_a_method_is_described_once(name: str) -> None:
    """With its type, and in the order of the signature."""
    described = entries(sections(inspect.cleandoc(getattr(headstart, name).__doc__))["Parameters"])
    told = [one for head in described for one in head.split(", ")]
    assert told == list(inspect.signature(method(name)).parameters)
    assert all(" : " in words.splitlines()[0] for words in described.values())
    if issubclass(method(name), Borrower) and not name.startswith("Safe"):
        assert "preprocess_" in sections(method(name).__doc__)["Attributes"]
