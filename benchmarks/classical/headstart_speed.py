"""headstart's calls for `speed.py`, at the peers' settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge

import headstart
from headstart import Source
from headstart.math.ratios.least_squares import least_squares_ratio


def _mapping(
    make: Callable[[Any, Source], Any], *, labels: bool = False, fit_only: bool = False
) -> Callable[[Any], Any]:
    """Fit to the target and map both sides; ``labels`` of the source where the mapping needs them."""

    def run(data: Any) -> Any:
        mapping = make(data, Source(data.Xs, data.ys if labels else None)).fit(data.Xt)
        return mapping, *(() if fit_only else (mapping.transform_source(), mapping.transform(data.Xt)))

    return run


def _mapped_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    return {"source": made[1], "target": made[2]}


def _dual_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    """Coefficients W of all rows with ``b = F'W`` for the map F b, the shortest ones: the map in the kernel form."""
    X = np.vstack([data.Xs, data.Xt])
    features, coef = made[0].projection_.features, made[0].projection_.coef
    if features.landmarks is not None and features.weights is None:
        return {"dual": coef}  # the exact kernel: F is K, and b is W already
    F = features(X)
    return {"dual": F @ np.linalg.solve(F.T @ F, coef)}


def _penalty(data: Any, mu: float = 0.1) -> float:
    """The peers' trade-off mu in our normalisation."""
    return 1 / (mu * (1 / len(data.Xs) + 1 / len(data.Xt)))


def _gamma(data: Any) -> float:
    return 1 / data.Xs.shape[1]


def _tca(data: Any, source: Source) -> Any:
    return headstart.TransferComponentAnalysis(
        20, "rbf", _gamma(data), penalty=_penalty(data), source=source, random_state=0
    )


def _tca_linear(data: Any, source: Source) -> Any:
    return headstart.TransferComponentAnalysis(20, penalty=_penalty(data), source=source)


def _coral(data: Any, source: Source) -> Any:
    return headstart.CORAL(1e-5, source=source)


def _monge(data: Any, source: Source) -> Any:
    return headstart.LinearMonge(source=source)


def _weighting(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda data: make(data).fit(data.Xs, data.Xt, data.ys)


def _weights_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    return {"weights": model.weights_}


def _width(data: Any, scale: float = 1.0) -> float:
    """Sigma of exp(-|x-y|^2 / (2 sigma^2)) for gamma = 1 / (scale d)."""
    return float(np.sqrt(scale * data.Xs.shape[1] / 2))


def _grid(data: Any) -> Any:
    widths = [_width(data, scale) for scale in (1, 2, 4)]
    return headstart.ULSIF(widths=widths, penalties=[1e-3, 1e-2, 1e-1, 1.0, 10.0], random_state=0)


def _ratio_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    """The ratio at fresh rows, from the chosen point of the grid."""
    chosen = {"widths": [model.width_], "penalties": [model.penalty_]}
    found = least_squares_ratio(data.Xs, data.Xt, **chosen, rng=np.random.default_rng(0))
    centres = found.centres + np.vstack([data.Xs, data.Xt]).mean(axis=0)
    fresh = data.again(2000)
    values = [np.exp(-cdist(X, centres, "sqeuclidean") / (2 * found.width**2)) for X in (fresh.Xs, fresh.Xt)]
    return {"weights": values[0] @ found.coef, "target_weights": values[1] @ found.coef}


def _transport(method: str) -> Callable[[Any], Any]:
    def make(data: Any, source: Source) -> Any:
        return headstart.OptimalTransportMapping(method, 0.05, 0.1, "median", source=source)

    return _mapping(make, labels=method == "lp-l1")


def _plan_of(made: Any, data: Any) -> dict[str, np.ndarray]:
    plan = made[0].plan_
    return {"plan": plan.toarray() if sparse.issparse(plan) else plan}


def _jdot(data: Any) -> Any:
    source = Source(data.Xs, data.numbers)
    return headstart.JointDistributionOptimalTransportRegressor(Ridge(alpha=1.0), 0.5, source=source).fit(data.Xt)


def _predictions_of(model: Any, data: Any) -> dict[str, np.ndarray]:
    return {"predictions": model.predict(data.Xt)}


SPEED = {
    "JDOT": (_jdot, _predictions_of),
    "KMM": (_weighting(lambda data: headstart.KernelMeanMatching(width=_width(data), random_state=0)), _weights_of),
    "uLSIF grid": (_weighting(_grid), _ratio_of),
    "MMD target shift": (
        _weighting(lambda data: headstart.MMDTargetShift(width=_width(data), random_state=0)),
        _weights_of,
    ),
    "discriminator": (_weighting(lambda data: headstart.DiscriminatorRatio()), _weights_of),
    "KLIEP": (_weighting(lambda data: headstart.KLIEP(random_state=0)), _weights_of),
    "exact OT": (_transport("exact"), _plan_of),
    "entropic OT": (_transport("entropic"), _plan_of),
    "class-regularised OT": (_transport("lp-l1"), _plan_of),
    "TCA rbf": (_mapping(_tca), _dual_of),
    "TCA linear": (_mapping(_tca_linear), _dual_of),
    "TCA linear, fit": (_mapping(_tca_linear, fit_only=True), _mapped_of),
    "CORAL": (_mapping(_coral), _mapped_of),
    "CORAL, fit": (_mapping(_coral, fit_only=True), _mapped_of),
    "linear OT": (_mapping(_monge), _mapped_of),
    "linear OT, fit": (_mapping(_monge, fit_only=True), _mapped_of),
}
