"""A detector with its evidence: find things, save to a folder, load again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from headstart.data.base.kinds import PICTURES, Kind
from headstart.data.boxes.boxes import Boxes
from headstart.data.pictures.pictures import as_pictures
from headstart.data.sets.task import DETECTION
from headstart.detection.saving import write_detector
from headstart.detection.transfer import TransferDetector
from headstart.errors import ParameterError, called_rightly
from headstart.guard.detecting.evidence import certain
from headstart.models.saving.evidence_file import EVIDENCE, read_evidence
from headstart.models.saving.reference import load_reference, save_reference
from headstart.networks.folder import write_folder
from headstart.networks.running.passing import passing
from headstart.networks.saving.model_card import model_card


@called_rightly
class DetectionModel:
    """What `headstart.fit` hands over for pictures with boxes: a fitted detector that knows how good it is.

    Parameters
    ----------
    estimator : fitted TransferDetector
    evidence : dict
        Everything that was measured, see ``evidence.json`` of a saved model.
    reference : Reference, folder or None
        What is kept of the pictures it learned from, or the folder of the model that holds it.

    Attributes
    ----------
    classes_ : ndarray of str
    task : "detection"

    Examples
    --------
    >>> from headstart.detection.transfer import TransferDetector
    >>> rng = np.random.default_rng(0)
    >>> pictures, boxes = rng.integers(0, 60, (6, 64, 64, 3), dtype=np.uint8), []
    >>> for picture, (x, y) in zip(pictures, rng.integers(0, 40, (6, 2)), strict=True):
    ...     picture[y : y + 24, x : x + 24] += 180
    ...     boxes.append(Boxes(np.array([[x, y, x + 24, y + 24]]), np.array(["square"])))
    >>> model = DetectionModel(TransferDetector(image_size=128).fit(pictures, boxes), {})
    >>> model, [one.labels.tolist() for one in model.certain(pictures[:1])]
    (DetectionModel(1 class, 'cannot tell'), [['square']])
    """

    task = DETECTION
    input_type = PICTURES.input_type
    detector = None  # of words in sound
    encoder = views = None  # of tables
    network = (None, "cpu")  # the reference looks at simple features

    def __init__(self, estimator: Any, evidence: dict[str, Any], reference: Any = None) -> None:
        self.estimator = estimator
        self._reference = reference
        self.evidence = evidence
        self.classes_ = np.asarray(estimator.classes_)

    def __repr__(self) -> str:
        n = len(self.classes_)
        return f"DetectionModel({n} {'class' if n == 1 else 'classes'}, {self.verdict!r})"

    @property
    def kind(self) -> Kind:
        """The kind of input that it takes."""
        return PICTURES

    @property
    def reference(self) -> Any:
        """What is kept of the pictures it learned from, for `headstart.check`; None where nothing is."""
        if isinstance(self._reference, Path):
            self._reference = load_reference(self._reference)
        return self._reference

    @property
    def verdict(self) -> str:
        """Whether transfer helped: helps, no evidence either way, hurts, or cannot tell."""
        return str((self.evidence.get("verdict") or {}).get("word", "cannot tell"))

    @property
    def thresholds(self) -> dict[str, float]:
        """Score from which a box of each class counts, chosen on held-out pictures; 0.5 where none is known."""
        known = {row["class"]: row["threshold"] for row in (self.evidence.get("detection") or {}).get("classes", [])}
        return {str(name): float(known.get(str(name), 0.5)) for name in self.classes_}

    @passing()
    def predict(self, pictures: Any) -> list[Boxes]:
        """Everything that may be something in each picture, with the probability that it is.

        Parameters
        ----------
        pictures : paths, arrays, PIL pictures or Pictures

        Returns
        -------
        list of Boxes
            Corners in pixels of the upright pictures; many boxes have low scores, see `certain`.

        Raises
        ------
        DataError
            For another kind of input.
        BadPictures
            If any cannot be decoded.
        """
        return list(self.estimator.predict(as_pictures(pictures)))

    def certain(self, pictures: Any) -> list[Boxes]:
        """What is found in each picture: the boxes of `predict` whose scores reach the threshold of their class."""
        return [certain(one, self.thresholds) for one in self.predict(pictures)]

    def evaluate(self, data: Any, **how: Any) -> Any:
        """Measure it on pictures with boxes that it did not learn from, see `headstart.evaluate`."""
        from headstart.models.evaluation.boxes import evaluated_boxes
        from headstart.models.evaluation.evaluation import how_of

        return evaluated_boxes(self, data, *how_of(how))

    def export(self, out: str | Path, to: str = "onnx", inputs: Any = None) -> Path:
        """Write the whole model so that it runs without headstart, compared with this one on 50 pictures first.

        Arguments and errors as of `Model.export`. A detector of transformers' families is written as one of these
        (``to="transformers"``).
        """
        from headstart.models.exporting.export import export_model

        return export_model(self, out, to, inputs)

    def save(self, folder: str | Path, *, also: Callable[[Path], None] | None = None) -> Path:
        """Write the model's folder whole or not at all; it is itself a source for the next detector.

        Parameters
        ----------
        folder : path-like
            New, empty, or an earlier result of headstart, which is then replaced.
        also : callable, optional
            Writes more into the folder before it takes its place.
        """
        return write_folder(folder, lambda place: self._write(place, also))

    def _write(self, folder: Path, also: Callable[[Path], None] | None) -> None:
        if self.reference is not None:
            save_reference(self.reference, folder)
        manifest = write_detector(self.estimator, folder)
        text = json.dumps(self.evidence, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / EVIDENCE).write_text(text + "\n", encoding="utf-8")
        card = model_card(manifest, self.evidence)
        (folder / "README.md").write_text(card, encoding="utf-8")
        if also is not None:
            also(folder)


def refuse_detection(model: Any, use: str) -> None:
    """Refuse a model that finds things where one that answers with classes or numbers is needed.

    Raises
    ------
    ParameterError
    """
    if isinstance(model, DetectionModel):
        raise ParameterError(
            f"Expected a model of classes or numbers for {use}, found one that finds things in pictures.",
            "headstart predict and headstart report take it.",
        )


def load_detection(path: Path, module: Any = None) -> DetectionModel:
    """Load what `DetectionModel.save` wrote, or a detector alone, which then has no evidence."""
    evidence = read_evidence(path) if (path / EVIDENCE).is_file() else {}
    return DetectionModel(TransferDetector.load(path, module), evidence, path)
