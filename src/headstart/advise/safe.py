"""SafeTransfer: estimators that measure whether borrowing helps, and never hand over what hurts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from headstart.advise.candidates import named_candidates, standard_for_inputs, standard_for_tables
from headstart.advise.choose import logits, probabilities
from headstart.advise.evaluate import predicted
from headstart.advise.guard import guard, run_key
from headstart.advise.journal import Journal
from headstart.advise.material import Material
from headstart.advise.progress import reporter
from headstart.advise.table_candidates import table_candidates
from headstart.advise.tabular import borrows_rows, in_fitted_order, tabulated
from headstart.advise.train_size import train_size
from headstart.data.inputs import as_inputs, is_inputs
from headstart.data.nouns import things
from headstart.data.read_values import as_frame
from headstart.data.records import Records
from headstart.errors import DataError, ParameterError, SourceError
from headstart.networks.load import load_network
from headstart.networks.window import fitted
from headstart.training.device import pick_device


class _SafeTransfer(BaseEstimator):
    """What both estimators share."""

    _spent = 0.0  # seconds of the budget that reading the data took, set by `headstart.fit`
    _heard: Any = None  # the network with its window settled

    def __init__(
        self,
        source: Any = None,
        *,
        candidates: Any = None,
        budget: float = 600.0,
        n_splits: int = 5,
        random_state: int = 0,
        device: str = "auto",
        verbose: int = 0,
        checkpoint: str | Path | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        unlabelled: Any = None,
        views: int = 1,
    ) -> None:
        self.source = source
        self.unlabelled = unlabelled
        self.views = views
        self.candidates = candidates
        self.budget = budget
        self.n_splits = n_splits
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.checkpoint = checkpoint
        self.progress = progress

    def _rows(self, X: Any, *, reset: bool, y: Any = None) -> Any:
        """Examples as Pictures, Clips or Texts, as Records, or as a checked array of numbers."""
        if as_frame(X) is not None:
            return self._frame_rows(X, reset=reset)
        if is_inputs(X):
            inputs = as_inputs(X, None if reset else getattr(self, "input_type_", None))
            if reset:
                self.input_type_ = inputs.input_type
            return inputs
        if reset:
            self.input_type_ = "numbers"
            if self.source is not None and not borrows_rows(self.source):
                wanted = things(load_network(self.source).input_type)
                raise SourceError(
                    f"Expected {wanted}, because the source takes {wanted}, found {type(X).__name__} of numbers.",
                    f"Give {wanted}, or source=None to learn from the numbers alone.",
                )
        return validate_data(self, X, reset=reset, dtype="numeric" if reset else None)

    def _frame_rows(self, X: Any, *, reset: bool) -> Records:
        """Rows of a table; their columns are checked by scikit-learn's rules."""
        if reset:
            self.input_type_ = "table"
            if self.source is not None and not borrows_rows(self.source):
                raise SourceError(
                    f"Expected rows to borrow from for a table, found {self.source!r}.",
                    "Give Source(X, y), or source=None to learn from the table alone.",
                )
        rows = X if isinstance(X, Records) else None
        frame = X.frame if isinstance(X, Records) else X
        frame = frame if reset else in_fitted_order(frame, getattr(self, "feature_names_in_", None))
        checked = validate_data(self, frame, reset=reset, skip_check_array=True)
        return rows if rows is not None and reset else Records(as_frame(checked))

    def _guard(self, rows: Any, y: np.ndarray, task: str, groups: Any, names: list[Any] | None) -> None:
        self._check(len(y))
        self._heard = network = fitted(self._network(), rows)
        with reporter(self.progress, quiet=not self.verbose) as progress:
            group_array = None if groups is None else np.asarray(groups)
            device = pick_device(self.device).type
            notes: tuple[str, ...] = ()
            more: dict[str, Any] = {}
            if self.input_type_ in ("numbers", "table"):
                table = tabulated(rows, y, task, self.source, self.unlabelled)
                rows, notes, self.encoder_ = table.rows, table.notes, table.encoder
                more = {"sources": table.sources, "unlabelled": table.unlabelled, "shown": table.shown}
            material = Material(rows, y, task, group_array, network, device, progress, **more)
            candidates = self._candidates(material)
            keyed = self.checkpoint is not None
            key = run_key(material, candidates, self.n_splits, self.random_state) if keyed else ""
            journal = Journal(self.checkpoint, key, resume=True, spent=self._spent)
            found = guard(
                material,
                candidates,
                budget=float(self.budget),
                n_splits=self.n_splits,
                random_state=self.random_state,
                journal=journal,
                names=names,
            )
        self.best_estimator_, self.best_candidate_ = found.estimator, found.candidate
        self.temperature_, self.evidence_ = found.temperature, found.evidence
        self.verdict_ = found.evidence["verdict"]["word"]
        found.evidence["data"]["notes"] += list(notes)

    def _network(self) -> Any:
        if self.source is None or self.input_type_ in ("numbers", "table"):
            return None
        return load_network(self.source, input_type=self.input_type_)

    def _candidates(self, material: Material) -> list[Any]:
        network = material.network
        if self.candidates is not None:
            borrowed = network is not None and network.trained and not material.numbers
            return named_candidates(self.candidates, features_borrowed=borrowed)
        if material.sources or (material.input_type == "table" and material.task != "multilabel"):
            return table_candidates(material, random_state=self.random_state)
        if material.numbers:
            return standard_for_tables(material.task, random_state=self.random_state)
        return standard_for_inputs(
            network,
            material.task,
            input_type=material.input_type,
            n=len(material),
            n_classes=material.columns.shape[1],
            device=material.device,
            random_state=self.random_state,
            train_size=None if network is None else train_size(network),
            views=self.views,
        )

    def _check(self, n: int) -> None:
        if not float(self.budget) > 0:
            raise ParameterError(f"Expected a budget above 0 seconds, found {self.budget!r}.", "Give seconds, as 600.")
        if int(self.n_splits) < 2:
            raise ParameterError(f"Expected n_splits of at least 2, found {self.n_splits!r}.")
        if n < 4:
            raise DataError(f"Expected 4 labelled examples or more, found n_samples={n}.", "Label more.")

    def _inputs(self, X: Any) -> Any:
        """New examples in the form that the chosen estimator takes."""
        check_is_fitted(self, "best_estimator_")
        rows = self._rows(X, reset=False)
        found = getattr(rows, "input_type", "numbers")
        if found != self.input_type_:
            raise DataError(f"Expected {things(self.input_type_)}, as in fit, found {things(found)}.")
        if self.input_type_ in ("numbers", "table"):
            return rows if self.encoder_ is None else self.encoder_.transform(rows)
        if self.best_candidate_.takes == "rows":
            return rows
        network = self._heard or self._network()
        seen = Material(rows, np.zeros(len(rows)), "regression", None, network, pick_device(self.device).type)
        return seen.inputs("features")


class SafeTransferClassifier(ClassifierMixin, _SafeTransfer):
    """Learns with what was borrowed and without on the same folds, keeps what is best, and says whether it helped.

    The standard candidates for pictures and clips are: without transfer a linear model on simple features (edges,
    colours and pixels; mel cepstra), output layers on the same network with random weights, and that network trained
    from scratch; with transfer new output layers on frozen features, the last blocks, and all layers. Cheap candidates
    run in repeated stratified (grouped) cross-validation, those that train in epochs as the budget allows. The winner
    is taken by out-of-fold predictions and fitted to all examples; transfer is used only if it is not worse than
    learning without.

    For tables and arrays with ``source=Source(X, y)`` the candidates are those of
    `headstart.advise.table_candidates.table_candidates`, and a mixture of all of them, weighted by how likely each made
    rows that it had not seen; the mixture is the model unless a single candidate is clearly better.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module, Source, list of Source or None
        What to borrow from: a network, see `headstart.networks.load.load_network`; or, where the target is a table or
        an array of numbers, labelled rows of other tables. None learns from the target alone.
    candidates : dict or list of (str, estimator), optional
        Estimators of headstart's or scikit-learn's to compare instead of the standard list. Those of scikit-learn get
        the network's pooled features of pictures or clips.
    budget : float, default=600.0
        Seconds for everything, above 0.
    n_splits : int, default=5
        Folds, at least 2; 3 are used where only they let fine-tuning into the budget.
    random_state : int, default=0
        Seed of folds and candidates.
    device : str, default="auto"
        Where networks run.
    verbose : int, default=0
        1 draws progress bars on a terminal.
    checkpoint : path-like, optional
        Folder for finished folds: a fit that was killed goes on from there when it is called again with the same data
        and settings. It belongs to this one fit; anything else in it is removed.
    progress : callable, optional
        Told ``progress(what, done, total)`` as work goes on.
    unlabelled : array-like or frame, optional
        More rows of the target without labels, where rows are borrowed.
    views : int, default=1
        Above 1, one more candidate: output layers on so many views of each picture or clip.

    Attributes
    ----------
    best_estimator_ : fitted estimator
        The chosen candidate, fitted to all examples.
    best_candidate_ : Candidate
        Its name and kind.
    verdict_ : {"helps", "no evidence either way", "hurts", "cannot tell"}
    evidence_ : dict
        All that was measured, in plain JSON types.
    classes_ : array of shape (K,)
        Class labels in sorted order; label numbers for multi-label.
    temperature_ : float
        What the logits of ``best_estimator_`` are divided by, fitted on out-of-fold predictions.
    encoder_ : transformer or None
        Of tables and numbers: what makes of new rows what ``best_estimator_`` takes.

    Raises
    ------
    DataError
        For fewer than two classes or four examples.
    SourceError
        If the source cannot be used, or takes another kind of input.

    References
    ----------
    McNemar (1947) for the verdict; Tsamardinos, Greasidou and Borboudakis (2018) for the estimate; Guo et al. (2017)
    for the temperature.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SafeTransferClassifier().fit(X, y)
    >>> model.verdict_, bool(model.evidence_["estimate"]["value"] > 0.9)
    ('cannot tell', True)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, groups: Any = None) -> SafeTransferClassifier:
        """Measure, choose, and fit.

        Parameters
        ----------
        X : pictures (paths, arrays, PIL pictures, Pictures), clips (paths, Clips), texts (strings) or array (n, d)
            The target's examples.
        y : array-like, shape (n,) or (n, L) of 0/1
            Labels.
        groups : array-like, shape (n,), optional
            Examples of one group (patient, speaker) never straddle a split.
        """
        if y is None:
            raise ValueError("This SafeTransferClassifier estimator requires y to be passed, but the target y is None.")
        rows, labels = self._checked(X, y)
        if labels.ndim == 2:
            self.classes_ = np.arange(labels.shape[1])
            self._guard(rows, labels.astype(int), "multilabel", groups, self.classes_.tolist())
            return self
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        if len(self.classes_) < 2:
            raise DataError(
                f"Expected two classes or more, found one class: {self.classes_[0]!r}.",
                "Add examples of another class.",
            )
        self._guard(rows, labels, "classification", groups, self.classes_.tolist())
        return self

    def _checked(self, X: Any, y: Any) -> tuple[Any, np.ndarray]:
        if as_frame(X) is not None:
            rows = self._rows(X, reset=True)
            labels = np.asarray(validate_data(self, y=y) if not _several(y) else y)
            check_consistent_length(rows.frame, labels)
            return rows, labels
        if is_inputs(X):
            rows = self._rows(X, reset=True)
            labels = np.asarray(y)
            if len(labels) != len(rows):
                kind = things(self.input_type_)
                raise DataError(f"Expected a label for each of {len(rows)} {kind}, found {len(labels)}.")
            return rows, labels
        self._rows(np.zeros((1, 1)), reset=True)
        return validate_data(self, X, y, dtype="numeric", multi_output=_several(y))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities, (n, K); for multi-label that of each label."""
        inputs = self._inputs(X)
        task = self.evidence_["data"]["task"]
        raw = predicted(self.best_estimator_, inputs, task, self.classes_)
        multilabel = task == "multilabel"
        return probabilities(logits(raw, multilabel=multilabel) / self.temperature_, multilabel=multilabel)

    def predict(self, X: Any) -> np.ndarray:
        """Labels, (n,); or 0/1, (n, L)."""
        p = self.predict_proba(X)
        if self.evidence_["data"]["task"] == "multilabel":
            return (p > 0.5).astype(int)
        return self.classes_[p.argmax(axis=1)]


class SafeTransferRegressor(RegressorMixin, _SafeTransfer):
    """Predicts numbers; measures whether borrowing helps and keeps what is best. See `SafeTransferClassifier`.

    Candidates are compared by R^2, the verdict is a paired sign-flip test on squared errors.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module, Source, list of Source or None
        What to borrow from, as in the classifier. None learns from the target alone.
    candidates : dict or list of (str, estimator), optional
        Estimators to compare instead of the standard list.
    budget : float, default=600.0
        Seconds for everything, above 0.
    n_splits : int, default=5
        Folds, at least 2.
    random_state : int, default=0
        Seed of folds and candidates.
    device : str, default="auto"
        Where networks run.
    verbose : int, default=0
        1 draws progress bars on a terminal.
    checkpoint : path-like, optional
        Folder for finished folds, see the classifier.
    progress : callable, optional
        Told ``progress(what, done, total)`` as work goes on.
    unlabelled : array-like or frame, optional
        More rows of the target without labels, where rows are borrowed.

    Attributes
    ----------
    best_estimator_, best_candidate_, verdict_, evidence_, encoder_
        As in the classifier.

    Raises
    ------
    DataError
        For fewer than four examples.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = SafeTransferRegressor(n_splits=3).fit(X, y)
    >>> bool(0.35 < model.evidence_["estimate"]["value"] < 0.6)
    True
    """

    def fit(self, X: Any, y: Any, groups: Any = None) -> SafeTransferRegressor:
        """Measure, choose, and fit to numbers ``y``, (n,) or (n, t)."""
        if y is None:
            raise ValueError("This SafeTransferRegressor estimator requires y to be passed, but the target y is None.")
        frame = as_frame(X) is not None
        if frame or is_inputs(X):
            rows, values = self._rows(X, reset=True), np.asarray(y, dtype=np.float64)
            if len(values) != len(rows):
                kind = things(self.input_type_)
                raise DataError(f"Expected a number for each of {len(rows)} {kind}, found {len(values)}.")
            if not np.isfinite(values).all():
                raise DataError("Expected finite numbers as targets, found NaN or infinity.", "Remove those rows.")
        else:
            self._rows(np.zeros((1, 1)), reset=True)
            rows, values = validate_data(self, X, y, dtype="numeric", multi_output=_several(y), y_numeric=True)
        self._guard(rows, values.astype(np.float64), "regression", groups, None)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Numbers, (n,) or (n, t)."""
        check_is_fitted(self, "best_estimator_")
        return np.asarray(self.best_estimator_.predict(self._inputs(X)))


def _several(y: Any) -> bool:
    """Whether there are several targets for each row."""
    shape = np.asarray(y).shape
    return len(shape) == 2 and shape[1] > 1
