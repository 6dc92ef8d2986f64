"""A network's folder, by what it says that the network is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from headstart.data.base.json_files import checked
from headstart.data.base.kinds import CLIPS
from headstart.errors import SourceError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.manifest import TASKS_FOLDER
from headstart.networks.network import Network
from headstart.networks.reading.audio_source import is_audio_type, read_audio
from headstart.networks.reading.config_file import PROCESSORS, read_config
from headstart.networks.reading.sentence_folder import MODULES
from headstart.networks.reading.sound_source import read_sound
from headstart.networks.reading.text_source import read_text
from headstart.networks.reading.transformers_source import read_settings, read_transformers
from headstart.networks.refuse import refuse_input, refuse_type
from headstart.networks.seal import check_files, in_words
from headstart.nn.bodies.sound_network import MODEL_TYPE

_STARTERS = Path(__file__).parents[2] / "starters"


def read_own_folder(folder: Path, input_type: str | None) -> Network:
    """A folder on this machine: of transformers, of headstart, of timm, or of sentence-transformers."""
    with in_words("a network", folder):
        return _read_own(folder, input_type)


def read_hub_folder(given: tuple[Path, str], input_type: str | None) -> Network:
    """A folder of the hub's cache, and the id under which it was asked for."""
    folder, name = given
    with in_words("a network", folder):
        return _read_folder(folder, input_type, "transformers", name, f"hub: {name}")


def read_starter(source: str, input_type: str | None) -> Network:
    """One of the bundled networks, by "starter:name"."""
    name = source.removeprefix("starter:")
    folder = _STARTERS / name
    if not name.isidentifier() or not (folder / "config.json").is_file():
        known = sorted(item.parent.name for item in _STARTERS.glob("*/config.json"))
        listed = ", ".join(f"'starter:{item}'" for item in known) or "none"
        raise SourceError(f"Expected one of the bundled networks, found {source!r}.", f"There is: {listed}.")
    return _read_folder(folder, input_type, "starter", source, f"bundled with headstart: {source}")


def _read_own(folder: Path, input_type: str | None) -> Network:
    ours = (folder / MANIFEST).is_file()
    if ours:
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        if manifest.get("kind") == "tasks":
            return _read_shared(folder, checked(manifest, TASKS_FOLDER, str(folder / MANIFEST)), input_type)
    if ours and not (folder / "config.json").is_file():
        raise SourceError(
            f"Expected a network in {folder}, found weights that headstart saved for a module of yours.",
            f"Give the module too: headstart.NetworkSource(module, weights={str(folder / 'model.safetensors')!r}).",
        )
    if not (folder / "config.json").is_file() and (folder / MODULES).is_file():  # its body lies in a folder of its own
        return read_text(folder)
    if "architecture" in read_settings(folder):
        from headstart.networks.reading.timm_source import read_timm_folder

        return read_timm_folder(folder)
    return _read_folder(folder, input_type, "headstart" if ours else "transformers")


def _read_shared(folder: Path, manifest: dict[str, Any], input_type: str | None) -> Network:
    """The body of models of several tasks that share one."""
    if "body" not in manifest:
        listed = ", ".join(f"{entry['folder']} ({entry['name']})" for entry in manifest["tasks"])
        raise SourceError(
            f"Expected a network in {folder}, found models of several tasks, which share none.",
            f"Give the folder of one of them inside it: {listed}.",
        )
    found = _read_own(folder / manifest["body"], input_type)
    return dataclasses.replace(found, name=folder.resolve().name)


def _read_folder(folder: Path, input_type: str | None, kind: str, name: str | None = None, origin: str = "") -> Network:
    """A folder with ``config.json``, by what it says that the network is."""
    model_type = str(read_settings(folder).get("model_type"))
    for settings in (folder / file for file in PROCESSORS):
        if settings.is_file():
            read_config(settings)
    if model_type == MODEL_TYPE:  # before transformers is asked, which takes longer to load than all of it
        return read_sound(folder, kind="headstart" if kind == "transformers" else kind, name=name, origin=origin)
    if is_audio_type(model_type):
        refuse_input(name or folder.resolve().name, CLIPS.input_type, input_type)
        return read_audio(folder, kind=kind, name=name, origin=origin)
    if refuse_type(folder, read_settings(folder), input_type).typed:
        return read_text(folder, kind=kind, name=name, origin=origin)
    return read_transformers(folder, kind=kind, name=name, origin=origin, input_type=input_type)
