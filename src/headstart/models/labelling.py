"""Which examples of a pool to label next, of any kind of input, with a model or without."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headstart.adviser.next_labels import NextLabels, Pool, next_labels_of
from headstart.contract.arguments import plainly
from headstart.contract.network_rows import features_by, network_for_rows
from headstart.data.base.kinds import Kind
from headstart.data.inputs.canvases import readable
from headstart.data.inputs.inputs import as_inputs
from headstart.data.inputs.registry import simple_of
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.reading.roles import as_list, matching, usual_labels
from headstart.data.reading.table import read_paths
from headstart.data.reading.unlabelled import read_unlabelled, texts_in
from headstart.data.reading.view_table import unlabelled_views
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.sheet import REASON, check_sheet, known_cells, write_sheet
from headstart.data.tables.copies import copies
from headstart.data.tables.encoder import TableEncoder
from headstart.data.tables.frame import TABLES, read_frame, table_suffix
from headstart.data.tables.gaps import absent
from headstart.data.tables.records import row_names
from headstart.data.tables.rows import as_frame, is_frame, rows_of
from headstart.errors import BadInputs, DataError, ParameterError
from headstart.guard.candidates.kept_apart import side_by_side
from headstart.models.evaluation.columns import columns_like, columns_read, file_columns
from headstart.models.evaluation.unlabelled import read_new
from headstart.models.labelled_sets import AUTO
from headstart.models.model import Model, load
from headstart.models.saving.task_models import SeveralTasks
from headstart.networks.running.simple_features import simple_features


@plainly()
def label_next(
    pool: Any,
    *,
    n: int = 20,
    model: Any = None,
    labelled: Any = None,
    source: Any = AUTO,
    out: str | Path | None = None,
    label: str | Sequence[str] | None = None,
    path_column: str | None = None,
    text_column: str | list[str] | None = None,
    random_state: int = 0,
) -> NextLabels:
    """Choose examples to label next, and write them down as a table that `fit` reads when it is filled in.

    A quarter is drawn at random and marked so; of the rest, those come first that stand for many others and are unlike
    what is labelled, later also those that a model is unsure of (`headstart.adviser.next_labels.next_labels`). Of
    several tasks each has its say in turn, and an example that lacks the label of any may be asked for.

    Parameters
    ----------
    pool : path, frame, pictures, clips or texts
        Examples without labels; those that are among the labelled ones, have a label in the table's column of labels,
        or cannot be read, are left out.
    n : int, default=20
    model : Model, SeveralTasks or path, optional
        Whose network and doubt are used.
    labelled : path, frame or (X, y), optional
        What has labels already. Default: the rows of the pool that have one.
    source : as in `headstart.fit`, default="auto"
        Without a model, the network whose features are compared.
    out : path-like, optional
        CSV file to write.
    label : str or list of str, optional
        Column of labels: of ``labelled`` and of the pool where these are tables, and of what is written. Default: those
        that the model learned from, the pool's own where some of its cells are blank, that of ``labelled``, or
        "label".
    path_column, text_column
        How tables are read, see `headstart.fit`.
    random_state : int, default=0

    Returns
    -------
    NextLabels
        ``rows`` are positions in the pool.

    Raises
    ------
    DataError, SourceError, ParameterError

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pool = (rng.random((30, 16, 16)) * 60 + 150 * (np.arange(30) % 2)[:, None, None]).astype(np.uint8)
    >>> found = label_next(pool, n=4)
    >>> sorted(set((found.rows % 2).tolist())), found.reasons[0]
    ([0, 1], 'drawn at random')
    """
    if out is not None:
        check_sheet(out)
    known = load(model) if isinstance(model, str | Path) else model
    reading = Reading(label, path_column, text_column)
    models = _models(known, label)
    frame = table_in(pool)
    how = partial(_looked_at, pool, frame, labelled, reading, source)
    asked = [how(name, one, [other for other in models if other != name]) for name, one in models.items()]
    first = asked[0]
    free = np.unique(np.concatenate([one.pool.rows for one in asked]))
    if len(free) < min(n, len(first.shown)):
        raise _too_few(n, len(free), len(first.shown), len(first.failed))
    found = next_labels_of({one.column: one.pool for one in asked}, n, random_state=random_state)
    found = dataclasses.replace(found, failed=tuple(first.failed), notes=first.notes)
    if out is not None:
        one, given = first.known, first.given
        learned = None if one is None else (one.evidence.get("data") or {}).get("columns")
        texts = text_column or learned or (None if given is None else given.text_columns)
        kind = None if is_frame(first.shown) else first.shown.kind
        named = file_columns(one) if kind is None else as_list(texts if kind.typed else path_column)
        rows = found.rows.tolist()
        cells = {one.column: known_cells(frame, one.column, rows) for one in asked}
        write_sheet(first.shown, rows, Path(out).expanduser(), label=cells, named=named, reasons=found.reasons)
    return found


@dataclass(frozen=True, eq=False)
class _Asked:
    """What of a pool may be asked for of one task, and how it is shown."""

    column: str
    pool: Pool
    shown: Any
    known: Model | None
    given: Dataset | None
    failed: list[tuple[str, str]]
    notes: tuple[str, ...]


def _models(known: Any, label: str | Sequence[str] | None) -> dict[Any, Model | None]:
    """The model of each column of labels, or None; the column is None where it is not said yet."""
    if isinstance(known, SeveralTasks):
        if label is not None:
            raise ParameterError(
                f"Expected no label with several tasks ({', '.join(known.models)}), found {label!r}.",
                "The sheet has a column for each; or give the folder of one, as task-1.",
            )
        return dict(known.models)
    if known is not None and not isinstance(known, Model):
        from headstart.models.detection_model import refuse_detection

        refuse_detection(known, "what to label next")
    learned = [] if known is None else columns_read(known, "label")
    several: Sequence[str | None] = learned if len(learned) > 1 else [None]
    return dict.fromkeys(as_list(label) or several, known)


def _looked_at(
    pool: Any,
    frame: Any,
    labelled: Any,
    reading: Reading,
    source: Any,
    label: str | None,
    known: Model | None,
    others: Sequence[str | None],
) -> _Asked:
    """What may be asked for of one task; what others call their labels is no feature."""
    told, apart = dataclasses.replace(reading, label=label), [str(name) for name in others]
    given = None if labelled is None or labelled is pool else _labelled(labelled, known, told, apart)
    column = label_column(frame, label, known, given)
    filled = _filled(frame, column)
    if given is None and (labelled is pool or len(filled)):
        given = _labelled(pool, known, dataclasses.replace(told, label=column), apart)
    rows, notes = _pool(pool, known, known.kind if known else given.kind if given else None, told, given)
    failed: list[tuple[str, str]] = []
    if rows is None:
        passed = {column, REASON, *apart}
        shown, rows, free, features, held, failed = _of_values(pool, frame, known, given, filled, passed)
    else:
        shown, free, features, held, failed = _of_inputs(rows, known, given, source, filled)

    def probabilities() -> np.ndarray:
        assert known is not None
        return np.asarray(known.predict_proba(rows.iloc[free] if is_frame(rows) else rows[free]))

    doubt = probabilities if known is not None and known.task == "classification" else None
    return _Asked(column, Pool(free, features, held, _labels(given, known), doubt), shown, known, given, failed, notes)


def _labelled(data: Any, known: Model | None, told: Reading, others: Sequence[str]) -> Dataset | None:
    """What has labels of one task; None of a table that has those of others alone."""
    frame = table_in(data) if others else None
    if frame is not None:
        found = [name for other in others if (name := matching(frame, other)) is not None]
        told = dataclasses.replace(told, leave_out=tuple(found) or None)
        if not len(_filled(frame, matching(frame, str(told.label)) or "")):
            return None
    return recognise(
        data, _as_learned(known, data, told), wanted=lambda: None if known is None else known.kind
    ).dataset()


def _too_few(n: int, free: int, known: int, failed: int) -> DataError:
    """The error for a pool in which fewer examples are free than are asked for."""
    labelled = known - free - failed
    if labelled == known:
        return DataError(
            f"Expected {n} examples or more without a label to choose from, found a label for all {known:,}.",
            "Give examples without one, or leave the cells of the column of labels empty where a label is wanted.",
        )
    why = [f"{labelled:,} are labelled already"] * (labelled > 0) + [f"{failed:,} cannot be read"] * (failed > 0)
    return DataError(
        f"Expected {n} examples or more to choose from, found {free:,} of {known:,}: {' and '.join(why)}.",
        "Give more, or ask for less.",
    )


def table_in(pool: Any) -> Any:
    """The pool as a frame, where it is one or a file of one; else None."""
    if not isinstance(pool, str | Path):
        return as_frame(pool)
    place = Path(pool).expanduser()
    return read_frame(place) if place.is_file() and table_suffix(place) in TABLES else None


def label_column(frame: Any, label: str | None, known: Model | None, given: Dataset | None) -> str:
    """The column of labels of a sheet of some examples: the one that `fit` reads there when it is filled in.

    Where it is not said it is the one that a model learned from, the table's own of a usual name with blanks in it, or
    that of what is labelled; else "label".

    Parameters
    ----------
    frame : DataFrame or None
        What the examples are from, where it is a table.
    label : str or None
        What was said.
    known : Model or None
    given : Dataset or None
        What has labels already.
    """
    learned = [] if known is None else columns_read(known, "label")
    column = label or (learned[0] if len(learned) == 1 else None)
    if column is None and frame is not None and matching(frame, "label") is None:
        own = [name for name in usual_labels(frame) if any(map(absent, frame[name].tolist()))]
        column = own[0] if own else None
    if column is None:
        theirs = [one.name for one in (() if given is None else given.columns) if one.role == "label"]
        column = theirs[0] if len(theirs) == 1 else "label"
    return column if frame is None else matching(frame, column) or column


def _filled(frame: Any, column: str) -> np.ndarray:
    """Which rows of a pool have a label, where it is a table that has the column."""
    if frame is None or column not in frame.columns:
        return np.zeros(0, dtype=int)
    return np.flatnonzero([not absent(value) for value in frame[column].tolist()])


def _labels(given: Dataset | None, known: Model | None) -> np.ndarray | None:
    """Labels that there are: those given, or as many of each class as the model learned from."""
    if given is not None:
        return given.y if given.task == "classification" else None
    counts = (
        {}
        if known is None or known.task != "classification"
        else (known.evidence.get("data") or {}).get("n_per_class") or {}
    )
    return np.repeat(list(counts), list(counts.values())) if counts else None


def _as_learned(known: Model | None, data: Any, reading: Reading) -> Reading:
    """How to read a table of what a model takes: from the columns that it learned from, unless others are named."""
    frame = None if known is None else table_in(data)
    if known is None or frame is None:
        return reading
    if known.kind.values:
        learned = [name for name in columns_read(known, "label") if name in frame.columns]
        label = reading.label or (learned[0] if len(learned) == 1 else None)
        return dataclasses.replace(reading, label=label, view=known.views)
    place = Path(data).expanduser() if isinstance(data, str | Path) else None
    found = columns_like(known, frame, place, reading.path_column, reading.text_column)
    files = None if found.files is None else found.files.column
    return dataclasses.replace(reading, path_column=files, text_column=found.texts or None)


def _pool(
    pool: Any, known: Model | None, kind: Kind | None, reading: Reading, given: Dataset | None
) -> tuple[Any, tuple[str, ...]]:
    """The pool as inputs, None where it holds rows of values; and which columns were taken in the place of others."""
    if kind is not None and kind.values:
        return None, ()
    if known is not None:
        rows, _, _, notes = read_new(known, pool, path_column=reading.path_column, text_column=reading.text_column)
        return rows, notes
    return _without_model(pool, kind, reading, given), ()


def _without_model(pool: Any, kind: Kind | None, reading: Reading, given: Dataset | None) -> Any:
    """The same where no model says what is read."""
    columns = as_list(reading.text_column or (() if given is None else given.text_columns))
    frame = as_frame(pool)
    if frame is not None:
        return texts_in(frame, columns) if columns else None
    if not isinstance(pool, str | Path):
        return as_inputs(pool)
    place = Path(pool).expanduser()
    if kind is None and not columns and place.is_file() and table_suffix(place) in TABLES:
        try:
            return read_paths(place, reading.path_column)
        except DataError:
            return None
    return read_unlabelled(place, reading.path_column, kind, columns)


def _of_inputs(
    rows: Any, known: Model | None, given: Dataset | None, source: Any, filled: np.ndarray
) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray | None, list[tuple[str, str]]]:
    """The pool, which of it is not labelled yet, its features, those of what is labelled, and what cannot be read."""
    network = None if known is None else known.network[0]
    named = rows.kind.starter if source == AUTO else source
    if network is None and named is not None:
        network = network_for_rows(named, rows)
    own = set() if given is None else {given.inputs.digest(i) for i in range(len(given))}
    free = np.setdiff1d(np.flatnonzero([rows.digest(i) not in own for i in range(len(rows))]), filled)
    held = None if given is None else _compared_by(network, given.inputs, "what is labelled")
    failed: list[tuple[str, str]] = []
    try:
        features = _compared_by(network, rows[free], "the pool")
    except BadInputs:  # what cannot be read cannot be labelled either
        seen = simple_of(rows.kind).preprocessing if network is None else network.preprocessing
        good, failed = readable(rows[free], seen)
        free = free[good]
        features = _compared_by(network, rows[free], "the pool")
    return rows, free, features, held, failed


def _compared_by(network: Any, inputs: Any, what: str) -> np.ndarray:
    """What examples are compared by, (n, d): a network's features; of texts without one their words."""
    if network is not None:
        return features_by(network, inputs, what)
    return np.concatenate(list(simple_features(inputs).values()), axis=1)


def _of_values(
    pool: Any, frame: Any, known: Model | None, given: Dataset | None, filled: np.ndarray, passed: set[str]
) -> tuple[Any, Any, np.ndarray, np.ndarray, np.ndarray | None, list[tuple[str, str]]]:
    """The same of rows of a table, in standardised numbers of the columns that both have; the sheet shows all.

    The second is what a model is asked about: of several views the paths of their files lead there from anywhere.
    """
    shown = rows_of(pool if frame is None else frame)
    asked, held = shown, None if given is None else as_frame(given.inputs)
    views = None if known is None else known.views
    if known is not None and views is not None:
        asked = unlabelled_views(pool, views, known.encoder.input_types_, bare=True)
        shown = shown.assign(**asked[file_columns(known)])
    taken = set(asked.columns) - passed if held is None else set(held.columns)
    compared = asked[[name for name in asked.columns if name in taken]]
    free = np.setdiff1d(np.arange(len(compared)), filled)
    if held is not None:
        free = np.setdiff1d(free, copies(*side_by_side(compared, held))[:, 0])
    encoder = known.encoder if known is not None else None
    if encoder is None:
        encoder = TableEncoder().fit(compared, others=[] if held is None else [("labelled", held)])
    broken: dict[int, str] = {}
    if views is None:
        rows = encoder.transform(asked if known is not None else compared)
    else:
        rows, broken = encoder.answerable(asked)
    names = row_names(asked)
    others = None if held is None else encoder.transform(held)
    rows, others = _standardised(rows, others, [] if views is None else list(encoder.slices_.values()))
    free = np.setdiff1d(free, list(broken))
    return shown, asked, free, rows[free], others, [(names[i], why) for i, why in sorted(broken.items())]


def _standardised(
    rows: np.ndarray, others: np.ndarray | None, views: Sequence[slice]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows and others by mean and deviation of the rows, gaps at the mean; each view has as much to say, however wide.

    Examples
    --------
    >>> _standardised(np.array([[1.0, np.nan], [3.0, 5.0]]), np.array([[5.0, 5.0]]), [slice(0, 1), slice(1, 2)])
    (array([[-1.,  0.],
           [ 1.,  0.]]), array([[3., 0.]]))
    """
    there = ~np.isnan(rows)
    n = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, rows, 0.0).sum(axis=0) / n
    apart = np.where(there, rows - mean, 0.0)
    scale = np.maximum(np.sqrt((apart**2).sum(axis=0) / n), 1e-9)
    for part in views:
        scale[part] *= np.sqrt(part.stop - part.start)
    return apart / scale, None if others is None else np.where(np.isnan(others), 0.0, (others - mean) / scale)
