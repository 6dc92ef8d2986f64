"""What a prediction says beside each answer: unlike the training data, sets of classes, whom to refer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.drift.unlike import Likeness, likeness
from headstart.errors import DataError, ParameterError
from headstart.math.statistics.conformal import answer_threshold, prediction_sets, set_threshold

if TYPE_CHECKING:  # a plain answer is given without what thresholds are found with
    from headstart.guard.evidence.use import Asked, Decision


@dataclass(frozen=True)
class Beside:
    """What is added to the answers of a model.

    Attributes
    ----------
    likeness : Likeness or None
        What inputs are held against.
    set_from, answer_from : float or None
        Probabilities from which on a class belongs to the set, and an answer is given.
    words : tuple of str
        What was promised, on how many examples.
    decision : Decision or None
        The threshold that decides between two classes, in the place of the likelier.
    labels : dict
        The two classes by their names.
    """

    likeness: Likeness | None = None
    set_from: float | None = None
    answer_from: float | None = None
    words: tuple[str, ...] = ()
    decision: Decision | None = None
    labels: dict[str, Any] = field(default_factory=dict)

    def add(self, inputs: Any, answers: Sequence[dict[str, Any]]) -> None:
        """Put ``unlike`` with its ``percentile``, ``set`` and ``refer`` into answers."""
        if self.likeness is not None:
            for answer, unlike, share in zip(answers, *self.likeness.of(inputs), strict=True):
                answer |= {"unlike": bool(unlike), "percentile": round(100 * float(share), 1)}
        if self.set_from is not None and answers:
            shares = np.array([list(answer["probabilities"].values()) for answer in answers])
            for answer, held in zip(answers, prediction_sets(shares, self.set_from), strict=True):
                answer["set"] = [name for name, inside in zip(answer["probabilities"], held, strict=True) if inside]
        if self.answer_from is not None:
            for answer in answers:
                answer["refer"] = answer["probability"] < self.answer_from
        for answer in answers if self.decision is not None else ():
            self._decide(answer)

    def _decide(self, answer: dict[str, Any]) -> None:
        """The label by the threshold, as the class has it, and its probability."""
        assert self.decision is not None, "asked where there is one"
        shares = answer["probabilities"]
        taken = shares[self.decision.positive] >= self.decision.threshold
        name = self.decision.positive if taken else self.decision.negative
        answer |= {"label": self.labels.get(name, name), "probability": shares[name]}


def beside(model: Any, sets: float | None, refer: float | None, asked: Asked | None = None) -> Beside:
    """What is to be said beside the answers of a model.

    Parameters
    ----------
    model : headstart.Model
    sets, refer : float or None
        How often sets may miss the truth, and answers be wrong.
    asked : Asked, optional
        How to decide between two classes.

    Raises
    ------
    DataError
        For models that keep no answers that were held out, or that do not choose one of several classes.
    ParameterError
        For rates that are none, or that so few examples cannot promise.
    """
    found = likeness(model)
    if asked is not None and asked.said:
        if refer is not None:
            raise ParameterError(
                "Expected refer or a threshold, found both: what is referred is told by the likelier class.",
                "Keep one.",
            )
        from headstart.guard.evidence.use import decision

        chosen = decision(model.evidence, asked)
        labels = {str(name): name for name in model.classes_.tolist()}
        rest = beside(model, sets, None)
        return replace(rest, words=(*rest.words, chosen.words), decision=chosen, labels=labels)
    if sets is None and refer is None:
        return Beside(found)
    if model.task != "classification":
        raise DataError(f"Expected a model of classes for --sets and --refer, found one of {model.task}.")
    held = model.evidence.get("held_out") or {}
    of_label, of_answer = (np.array(held.get(key) or [], dtype=float) for key in ("of_label", "of_answer"))
    if not held or len(of_label) != len(of_answer):
        raise DataError(
            "Expected a model that keeps what it answered where it had not learned, found one without.",
            "Fit it again with this version, on labels: of what is adapted without them nothing was held out.",
        )
    n, words = len(of_label), []
    set_from = answer_from = None
    if sets is not None:
        set_from = set_threshold(of_label, sets)
        words.append(f"Sets hold the truth in {100 * (1 - sets):g}% of cases like the {n} held out.")
    if refer is not None:
        answer_from = answer_threshold(of_answer, of_label >= of_answer, refer)
        kept = 100 * float((of_answer >= answer_from).mean())
        words.append(
            f"Answers are wrong in at most {100 * refer:g}% of cases like the {n} held out, of which {kept:.0f}% are "
            "answered; the others are referred."
        )
    return Beside(found, set_from, answer_from, tuple(words))
