"""A fitted baseline of texts as JSON and safetensors, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import load_file

from headstart.data.base.json_files import TEXT, read_json, several, table_of
from headstart.errors import SourceError
from headstart.guard.baselines.text_terms import Terms
from headstart.guard.baselines.texts import CHOICES, TextBaselineClassifier, TextBaselineRegressor
from headstart.models.saving.answers import ARRAYS, described_answers, read_answers, save_arrays

VOCABULARY = "vocabulary.json"
TextBaseline = TextBaselineClassifier | TextBaselineRegressor
KINDS: dict[str, type[TextBaseline]] = {
    "TextBaselineClassifier": TextBaselineClassifier,
    "TextBaselineRegressor": TextBaselineRegressor,
}


def save_text_baseline(estimator: TextBaseline, folder: str | Path) -> dict[str, Any]:
    """Write a fitted baseline of texts as `save_baseline` does: ``vocabulary.json`` and ``baseline.safetensors``."""
    arrays = {"coef": estimator.coef_, "intercept": estimator.intercept_}
    arrays |= {f"idf.{terms.kind}": terms.idf for terms in estimator.terms_}
    save_arrays(arrays, folder)
    text = json.dumps({terms.kind: terms.names for terms in estimator.terms_}, ensure_ascii=True)
    (Path(folder) / VOCABULARY).write_text(text + "\n", encoding="utf-8")
    return described_answers(estimator)


def load_text_baseline(folder: str | Path, described: dict[str, Any]) -> TextBaseline:
    """Read what `save_text_baseline` wrote; ``described`` is what it returned.

    Raises
    ------
    SourceError
        If a file is missing, damaged, or does not go with the others.
    """
    estimator = KINDS[described["class"]]()
    try:
        arrays = load_file(Path(folder) / ARRAYS)
        names = read_json(Path(folder) / VOCABULARY, table_of(several(TEXT, 0, 10_000_000)))
        estimator.features_ = str(described["features"])
        estimator.terms_ = [
            Terms(kind, [str(name) for name in names[kind]], arrays[f"idf.{kind}"])
            for kind in CHOICES[estimator.features_]
        ]
        estimator.coef_, estimator.intercept_ = arrays["coef"], arrays["intercept"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise SourceError(f"Expected a baseline of texts in {folder}, found: {error}.", "Fit it again.") from error
    if len(estimator.coef_) != sum(len(terms.names) for terms in estimator.terms_):
        raise SourceError(
            f"Expected a weight for each term in {folder}, found {len(estimator.coef_)} for "
            f"{sum(len(terms.names) for terms in estimator.terms_)}.",
            "Fit it again.",
        )
    read_answers(estimator, described)
    return estimator
