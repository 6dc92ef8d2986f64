"""From a table whose rows are seen in several ways to a guarded choice among the ways to join them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from headstart.contract.weighted_fit import row_weights
from headstart.data.base.kinds import kind_named
from headstart.data.base.plain import plain
from headstart.data.reading.view_screen import screen_views
from headstart.data.reading.view_table import refuse_constant, unlabelled_views, views_of
from headstart.data.reading.views import view_kind, view_rows
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError, ParameterError
from headstart.guard.candidates.for_views import PLAIN, view_candidates
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.journal import Journal
from headstart.guard.effort import Effort
from headstart.guard.evidence.before import came_out, source_size, summary, trained
from headstart.guard.evidence.evidence import network_evidence
from headstart.guard.evidence.reference import Reference, reference_without_heads
from headstart.guard.evidence.views import view_worth
from headstart.guard.guard import guard, run_key
from headstart.math.statistics.named_metrics import metric_named
from headstart.multiview.encoder import AUTO, ViewEncoder
from headstart.training.device import pick_device

#: Arguments that have to be at their defaults.
_ALONE = ("candidates", "class_weight", "plain", "auxiliary", "partial_pooling")


@dataclass
class GuardedViews:
    """What a guard among ways to join views hands over, as its estimators for one view do.

    Attributes
    ----------
    best_estimator_ : fitted MultiViewClassifier or MultiViewRegressor
        Of what ``encoder_`` makes of rows.
    """

    best_estimator_: Any
    evidence_: dict[str, Any]
    temperature_: float
    encoder_: ViewEncoder
    classes_: Any = None
    reference_: Reference | None = None


def source_of_views(source: Any, views: Mapping[str, Any]) -> Any:
    """What each view borrows: "auto", None, or a dict; ``picture=FOLDER`` on a command line is an entry of one.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> source_of_views(["picture=starter:pictures", "sound=none"], {"picture": [], "sound": [], "lab": []})
    {'picture': 'starter:pictures', 'sound': None}
    >>> source_of_views("auto", {}), source_of_views(None, {})
    ('auto', None)
    """
    if source is None or isinstance(source, Mapping) or source == AUTO:
        return source
    found: dict[str, Any] = {}
    for one in source if isinstance(source, list) else [source]:
        name, equal, named = str(one).partition("=")
        if not isinstance(one, str) or not equal or name not in views:
            raise ParameterError(
                f"Expected a source for one of the views {', '.join(views)}, found {one!r}.",
                f"Write --source {next(iter(views), 'picture')}=NETWORK, in Python source={{...}}, or leave it out.",
            )
        found[name] = None if named.lower() == "none" else named
    return found


def unlabelled_rows(given: list[Any], dataset: Dataset) -> pd.DataFrame | None:
    """Rows without labels: those given, with absolute paths, and those of the table whose label is blank.

    Raises
    ------
    DataError
        If one lacks a column of a view, or holds another kind there.
    """
    views, frame = views_of(dataset) or {}, dataset.inputs.frame
    kinds = {view: view_kind(frame, columns, view).input_type for view, columns in views.items()}
    found = [unlabelled_views(one, views, kinds) for one in given]
    if dataset.without_label is not None:
        found.append(dataset.without_label.frame)
    return pd.concat(found, ignore_index=True) if found else None


def screened_views(dataset: Dataset, source: Any, skip_bad: bool, progress: Any) -> Dataset:
    """The table with each of its files looked at once, in the form of its view's network."""
    views, frame = views_of(dataset) or {}, dataset.inputs.frame
    for view, columns in views.items():
        refuse_constant(frame.loc[view_rows(frame, columns), columns], view)
    encoder = ViewEncoder(views, source=source).fit(frame)
    seen = {view: network.preprocessing for view, network in encoder.networks_.items()}
    return screen_views(dataset, seen, skip_bad=skip_bad, progress=progress)


def guarded_views(pool: Dataset, source: Any, effort: Effort, asked: Mapping[str, Any]) -> GuardedViews:
    """Encode every view once, compare the ways to join them on the same folds, and fit the best to all rows.

    Parameters
    ----------
    pool : Dataset
        Its inputs are `ViewRecords`.
    source : "auto", None or dict of str to network
    effort : Effort
    asked : dict
        ``unlabelled`` (a DataFrame or None), ``metric``, ``plan``, ``later``, ``counted``: as in
        `SafeTransferClassifier`; what has to be at its default, ``candidates``, ``plain`` and their like.

    Raises
    ------
    ParameterError, DataError
        For what does not go with several views.
    """
    _check(pool, {**{name: asked.get(name) for name in _ALONE}, "views": effort.views})
    frame, y, unlabelled = pool.inputs.frame, pool.y, asked.get("unlabelled")
    y = y.astype(np.float64) if pool.task == "regression" else y
    encoded = _Encoded.of(pool, source, effort.device, unlabelled)
    candidates = view_candidates(
        encoded.slices, encoded.borrowed, pool.task, unlabelled=encoded.more, without=encoded.plain_slices
    )
    counted, classes = asked.get("counted"), None if pool.task == "regression" else np.unique(y)
    material = Material(
        encoded.rows,
        y,
        pool.task,
        pool.groups,
        device=pick_device(effort.device).type,
        progress=effort.progress,
        unlabelled=encoded.more,
        shown=pool.inputs,
        metric=metric_named(asked.get("metric"), pool.task).name,
        weight=None if counted is None else row_weights(np.asarray(counted, dtype=float), len(y)),
    )
    key = "" if effort.checkpoint is None else run_key(material, candidates, effort.n_splits, effort.seed)
    found = guard(
        material,
        candidates,
        budget=float(effort.budget),
        n_splits=effort.n_splits,
        random_state=effort.seed,
        journal=Journal(effort.checkpoint, key, resume=True, spent=effort.spent),
        names=None if classes is None else classes.tolist(),
        later=int(asked.get("later") or 0),
        plan=asked.get("plan"),
        n_jobs=effort.n_jobs,
    )
    encoder, columns = encoded.used_by(found.candidate.name)
    worth = view_worth(material, found.candidate.estimator, columns, found.splits)
    more = None if unlabelled is None else encoder.transform(unlabelled)
    final = found.candidate.fresh(views=dict(encoder.slices_), unlabelled=more)
    final.fit(encoder.transform(frame), y, groups=pool.groups)
    evidence = found.evidence
    evidence["data"]["notes"] += list(encoded.encoder.notes_)
    evidence["views"] = plain(_told(worth, found.candidate, encoder, len(pool), 0 if more is None else len(more)))
    evidence["source"] = _sources(encoded.encoder)
    if encoded.encoder.networks_:
        evidence["before"] = plain(_before(encoded.encoder, len(pool), evidence["verdict"]))
    kept = None
    if asked.get("reference"):
        rows = encoder.transform(frame)
        kept = reference_without_heads(
            rows, dates=encoder.of_dates(), measures=encoder.present(rows), random_state=effort.seed
        )
    return GuardedViews(final, evidence, found.temperature, encoder, classes, kept)


def _check(dataset: Dataset, asked: Mapping[str, Any]) -> None:
    """Refuse what does not go with several views."""
    if dataset.task == "multilabel" or np.ndim(dataset.y) > 1:
        raise DataError(
            "Expected one label or number a row with several views, found several.", "Fit a model for each of them."
        )
    wrong = [name for name, value in asked.items() if value not in (None, False, 1)]
    if wrong:
        raise ParameterError(
            f"Expected {wrong[0]} left at its default with several views, found {asked[wrong[0]]!r}.", "Leave it out."
        )


@dataclass(frozen=True, eq=False)
class _Encoded:
    """All rows in numbers: the views with networks, and behind them without, where some have one."""

    encoder: ViewEncoder
    without: ViewEncoder | None
    rows: np.ndarray
    more: np.ndarray | None

    @classmethod
    def of(cls, pool: Dataset, source: Any, device: str, unlabelled: pd.DataFrame | None) -> _Encoded:
        views, frame = views_of(pool), pool.inputs.frame
        others = [] if unlabelled is None else [unlabelled]
        encoder = ViewEncoder(views, source=source, device=device).fit(frame, others=others)
        without = (
            ViewEncoder(views, source=None, device=device).fit(frame, others=others) if encoder.networks_ else None
        )
        both = [encoder] if without is None else [encoder, without]
        rows, *more = (np.concatenate([one.transform(part) for one in both], axis=1) for part in [frame, *others])
        return cls(encoder, without, rows, more[0] if more else None)

    @property
    def slices(self) -> dict[str, slice]:
        """Columns of each view."""
        return dict(self.encoder.slices_)

    @property
    def plain_slices(self) -> dict[str, slice] | None:
        """Columns of each view without any network; None where none has one."""
        if self.without is None:
            return None
        width = max(part.stop for part in self.slices.values())
        return {name: slice(part.start + width, part.stop + width) for name, part in self.without.slices_.items()}

    @property
    def borrowed(self) -> dict[str, bool]:
        """Whether a view's columns come from a trained network."""
        known = self.encoder.networks_
        return {name: name in known and bool(known[name].trained) for name in self.slices}

    def used_by(self, candidate: str) -> tuple[ViewEncoder, dict[str, slice]]:
        """The encoder that a candidate needs, and its columns here."""
        if self.without is not None and self.plain_slices is not None and candidate.endswith(PLAIN):
            return self.without, self.plain_slices
        return self.encoder, self.slices


def _told(worth: dict[str, Any], candidate: Any, encoder: ViewEncoder, n: int, more: int) -> dict[str, Any]:
    """What the report says of the views."""
    for row in worth["rows"]:
        name = row["view"]
        network = encoder.networks_.get(name)
        row |= {
            "holds": kind_named(encoder.input_types_[name]).many,
            "columns": [str(column) for column in encoder.columns_[name]],
            "network": None if network is None else network.name,
        }
    return worth | {"fusion": candidate.name, "n": n, "n_unlabelled": more}


def _before(encoder: ViewEncoder, n: int, verdict: dict[str, Any]) -> dict[str, Any]:
    """What could be said of the networks before anything was trained."""
    found = []
    for view, network in encoder.networks_.items():
        for one in (trained(network.trained), source_size(network.card.n_examples, n)):
            found.append(one | {"words": f"View {view}: {one['words'][:1].lower()}{one['words'][1:]}"})
    return {"findings": found, "words": summary(found), "outcome": came_out(found, verdict)}


def _sources(encoder: ViewEncoder) -> dict[str, Any] | None:
    """The networks that were offered, as one source."""
    each = {name: network_evidence(network) for name, network in encoder.networks_.items()}
    known = [one for one in each.values() if one is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0]
    total = sum(one["n_parameters"] for one in known)
    name = ", ".join(f"{one['name']} for the view {view}" for view, one in each.items() if one is not None)
    return known[0] | {"name": name, "n_parameters": total, "n_examples": None, "n_classes": None, "origin": None}
