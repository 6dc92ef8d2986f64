"""A source that is given to `fit` is sent to the constructor, in words."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from headstart import AlignedClassifier, SafeAdaptedClassifier, TrAdaBoostClassifier
from headstart.errors import ParameterError

X, y = np.eye(4), np.array([0, 1, 0, 1])


@pytest.mark.parametrize("method", [AlignedClassifier(), TrAdaBoostClassifier(), SafeAdaptedClassifier()])
def test_a_source_in_fit_is_refused_with_where_it_goes(method: object) -> None:
    name = type(method).__name__
    said = (
        rf"found Xt beside it. Give what is borrowed at construction: {name}\(source=Source\(Xs, ys\)\).fit\(Xt, yt\)"
    )
    with pytest.raises(ParameterError, match=said):
        method.fit(X, y, Xt=X)  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="found rows in the third place"):
        method.fit(X, y, X)  # type: ignore[attr-defined]


def test_the_signature_of_fit_is_what_it_was() -> None:
    assert list(inspect.signature(TrAdaBoostClassifier.fit).parameters) == ["self", "X", "y", "sample_weight"]
