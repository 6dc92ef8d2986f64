"""Read a network of the timm library, from the hub or from a folder in timm's form."""

from __future__ import annotations

import copy
import json
from math import floor
from pathlib import Path
from typing import Any

from torch import nn

from headstart.cache_folder import temporary_folder
from headstart.data.pictures.preprocessing import FILTERS, Preprocessing
from headstart.errors import MissingExtra, SourceError
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.card_of import manifest_card
from headstart.networks.reading.config_file import read_config
from headstart.networks.reading.files_of import first_line
from headstart.networks.reading.hub import fetch
from headstart.networks.refuse import refuse_bad_numbers, weight_file

_LABELS = ("label_names", "label_descriptions", "labels", "label_offset")
_OTHER_SIZE = ("test_input_size", "test_crop_pct", "test_pool_size", "pool_size")


def read_timm(source: str, input_type: str | None = None) -> Network:
    """Read a network by timm's own name ("timm:resnet18") or by its hub id ("timm/resnet18.a1_in1k").

    Parameters
    ----------
    source : str
        As above. The weights come from the hub, or from its local cache without a call.
    input_type : str, optional
        Makes no difference: these networks take pictures.

    Returns
    -------
    Network
        Kind "timm"; its ``config`` is the content of the hub's ``config.json``.

    Raises
    ------
    MissingExtra
        If timm is not installed.
    SourceError
        If timm has no network or no weights of that name, or the hub cannot be reached.
    """
    timm = import_timm()
    repo = source
    if source.startswith("timm:"):
        name = source.removeprefix("timm:")
        if not timm.is_model(name.partition(".")[0]):
            close = ", ".join(timm.list_models(f"*{name.partition('.')[0]}*")[:5])
            raise SourceError(
                f"Expected the name of a timm network, found {name!r}.",
                f"Did you mean one of {close}?" if close else "timm.list_models('*net*', pretrained=True) lists them.",
            )
        settings = timm.get_pretrained_cfg(name)
        repo = getattr(settings, "hf_hub_id", None) or ""
        if "/" not in repo:
            raise SourceError(
                f"Expected a timm network with weights on the hub, found none for {name!r}.", "Take another."
            )
    return read_timm_folder(fetch(repo), name=source, origin=f"hub: {repo}")


def read_timm_folder(folder: Path, *, kind: str = "timm", name: str | None = None, origin: str = "") -> Network:
    """Read a folder with timm's ``config.json`` and its weights.

    Parameters are those of `read_transformers`.

    Returns
    -------
    Network
        In evaluation mode, float32.
    """
    timm = import_timm()
    name = name or folder.name
    file = weight_file(folder)
    if file.suffix != ".safetensors":
        raise SourceError(f"Expected one file of safetensors in {folder}, found {file.name}.", "Take another network.")
    config = read_config(folder / "config.json")
    try:
        module = timm.create_model(f"local-dir:{folder}", pretrained=True)
    except Exception as error:
        raise SourceError(
            f"Expected a timm network in {folder}, found: {first_line(error)}", "Update timm (>= 1.0.16)."
        ) from error
    module = module.float().eval()
    refuse_bad_numbers(module, name)
    card = SourceCard(
        n_classes=getattr(module, "num_classes", None) or None,
        n_parameters=sum(parameter.numel() for parameter in module.parameters()),
        licence=module.pretrained_cfg.get("license"),
        origin=origin or str(folder),
    )
    preprocessing = timm_preprocessing(module.pretrained_cfg)
    return Network(module, name, kind, preprocessing, manifest_card(folder, card), config=config)


def timm_preprocessing(settings: dict[str, Any]) -> Preprocessing:
    """What timm's evaluation does to a picture.

    Parameters
    ----------
    settings : dict
        ``module.pretrained_cfg``: ``input_size`` (channels, height, width), ``interpolation``, ``mean``, ``std``,
        ``crop_pct`` and ``crop_mode``.

    Returns
    -------
    Preprocessing
        Crop mode "border" is done as "center".

    Examples
    --------
    >>> timm_preprocessing({"input_size": (3, 224, 224), "crop_pct": 0.95, "interpolation": "bicubic"}).resize
    235
    """
    channels, height, width = (int(value) for value in settings.get("input_size") or (3, 224, 224))
    share = float(settings.get("crop_pct") or 0.875)
    exact = (floor(height / share), floor(width / share))
    squash = settings.get("crop_mode") == "squash" or height != width
    resample = str(settings.get("interpolation", "bilinear"))
    return Preprocessing(
        resize=exact if squash else exact[0],
        crop=(height, width),
        mean=_fit(settings.get("mean") or (0.485, 0.456, 0.406), channels),
        std=_fit(settings.get("std") or (0.229, 0.224, 0.225), channels),
        channels=channels,
        resample=resample if resample in FILTERS else "bilinear",
    )


def build_timm(config: dict[str, Any]) -> nn.Module:
    """The architecture of a timm ``config.json`` with random weights, from torch's current random state.

    Parameters
    ----------
    config : dict
        `Network.config` of a timm network.

    Returns
    -------
    torch.nn.Module
    """
    timm = import_timm()
    with temporary_folder() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(config), encoding="utf-8")
        return timm.create_model(f"local-dir:{folder}", pretrained=False).float()


def timm_config(
    config: dict[str, Any], n_outputs: int, labels: list[str] | None, used: Preprocessing
) -> dict[str, Any]:
    """timm's ``config.json`` for the same architecture with another output layer and preprocessing.

    Parameters
    ----------
    config : dict
        Of the network that was borrowed.
    n_outputs : int
        Outputs of the new layer.
    labels : list of str or None
        Class names.
    used : Preprocessing
        What it was trained with.

    Returns
    -------
    dict
        Plain JSON types.
    """
    new = copy.deepcopy(config)
    settings = new.setdefault("pretrained_cfg", {})
    for outdated in (*_LABELS, *_OTHER_SIZE):
        new.pop(outdated, None)
        settings.pop(outdated, None)
    resize = used.resize if isinstance(used.resize, int) else used.resize[0]
    settings.update(
        num_classes=n_outputs,
        input_size=[used.channels, *used.size],
        mean=list(used.mean),
        std=list(used.std),
        interpolation=used.resample,
        crop_pct=used.size[0] / (resize + 0.5),  # timm rounds size / crop_pct down
        crop_mode="center" if isinstance(used.resize, int) else "squash",
    )
    new["num_classes"] = n_outputs
    if "model_args" in new:
        new["model_args"]["num_classes"] = n_outputs
    if labels is not None:
        new["label_names"] = list(labels)
    return new


def import_timm() -> Any:
    """The timm module, or what to do without it."""
    try:
        import timm
    except ImportError as error:
        if getattr(error, "name", None) not in (None, "timm"):
            raise _broken(error) from error
        raise MissingExtra("timm", "timm", "A timm network") from error
    except Exception as error:
        raise _broken(error) from error
    return timm


def _broken(error: Exception) -> SourceError:
    return SourceError(
        f"Expected timm to import, found: {error}.", "Install a torchvision that fits your torch, or use transformers."
    )


def _fit(values: Any, channels: int) -> tuple[float, ...]:
    found = tuple(float(value) for value in values)
    return found if len(found) == channels else (sum(found) / len(found),) * channels
