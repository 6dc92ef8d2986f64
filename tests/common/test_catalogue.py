"""The whole catalogue keeps scikit-learn's contract and what every transfer method promises."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import (
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    parametrize_with_checks,
)

import headstart
from headstart.contract.borrower import Borrower
from headstart.contract.card import ROOMS
from headstart.contract.catalogue import CATALOGUE, cards, markdown, method
from headstart.testing import check_transfer_estimator, transfer_checks

PAGE = Path(__file__).parents[2] / "docs" / "methods.md"
#: Arguments that keep a method small enough for a test; everything else is its default.
SMALL: dict[str, dict[str, Any]] = {
    "SafeAdaptedClassifier": {"candidates": ["z-score", "linear monge"]},
    "SafeAlignedClassifier": {"mappings": [headstart.CORAL(), headstart.SubspaceAlignment(2)]},
    "TransferForestClassifier": {"estimator": RandomForestClassifier(8)},
    "TransferForestRegressor": {"estimator": RandomForestRegressor(8)},
    "TwoStageTrAdaBoostRegressor": {"n_steps": 2, "n_estimators": 3, "cv": 2},
}
_DRAWN = "a forest draws rows by their position, so weights are no repetitions; scikit-learn's own says the same"
#: scikit-learn's checks that cannot hold, each with its reason.
EXPECTED: dict[str, dict[str, str]] = {
    name: {
        "check_sample_weight_equivalence_on_dense_data": _DRAWN,
        "check_sample_weight_equivalence_on_sparse_data": _DRAWN,
    }
    for name in ("TransferForestClassifier", "TransferForestRegressor")
}


def made(name: str) -> Any:
    """A method with its defaults, or smaller."""
    return method(name)(**SMALL.get(name, {}))


BORROWERS = [name for name in CATALOGUE if issubclass(method(name), Borrower)]
VIEWS = [name for name, card in cards().items() if card.transfers == "views"]
#: Those whose Y has a column a task; `test_transfer_properties` holds them to the promises of what borrows a network.
TOGETHER = [name for name in CATALOGUE if not get_tags(made(name)).target_tags.single_output]


@parametrize_with_checks(
    [made(name) for name in (*BORROWERS, *VIEWS, *TOGETHER)],
    expected_failed_checks=lambda e: EXPECTED.get(type(e).__name__, {}),
)
@pytest.mark.filterwarnings("ignore")
def test_contract(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in (*BORROWERS, *VIEWS, *TOGETHER)])
def test_weightings(name: str) -> None:
    """Weightings take two sets of rows, which scikit-learn's checks do not know; what applies of them is asked here."""
    weighting = made(name)
    if "random_state" in weighting.get_params():
        weighting.set_params(random_state=0)
    for check in (check_get_params_invariance, check_set_params, check_no_attributes_set_in_init):
        check(name, weighting)
    check_parameters_default_constructible(name, weighting)
    rng = np.random.default_rng(0)
    X, target = rng.normal(size=(40, 3)), rng.normal(0.3, 1, (30, 3))
    y = np.arange(40) % 2
    for array in (X, target, y):
        array.flags.writeable = False
    parameters, state = weighting.get_params(), str(np.random.get_state())
    fitted = weighting.fit(X, target, y)
    assert fitted is weighting and weighting.get_params() == parameters and str(np.random.get_state()) == state
    assert fitted.weights_.shape == (40,) and (fitted.weights_ >= 0).all() and np.isclose(fitted.weights_.mean(), 1)
    assert 1 <= fitted.effective_sample_size_ <= 40 + 1e-9
    assert np.array_equal(clone(weighting).fit(X, target, y).weights_, fitted.weights_)
    assert np.array_equal(pickle.loads(pickle.dumps(fitted)).weights_, fitted.weights_)


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    """Views borrow networks and other views, so what sources of rows promise is asked as far as it applies."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.normal(0, 0.5, (60, 7)) + y[:, None]
    X[::5, :4] = np.nan
    more, target = X[30:].copy(), (y if "classification" in cards()[name].tasks else y * 1.5)
    for array in (X, more, target):
        array.flags.writeable = False
    views = {"left": slice(0, 4), "right": [4, 5, 6]}
    estimator = made(name).set_params(views=views, unlabelled=more)
    parameters, state = estimator.get_params(), str(np.random.get_state())
    fitted = estimator.fit(X, target)
    assert fitted is estimator and fitted.get_params() == parameters and str(np.random.get_state()) == state
    assert clone(estimator).unlabelled is more and views == {"left": slice(0, 4), "right": [4, 5, 6]}

    def answers(model: Any, rows: np.ndarray) -> np.ndarray:
        way = next(way for way in ("predict_proba", "predict", "transform") if hasattr(model, way))
        return np.asarray(getattr(model, way)(rows), dtype=np.float64)

    first = answers(fitted, X)
    assert np.isfinite(first).all()
    assert np.array_equal(answers(clone(estimator).fit(X, target), X), first)
    assert np.array_equal(answers(pickle.loads(pickle.dumps(fitted)), X), first)
    assert np.allclose(answers(fitted, X[::-1]), first[::-1])
    assert np.allclose(
        answers(clone(estimator).fit(X.astype(np.float32), target), X.astype(np.float32)), first, atol=2e-2
    )
    with pytest.raises(headstart.errors.DataError, match="Expected one view or more in every row"):
        fitted.predict(np.full((1, 7), np.nan)) if hasattr(fitted, "predict") else fitted.transform(
            np.full((1, 7), np.nan)
        )


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
    assert card.words.endswith(".") and len(card.words) > 20 and len(card.cost) > 3 and len(card.paper) > 3
    assert method(name).__module__.split(".")[1] in (ROOMS[card.transfers], "guard")


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
