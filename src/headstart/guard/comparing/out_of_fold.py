"""Predictions for examples that a candidate did not see."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from headstart.contract.answers import predicted
from headstart.contract.weighted_fit import takes_weights, weight_argument
from headstart.errors import TransferWarning
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.crew import Ahead, Crew
from headstart.guard.comparing.deadline import within
from headstart.guard.comparing.journal import Journal
from headstart.networks.running.precision import as_fitted

Split = tuple[np.ndarray, np.ndarray]


@dataclass
class Outcome:
    """Out-of-fold predictions of one candidate.

    Parameters
    ----------
    predictions : list of array
        For each finished repeat, one row for each example: probabilities (n, K) or (n, L), or numbers.
    seconds : float
        Time that fitting and predicting took.
    out : bool
        Whether the first repeat showed that it cannot be taken, and that no mixture needs it: it has no other.
    """

    candidate: Candidate
    predictions: list[np.ndarray]
    seconds: float = 0.0
    out: bool = False


def fit_on(
    candidate: Candidate,
    material: Material,
    index: np.ndarray | None = None,
    *,
    checkpoint: Path | None = None,
    known: Any = None,
    **settings: Any,
) -> Any:
    """Fit a fresh estimator of a candidate to some of the examples.

    Parameters
    ----------
    candidate : Candidate
    material : Material
    index : array of int, optional
        Examples to fit to. Default: all.
    checkpoint : Path, optional
        Where a candidate that trains in epochs keeps what it goes on from after a kill.
    known : optional
        What another fit chose, its ``choices_``: it is taken instead of being chosen anew.
    **settings
        Arguments to set where the estimator has them.

    Returns
    -------
    fitted estimator
    """
    rows = np.arange(len(material)) if index is None else index
    kept = {"checkpoint": checkpoint} if candidate.dear and checkpoint is not None else {}
    estimator = candidate.fresh(**settings, **kept)
    if known is not None:
        estimator.known = known
    arguments: dict[str, Any] = {}
    if material.groups is not None and "groups" in inspect.signature(estimator.fit).parameters:
        arguments["groups"] = material.groups[rows]
    if material.learning is not None and takes_weights(estimator):
        arguments[weight_argument(estimator)] = material.learning[rows]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")  # that labels are few is said beforehand
        if material.sources or material.auxiliary:  # one warning a fold says nothing that the scores do not say
            warnings.simplefilter("ignore", TransferWarning)
            warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(material.inputs(candidate.takes)[rows], material.y[rows], **arguments)
    return estimator.set_params(checkpoint=None) if kept else estimator  # where it was is not part of a model


def predict_on(estimator: Any, candidate: Candidate, material: Material, index: np.ndarray) -> np.ndarray:
    """Predictions for some examples of the material, see `predicted`."""
    with as_fitted():
        return predicted(estimator, material.inputs(candidate.takes)[index], material.task, material.classes)


def crew_for(
    material: Material, candidates: Sequence[Candidate], n_jobs: int | None = 1, journal: Journal | None = None
) -> Crew:
    """Who computes the folds of these candidates; see `Crew`."""
    known = {candidate.name: candidate for candidate in candidates}

    def sent() -> Any:
        if any(candidate.takes == "features" for candidate in candidates):
            material.inputs("features")  # once, here
        return material.sendable(), known

    return Crew((material, known), sent, n_jobs, None if journal is None else journal.away)


def held_out(
    shared: tuple[Material, dict[str, Candidate]],
    name: str,
    train: np.ndarray,
    test: np.ndarray,
    checkpoint: Path | None = None,
    known: Any = None,
) -> tuple[np.ndarray, float, Any]:
    """Predictions of a candidate for some examples, fitted to others: one task of a `Crew`.

    Parameters
    ----------
    shared : (Material, dict of str to Candidate)
    name : str
        Of the candidate.
    train, test : array of int
    checkpoint : Path, optional
        Not used by a worker that does not see its folder.
    known : optional
        See `fit_on`.

    Returns
    -------
    predictions : array
    seconds : float
        That fitting and predicting took.
    choices : optional
        What was chosen, for ``known`` of another fit.
    """
    material, candidate, start = shared[0], shared[1][name], time.monotonic()
    place = checkpoint if checkpoint is not None and checkpoint.parent.is_dir() else None
    estimator = fit_on(candidate, material, train, checkpoint=place, known=known)
    choices = estimator.choices_ if hasattr(estimator, "known") else None
    return predict_on(estimator, candidate, material, test), time.monotonic() - start, choices


def fold_tasks(
    candidate: Candidate, splits: Sequence[Split], journal: Journal, name: str, like: str = ""
) -> dict[Hashable, tuple[Any, ...]]:
    """The folds of a candidate as tasks for `held_out`, by their names in the journal.

    With ``like``, the name of a cross-validation that is done, each fold takes the penalties and feature sets that its
    namesake there chose.
    """
    tasks: dict[Hashable, tuple[Any, ...]] = {}
    for f, split in enumerate(splits):
        key = f"{name}-{f}"
        tasks[key] = (candidate.name, *split, journal.checkpoint(key), choices_of(journal, like, f))
    return tasks


def choices_of(journal: Journal, name: str, fold: int) -> Any:
    """What a candidate chose in a fold of a cross-validation that is done; None where it chooses nothing."""
    return journal.known(f"choices of {name}-{fold}")


def file_name(candidate: Candidate, splits: Sequence[Split], repeat: int) -> str:
    """What the folds of one cross-validation of a candidate are called in the journal."""
    plain = "".join(letter if letter.isalnum() else "-" for letter in candidate.name)
    return f"{plain}-{len(splits)}-folds-{repeat}"


def out_of_fold(
    candidate: Candidate,
    material: Material,
    splits: Sequence[Split],
    journal: Journal,
    *,
    name: str,
    ahead: Ahead | None = None,
    may_go_on: Callable[[float, Sequence[np.ndarray]], bool] | None = None,
    left: Callable[[], float] | None = None,
) -> tuple[np.ndarray | None, float]:
    """Predict every example by an estimator that was fitted without its fold.

    Parameters
    ----------
    candidate : Candidate
    material : Material
    splits : sequence of (train, test)
        Every example is in exactly one test part.
    journal : Journal
        Where finished folds are kept.
    name : str
        Names the folds in the journal.
    ahead : Ahead, optional
        Where the folds, see `fold_tasks`, are under way. Default: they are computed here.
    may_go_on : callable, optional
        Asked after each fold but the last with the seconds of the folds so far and their predictions; False gives up.
    left : callable, optional
        Seconds that are left; a fold that takes longer is interrupted.

    Returns
    -------
    predictions : array or None
        One row for each example; None when given up.
    seconds : float
        Time of the folds that ran.

    Raises
    ------
    OutOfTime
        If a fold was interrupted.
    """
    total, parts = 0.0, []
    tasks = fold_tasks(candidate, splits, journal, name)
    under_way = crew_for(material, [candidate]).ahead(held_out, tasks) if ahead is None else ahead
    for f, key in enumerate(tasks):

        def compute(key: Hashable = key) -> tuple[np.ndarray, float]:
            with within(None if left is None else left(), under_way.again):
                prediction, seconds, choices = under_way.get(key)
            if choices is not None:
                journal.decide(f"choices of {key}", lambda: choices)
            return prediction, seconds

        prediction, seconds = journal.fold(str(key), compute)
        journal.forget_checkpoint(str(key))
        parts.append(prediction)
        total += seconds
        if material.progress is not None:
            material.progress(candidate.words, f + 1, len(splits))
        if may_go_on is not None and f + 1 < len(splits) and not may_go_on(total, parts):
            if material.progress is not None:
                material.progress(candidate.words, len(splits), len(splits))
            return None, total
    result = np.empty((len(material), *parts[0].shape[1:]))
    for (_, test), prediction in zip(splits, parts, strict=True):
        result[test] = prediction
    return result, total


def fold_numbers(splits: Sequence[Split], n: int) -> np.ndarray:
    """Fold of each example, (n,)."""
    fold = np.empty(n, dtype=int)
    for f, (_, test) in enumerate(splits):
        fold[test] = f
    return fold
