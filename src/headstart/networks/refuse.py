"""What cannot be borrowed from, and the words that say so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from headstart.data.base.files import check_there
from headstart.data.base.json_files import TEXT, read_json, record, table_of
from headstart.data.base.kinds import CLIPS, PICTURES, TEXTS, Kind, kind_named, network_kinds
from headstart.errors import SourceError

if TYPE_CHECKING:
    from torch import nn

_PICKLES = {".pt", ".pth", ".th", ".bin", ".ckpt", ".pkl", ".pickle", ".joblib"}
_LFS = b"version https://git-lfs"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
#: What makes safetensors of a folder's pickle; for a folder whose maker is trusted, for opening one can run any code.
_CONVERT = (
    'Take one with model.safetensors, or where you trust its maker make it so: python -c "import torch; '
    "from safetensors.torch import save_file; w = torch.load('{name}', weights_only=True); "
    "save_file({{k: v.clone() for k, v in w.items()}}, 'model.safetensors', {{'format': 'pt'}})\""
)
_SOUND = "a sound network"
_TEXT = "a text network"
_OTHER_TASKS = tuple(
    (words, tuple(f"MODEL_FOR_{task}_MAPPING_NAMES" for task in tasks))
    for words, tasks in (
        (_TEXT, ("SEQUENCE_CLASSIFICATION", "MASKED_LM", "CAUSAL_LM", "SEQ_TO_SEQ_CAUSAL_LM")),
        ("a network that makes speech or music", ("TEXT_TO_WAVEFORM", "TEXT_TO_SPECTROGRAM")),
        (_SOUND, ("AUDIO_CLASSIFICATION", "CTC", "SPEECH_SEQ_2_SEQ")),
        ("a network for video", ("VIDEO_CLASSIFICATION",)),
        ("a network for finding objects", ("OBJECT_DETECTION", "ZERO_SHOT_OBJECT_DETECTION")),
        ("a network for segmentation", ("SEMANTIC_SEGMENTATION", "UNIVERSAL_SEGMENTATION", "IMAGE_SEGMENTATION")),
    )
)
FORMS = (
    "a transformers folder, a hub id ('org/name'), 'starter:pictures', 'starter:speech', 'file.py:function', "
    "a torch module or a NetworkSource"
)


def refuse_input(name: str, takes: str, wanted: str | None) -> None:
    """Refuse a network that takes another kind of input than the data are.

    Parameters
    ----------
    name : str
        The network's.
    takes : str
        What it takes.
    wanted : str or None
        What it has to take; None: whatever it does.

    Raises
    ------
    SourceError
        If these differ.
    """
    if wanted in (None, takes):
        return
    kind = kind_named(str(wanted))
    raise SourceError(
        f"Expected a network for {kind.takes}, found {name}, which takes {kind_named(takes).takes}.",
        f"Take another, for instance {kind.named!r}.",
    )


def type_names() -> Any:
    """transformers' tables of the types of its networks.

    One of its names is asked for first: with that alone its folder of models is listed once, otherwise a second time.
    """
    from transformers import AutoConfig  # noqa: F401
    from transformers.models.auto import modeling_auto

    return modeling_auto


def takes_texts(model_type: str) -> bool:
    """Whether a type of transformers' networks reads texts and nothing else.

    Examples
    --------
    >>> takes_texts("bert"), takes_texts("vit"), takes_texts("wav2vec2")
    (True, False, False)
    """
    names = type_names()
    others = _others(model_type)
    seen = model_type in names.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES
    return _TEXT in others and _SOUND not in others and not seen


def refuse_two_way(name: str, model_type: str) -> NoReturn:
    """Raise for an encoder with a decoder: a network that turns a text into another one."""
    raise SourceError(
        f"Expected a network that reads texts, found {name} ({model_type}), which turns a text into another "
        "one (an encoder with a decoder).",
        "Take an encoder, for instance 'sentence-transformers/all-MiniLM-L6-v2'.",
    )


def _others(model_type: str) -> list[str]:
    """What else than a network for pictures a type is, in words."""
    names = type_names()
    return [words for words, tasks in _OTHER_TASKS if any(model_type in getattr(names, task, {}) for task in tasks)]


def refuse_file(path: Path) -> NoReturn:
    """Raise for a source that is one file: weights without a network, or a pickle.

    Parameters
    ----------
    path : Path
        An existing file.

    Raises
    ------
    SourceError
        Always.
    """
    if path.suffix == ".safetensors":
        raise SourceError(
            f"Expected a network, found weights alone ({path.name}): the layers they belong to are not in the file.",
            f"Give the module too: headstart.NetworkSource(module, weights={str(path)!r}, size=...).",
        )
    if path.suffix.lower() in _PICKLES:
        raise SourceError(
            f"Expected safetensors, found a pickle ({path.name}): opening one can run any code on this machine.",
            "Convert it where you trust it: safetensors.torch.save_file(module.state_dict(), 'model.safetensors').",
        )
    raise SourceError(f"Expected {FORMS}, found the file {path}.", "Give the folder that holds config.json.")


def refuse_missing(path: Path) -> None:
    """Refuse a path that does not exist, with the nearest one that does.

    Parameters
    ----------
    path : Path
        A path that was given as a source.

    Raises
    ------
    SourceError
    """
    check_there(path, "a network", SourceError, f"Give {FORMS}.")


def refuse_type(folder: Path, settings: dict[str, Any], input_type: str | None = None) -> Kind:
    """What a transformers folder's network takes; raise if not pictures, or if it brings code of its own.

    Parameters
    ----------
    folder : Path
        Where it lies.
    settings : dict
        Content of its ``config.json``.
    input_type : str, optional
        What is wanted.

    Returns
    -------
    Kind
        Pictures or texts: the families for sounds that can be read never come here.

    Raises
    ------
    SourceError
        With what it is.
    """
    names = type_names()
    family = str(settings.get("model_type", ""))
    others = _others(family)
    headless = family in names.MODEL_FOR_IMAGE_MAPPING_NAMES and not others
    if family == "timm_wrapper":
        raise SourceError(f"Expected transformers' own network, found timm's in {folder}.", "Use source='timm/...'.")
    if family in names.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES or headless:
        return PICTURES
    if takes_texts(family):
        if settings.get("is_encoder_decoder"):
            refuse_two_way(folder.name, family)
        refuse_input(folder.name, TEXTS.input_type, input_type)
        return TEXTS
    architecture = ", ".join(settings.get("architectures") or []) or "no architecture named"
    found = f"{others[0]} in {folder} ({family}: {architecture})" if others else f"model type {family!r} in {folder}"
    kinds = network_kinds() if input_type is None else (kind_named(input_type),)
    *first, last = (kind.takes for kind in kinds)
    wanted = f"{', '.join(first)} or {last}" if first else last
    todo = f"Take another, for instance {kinds[0].named!r}."
    if settings.get("auto_map"):
        found = f"one in {folder} that must run code of its own ({family})"
    elif _SOUND in others and CLIPS in kinds:
        wanted = f"{wanted} that can be read from its folder"
        todo = (
            "Of transformers' families for sounds AST, wav2vec 2.0 and its kin, HuBERT, Whisper and CLAP are read: "
            "take one of these or 'starter:speech', or give a module around this one that takes waves: "
            "headstart.NetworkSource(module, sampling_rate=16000, seconds=2.0)."
        )
    raise SourceError(f"Expected a network for {wanted}, found {found}.", todo)


def weight_file(folder: Path) -> Path:
    """The file that holds (or lists) a folder's weights.

    Parameters
    ----------
    folder : Path
        A transformers folder.

    Returns
    -------
    Path
        Of safetensors.

    Raises
    ------
    SourceError
        If there are no weights but perhaps a pickle, a placeholder of Git LFS in their place, or a list of other files
        than safetensors beside it.
    """
    for name in WEIGHTS:
        file = folder / name
        if not file.is_file():
            continue
        with file.open("rb") as opened:
            start = opened.read(len(_LFS))
        if start == _LFS:
            raise SourceError(
                f"Expected weights, found a placeholder of Git LFS in {file}.", "Fetch them with: git lfs pull"
            )
        if name.endswith(".json"):
            shards_of(file)
        return file
    pickles = sorted(item.name for item in folder.iterdir() if item.suffix.lower() in _PICKLES)
    if pickles:
        raise SourceError(
            f"Expected safetensors in {folder}, found {pickles[0]}, a pickle: opening one can run any code here.",
            _CONVERT.format(name=pickles[0]),
        )
    found = ", ".join(sorted(item.name for item in folder.iterdir())[:8]) or "nothing"
    raise SourceError(
        f"Expected a network with its weights in {folder}, found no weights (it holds {found}).",
        "model.safetensors must lie beside config.json.",
    )


def shards_of(index: Path) -> list[Path]:
    """The files of safetensors that a list of weights names, each beside it.

    Raises
    ------
    SourceError
        If the list is damaged, or names anything else.
    """
    said = read_json(index, record({"weight_map": table_of(TEXT)}))["weight_map"]
    names = sorted(set(said.values()))
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors") or not (index.parent / name).is_file():
            raise SourceError(
                f"Expected files of safetensors beside {index}, found {name!r} in it.", "Get the folder again, whole."
            )
    return [index.parent / name for name in names]


def refuse_bad_numbers(module: nn.Module, name: str) -> None:
    """Raise if any weight or buffer is NaN or infinite.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    name : str
        What the message calls it.

    Raises
    ------
    SourceError
        With the tensor's name and how many of its values are bad.
    """
    import torch  # words alone need none

    for key, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if not tensor.is_floating_point() or bool(torch.isfinite(tensor.detach().sum())):
            continue
        bad = int((~torch.isfinite(tensor)).sum())
        if bad:
            raise SourceError(
                f"Expected finite weights, found {bad} of {tensor.numel()} NaN or infinite in {key} of {name}.",
                "The file is damaged or its training diverged: get it again or take another network.",
            )
