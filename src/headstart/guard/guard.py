"""The guard: measure with and without transfer, choose, and hand over only what is not worse."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.plain import plain
from headstart.errors import GuessingWarning
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import Table, pick
from headstart.guard.choosing.verdict import verdict
from headstart.guard.comparing.comparison import Comparison
from headstart.guard.comparing.journal import Journal
from headstart.guard.comparing.out_of_fold import Split, fit_on, fold_numbers
from headstart.guard.comparing.plan import given_plan
from headstart.guard.comparing.run import compare
from headstart.guard.evidence import evidence as say
from headstart.guard.evidence.before import came_out, expected, findings, summary
from headstart.guard.evidence.before_tables import table_findings
from headstart.guard.evidence.domain_map import map_of
from headstart.guard.evidence.more_labels import more_labels
from headstart.guard.evidence.other_tasks import tasks_evidence
from headstart.guard.evidence.reference import Reference, eyes_of, reference_of
from headstart.math.statistics.probability import logits, probabilities

_CHECKPOINT = "final"


@dataclass
class Guarded:
    """What the guard hands over.

    Parameters
    ----------
    estimator : fitted estimator
        The chosen candidate, fitted to all examples.
    candidate : Candidate
        What it is.
    temperature : float
        What its logits are divided by.
    evidence : dict
        Everything that was measured, in plain JSON types.
    splits : list of (train, test)
        Folds of the first cross-validation.
    held : array
        What it said there of each example, learned without the example's fold.
    """

    estimator: Any
    candidate: Candidate
    temperature: float
    evidence: dict[str, Any]
    splits: list[Split]
    held: np.ndarray


def guard(
    material: Material,
    candidates: list[Candidate],
    *,
    budget: float,
    n_splits: int,
    random_state: int,
    journal: Journal,
    names: list[Any] | None,
    stated: bool = False,
    later: int = 0,
    plan: Any = None,
    n_jobs: int | None = 1,
) -> Guarded:
    """Compare candidates on the same folds, choose one, and fit it to all examples.

    Parameters
    ----------
    material : Material
        The target and the network offered.
    candidates : list of Candidate
        What is compared.
    budget : float
        Seconds for everything.
    n_splits : int
        Folds of the cross-validation.
    random_state : int
        Seed.
    journal : Journal
        Keeps finished folds for a resumed run.
    names : list or None
        Class, label or target names for the report.
    stated : bool, default=False
        Whether the candidates are the standard ones, whose prices for tables are known.
    later : int, default=0
        Examples that are predicted afterwards.
    plan : dict, optional
        ``evidence["plan"]`` of an earlier run, to be repeated.
    n_jobs : int or None, default=1
        How many folds are computed at once.

    Raises
    ------
    ParameterError
        If the plan is of other data, candidates or seed.
    """
    of = prints(material, candidates, random_state)
    look = table_findings if material.sources else findings
    found = journal.decide("findings", lambda: plain(look(material, random_state=random_state)))
    hopeful = expected(found)
    comparison = compare(
        material,
        candidates,
        budget=budget,
        n_splits=n_splits,
        random_state=random_state,
        journal=journal,
        expected=hopeful,
        stated=stated,
        later=later,
        plan=None if plan is None else given_plan(plan, of),
        n_jobs=n_jobs,
    )
    table = comparison.table(material)
    chosen = pick(table, expected=hopeful)
    outcome = comparison.outcomes[chosen]
    estimator = _final(outcome.candidate, material, journal)
    warmth, measured = _measured(material, comparison, table, chosen, hopeful, names, random_state)
    evidence = {
        "data": say.data_evidence(material, names),
        "source": say.source_evidence(material) or say.rows_evidence(material),
        "before": {"findings": found, "words": summary(found), "outcome": came_out(found, measured["verdict"])},
        "plan": comparison.written() | of,
        **measured,
        **_looked_at(material, estimator, comparison, table, chosen, random_state, budget, journal),
        **tasks_evidence(material, comparison, table, chosen, estimator),
        "history": list(getattr(estimator, "history_", None) or []),
        "reproduce": {"command": "", "code": "", "versions": say.versions(), "random_state": random_state},
        "seconds": journal.elapsed(),
        "budget": float(budget),
    }
    for words in evidence["warnings"]:
        warnings.warn(words, GuessingWarning, stacklevel=4)
    if material.sources and outcome.candidate.transfer:
        evidence["source"]["use"] = say.rows_used(estimator)
    return Guarded(estimator, outcome.candidate, warmth, plain(evidence), comparison.splits[0], outcome.predictions[0])


def kept_of(material: Material, found: Guarded, *, dates: np.ndarray | None = None, random_state: int) -> Reference:
    """What is kept of the data for `headstart.check`; of a trained network what it said of rows held out, too."""
    network, depth = eyes_of(found.estimator)
    trained = None
    if material.classes is not None and (network is None or depth) and getattr(found.estimator, "history_", None):
        held = probabilities(logits(found.held, multilabel=False) / found.temperature, multilabel=False)
        trained = found.estimator.network_, held
    more: dict[str, Any] = {"dates": dates, "trained": trained, "random_state": random_state}
    return reference_of(material, found.splits, network, depth, **more)


def _measured(
    material: Material,
    comparison: Comparison,
    table: Table,
    chosen: int,
    hopeful: bool,
    names: list[Any] | None,
    random_state: int,
) -> tuple[float, dict[str, Any]]:
    """Temperature of what was chosen, and all that its held-out predictions say."""
    outcome = comparison.outcomes[chosen]
    warmth, calibrated, changed = say.calibration(material, outcome, fold_numbers(comparison.splits[0], len(material)))
    predicted = say.prediction_evidence(material, outcome.predictions, calibrated, names, random_state)
    predicted["metrics"] |= changed
    estimate = say.estimate_evidence(table, chosen, expected=hopeful, random_state=random_state)
    guessed = say.guessing_evidence(material, outcome, estimate, names)
    more = more_labels(len(material), estimate, comparison.curves, outcome.candidate.transfer)
    return warmth, {
        "candidates": say.candidate_evidence(comparison, table, material, chosen),
        "left_out": comparison.left_out,
        "verdict": verdict(table, transfer_used=outcome.candidate.transfer, random_state=random_state),
        "estimate": estimate,
        **guessed,
        "test": None,
        **predicted,
        "curves": comparison.curves,
        "more_labels": more if guessed["trivial"]["better"] else [],
    }


def _looked_at(
    material: Material,
    estimator: Any,
    comparison: Comparison,
    table: Table,
    chosen: int,
    random_state: int,
    budget: float,
    journal: Journal,
) -> dict[str, Any]:
    """What is drawn of the two sides of a transfer."""
    scores = table.scores.mean(axis=0)
    drawn = map_of(
        material, estimator, comparison.outcomes, scores, chosen, random_state=random_state, budget=float(budget)
    )
    return {} if drawn is None else {"domains": drawn}


def _final(candidate: Candidate, material: Material, journal: Journal) -> Any:
    """Fit the chosen candidate to all examples, from its checkpoint if a killed run left one."""
    if material.progress is not None:
        material.progress("final training", 0, 1)
    estimator = fit_on(candidate, material, checkpoint=journal.checkpoint(_CHECKPOINT))
    if material.progress is not None:
        material.progress("final training", 1, 1)
    return estimator


def run_key(material: Material, candidates: list[Candidate], n_splits: int, random_state: int) -> str:
    """Hash of everything that decides the folds' results: data, network, candidates, seed, versions.

    Returns
    -------
    str
        32 hex digits.
    """
    return _hash(json.dumps([prints(material, candidates, random_state), n_splits, say.versions()]).encode())


def prints(material: Material, candidates: list[Candidate], random_state: int) -> dict[str, Any]:
    """What a plan has to agree with: hashes of the data and of the candidates, and the seed."""
    parts = _content(material.rows, material.numbers)
    labels = (material.y, material.groups, material.weight, material.learning)
    said = [material.measured.name, *(None if part is None else part.tolist() for part in labels)]
    parts.append(json.dumps(said).encode())
    for source in (*material.sources, *material.auxiliary):
        parts += [np.ascontiguousarray(source.X).tobytes(), str(np.asarray(source.y).tolist()).encode()]
    for source in material.lent:
        parts += [*_content(source.X, numbers=False), str(np.asarray(source.y).tolist()).encode()]
    if material.unlabelled is not None:
        parts += _content(material.unlabelled, material.numbers)
    if material.beside is not None:
        said = [[name, one.kept.tolist(), one.y.tolist()] for name, one in material.beside.labels.items()]
        parts += [*_content(material.beside.inputs, numbers=False), json.dumps(said).encode()]
    described = [(c.name, c.transfer, c.dear, type(c.estimator).__name__, _settings(c.estimator)) for c in candidates]
    network = "" if material.network is None else material.network.digest
    return {
        "data": _hash(*parts),
        "candidates": _hash(json.dumps([network, described], default=str).encode()),
        "random_state": int(random_state),
    }


def _content(rows: Any, numbers: bool) -> list[bytes]:
    """What tells rows from others: all of an array, digests of inputs."""
    if numbers:
        return [np.ascontiguousarray(rows).tobytes()]
    return [rows.digest(i).encode() for i in range(len(rows))]


def _hash(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()[:32]


def _settings(estimator: Any) -> list[tuple[str, str]]:
    plain = (str, int, float, bool, list, tuple, type(None))
    found = estimator.get_params(deep=True).items()
    return [(name, repr(value) if isinstance(value, plain) else type(value).__name__) for name, value in sorted(found)]
