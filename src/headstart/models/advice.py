"""When, what, how: everything that is offered in one ranking, measured before anything is trained."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.adviser.advised import Advice, more_lines, sentence
from headstart.adviser.ranking import NONE, Offer, ranked
from headstart.contract.arguments import a, plainly
from headstart.data.base.address import brought
from headstart.data.base.files import check_there
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.sets.description import sentences, tell
from headstart.data.sets.screen import screen
from headstart.data.sets.spelling import spelling_hints
from headstart.errors import HeadstartError, ParameterError, SourceError, unknown_options
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.table_rows import tabulated
from headstart.guard.evidence.before import expected, findings
from headstart.guard.evidence.before_tables import table_findings
from headstart.models.advised_inputs import HEAD, Watch, offers_of_networks, offers_of_sets
from headstart.models.advised_tables import HOW, offers_of_rows
from headstart.models.labelled_sets import AUTO, is_set, read_sets, screened_sets
from headstart.models.offered import kind_offered, listed
from headstart.models.target import Target, divided, read_target, screened, seen_through
from headstart.networks.reading.forms import refuse_absent
from headstart.networks.reading.loading import load_network
from headstart.progress import Progress
from headstart.training.device import pick_device

#: Options of `advise` beside those on reading.
_OWN = ("unlabelled", "skip_bad", "budget", "random_state", "device", "progress")

if TYPE_CHECKING:  # tables are advised on without torch
    from headstart.networks.network import Network


@plainly(reading=a("a Reading", Reading))
def advise(
    data: Any,
    sources: Any = AUTO,
    reading: Reading | None = None,
    *,
    unlabelled: Any = None,
    skip_bad: bool = False,
    budget: float = 60.0,
    random_state: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    **how: Any,
) -> Advice:
    """Say before training whether to borrow, from which of several sources, what of it, and how.

    Each source is measured on the labelled examples: the features of a network by nearest neighbours and leave-one-out
    ridge regression, rows of tables and of labelled sets by linear models on folds, next to the target alone.
    Nothing is trained, and a part kept for the final score is not looked at.

    Parameters
    ----------
    data
        As in `headstart.fit`.
    sources : one source or a list
        Networks, labelled sets, tables, as ``source`` of `headstart.fit`, but any number of each. "auto" is the starter
        for the data. One of several that cannot be used is refused in the ranking; a path that leads to nothing raises.
    reading : Reading, optional
        How the data are read; or in the names of `headstart.fit`, as ``label="ill"``.
    unlabelled
        As in `headstart.fit`.
    skip_bad : bool, default=False
        Whether to go on without broken files.
    budget : float, default=60
        Seconds; what is not measured by then is listed without figures.
    random_state : int, default=0
        Seed of the sample that is looked at.
    device : str, default="auto"
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    Advice

    Raises
    ------
    DataError, ParameterError
        As `headstart.fit`.
    SourceError
        If a source is not there, or the only one cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from headstart import Source
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    >>> y = np.where(frame["a"] > 0, "ill", "well")
    >>> found = advise((frame[:40], y[:40]), [Source(frame[40:], np.where(y[40:] == "ill", "well", "ill"), "there")])
    >>> found.words.split(": 'ill'")[0]
    'No gain is to be expected from this source: its labels look swapped'
    """
    watch, told = Watch(budget, time.monotonic()), _reading(reading, how)
    if told.view is not None:
        raise ParameterError(
            "Expected data that are seen in one way, found several views.",
            "headstart fit measures each view, with its network and without.",
        )
    given = listed(sources)
    for one in given:
        if isinstance(one, str | os.PathLike):
            refuse_absent(one)
    offered = [brought(one) for one in given]
    networks = [one for one in offered if not is_set(one)]
    wanted = networks[0] if networks else None
    if recognise(brought(data), told, wanted=lambda: kind_offered(wanted)).values:
        return _of_tables(data, offered, told, unlabelled, watch, random_state)
    first = networks[0] if networks else AUTO if sources is not None and sources != NONE else None
    target = read_target(data, first, told, unlabelled=unlabelled)
    tell(sentences(target.dataset))
    names = [*networks] or [target.source]
    starter = target.dataset.kind.starter
    if networks and starter is not None and _says_auto(sources):
        names = [starter, *networks]
    alone = len(offered) <= 1
    refused: list[Offer] = []
    loaded: list[tuple[str, Network]] = []
    for one in names if target.source is not None else []:
        try:
            network = load_network(one, input_type=target.dataset.kind.input_type if alone else None)
            loaded.append((_called(one), network))
        except HeadstartError as error:
            if alone:
                raise
            refused.append(Offer(_called(one), "parameters", HEAD, None, _why(error), True))
    fits = [network for _, network in loaded if network.takes is target.dataset.kind]
    seen = fits[0].preprocessing if fits else seen_through(dataclasses.replace(target, source=None))[1]
    whole = screen(target.dataset, seen, skip_bad=skip_bad, progress=progress)
    pool, _ = divided(whole)
    material = Material(pool.inputs, pool.y, pool.task, pool.groups, None, str(pick_device(device)), progress)
    offers, found, best = offers_of_networks(material, loaded, watch)
    notes = [*whole.notes]
    for one in (one for one in offered if is_set(one)):
        try:
            sets, said = screened_sets(read_sets([one], target.dataset, told), whole, seen, progress)
        except HeadstartError as error:
            if alone:
                raise
            refused.append(Offer(_called(one), "instances", HOW["instances"], None, _why(error), True))
            continue
        notes += said
        if best is None or watch.over:
            why = "no network to compare by" if best is None else "the time was up; --budget gives more"
            refused.append(Offer(_called(one), "instances", HOW["instances"], None, why, best is None))
        elif sets:
            offers += offers_of_sets(material, sets, best, notes.append)
    found = found or findings(material)
    return _advice([*offers, *refused], material, found, notes, watch)


def _says_auto(sources: Any) -> bool:
    """Whether "auto" stands among several sources."""
    return isinstance(sources, list) and any(isinstance(one, str) and one.lower() == AUTO for one in sources)


def _reading(reading: Reading | None, how: dict[str, Any]) -> Reading:
    """How the data are read, by an object or by name."""
    known = {one.name for one in dataclasses.fields(Reading)}
    if set(how) - known:
        raise unknown_options("advise", sorted(set(how) - known), [*known, *_OWN])
    return dataclasses.replace(reading or Reading(), **how)


def _of_tables(data: Any, offered: list[Any], reading: Reading, unlabelled: Any, watch: Watch, seed: int) -> Advice:
    """The same for rows of values."""
    refused: list[Offer] = []
    try:
        target = _target(data, offered, reading, unlabelled)
        apart, pool, table = _tabulated(target)
    except HeadstartError:  # which of them is it?
        kept, refused = _usable(data, offered, reading)
        target = _target(data, kept, reading, unlabelled)
        apart, pool, table = _tabulated(target)
    tell(sentences(target.dataset))
    given = {"sources": table.sources, "unlabelled": table.unlabelled, "shown": table.shown}
    material = Material(table.rows, pool.y, pool.task, pool.groups, **given)
    names = [source.name or f"source {s + 1}" for s, source in enumerate(table.sources)]
    rows = [(source.X, source.y) for source in table.sources]
    offers = offers_of_rows(table.rows, material, rows, names)
    found = table_findings(material, random_state=seed)
    named = target.source or [] if pool.task == "classification" else []
    hints = {source.name: spelling_hints(source.y, pool.y, source.name) for source in named}
    offers = [
        dataclasses.replace(one, why=" ".join(hints[one.source])) if one.refused and hints.get(one.source) else one
        for one in offers
    ]
    notes = [*apart.notes, *table.notes]
    return _advice([*offers, *refused], material, found, notes, watch)


def _usable(data: Any, offered: list[Any], reading: Reading) -> tuple[list[Any], list[Offer]]:
    """The tables that can be borrowed from, each tried alone, and the others with the reason."""
    kept: list[Any] = []
    refused: list[Offer] = []
    for i, one in enumerate(offered, 1):
        try:
            _tabulated(_target(data, [one], reading, None))
            kept.append(one)
        except HeadstartError as error:
            if len(offered) == 1 and not isinstance(error, SourceError):
                raise
            if len(offered) == 1 and "classes of the target" not in error.message:
                raise
            refused.append(Offer(_called(one, i), "instances", HOW["instances"], None, _why(error), True))
    return kept, refused


def _target(data: Any, offered: list[Any], reading: Reading, unlabelled: Any) -> Target:
    return read_target(data, offered or None, reading, unlabelled=unlabelled)


def _tabulated(target: Target) -> tuple[Any, Any, Any]:
    """What was read, the rows to learn from, and these with what is borrowed in numbers, none on both sides."""
    apart = screened(target, False, None)
    pool, _ = divided(apart.dataset)
    return apart.dataset, pool, tabulated(pool.inputs, pool.y, pool.task, apart.source or [], apart.more["unlabelled"])


def _advice(
    offers: list[Offer], material: Material, found: list[dict[str, Any]], notes: list[str], watch: Watch
) -> Advice:
    numbers = material.task != "classification"
    rows = ranked(offers, material.groups, numbers=numbers)
    n, spent = len(material), watch.spent
    lines = (*more_lines(rows, n, numbers=numbers),)
    hopeful = expected(found) and any(row["verdict"] not in ("refused", NONE) for row in rows)
    said = sentence(rows, n, spent, numbers=numbers)
    return Advice(said, rows, lines, hopeful, found, tuple(dict.fromkeys(notes)), n, spent, numbers)


def _why(error: HeadstartError) -> str:
    return f"{error.message} {error.todo}".strip()


def _called(one: Any, number: int = 1) -> str:
    """The name of a source in the ranking."""
    if isinstance(one, str) and (":" in one or not Path(one).exists()):
        return one
    if isinstance(one, str | os.PathLike):
        return Path(one).name
    return str(getattr(one, "name", None) or f"source {number}")


def sources_in(folder: str | Path) -> list[str]:
    """Every folder and file in a folder, as sources; hidden ones are left out.

    Raises
    ------
    SourceError
        If it is no folder, or holds nothing.
    """
    place = Path(folder).expanduser()
    expected, todo = "a folder of networks, sets or tables", "Check the path (--sources)."
    check_there(place, expected, SourceError, todo)
    found = sorted(str(one) for one in place.iterdir() if one.name[0] != ".") if place.is_dir() else []
    if not found:
        what = "an empty one" if place.is_dir() else "a file"
        raise SourceError(f"Expected {expected}, found {what} at {place}.", todo)
    return found
