"""A guard says which part of the source its choice used, or that there is none to speak of."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart import ImportanceWeightedClassifier, SafeTransferClassifier, Source
from headstart.errors import SourceError
from headstart.guard.comparing.blend import BlendedClassifier
from headstart.report.borrowed import used_rows


def test_the_chosen_methods_rows_are_named_with_a_histogram_of_their_weights() -> None:
    rng = np.random.default_rng(0)
    source = Source(rng.normal([1.5, 0], 1, (60, 2)), np.arange(60) % 2, "elsewhere")
    X, y = rng.standard_normal((30, 2)), np.arange(30) % 2
    X[:, 1] += 2 * y
    guard = SafeTransferClassifier(
        source, candidates=[("weighted", ImportanceWeightedClassifier(LogisticRegression(), source=source))], budget=20
    )
    guard.fit(X, y)
    if guard.best_candidate_ != "weighted":
        guard.best_estimator_ = ImportanceWeightedClassifier(LogisticRegression(), source=source).fit(X, y)
    use = guard.explain_source(3)
    parts = [("weighted", guard.best_estimator_), ("alone", LogisticRegression())]
    guard.best_estimator_ = BlendedClassifier(parts, weights=[0.6, 0.4]).fit(X, y)
    assert guard.explain_source(3).n_rows == 60
    assert (use.n_rows, len(use.most_used), use.by_source[0]["source"]) == (60, 3, "elsewhere")
    assert sum(one["rows"] for one in use.histogram) == 60
    page = used_rows({"use": use.to_dict()})
    assert page is not None
    assert page["histogram"][-1]["name"] == "4 and more"
    assert max(row["bar"] for row in page["histogram"]) == 100.0


def test_a_choice_without_the_source_says_so() -> None:
    X, y = np.random.default_rng(0).standard_normal((30, 2)), np.arange(30) % 2
    guard = SafeTransferClassifier(None, budget=10).fit(X, y)
    with pytest.raises(SourceError, match="Expected a chosen method that weighs rows of a source, found"):
        guard.explain_source()
