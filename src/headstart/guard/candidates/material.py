"""The target as candidates get it: rows, labels as numbers, groups, and features where they ask for them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.kinds import NUMBERS, Kind, OfKind
from headstart.data.inputs.registry import simple_of
from headstart.data.sets.other_tasks import OtherTasks
from headstart.data.tables.records import Records
from headstart.guard.candidates.worth import Worth, worth_of_each
from headstart.math.statistics.named_metrics import Metric, metric_named
from headstart.networks.running.simple_features import side_by_side, simple_features
from headstart.progress import Progress
from headstart.source import Source

if TYPE_CHECKING:  # rows of a table need no torch
    from headstart.networks.network import Network
    from headstart.networks.running.features import Features


@dataclass(frozen=True, eq=False)
class Material(OfKind):
    """What is to be learned, and the network that may be borrowed from.

    Parameters
    ----------
    rows : Pictures, Clips or array (n, d)
        The examples.
    y : array
        Labels (n,), 0/1 (n, L), or numbers (n,) or (n, t), as candidates are fitted with.
    task : {"classification", "multilabel", "regression"}
    groups : array, shape (n,), or None
    network : Network or None
        Borrowed from.
    progress : callable, optional
        ``progress(what, done, total)``.
    sources : tuple of Source
        Labelled rows of numbers to borrow from, with the columns of ``rows``.
    unlabelled : array (m, d) or Inputs, optional
        More rows of the target, none of which is among ``rows``.
    lent : tuple of Source
        Labelled pictures, clips or texts of other sets, none of which is among ``rows``.
    auxiliary : tuple of Source
        Rows of numbers of other tasks, with the columns of ``rows``.
    beside : OtherTasks, optional
        Labels of other tasks, of pictures, clips or texts that are among ``rows``, and of others.
    shown : Records, optional
        The rows as they were given, where they are those of a table.
    metric : str, optional
        Name of what is measured. Default: that of the task.
    weight : array of float, shape (n,), optional
        Weights of the examples in what is measured.
    learning : array of float, shape (n,), optional
        Weights of the examples in learning: these, times those of the classes.
    known : array of shape (K,), optional
        The classes, where the labels may lack some.
    """

    rows: Any
    y: np.ndarray
    task: str
    groups: np.ndarray | None = None
    network: Network | None = None
    device: str = "cpu"
    progress: Progress | None = field(default=None, repr=False)
    sources: tuple[Source, ...] = ()
    unlabelled: Any = field(default=None, repr=False)
    lent: tuple[Source, ...] = ()
    auxiliary: tuple[Source, ...] = ()
    beside: OtherTasks | None = None
    shown: Records | None = field(default=None, repr=False)
    metric: str | None = None
    weight: np.ndarray | None = field(default=None, repr=False)
    learning: np.ndarray | None = field(default=None, repr=False)
    known: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.y)

    def sendable(self) -> Material:
        """The same with all that was computed of it, without what only this process can be told."""
        sent = dataclasses.replace(self, progress=None)
        sent.__dict__.update({name: value for name, value in self.__dict__.items() if name not in sent.__dict__})
        return sent

    @property
    def kind(self) -> Kind:
        """What the examples are; rows of features are `NUMBERS`."""
        found: Kind = getattr(self.rows if self.shown is None else self.shown, "kind", NUMBERS)
        return found

    @property
    def numbers(self) -> bool:
        """Whether the examples are rows of numbers, which no network takes."""
        return self.kind.values

    @property
    def fitting_network(self) -> Network | None:
        """The network, where it takes what the examples are."""
        return self.network if self.network is not None and self.network.takes is self.kind else None

    @property
    def measured(self) -> Metric:
        """What is measured."""
        return metric_named(self.metric, self.task)

    @cached_property
    def classes(self) -> np.ndarray | None:
        """Class labels in sorted order; None for numbers and multi-label."""
        if self.task != "classification":
            return None
        return np.unique(self.y) if self.known is None else self.known

    @cached_property
    def target(self) -> np.ndarray:
        """Class numbers (n,), 0/1 (n, L), or numbers as float."""
        if self.classes is not None:
            return np.searchsorted(self.classes, self.y)
        return self.y.astype(np.float64) if self.task == "regression" else self.y.astype(int)

    @cached_property
    def columns(self) -> np.ndarray:
        """The target with one column for each class, label or number, (n, c)."""
        if self.classes is not None:
            return np.eye(len(self.classes))[self.target]
        return self.target.reshape(len(self), -1).astype(np.float64)

    @cached_property
    def worth(self) -> Worth | None:
        """What each of several sources is worth by itself; None for fewer than two."""
        if len(self.sources) < 2:
            return None
        labels = [np.asarray(source.y) for source in self.sources]
        if self.classes is not None:
            labels = [np.searchsorted(self.classes, given) for given in labels]
        pairs = [(np.asarray(source.X), given) for source, given in zip(self.sources, labels, strict=True)]
        n_classes = None if self.classes is None else len(self.classes)
        return worth_of_each(self.rows, self.target, pairs, classes=n_classes, groups=self.groups)

    @cached_property
    def network_features(self) -> Features | None:
        """Pooled features of the borrowed network; computed once."""
        if self.fitting_network is None:
            return None
        from headstart.networks.running.embed import embed

        return embed(self.fitting_network, self.rows, device=self.device, progress=self.progress)

    @cached_property
    def simple_features(self) -> np.ndarray | None:
        """What can be measured without a network, (n, d), each block scaled; None for numbers."""
        return None if self.numbers else self.simple_features_of(np.arange(len(self)))

    def simple_features_of(self, chosen: np.ndarray) -> np.ndarray:
        """What can be measured of some examples without a network, (m, d), each block scaled."""
        preprocessing = None if self.fitting_network is None else self.fitting_network.preprocessing
        found = simple_features(self.rows[chosen], preprocessing, self.progress)
        return side_by_side(found, by_column=simple_of(self.kind).by_column)

    def inputs(self, takes: str) -> Any:
        """All examples in the form a candidate takes."""
        if takes == "rows" or self.numbers:
            return self.rows
        return self.simple_features if self.network_features is None else self.network_features.output
