"""From a transformers image processor to headstart's preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import SourceError

_RESAMPLE = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}
_CROPPED_BY_SHARE = ("ConvNextImageProcessor", "PoolFormerImageProcessor")
_TODO = "Take another network, or wrap this one: NetworkSource(module, size=..., mean=..., std=...)."


def preprocessing_of(processor: Any, channels: int = 3, *, bgr: bool = False) -> Preprocessing:
    """Read what a transformers image processor does to a picture.

    Resizing (short side or exact), centre crop, scale, mean and standard deviation are carried over, with the
    habits of the usual processors: ConvNeXt's and PoolFormer's ``crop_pct``, LeViT's 256/224, EfficientNet's offset
    and second division. A processor object is also tried on a picture, and refused when the pixels differ.

    Parameters
    ----------
    processor : transformers image processor or dict
        The processor (``AutoImageProcessor.from_pretrained(folder, backend="pil")``) or the content of a
        ``preprocessor_config.json``.
    channels : int, default=3
        Colour channels of the network's input; 1 means grey.
    bgr : bool, default=False
        True if the caller has turned a network that takes blue first into one that takes red first.

    Returns
    -------
    Preprocessing
        The same steps, red first.

    Raises
    ------
    SourceError
        If the processor does something that resize, crop, scale and normalisation cannot repeat.

    Examples
    --------
    >>> preprocessing_of({"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": True}).size
    (224, 224)
    """
    config = dict(processor) if isinstance(processor, Mapping) else processor.to_dict()
    if takes_bgr(config) and not bgr:
        raise SourceError(
            f"Expected a network that takes red first, found one that takes blue first ({_kind(config)}).", _TODO
        )
    found = _read(config, channels)
    if channels == 3 and not isinstance(processor, Mapping):
        _require_same_pixels(processor, found)
    return found


def takes_bgr(config: Mapping[str, Any]) -> bool:
    """True if a processor's configuration puts blue first, as MobileViT's does.

    Parameters
    ----------
    config : dict
        Content of a ``preprocessor_config.json``.

    Returns
    -------
    bool
    """
    return bool(config.get("do_flip_channel_order", _kind(config) == "MobileViTImageProcessor"))


def processor_config(preprocessing: Preprocessing) -> dict[str, Any]:
    """Content of a ``preprocessor_config.json`` with which transformers gives the same pixels.

    Parameters
    ----------
    preprocessing : Preprocessing
        What the network was trained with.

    Returns
    -------
    dict
        Plain JSON types; ``image_processor_type`` is a processor without habits of its own.
    """
    resize = preprocessing.resize
    crop = preprocessing.size if isinstance(resize, int) else preprocessing.crop
    code = {name: number for number, name in _RESAMPLE.items()}[preprocessing.resample]
    size = {"shortest_edge": resize} if isinstance(resize, int) else {"height": resize[0], "width": resize[1]}
    config = {
        "image_processor_type": "MobileNetV1ImageProcessor",
        "do_resize": True,
        "size": size,
        "resample": code,
        "do_center_crop": crop is not None,
        "do_rescale": True,
        "rescale_factor": preprocessing.scale,
        "do_normalize": True,
        "image_mean": list(preprocessing.mean),
        "image_std": list(preprocessing.std),
        "do_convert_rgb": preprocessing.channels == 3,
    }
    if crop is not None:
        config["crop_size"] = {"height": crop[0], "width": crop[1]}
    return config


def _read(config: dict[str, Any], channels: int) -> Preprocessing:
    if channels not in (1, 3):
        raise SourceError(f"Expected a network with 1 or 3 colour channels, found {channels}.", _TODO)
    kind = _kind(config)
    if not config.get("do_resize", True):
        raise SourceError(
            "Expected a network with an input of one size, found an image processor that does not resize "
            f"({kind or 'no type given'}, do_resize false).",
            _TODO,
        )
    resize, crop = _geometry(config, kind)
    mean, std = _normalisation(config, kind, channels)
    return Preprocessing(
        resize=resize,
        crop=crop,
        mean=mean,
        std=std,
        scale=float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0,
        channels=channels,
        resample=_RESAMPLE[int(config.get("resample", 2))],
    )


def _kind(config: Mapping[str, Any]) -> str:
    name = str(config.get("image_processor_type") or config.get("feature_extractor_type") or "")
    return name.removesuffix("Pil").removesuffix("Fast").replace("FeatureExtractor", "ImageProcessor")


def _geometry(config: dict[str, Any], kind: str) -> tuple[int | tuple[int, int], tuple[int, int] | None]:
    size = config.get("size", 224)
    if isinstance(size, int):
        size = {"shortest_edge": size} if config.get("do_center_crop") else {"height": size, "width": size}
    short = size.get("shortest_edge")
    crop = _pair(config.get("crop_size")) if config.get("do_center_crop") else None
    share = config.get("crop_pct")
    if kind == "ConvNextImageProcessor" and short:
        if short >= 384:
            return (short, short), crop
        return int(short / (share or 224 / 256)), crop or (short, short)
    if kind == "PoolFormerImageProcessor" and share:
        height, width = (short, short) if short else (size["height"], size["width"])
        exact = (int(height / share), int(width / share))
        return (exact[0] if height == width else exact), crop
    if short and size.get("longest_edge") is None:
        resize = int(256 / 224 * short) if kind == "LevitImageProcessor" else int(short)
        return resize, crop or (int(short), int(short))
    if size.get("height") and size.get("width"):
        return (int(size["height"]), int(size["width"])), crop
    raise SourceError(
        f"Expected an image processor with one input size, found the rule {dict(size)} ({kind or 'no type given'}).",
        _TODO,
    )


def _pair(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    if isinstance(size, int):
        return size, size
    if size.get("height") and size.get("width"):
        return int(size["height"]), int(size["width"])
    short = size.get("shortest_edge")
    return None if short is None else (int(short), int(short))


def _normalisation(config: dict[str, Any], kind: str, channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    mean = _per_channel(config.get("image_mean"), channels, 0.5)
    std = _per_channel(config.get("image_std"), channels, 0.5)
    applied = config.get("do_normalize", True) and kind != "MobileViTImageProcessor"
    twice = kind == "EfficientNetImageProcessor" and config.get("include_top", True)
    offset = 1.0 if kind == "EfficientNetImageProcessor" and config.get("rescale_offset") else 0.0
    total_mean = tuple((m if applied else 0.0) + offset for m in mean)
    total_std = tuple((s if applied else 1.0) * (s if twice else 1.0) for s in std)
    return total_mean, total_std


def _per_channel(value: Any, channels: int, default: float) -> tuple[float, ...]:
    values = [default] if value is None else [value] if isinstance(value, (int, float)) else list(value)
    if len(values) == channels:
        return tuple(float(v) for v in values)
    return (float(np.mean(values)),) * channels


def _require_same_pixels(processor: Any, found: Preprocessing) -> None:
    """Try both on one picture (square where the processor itself does not crop, so that sizes cannot differ)."""
    side = max(found.size) // 2 + 40
    shape = (side + 34, side, 3) if isinstance(found.resize, tuple) or processor_crops(processor) else (side, side, 3)
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    try:
        theirs = np.asarray(processor(images=[picture], return_tensors="np")["pixel_values"][0])
    except Exception as error:
        raise SourceError(f"Expected an image processor that takes one picture, found {error!r}.", _TODO) from error
    ours = found.array(found.canvas(picture))
    theirs = theirs[::-1] if takes_bgr(processor.to_dict()) else theirs
    if theirs.shape != ours.shape or not np.allclose(theirs, ours, atol=1e-4):
        raise SourceError(
            f"Expected an image processor made of resize, centre crop, scale and normalisation, found "
            f"{type(processor).__name__}, which gives other pixels.",
            _TODO,
        )


def processor_crops(processor: Any) -> bool:
    """True if the processor's output has one size whatever the picture's shape."""
    config = processor.to_dict()
    return bool(config.get("do_center_crop")) or config.get("image_processor_type") in _CROPPED_BY_SHARE
