"""Borrow a network's parameters: new head, last blocks, or all layers, behind scikit-learn's interface."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from dataclasses import KW_ONLY
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from headstart.contract.estimator_class import estimator_class
from headstart.data.inputs.fixed_views import check_views
from headstart.data.inputs.inputs import as_inputs, inputs_in
from headstart.errors import ParameterError
from headstart.networks.network import Network
from headstart.networks.reading.loading import taken
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.parameters.heads.by_rows import is_method, solve_by
from headstart.parameters.heads.deep_head import train_deep_head
from headstart.parameters.heads.fitted import Fitted
from headstart.parameters.heads.solved import SolvedHead, solve_head
from headstart.parameters.heads.targets import Targets, class_targets, number_targets, one_column
from headstart.parameters.heads.unlabelled import check_unlabelled
from headstart.parameters.on_inputs import (
    Given,
    fit_inputs,
    fit_with_unlabelled,
    given_to,
    held_rows,
    tune_with_unlabelled,
)
from headstart.parameters.tuning.plan import head_widths, settings_for, stops_early, trained_blocks
from headstart.progress import Progress, reporter
from headstart.training.device import pick_device


@estimator_class
class BaseTransfer(BaseEstimator, metaclass=ABCMeta):
    """What classes and numbers have in common; see `TransferClassifier`.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module, list or None, default=None
        What to borrow (see `headstart.networks.reading.loading.load_network`). None learns from the target alone: all
        layers of ``network`` from random weights, or a head on ready-made features. A list of a network and of
        labelled sets, ``[network, Source(pictures, y)]``: their examples are learned from too, and nothing is chosen
        or stopped by them. A head weighs them as is best for held-out examples of the target, all else as much in all
        as those of the target.
    network : as source, optional
        Architecture for ``source=None``. Default: that of ``starter:pictures``, for clips of ``starter:speech``.
    train : {"head", "last:k", "all", "lora:r", "contrastive:k"}, default="head"
        What moves. Everything else stays as it is to the last bit, batch-norm statistics included. With "lora" or
        "lora:r" changes of rank r (8) to the attention of all layers are learned (Hu et al. 2022; extra ``lora``), and
        added to the weights in the end. With "contrastive" or "contrastive:k" the last k blocks (2) learn from pairs of
        examples, for few labels (Tunstall et al. 2022; `headstart.parameters.tuning.contrastive.contrast`).
    head : {"auto", "linear", "depths", "hidden"}, list of int, or estimator, default="auto"
        One linear head; linear heads over several depths, averaged ("hidden": over two, with a hidden layer each); or
        hidden layers of these widths with ``dropout``. "auto" takes linear or depths, whichever has the lower held-out
        log-loss. Unless ``train`` is ``"head"`` or ``"contrastive"``, the named kinds all mean a linear head. A method
        of rows, as ``AlignedClassifier(CORAL())``, is fitted to the features, with labelled sets as its source; its
        answers have to be linear in them (`headstart.parameters.heads.by_rows.solve_by`). With ``train="last:k"`` an
        `AdaptedClassifier` adapts the last k blocks as well (`headstart.parameters.tuning.adapting.adapt_blocks`).
    optimizer : {"adamw", "adam", "sgd"}, default="adamw"
    class_weight : None, "balanced" or dict, default=None
    epochs : int >= 1, default=20
    learning_rate : float > 0, optional
        Default: 3e-4 for a trained network, 1e-3 for a new head or random weights (SGD: 1e-2, 5e-2); of a network for
        texts a sixth of it, of changes of low rank twice that of a trained network.
    layer_decay : float in (0, 1], default=0.9
        Factor of the rate from each block to the one before it.
    weight_decay : float >= 0, default=0.01
    l2_sp : float >= 0, default=0
        Strength of the pull towards the borrowed weights (Li et al. 2018).
    dropout : float in [0, 1), default=0
        Before the layers of the new head.
    channel_dropout : float in [0, 1), default=0
        With ``train="last:k"``, share of the channels that go into the first of these blocks, hidden anew from each
        example in each step (Tompson et al. 2015): what varies examples where augmentation would cost the cache.
    augment : "auto", None, Augmentation or SoundAugmentation, default="auto"
        Of pictures random crops, light and, where a measurement shows no harm, mirroring; of clips shifts in time,
        loudness and noise; only when all layers train.
    early_stopping : "auto" or bool, default="auto"
        Set a fifth of the rows aside and keep the weights of the best epoch; "auto" does so from 300 rows on.
    image_size : int, optional
        Side of the network's input in pixels, if other than its own. For pictures alone.
    text_windows : int, optional
        Into how many windows of the network's length a text may be cut, whose features are averaged; what is longer is
        cut off. Default: one, or as many as a source was saved with. For texts alone.
    views : int from 1 to 64, default=1
        With ``train="head"``, how many views of each picture or clip are learned from: itself, and others varied as
        ``augment`` says, each run once and cached. They share its weight; nothing is ever validated on a varied one.
    batch_size : int >= 1, default=32
    cache : bool, default=True
        With ``train="last:k"``, keep what the frozen part puts out; False runs the whole network every epoch.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
    random_state : int, optional
    verbose : int, default=0
        1 shows progress on standard error.
    checkpoint : path, optional
        File to which training is saved and from which it goes on after a kill, with the same result.

    Attributes
    ----------
    network_ : Network or None
        With the weights after training.
    history_ : list of dict
        One record an epoch.

    Raises
    ------
    SourceError, DataError, ParameterError, BadInputs
    """

    takes_inputs = True

    source: Any = None
    _: KW_ONLY
    network: Any = None
    train: str = "head"
    head: Any = "auto"
    optimizer: str = "adamw"
    class_weight: Any = None
    epochs: int = 20
    learning_rate: float | None = None
    layer_decay: float = 0.9
    weight_decay: float = 0.01
    l2_sp: float = 0.0
    dropout: float = 0.0
    channel_dropout: float = 0.0
    augment: Any = "auto"
    early_stopping: Any = "auto"
    image_size: int | None = None
    text_windows: int | None = None
    views: int = 1
    batch_size: int = 32
    cache: bool = True
    device: str = "auto"
    random_state: int | None = None
    verbose: int = 0
    checkpoint: Any = None

    #: What another fit chose, its ``choices_``; where it is set, a solved head takes it and chooses nothing anew.
    known = None  # type: Any

    @abstractmethod
    def _targets(self, y: Any) -> Targets:
        """Encode y."""

    def fit(self, X: Any, y: Any = None, groups: Any = None, sample_weight: Any = None) -> Any:
        """Fit to the target alone; what is borrowed was given at construction.

        Parameters
        ----------
        X : pictures, clips, texts or ndarray of shape (n, d)
            Paths, PIL pictures, arrays (n, H, W) or (n, H, W, C), strings, `Pictures`, `Clips`, `Texts`; or ready-made
            features.
        y : array-like of shape (n,) or (n, L)
            Labels, a 0/1 matrix of labels, or numbers. None where ``head`` is a method that needs none of the target's,
            with a labelled set in ``source``.
        groups : array-like of shape (n,), optional
            Rows of one group never stand on both sides of an inner split.
        sample_weight : array-like of shape (n,), optional
            Weights of the rows in learning, 0 or more.

        Returns
        -------
        self
        """
        (
            trained_blocks(self.train),
            head_widths(self.head),
            check_views(self.views, self.train),
            stops_early(self.early_stopping, 0),
        )
        groups = None if groups is None else np.asarray(groups)
        inputs = inputs_in(X)
        if inputs is not None:
            given = given_to(self, self._targets, inputs, y, groups, sample_weight)
            with reporter(quiet=not self.verbose) as progress:
                self.fitted_ = self._fit_inputs(given, progress)
        else:
            self.fitted_ = self._fit_table(X, y, groups, sample_weight)
        return self

    def _fit_table(self, X: Any, y: Any, groups: np.ndarray | None, sample_weight: Any) -> Fitted:
        """Ready-made features: a solved head on standardised columns."""
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], multi_output=True, y_numeric=self._numeric)
        if self.source is not None:
            wanted = taken(self.source)
            raise ParameterError(
                f"Expected {wanted} for the network {self.source!r}, found a table of {X.shape[1]} columns.",
                f"Give {wanted}, or source=None for a head on these features.",
            )
        targets = self._targets(y).weighed(sample_weight)
        shift, scale = X.mean(axis=0), X.std(axis=0)
        scale = np.where(scale > 1e-12 * (1 + np.abs(shift)), scale, 1.0)
        features = Features.of((X - shift) / scale)
        widths = head_widths(self.head)
        if widths:
            held = held_rows(self, targets, groups)
            deep, history = train_deep_head(
                features.output.astype(np.float32), targets, settings_for(self), held_out=held
            )
            return Fitted(targets, None, None, deep, history, shift, scale)
        if is_method(self.head):
            return Fitted(targets, None, solve_by(self.head, features, targets, []), None, [], shift, scale)
        head = solve_head(features, targets, "linear", groups=groups, random_state=self.random_state)
        return Fitted(targets, None, head, None, [], shift, scale)

    def _fit_inputs(self, given: Given, progress: Progress | None) -> Fitted:
        return fit_inputs(self, given, progress)

    @property
    def _numeric(self) -> bool:
        return False

    @property
    def network_(self) -> Network | None:
        """The network with its present weights; None for a head on ready-made features."""
        check_is_fitted(self, "fitted_")
        return self.fitted_.network

    @property
    def choices_(self) -> Any:
        """Feature sets, penalties and weights of a solved head, for ``known`` of a fit to more such examples."""
        solved = self.fitted_.solved
        return solved.choices if isinstance(solved, SolvedHead) else None

    @property
    def history_(self) -> list[dict[str, float]]:
        """One record an epoch: train_loss, val_loss, val_score; empty for a solved head."""
        check_is_fitted(self, "fitted_")
        return self.fitted_.history

    def embed(self, X: Any) -> np.ndarray:
        """Features that the head sees, shape (n, n_features): the input of the output layer."""
        check_is_fitted(self, "fitted_")
        if self.fitted_.network is None:
            return self._rows(X).output
        return embed(self.fitted_.network, as_inputs(X), device=str(pick_device(self.device))).output

    def _rows(self, X: Any) -> Features:
        """Features for predicting: exact, in float32."""
        fitted = self.fitted_
        if fitted.network is not None:
            return fitted.exact(X, self.device)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return Features.of((X - fitted.shift) / fitted.scale)

    def _scores(self, X: Any) -> np.ndarray:
        """Logits, or standardised predictions, of shape (n, K)."""
        check_is_fitted(self, "fitted_")
        return self.fitted_.scores(self._rows(X))

    def save(self, folder: str | Path) -> Path:
        """Write what was fitted into a folder, whole or not at all.

        `headstart.load` reads it, and it is a source for the next transfer.

        Parameters
        ----------
        folder : path-like
            New, empty, or an earlier result of headstart, which is then replaced.

        Raises
        ------
        ParameterError
            If it learned from ready-made features.
        OutputError
            If it cannot be written.
        """
        from headstart.parameters import saving

        check_is_fitted(self, "fitted_")
        return saving.save_alone(self, folder)


@estimator_class
class TransferClassifier(ClassifierMixin, BaseTransfer):
    r"""Classify with a borrowed network: keep its layers, replace its output layer, train what the data can bear.

    The new head is put on its optimum on features that are computed once an example; with ``train="last:k"`` or
    ``"all"`` training goes on from there through the last k blocks or the whole network, with layer-wise rates
    :math:`\eta\,\gamma^{j}` for the j-th block from the end.

    Use it when there is a network whose pictures, sounds or texts resemble yours. With 50 to a few hundred examples
    ``train="head"`` is quick and hard to beat; with more, or with examples unlike the source's, try ``"last:1"`` and
    ``"all"``.
    `SafeTransferClassifier` measures which.

    Parameters
    ----------
    unlabelled : pictures, clips or texts, optional
        More examples of the target without labels, with one linear head: for a few labels a class and hundreds of
        examples without; held-out examples must not be among them. With ``train="head"`` the head learns from them
        (`headstart.parameters.heads.unlabelled.solve_with_unlabelled`), with "last:k" and "all" the network goes on
        from there: plain examples teach varied views of themselves (`headstart.parameters.tuning.consistency`).

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    class_shares_ : ndarray of shape (K,) or None
        Of the classes, as the examples without labels look; None where there are none.

    References
    ----------
    Yosinski et al. 2014 (how transferable are features); Howard & Ruder 2018 (layer-wise rates); Kumar et al. 2022
    (LP-FT: the head first). We differ from LP-FT in that the probe is solved, with a cross-validated penalty.

    Examples
    --------
    >>> X = np.array([[0.0, 1.0], [0.2, 0.8], [1.0, 0.1], [0.9, 0.0]])
    >>> TransferClassifier(source=None).fit(X, ["a", "a", "b", "b"]).predict(X).tolist()
    ['a', 'a', 'b', 'b']
    """

    _: KW_ONLY
    unlabelled: Any = None

    def _fit_inputs(self, given: Given, progress: Progress | None) -> Fitted:
        self.class_shares_ = check_unlabelled(self, given.targets.task)
        if self.unlabelled is None or is_method(self.head):
            return super()._fit_inputs(given, progress)
        learn = fit_with_unlabelled if self.train == "head" else tune_with_unlabelled
        found, self.class_shares_ = learn(self, given, progress)
        return found

    def _fit_table(self, X: Any, y: Any, groups: np.ndarray | None, sample_weight: Any) -> Fitted:
        self.class_shares_ = check_unlabelled(self, "ready-made features")
        return super()._fit_table(X, y, groups, sample_weight)

    def _targets(self, y: Any) -> Targets:
        array = one_column(y)
        if array.ndim == 1:
            check_classification_targets(array)
        targets = class_targets(array, self.class_weight)
        self.classes_ = np.asarray(targets.classes)
        return targets

    def decision_function(self, X: Any) -> np.ndarray:
        """Logits of shape (n, K); for two classes the difference of the two, shape (n,), as scikit-learn has it."""
        scores = self._scores(X)
        if self.fitted_.targets.task == "classification" and scores.shape[1] == 2:
            return scores[:, 1] - scores[:, 0]
        return scores

    def logits(self, X: Any) -> np.ndarray:
        """Logits of shape (n, K), one column a class also when there are two."""
        return self._scores(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class, shape (n, K); for several labels that of each label."""
        scores = self._scores(X)
        return self.fitted_.probabilities(scores)

    def predict(self, X: Any) -> np.ndarray:
        """Labels of shape (n,); for several labels a 0/1 matrix of shape (n, L)."""
        scores = self._scores(X)
        return self.fitted_.answers(scores)


@estimator_class
class TransferRegressor(RegressorMixin, BaseTransfer):
    """Predict numbers with a borrowed network; arguments, attributes and errors as in `TransferClassifier`.

    Heads are ridge regressions whose penalty has the least exact leave-one-out error. ``class_weight`` has no meaning
    here and must stay None.

    Examples
    --------
    >>> X = np.arange(10.0)[:, None]
    >>> float(TransferRegressor(source=None).fit(X, 2 * X[:, 0] + 1).predict([[4.5]])[0].round(2))
    10.0
    """

    @property
    def _numeric(self) -> bool:
        return True

    def _targets(self, y: Any) -> Targets:
        if self.class_weight is not None:
            raise ParameterError(f"Expected class_weight None for numbers, found {self.class_weight!r}.")
        return number_targets(one_column(y))

    def predict(self, X: Any) -> np.ndarray:
        """Numbers of shape (n,) or (n, t), in the units of y."""
        scores = self._scores(X)
        return self.fitted_.answers(scores)
