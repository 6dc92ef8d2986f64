"""Detectors of transformers' families: what each of their queries saw of a picture, and the box that it names."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from headstart.data.base.reasons import BadInput
from headstart.data.boxes.letterbox import Shares
from headstart.data.pictures.pictures import Pictures
from headstart.detection.maps import sides_of
from headstart.errors import SourceError
from headstart.networks.network import weights_digest
from headstart.networks.reading.card_of import transformers_card
from headstart.networks.reading.config_file import PROCESSORS
from headstart.networks.reading.file_source import is_file_source
from headstart.networks.reading.files_of import load_config, load_processor, load_weights, missing_keys
from headstart.networks.reading.forms import form_of
from headstart.networks.reading.transformers_source import read_settings
from headstart.networks.refuse import refuse_bad_numbers, type_names
from headstart.networks.running.cache import FeatureCache, default_cache
from headstart.progress import Progress

#: Sides of the picture on which a network's layers are told apart, in pixels.
_TRIED = (96, 128)


def query_folder(source: Any) -> tuple[Path, str] | None:
    """Folder and name of a detector of transformers' families; None where a source is none.

    Parameters
    ----------
    source : str, path or anything
        A folder with a ``config.json``, or a hub id, which is fetched where it is not in the local cache.

    Raises
    ------
    SourceError
        If a hub id cannot be fetched.
    """
    if not isinstance(source, str | os.PathLike) or str(source).startswith(("starter:", "timm:", "timm/")):
        return None
    if is_file_source(source) or Path(source).expanduser().is_file():
        return None
    given = form_of(source).given
    folder, name = given if isinstance(given, tuple) else (Path(given), Path(given).resolve().name)
    if not (folder / "config.json").is_file():
        return None
    family = str(read_settings(folder).get("model_type", ""))
    return (folder, name) if family in type_names().MODEL_FOR_OBJECT_DETECTION_MAPPING_NAMES else None


@dataclass(frozen=True, eq=False)
class Queries:
    """A detector whose queries look at a whole picture, each for one thing: DETR and its kin.

    Parameters
    ----------
    module : torch.nn.Module
        Of transformers, in evaluation mode; it is never written to.
    processor : transformers image processor
        What makes inputs of pictures.
    head : str
        Name of the linear layer that tells classes of what a query saw.
    one_of : bool
        Whether classes and *nothing* share one softmax (the last output is *nothing*); else each has its own sigmoid.
    name : str
    card : SourceCard
    """

    module: Any
    processor: Any
    head: str
    one_of: bool
    name: str
    card: Any

    @classmethod
    def of(cls, source: Any) -> Queries | None:
        """The detector that a source is, read; None where it is none."""
        found = query_folder(source)
        return None if found is None else cls.read(*found)

    @classmethod
    def read(cls, folder: Path, name: str) -> Queries:
        """Read a folder of transformers.

        Raises
        ------
        SourceError
            If weights or the image processor are missing or damaged, or no linear layer tells its classes.
        """
        from transformers import AutoModelForObjectDetection

        config = load_config(folder)
        module, report = load_weights(AutoModelForObjectDetection, folder, config)
        lacking = sorted(missing_keys(report))
        if lacking:
            raise SourceError(
                f"Expected all weights of the detector {name}, found {len(lacking)} missing or of another shape, the "
                f"first: {lacking[0]}.",
                "The file belongs to another network or is not whole.",
            )
        refuse_bad_numbers(module, name)
        module = module.eval()
        head, one_of = _head_of(module, name)
        card = transformers_card(folder, config, module, str(folder), (), False)
        return cls(module, _processor(folder, name), head, one_of, name, card)

    def __sklearn_clone__(self) -> Queries:
        return self

    @cached_property
    def digest(self) -> str:
        """Hash of everything that decides what queries see."""
        return f"{weights_digest(self.module)} {json.dumps(self.processor.to_dict(), sort_keys=True, default=str)}"

    @property
    def kind(self) -> str:
        """How it was read, as of `headstart.networks.network.Network`."""
        return "transformers"

    @property
    def size(self) -> int:
        """Boxes are shares of their pictures."""
        return 1

    @property
    def labels(self) -> list[str]:
        """What the detector itself finds."""
        known = self.module.config.id2label
        return [str(known[i]) for i in sorted(known)]

    def letterboxes(self, pictures: Pictures) -> list[Shares]:
        """How boxes in pixels become shares of their pictures."""
        return [Shares(*sides_of(pictures, i)) for i in range(len(pictures))]

    def inputs(self, rgb: np.ndarray) -> dict[str, Tensor]:
        """What the network takes of one picture, as transformers' own image processor makes it."""
        made = self.processor(images=Image.fromarray(rgb), return_tensors="pt")
        taken = inspect.signature(self.module.forward).parameters
        return {name: value for name, value in made.items() if name in taken and isinstance(value, Tensor)}

    def answered(self, made: dict[str, Tensor]) -> tuple[Any, Tensor]:
        """What the network says of its inputs, and what entered the layer that tells classes, (N, Q, d)."""
        seen: list[Tensor] = []
        layer = self.module.get_submodule(self.head)
        hook = layer.register_forward_hook(lambda _, given, __: seen.append(given[0].detach()))
        try:
            out = self.module(**made)
        finally:
            hook.remove()
        return out, next(one for one in reversed(seen) if one.shape[:2] == out.pred_boxes.shape[:2])

    def maps(
        self,
        pictures: Pictures,
        *,
        device: str = "cpu",
        progress: Progress | None = None,
        cache: FeatureCache | None = None,
    ) -> list[tuple[np.ndarray, ...]]:
        """What queries saw of each picture, computed once, ever.

        Parameters
        ----------
        pictures : Pictures
            n of them.
        device, progress, cache
            As in `headstart.networks.running.embed.embed`.

        Returns
        -------
        list of n tuples
            What enters the layer that tells classes, (Q, d); corners as shares of the picture, (Q, 4); and how sure the
            detector is that something stands there, (Q,).

        Raises
        ------
        BadPictures
            If any cannot be decoded; it lists all of them.
        """
        keys = _readable(pictures, list(range(len(pictures))), pictures.digest)
        n_queries, width = self._shape
        looking = _Looking(self, device)

        def run(new: list[int]) -> tuple[list[int], Iterable[np.ndarray]]:
            _readable(pictures, new, lambda i: pictures.decode(i).shape)

            def rows() -> Iterable[np.ndarray]:
                for done, i in enumerate(new):
                    if progress is not None:
                        progress("looking at pictures", done, len(new))
                    yield looking(pictures.decode(i))[None]
                if progress is not None:
                    progress("looking at pictures", len(new), len(new))

            return new, rows()

        kept = (default_cache() if cache is None else cache).rows(
            f"1 queries {self.digest}", keys, n_queries * (width + 5), run
        )
        seen = kept.columns(0, n_queries * (width + 5)).reshape(len(keys), n_queries, width + 5)
        return [(one[:, :width], one[:, width:-1].astype(np.float64), one[:, -1]) for one in seen]

    @cached_property
    def _shape(self) -> tuple[int, int]:
        """Queries, and numbers that each saw."""
        found = _Looking(self, "cpu")(np.full((*_TRIED, 3), 127, np.uint8))
        width = self.module.get_submodule(self.head).in_features
        return found.size // (width + 5), int(width)


class _Looking:
    """From one picture to a row: of each query what it saw, its box, and how sure it is of something, side by side."""

    def __init__(self, queries: Queries, device: str) -> None:
        self.queries, self.device = queries, device
        self.module = queries.module.to(device)

    @torch.inference_mode()
    def __call__(self, rgb: np.ndarray) -> np.ndarray:
        made = {name: value.to(self.device) for name, value in self.queries.inputs(rgb).items()}
        out, entered = self.queries.answered(made)
        logits = out.logits[0].float()
        sure = 1 - logits.softmax(-1)[:, -1] if self.queries.one_of else logits.sigmoid().amax(-1)
        x, y, w, h = out.pred_boxes[0].float().unbind(-1)
        corners = torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], -1)
        row = torch.cat([entered[0].float(), corners, sure[:, None]], 1)
        return np.asarray(row.flatten().cpu().numpy())


def _head_of(module: Any, name: str) -> tuple[str, bool]:
    """Name of the linear layer whose output are the classes' logits, and whether they share a softmax with nothing.

    Raises
    ------
    SourceError
        If there is none.
    """
    seen: list[tuple[str, Tensor]] = []
    hooks = [
        part.register_forward_hook(lambda _, __, output, name=name: seen.append((name, output)))
        for name, part in module.named_modules()
        if isinstance(part, nn.Linear)
    ]
    config = module.config
    side = getattr(config, "image_size", None) or _TRIED
    height, width = (side, side) if isinstance(side, int) else tuple(side)
    try:
        with torch.inference_mode():
            out = module(pixel_values=torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(0)))
    finally:
        for hook in hooks:
            hook.remove()
    logits = out.logits
    found = [name for name, output in seen if output.shape == logits.shape and torch.equal(output, logits)]
    more = logits.shape[-1] - int(config.num_labels)
    if not found or more not in (0, 1):
        raise SourceError(
            f"Expected a detector whose classes are told by a linear layer of what each query saw, found {name} "
            f"({type(module).__name__}).",
            "Take a detector of another family: DETR, Deformable DETR, RT-DETR, D-FINE or YOLOS.",
        )
    return found[-1], more == 1


def _processor(folder: Path, name: str) -> Any:
    if not any((folder / file).is_file() for file in PROCESSORS):
        raise SourceError(
            f"Expected preprocessor_config.json beside the detector {name}, found none.", "Get the folder again, whole."
        )
    return load_processor(folder)


def _readable(pictures: Pictures, chosen: list[int], read: Callable[[int], Any]) -> list[Any]:
    """What is read of each of some pictures.

    Raises
    ------
    BadPictures
        It lists all that cannot be read.
    """
    found, bad = [], []
    for i in chosen:
        try:
            found.append(read(i))
        except BadInput as error:
            bad.append((pictures.names[i], error.reason))
    if bad:
        raise pictures.bad_inputs(bad)
    return found
