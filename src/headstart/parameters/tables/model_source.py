"""Sources that are fitted models: telling them from rows, sharing them with clones, unwrapping them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headstart.contract.learner import WeightedLearner
from headstart.contract.raw_sources import as_sources
from headstart.errors import SourceError
from headstart.source import Source


def is_model(source: Any) -> bool:
    """Whether a source is an estimator rather than rows."""
    return hasattr(source, "get_params") and not isinstance(source, Source)


class ModelLearner(WeightedLearner):
    """A learner that borrows from rows or from a fitted model; it then learns from the target in `_learn` all the same.

    Parameters
    ----------
    unlabelled : array-like, optional
        Checked and not used.
    """

    def _given(self) -> list[Source]:
        return [] if is_model(self.source) else as_sources(self.source)

    def __sklearn_clone__(self) -> Any:
        """A clone that shares a fitted model given as source; scikit-learn's own would forget what it learned."""
        if not is_model(self.source):
            return super().__sklearn_clone__()
        kept, self.source = self.source, None
        try:
            twin = super().__sklearn_clone__()
        finally:
            self.source = kept
        twin.source = kept
        return twin


def unfrozen(source: Any, attribute: str, kind: str, check: Callable[[Any], None] | None = None) -> Any:
    """The fitted model itself, out of its ``FrozenEstimator`` if it is in one; ``check`` refuses other kinds.

    Raises
    ------
    SourceError
        If it lacks the attribute by which a fitted model of this kind is known.
    """
    inner = source.estimator if type(source).__name__ == "FrozenEstimator" else source
    if check is not None:
        check(inner)
    if not hasattr(inner, attribute):
        raise SourceError(
            f"Expected a fitted {kind} as source, found {type(inner).__name__} without {attribute}.",
            "Fit it first, and wrap it in sklearn.frozen.FrozenEstimator where it goes into a grid search, "
            "which clones what it tries.",
        )
    return inner
