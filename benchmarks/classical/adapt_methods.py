"""adapt's classical methods for the benchmarks, with its defaults. Imported by `worker.py` in adapt's environment.

Every method without target labels comes in two variants: as its own ``fit`` does it (source labels only) and, marked
``+labels``, with the labelled target rows added to the rows that the estimator learns from. Its methods that train
networks are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import adapt.feature_based as features
import adapt.instance_based as instances
import adapt.parameter_based as parameters
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

VERSION = version("adapt")
QUIET = {"verbose": 0, "random_state": 0}
Task = dict[str, Any]
Predictions = dict[str, np.ndarray]


def base(task: Task) -> Any:
    """The learner that every method is given."""
    return Ridge(alpha=1.0) if task["numbers"] else LogisticRegression(max_iter=1000)


def target_rows(task: Task) -> np.ndarray:
    """Labelled and unlabelled rows of the target."""
    return np.vstack([task["Xt_labelled"], task["Xt_unlabelled"]])


def weighted(method: type, **options: Any) -> Callable[[Task], Predictions]:
    """Weights of source rows, learned without labels."""

    def run(task: Task) -> Predictions:
        model = method(base(task), Xt=target_rows(task), **QUIET, **options).fit(task["Xs"], task["ys"])
        weights = np.asarray(model.weights_, dtype=float)
        weights = np.concatenate([weights / weights.mean(), np.ones(len(task["yt"]))])
        both = np.vstack([task["Xs"], task["Xt_labelled"]])
        more = base(task).fit(both, np.concatenate([task["ys"], task["yt"]]), sample_weight=weights)
        return {"": model.predict(task["X_test"]), "+labels": more.predict(task["X_test"])}

    return run


def mapped(method: type, **options: Any) -> Callable[[Task], Predictions]:
    """A mapping learned without labels."""

    def run(task: Task) -> Predictions:
        model = method(base(task), Xt=target_rows(task), **QUIET, **options).fit(task["Xs"], task["ys"])
        sides = () if method is features.fMMD else ("src",), () if method is features.fMMD else ("tgt",)
        both = np.vstack([model.transform(task["Xs"], *sides[0]), model.transform(task["Xt_labelled"], *sides[1])])
        more = base(task).fit(both, np.concatenate([task["ys"], task["yt"]]))
        test = model.transform(task["X_test"], *sides[1])
        return {"": model.predict(task["X_test"]), "+labels": more.predict(test)}

    return run


def labelled(method: type, **options: Any) -> Callable[[Task], Predictions]:
    """Needs labelled target rows."""

    def run(task: Task) -> Predictions:
        model = method(base(task), Xt=task["Xt_labelled"], yt=task["yt"], **QUIET, **options)
        return {"": model.fit(task["Xs"], task["ys"]).predict(task["X_test"])}

    return run


def regular(task: Task) -> Predictions:
    """Biased regularisation from the base estimator fitted on the source."""
    method = parameters.RegularTransferLR if task["numbers"] else parameters.RegularTransferLC
    model = method(base(task).fit(task["Xs"], task["ys"]), **QUIET)
    return {"": model.fit(task["Xt_labelled"], task["yt"]).predict(task["X_test"])}


def forest(algorithm: str) -> Callable[[Task], Predictions]:
    """A forest fitted on the source and changed on the target."""

    def run(task: Task) -> Predictions:
        source = RandomForestClassifier(100, random_state=0).fit(task["Xs"], task["ys"])
        model = parameters.TransferForestClassifier(source, algo=algorithm, **QUIET)
        model.fit(task["Xt_labelled"], task["yt"])
        return {"": model.predict(task["X_test"])}

    return run


ACCURACY: dict[str, Callable[[Task], Predictions]] = {
    "KMM": weighted(instances.KMM),
    "KLIEP": weighted(instances.KLIEP),
    "uLSIF": weighted(instances.ULSIF),
    "RuLSIF": weighted(instances.RULSIF),
    "nearest neighbours": weighted(instances.NearestNeighborsWeighting),
    "discriminator (IWC)": weighted(instances.IWC),
    "LDM": weighted(instances.LDM),
    "balanced weighting": labelled(instances.BalancedWeighting),
    "TrAdaBoost": labelled(instances.TrAdaBoost),
    "TrAdaBoost.R2": labelled(instances.TrAdaBoostR2),
    "two-stage TrAdaBoost.R2": labelled(instances.TwoStageTrAdaBoostR2),
    "CORAL": mapped(features.CORAL),
    "SA": mapped(features.SA),
    "TCA": mapped(features.TCA),
    "fMMD": mapped(features.fMMD),
    "FA": labelled(features.FA),
    "PRED": labelled(features.PRED),
    "LinInt": labelled(parameters.LinInt),
    "regular transfer": regular,
    "transfer forest, SER": forest("ser"),
    "transfer forest, STRUT": forest("strut"),
    "transfer forest, relabel": forest("relabel"),
}
#: Methods for classes only, and for numbers only.
CLASSES_ONLY = {"TrAdaBoost", *(name for name in ACCURACY if "forest" in name)}
NUMBERS_ONLY = {"TrAdaBoost.R2", "two-stage TrAdaBoost.R2", "LinInt"}


def _weights(method: type, **options: Any) -> Callable[[Any], Any]:
    def run(data: Any) -> Any:
        # gamma 1/d is written out: adapt takes it as an extra option
        model = method(Xt=data.Xt, **QUIET, **{"gamma": 1 / data.Xs.shape[1], **options})
        model.fit_weights(data.Xs, data.Xt)
        return model

    return run


def _weights_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    return {"weights": np.asarray(model.weights_)}


def _both_weights_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    fresh = data.again(2000)
    return {"weights": model.predict_weights(fresh.Xs), "target_weights": model.predict_weights(fresh.Xt)}


def _grid(data: Any) -> Any:
    gammas = [1 / (scale * data.Xs.shape[1]) for scale in (1, 2, 4)]
    lambdas = [1e-3, 1e-2, 1e-1, 1.0, 10.0]
    model = instances.ULSIF(Xt=data.Xt, gamma=gammas, lambdas=lambdas, **QUIET)
    np.random.seed(0)  # noqa: NPY002 (adapt draws from the global generator)
    model.fit_weights(data.Xs, data.Xt)
    return model


def _mapping(method: type, **options: Any) -> Callable[[Any], Any]:
    def run(data: Any) -> Any:
        model = method(Xt=data.Xt, **QUIET, **options)
        return model, model.fit_transform(data.Xs, data.Xt), model.transform(data.Xt)

    return run


def _tca(data: Any) -> Any:
    return _mapping(features.TCA, n_components=20, mu=0.1, kernel="rbf", gamma=1 / data.Xs.shape[1])(data)


def _tca_linear(data: Any) -> Any:
    return _mapping(features.TCA, n_components=20, mu=0.1, kernel="linear")(data)


def _mapped_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    return {"source": made[1], "target": made[2]}


SPEED = {
    "TCA rbf": (_tca, lambda made, data: {"dual": made[0].vectors_}),
    "TCA linear": (_tca_linear, lambda made, data: {"dual": made[0].vectors_}),
    "KMM": (lambda data: _weights(instances.KMM, max_size=len(data.Xs))(data), _weights_of),
    "KMM in batches": (_weights(instances.KMM), _weights_of),
    "uLSIF grid": (_grid, _both_weights_of),
    "KLIEP": (_weights(instances.KLIEP), _weights_of),
    "CORAL": (_mapping(features.CORAL), _mapped_of),
}
