"""A model for data without labels, from labelled sets of another domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.kinds import Kind
from headstart.data.base.plain import plain
from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs, joined_once
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import Recognised
from headstart.data.reading.roles import as_list
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.sets.description import tell
from headstart.data.sets.label_notes import APART, alike
from headstart.data.sets.sheet import sheet_place, write_sheet
from headstart.data.sets.unlabelled import unusable
from headstart.data.tables.rows import is_frame
from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.table_rows import tabulated
from headstart.guard.effort import Effort
from headstart.guard.evidence.adapted import adapted_evidence, adapted_map
from headstart.guard.evidence.reference import reference_without_heads
from headstart.guard.safe_adapted import SafeAdaptedClassifier
from headstart.models.labelled_sets import AUTO, LabelledSet, parted, read_sets
from headstart.models.labelling import label_column, table_in
from headstart.models.model import Model
from headstart.models.offered import rows_offered
from headstart.models.reproduction import reproduction
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.window import fitted
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.solved import Part, SolvedHead
from headstart.parameters.heads.targets import Targets
from headstart.parameters.transfer import TransferClassifier
from headstart.parameters.tuning.plan import source_with_windows
from headstart.source import Source

#: Fewest examples without labels that anything is told from.
FEWEST = 10


@dataclass(frozen=True, eq=False)
class Domain:
    """A target without labels, and what it is adapted from.

    Attributes
    ----------
    kind : Kind
    rows : Inputs, or array of shape (n, d)
        The target's.
    sources : list of Source
        Labelled, of the same form.
    network : Network or None
    named : anything
        The network as the user named it.
    encoder : TableEncoder or None
        Of tables: what makes such rows of new ones.
    shown : Inputs or DataFrame
        The target as it was given.
    label : str
        Column of labels of a table of it.
    notes : tuple of str
    columns : tuple of str
        Of texts in a table.
    """

    kind: Kind
    rows: Any
    sources: list[Source]
    network: Network | None
    named: Any
    encoder: Any
    shown: Any
    label: str
    notes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


def read_domain(
    data: Any,
    source: Any,
    reading: Reading,
    *,
    unlabelled: Any = None,
    text_windows: int | None = None,
    skip_bad: bool = False,
    progress: Any = None,
) -> Domain | None:
    """Read data without labels beside labelled sets; None where no set is offered.

    Parameters
    ----------
    data, source, unlabelled, text_windows, skip_bad
        As in `headstart.fit`.
    reading : Reading
    progress : callable or None

    Raises
    ------
    DataError, SourceError, ParameterError
    """
    network, sets = parted(source)
    if not sets:
        return None
    labelled = read_sets(sets, None, reading)
    said = reading.label if isinstance(reading.label, str) and not reading.label.startswith("re:") else None
    label = label_column(table_in(data), said, None, labelled[0].dataset)
    if labelled[0].dataset.kind.values:
        assert labelled[0].known is not None
        return _table(data, sets, labelled[0].known, reading, unlabelled, label)
    kind = labelled[0].dataset.kind
    named = source_with_windows(kind.starter if network == AUTO else network, kind.input_type, text_windows)
    if named is None:
        raise ParameterError(
            f"Expected a network beside labelled sets of {kind.many}, found none.",
            "Name one too (--source, source=[network, ...]).",
        )
    rows = _inputs([data, *_listed(unlabelled)], kind, reading, labelled[0])
    loaded = fitted(load_network(named, input_type=kind.input_type), rows)
    bad = unusable(rows, loaded.preprocessing, progress)
    if bad and not skip_bad:
        raise rows.bad_inputs([(rows.names[i], why) for i, why in bad])
    notes = [f"{len(bad):,} of {len(rows):,} {kind.many} cannot be read; they were left out."] if bad else []
    rows = rows[np.setdiff1d(np.arange(len(rows)), [i for i, _ in bad])]
    sources = []
    for one in labelled:
        held = one.dataset.inputs
        bad = unusable(held, loaded.preprocessing, progress)
        if bad:
            words = f"{len(bad):,} of {len(held):,} {kind.many} of {one.name} cannot be read; they were left out."
            notes.append(words)
        kept = np.setdiff1d(np.arange(len(held)), [i for i, _ in bad])
        sources.append(Source(held[kept], np.asarray(one.dataset.y)[kept], one.name))
    return Domain(kind, rows, sources, loaded, named, None, rows, label, tuple(notes), labelled[0].dataset.text_columns)


def _listed(given: Any) -> list[Any]:
    return [] if given is None else list(given) if isinstance(given, list) else [given]


def _inputs(given: list[Any], kind: Kind, reading: Reading, first: LabelledSet) -> Inputs:
    """All examples without labels, in one; what is given twice counts once."""
    parts = []
    for one in given:
        if isinstance(one, str | Path):
            columns = first.dataset.text_columns
            parts.append(read_unlabelled(one, reading.path_column, kind, columns))
        else:
            parts.append(as_inputs(one, kind.input_type))
    rows: Inputs = joined_once(parts)
    return rows if reading.page is None else rows.on_page(reading.page)


def _table(data: Any, sets: list[Any], known: Recognised, reading: Reading, unlabelled: Any, label: str) -> Domain:
    """Rows of a table without labels: the first labelled table says what the columns hold."""
    first, *rest = sets
    if isinstance(first, str | Path) or is_frame(first):
        known = replace(known, reading=reading)
    tables = known.tables(rest, rows_offered([data, *_listed(unlabelled)]))
    target = tables.target
    made = tabulated(target.inputs, target.y, target.task, list(tables.sources) or None, tables.unlabelled)
    name = getattr(first, "name", None) or (Path(first).name if isinstance(first, str | Path) else "source 1")
    sources = [Source(made.rows, target.y, name), *made.sources]
    return Domain(target.kind, made.unlabelled, sources, None, None, made.encoder, tables.unlabelled, label, made.notes)


@dataclass(frozen=True)
class Asked:
    """What was asked of a fit without labels.

    Attributes
    ----------
    classes : sequence or None
        Those that the data have.
    ask : int
        How many examples to write down, to be labelled.
    out : path-like or None
    reference : bool
        Whether the model keeps what tells new data from these.
    also : callable or None
        What is written into the folder beside the model.
    said : dict
        All that was said to `headstart.fit`, for the command that repeats it.
    """

    classes: Any = None
    ask: int = 0
    out: Any = None
    reference: bool = True
    also: Callable[[Path], None] | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.ask < 0 or (self.ask and self.out is None):
            raise ParameterError(
                f"Expected ask of 0 or more, with out=, found ask={self.ask!r}, out={self.out!r}.",
                "The sheet is written beside the model's folder.",
            )


def fit_without_labels(
    data: Any, source: Any, reading: Reading, effort: Effort, asked: Asked, **how: Any
) -> Model | None:
    """Adapt labelled sets to data without labels, and save what came out; None where no labelled set is offered.

    Parameters
    ----------
    data, source
        As in `headstart.fit`.
    reading : Reading
    effort : Effort
    asked : Asked
    **how
        ``unlabelled``, ``text_windows`` and ``skip_bad``, as in `headstart.fit`.

    Raises
    ------
    DataError, SourceError, ParameterError
    """
    domain = read_domain(data, source, reading, progress=effort.progress, **how)
    if domain is None:
        return None
    domain = replace(domain, notes=(*domain.notes, *_alike(domain.sources)))
    tell([f"{domain.kind.count(len(domain.rows))} without labels.", *domain.notes])
    model = adapted_model(domain, asked, effort)
    root = str(data) if isinstance(data, str | Path) else ""
    model.evidence["data"]["name"] = Path(root).name if root else f"{domain.kind.many} in memory"
    model.evidence["reproduce"] |= reproduction(root, source, dict(asked.said))
    model.evidence["seconds"] = effort.spent
    if asked.out is None:
        return model
    place = sheet_place(asked.out)
    try:
        if asked.ask:
            drawn = np.sort(np.random.default_rng(effort.seed).permutation(len(domain.shown))[: asked.ask])
            columns = domain.columns if domain.kind.typed else as_list(reading.path_column)
            write_sheet(domain.shown, drawn.tolist(), place, label=domain.label, named=columns)
            model.evidence["sheet"] = {"path": str(place), "n": len(drawn)}
        model.save(asked.out, also=asked.also)
    except BaseException:  # a sheet without its model
        if "sheet" in model.evidence:
            place.unlink(missing_ok=True)
        raise
    return model


def adapted_model(domain: Domain, asked: Asked, effort: Effort) -> Model:
    """Choose an adaptation without labels, and hand over a model of one linear layer.

    Parameters
    ----------
    domain : Domain
    asked : Asked
    effort : Effort

    Raises
    ------
    DataError
        For fewer than ten examples.
    ParameterError
        For classes that no set has.
    """
    n = len(domain.rows)
    if n < FEWEST:
        raise DataError(
            f"Expected {FEWEST} {domain.kind.many} or more without labels, found {n}.",
            "Label them, or give more.",
        )
    offered = [domain.network, *domain.sources] if domain.network is not None else domain.sources
    safe = SafeAdaptedClassifier(source=offered, target_classes=_known(asked.classes, domain), random_state=effort.seed)
    if effort.progress is not None:
        effort.progress("adapting to examples without labels", 0, 1)
    safe.fit(domain.rows)
    if effort.progress is not None:
        effort.progress("adapting to examples without labels", 1, 1)
    estimator = _linear(safe.best_estimator_, domain)
    answers = estimator.predict(domain.rows)
    evidence = adapted_evidence(safe, domain.kind, answers, domain.network, domain.sources, asked.ask)
    evidence["data"]["notes"] = [*domain.notes, *evidence["data"]["notes"]]
    if domain.columns:
        evidence["data"]["columns"] = list(domain.columns)
    dates = None if domain.encoder is None else domain.encoder.of_dates()
    kept = None
    if asked.reference:
        kept = reference_without_heads(domain.rows, domain.network, dates=dates, random_state=effort.seed)
    evidence["domains"] = plain(adapted_map(safe, domain.rows, answers, effort.budget))
    return Model(
        estimator,
        evidence,
        task="classification",
        classes=list(estimator.classes_),
        input_type=domain.kind.input_type,
        encoder=domain.encoder,
        reference=kept,
    )


def _alike(sources: list[Source]) -> list[str]:
    """What is to be said of classes of the labelled sets that look like one."""
    labels = sorted({str(label) for one in sources for label in np.unique(one.y).tolist()})
    return [
        f"The classes {' and '.join(map(repr, group))} of the labelled sets differ only by {APART}; each "
        "counts as a class. Write them alike, if they are one."
        for group in alike(labels)
    ]


def _known(classes: Any, domain: Domain) -> list[Any] | None:
    """Classes as the labels have them: names on a command line are words, labels may be numbers."""
    if classes is None:
        return None
    labels = {str(label): label for one in domain.sources for label in np.unique(one.y).tolist()}
    unknown = [str(name) for name in classes if str(name) not in labels]
    if unknown or len(classes) < 2:
        raise ParameterError(
            f"Expected two or more of the classes {', '.join(map(repr, labels))}, found "
            f"{', '.join(map(repr, unknown)) or len(classes)}.",
            "Write them as the labelled sets have them (--classes a,b or '\"a, b\",c', classes=[...]).",
        )
    return [labels[str(name)] for name in classes]


def _linear(best: Any, domain: Domain) -> TransferClassifier:
    """A fitted classifier with the linear layer that an adaptation has found."""
    found = np.asarray(best.estimator_.classes_)
    head = SolvedHead("classification", (Part("output", best.coef_, best.intercept_, 1.0),), float("nan"), {})
    K = len(found)
    targets = Targets("classification", np.zeros((0, K)), np.zeros(0), found, np.zeros(K), np.ones(K), True)
    estimator = TransferClassifier(domain.named)
    if domain.network is None:
        width = best.coef_.shape[0]
        estimator.fitted_ = Fitted(targets, None, head, None, [], np.zeros(width), np.ones(width))
        estimator.n_features_in_ = width
    else:
        estimator.fitted_ = Fitted(targets, domain.network, head, None, [])
    estimator.classes_ = found
    return estimator
