"""Find things in pictures with a borrowed network, behind scikit-learn's interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from headstart.contract.estimator_class import estimator_class
from headstart.data.boxes.boxes import Boxes, as_boxes
from headstart.data.boxes.letterbox import Letterbox, Shares
from headstart.data.pictures.pictures import Pictures, as_pictures
from headstart.detection.calibrating import Gather, calibrated_detector
from headstart.detection.edges import Edges
from headstart.detection.maps import Body
from headstart.detection.queries import Queries
from headstart.detection.query_solving import SolvedQueries, queries_of
from headstart.detection.saving import is_detector, load_detector, save_detector
from headstart.detection.solved import SolvedDetector
from headstart.detection.solving import Drawn, examples_of
from headstart.errors import DataError, ParameterError
from headstart.math.boxes.average_precision import average_precision
from headstart.networks.reading.loading import load_network
from headstart.progress import Progress, reporter
from headstart.training.device import pick_device


@estimator_class
class TransferDetector(BaseEstimator):
    """Find things of new classes with a borrowed network: its maps stay as they are, and what is read off is solved.

    Each picture goes through the network once, in its own shape on a square. Boxes everywhere are looked at in two of
    its maps; logistic regression with hard negatives says what stands in them, ridge regression where it ends
    (`headstart.detection.solving.examples_of`). Scores are calibrated on pictures that were held out.

    Use it with 20 to a few hundred pictures with boxes, where one class covers more than about a twentieth of a
    picture's side.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module, Network or None, default="starter:pictures"
        A network for pictures, as `headstart.networks.reading.loading.load_network` takes; or the folder of a detector
        of other things that `save` wrote: then what is learned shrinks towards multiples of its coefficients. Of
        transformers' detectors (DETR, Deformable DETR, RT-DETR, D-FINE, YOLOS and their kin; a folder or a hub id) the
        boxes are taken as they are, and a new class layer is solved on what each query saw
        (`headstart.detection.query_solving.queries_of`); `save` then writes a folder that plain transformers loads
        and that finds the same. None borrows nothing: boxes are looked at in maps of edges and colours
        (`headstart.detection.edges.Edges`).
    classes : sequence of str, optional
        What is to be found, in this order. Boxes of other classes are passed over. Default: all that are drawn, sorted.
    image_size : int, default=256
        Side of the square in pixels, from 32; of a detector as the source it is that detector's. One of transformers'
        sees pictures as its own image processor makes them.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
    random_state : int, default=0
        The same gives the same detector.
    verbose : int, default=0
        1 shows progress on standard error.

    Attributes
    ----------
    classes_ : ndarray of shape (K,)
    body_ : Body, Edges or Queries
        What makes maps of pictures; a network in it is unchanged.
    lent_ : SolvedDetector or None
        The detector that was borrowed from.
    solved_ : SolvedDetector or SolvedQueries

    Raises
    ------
    SourceError, DataError, ParameterError, BadPictures

    References
    ----------
    Girshick et al. (2014), "Rich feature hierarchies for accurate object detection and semantic segmentation".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> pictures, boxes = rng.integers(0, 60, (8, 64, 64, 3), dtype=np.uint8), []
    >>> for picture, (x, y) in zip(pictures, rng.integers(0, 40, (8, 2)), strict=True):
    ...     picture[y : y + 24, x : x + 24] += 180
    ...     boxes.append(Boxes(np.array([[x, y, x + 24, y + 24]]), np.array(["square"])))
    >>> found = TransferDetector(image_size=128).fit(pictures, boxes).predict(pictures[:1])[0]
    >>> found.labels[0], found.scores.shape == (len(found),)
    ('square', True)
    """

    source: Any = "starter:pictures"
    _: KW_ONLY
    classes: Any = None
    image_size: int = 256
    device: str = "auto"
    random_state: int = 0
    verbose: int = 0

    def fit(self, pictures: Any, boxes: Sequence[Boxes]) -> TransferDetector:
        """Learn from pictures with boxes; what is borrowed was given at construction.

        Parameters
        ----------
        pictures : n paths, arrays or PIL pictures, or Pictures
            Those without boxes are examples too.
        boxes : sequence of n Boxes
            In pixels of the upright pictures.

        Returns
        -------
        self
        """
        given = as_pictures(pictures)
        drawn = as_boxes(boxes, len(given))
        self.classes_ = _classes(self.classes, drawn)
        self.body_, self.lent_ = _borrowed(self.source, self.image_size)
        with reporter(quiet=not self.verbose) as progress:
            maps = self._maps(given, progress)
            places = places_of(drawn, self.classes_, self.body_.letterboxes(given))
            if not any(len(one.boxes) for one in places):
                raise DataError(
                    f"Expected boxes inside their pictures, found none of {', '.join(map(str, self.classes_))}.",
                    "Give corners in pixels of the upright pictures.",
                )
            gather = _gathering(self.body_, self.lent_, len(self.classes_))
            self.solved_ = calibrated_detector(maps, places, gather, self.random_state, progress)
        return self

    def predict(self, pictures: Any) -> list[Boxes]:
        """Find things in pictures.

        Parameters
        ----------
        pictures : n paths, arrays or PIL pictures, or Pictures

        Returns
        -------
        list of n Boxes
            In pixels of the upright pictures, those with the highest scores first; a score is the probability that a
            box is right: that it overlaps a thing of its class by half or more.
        """
        check_is_fitted(self, "solved_")
        given = as_pictures(pictures)
        with reporter(quiet=not self.verbose) as progress:
            maps = self._maps(given, progress)
        places: Sequence[Letterbox | Shares] = self.body_.letterboxes(given)
        return [_found(self.solved_, *pair, self.classes_) for pair in zip(maps, places, strict=True)]

    def score(self, pictures: Any, boxes: Sequence[Boxes]) -> float:
        """Average precision at an overlap of one half, mean over the classes that stand in the pictures."""
        given = as_pictures(pictures)
        return average_precision(as_boxes(boxes, len(given)), self.predict(given), self.classes_.tolist()).ap50

    def save(self, folder: str | Path) -> Path:
        """Write what was learned and the network into a folder, which is a source for the next detector."""
        check_is_fitted(self, "solved_")
        return save_detector(self, folder)

    @staticmethod
    def load(folder: str | Path, module: Any = None) -> TransferDetector:
        """Read what `save` wrote; ``module`` is the architecture of a network that was a module of the user's own."""
        classes, body, solved = load_detector(folder, module)
        source = None if isinstance(body, Edges) else body.network if isinstance(body, Body) else str(folder)
        estimator = TransferDetector(source, classes=classes.tolist())
        if not isinstance(body, Queries):
            estimator.image_size = body.size
        estimator.classes_, estimator.body_, estimator.solved_, estimator.lent_ = classes, body, solved, None
        return estimator

    def _maps(self, pictures: Pictures, progress: Progress | None) -> list[tuple[np.ndarray, ...]]:
        return self.body_.maps(pictures, device=str(pick_device(self.device)), progress=progress)


def _borrowed(source: Any, size: int) -> tuple[Body | Edges | Queries, SolvedDetector | None]:
    """What pictures are looked at with, and a detector of other things on the same maps."""
    if source is None:
        return Edges(size), None
    queries = source if isinstance(source, Queries) else Queries.of(source)
    if queries is not None:
        return queries, None
    if is_detector(source):
        _, body, lent = load_detector(source)
        return body, lent
    return Body.of(load_network(source, input_type="image"), size), None


def _gathering(body: Body | Edges | Queries, lent: SolvedDetector | None, n_classes: int) -> Gather:
    """How examples are gathered from what this body sees."""
    if isinstance(body, Queries):
        return partial(queries_of, n_classes=n_classes, one_of=body.one_of)
    return partial(examples_of, n_classes=n_classes, views=body.views if lent is None else lent.views, lent=lent)


def _classes(asked: Any, drawn: Sequence[Boxes]) -> np.ndarray:
    """What is to be found."""
    known = {label for one in drawn for label in one.labels[~one.crowd].tolist()}
    if not known:
        raise DataError("Expected pictures with boxes to learn from, found no box in any.", "Give some with boxes.")
    if asked is None:
        return np.array(sorted(known, key=str), dtype=object)
    wanted = list(asked)
    missing = [label for label in wanted if label not in known]
    if missing or not wanted or len(set(wanted)) < len(wanted):
        raise ParameterError(
            f"Expected different classes of {sorted(known, key=str)}, found {missing or wanted!r}.",
            "Leave classes out to find all that are drawn.",
        )
    return np.array(wanted, dtype=object)


def places_of(drawn: Sequence[Boxes], classes: np.ndarray, letterboxes: Sequence[Letterbox | Shares]) -> list[Drawn]:
    """The boxes of each picture as shares of its square, with the numbers of their classes; others are left out."""
    return [_placed(one, classes, letterbox) for one, letterbox in zip(drawn, letterboxes, strict=True)]


def _placed(drawn: Boxes, classes: np.ndarray, letterbox: Letterbox | Shares) -> Drawn:
    """The boxes of one picture as shares of its square; what does not stand in the picture is left out."""
    corners = np.clip(letterbox.to_square(drawn.corners) / letterbox.size, 0.0, 1.0)
    inside = (corners[:, 2:] - corners[:, :2] > 1e-3).all(axis=1)
    number = {label: code for code, label in enumerate(classes.tolist())}
    codes = np.array([number.get(label, -1) for label in drawn.labels.tolist()], dtype=int)
    learned = inside & (codes >= 0) & ~drawn.crowd
    return Drawn(corners[learned], codes[learned], corners[inside & (codes >= 0) & drawn.crowd])


def _found(
    solved: SolvedDetector | SolvedQueries,
    maps: Sequence[np.ndarray],
    letterbox: Letterbox | Shares,
    classes: np.ndarray,
) -> Boxes:
    """What is found in one picture, in its pixels."""
    boxes, codes, scores = solved.detect(maps)
    corners = letterbox.to_picture(boxes * letterbox.size)
    inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
    return Boxes(corners[inside], classes[codes[inside]], scores[inside])
