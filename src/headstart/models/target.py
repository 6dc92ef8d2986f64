"""What a user gave to learn, whatever its form, and what is offered to borrow from."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.address import brought
from headstart.data.base.kinds import CLIPS
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.view_table import views_of
from headstart.data.sets.checks import check_labels
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import sentences, tell
from headstart.data.sets.other_tasks import beside
from headstart.data.sets.screen import screen
from headstart.data.sets.unlabelled import apart_from
from headstart.errors import DataError, NoLabels, ParameterError, about
from headstart.guard.candidates.shared_rows import kept_apart
from headstart.keywords.material import KEYWORD
from headstart.models.labelled_sets import AUTO, parted, read_sets, screened_sets
from headstart.models.offered import inputs_offered, kind_offered, listed, rows_offered, tables_offered
from headstart.models.several_views import screened_views, source_of_views, unlabelled_rows
from headstart.networks.reading.loading import load_network
from headstart.networks.window import window_notes

if TYPE_CHECKING:  # rows of a table need no torch
    from headstart.networks.network import Network


@dataclass(frozen=True)
class Target:
    """The data to learn and what goes with them.

    Parameters
    ----------
    source : anything
        What is borrowed from: a network's source, of a table of values a list of `Source`, or None.
    named : anything
        The same as the user named it, for the command that repeats the run.
    more : dict
        Further arguments of the guard: rows without labels.
    sets : list of LabelledSet, or of Source
        Labelled sets beside a network; sources once they were screened.
    """

    dataset: Dataset
    source: Any
    named: Any
    more: dict[str, Any] = field(default_factory=dict)
    sets: list[Any] = field(default_factory=list)

    @property
    def offered(self) -> Any:
        """What the guard gets as its source."""
        return [self.source, *self.sets] if self.sets else self.source


Progress = Callable[[str, int, int], None]
#: Examples drawn at random from which an estimate counts these alone.
ENOUGH_DRAWN = 20


def read_target(
    data: Any,
    source: Any,
    reading: Reading,
    *,
    unlabelled: Any = None,
    text_windows: int | None = None,
    auxiliary: Any = None,
) -> Target:
    """Recognise and read what there is to learn from, and settle what it borrows from.

    Parameters
    ----------
    data, source, unlabelled, text_windows, auxiliary
        As in `headstart.fit`; tasks beside one whose inputs a network sees are data sets by their names.
    reading : Reading
        What was said of the data; the task "keyword" makes them clips.

    Raises
    ------
    DataError, ParameterError
        If the data cannot be read so.
    """
    named = source
    data, source, unlabelled = brought(data), brought(source), brought(unlabelled)
    own = data if listed(source) or unlabelled is not None else None
    words = reading.task == KEYWORD
    told = dataclasses.replace(reading, task=None) if words else reading
    with about(own):
        found = recognise(data, told, wanted=lambda: kind_offered(source), only=CLIPS if words else None)
    if found.values:
        tables = found.tables(tables_offered(source), rows_offered(unlabelled))
        with about(own):
            _check_labels(tables.target, tables.sources)
        return Target(
            tables.target,
            list(tables.sources) or None,
            named,
            {"unlabelled": tables.unlabelled, "auxiliary": auxiliary},
        )
    with about(own):
        dataset = found.dataset()
    views = views_of(dataset)
    if views is not None:
        more = unlabelled_rows(list(rows_offered(unlabelled)), dataset)
        return Target(dataset, source_of_views(source, views), named, {"unlabelled": more, "auxiliary": auxiliary})
    source, sets = parted(source)
    if isinstance(source, str) and source == AUTO:
        dataset, source = _bundled(dataset)
        named = named if sets else source
    if sets and source is None:
        raise ParameterError(
            f"Expected a network beside labelled sets of {dataset.kind.many}, found none.",
            "Name one too (--source, source=[network, ...]).",
        )
    more = {"unlabelled": inputs_offered(unlabelled, dataset), "auxiliary": auxiliary}
    found_sets = read_sets(sets, dataset, reading)
    with about(own):
        _check_labels(dataset, found_sets)
    if text_windows is not None:
        from headstart.parameters.tuning.plan import source_with_windows

        source = source_with_windows(source, dataset.input_type, text_windows)
    return Target(dataset, source, named, more, found_sets)


def _check_labels(dataset: Dataset, sets: Sequence[Any]) -> None:
    """Refuse labels that cannot be learned from; beside labelled sets too few of them can measure all the same."""
    try:
        check_labels(dataset)
    except NoLabels:
        raise
    except DataError as error:
        if not sets or dataset.task != "classification" or min(dataset.n_per_class().values(), default=0) > 1:
            raise
        raise DataError(
            error.message,
            f"{error.todo} Or fit the same {dataset.kind.many} without their labels, to which the labelled data are "
            "then adapted: headstart evaluate measures such a model on these labels, however few.",
        ) from error


def screened(target: Target, skip_bad: bool, progress: Progress | None) -> Target:
    """The target with its pictures, clips or texts each looked at once, or with the rows of its tables kept apart.

    Parameters
    ----------
    target : Target
    skip_bad : bool
        Leave out what cannot be read, instead of raising.
    progress : callable or None

    Raises
    ------
    BadInputs, DataError
        See `headstart.data.sets.screen.screen`.
    """
    dataset = target.dataset
    if views_of(dataset) is not None:
        seen_views = screened_views(dataset, target.source, skip_bad, progress)
        _tell_new(seen_views, dataset)
        return dataclasses.replace(target, dataset=seen_views)
    if dataset.kind.values:
        whole, sources, unlabelled = kept_apart(dataset, target.source or [], target.more.get("unlabelled"))
        _tell_new(whole, dataset)
        return dataclasses.replace(
            target, dataset=whole, source=sources or None, more={**target.more, "unlabelled": unlabelled}
        )
    network, seen = seen_through(target)
    found = screen(dataset, seen, skip_bad=skip_bad, progress=progress)
    more: Any = target.more.get("unlabelled")
    said: tuple[str, ...] = ()
    if more is not None:
        kept, said = apart_from(found, more, seen, progress)
        more = more[kept] if len(kept) else None
    sets, told = screened_sets(target.sets, found, seen, progress)
    others = target.more.get("auxiliary")
    if isinstance(others, Mapping) and others:
        others, of_tasks = beside(others, found, dataset, seen, progress)
        told = (*told, *of_tasks)
    notes = (*found.notes, *window_notes(network, divided(found)[0].inputs), *said, *told)
    whole = dataclasses.replace(found, notes=notes)
    _tell_new(whole, dataset)
    lent = {"unlabelled": more, "auxiliary": others}
    return dataclasses.replace(target, dataset=whole, more={**target.more, **lent}, sets=sets)


def _tell_new(found: Dataset, before: Dataset) -> None:
    """Say what is known of a data set beyond what was said before."""
    known = set(sentences(before))
    tell(line for line in sentences(found) if line not in known)


def seen_through(target: Target) -> tuple[Network | None, Any]:
    """The network that is borrowed from, if any, and the form in which inputs are looked at."""
    kind = target.dataset.kind
    if target.source is None:
        return None, simple_of(kind).preprocessing
    network = load_network(target.source, input_type=kind.input_type)
    return network, network.preprocessing


def divided(dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    """The pool to learn from, and the part kept for the final score (None where the data are not divided)."""
    aside = dataset.held_out
    if aside is None or dataset.parts is None:
        return dataset, None
    rest = sorted(set(dataset.parts.tolist()) - {aside})
    return dataset.part(*rest), dataset.part(aside)


def counted_rows(pool: Dataset) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Which examples the estimate counts (None: all), and a note where some were chosen to be labelled.

    What was chosen because it stands for many or is hard does not score as new examples will; what was drawn at random
    does, and 20 of those tell more than all together.
    """
    if pool.drawn is None or pool.drawn.all():
        return None, ()
    n, kind = int(pool.drawn.sum()), pool.kind
    if n < ENOUGH_DRAWN:
        words = (
            f"Of {kind.count(len(pool))} {n} were drawn at random and the others chosen to be labelled: the estimate "
            f"may flatter or run down. From {ENOUGH_DRAWN} drawn at random on it counts these alone."
        )
        return None, (words,)
    words = f"Scores count the {n} {kind.many} that were drawn at random; all {len(pool)} are learned from."
    return pool.drawn, (words,)


def _bundled(dataset: Dataset) -> tuple[Dataset, str | None]:
    """What is borrowed from where nothing is named; for texts no network is bundled, which is noted."""
    if dataset.kind.starter is not None:
        return dataset, dataset.kind.starter
    words = f"Nothing was borrowed: for {dataset.kind.many} no network is bundled. Name one (--source, source=...)."
    return dataclasses.replace(dataset, notes=(*dataset.notes, words)), None


def weights_by_class(class_weight: Any, dataset: Dataset) -> Any:
    """Weights by class as the labels have them: names on a command line are words, labels may be numbers.

    Raises
    ------
    ParameterError
        For a class that the data do not have.
    """
    if not isinstance(class_weight, Mapping) or dataset.task != "classification":
        return class_weight
    known = {str(label): label for label in np.unique(dataset.y).tolist()}
    unknown = [str(name) for name in class_weight if str(name) not in known]
    if unknown:
        raise ParameterError(
            f"Expected weights for the classes {', '.join(known)}, found {unknown[0]!r}.",
            "Write the classes as the data have them.",
        )
    return {known[str(name)]: float(weight) for name, weight in class_weight.items()}
