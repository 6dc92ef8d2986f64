"""Read our own network for sounds from its folder."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import ParameterError, SourceError
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.card_of import licence_of, manifest_card
from headstart.networks.reading.config_file import read_config, require_room
from headstart.networks.reading.module_source import fill
from headstart.networks.refuse import refuse_bad_numbers, shards_of, weight_file
from headstart.nn.bodies.sound_network import SoundConfig, SoundNetwork


def read_sound(folder: Path, *, kind: str = "headstart", name: str | None = None, origin: str = "") -> Network:
    """Read a folder whose ``config.json`` has the model type "headstart-sound".

    Parameters
    ----------
    folder : Path
        An existing folder with ``config.json`` and ``model.safetensors``; weights may be stored in 16 bits.
    kind, name, origin : str
        As in `read_transformers`.

    Returns
    -------
    Network
        In evaluation mode, float32; its window is the configuration's.

    Raises
    ------
    SourceError
        If its settings or weights are damaged, or do not belong together.
    """
    name = name or folder.resolve().name
    try:
        config = SoundConfig.from_dict(read_config(folder / "config.json"))
        file = weight_file(folder)
        require_room(SoundNetwork, config, file)
        module = SoundNetwork(config)
    except ParameterError as error:
        raise SourceError(f"{folder / 'config.json'}: {error.message}", error.todo or "Get the file again.") from error
    try:
        parts = shards_of(file) if file.suffix == ".json" else [file]
        tensors = {name: tensor for part in parts for name, tensor in load_file(part).items()}
    except (SafetensorError, OSError) as error:
        raise SourceError(f"Expected readable weights in {file}, found: {error}", "Get the file again.") from error
    fill(module, tensors, name, file)
    module.eval()
    refuse_bad_numbers(module, name)
    card = SourceCard(
        n_classes=len(config.labels) or None,
        class_names=config.labels or None,
        n_parameters=sum(parameter.numel() for parameter in module.parameters()),
        licence=licence_of(folder),
        origin=origin or str(folder),
    )
    preprocessing = SoundPreprocessing(config.rate, config.samples)
    return Network(module, name, kind, preprocessing, manifest_card(folder, card), config=config, input_type="audio")
