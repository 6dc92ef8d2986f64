"""The list of architectures, and configurations of transformers' own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from headstart.errors import ParameterError, SourceError
from headstart.networks.cutting.chain import find_chain
from headstart.pretraining.architectures import ARCHITECTURES, new_network


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_architecture_learns_and_can_be_cut(name: str) -> None:
    module = new_network(name, ("a", "b", "c"), 0, size=32)
    x = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    logits = module.train()(x).logits
    assert logits.shape == (4, 3)
    logits.square().mean().backward()
    assert all(p.grad is not None for p in module.parameters() if p.requires_grad)
    chain = find_chain(module.eval(), x[:2])
    assert chain.output_layer is not None
    assert len(chain.blocks) >= 4


def test_the_seed_decides_and_the_callers_random_numbers_stay() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    a, b, c = (new_network("vit", ("x", "y"), seed, size=16).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not all(torch.equal(a[key], c[key]) for key in a)


def test_a_configuration_of_transformers(tmp_path: Path) -> None:
    settings = {"model_type": "vit", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    settings |= {"intermediate_size": 64, "image_size": 224, "patch_size": 8, "architectures": ["ViTModel"]}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    for path in (tmp_path, tmp_path / "config.json"):
        module = new_network(str(path), ("a", "b"), 0, size=32)
        assert module(torch.zeros(1, 3, 32, 32)).logits.shape == (1, 2)
        assert module.config.id2label == {0: "a", 1: "b"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"model_type": "bert", "hidden_size": 32}, "network that classifies pictures, found BertConfig in"),
        ({"model_type": "unheard-of"}, "one that cannot be used: .*unheard-of"),
        ({"hidden_size": 3}, "one that cannot be used: 'model_type'"),
        ({"model_type": "resnet", "num_channels": 1}, "pictures of 3 channels in .*, found 1"),
    ],
)
def test_other_configurations_are_refused(tmp_path: Path, content: dict[str, object], words: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(SourceError, match=words):
        new_network(str(tmp_path), ("a", "b"), 0)


def test_unknown_names_and_places() -> None:
    with pytest.raises(ParameterError, match=r"Expected a network of small, base, resnet50, .*; found 'huge'"):
        new_network("huge", ("a",), 0)
    with pytest.raises(ParameterError, match=r"Expected a transformers config\.json, found nothing at"):
        new_network("no/where", ("a",), 0)
    with pytest.raises(ParameterError, match="Expected a network of small, base; found 'vit'"):
        new_network("vit", ("a",), 0, input_type="audio")


def test_networks_for_sounds() -> None:
    module = new_network("small", ("yes", "no"), 0, size=8000, input_type="audio")
    assert module(torch.zeros(2, 8000)).shape == (2, 2)
