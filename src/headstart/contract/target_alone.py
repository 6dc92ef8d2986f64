"""`fit` takes the target alone: who writes it as other packages do is told where the source goes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from headstart.errors import ParameterError

#: What other packages call the other side, or the mark of which side a row is of.
_ELSEWHERE = frozenset(
    {"Xt", "yt", "Xs", "ys", "X_target", "y_target", "X_source", "y_source", "sample_domain", "domain", "domains"}
)


def target_alone(fit: Callable[..., Any]) -> Callable[..., Any]:
    """A `fit` that says where the source goes, if it is given one.

    Examples
    --------
    >>> @target_alone
    ... def fit(self, X, y=None):
    ...     return self
    >>> fit("here", [[1.0]], [0], Xt=[[2.0]])
    Traceback (most recent call last):
    ...
    headstart.errors.ParameterError: Expected the target alone in fit(X, y), found Xt beside it. Give what is \
borrowed at construction: str(source=Source(Xs, ys)).fit(Xt, yt).
    """

    @functools.wraps(fit)
    def told(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = sorted(_ELSEWHERE & set(kwargs))
        if len(args) > 2 and np.ndim(args[2]) == 2:
            found.append("rows in the third place")
        if found:
            name = type(self).__name__
            raise ParameterError(
                f"Expected the target alone in fit(X, y), found {', '.join(found)} beside it.",
                f"Give what is borrowed at construction: {name}(source=Source(Xs, ys)).fit(Xt, yt).",
            )
        return fit(self, *args, **kwargs)

    return told
