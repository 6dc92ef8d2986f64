"""What the guard's two estimators, for classes and for numbers, have in common."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import KW_ONLY
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from headstart.contract.arguments import check_arguments
from headstart.contract.estimator_class import estimator_class
from headstart.contract.network_rows import network_among
from headstart.contract.weighted_fit import row_weights, takes_weights, unweighted
from headstart.data.base.kinds import NUMBERS, ROWS, Kind, kind_named
from headstart.data.inputs.inputs import inputs_in, refuse_other_kind
from headstart.data.sets.description import tell
from headstart.data.sets.groups import merge
from headstart.data.sets.other_tasks import OtherTasks
from headstart.data.tables.records import Records
from headstart.data.tables.rows import as_frame, dense, is_frame, named_rows, records_of
from headstart.errors import DataError, ParameterError, SourceError, TransferWarning
from headstart.guard.candidates.candidate import named_candidates
from headstart.guard.candidates.for_tables import by_unlabelled, standard_for_tables, table_candidates
from headstart.guard.candidates.lent_inputs import lent_for
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.neighbours import (
    auxiliary_candidates,
    encoded_tasks,
    grouped,
    pooling_candidates,
    told_of_neighbours,
)
from headstart.guard.candidates.table_rows import borrows_rows, in_fitted_order, tabulated
from headstart.guard.candidates.unlabelled_inputs import shares_of, unlabelled_for
from headstart.guard.comparing.journal import Journal
from headstart.guard.evidence.column_worth import add_column_worth
from headstart.guard.explaining import ExplainsSource
from headstart.guard.guard import Guarded, guard, kept_of, run_key
from headstart.math.statistics.named_metrics import metric_named
from headstart.networks.reading.loading import load_network, taken
from headstart.networks.window import fitted
from headstart.parameters.heads.targets import class_weights
from headstart.progress import reporter
from headstart.training.device import pick_device


@estimator_class
class BaseSafeTransfer(ExplainsSource, BaseEstimator):
    """Reading rows, candidates, and the guard; see `SafeTransferClassifier`.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module, Source, list of Source or None
        What to borrow from: a network, see `headstart.networks.reading.loading.load_network`, perhaps in a list with
        labelled sets, ``[network, Source(pictures, y)]``; or, where the target is a table or an array of numbers,
        labelled rows of other tables. None learns from the target alone.
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
    unlabelled : array-like, frame, pictures, clips or texts, optional
        More of the target without labels: rows where rows are borrowed; of pictures, clips and texts an output layer
        that learns from them too is one more candidate. What is equal to an example of the target is left out.
    views : int, default=1
        Above 1, one more candidate: output layers on so many views of each picture or clip.
    spent : float, default=0.0
        Seconds of the budget that are gone already, as for reading the data.
    metric : str, optional
        What is measured; it drives the choice, the verdict and the estimate. For classes accuracy, balanced_accuracy,
        macro_f1, auc, average_precision, log_loss or brier; for several labels example_f1, exact_match or one of these
        but the first two; for numbers r2, mae or rmse. Default: accuracy, example_f1, r2.
    class_weight : None, "balanced" or dict of class to weight
        Weights of the classes in learning, where a candidate takes weights; what is measured stays as it is.
    later : int, default=0
        Examples that are predicted afterwards, for which time is kept.
    plan : dict, optional
        ``evidence_["plan"]`` of an earlier fit: what that fit ran is run again, whatever the clock says. For the same
        data, candidates and seed.
    plain : bool, default=False
        Compare only what transformers can load by itself afterwards. Of pictures, clips and texts.
    reference : bool, default=False
        Keep at most 1,000 examples in a form that new data can be compared with (`headstart.check`).
    counted : array-like of bool, shape (n,), optional
        Examples that scores count, as where the others were chosen because they are hard; all are learned from, and
        losses, which tell candidates apart, are of all. Default: all.
    auxiliary : list of Source, or OtherTasks, optional
        Of tables and numbers: other tasks, each with the target's columns and labels of its own. One candidate learns
        with those of them that help, see `AuxiliaryTaskClassifier`. Of pictures, clips and texts an `OtherTasks`, as
        `headstart.fit` makes it of a table's columns: one candidate lets them train the network's last blocks.
    partial_pooling : str, optional
        Of tables: the column of groups. One candidate shares a model and shrinks what each group adds to it, see
        `PartialPoolingRegressor`; the others learn from all groups alike.
    n_jobs : int, optional
        How many folds are computed at once, each in a process with its share of the threads; -1 as many as there are
        processors. Default: 1, or what ``joblib.parallel_config`` says, which may name a Dask or Ray cluster. The
        result is that of one job with as many threads; the plan is made for one.

    Attributes
    ----------
    best_estimator_ : fitted estimator
        The chosen candidate, fitted to all examples.
    best_candidate_ : Candidate
        Its name and kind.
    verdict_ : {"helps", "no evidence either way", "hurts", "cannot tell"}
    evidence_ : dict
        All that was measured, in plain JSON types.
    reference_ : Reference or None
        What was kept of the examples.
    encoder_ : transformer or None
        Of tables and numbers: what makes of new rows what ``best_estimator_`` takes.

    Raises
    ------
    SourceError
        If the source cannot be used, or takes another kind of input.
    ParameterError
        If the plan is of other data, candidates or seed.
    """

    source: Any = None
    _: KW_ONLY
    candidates: Any = None
    budget: float = 600.0
    n_splits: int = 5
    random_state: int = 0
    device: str = "auto"
    verbose: int = 0
    checkpoint: str | Path | None = None
    progress: Callable[[str, int, int], None] | None = None
    unlabelled: Any = None
    views: int = 1
    spent: float = 0.0
    metric: str | None = None
    class_weight: Any = None
    later: int = 0
    plan: dict[str, Any] | None = None
    plain: bool = False
    n_jobs: int | None = None
    reference: bool = False
    counted: Any = None
    auxiliary: Any = None
    partial_pooling: str | None = None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _rows(self, X: Any, *, reset: bool, y: Any = None) -> Any:
        """Examples as Pictures, Clips or Texts, as Records, or as a checked array of numbers."""
        if not reset and getattr(self, "input_type_", None) == ROWS.input_type and not is_frame(X):
            X = self._named(X)
        if is_frame(X):
            return self._frame_rows(X, reset=reset)
        inputs = inputs_in(X, None if reset else getattr(self, "input_type_", None))
        if inputs is not None:
            if reset:
                self.input_type_ = inputs.input_type
            return inputs
        if reset:
            self.input_type_ = NUMBERS.input_type
            if self.source is not None and not borrows_rows(self.source):
                wanted = taken(self.source)
                raise SourceError(
                    f"Expected {wanted}, because the source takes {wanted}, found {type(X).__name__} of numbers.",
                    f"Give {wanted}, or source=None to learn from the numbers alone.",
                )
        return validate_data(self, dense(X), reset=reset, dtype="numeric" if reset else None)

    def _named(self, X: Any) -> Any:
        """Rows without names as a frame with the names of those that were fitted, by their place; else as they are."""
        plain = np.asarray(dense(X))
        if plain.ndim != 2 or plain.shape[1] != len(self.feature_names_in_):
            return X
        who = type(self).__name__
        warnings.warn(
            f"X does not have valid feature names, but {who} was fitted with feature names", UserWarning, stacklevel=4
        )
        return named_rows(plain, self.feature_names_in_)

    def _frame_rows(self, X: Any, *, reset: bool) -> Records:
        """Rows of a table; their columns are checked by scikit-learn's rules."""
        if reset:
            self.input_type_ = ROWS.input_type
            if self.source is not None and not borrows_rows(self.source):
                raise SourceError(
                    f"Expected rows to borrow from for a table, found {self.source!r}.",
                    "Give Source(X, y), or source=None to learn from the table alone.",
                )
        rows = records_of(X)
        frame = rows.frame if reset else in_fitted_order(rows.frame, getattr(self, "feature_names_in_", None))
        checked = validate_data(self, frame, reset=reset, skip_check_array=True)
        return rows if reset else Records(as_frame(checked))

    def _guard(
        self, rows: Any, y: np.ndarray, task: str, groups: Any, names: list[Any] | None, sample_weight: Any = None
    ) -> None:
        self._check(len(y))
        measured = metric_named(self.metric, task).name
        weight, learning = self._weights(y, task, sample_weight)
        if self.counted is not None:  # what is learned, and told apart by losses, stays with all
            learning = np.ones(len(y)) if learning is None else learning
            weight = row_weights(np.asarray(self.counted) * (1.0 if weight is None else weight), len(y))
        began = time.monotonic()
        self._heard = network = fitted(self._network(), rows)  # with its window settled
        with reporter(self.progress, quiet=not self.verbose) as progress:
            group_array = None if groups is None else np.asarray(groups)
            device = self._device()
            notes: tuple[str, ...] = ()
            more: dict[str, Any] = {}
            if self._kind.values:
                rows, more, notes, group_array = self._tabular(rows, y, task, group_array)
            else:
                self._refuse_neighbours()
                if self.unlabelled is not None:
                    more["unlabelled"], notes = unlabelled_for(rows, self.unlabelled, task, network)
                more["lent"], said = lent_for(rows, y, network_among(self.source)[1], task)
                notes += said
                more["beside"] = self.auxiliary
            more |= {"metric": measured, "weight": weight, "learning": learning}
            material = Material(rows, y, task, group_array, network, device, progress, **more)
            candidates = self._candidates(material)
            if learning is not None and np.ptp(learning) > 0:
                notes += unweighted(one.name for one in candidates if not takes_weights(one.estimator))
            tell(notes)
            keyed = self.checkpoint is not None
            key = run_key(material, candidates, self.n_splits, self.random_state) if keyed else ""
            spent = float(self.spent) + time.monotonic() - began
            journal = Journal(self.checkpoint, key, resume=True, spent=spent)
            found = guard(
                material,
                candidates,
                budget=float(self.budget),
                n_splits=self.n_splits,
                random_state=self.random_state,
                journal=journal,
                names=names,
                stated=self.candidates is None,
                later=int(self.later),
                plan=self.plan,
                n_jobs=self.n_jobs,
            )
        self.best_estimator_, self.best_candidate_ = found.estimator, found.candidate
        self.temperature_, self.evidence_ = found.temperature, found.evidence
        self.verdict_ = found.evidence["verdict"]["word"]
        notes += shares_of(found.estimator, y)
        found.evidence["data"]["notes"] += list(notes)
        self._look_back(material, found, candidates, journal.elapsed())

    def _look_back(self, material: Material, found: Guarded, candidates: list[Any], elapsed: float) -> None:
        """What is kept of the data, and what is told of columns and of what lay beside them."""
        self.reference_, encoder = None, getattr(self, "encoder_", None)
        if self.reference:
            dates = None if encoder is None else encoder.of_dates()
            self.reference_ = kept_of(material, found, dates=dates, random_state=self.random_state)
        if self.candidates is None:
            found.evidence |= told_of_neighbours(material, candidates, found.estimator, encoder)
        add_column_worth(found, material, encoder, self.plan, float(self.budget) - elapsed, int(self.random_state))

    def _tabular(
        self, rows: Any, y: np.ndarray, task: str, groups: np.ndarray | None
    ) -> tuple[Any, dict[str, Any], tuple[str, ...], np.ndarray | None]:
        """Rows of a table as numbers, what goes with them, notes, and groups in which equal rows are together."""
        table = tabulated(rows, y, task, self.source, self.unlabelled)
        if self.partial_pooling is not None:
            table = grouped(table, self.partial_pooling, self.source is not None)
        notes, self.encoder_ = table.notes, table.encoder
        more = {"sources": table.sources, "unlabelled": table.unlabelled, "shown": table.shown}
        more["auxiliary"] = encoded_tasks(table, self.auxiliary or [])
        for words in table.shared:
            warnings.warn(words, TransferWarning, stacklevel=4)
        if not _together(groups, table.twins):
            groups = merge(groups, table.twins, len(y))
            notes = (*notes, f"{len(table.twins)} rows repeat others; equal rows stay in one fold.")
        return table.rows, more, notes, groups

    def _refuse_neighbours(self) -> None:
        """Refuse what only rows of a table can have beside them."""
        tasks = None if isinstance(self.auxiliary, OtherTasks) else self.auxiliary
        for name, value in (("auxiliary tasks", tasks), ("partial pooling", self.partial_pooling)):
            if value:
                raise ParameterError(
                    f"Expected rows of a table for {name}, found {self._kind.many}.",
                    "Leave it out; of features use AuxiliaryTaskClassifier(source=network, auxiliary=[...]).",
                )

    def _weights(self, y: np.ndarray, task: str, sample_weight: Any) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Weights of the examples in what is measured, and in learning; None where all are the same."""
        weight = None if sample_weight is None else row_weights(sample_weight, len(y))
        if self.class_weight is None:
            return weight, weight
        if task != "classification":
            raise ParameterError(
                f"Expected class_weight None for {'numbers' if task == 'regression' else 'several labels'}, "
                f"found {self.class_weight!r}.",
                "Give sample_weight instead.",
            )
        classes, codes = np.unique(y, return_inverse=True)
        learning = class_weights(classes, codes, self.class_weight)
        if not (np.isfinite(learning).all() and learning.min() >= 0 and learning.sum() > 0):
            raise ParameterError(f"Expected weights of classes of 0 or more, found {self.class_weight!r}.")
        return weight, learning if weight is None else weight * learning

    def _device(self) -> str:
        """Where networks run; rows of a table need no torch."""
        return "cpu" if self._kind.values else pick_device(self.device).type

    def _network(self) -> Any:
        if self.source is None or self._kind.values:
            return None
        return load_network(network_among(self.source)[0], input_type=self.input_type_)

    def _candidates(self, material: Material) -> list[Any]:
        network = material.network
        if self.plain and (material.numbers or self.candidates is not None):
            raise ParameterError(
                f"Expected plain with the standard candidates for pictures, clips or texts, found "
                f"{'candidates of your own' if self.candidates is not None else material.kind.many}.",
                "Leave plain out.",
            )
        if self.candidates is not None:
            borrowed = network is not None and network.trained and not material.numbers
            return named_candidates(self.candidates, features_borrowed=borrowed)
        if self.partial_pooling is not None and material.numbers:
            return pooling_candidates(material, random_state=self.random_state)
        if material.auxiliary:
            return auxiliary_candidates(material, random_state=self.random_state)
        if material.sources or (material.shown is not None and material.task != "multilabel"):
            return table_candidates(material, random_state=self.random_state)
        if material.numbers:
            own = standard_for_tables(material.task, random_state=self.random_state)
            return own + by_unlabelled(material, self.random_state)
        from headstart.guard.candidates.for_inputs import input_candidates

        return input_candidates(material, views=self.views, plain=self.plain, random_state=self.random_state)

    @property
    def _kind(self) -> Kind:
        return kind_named(self.input_type_)

    def _check(self, n: int) -> None:
        check_arguments({name: getattr(self, name) for name in ("budget", "n_splits", "n_jobs")}, {"n_jobs": None})
        if n < 4:
            raise DataError(f"Expected 4 labelled examples or more, found n_samples={n}.", "Label more.")

    def _inputs(self, X: Any) -> Any:
        """New examples in the form that the chosen estimator takes."""
        check_is_fitted(self, "best_estimator_")
        rows = self._rows(X, reset=False)
        found = getattr(rows, "kind", NUMBERS)
        if found is not self._kind:
            refuse_other_kind(found, self._kind, "as in fit")
        if self._kind.values:
            return rows if self.encoder_ is None else self.encoder_.transform(rows)
        if self.best_candidate_.takes == "rows":
            return rows
        network = getattr(self, "_heard", None) or self._network()
        seen = Material(rows, np.zeros(len(rows)), "regression", None, network, self._device())
        return seen.inputs("features")


def _together(groups: np.ndarray | None, pairs: list[tuple[int, int]]) -> bool:
    """Whether the rows of each pair are in one group already."""
    return not pairs or (groups is not None and all(groups[i] == groups[j] for i, j in pairs))
