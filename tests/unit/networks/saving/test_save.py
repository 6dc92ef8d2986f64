"""Saved networks: plain transformers gives the same logits and the same pixels; the card keeps what is known."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from torch import nn

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import OutputError, SourceError
from headstart.networks.folder import read_manifest, write_folder, write_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.saving.model_card import model_card
from headstart.networks.saving.save import save_network, save_weights
from headstart.source import NetworkSource

VIT: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
CONFIGS = {
    "vit": transformers.ViTConfig(**VIT, image_size=32, patch_size=8),
    "dinov2": transformers.Dinov2Config(**VIT, image_size=32, patch_size=8),
    "resnet": transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"),
    "convnext": transformers.ConvNextConfig(num_stages=2, hidden_sizes=[8, 16], depths=[1, 1]),
    "mobilenet_v2": transformers.MobileNetV2Config(depth_multiplier=0.35, image_size=32),
    "swin": transformers.SwinConfig(image_size=32, embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=4),
}


def logits(module: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        out = module.eval()(batch)
    return out if isinstance(out, torch.Tensor) else out.logits


def small(kind: str) -> Network:
    torch.manual_seed(0)
    module = transformers.AutoModelForImageClassification.from_config(CONFIGS[kind])
    return load_network(NetworkSource(module, size=32, name=kind, n_examples=100, licence="mit"))


def with_new_head(network: Network, outputs: int) -> nn.Module:
    module = copy.deepcopy(network.module)
    name = network.chain.output_layer
    assert name is not None
    old = module.get_submodule(name)
    module.set_submodule(name, nn.Linear(old.in_features, outputs))
    return module


def save(folder: Path, network: Network, module: nn.Module | None, **settings: Any) -> dict[str, Any]:
    info: dict[str, Any] = {}

    def write(temporary: Path) -> None:
        info.update(save_network(network, module, temporary, **settings))
        write_manifest(temporary, {"network": info})

    write_folder(folder, write)
    return info


@pytest.mark.parametrize("kind", sorted(CONFIGS))
def test_transformers_gives_the_same_logits(kind: str, tmp_path: Path) -> None:
    network = small(kind)
    module = with_new_head(network, 3)
    before = copy.deepcopy(network.config.to_dict())
    info = save(tmp_path / "m", network, module, labels=["ant", "bee", 7], head_linear=True, n_examples=20)
    plain = transformers.AutoModelForImageClassification.from_pretrained(tmp_path / "m")
    batch = network.example(2)
    torch.testing.assert_close(logits(plain, batch), logits(module, batch), atol=1e-5, rtol=0)
    assert plain.config.id2label == {0: "ant", 1: "bee", 2: "7"} and plain.config.label2id["7"] == 2
    assert plain.config.problem_type == "single_label_classification"
    assert info["loads_with"] == "transformers" and network.config.to_dict() == before
    again = load_network(tmp_path / "m")
    assert again.kind == "headstart" and torch.equal(logits(again.module, batch), logits(module, batch))
    assert (
        again.card.n_examples == 120 and again.card.class_names == ("ant", "bee", "7") and again.card.licence == "mit"
    )
    assert again.preprocessing == network.preprocessing


def test_real_network_and_its_pixels(shared_data: Path, tmp_path: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    module = with_new_head(network, 2)
    used = network.preprocessing.resized(96)
    save(tmp_path / "m", network, module, labels=["a", "b"], head_linear=True, preprocessing=used)
    plain = transformers.AutoModelForImageClassification.from_pretrained(tmp_path / "m")
    processor = transformers.AutoImageProcessor.from_pretrained(tmp_path / "m", backend="pil")
    picture = Image.open(next((shared_data / "hymenoptera").rglob("*.jpg"))).convert("RGB")
    theirs = processor(images=[picture], return_tensors="pt")["pixel_values"]
    ours = torch.from_numpy(used.array(used.canvas(picture)))[None]
    assert torch.equal(theirs, ours)
    torch.testing.assert_close(logits(plain, theirs), logits(module, ours), atol=1e-5, rtol=0)


def test_regression_and_several_labels(tmp_path: Path) -> None:
    network = small("resnet")
    save(tmp_path / "r", network, with_new_head(network, 2), labels=None, head_linear=True)
    config = transformers.AutoConfig.from_pretrained(tmp_path / "r")
    assert config.num_labels == 2 and config.problem_type == "regression"
    many = "multi_label_classification"
    save(tmp_path / "l", network, with_new_head(network, 2), labels=["x", "y"], head_linear=True, problem_type=many)
    assert transformers.AutoConfig.from_pretrained(tmp_path / "l").problem_type == many


def test_body_alone_keeps_its_own_head(tmp_path: Path) -> None:
    network = small("convnext")
    info = save(tmp_path / "m", network, None, labels=["a", "b", "c"], head_linear=False)
    again = load_network(tmp_path / "m")
    assert again.digest == network.digest and not info["head_inside"]
    assert again.config.num_labels == network.config.num_labels


def test_from_random_weights_only_the_own_examples_count(tmp_path: Path) -> None:
    network = random_network(small("resnet"), 0)
    info = save(tmp_path / "m", network, with_new_head(network, 2), labels=["a", "b"], head_linear=True, n_examples=9)
    assert info["card"]["n_examples"] == 9
    unknown = load_network(NetworkSource(small("resnet").module, size=32))
    info = save(tmp_path / "u", unknown, None, labels=None, head_linear=False, n_examples=9)
    assert info["card"]["n_examples"] is None


def test_module_of_ones_own_comes_back_with_the_module(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 30 * 30, 2))
    module[1].running_mean += 1
    network = load_network(NetworkSource(module, size=32))
    info = save(tmp_path / "m", network, module, labels=["a", "b"], head_linear=True)
    assert info["loads_with"] == "module"
    with pytest.raises(SourceError, match=r"weights that headstart saved for a module of yours.*NetworkSource\(module"):
        load_network(tmp_path / "m")
    fresh = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4 * 30 * 30, 2))
    again = load_network(NetworkSource(fresh, weights=tmp_path / "m" / "model.safetensors", size=32))
    assert torch.equal(logits(again.module, network.example(2)), logits(module, network.example(2)))


def test_module_of_ones_own_gets_the_trained_head_and_preprocessing_back(tmp_path: Path) -> None:
    def build() -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 30 * 30, 10, bias=False))

    network = load_network(NetworkSource(build(), size=32, mean=(0.1, 0.2, 0.3), n_examples=50, licence="mit"))
    trained = copy.deepcopy(network.module)
    trained[3] = nn.Linear(4 * 30 * 30, 3)
    save(tmp_path / "m", network, trained, labels=["a", "b", "c"], head_linear=True, n_examples=5)
    mine = build()
    again = load_network(NetworkSource(mine, weights=tmp_path / "m" / "model.safetensors"))
    assert again.preprocessing == network.preprocessing and mine[3].out_features == 10
    assert again.card.n_examples == 55 and again.card.class_names == ("a", "b", "c") and again.card.licence == "mit"
    assert torch.equal(logits(again.module, network.example(2)), logits(trained, network.example(2)))


def test_network_whose_class_cannot_rebuild_it_is_kept_as_weights(tmp_path: Path) -> None:
    network = small("resnet")
    module = copy.deepcopy(network.module)
    module.classifier[1] = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3))
    info = save(tmp_path / "m", network, module, labels=None, head_linear=False)
    assert info["loads_with"] == "module" and (tmp_path / "m" / "model.safetensors").is_file()


def test_tied_weights_come_back(tmp_path: Path) -> None:
    def build() -> nn.Module:
        module = nn.Sequential(nn.Flatten(), nn.Linear(12, 12), nn.Linear(12, 12))
        module[2].weight = module[1].weight
        return module

    module = build()
    save_weights(module, tmp_path / "w.safetensors")
    network = load_network(NetworkSource(build(), weights=tmp_path / "w.safetensors", size=2))
    assert network.module[2].weight is network.module[1].weight
    assert torch.equal(logits(network.module, network.example(2)), logits(module, network.example(2)))


def test_wrong_number_of_labels_and_nan_are_refused(tmp_path: Path) -> None:
    network = small("resnet")
    module = with_new_head(network, 3)
    with pytest.raises(OutputError, match=r"output for each of 2 labels, found a layer with 3"):
        save(tmp_path / "m", network, module, labels=["a", "b"], head_linear=True)
    with torch.no_grad():
        next(module.parameters())[0] = float("inf")
    with pytest.raises(OutputError, match=r"finite weights to save, found NaN or infinity in resnet\."):
        save(tmp_path / "m", network, module, labels=["a", "b", "c"], head_linear=True)
    assert not (tmp_path / "m").exists() and list(tmp_path.iterdir()) == []


def test_card_survives_json() -> None:
    card = SourceCard(3, 2, ("a", "b"), 5, "mit", "here", ("note",))
    assert SourceCard.from_dict(json.loads(json.dumps(card.to_dict()))) == card
    assert SourceCard.from_dict({"later": 1}) == SourceCard()


EVIDENCE: dict[str, Any] = {
    "data": {
        "name": "ants",
        "n": 40,
        "task": "classification",
        "classes": ["ant", "bee"],
        "n_per_class": {"ant": 20, "bee": 20},
        "n_groups": 9,
        "dropped": [{"name": "a.jpg", "reason": "zero bytes"}],
        "notes": ["Two pictures are the same."],
    },
    "candidates": [
        {
            "name": "head",
            "transfer": True,
            "words": "frozen body",
            "score": 0.95,
            "interval": [0.9, 1.0],
            "seconds": 3.21,
            "chosen": True,
        },
        {"name": "from | scratch", "transfer": False, "score": 0.5, "interval": None, "seconds": None},
    ],
    "left_out": [{"name": "all layers", "seconds": 1860, "words": "about 31 minutes; --budget 1h"}],
    "verdict": {"word": "helps", "sentence": "Transfer helps: +45 points."},
    "estimate": {"metric": "accuracy", "value": 0.94, "interval": [0.85, 0.99], "naive": 0.95, "method": "BBC-CV"},
    "test": {"part": "val", "n": 10, "accuracy": 0.9},
    "metrics": {"macro_f1": 0.93},
    "per_class": [{"class": "ant", "n": 20, "precision": 1.0, "recall": 0.9, "f1": 0.947}],
}


def test_model_card_says_what_is_known_and_nothing_else() -> None:
    network = {
        "name": "mobilenet",
        "loads_with": "transformers",
        "head_inside": True,
        "card": {"licence": "apache-2.0"},
    }
    text = model_card({"network": network}, EVIDENCE)
    for words in (
        "license: apache-2.0",
        "library_name: transformers",
        "# Model for ants",
        "Transfer helps: +45 points. Chosen method: head (frozen body).",
        "- Expected accuracy on new data: 0.940 (0.850 to 0.990) (95% interval, BBC-CV)",
        "- On the val part (10 rows, used for nothing else): accuracy 0.900",
        "| **head** | yes | 0.950 | 0.900 to 1.000 | 3.2 |",
        "| from \\| scratch | no | 0.500 | - to - | - |",
        "Left out: all layers (about 31 minutes; --budget 1h)",
        "| ant | 20 | 1.000 | 0.900 | 0.947 |",
        "9 groups",
        "1 files could not be read",
        "AutoModelForImageClassification.from_pretrained",
    ):
        assert words in text, words
    bare = model_card({"network": {"name": "mine", "loads_with": "module"}})
    assert "NetworkSource(module" in bare and "How good" not in bare and "None" not in bare


def test_manifest_comes_back(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"classes": ["ä", 1], "schema_version": 99})
    manifest = read_manifest(tmp_path)
    assert manifest["classes"] == ["ä", 1] and manifest["schema_version"] == 2 and manifest["headstart_version"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Expected a manifest of headstart in"),
        ("{}", "Expected a manifest of headstart in"),
        ('{"schema_version": 3}', r"schema version 2 or older .* found 3: a newer headstart wrote it.*pip install -U"),
    ],
)
def test_damaged_and_newer_manifests(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "headstart.json").write_text(text)
    with pytest.raises(SourceError, match=words):
        read_manifest(tmp_path)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"a folder that headstart saved, found no headstart\.json in"):
        read_manifest(tmp_path)


def test_preprocessing_in_the_manifest_is_readable(tmp_path: Path) -> None:
    network = small("vit")
    info = json.loads(json.dumps(save(tmp_path / "m", network, None, labels=None, head_linear=False)))
    assert Preprocessing.from_dict(info["preprocessing"]) == network.preprocessing
    assert np.isclose(info["preprocessing"]["scale"], 1 / 255)
