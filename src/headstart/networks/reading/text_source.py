"""Read a network for texts from a transformers or sentence-transformers folder."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from headstart.cache_folder import temporary_folder
from headstart.data.texts.preprocessing import TextPreprocessing
from headstart.errors import SourceError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.card_of import licence_of, manifest_card
from headstart.networks.reading.files_of import load_config, load_weights, missing_keys, quiet
from headstart.networks.reading.sentence_folder import SentenceLayout, read_layout
from headstart.networks.reading.text_tokenizer import kept_tokenizer, open_tokenizer, said_length
from headstart.networks.refuse import refuse_bad_numbers, refuse_two_way, type_names
from headstart.nn.bodies.text_network import TextNetwork

HEAD = "head.safetensors"
#: Longest window in tokens that is used where no file of sentence-transformers names one: attention costs its square.
LONGEST = 512
_INDEPENDENT = 1e-3

_NO_POOLING = "Its files name no pooling: a text is {}."
_POOLED = {"mean": "the mean over its tokens", "last": "what stands at its last token"}


def read_text(folder: Path, *, kind: str = "transformers", name: str | None = None, origin: str = "") -> Network:
    """Read a folder with a body for texts, its tokenizer, and where they are there the files of sentence-transformers.

    Pooling is what ``modules.json`` says; else the mean over tokens, for a causal network the last token. The output
    layer is that of ``head.safetensors``, which headstart writes, or a new one.

    Parameters are those of `read_transformers`.

    Returns
    -------
    Network
        With a `TextNetwork`, in evaluation mode, float32.

    Raises
    ------
    SourceError
        If weights or tokenizer are missing, damaged or do not belong together, or it is no encoder.
    """
    name = name or folder.resolve().name
    layout = read_layout(folder)
    config = _config(layout.body, name)
    body, notes = _body(layout.body, config, name)
    output = _saved_output(folder)
    poolings = layout.poolings or (("last",) if is_causal(config) else ("mean",))
    module = _module(body, config, dataclasses.replace(layout, poolings=poolings), output, name)
    refuse_bad_numbers(module, name)
    preprocessing, more = _preprocessing(folder, layout, config, body, name)
    _require_tokens(body, preprocessing, name)
    _require_independence(module, preprocessing, name)
    labels = _labels(config) if output is not None else None
    card = SourceCard(
        n_classes=None if labels is None else len(labels),
        class_names=labels,
        n_parameters=sum(parameter.numel() for parameter in body.parameters()),
        licence=licence_of(folder),
        origin=origin or str(folder),
        notes=(*notes, *more, *(() if layout.poolings else (_NO_POOLING.format(_POOLED[poolings[0]]),))),
    )
    card = manifest_card(folder, card)
    return Network(module.eval(), name, kind, preprocessing, card, config=config, input_type="text")


def read_sentence_transformer(module: Any, name: str) -> Network:
    """Read a ``SentenceTransformer`` that is in memory, by way of its files."""
    with temporary_folder() as place, quiet():
        module.save(place, create_model_card=False)
        return read_text(Path(place), name=name, origin="a module in memory")


def _config(folder: Path, name: str) -> Any:
    config = load_config(folder)
    if getattr(config, "is_encoder_decoder", False):
        refuse_two_way(name, config.model_type)
    return config


def _body(folder: Path, config: Any, name: str) -> tuple[nn.Module, tuple[str, ...]]:
    """The body alone; weights of a head on it, where the file has any, are left out."""
    from transformers import AutoModel

    body, report = load_weights(AutoModel, folder, config, ignore_mismatched_sizes=True)
    if not {"input_ids", "attention_mask"} <= set(inspect.signature(body.forward).parameters):
        raise SourceError(
            f"Expected a network that takes the tokens of a text, found {type(body).__name__} of {name}.",
            "Take another network.",
        )
    missing = missing_keys(report)
    if any(key.startswith("pooler.") for key in missing):
        body.pooler = None
    whole = sorted(key for key in missing if not key.startswith("pooler."))
    if whole:
        raise SourceError(
            f"Expected all weights of {name}, found {len(whole)} of {len(body.state_dict())} missing or of another "
            f"shape, the first: {whole[0]}.",
            "The file belongs to another network or is not whole.",
        )
    headed = [key for key in report["unexpected_keys"] if key.startswith(("classifier", "score", "pre_classifier"))]
    return body, ("Its own output layer is not used: new ones sit on the pooled tokens.",) if headed else ()


def _module(
    body: Any, config: Any, layout: SentenceLayout, output: dict[str, torch.Tensor] | None, name: str
) -> TextNetwork:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        module = TextNetwork(
            body,
            hidden_size(config),
            layout.poolings,
            layout.after,
            layout.n_features,
            1 if output is None else len(output["weight"]),
        )
    if output is not None:
        if tuple(output["weight"].shape) != tuple(module.output.weight.shape):
            raise SourceError(
                f"Expected an output layer for {module.n_features} features in {HEAD} of {name}, found one for "
                f"{output['weight'].shape[1]}.",
                "Its files do not belong together: get them again.",
            )
        module.output.load_state_dict(output)
    return module


def _saved_output(folder: Path) -> dict[str, torch.Tensor] | None:
    tensors = load_file(folder / HEAD) if (folder / HEAD).is_file() else {}
    output = {key.removeprefix("output."): value for key, value in tensors.items() if key.startswith("output.")}
    return output if {"weight", "bias"} <= set(output) else None


def hidden_size(config: Any) -> int:
    """Channels of a body's output."""
    for key in ("hidden_size", "d_model", "dim", "n_embd"):
        if getattr(config, key, None):
            return int(getattr(config, key))
    raise SourceError(f"Expected a network that states its width, found {config.model_type}.", "Take another network.")


def is_causal(config: Any) -> bool:
    """Whether each token sees only those before it, so that the last one has seen the whole text."""
    names = type_names()
    encoders = (names.MODEL_FOR_MASKED_LM_MAPPING_NAMES, names.MODEL_FOR_TEXT_ENCODING_MAPPING_NAMES)
    both_ways = any(config.model_type in known for known in encoders)
    decoder = bool(getattr(config, "is_decoder", False))
    return decoder or (config.model_type in names.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES and not both_ways)


def _preprocessing(
    folder: Path, layout: SentenceLayout, config: Any, body: nn.Module, name: str
) -> tuple[TextPreprocessing, tuple[str, ...]]:
    positions, tokenizer = _positions(config, body), open_tokenizer(layout.body, name)
    notes: tuple[str, ...] = ()
    if layout.window is not None:
        window = layout.window if positions is None else min(layout.window, positions)
    else:
        known = [length for length in (positions, said_length(tokenizer)) if length is not None]
        window = min([*known, LONGEST])
        if known and min(known) > LONGEST:
            notes = (f"It takes {min(known):,} tokens at a time; {LONGEST} are used.",)
    saved = (read_manifest(folder).get("network") or {}) if (folder / MANIFEST).is_file() else {}
    settings = saved.get("preprocessing") or {}
    window, most = int(settings.get("window", window)), int(settings.get("windows_at_most", 1))
    return TextPreprocessing(kept_tokenizer(tokenizer, window), window, most), notes


def _positions(config: Any, body: nn.Module) -> int | None:
    """How many tokens there are positions for; RoBERTa's kin count them from behind the padding token's number."""
    for key, layer in body.named_modules():
        if isinstance(layer, nn.Embedding) and "position_embeddings" in key:
            return layer.num_embeddings - (0 if layer.padding_idx is None else layer.padding_idx + 1)
    length = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return None if not length or int(length) <= 0 else int(length)


def _require_tokens(body: Any, preprocessing: TextPreprocessing, name: str) -> None:
    """Refuse a tokenizer that makes numbers for which the network has no embedding."""
    rows = getattr(body.get_input_embeddings(), "num_embeddings", None)
    highest = preprocessing.tokenizer.n_tokens - 1
    if rows is not None and highest >= rows:
        raise SourceError(
            f"Expected a tokenizer of at most {rows} tokens for {name}, found one of {highest + 1}.",
            "It belongs to another network: get the folder again.",
        )


def _require_independence(module: TextNetwork, preprocessing: TextPreprocessing, name: str) -> None:
    """Refuse a network in which what a text gives depends on how long the others in its batch are."""
    long = preprocessing.example(1)[0]
    short = long[: max(1, len(long) // 2)]
    together, alone = (torch.from_numpy(preprocessing.stack(rows)).long() for rows in ([short, long], [short]))
    try:
        with torch.inference_mode():
            found, wanted = module.eval().features(together)[0], module.features(alone)[0]
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else repr(error)
        raise SourceError(
            f"Expected a network that takes the tokens of a text, found {name}, which fails: {reason}",
            "Take another network.",
        ) from error
    if (found - wanted).abs().max() > _INDEPENDENT * wanted.abs().max().clamp(min=1e-6):
        raise SourceError(
            f"Expected a network that does not mind padding, found {name} ({module.config.model_type}), whose answer "
            "for a text depends on the other texts in its batch.",
            "Take another network.",
        )


def _labels(config: Any) -> tuple[str, ...] | None:
    names = getattr(config, "id2label", None) or {}
    return tuple(str(names[key]) for key in sorted(names)) or None
