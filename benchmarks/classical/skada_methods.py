"""skada's shallow methods for the benchmarks, with its defaults. Imported by `worker.py` in skada's environment.

Every method without target labels comes in two variants: as its own pipeline does it (source labels only) and, marked
``+labels``, with the labelled target rows added to the rows that the estimator learns from. Kernel widths without a
default (``gamma``) are 1/d. Source rows come first, so that methods which return them first keep X and y together.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import ot
import skada
from skada._gradual_da import GradualEstimator
from sklearn.linear_model import LogisticRegression, Ridge

VERSION = version("skada")
Task = dict[str, Any]
Predictions = dict[str, np.ndarray]


def base(task: Task) -> Any:
    """The learner that every method is given."""
    made = Ridge(alpha=1.0) if task["numbers"] else LogisticRegression(max_iter=1000)
    return made.set_fit_request(sample_weight=True)


def packed(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of both domains in one array, masked target labels, the domain of each row."""
    target = np.vstack([task["Xt_labelled"], task["Xt_unlabelled"]])
    mask = np.full(len(target), np.nan if task["numbers"] else -1)
    domain = np.concatenate([np.ones(len(task["ys"]), int), np.full(len(target), -2)])
    return np.vstack([task["Xs"], target]), np.concatenate([task["ys"], mask]), domain


def _labelled_rows(task: Task) -> tuple[np.ndarray, np.ndarray]:
    rows = np.arange(len(task["ys"]) + len(task["yt"]))  # the source's, then the labelled target's
    return rows, np.concatenate([task["ys"], task["yt"]])


def mapped(adapter: Callable[[Task], Any]) -> Callable[[Task], Predictions]:
    """A mapping learned without target labels."""

    def run(task: Task) -> Predictions:
        X, y, domain = packed(task)
        pipe = skada.make_da_pipeline(adapter(task), base(task)).fit(X, y, sample_domain=domain)
        alone = adapter(task)
        moved = np.asarray(alone.fit_transform(X, y, sample_domain=domain))
        rows, labels = _labelled_rows(task)
        more = base(task).fit(moved[rows], labels)
        where = np.full(len(task["X_test"]), -2)
        test = alone.transform(task["X_test"], sample_domain=where)
        return {"": pipe.predict(task["X_test"], sample_domain=where), "+labels": more.predict(test)}

    return run


def weighted(adapter: Callable[[Task], Any]) -> Callable[[Task], Predictions]:
    """Weights of source rows, learned without target labels."""

    def run(task: Task) -> Predictions:
        X, y, domain = packed(task)
        pipe = skada.make_da_pipeline(adapter(task), base(task)).fit(X, y, sample_domain=domain)
        alone = adapter(task).fit(X, y, sample_domain=domain)
        n = len(task["ys"])
        weights = np.asarray(alone.compute_weights(X, y, sample_domain=domain))[:n]
        rows, labels = _labelled_rows(task)
        weights = np.concatenate([weights / weights.mean(), np.ones(len(task["yt"]))])
        more = base(task).fit(X[rows], labels, sample_weight=weights)
        return {"": pipe.predict(task["X_test"]), "+labels": more.predict(task["X_test"])}

    return run


def whole(make: Callable[[Task], Any]) -> Callable[[Task], Predictions]:
    """A method that is its own predictor."""

    def run(task: Task) -> Predictions:
        X, y, domain = packed(task)
        model = make(task)
        model.fit(X, y, sample_domain=domain)
        return {"": model.predict(task["X_test"])}

    return run


def gamma(task: Task) -> float:
    """1/d, where skada has no default."""
    return 1 / task["Xs"].shape[1]


def _jdot(task: Task) -> Any:
    return (skada.JDOTRegressor if task["numbers"] else skada.JDOTClassifier)(base(task))


ACCURACY: dict[str, Callable[[Task], Predictions]] = {
    "CORAL": mapped(lambda task: skada.CORALAdapter()),
    "linear OT": mapped(lambda task: skada.LinearOTMappingAdapter()),
    "OT": mapped(lambda task: skada.OTMappingAdapter()),
    "entropic OT": mapped(lambda task: skada.EntropicOTMappingAdapter()),
    "class-regularised OT": mapped(lambda task: skada.ClassRegularizerOTMappingAdapter()),
    "MMD-LS": mapped(lambda task: skada.MMDLSConSMappingAdapter(gamma(task))),
    "SA": mapped(lambda task: skada.SubspaceAlignmentAdapter()),
    "TCA": mapped(lambda task: skada.TransferComponentAnalysisAdapter()),
    "TJM": mapped(lambda task: skada.TransferJointMatchingAdapter()),
    "TSL": mapped(lambda task: skada.TransferSubspaceLearningAdapter()),
    "density": weighted(lambda task: skada.DensityReweightAdapter()),
    "Gaussian": weighted(lambda task: skada.GaussianReweightAdapter()),
    "discriminator": weighted(lambda task: skada.DiscriminatorReweightAdapter()),
    "KLIEP": weighted(lambda task: skada.KLIEPReweightAdapter(gamma=gamma(task), random_state=0)),
    "nearest neighbours": weighted(lambda task: skada.NearestNeighborReweightAdapter()),
    "KMM": weighted(lambda task: skada.KMMReweightAdapter()),
    "MMD target shift": weighted(lambda task: skada.MMDTarSReweightAdapter(gamma(task))),
    "JDOT": whole(_jdot),
    "OT label propagation": whole(lambda task: skada.OTLabelProp(base(task))),
    "DASVM": whole(lambda task: skada.DASVMClassifier()),
    "GOAT": whole(lambda task: GradualEstimator(base_estimator=base(task))),
}
#: Methods for classes only, and for numbers only.
CLASSES_ONLY = {"class-regularised OT", "TSL", "DASVM", "GOAT"}
NUMBERS_ONLY: set[str] = set()


def _domains(data: Any) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    n, m = len(data.Xs), len(data.Xt)
    where = np.concatenate([np.ones(n, int), np.full(m, -2)])
    return np.vstack([data.Xs, data.Xt]), np.concatenate([data.ys, np.full(m, -1)]), {"sample_domain": where}


def _mapping(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(data: Any) -> Any:
        X, y, domain = _domains(data)
        model = make(data)
        return model, model.fit_transform(X, y, **domain)

    return run


def _fitted(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(data: Any) -> Any:
        X, y, domain = _domains(data)
        model = make(data)
        model.fit(X, y, **domain)
        return model

    return run


def _jdot_numbers(data: Any) -> Any:
    X, _, domain = _domains(data)
    model = skada.JDOTRegressor(Ridge(alpha=1.0), alpha=0.5)
    model.fit(X, np.concatenate([data.numbers, np.full(len(data.Xt), np.nan)]), **domain)
    return model


def _plan_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    return {"plan": made[0].ot_transport_.coupling_, "source": made[1][: len(data.Xs)]}


def _mapped_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    return {"source": made[1][: len(data.Xs)], "target": made[1][len(data.Xs) :]}


def _weights_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    return {"weights": model.source_weights_}


def _jdot_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    return {"predictions": model.estimator_.predict(data.Xt)}


SPEED = {
    "TCA rbf": (
        _mapping(lambda data: skada.TransferComponentAnalysisAdapter(n_components=20, mu=0.1)),
        lambda made, data: {"dual": made[0].eigvects_},
    ),
    "TCA linear": (
        _mapping(lambda data: skada.TransferComponentAnalysisAdapter("linear", n_components=20, mu=0.1)),
        lambda made, data: {"dual": made[0].eigvects_},
    ),
    "KMM": (_fitted(lambda data: skada.KMMReweightAdapter(gamma=1 / data.Xs.shape[1])), _weights_of),
    "MMD target shift": (_fitted(lambda data: skada.MMDTarSReweightAdapter(1 / data.Xs.shape[1])), _weights_of),
    "JDOT": (_jdot_numbers, _jdot_of),
    "exact OT": (_mapping(lambda data: skada.OTMappingAdapter(norm="median")), _plan_of),
    "entropic OT": (_mapping(lambda data: skada.EntropicOTMappingAdapter(reg_e=0.05, norm="median")), _plan_of),
    "class-regularised OT": (
        _mapping(lambda data: ClassRegularised(reg_e=0.05, reg_cl=0.1)),
        _plan_of,
    ),
    "CORAL": (_mapping(lambda data: skada.CORALAdapter()), _mapped_of),
    "linear OT": (_mapping(lambda data: skada.LinearOTMappingAdapter()), _mapped_of),
    "discriminator": (_fitted(lambda data: skada.DiscriminatorReweightAdapter()), _weights_of),
    "density": (_fitted(lambda data: skada.DensityReweightAdapter()), lambda model, data: {}),
}


class ClassRegularised(skada.ClassRegularizerOTMappingAdapter):
    """skada's own gives POT no norm of the costs; here they are divided by their median, as for the others."""

    def _create_transport_estimator(self) -> Any:
        return ot.da.SinkhornLpl1Transport(
            reg_e=self.reg_e, reg_cl=self.reg_cl, metric=self.metric, norm="median", max_iter=self.max_iter,
            max_inner_iter=self.max_inner_iter, tol=self.tol,
        )  # fmt: skip
