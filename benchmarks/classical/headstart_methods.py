"""headstart's classical methods for the benchmarks, with their defaults. Imported by `worker.py`.

Every method that can do without target labels comes in two variants: with no target labels, and, marked ``+labels``,
with the few that there are.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
from headstart_speed import SPEED
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils import check_array

import headstart
from headstart import Source
from headstart.contract.catalogue import CATALOGUE, method

__all__ = ["ACCURACY", "CLASSES_ONLY", "NUMBERS_ONLY", "SPEED", "VERSION"]

VERSION = version("headstart")
Task = dict[str, Any]
Predictions = dict[str, np.ndarray]
for _name in CATALOGUE:
    method(_name)  # imported once, as the peers' packages are, so that no call pays for it
check_array([[0.0]])  # whose first call looks for packages; the peers' imports make it already


def base(task: Task) -> Any:
    """The learner that every method is given."""
    return Ridge(alpha=1.0) if task["numbers"] else LogisticRegression(max_iter=1000)


def predictor(task: Task, name: str) -> Any:
    """The class for classes or for numbers: ``Aligned`` gives AlignedClassifier or AlignedRegressor."""
    return getattr(headstart, name + ("Regressor" if task["numbers"] else "Classifier"))


def both_ways(make: Callable[..., Any]) -> Callable[[Task], Predictions]:
    """``make(task, source=, unlabelled=)`` fitted without target labels, and with them."""

    def run(task: Task) -> Predictions:
        source = Source(task["Xs"], task["ys"])
        rows = np.vstack([task["Xt_labelled"], task["Xt_unlabelled"]])
        without = make(task, source=source).fit(rows)
        few = make(task, source=source, unlabelled=task["Xt_unlabelled"]).fit(task["Xt_labelled"], task["yt"])
        return {"": without.predict(task["X_test"]), "+labels": few.predict(task["X_test"])}

    return run


def labelled(make: Callable[..., Any]) -> Callable[[Task], Predictions]:
    """``make(task, source=, unlabelled=)`` fitted to the labelled target rows."""

    def run(task: Task) -> Predictions:
        source = Source(task["Xs"], task["ys"])
        model = make(task, source=source, unlabelled=task["Xt_unlabelled"])
        return {"": model.fit(task["Xt_labelled"], task["yt"]).predict(task["X_test"])}

    return run


def aligned(name: str, **options: Any) -> Callable[[Task], Predictions]:
    """A mapping inside `AlignedClassifier` or `AlignedRegressor`."""

    def make(task: Task, **borrowed: Any) -> Any:
        return predictor(task, "Aligned")(getattr(headstart, name)(**options), base(task), **borrowed)

    return both_ways(make)


def weighted(name: str, **options: Any) -> Callable[[Task], Predictions]:
    """A weighting inside `ImportanceWeightedClassifier` or `ImportanceWeightedRegressor`."""

    def make(task: Task, **borrowed: Any) -> Any:
        return predictor(task, "ImportanceWeighted")(base(task), getattr(headstart, name)(**options), **borrowed)

    return both_ways(make)


def wrapped(name: str, **options: Any) -> Callable[..., Any]:
    """``make`` of a predictor that takes the base estimator first."""
    return lambda task, **borrowed: predictor(task, name)(base(task), **options, **borrowed)


def _meda(task: Task, **borrowed: Any) -> Any:
    return headstart.ManifoldEmbeddedAlignment(**borrowed)


def _forest(task: Task, **borrowed: Any) -> Any:
    return predictor(task, "TransferForest")(random_state=0, **borrowed)


def _balanced(task: Task, **borrowed: Any) -> Any:
    return predictor(task, "ImportanceWeighted")(base(task), headstart.BalancedWeighting(), **borrowed)


def _guard(task: Task, **borrowed: Any) -> Any:
    return predictor(task, "SafeTransfer")(**borrowed)


ACCURACY: dict[str, Callable[[Task], Predictions]] = {
    "KMM": weighted("KernelMeanMatching"),
    "KLIEP": weighted("KLIEP"),
    "uLSIF": weighted("ULSIF"),
    "RuLSIF": weighted("RULSIF"),
    "nearest neighbours": weighted("NearestNeighbourRatio"),
    "discriminator": weighted("DiscriminatorRatio"),
    "density": weighted("KernelDensityRatio"),
    "MMD target shift": weighted("MMDTargetShift"),
    "balanced weighting": labelled(_balanced),
    "TrAdaBoost": labelled(wrapped("TrAdaBoost")),
    "TrAdaBoost.R2": labelled(wrapped("TrAdaBoost")),
    "two-stage TrAdaBoost.R2": labelled(wrapped("TwoStageTrAdaBoost")),
    "task TrAdaBoost": labelled(wrapped("TaskTrAdaBoost")),
    "CORAL": aligned("CORAL"),
    "SA": aligned("SubspaceAlignment"),
    "GFK": aligned("GeodesicFlowKernel"),
    "TCA": aligned("TransferComponentAnalysis"),
    "TCA rbf": aligned("TransferComponentAnalysis", kernel="rbf"),
    "JDA": aligned("JointDistributionAdaptation"),
    "BDA": aligned("BalancedDistributionAdaptation"),
    "TJM": aligned("TransferJointMatching"),
    "linear OT": aligned("LinearMonge"),
    "OT": aligned("OptimalTransportMapping", method="exact"),
    "entropic OT": aligned("OptimalTransportMapping"),
    "class-regularised OT": aligned("OptimalTransportMapping", method="lp-l1"),
    "mSDA": aligned("MarginalisedAutoencoder"),
    "MEDA": both_ways(_meda),
    "JDOT": both_ways(wrapped("JointDistributionOptimalTransport")),
    "FA": labelled(wrapped("FeatureAugmentation")),
    "PRED": labelled(wrapped("PRED")),
    "EasyTransfer": both_ways(lambda task, **borrowed: headstart.EasyTransfer(**borrowed)),
    "gradual self-training": both_ways(wrapped("GradualSelfTraining")),
    "regular transfer": labelled(lambda task, **borrowed: predictor(task, "RegularTransfer")(**borrowed)),
    "transfer forest": labelled(_forest),
    "safe": labelled(wrapped("SafeAligned")),
    "guard": labelled(_guard),
}
#: Methods for classes only, and for numbers only.
CLASSES_ONLY = {
    "TrAdaBoost",
    "task TrAdaBoost",
    "JDA",
    "BDA",
    "MEDA",
    "EasyTransfer",
    "gradual self-training",
    "transfer forest",
}
NUMBERS_ONLY = {"TrAdaBoost.R2", "two-stage TrAdaBoost.R2"}
