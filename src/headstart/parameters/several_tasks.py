"""Several tasks at once, alike: one body that all of them train, a head for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import KW_ONLY
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import check_is_fitted

from headstart.contract.card import MethodCard
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_option
from headstart.data.base.rows import Inputs
from headstart.data.inputs.inputs import as_inputs
from headstart.data.sets.labels import ReadLabels, read_labels
from headstart.data.sets.splits import holdout
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.window import fitted as with_window
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.targets import task_targets
from headstart.parameters.target_first import gain_of_others
from headstart.parameters.task_columns import cells_of, read_tasks
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.parameters.tuning.objective import WEIGHTINGS
from headstart.parameters.tuning.plan import network_for, settings_for, stops_early, trained_blocks
from headstart.parameters.tuning.together import TaskRows, tune_together
from headstart.parameters.tuning.useless_tasks import useless_tasks
from headstart.progress import reporter

_OWN = ("train", "network", "epochs", "learning_rate", "batch_size", "device", "random_state")


@estimator_class
class BaseMultiTask(BaseEstimator):
    """What classes and numbers have in common; see `MultiTaskClassifier`.

    Parameters
    ----------
    source : network or None, default=None
        What all tasks start from, see `headstart.networks.reading.loading.load_network`. None: random weights of
        ``network``.
    tasks : dict of str to {"classification", "multilabel", "regression"}, optional
        What the columns of Y are, or some of them. Default: told from their cells.
    target : str, optional
        The column that counts. The others are learned beside it if that lowers its loss on three folds of its rows by
        more than chance, seven trainings in place of one; else it is learned alone. Those that can be of no use to it
        are left out (`headstart.parameters.tuning.useless_tasks`). ``score`` is that of the target.
    weighting : {"equal", "uncertainty", "upgrad", "pcgrad"}, default="equal"
        How the tasks' losses or gradients are joined. Each loss is divided by that of guessing first. "uncertainty":
        weights are learned (Kendall et al. 2018); "pcgrad": gradients that pull against each other are taken apart (Yu
        et al. 2020); "upgrad": those of the extra ``torchjd``. In careful comparisons none of them beats equal weights
        (Kurin et al. 2022), and the last two take a pass back for each task.
    network : as source, optional
        Architecture for ``source=None``.
    train : {"head", "last:k", "all"}, default="last:1"
        What moves; with "head" nothing is shared but the network as it is, and heads are solved one by one.
    epochs : int, default=20
    learning_rate : float, optional
        Of the head; blocks below move more slowly. Default: chosen as in `TransferClassifier`.
    batch_size : int, default=32
    early_stopping : "auto" or bool, default="auto"
        Set a fifth of the rows aside and keep the weights of the best epoch; "auto" does so from 300 rows on.
    device : str, default="auto"
        As in `TransferClassifier`.
    random_state : int, optional
    verbose : int, default=0

    Attributes
    ----------
    tasks_ : dict of str to str
        What each column of Y is.
    n_labels_ : dict of str to int
        Rows that have a label of each task.
    label_names_ : dict of str to list
        Classes of each task, or its labels where there are several; empty for numbers.
    models_ : dict of str to TransferClassifier or TransferRegressor
        The body with one task's head each, to be used, saved and borrowed from like any other.
    body_ : Network
        The network that all share, a source for the next transfer.
    history_ : list of dict
        One record an epoch.
    gain_ : Gain
        With a target: the ``gain`` of its loss by the other tasks, the ``error``, and whether it ``helps``.
    refused_ : dict of str to str
        With a target: tasks that it was not learned with, and why.
    notes_ : list of str
        With a target: the same in words.

    Raises
    ------
    DataError
        If Y is no frame, or a task has no labels, or one class.
    ParameterError, SourceError
    """

    card: ClassVar[MethodCard]
    source: Any = None
    _: KW_ONLY
    tasks: Any = None
    target: str | None = None
    weighting: str = "equal"
    network: Any = None
    train: str = "last:1"
    epochs: int = 20
    learning_rate: float | None = None
    batch_size: int = 32
    early_stopping: Any = "auto"
    device: str = "auto"
    random_state: int | None = None
    verbose: int = 0

    _numbers_alone = False

    def fit(self, X: Any, Y: Any) -> Self:
        """Fit to pictures, clips or texts, and their labels.

        Parameters
        ----------
        X : pictures, clips or texts, n of them
        Y : frame of n rows
            A column a task; None, NaN and "" are gaps, lists of labels are several labels.

        Returns
        -------
        self
        """
        check_option("weighting", self.weighting, WEIGHTINGS)
        trained_blocks(self.train)
        if str(self.train).partition(":")[0] not in ("head", "last", "all"):
            raise ParameterError(f"Expected train 'head', 'last:k' or 'all' for several tasks, found {self.train!r}.")
        inputs = as_inputs(X)
        read = read_tasks(Y, inputs.names, self.tasks, numbers_alone=self._numbers_alone)
        self.notes_, self.refused_ = list[str](), dict[str, str]()
        if self.target is not None:
            read = self._target_first(inputs, read)
        return self._learn(inputs, read)

    def _target_first(self, inputs: Inputs, read: dict[str, ReadLabels]) -> dict[str, ReadLabels]:
        """The tasks to learn: all where the others help the target, else the target alone."""
        if self.target not in read or read[self.target].task == "multilabel":
            listed = ", ".join(name for name, one in read.items() if one.task != "multilabel")
            raise ParameterError(
                f"Expected the target among the columns of classes or numbers, found {self.target!r}.",
                f"There is: {listed or 'none'}.",
            )

        def learn(some: Inputs, labels: Mapping[str, ReadLabels]) -> Mapping[str, Any]:
            twin: Self = clone(self).set_params(target=None, verbose=0)
            return twin._learn(some, self._useful(some, labels)[0]).models_

        self.gain_ = gain_of_others(learn, inputs, read, self.target)
        kept, useless = self._useful(inputs, read)
        self.notes_ = [
            self.gain_.told(self.target),
            *(f"Left out: {name!r}, as {why}." for name, why in useless.items()),
        ]
        self.refused_ = useless
        if not self.gain_.helps:
            self.refused_ = {name: "they do not help together" for name in read if name != self.target} | useless
            kept = {self.target: read[self.target]}
        return kept

    def _useful(self, inputs: Inputs, read: Mapping[str, ReadLabels]) -> tuple[dict[str, ReadLabels], dict[str, str]]:
        """The target and the tasks that can be of use to it, and why the others cannot."""
        target = str(self.target)
        tasks = {name: self._rows(one, np.arange(len(inputs))) for name, one in read.items()}
        others = {name: one for name, one in tasks.items() if name != target}
        if not others:
            return dict(read), {}
        network = with_window(network_for(self._single("regression"), inputs.input_type), inputs)
        how: dict[str, Any] = {"device": self.device, "seed": self.random_state or 0}
        out = useless_tasks(network, inputs, tasks[target], others, **how)
        return {name: one for name, one in read.items() if name not in out}, out

    @staticmethod
    def _rows(one: ReadLabels, place: np.ndarray) -> TaskRows:
        return TaskRows(task_targets(one.y, one.task), place[one.kept])

    def _learn(self, inputs: Inputs, read: dict[str, ReadLabels]) -> Self:
        blocks = trained_blocks(self.train)
        self.tasks_ = {name: one.task for name, one in read.items()}
        self.n_labels_ = {name: int(one.kept.sum()) for name, one in read.items()}
        self.label_names_ = {name: list(one.classes or ()) for name, one in read.items()}
        self.models_ = {name: self._single(one.task) for name, one in read.items()}
        if blocks == 0 and self.source is not None:
            for name, one in read.items():
                self.models_[name].fit(inputs[np.flatnonzero(one.kept)], one.y)
            self.history_: list[dict[str, float]] = []
        else:
            self._train(inputs, read)
        return self

    def _single(self, task: str) -> Any:
        """An estimator of one task with these settings."""
        kind = TransferRegressor if task == "regression" else TransferClassifier
        given = {name: getattr(self, name) for name in _OWN}
        return kind(self.source, head="linear", early_stopping=self.early_stopping, augment=None, **given)

    def _train(self, inputs: Inputs, read: Mapping[str, ReadLabels]) -> None:
        """Train the body with all heads, and hand each model its own."""
        first = next(iter(self.models_.values()))
        network = with_window(network_for(first, inputs.input_type), inputs)
        settings = settings_for(first, input_type=inputs.input_type)
        if settings.blocks == 0:
            settings = dataclasses.replace(settings, blocks=None)
        able = np.flatnonzero(np.any([one.kept for one in read.values()], axis=0))
        place = np.cumsum(np.isin(np.arange(len(inputs)), able)) - 1
        tasks = {name: self._rows(one, place) for name, one in read.items()}
        held = None
        if stops_early(self.early_stopping, len(able)):
            held = holdout(np.zeros(len(able)), "regression", fraction=0.2, random_state=settings.seed)
        with reporter(quiet=not self.verbose) as progress:
            how: dict[str, Any] = {"weighting": self.weighting, "held_out": held, "progress": progress}
            tuned, heads = tune_together(network, inputs[able], tasks, settings, **how)
        self.history_ = tuned.history
        for name, model in self.models_.items():
            targets = tasks[name].targets
            model.fitted_ = Fitted(targets, tuned.network, None, heads[name], tuned.history)
            if targets.classes is not None:
                model.classes_ = targets.classes

    @property
    def body_(self) -> Network:
        """The network that all tasks share."""
        check_is_fitted(self, "models_")
        found: Network = next(iter(self.models_.values())).network_
        return found

    def save(self, folder: str | Path) -> Path:
        """Write what was fitted into a folder, whole or not at all, with a model a task inside.

        `headstart.load` reads it, or one of its tasks, and it is a source for the next transfer, which starts from
        ``body_``.

        Parameters
        ----------
        folder : path-like
            New, empty, or an earlier result of headstart, which is then replaced.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        from headstart.parameters.saving import save_together

        check_is_fitted(self, "models_")
        return save_together(self.models_, folder, self.label_names_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags

    def _scores(self, X: Any) -> dict[str, np.ndarray]:
        """Scores of each task, from features that are computed once."""
        check_is_fitted(self, "models_")
        first = next(iter(self.models_.values()))
        features = first.fitted_.exact(X, self.device)
        return {name: model.fitted_.scores(features) for name, model in self.models_.items()}

    def predict(self, X: Any) -> pd.DataFrame:
        """A column a task: classes, lists of labels, or numbers."""
        found: dict[str, Any] = {}
        for name, scores in self._scores(X).items():
            said = self.models_[name].fitted_.answers(scores)
            known = self.label_names_[name] if self.tasks_[name] == "multilabel" else None
            found[name] = said if known is None else [[known[k] for k in np.flatnonzero(row)] for row in said]
        return pd.DataFrame(found)

    def score(self, X: Any, Y: Any) -> float:
        """Mean over tasks, or the target's alone: accuracy, share of right labels, or R^2; gaps do not count."""
        scores, each = self._scores(X), []
        for name, task in self.tasks_.items():
            if self.target not in (None, name):
                continue
            one = read_labels(cells_of(Y, name), [str(i) for i in range(len(Y))], task)
            said = self.models_[name].fitted_.answers(scores[name])[one.kept]
            if task == "regression":
                each.append(r2_score(one.y, said))
            elif task == "classification":
                each.append(accuracy_score(one.y, said))
            else:
                known = self.label_names_[name]
                hot = np.zeros((len(one.y), len(known)), dtype=int)
                for k, label in enumerate(one.classes or ()):
                    if label in known:
                        hot[:, known.index(label)] = one.y[:, k]
                each.append(float((hot == said).mean()))
        return float(np.mean(each))


@estimator_class
class MultiTaskClassifier(BaseMultiTask):
    """Tasks of classes, of several labels and of numbers at once, which train one body together.

    The last blocks of the network, or all of them, are trained by the mean of the tasks' losses, each over the rows
    that have its label; each task has a linear head of its own. Y may mix classes, several labels and numbers;
    `MultiTaskRegressor` takes numbers alone. What comes out is a network (``body_``) that the next transfer can start
    from, and a model a task. Where one task is what matters, take `AuxiliaryTaskClassifier`.

    References
    ----------
    Caruana (1997), "Multitask learning"; Kendall, Gal and Cipolla (2018); Yu et al. (2020); Kurin et al. (2022), "In
    defense of the unitary scalarization for deep multi-task learning", for why equal weights are the default.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> light, wide = rng.integers(2, size=24), rng.integers(2, size=24)
    >>> X = (rng.random((24, 16, 16)) * 60 + 150 * light[:, None, None]).astype(np.uint8)
    >>> X[wide == 1, :, ::2] = 0
    >>> Y = pd.DataFrame({"light": np.where(light, "light", "dark"), "wide": wide.astype(float)})
    >>> Y.loc[:5, "wide"] = None
    >>> model = MultiTaskClassifier("starter:pictures", epochs=2, random_state=0).fit(X, Y)
    >>> model.tasks_, model.n_labels_["wide"], model.predict(X[:2]).columns.tolist()
    ({'light': 'classification', 'wide': 'classification'}, 18, ['light', 'wide'])
    >>> folder = model.save("two-tasks")
    >>> sorted(place.name for place in folder.iterdir() if place.is_dir())
    ['task-1', 'task-2']
    """

    def predict_proba(self, X: Any) -> list[np.ndarray | None]:
        """Probabilities of each task's classes or labels, (n, K), in the order of ``tasks_``; None for numbers."""
        found = []
        for name, scores in self._scores(X).items():
            numbers = self.tasks_[name] == "regression"
            found.append(None if numbers else self.models_[name].fitted_.probabilities(scores))
        return found


@estimator_class
class MultiTaskRegressor(BaseMultiTask):
    """Several numbers at once, with gaps, which train one body together; see `MultiTaskClassifier`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> light = rng.random(24)
    >>> X = (rng.random((24, 16, 16)) * 60 + 150 * light[:, None, None]).astype(np.uint8)
    >>> Y = pd.DataFrame({"light": light, "dark": 1 - light})
    >>> model = MultiTaskRegressor("starter:pictures", train="head", tasks={"dark": "regression"}).fit(X, Y)
    >>> bool(model.score(X, Y) > 0.9)
    True
    """

    _numbers_alone = True
