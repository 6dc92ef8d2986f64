"""The whole catalogue keeps scikit-learn's contract and what every transfer method promises."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import headstart
from headstart.advise.catalogue import CATALOGUE, cards, markdown, method
from headstart.data.borrower import Borrower
from headstart.testing import check_transfer_estimator, transfer_checks

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"
#: Arguments that keep a method small enough for a test; everything else is its default.
SMALL: dict[str, dict[str, Any]] = {}


def made(name: str) -> Any:
    """A method with its defaults, or smaller."""
    return method(name)(**SMALL.get(name, {}))


BORROWERS = [name for name in CATALOGUE if issubclass(method(name), Borrower)]


@parametrize_with_checks([made(name) for name in BORROWERS])  # a weighting fits two samples, not X and y
@pytest.mark.filterwarnings("ignore")
def test_contract(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize(
    ("name", "check"), [(name, check) for name in BORROWERS for check, _ in transfer_checks(made(name))]
)
def test_transfer(name: str, check: str) -> None:
    estimator = made(name)
    dict(transfer_checks(estimator))[check](estimator)


@pytest.mark.parametrize("name", CATALOGUE)
def test_public_and_described(name: str) -> None:
    assert getattr(headstart, name) is method(name)
    card = cards()[name]
    assert (card.words.endswith(".") and len(card.words) > 20 and "O(" in card.cost) or "that of" in card.cost
    home = method(name).__module__.split(".")[1]
    assert card.transfers == home


@pytest.mark.parametrize("name", BORROWERS)
def test_every_borrower_has_the_same_arguments(name: str) -> None:
    arguments = inspect.signature(method(name)).parameters
    for argument, default in (
        ("source", None),
        ("unlabelled", None),
        ("preprocess", None),
        ("preprocess_scope", "joint"),
    ):
        assert arguments[argument].kind is inspect.Parameter.KEYWORD_ONLY
        assert arguments[argument].default == default


def test_the_catalogue_is_sorted_and_whole() -> None:
    assert list(CATALOGUE) == sorted(CATALOGUE)
    public = {name for name in headstart.__all__ if hasattr(getattr(headstart, name), "card")}
    assert public == set(CATALOGUE)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), "headstart methods --markdown > docs/methods.md"


def test_a_failure_is_told_by_name() -> None:
    class Leaky(headstart.AlignedClassifier):
        def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
            self.mapping = headstart.CORAL(regularisation=2.0)
            return super().fit(X, y)

    with pytest.raises(AssertionError, match="Leaky fails parameters_and_arrays_stay: fit changed a parameter"):
        check_transfer_estimator(Leaky())
