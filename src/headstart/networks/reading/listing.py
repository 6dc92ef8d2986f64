"""What there is to borrow from on this machine, told from small files: no weights are read and nothing is called."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from headstart.data.base.kinds import CLIPS, PICTURES
from headstart.errors import HeadstartError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.reading.audio_source import is_audio_type
from headstart.networks.reading.card_of import examples_of, licence_of
from headstart.networks.reading.config_file import shapes_in
from headstart.networks.reading.hub import cache_of_hub, cached_folder
from headstart.networks.reading.transformers_source import read_settings
from headstart.networks.refuse import WEIGHTS, refuse_type, shards_of, weight_file
from headstart.nn.bodies.sound_network import MODEL_TYPE


@dataclass(frozen=True)
class Listed:
    """A network on this machine.

    Parameters
    ----------
    source : str
        What to give as ``source=`` or ``--source``.
    place : {"starter", "hub cache", "folder"}
    input_type : {"image", "audio"} or None
        What it takes; None where it cannot be used.
    n_parameters : int or None
        Number of weights; None where they are not in safetensors files.
    n_examples : int or None
        Labelled examples that it was trained on, where known.
    licence : str or None
    reason : str
        Why it cannot be used; empty where it can.
    """

    source: str
    place: str
    input_type: str | None
    n_parameters: int | None = None
    n_examples: int | None = None
    licence: str | None = None
    reason: str = ""


STARTER_FOLDERS = Path(__file__).parents[2] / "starters"
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "position_ids")
_NEEDS_MODULE = "It holds weights alone; give the module too: headstart.NetworkSource(module, weights={folder!r})."


def list_sources(places: Sequence[str | Path]) -> list[Listed]:
    """Starters, networks in the local cache of the hub, and folders.

    Parameters
    ----------
    places : sequence of path
        Folders that are a source, or have some directly in them. A place that does not exist holds none.

    Returns
    -------
    list of Listed
        Starters first, then the hub's by name, then folders as given.
    """
    starters = sorted(path.parent for path in STARTER_FOLDERS.glob("*/config.json"))
    found = [listed(f"starter:{folder.name}", folder, "starter") for folder in starters]
    found += [listed(repo, folder, "hub cache") for repo, folder in _cached()]
    seen: set[Path] = set()
    for place in places:
        for folder in _sources_at(Path(place).expanduser()):
            if folder.resolve() not in seen:
                seen.add(folder.resolve())
                found.append(listed(str(folder), folder, "folder"))
    return found


def listed(source: str, folder: Path, place: str) -> Listed:
    """What the small files of a folder say about its network.

    Parameters
    ----------
    source : str
        What to call it.
    folder : Path
        With ``config.json`` or ``headstart.json``.
    place : str
        As in `Listed`.
    """
    try:
        saved = (read_manifest(folder).get("network") or {}) if (folder / MANIFEST).is_file() else {}
        if saved.get("loads_with") == "module":
            return Listed(source, place, None, reason=_NEEDS_MODULE.format(folder=str(folder / "model.safetensors")))
        card = saved.get("card") or {}
        input_type = _input_type(folder, saved)
        return Listed(
            source,
            place,
            input_type,
            card.get("n_parameters") or count_parameters(weight_file(folder)),
            card.get("n_examples") or _known_examples(folder),
            card.get("licence") or licence_of(folder),
        )
    except HeadstartError as error:
        return Listed(source, place, None, reason=error.message)
    except OSError as error:
        return Listed(source, place, None, reason=f"It cannot be read: {error.strerror}.")


def count_parameters(file: Path) -> int | None:
    """Number of weights in a safetensors file, or in those that an index lists; None for other files.

    Parameters
    ----------
    file : Path
        ``model.safetensors`` or ``model.safetensors.index.json``.
    """
    if file.name.endswith(".safetensors.index.json"):
        counts = [count_parameters(shard) for shard in shards_of(file)]
        return None if any(count is None for count in counts) else sum(count or 0 for count in counts)
    if file.suffix != ".safetensors":
        return None
    return sum(math.prod(shape) for name, shape in shapes_in(file).items() if not name.endswith(_BUFFERS))


def _input_type(folder: Path, saved: dict[str, Any]) -> str:
    if saved.get("input_type"):
        return str(saved["input_type"])
    settings = read_settings(folder)
    if settings.get("model_type") == MODEL_TYPE or is_audio_type(str(settings.get("model_type"))):
        return CLIPS.input_type
    if "architecture" in settings:  # timm's
        return PICTURES.input_type
    return refuse_type(folder, settings).input_type


def _known_examples(folder: Path) -> int | None:
    names = read_settings(folder).get("id2label") if (folder / "config.json").is_file() else None
    return examples_of([str(names[key]) for key in sorted(names, key=int)]) if isinstance(names, dict) else None


def _cached() -> Iterator[tuple[str, Path]]:
    """Names and folders of the models in the local cache of the hub that are there with their weights."""
    try:
        repos = scan_cache_dir(cache_of_hub()).repos
    except (CacheNotFound, ValueError, OSError):
        return
    for repo in sorted(repos, key=lambda repo: repo.repo_id):
        folder = cached_folder(repo.repo_id) if repo.repo_type == "model" else None
        if folder is not None:
            yield repo.repo_id, folder


def _sources_at(place: Path) -> list[Path]:
    """The place itself where it is a network's folder, else those directly in it."""
    if _is_network(place):
        return [place]
    try:
        inside = sorted(item for item in place.iterdir() if item.is_dir() and not item.name.startswith("."))
    except OSError:
        return []
    return [item for item in inside if _is_network(item)]


def _is_network(folder: Path) -> bool:
    """Whether there are weights, beside a configuration or a manifest."""
    described = (folder / MANIFEST).is_file() or (folder / "config.json").is_file()
    return described and any((folder / name).is_file() for name in (*WEIGHTS, "pytorch_model.bin"))
