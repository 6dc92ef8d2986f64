"""A detector as a folder: the network as its own library loads it, and beside it what was solved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file
from torch import nn

from headstart.data.base.json_files import FLAG, TEXT, Shape, checked, number, record, several, whole
from headstart.detection.edges import Edges
from headstart.detection.maps import Body, Level
from headstart.detection.queries import Queries
from headstart.detection.query_saving import read_layer, write_queries
from headstart.detection.solved import BESIDE, SolvedDetector
from headstart.detection.views import PLACE, View
from headstart.errors import SourceError
from headstart.networks.folder import MANIFEST as FILE
from headstart.networks.folder import read_manifest, write_folder, write_manifest
from headstart.networks.manifest import LABELS
from headstart.networks.reading.loading import load_network
from headstart.networks.saving.save import save_network
from headstart.networks.seal import check_files
from headstart.source import NetworkSource

ARRAYS = "detector.safetensors"
#: Most numbers that coefficients may have.
_WIDEST = 1 << 26
_LEVEL = record({"block": TEXT, "side": whole(2, 4096), "channels": whole(1, 1 << 16)}, {}, closed=True)
_VIEW = record({"level": whole(0, 8), "bins": whole(1, 16), "size": number(0.1, 10)}, {"of_offsets": FLAG}, closed=True)
DETECTION = record(
    {
        "classes": LABELS,
        "image_size": whole(32, 4096),
        "levels": several(_LEVEL, 1, 8),
        "views": several(_VIEW, 1, 16),
        "slope": number(0, 1e6, above=True),
        "level": number(-1e6, 1e6),
    },
    {"n_examples": whole(0, 1 << 62)},
    closed=True,
)
MANIFEST = record(
    {"kind": Shape("'detection'", lambda x: x == "detection"), "detection": DETECTION}, {"network": record({}, {})}
)
OF_QUERIES = record(
    {
        "kind": Shape("'detection'", lambda x: x == "detection"),
        "queries": record({"classes": LABELS, "one_of": FLAG}, {}, closed=True),
    },
    {},
)


def save_detector(estimator: Any, folder: str | Path) -> Path:
    """Write a detector, whole or not at all.

    The network lies there as its own library loads it (`headstart.networks.saving.save.save_network`), what was solved
    in ``detector.safetensors``, the rest in ``headstart.json``.

    Parameters
    ----------
    estimator : fitted TransferDetector
    folder : path-like
        It may not exist yet, be empty, or hold an earlier result of headstart.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
    """

    def write(place: Path) -> None:
        write_detector(estimator, place)

    return write_folder(folder, write)


def write_detector(estimator: Any, folder: Path, **more: Any) -> dict[str, Any]:
    """Write a detector into a folder that is being written; ``more`` goes into its manifest, which is returned."""
    solved, body = estimator.solved_, estimator.body_
    if isinstance(body, Queries):
        said = write_queries(body, solved, [str(label) for label in estimator.classes_], folder)
        write_manifest(folder, manifest := {"kind": "detection", "queries": said, **more})
        return manifest
    network: dict[str, Any] = {}
    if isinstance(body, Body):
        how: dict[str, Any] = {"labels": None, "head_linear": False, "headless": True}
        network["network"] = save_network(body.network, None, folder, **how)
    arrays = {"coef": solved.coef, "intercept": solved.intercept, "sides": solved.sides}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, str(folder / ARRAYS))
    manifest = {
        "kind": "detection",
        **network,
        "detection": {
            "classes": [str(label) for label in estimator.classes_],
            "image_size": body.size,
            "levels": [vars(level) for level in body.levels],
            "views": [vars(view) for view in solved.views],
            "slope": solved.slope,
            "level": solved.level,
        },
        **more,
    }
    write_manifest(folder, manifest)
    return manifest


def is_detector(folder: Any) -> bool:
    """Whether something is a folder that `save_detector` wrote."""
    if not isinstance(folder, str | Path) or not (Path(folder).expanduser() / FILE).is_file():
        return False
    return bool(read_manifest(folder).get("kind") == "detection")


def load_detector(
    folder: str | Path, module: nn.Module | None = None
) -> tuple[np.ndarray, Body | Edges | Queries, Any]:
    """Read a detector that `save_detector` wrote; it finds the same boxes.

    Parameters
    ----------
    folder : path-like
    module : torch.nn.Module, optional
        The architecture, for a network that was a module of the user's own.

    Returns
    -------
    classes, body, solved
        What makes the estimator.

    Raises
    ------
    SourceError
        If the folder is damaged or holds something else, or the module is needed and not given.
    """
    place = Path(folder).expanduser()
    manifest = read_manifest(place)
    where = str(place / "headstart.json")
    if manifest.get("kind") != "detection":
        raise SourceError(
            f"Expected a detector in {place}, found a model of kind {manifest.get('kind')!r}.",
            "Load it with headstart.load.",
        )
    of_queries = "queries" in manifest
    checked(manifest, OF_QUERIES if of_queries else MANIFEST, where)
    check_files(place, manifest)
    if of_queries:
        names = manifest["queries"]["classes"]
        queries = Queries.read(place, place.resolve().name)
        return np.array(names, dtype=object), queries, read_layer(queries, len(names))
    said = manifest["detection"]
    levels = tuple(Level(**level) for level in said["levels"])
    size, network = said["image_size"], manifest.get("network")
    body = Edges(size) if network is None else Body.of(_network(place, network, module), size, levels)
    return np.array(said["classes"], dtype=object), body, _solved(place, said, levels)


def _network(place: Path, described: dict[str, Any], module: nn.Module | None) -> Any:
    if described.get("loads_with") != "module":
        return load_network(place, input_type="image")
    if module is None:
        raise SourceError(
            f"Expected the module ({described.get('class')}) whose weights {place} holds, found none given.",
            "Give it: TransferDetector.load(folder, module=YourModule()).",
        )
    return load_network(NetworkSource(module, weights=place / "model.safetensors"), input_type="image")


def _solved(place: Path, said: dict[str, Any], levels: tuple[Level, ...]) -> SolvedDetector:
    arrays = _with_overlap(load_file(str(place / ARRAYS)), len(said["classes"]))
    views = tuple(View(**view) for view in said["views"])
    wide = sum(levels[view.level].channels * view.bins**2 for view in views if view.level < len(levels)) + PLACE
    k = len(said["classes"]) + BESIDE
    wanted = {"coef": (wide, k), "intercept": (k,)}
    found = {name: arrays[name].shape if name in arrays else None for name in wanted}
    sides = arrays.get("sides", np.zeros((0, 2)))
    fine = all(np.isfinite(array).all() for array in arrays.values()) and sides.ndim == 2 and sides.shape[1:] == (2,)
    if found != wanted or not fine or not len(sides) or not (sides > 0).all() or wide * k > _WIDEST:
        raise SourceError(
            f"Expected finite coefficients of shape {wanted['coef']} in {place / ARRAYS}, found {found['coef']}.",
            "It is damaged, or headstart did not write it: copy the folder anew, or fit again.",
        )
    shapes = [(level.side, level.side, level.channels) for level in levels]
    return SolvedDetector(views, shapes, sides, arrays["coef"], arrays["intercept"], said["slope"], said["level"])


def _with_overlap(arrays: dict[str, np.ndarray], n_classes: int) -> dict[str, np.ndarray]:
    """Arrays of a detector; one of version 0.2.0 answers nothing of overlaps."""
    intercept, coef = arrays.get("intercept", np.zeros(0)), arrays.get("coef", np.zeros(0))
    if intercept.shape != (n_classes + 4,) or coef.ndim != 2:
        return arrays
    return {**arrays, "intercept": np.append(intercept, 0.0), "coef": np.pad(coef, [(0, 0), (0, 1)])}
