"""An adaptation of a problem computed once, and the way back: from the target's answers to the source's labels."""

from __future__ import annotations

import numpy as np

from headstart.contract.remembered import remembered
from headstart.features.adapted.adaptation import Adaptation
from headstart.features.adapted.problem import Problem, solved_head

#: Outcomes that are kept: those that one choice among all adaptations asks for more than once.
_KEPT = 64


def adapted_once(adaptation: Adaptation, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """As ``adaptation.adapted(problem)``; of the adaptations here the outcome is kept for whoever asks for it next.

    "joined" asks for the heads of four others, which a choice among all of them has computed already.

    Returns
    -------
    tuple of ndarray (r, K) and (K,)
        Shared: not to be changed.
    """
    if problem.estimator is not None or not type(adaptation).__module__.startswith(__name__.rpartition(".")[0] + "."):
        return adaptation.adapted(problem)
    arrays = (problem.source, problem.y, problem.weight, problem.target, problem.known, problem.coef, problem.intercept)
    words = f"{adaptation!r}, penalty {problem.penalty!r}, seed {problem.seed}"
    return remembered(words, arrays, lambda: adaptation.adapted(problem), shelf="adapted", kept=_KEPT)


def carried_back(adaptation: Adaptation, problem: Problem, answers: np.ndarray) -> np.ndarray:
    """Classes of the source's rows as an adaptation finds them that learns from the target's answers.

    It goes in the coordinates and with the penalty that served on the way there, so that it costs no more than the head
    and the adaptation.

    Parameters
    ----------
    adaptation : Adaptation
    problem : Problem
        Of the way there.
    answers : ndarray of shape (m,)
        Class codes of the target's rows.

    Returns
    -------
    ndarray of shape (n,)
        Class codes of the source's rows; where all answers are the same, that one.

    References
    ----------
    Bruzzone and Marconcini (2010), Domain adaptation problems: a DASVM classification technique and a circular
    validation strategy.
    """
    have, y = np.unique(answers, return_inverse=True)
    if len(have) < 2:
        return np.full(len(problem.source), have[0])
    unit = np.float32(max(float(np.sqrt(np.square(problem.target, dtype=np.float64).mean())), 1e-12))
    source, target, weight = problem.target / unit, problem.source / unit, np.ones(len(y))
    head = solved_head(problem.estimator, source, y, weight, len(have), problem.penalty)
    unknown = np.full(len(target), -1)
    back = Problem(source, y, weight, target, unknown, *head, problem.estimator, problem.seed)
    coef, intercept = adapted_once(adaptation, back)
    return np.asarray(have[(target @ coef + intercept).argmax(axis=1)])
