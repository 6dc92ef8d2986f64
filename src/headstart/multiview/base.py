"""What estimators on several views share: reading the views, and rows without labels."""

from __future__ import annotations

import copy
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from headstart.contract.estimator_class import estimator_class
from headstart.data.reading.views import view_table
from headstart.errors import ParameterError
from headstart.multiview.encoder import AUTO, ViewEncoder
from headstart.source import Source


@estimator_class
class BaseMultiView(BaseEstimator):
    """Views of a table or an array; see `MultiViewClassifier`.

    Parameters
    ----------
    views : dict of str to columns, optional
        The columns of each view, as a ColumnTransformer names them: a name, a position, a slice of positions, or a list
        of these; of a frame other columns play no part, and new rows may have them in any order. A column of paths of
        pictures or clips, or of sentences, is such a view; other columns are values. None: one view, of all columns.
    source : "auto", None or dict of str to network, default="auto"
        The pretrained network of each view that takes one, as `TransferClassifier` takes it; "auto" is the one that is
        bundled for its kind. None, for all or for one view: what can be measured without any network.
    unlabelled : DataFrame, array or Source, optional
        More rows without labels, with the same columns; views may be missing there too.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"

    Attributes
    ----------
    encoder_ : ViewEncoder
        What each view holds, and its network.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Of a frame.
    """

    views: Any = None
    _: KW_ONLY
    source: Any = AUTO
    unlabelled: Any = None
    device: str = "auto"

    def _read(self, X: Any, reset: bool) -> Any:
        """The table that views are taken from, checked by scikit-learn's rules."""
        table = X if hasattr(X, "columns") or not hasattr(X, "__array__") else np.asarray(X)
        if not hasattr(table, "columns") and getattr(getattr(table, "dtype", None), "kind", "") != "O":
            table = validate_data(self, table, reset=reset, dtype="numeric", ensure_all_finite="allow-nan")
        else:
            table = view_table(table)
            if reset or self.views is None or not hasattr(table, "columns"):  # named views find their columns
                validate_data(self, table, reset=reset, skip_check_array=True)
        return view_table(table)

    def _more(self) -> Any:
        """Rows without labels, or None."""
        given = self.unlabelled.X if isinstance(self.unlabelled, Source) else self.unlabelled
        return None if given is None else view_table(given)

    def _encode(self, X: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Fit the encoder to rows and to those without labels; both as numbers."""
        table, more = self._read(X, reset=True), self._more()
        if more is not None and not hasattr(more, "columns") and more.shape[1] != table.shape[1]:
            raise ParameterError(
                f"Expected {table.shape[1]} columns in the rows without labels, as in X, found {more.shape[1]}.",
                "Give rows like those that are learned from.",
            )
        encoder = ViewEncoder(self.views, source=self.source, device=self.device)
        self.encoder_ = encoder.fit(table, others=[] if more is None else [more])
        return encoder.transform(table), None if more is None else encoder.transform(more)

    def _parts(self, encoded: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """Views (n, d) and in which rows each is there, (n, V)."""
        return self.encoder_.split(encoded), self.encoder_.present(encoded)

    def _rows(self, X: Any) -> tuple[list[np.ndarray], np.ndarray]:
        """Views of new rows, and which are there."""
        check_is_fitted(self, "encoder_")
        return self._parts(self.encoder_.transform(self._read(X, reset=False)))

    def __sklearn_clone__(self) -> Any:
        """A clone that shares networks and rows without labels."""
        bare = copy.copy(self)
        bare.unlabelled = bare.source = None
        twin = BaseEstimator.__sklearn_clone__(bare)
        twin.unlabelled, twin.source = self.unlabelled, self.source
        return twin

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
