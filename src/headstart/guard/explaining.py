"""Which part of a source stands behind what a guard has chosen."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from headstart.errors import SourceError
from headstart.instances.source_use import SourceUse


class ExplainsSource:
    """`explain_source` of the chosen method, for guards."""

    best_estimator_: Any

    def explain_source(self, n_rows: int = 10) -> SourceUse:
        """What the chosen method says of its source, see `headstart.instances.source_use.SourceUseMixin`.

        Raises
        ------
        SourceError
            If what was chosen does not weigh rows of a source: a mapping, a mixture, or a model of the target alone.
        """
        check_is_fitted(self, "best_estimator_")
        chosen = self.best_estimator_
        found = chosen.explain_source(n_rows) if hasattr(chosen, "explain_source") else None
        if found is None:
            raise SourceError(
                f"Expected a chosen method that weighs rows of a source, found {type(chosen).__name__}.",
                "Fit such a method by itself: ImportanceWeightedClassifier, TrAdaBoostClassifier.",
            )
        # A blend says of which of its parts it speaks, as plain values.
        return SourceUse(**{k: v for k, v in found.items() if k != "part"}) if isinstance(found, dict) else found
