"""A model with its evidence: predict, save to a folder, load again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.contract.answers import predicted
from headstart.data.base.json_files import checked, refuse
from headstart.data.base.kinds import Kind, kind_named
from headstart.data.inputs.inputs import as_inputs, refuse_other_kind
from headstart.data.sets.task import DETECTION
from headstart.data.tables.rows import rows_of
from headstart.errors import OutputError, ParameterError, SourceError, called_rightly
from headstart.math.statistics.probability import logits, probabilities
from headstart.models.saving.address import place_of_model
from headstart.models.saving.evidence_file import EVIDENCE, read_evidence, write_label_errors
from headstart.models.saving.task_models import SeveralTasks
from headstart.models.saving.trial import read_detector, read_parts
from headstart.networks.folder import MANIFEST, read_manifest, write_folder, write_manifest
from headstart.networks.manifest import TASKS_FOLDER, check_model
from headstart.networks.running.passing import passing
from headstart.networks.saving.model_card import model_card
from headstart.networks.seal import check_files, in_words
from headstart.parameters.learned import Learned

if TYPE_CHECKING:  # what only some models need is loaded with them
    from headstart.keywords.listener import Detector
    from headstart.models.explaining.explanation import Explanation


@called_rightly
class Model:
    """What `headstart.fit` hands over: a fitted estimator that knows its classes and how good it is.

    Parameters
    ----------
    estimator : fitted estimator or Learned
        Of headstart, for pictures, clips or texts; of tables any that takes numbers. What was read from a folder
        becomes an estimator when ``estimator`` is asked for.
    evidence : dict
        Everything that was measured, see ``evidence.json`` of a saved model.
    task : {"classification", "multilabel", "regression"}
    classes : sequence or None
        Class values in the estimator's order; label names for multi-label; None for numbers.
    temperature : float, default=1.0
        What logits are divided by.
    input_type : {"image", "audio", "text", "table"}, default="image"
        What it takes.
    encoder : TableEncoder or None
        Of tables: what makes numbers of rows.
    detector : Detector or None
        Of a model for words: how it listens.
    reference : Reference, folder or None
        What is kept of the data it learned from, or the folder of the model that holds it.

    Attributes
    ----------
    classes_ : ndarray or None
        The same as ``classes``.

    Examples
    --------
    >>> from headstart.guard.baselines.classical import BaselineClassifier
    >>> y = np.arange(8) % 2
    >>> X = np.zeros((8, 16, 16), dtype=np.uint8) + (200 * y[:, None, None]).astype(np.uint8)
    >>> baseline = BaselineClassifier().fit(X, y)
    >>> model = Model(baseline, {}, task="classification", classes=[0, 1])
    >>> model, model.predict(X[:2]).tolist()
    (Model(classification, 2 classes, 'cannot tell'), [0, 1])
    """

    def __init__(
        self,
        estimator: Any,
        evidence: dict[str, Any],
        *,
        task: str,
        classes: Sequence[Any] | None,
        temperature: float = 1.0,
        input_type: str = "image",
        encoder: Any = None,
        detector: Detector | None = None,
        reference: Any = None,
    ) -> None:
        self._answers = estimator
        self.evidence = evidence
        self.task = task
        self.classes_ = None if classes is None else np.asarray(list(classes))
        self.temperature = float(temperature)
        self.input_type = input_type
        self.encoder = encoder
        self.detector = detector
        self._reference = reference

    def __repr__(self) -> str:
        kinds = "" if self.classes_ is None else f", {len(self.classes_)} classes"
        return f"Model({self.task}{kinds}, {self.verdict!r})"

    @property
    def estimator(self) -> Any:
        """The fitted estimator."""
        if isinstance(self._answers, Learned):
            self._answers = self._answers.estimator()
        return self._answers

    @property
    def answers(self) -> Any:
        """What answers: the fitted estimator, or what was read of one."""
        return self._answers

    @property
    def kind(self) -> Kind:
        """The kind of input that it takes."""
        return kind_named(self.input_type)

    @property
    def views(self) -> dict[str, list[str]] | None:
        """The columns of each view, where rows are seen in several ways; else None."""
        columns = getattr(self.encoder, "columns_", None)
        return columns if isinstance(columns, dict) else None

    @property
    def verdict(self) -> str:
        """Whether transfer helped: helps, no evidence either way, hurts, or cannot tell."""
        return str((self.evidence.get("verdict") or {}).get("word", "cannot tell"))

    @property
    def reference(self) -> Any:
        """What is kept of the data it learned from, for `headstart.check`; None where nothing is."""
        if isinstance(self._reference, Path):
            from headstart.models.saving.reference import load_reference

            self._reference = load_reference(self._reference)
        return self._reference

    @property
    def network(self) -> tuple[Any, str]:
        """The network that it runs, None where there is none, and on which device."""
        fitted = getattr(self._answers, "fitted_", None)
        return (None, "cpu") if fitted is None else (fitted.network, str(self._answers.device))

    @passing()
    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities of pictures, clips, texts or rows, (n, K); for multi-label that of each label.

        Parameters
        ----------
        X : pictures, clips, texts or rows of a table
            Paths, arrays, PIL pictures, strings, `Pictures`, `Clips` or `Texts`; of tables a frame, an array, or the
            path of a table.

        Raises
        ------
        DataError
            For another kind of input than the model learned from.
        ParameterError
            For a model of numbers.
        """
        if self.task == "regression":
            raise ParameterError("Expected a model of classes, found one of numbers.", "Use predict.")
        inputs = self._inputs(X)
        if self.kind.values:
            raw = predicted(self.estimator, inputs, self.task, self._known())
        else:
            raw = self._answers.predict_proba(inputs)
        if self.temperature == 1.0:
            return np.asarray(raw)
        multilabel = self.task == "multilabel"
        return probabilities(logits(raw, multilabel=multilabel) / self.temperature, multilabel=multilabel)

    @passing()
    def predict(self, X: Any) -> np.ndarray:
        """Labels (n,), 0/1 for each label (n, L), or numbers, of pictures, clips, texts or rows."""
        if self.task == "regression":
            return np.asarray(self._answers.predict(self._inputs(X)))
        p = self.predict_proba(X)
        if self.task == "multilabel":
            return (p > 0.5).astype(int)
        assert self.classes_ is not None
        return self.classes_[p.argmax(axis=1)]

    def evaluate(self, data: Any, **how: Any) -> Any:
        """Measure it on labelled data that it did not learn from, see `headstart.evaluate`."""
        from headstart.models.evaluation.evaluation import evaluated, how_of

        return evaluated(self, data, *how_of(how))

    def explain(self, X: Any, answer: Any = None) -> list[Explanation]:
        """What of each input speaks for its answer, or for another: `headstart.models.explaining.explain.explain`."""
        from headstart.models.explaining.explain import explain

        return explain(self, X, answer)

    def _known(self) -> np.ndarray | None:
        return self.classes_ if self.task == "classification" else None

    def _inputs(self, X: Any) -> Any:
        if self.kind.values:
            return self.encoder.transform(rows_of(X))
        inputs = as_inputs(X, self.input_type)
        if inputs.kind is not self.kind:
            refuse_other_kind(inputs.kind, self.kind, "as the model learned from")
        return inputs

    def save(self, folder: str | Path, *, also: Callable[[Path], None] | None = None) -> Path:
        """Write the model's folder whole or not at all.

        Where the network is transformers' own and the head is linear, plain transformers can load it. It also holds
        ``headstart.json``, ``evidence.json`` and a model card, and is itself a source for the next transfer.

        Parameters
        ----------
        folder : path-like
            New, empty, or an earlier result of headstart, which is then replaced.
        also : callable, optional
            Writes more into the folder before it takes its place (a report).

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            If it cannot be written, or the estimator has no safe form on disk.
        """
        return write_folder(folder, lambda path: self._write(path, also))

    def export(self, out: str | Path, to: str = "onnx", inputs: Any = None) -> Path:
        """Write the whole model so that it runs without headstart, as `headstart.models.exporting.export` does.

        Parameters
        ----------
        out : path-like
            A folder, or a file whose name ends in ``.onnx``.
        to : {"onnx", "transformers"}, default="onnx"
        inputs : pictures, clips, texts or rows, optional
            What the file is compared with the model on first. Default: 50 made-up ones.

        Returns
        -------
        Path

        Raises
        ------
        OutputError
            If the model has no such form, or the file answers otherwise.
        """
        from headstart.models.exporting.export import export_model

        return export_model(self, out, to, inputs)

    def _write(self, folder: Path, also: Callable[[Path], None] | None) -> None:
        from headstart.models.saving.baselines import BASELINES, save_baseline
        from headstart.models.saving.tables import save_table_model
        from headstart.models.saving.views import portable, save_view_networks

        manifest: dict[str, Any] = {
            "input_type": self.input_type,
            "task": self.task,
            "classes": None if self.classes_ is None else self.classes_.tolist(),
            "temperature": self.temperature,
        }
        if self.detector is not None:
            manifest["detector"] = self.detector.to_dict()
        if hasattr(self.estimator, "takes_inputs") and hasattr(self.estimator, "fitted_"):  # its class loads torch
            from headstart.parameters.saving import save_estimator

            names = None if self.classes_ is None else [str(label) for label in self.classes_]
            manifest |= {"kind": "transfer", **save_estimator(self.estimator, folder, names, self.temperature)}
            if self.kind.values:
                save_table_model(None, self.encoder, folder)
        elif self.kind.values:
            manifest |= {"kind": "table", "table": save_table_model(self.estimator, portable(self.encoder), folder)}
            if hasattr(self.encoder, "networks_"):
                save_view_networks(self.encoder, folder)
        elif isinstance(self.estimator, BASELINES):
            manifest |= {"kind": "baseline", "baseline": save_baseline(self.estimator, folder)}
        else:
            raise OutputError(
                f"Expected an estimator of headstart to save, found {type(self.estimator).__name__}.",
                "Only headstart's own models are saved, without pickle.",
            )
        if self.reference is not None:
            from headstart.models.saving.reference import save_reference

            save_reference(self.reference, folder)
        write_manifest(folder, manifest)
        text = json.dumps(self.evidence, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / EVIDENCE).write_text(text + "\n", encoding="utf-8")
        (folder / "README.md").write_text(model_card(manifest, self.evidence), encoding="utf-8")
        write_label_errors(self.evidence, folder)
        if also is not None:
            also(folder)


@called_rightly
def load(folder: str | Path, module: Any = None) -> Any:
    """Load a model that headstart saved.

    Parameters
    ----------
    folder : path-like
        What was the ``--out`` of ``headstart fit``, or the folder of `Model.save`; also an address that fsspec knows,
        or "user/name" of a model that was pushed.
    module : torch.nn.Module, optional
        The architecture, where the network was a module of one's own.

    Returns
    -------
    Model, or DetectionModel of pictures with boxes
        Of several tasks `headstart.models.saving.task_models.SeveralTasks`.

    Raises
    ------
    SourceError
        If it is not such a folder, or damaged.

    Examples
    --------
    >>> from headstart.guard.baselines.texts import TextBaselineRegressor
    >>> baseline = TextBaselineRegressor().fit(["so good", "so bad"] * 4, [5.0, 1.0] * 4)
    >>> folder = Model(baseline, {}, task="regression", classes=None, input_type="text").save("stars")
    >>> bool(load("stars").predict(["good"])[0] > 3)
    True
    """
    path = place_of_model(folder)
    manifest = read_manifest(path)
    kind = manifest.get("kind")
    if kind == "tasks":
        checked(manifest, TASKS_FOLDER, str(path / MANIFEST))
        check_files(path, manifest)
        models = {entry["name"]: load(path / entry["folder"], module) for entry in manifest["tasks"]}
        return SeveralTasks(models, read_evidence(path) if (path / EVIDENCE).is_file() else {})
    if kind == DETECTION:
        from headstart.models.detection_model import load_detection

        return load_detection(path, module)
    if kind not in ("transfer", "baseline", "table"):
        raise SourceError(
            f"Expected a fitted model in {path}, found what headstart saved as {kind or 'a source'}.",
            "Use it as source=, or give the --out of headstart fit.",
        )
    check_model(manifest, str(path / MANIFEST))
    evidence = read_evidence(path) if (path / EVIDENCE).is_file() else {}  # none of an estimator that was saved alone
    check_files(path, manifest)
    said = (evidence.get("data") or {}).get("input_type", manifest["input_type"])
    if said != manifest["input_type"]:
        refuse(repr(manifest["input_type"]), "data.input_type", str(path / EVIDENCE), repr(said))
    with in_words("a model that headstart saved", path):
        estimator, encoder = read_parts(path, manifest, module)
    return Model(
        estimator,
        evidence,
        task=manifest["task"],
        classes=manifest["classes"],
        temperature=manifest["temperature"],
        input_type=manifest["input_type"],
        encoder=encoder,
        detector=None if manifest.get("detector") is None else read_detector(manifest["detector"]),
        reference=path,
    )


@called_rightly
def evaluate(model: Any, data: Any, **how: Any) -> Any:
    """Measure a finished model on labelled data that it did not learn from, and say whether its promise held.

    Every figure comes with its interval, groups respected, beside what was promised. What it learned from is found and
    left out; rows without a label are counted. Classes that it does not know are refused.

    Parameters
    ----------
    model : Model, DetectionModel, SeveralTasks or path
    data : path, frame, Dataset, (X, y) or (X, y, groups), read as the model's own were
    **how
        The words on reading, ``boxes`` and ``skip_bad`` as in `headstart.fit`; of two classes ``positive``,
        ``prevalence``, and ``threshold``, ``sensitivity``, ``specificity``, or ``cost_miss`` and ``cost_false``.

    Returns
    -------
    Evaluation
        ``verdict``, ``sentence``, ``words``, and all figures in ``evidence``.

    Examples
    --------
    >>> from headstart.guard.baselines.texts import TextBaselineClassifier
    >>> texts, y = ["so good", "so bad"] * 15, np.array(["pro", "con"] * 15)
    >>> known = Model(TextBaselineClassifier().fit(texts, y), {}, task="classification", classes=["con", "pro"],
    ...     input_type="text")
    >>> found = evaluate(known, (["good", "bad", "very good", "very bad"] * 6, ["pro", "con"] * 12))
    >>> found.verdict, found.evidence["metrics"]["accuracy"]
    ('cannot tell', 1.0)
    """
    return (model if hasattr(model, "evaluate") else load(model)).evaluate(data, **how)
