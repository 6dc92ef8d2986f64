"""What the safe choice tries: each candidate is built from an estimator and what it borrows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sklearn.base import clone, is_classifier, is_regressor

from headstart.contract.catalogue import CATALOGUE, method
from headstart.errors import ParameterError
from headstart.features.aligned import AlignedClassifier, AlignedRegressor

#: Names of the ways without adaptation, which no method of a list may have.
NO_TRANSFER, SOURCE_ALONE, POOLED, BALANCED = "no transfer", "source alone", "pooled", "balanced pool"
PLAIN = (NO_TRANSFER, SOURCE_ALONE, POOLED, BALANCED)
_SHORT_LIST = {
    "LinearMonge": "linear Monge",
    "CORAL": "CORAL",
    "SubspaceAlignment": "subspace alignment",
    "JointDistributionAdaptation": "JDA",
    "GradualSelfTrainingClassifier": "self-training",
}
_WITH_LABELS = {
    "MarginalisedAutoencoder": "mSDA",
    "FeatureAugmentationClassifier": "feature augmentation",
    "FeatureAugmentationRegressor": "feature augmentation",
    "PREDClassifier": "PRED",
    "PREDRegressor": "PRED",
}
_ASKS_HOW_SURE = ("GradualSelfTrainingClassifier",)
_ALIGNED = {"classification": AlignedClassifier, "regression": AlignedRegressor}
_IS_FOR = {"classification": is_classifier, "regression": is_regressor}

#: ``build(estimator, borrowed)``: an unfitted predictor; ``borrowed`` holds source, unlabelled and preprocessing.
Build = Callable[[Any, dict[str, Any]], Any]


def with_mapping(mapping: Any, task: str) -> Build:
    """Rows that a mapping has brought together, learned from by the estimator."""
    return lambda estimator, borrowed: _ALIGNED[task](clone(mapping), estimator, **borrowed)


def by_itself(predictor: Any) -> Build:
    """A method that predicts without a mapping; it learns with the estimator unless it has one of its own."""

    def build(estimator: Any, borrowed: dict[str, Any]) -> Any:
        settings = predictor.get_params(deep=False)
        own = {"estimator": estimator} if settings.get("estimator", ()) is None else {}
        return clone(predictor).set_params(**own, **borrowed)

    return build


def default_list(task: str, estimator: Any, *, labelled: bool = False) -> dict[str, Build]:
    """LinearMonge, CORAL, subspace alignment, JDA and self-training, as far as task and estimator allow.

    JDA and self-training are for classes; self-training asks the estimator how sure it is. Where the target has labels
    come mSDA, feature augmentation and PRED.
    """
    found: dict[str, Build] = {}
    wanted = {**_SHORT_LIST, **(_WITH_LABELS if labelled else {})}
    says_how_sure = hasattr(estimator, "decision_function") or hasattr(estimator, "predict_proba")
    for name, said in wanted.items():
        if name not in CATALOGUE or task not in method(name).card.tasks:
            continue
        candidate = method(name)()
        if _is_mapping(candidate):
            found[said] = with_mapping(candidate, task)
        elif says_how_sure or name not in _ASKS_HOW_SURE:
            found[said] = by_itself(candidate)
    return found


def given_list(methods: Any, task: str) -> dict[str, Build]:
    """Builders of what the user listed: mappings, or methods that predict.

    Parameters
    ----------
    methods : list of methods, list of (name, method), or dict by name
    task : {"classification", "regression"}

    Returns
    -------
    dict of callable

    Raises
    ------
    ParameterError
        For something that is neither, a name that occurs twice or means a plain way, or a method for the other task or
        with a source of its own.
    """
    pairs: Iterable[Any] = methods.items() if isinstance(methods, dict) else methods
    found: dict[str, Build] = {}
    for pair in pairs:
        name, candidate = pair if isinstance(pair, tuple) else (type(pair).__name__, pair)
        known = _is_mapping(candidate) or _predicts(candidate, task)
        if not known or name in found or name in PLAIN:
            raise ParameterError(
                f"Expected mappings, each with its own name, found {pair!r}.",
                "For instance mappings=[CORAL(), SubspaceAlignment(20)], or a dict by name; methods that predict by "
                f"themselves and take source= may be among them where they are for {task}.",
            )
        settings = candidate.get_params(deep=False)
        own = [key for key in ("source", "unlabelled", "preprocess") if settings.get(key) is not None]
        if own:
            raise ParameterError(
                f"Expected {', '.join(own)} as an argument of the safe choice, found it in {name!r}.",
                "Every candidate gets the same source, unlabelled rows and preprocessing.",
            )
        found[str(name)] = with_mapping(candidate, task) if _is_mapping(candidate) else by_itself(candidate)
    return found


def _is_mapping(candidate: Any) -> bool:
    return hasattr(candidate, "transform_source")


def _predicts(candidate: Any, task: str) -> bool:
    """Whether this is an instance of a method for the task that borrows as all here do."""
    if isinstance(candidate, type) or not hasattr(candidate, "get_params"):
        return False
    wanted = {"source", "unlabelled", "preprocess", "preprocess_scope"}
    return _IS_FOR[task](candidate) and wanted <= set(candidate.get_params(deep=False))
