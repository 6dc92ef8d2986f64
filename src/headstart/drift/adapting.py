"""A model for new data, from what the one before learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.data.base.address import address_of
from headstart.data.reading.options import Reading
from headstart.data.reading.read import read_dataset
from headstart.drift.new_examples import NewExamples
from headstart.errors import ParameterError, SourceError
from headstart.models.evaluation.labelled import reading_like
from headstart.models.evaluation.learned import adapted_blind
from headstart.models.fitting import fit
from headstart.models.labelled_sets import parted
from headstart.models.model import Model


def what_it_learned_from(known: Model, learned_from: Any) -> Any:
    """The labelled data to adapt from: those that are named, else those of which the model's evidence tells.

    Parameters
    ----------
    known : Model
    learned_from : path, Dataset, frame or None

    Raises
    ------
    ParameterError
        If the model does not answer with one of several classes.
    SourceError
        If the data are not there any more.
    """
    if known.task != "classification":
        raise ParameterError(
            f"Expected a model of classes to adapt, found one of the task {known.task!r}.",
            "Label some of the new data, and fit with both: headstart fit NEW --source OLD.",
        )
    if known.views is not None:
        raise ParameterError(
            "Expected a model of one view to adapt, found one of several.",
            "Label some of the new data, and fit them with the old ones in one table.",
        )
    if learned_from is not None:
        return learned_from
    place = _given(known).get("data")
    if adapted_blind(known):
        place = next(iter(parted(_given(known).get("sources"))[1]), None)
    if not isinstance(place, str) or not place:
        raise SourceError(
            "Expected to know the labelled data that the model learned from, found a model that names none.",
            "Name them: --learned-from DATA, learned_from=.",
        )
    if address_of(place) is None and not Path(place).exists():
        raise SourceError(
            f"Expected the data that the model learned from at {place}, as they were named then, found nothing there.",
            "Name them: --learned-from DATA, learned_from=.",
        )
    return place


def adapted(known: Model, new: NewExamples, data: Any, out: str | Path, old: Any, told: Reading, seed: int) -> Model:
    """Learn from the old labelled data for the new ones, under the guard, and save what comes out.

    Without labels of the new data `headstart.SafeAdaptedClassifier` adapts and chooses, and says that it is not proven;
    with labels the guard measures whether the old data help.

    Parameters
    ----------
    known : Model
    new : NewExamples
    data : path, frame, Dataset or (X, y)
        What they were read from.
    out : path-like
    old : path, Dataset or frame
        See `what_it_learned_from`.
    told : Reading
        What was said of the new data.
    seed : int
    """
    labelled = new.y is not None
    data = data if labelled else new.inputs
    given, lent = _given(known), old
    reading = dict(given.get("reading") or {})
    if known.kind.values:
        label = reading.get("label") or ()
        if not labelled:
            data = data.drop(columns=[label] if isinstance(label, str) else list(label), errors="ignore")
        reading |= told.said()
    else:
        if isinstance(old, str | Path):
            old = read_dataset(old, **reading)
        reading = (reading_like(known, data, told)[0] if labelled else told).said()
    sources = [one for one in given.get("sources") or [] if one not in ("none", "auto", str(lent))]
    # what cannot be read is named by the check already
    return fit(data, [*sources, old], out=out, random_state=seed, skip_bad=bool(new.left_out), **reading)


def _given(known: Model) -> dict[str, Any]:
    found = (known.evidence.get("reproduce") or {}).get("given")
    return found if isinstance(found, dict) else {}
