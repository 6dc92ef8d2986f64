"""headstart's calls for `speed.py`, at the peers' settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import headstart
from headstart import Source


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
    """Coefficients W of all rows such that Z = KW: those of the landmarks, or of the rows for a linear kernel."""
    X = np.vstack([data.Xs, data.Xt])
    features, coef = made[0].projection_.features, made[0].projection_.coef
    if features.landmarks is None:
        return {"dual": X @ np.linalg.solve(X.T @ X, coef)}
    coef = coef if features.weights is None else features.weights @ coef
    place = {row.tobytes(): i for i, row in enumerate(X)}
    dual = np.zeros((len(X), coef.shape[1]))
    dual[[place[row.tobytes()] for row in features.landmarks]] = coef
    return {"dual": dual}


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


SPEED = {
    "TCA rbf": (_mapping(_tca), _dual_of),
    "TCA linear": (_mapping(_tca_linear), _dual_of),
    "TCA linear, fit": (_mapping(_tca_linear, fit_only=True), _mapped_of),
    "CORAL": (_mapping(_coral), _mapped_of),
    "CORAL, fit": (_mapping(_coral, fit_only=True), _mapped_of),
    "linear OT": (_mapping(_monge), _mapped_of),
    "linear OT, fit": (_mapping(_monge, fit_only=True), _mapped_of),
}
