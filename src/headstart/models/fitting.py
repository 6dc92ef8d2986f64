"""From labelled pictures, clips, texts or tables to a model with proof, in one call."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.contract.arguments import plainly
from headstart.data.base.address import address_of
from headstart.data.base.plain import plain
from headstart.data.base.whole import real_place
from headstart.data.inputs.fixed_views import check_views
from headstart.data.inputs.registry import entry_of, resolve
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import holds_boxes
from headstart.data.reading.view_table import views_of
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.description import sentences, tell
from headstart.data.sets.sheet import check_sheet, sheet_place
from headstart.errors import NoLabels, ParameterError
from headstart.guard.effort import Effort
from headstart.guard.evidence.use import check_stated, stated
from headstart.guard.safe_transfer import SafeTransferClassifier, SafeTransferRegressor
from headstart.keywords.material import KEYWORD, check_false_alarms
from headstart.math.statistics.named_metrics import check_metric, metric_named
from headstart.models.explaining.dropout import add_curves, check_curves
from headstart.models.handover import handed_over, test_score
from headstart.models.model import Model
from headstart.models.reproduction import given_to_fit, plan_in, reproduction
from headstart.models.several_tasks import fit_tasks, several_tasks
from headstart.models.several_views import guarded_views
from headstart.models.target import Target, counted_rows, divided, read_target, screened, weights_by_class
from headstart.models.within_budget import note_beside, within_budget
from headstart.networks.folder import check_place
from headstart.progress import reporter

if TYPE_CHECKING:  # what only some data need is loaded with them: rows of a table need no torch
    from headstart.keywords.fitting import KeywordTask

Progress = Callable[[str, int, int], None]
#: Arguments that lie beside the data and are read with them.
_BESIDE = ("unlabelled", "text_windows", "auxiliary")


@plainly()
def fit(
    data: Any,
    source: Any = "auto",
    *,
    label: str | Sequence[str] | None = None,
    target: str | None = None,
    path_column: str | None = None,
    text_column: str | Sequence[str] | None = None,
    split_column: str | None = None,
    group_by: str | None = None,
    task: str | None = None,
    budget: float = 600.0,
    skip_bad: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    candidates: Any = None,
    n_splits: int = 5,
    random_state: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
    unlabelled: Any = None,
    views: int = 1,
    plain: bool = False,
    text_windows: int | None = None,
    background: Any = None,
    false_alarms: float = 1.0,
    encoding: str | None = None,
    decimal: str | None = None,
    sheet: str | None = None,
    leave_out: str | Sequence[str] | None = None,
    page: int | str | None = None,
    view: Mapping[str, Any] | None = None,
    boxes: str | Path | None = None,
    metric: str | None = None,
    class_weight: Any = None,
    plan: str | Path | dict[str, Any] | None = None,
    classes: Sequence[Any] | None = None,
    ask: int = 0,
    n_jobs: int | None = None,
    reference: bool = True,
    auxiliary: Any = None,
    partial_pooling: str | None = None,
    positive: str | None = None,
    prevalence: float | None = None,
    curves: str | None = None,
    also: Callable[[Path], None] | None = None,
) -> Any:
    """Learn from labelled examples with what was borrowed and without, keep what is best, and say whether it helped.

    A ``test`` part of the data (or, where there is none, a ``val`` part) is kept for the final score and touches
    nothing else. Data without labels are adapted to from labelled sets among the sources, by
    `SafeAdaptedClassifier`; how good that is cannot be told without labels, and is not claimed.

    Parameters
    ----------
    data : path, frame, Dataset, or (X, y) or (X, y, groups)
        A folder with a folder for each class (perhaps inside ``train``, ``val``, ``test``), a table of paths and
        labels, or pictures (or `Clips`, or texts) and labels in memory. Or a table of texts or of values: a CSV,
        Parquet, JSON Lines or Excel file, a frame with a column of labels, or (rows, labels). A folder or file may lie
        at an address that fsspec knows (``s3://``, ``hf://``); so may sources, and rows without labels.
    source : str, path, NetworkSource, torch.nn.Module, labelled set, list of these or None, default="auto"
        What to borrow from. "auto" takes the bundled network for the kind of data: ``starter:pictures`` or
        ``starter:speech``; for texts none is bundled. None learns from the data alone. For a table of values: another
        table (a path, a frame, ``Source(X, y)``) or a list of them; "auto" is then None. Labelled sets of the same
        classes may stand beside a network: ``[network, "elsewhere/"]``, folders, tables or ``Source(X, y)``.
    label, path_column, text_column, split_column, group_by, task
        How to read a table, see `headstart.data.reading.read.read_dataset`. A table holds texts if ``text_column``
        is named, or ``source`` is a network for texts, or the only column beside the labels holds sentences. Several
        columns of labels that are not all 0 and 1 are a task each: a model for each, and missing cells are gaps.
    target : str, optional
        Which of several label columns is to be learned; the others are tasks beside it. Of a table of values what
        models of them say is learned from; of pictures, clips and texts they train the network's last blocks too.
        Both only where it helps.
    budget : float, default=600.0
        Seconds for everything, above 0. What is compared follows a plan made from prices. Where everything takes no
        more than half of the budget, all of it is run and the clock decides nothing.
    skip_bad : bool, default=False
        Leave out files that cannot be read, and list them in the evidence.
    out : path-like, optional
        Folder to save the model in. Nothing is written without it, and nothing there is touched before the end.
    resume : bool, default=False
        Go on where a killed call with the same ``out`` and arguments stopped. Needs ``out``.
    candidates : dict or list of (str, estimator), optional
        What to compare instead of the standard list.
    n_splits : int, default=5
        Folds, at least 2; for the task "keyword", which has thousands of windows, no more than 3.
    random_state : int, default=0
        Seed. The same seed gives the same model on the same machine with the same number of threads, where the budget
        is at least twice what everything takes; elsewhere with the same ``plan``.
    device : str, default="auto"
        Where networks run.
    progress : callable, optional
        Told ``progress(what, done, total)``. Default: bars on standard error if that is a terminal.
    unlabelled : path, frame, array, pictures, clips, texts, or a list of them, optional
        More like the data, without labels: of a table rows with its columns; of pictures, clips and texts a folder, a
        list or a table of them, see `headstart.data.reading.unlabelled.read_unlabelled`.
    views : int from 1 to 64, default=1
        Above 1, heads that learned from so many views of each picture or clip are compared too; views are run once and
        cached, and nothing is judged on a varied one.
    plain : bool, default=False
        Compare only what transformers can load by itself: the saved folder then needs no headstart to answer. Of
        pictures, clips and texts, with a network of transformers' own.
    text_windows : int from 1 to 1000, optional
        Into how many windows of the network's length a text may be cut, whose features are averaged; what is longer is
        not read. Default: one, or as many as a source was saved with.
    background : path or list of paths, optional
        With ``task="keyword"``, words against everything else: recordings without the words, of any length. Clips in a
        folder ``_background_`` or ``_other_`` serve too.
    false_alarms : float, default=1.0
        With ``task="keyword"``: how many false alarms an hour `headstart.listen` may give.
    encoding, decimal, sheet, page
        How files are read, see `headstart.data.reading.read.read_dataset`.
    leave_out : str or list of str, optional
        Columns of a table that take no part, such as one that is known only when the label is.
    view : dict of str to columns, optional
        Of a table whose rows are seen in several ways, the columns of each: ``{"picture": "photo", "lab": ["age"]}``.
        Views may be missing in rows; ``source`` is then a dict of views to networks. See `MultiViewClassifier`.
    boxes : path, optional
        Of a folder of pictures: where the boxes of the things in them are written, see
        `headstart.data.reading.boxes.read_boxes`. In memory give (pictures, boxes), with one `Boxes` a picture. What is
        learned is then to find such things, and a `DetectionModel` is returned.
    metric : str, optional
        What is measured, see `SafeTransferClassifier`; it drives the choice, the verdict and the estimate.
    class_weight : None, "balanced" or dict of class to weight
        Weights of the classes in learning, where a candidate takes weights.
    plan : path or dict, optional
        The folder of a model, or ``evidence["plan"]`` of one: what that fit ran is run again, as long as it takes. For
        the same data, source, candidates and seed.
    classes : sequence, optional
        Of data without labels: the classes that they have, where they may lack some of the source's.
    ask : int, default=0
        Of data without labels: write so many of them, drawn at random, into a table to be labelled, beside ``out``;
        ``fit`` reads it, with the data as ``unlabelled``, and tests what was chosen.
    reference : bool, default=True
        Keep at most 1,000 examples in the model, as random projections of their features, so that `headstart.check` can
        compare new data with them.
    auxiliary : list of Source, optional
        Of a table of values: other tasks with the same columns, see `AuxiliaryTaskClassifier`. (Of pictures, clips and
        texts the other label columns beside a ``target`` are what may be learned from.)
    partial_pooling : str, optional
        Of a table of values: the column of groups, see `PartialPoolingRegressor`.
    positive : str, optional
        Of two classes the one that is looked for: sensitivity is its. Default: the rarer, of equal ones the second.
    prevalence : float, optional
        Of two classes, the share of the one looked for where the model is used, above 0 and below 1; predictive values
        are for it. Default: that of the data.
    curves : {"dropout"}, optional
        Of classes: also train a head with a hidden layer on the features, with dropout and without, and keep the two
        curves over epochs for the report.
    also : callable, optional
        Writes more into the folder ``out`` before it takes its place, such as a report, see `Model.save`.
    n_jobs : int, optional
        How many folds are computed at once, see `SafeTransferClassifier`. Default: 1, or what
        ``joblib.parallel_config`` says.

    Returns
    -------
    Model, or DetectionModel of pictures with boxes
        With its evidence; of several tasks `headstart.models.saving.task_models.SeveralTasks`.

    Raises
    ------
    DataError, BadInputs
        If the data cannot be learned from.
    SourceError
        If the source cannot be used.
    ParameterError
        If the plan is of other data, candidates or seed.
    OutputError
        If ``out`` holds something that headstart did not write; said before anything is trained.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(24) % 2
    >>> X = (rng.random((24, 16, 16)) * 60 + 150 * y[:, None, None]).astype(np.uint8)
    >>> model = fit((X, np.array(["dark", "light"])[y]), None, budget=5)
    >>> model.predict(X[:2]).tolist(), model.verdict
    (['dark', 'light'], 'cannot tell')
    """
    given = dict(locals())
    _check(given)
    reading = Reading(**{field.name: given[field.name] for field in dataclasses.fields(Reading)})
    said = given_to_fit(given, _DEFAULTS, reading)
    if holds_boxes(data, reading):
        from headstart.models.detecting import fit_with_boxes

        return fit_with_boxes(given, _DEFAULTS, reading)
    tasks = several_tasks(data, source, reading, partial_pooling)
    if tasks is not None:
        return fit_tasks(tasks, fit, given, said)
    checkpoint = None if out is None else progress_folder(out)
    repeated = plan_in(plan)
    with reporter(progress) as told:
        effort = Effort(budget, n_splits, random_state, device, views, checkpoint, told, n_jobs)
        try:
            goal = read_target(data, source, reading, **{name: given[name] for name in _BESIDE})
        except NoLabels:
            from headstart.models.adapting import Asked, fit_without_labels  # and torch, which tables need not

            how = {name: given[name] for name in ("unlabelled", "text_windows", "skip_bad")}
            made = fit_without_labels(
                data, source, reading, effort, Asked(classes, ask, out, reference, also, said), **how
            )
            if made is None:
                raise
            return made
        if classes is not None or ask:
            raise ParameterError(
                f"Expected classes and ask with data without labels, found {len(goal.dataset):,} labels.",
                "Leave them out (--classes, --ask).",
            )
        tell(sentences(goal.dataset))
        _check_asked(goal.dataset, given)
        if not resume:
            _forget(checkpoint)
        words = drawn = None
        if task == KEYWORD:
            words = _words(goal, effort, given)
            goal = dataclasses.replace(goal, dataset=words.material.dataset)
        else:
            everything = len(goal.dataset)
            rows = None if repeated is None else repeated.get("rows", everything)
            goal = within_budget(goal, effort, rows)
            drawn = len(goal.dataset) if len(goal.dataset) < everything else None
            goal = screened(goal, skip_bad, told)
        asked = {"metric": metric, "class_weight": weights_by_class(class_weight, goal.dataset)}
        asked |= {name: given[name] for name in ("plain", "reference", "partial_pooling")}
        asked["plan"] = repeated
        model = _fitted(goal, words, effort, candidates, asked)
        add_curves(curves, model, divided(goal.dataset)[0], goal.source, random_state, device)
        model.evidence["reproduce"] |= _again(goal, said, data)
        stated(model.evidence, positive, prevalence)
        if drawn is not None:
            model.evidence["plan"]["rows"], model.evidence["data"]["left_for_time"] = drawn, everything - drawn
        model.evidence["seconds"] = max(model.evidence["seconds"], effort.spent)
        if out is not None and checkpoint is not None:
            model.save(out, also=also)
            _forget(checkpoint)
    return model


def _words(goal: Target, effort: Effort, given: Mapping[str, Any]) -> KeywordTask:
    """Words that are to be heard, with the background that they are told from."""
    from headstart.keywords.fitting import KeywordTask

    more = {name: given[name] for name in ("background", "false_alarms", "skip_bad")}
    return KeywordTask.of(goal.dataset, goal.source, effort, **more)


#: Arguments of `fit`, and what they are where nothing is said.
_DEFAULTS = {name: one.default for name, one in signature(fit).parameters.items()}


def _again(target: Target, said: dict[str, Any], data: Any) -> dict[str, Any]:
    """The command and the code that repeat a fit."""
    views = views_of(target.dataset)  # by the names of columns, however they were given
    root = address_of(data) or target.dataset.root
    named = None if target.source is None else target.named
    return reproduction(root, named, said if views is None else said | {"view": views})


def _fitted(target: Target, words: KeywordTask | None, effort: Effort, candidates: Any, asked: dict[str, Any]) -> Model:
    """Compare, choose and fit; the part that is kept aside is touched last."""
    dataset = target.dataset
    pool, aside = divided(dataset)
    if words is not None:
        effort, candidates = words.effort, candidates or words.candidates()
    kind = SafeTransferRegressor if dataset.task == "regression" else SafeTransferClassifier
    counted, said = (None, ()) if words is not None else counted_rows(pool)
    tell(said)
    dataset = dataclasses.replace(dataset, notes=(*dataset.notes, *said))
    more = {"later": 0 if aside is None else len(aside), "counted": counted, **asked, **target.more}
    guarded: Any
    if views_of(pool) is not None:
        guarded = guarded_views(pool, target.source, effort, {"candidates": candidates, **more})
    else:
        guarded = kind(target.offered, candidates=candidates, **effort.settings(), **more)
        guarded.fit(pool.inputs, pool.y, groups=pool.groups)
    model = handed_over(guarded, dataset, words)
    if aside is not None:
        model.evidence["test"] = plain(test_score(model, aside, metric_named(asked["metric"], dataset.task)))
    explained = None if pool.kind.values else entry_of(pool.kind).explained
    if explained is not None:
        resolve(explained)(model, pool)
    return model


def _check(given: Mapping[str, Any]) -> None:
    """Refuse, before anything is read, what does not go together or cannot be written."""
    _check_out(given["out"], given["resume"], given["ask"])
    _check_words(given["task"], given["background"], given["false_alarms"])
    check_metric(given["metric"])
    _check_plain(given["plain"], given["task"], given["candidates"], given["curves"])


def _check_out(out: str | Path | None, resume: bool, ask: int) -> None:
    """Refuse, before anything is read, what cannot be written or gone on from."""
    if resume and out is None:
        raise ParameterError(
            "Expected out= to resume from, found none.", "Give the folder of the call that was killed."
        )
    if out is not None:
        check_place(out)
        if ask > 0:
            check_sheet(sheet_place(out))


def _check_asked(dataset: Dataset, given: Mapping[str, Any]) -> None:
    """Refuse what does not go with the data that were read."""
    metric_named(given["metric"], dataset.task)
    check_stated(dataset.classes, given["positive"], given["prevalence"])
    if views_of(dataset) is None:
        check_views(given["views"], "head", dataset.input_type)


def _check_words(task: str | None, background: Any, false_alarms: float) -> None:
    """Refuse what only words to be heard could use."""
    check_false_alarms(false_alarms)
    if task != KEYWORD and background is not None:
        raise ParameterError(
            f"Expected background with the task 'keyword', found it with {task or 'no task'!r}.",
            "Give --task keyword (task='keyword'), or leave the background out.",
        )


def _check_plain(plain: bool, task: str | None, candidates: Any, curves: str | None) -> None:
    """Refuse what chooses its candidates by itself, and curves that are not drawn."""
    check_curves(curves, task)
    if plain and (task == KEYWORD or candidates is not None):
        found = "the task 'keyword'" if task == KEYWORD else "candidates of your own"
        raise ParameterError(f"Expected plain with the standard candidates, found {found}.", "Leave plain out.")


def progress_folder(out: str | Path) -> Path:
    """Where a fit keeps what it has finished: ``.name.progress`` beside ``out``."""
    target = real_place(out)
    return target.parent / f".{target.name}.progress"


def _forget(checkpoint: Path | None) -> None:
    """Delete what an earlier run kept to go on from."""
    if checkpoint is not None:
        shutil.rmtree(checkpoint, ignore_errors=True)
        note_beside(checkpoint).unlink(missing_ok=True)
