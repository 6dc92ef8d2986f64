"""From pictures with boxes to a detector with proof, in one call."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headstart.data.base.address import address_of, brought
from headstart.data.base.kinds import PICTURES
from headstart.data.base.plain import plain
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.boxes import with_boxes
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import sentences, tell
from headstart.data.sets.screen import screen
from headstart.detection.queries import Queries
from headstart.detection.saving import is_detector
from headstart.detection.transfer import TransferDetector
from headstart.errors import DataError, ParameterError
from headstart.guard.detecting.compared import FEWEST, compare
from headstart.guard.detecting.tried import Way, best_of
from headstart.guard.effort import Effort
from headstart.guard.evidence.evidence import network_evidence
from headstart.guard.evidence.reference import reference_without_heads
from headstart.models.detection_evidence import learned_from, learning_curves, measured, tested
from headstart.models.detection_model import DetectionModel
from headstart.models.reproduction import given_to_fit, is_default, reproduction
from headstart.models.target import divided
from headstart.networks.folder import check_place
from headstart.networks.reading.loading import load_network
from headstart.progress import reporter

_AUTO = "auto"
_WORDS = "boxes read off the maps of a frozen network"
_QUERIES = "a new class layer on what a borrowed detector's queries saw, with its boxes"
_LENT = "the same, biased towards what the borrowed detector has learned"


def fit_detector(
    data: Any,
    source: Any,
    reading: Reading,
    effort: Effort,
    *,
    skip_bad: bool = False,
    classes: Sequence[str] | None = None,
    reference: bool = True,
) -> DetectionModel:
    """Learn to find things with what is borrowed and without, keep what is best, and say whether it helped.

    Each way learns on the same folds and is measured by average precision on pictures that it has not seen. A ``test``
    part (or, where there is none, a ``val`` part) is kept for the final score.

    Parameters
    ----------
    data, source, skip_bad
        As in `headstart.fit`.
    reading : Reading
    effort : Effort
        Its budget is a limit, see `headstart.guard.detecting.compared.compare`; curves are drawn where time is left.
    classes : sequence of str, optional
        What is to be found. Default: everything that boxes are drawn around.
    reference : bool, default=True
        Keep at most 1,000 pictures, as random projections of simple features, for `headstart.check`.

    Returns
    -------
    DetectionModel

    Raises
    ------
    DataError, BadPictures, SourceError
        If the pictures, the boxes or the source cannot be used.
    """
    dataset = only(recognise(data, reading).dataset(), classes)
    tell(sentences(dataset))
    before = set(sentences(dataset))
    dataset = screen(dataset, simple_of(dataset.kind).preprocessing, skip_bad=skip_bad, progress=effort.progress)
    tell(line for line in sentences(dataset) if line not in before)
    pool, aside = divided(dataset)
    pool = only(pool, None)
    if len(pool) < FEWEST:
        raise DataError(f"Expected at least {FEWEST} pictures to learn from, found {len(pool)}.", "Annotate more.")
    ways, network = offered(source, effort)
    found = compare(pool, ways, effort)
    pool, best = found.pool, best_of(found.results)
    curves = learning_curves(found, effort)
    if effort.progress is not None:
        effort.progress("learning from all pictures", 0, 1)
    detector = best.way.fitted(pool.inputs, list(pool.y))
    evidence = measured(found, best, effort)
    data = learned_from(dataset, pool)
    data["notes"] += found.notes
    evidence |= {"data": data, "curves": curves, "source": network, "left_out": found.left_out}
    if aside is not None:
        evidence["test"] = tested(detector, aside, list(pool.classes or ()))
    evidence |= {"seconds": effort.spent, "budget": effort.budget}
    kept = reference_without_heads(pool.inputs, random_state=effort.seed) if reference else None
    return DetectionModel(detector, plain(evidence), kept)


def only(dataset: Dataset, classes: Sequence[str] | None) -> Dataset:
    """The same pictures with the boxes of some classes alone, or without classes of which no box is left.

    Raises
    ------
    ParameterError
        For a class that no box has.
    """
    known = {str(label) for one in dataset.y for label in one.labels[~one.crowd].tolist()}
    wanted = [str(name) for name in classes] if classes is not None else sorted(known)
    missing = [name for name in wanted if name not in known]
    if missing or not wanted:
        raise ParameterError(
            f"Expected classes among {', '.join(sorted(known))}, found {', '.join(missing) or 'none'}.",
            "Name classes that have boxes (--classes, classes=...).",
        )
    if classes is None and tuple(wanted) == dataset.classes:
        return dataset
    kept = [one.of_classes(wanted) for one in dataset.y]
    fields = {f.name: getattr(dataset, f.name) for f in dataclasses.fields(dataset)}
    more = {name: value for name, value in fields.items() if name not in ("inputs", "y", "task", "classes")}
    return with_boxes(dataset.inputs, kept, **more)


def offered(source: Any, effort: Effort) -> tuple[list[Way], dict[str, Any] | None]:
    """The ways that are compared, and what is known of the first network that is borrowed from.

    Beside what borrows stands one that borrows nothing. A detector as the source is two ways: its network alone, and
    its network with what it has learned to find.
    """
    common: dict[str, Any] = {"device": effort.device, "random_state": effort.seed}
    ways = [Way("edges", TransferDetector(None, **common), False, "boxes read off maps of edges and colours")]
    known = None
    sources = source if isinstance(source, list | tuple) else [source]
    sources = [PICTURES.starter if isinstance(one, str) and one == _AUTO else one for one in sources if one is not None]
    for one in sources:
        network: Any = Queries.of(one) or load_network(one, input_type=PICTURES.input_type)
        known = network_evidence(network) if known is None else known
        of = "" if len(sources) == 1 else f" from {network.name or one}"
        if isinstance(network, Queries):  # read once for all folds
            ways.append(Way(f"queries{of}", TransferDetector(network, **common), True, _QUERIES))
            continue
        ways.append(Way(f"boxes{of}", TransferDetector(network, **common), True, _WORDS))
        if is_detector(one):
            ways.append(Way(f"detector{of}", TransferDetector(one, **common), True, _LENT, wary=True))
    return ways, known


#: Options of `headstart.fit` that say something of pictures with boxes.
TAKEN = frozenset(
    {"data", "source", "boxes", "label", "path_column", "split_column", "group_by", "encoding", "sheet", "budget"}
    | {"skip_bad", "out", "also", "n_splits", "random_state", "device", "progress", "classes", "reference"}
)


def fit_with_boxes(given: dict[str, Any], defaults: dict[str, Any], reading: Reading) -> DetectionModel:
    """What `headstart.fit` makes of pictures with boxes.

    Parameters
    ----------
    given, defaults : dict
        Its arguments, and what they are where nothing is said.
    reading : Reading

    Raises
    ------
    ParameterError
        For arguments that say nothing of pictures with boxes.
    """
    refuse_others([name for name, value in given.items() if not is_default(value, defaults[name])])
    out, source = given["out"], given["source"]
    if out is not None:
        check_place(out)
    with reporter(given["progress"]) as told:
        how = {name: given[name] for name in ("budget", "n_splits", "device")}
        effort = Effort(**how, seed=given["random_state"], progress=told)
        more = {name: given[name] for name in ("skip_bad", "classes")}
        kept = given["reference"]
        model = fit_detector(brought(given["data"]), brought(source), reading, effort, **more, reference=kept)
        settings = given_to_fit(given, defaults, reading)
        root = address_of(given["data"]) or (str(given["data"]) if isinstance(given["data"], str | Path) else "")
        model.evidence["reproduce"] |= plain(reproduction(root, source, settings))
        if out is not None:
            model.save(out, also=given["also"])
    return model


def refuse_others(said: Sequence[str]) -> None:
    """Refuse options that say nothing of pictures with boxes.

    Raises
    ------
    ParameterError
    """
    wrong = [name for name in said if name not in TAKEN]
    if wrong:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in wrong)
        raise ParameterError(
            f"Expected options that say something of pictures with boxes, found {' and '.join(wrong)}.",
            f"Leave {'it' if len(wrong) == 1 else 'them'} out ({flags}).",
        )
