"""Loading a network to borrow from: what is read, what is refused and in which words."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.base
import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn

from headstart.errors import ParameterError, SourceError
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.source import NetworkSource

SMALL_VIT: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}


def logits(module: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        out = module(batch)
    return out if isinstance(out, torch.Tensor) else out.logits


def write_processor(folder: Path, side: int = 32) -> None:
    settings = {"image_processor_type": "ViTImageProcessor", "size": {"height": side, "width": side}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


@pytest.fixture
def vit_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small-vit"
    torch.manual_seed(0)
    transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL_VIT, num_labels=3)).save_pretrained(folder)
    write_processor(folder)
    return folder


@pytest.fixture
def mobilenet(shared_data: Path) -> Path:
    return shared_data / "networks" / "mobilenet_v1_0.25_128"


class Cnn(nn.Module):
    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.scale = nn.Parameter(torch.full((1,), 3.0))
        self.token = nn.Parameter(torch.ones(2, 4))
        self.linear = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(torch.relu(self.norm(self.conv(x))).mean((2, 3)) * self.scale + self.token.sum(0))


def test_real_folder_gives_the_logits_of_transformers_and_its_card(mobilenet: Path) -> None:
    network = load_network(str(mobilenet))
    plain = transformers.AutoModelForImageClassification.from_pretrained(mobilenet).eval()
    batch = network.example(2)
    assert torch.equal(logits(network.module, batch), logits(plain, batch))
    assert not network.module.training and network.kind == "transformers" and network.trained
    assert (network.preprocessing.resize, network.preprocessing.crop) == (146, (128, 128))
    assert network.card.n_examples == 1_281_167 and network.card.n_classes == 1000
    assert network.card.n_parameters == sum(p.numel() for p in plain.parameters())


def test_asking_twice_gives_the_same_object_until_the_files_change(vit_folder: Path) -> None:
    first = load_network(vit_folder)
    assert load_network(str(vit_folder)) is first
    write_processor(vit_folder, 16)
    settings = json.loads((vit_folder / "config.json").read_text())
    settings["image_size"] = 16
    weights = load_file(vit_folder / "model.safetensors")
    weights["vit.embeddings.position_embeddings"] = torch.zeros(1, 5, 16)
    save_file(weights, vit_folder / "model.safetensors", {"format": "pt"})
    (vit_folder / "config.json").write_text(json.dumps(settings))
    assert load_network(vit_folder).preprocessing.size == (16, 16)


def test_a_network_passes_through_and_is_shared_by_clones(vit_folder: Path) -> None:
    network = load_network(vit_folder)
    assert load_network(network) is network
    assert sklearn.base.clone(network) is network


def test_digest_depends_on_weights_and_architecture_alone(vit_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(vit_folder, tmp_path / "copy")
    one, two = load_network(vit_folder), load_network(tmp_path / "copy")
    assert one is not two and one.digest == two.digest
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    layers(torch.zeros(1, 3, 32, 32))
    strided = nn.Sequential(nn.Conv2d(3, 2, 3, dilation=2, padding=1), *list(layers)[1:])
    strided[0].weight, strided[0].bias = layers[0].weight, layers[0].bias
    digests = {load_network(NetworkSource(m, size=32)).digest for m in (layers, layers) if m} | {one.digest}
    assert len(digests) == 2
    from headstart.networks.network import weights_digest

    assert weights_digest(layers) != weights_digest(strided)
    before = weights_digest(layers)
    with torch.no_grad():
        layers[0].bias[0] += 1e-6
    assert weights_digest(layers) != before


def test_loading_leaves_transformers_settings_alone(vit_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load_network(vit_folder)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    captured = capfd.readouterr()
    assert captured.out == "" and captured.err == ""


def test_body_without_a_head_says_so(tmp_path: Path) -> None:
    transformers.ViTModel(transformers.ViTConfig(**SMALL_VIT)).save_pretrained(tmp_path / "body")
    write_processor(tmp_path / "body")
    network = load_network(tmp_path / "body")
    assert network.card.n_classes is None
    assert "body alone; its own output layer is random" in network.card.notes[0]


def test_network_without_a_classifier_of_its_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    body = transformers.DINOv3ViTModel(transformers.DINOv3ViTConfig(**SMALL_VIT))
    body.save_pretrained(tmp_path / "dino")
    write_processor(tmp_path / "dino")
    network = load_network(tmp_path / "dino")
    assert network.kind == "transformers" and network.card.n_classes is None
    assert network.chain.output_layer is None


def test_missing_body_weights_are_refused(vit_folder: Path) -> None:
    weights = load_file(vit_folder / "model.safetensors")
    del weights["vit.layernorm.weight"]
    save_file(weights, vit_folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(SourceError, match=r"Expected all weights of small-vit, found 1 of \d+ missing .*layernorm"):
        load_network(vit_folder)


def test_weights_of_another_shape_are_refused(vit_folder: Path) -> None:
    weights = load_file(vit_folder / "model.safetensors")
    weights["vit.layernorm.weight"] = torch.zeros(7)
    save_file(weights, vit_folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(SourceError, match=r"Expected .*weights"):
        load_network(vit_folder)


def test_nan_weights_are_refused_by_name(vit_folder: Path) -> None:
    weights = load_file(vit_folder / "model.safetensors")
    weights["classifier.bias"][1] = float("nan")
    save_file(weights, vit_folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(SourceError, match=r"found 1 of 3 NaN or infinite in classifier\.bias of small-vit"):
        load_network(vit_folder)


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"not weights at all" * 10], ids=["empty", "zeros", "text"])
def test_damaged_weights_are_refused(vit_folder: Path, content: bytes) -> None:
    (vit_folder / "model.safetensors").write_bytes(content)
    with pytest.raises(SourceError, match=r"Expected readable weights in .*model\.safetensors, found: .*again"):
        load_network(vit_folder)


def test_truncated_weights_are_refused(vit_folder: Path) -> None:
    file = vit_folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(SourceError, match="Expected readable weights"):
        load_network(vit_folder)


def test_git_lfs_placeholder_is_named(vit_folder: Path) -> None:
    (vit_folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    with pytest.raises(SourceError, match=r"placeholder of Git LFS .*git lfs pull"):
        load_network(vit_folder)


def test_folder_without_weights(vit_folder: Path) -> None:
    (vit_folder / "model.safetensors").unlink()
    with pytest.raises(SourceError, match=r"found no weights \(it holds config\.json.*model\.safetensors must lie"):
        load_network(vit_folder)


def test_folder_without_config(tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").touch()
    with pytest.raises(SourceError, match=r"config\.json and model\.safetensors, found .*it holds cat\.jpg"):
        load_network(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_broken_config(vit_folder: Path, text: str) -> None:
    (vit_folder / "config.json").write_text(text)
    with pytest.raises(SourceError, match=r"Expected (a )?JSON.*Get the file again"):
        load_network(vit_folder)


def test_text_network_is_named(tmp_path: Path) -> None:
    config = transformers.BertConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8, vocab_size=9
    )
    transformers.BertForSequenceClassification(config).save_pretrained(tmp_path / "bert")
    with pytest.raises(SourceError, match="for pictures, found bert, which takes texts"):
        load_network(tmp_path / "bert", input_type="image")
    module = transformers.BertForSequenceClassification(config)
    with pytest.raises(SourceError, match=r"for pictures, found BertFor.* \(bert\), which takes input_ids"):
        load_network(module)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("speecht5", "a network that makes speech or music"),
        ("wav2vec2", "missing or of another shape|Get it from where the network came from"),
        ("detr", "a network for finding objects"),
        ("nonsense", "model type 'nonsense'"),
    ],
    ids=["speech", "waves", "objects", "unknown"],
)
def test_other_networks_are_named(vit_folder: Path, kind: str, words: str) -> None:
    (vit_folder / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(SourceError, match=words):
        load_network(vit_folder)


def test_code_in_a_folder_is_never_run(vit_folder: Path, tmp_path: Path) -> None:
    (vit_folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    settings = {
        "model_type": "own",
        "auto_map": {"AutoConfig": "evil.Config", "AutoModelForImageClassification": "evil.Net"},
    }
    (vit_folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(SourceError, match=r"must run code of its own"):
        load_network(vit_folder)
    assert not (tmp_path / "ran").exists()


class Bomb:
    def __reduce__(self) -> tuple:
        return (open, ("/tmp/headstart-test-bomb", "w"))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "flax.ckpt"])
def test_a_folder_with_pickled_weights_is_refused_and_the_remedy_works(vit_folder: Path, name: str) -> None:
    before = load_network(vit_folder).digest
    weights = load_file(vit_folder / "model.safetensors")
    (vit_folder / "model.safetensors").unlink()
    torch.save({"x": Bomb()}, vit_folder / name)
    with pytest.raises(SourceError, match=rf"found {name}, a pickle: opening one can run any code") as error:
        load_network(vit_folder)
    assert not Path("/tmp/headstart-test-bomb").exists()
    torch.save(weights, vit_folder / name)
    command = str(error.value).partition('python -c "')[2].rstrip('"')
    subprocess.run([sys.executable, "-c", command], cwd=vit_folder, check=True)
    assert load_network(vit_folder).digest == before


@pytest.mark.parametrize(
    "named", ["evil.bin", "../small-vit/model.safetensors", "/etc/passwd", "absent.safetensors", 3]
)
def test_a_list_of_weights_names_safetensors_beside_it_and_nothing_else(vit_folder: Path, named: object) -> None:
    (vit_folder / "model.safetensors").rename(vit_folder / "kept.safetensors")
    torch.save({"x": Bomb()}, vit_folder / "evil.bin")
    (vit_folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"vit.a": named}}))
    with pytest.raises(SourceError, match=r"Expected (files of safetensors beside|a text as weight_map)"):
        load_network(vit_folder)
    assert not Path("/tmp/headstart-test-bomb").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_hidden_layers": 10**9}, "at most 16,384 as num_hidden_layers"),
        ({"hidden_size": 1 << 40}, "at most 4,194,304 as hidden_size"),
        ({"intermediate_size": 3_000_000, "num_hidden_layers": 12}, "missing or of another shape"),
        ({"model_type": ["vit"]}, "Expected a text as model_type"),
        ({"id2label": {"0": 1}}, "Expected a text as id2label.0"),
    ],
)
def test_sizes_are_looked_at_before_memory_is_taken(vit_folder: Path, change: dict, words: str) -> None:
    settings = json.loads((vit_folder / "config.json").read_text())
    (vit_folder / "config.json").write_text(json.dumps({**settings, **change}))
    with pytest.raises(SourceError, match=words):
        load_network(vit_folder)


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.bin", "net.pkl", "net.ckpt"])
def test_pickle_alone_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(SourceError, match=r"found a pickle \(net\.\w+\): .*any code.*safetensors"):
        load_network(tmp_path / name)


def test_weights_alone_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "net.safetensors")
    with pytest.raises(SourceError, match=r"found weights alone .*NetworkSource\(module, weights="):
        load_network(tmp_path / "net.safetensors")


def test_wrong_path_offers_the_nearest(vit_folder: Path) -> None:
    with pytest.raises(SourceError, match=r"found nothing at .*small-vot.*Did you mean '.*small-vit'\?"):
        load_network(vit_folder.parent / "small-vot")
    with pytest.raises(SourceError, match=r"found nothing at resnet50"):
        load_network("resnet50")


@pytest.mark.parametrize("source", [3, None, ["a"], np.zeros(3)])
def test_other_things_are_refused(source: object) -> None:
    with pytest.raises(SourceError, match=r"Expected a transformers folder, a hub id .*found \w+"):
        load_network(source)


def test_module_that_cannot_be_copied() -> None:
    module = Cnn()
    module.lock = threading.Lock()
    with pytest.raises(SourceError, match=r"module that can be copied, found Cnn: cannot pickle"):
        load_network(module)


def test_unknown_starter_lists_those_that_exist() -> None:
    with pytest.raises(SourceError, match=r"bundled networks, found 'starter:\.\./x'\. There is: "):
        load_network("starter:../x")


def test_bundled_starter_is_found() -> None:
    network = load_network("starter:pictures")
    assert network.kind == "starter" and network.name == "starter:pictures" and network.trained
    assert network.card.origin == "bundled with headstart: starter:pictures"
    assert network.card.n_examples and network.card.licence
    assert all(p.dtype == torch.float32 for p in network.module.parameters())


def test_other_input_types_are_not_taken(vit_folder: Path) -> None:
    with pytest.raises(ParameterError, match="Expected input_type 'image', 'audio', 'text' or None, found 'video'"):
        load_network(vit_folder, input_type="video")
    with pytest.raises(SourceError, match="Expected a network for texts, found small-vit, which takes pictures"):
        load_network(vit_folder, input_type="text")


def test_processor_that_does_not_fit_the_network(vit_folder: Path) -> None:
    write_processor(vit_folder, 48)
    with pytest.raises(SourceError, match=r"small-vit for 32 pixels with a processor that makes 48 x 48"):
        load_network(vit_folder)


def test_folder_without_processor_notes_what_is_done(vit_folder: Path) -> None:
    (vit_folder / "preprocessor_config.json").unlink()
    network = load_network(vit_folder)
    assert network.preprocessing.size == (32, 32)
    assert "No preprocessor_config.json" in network.card.notes[0]


def test_bare_module_is_copied_and_its_size_found() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, 4), nn.Dropout(0.5))
    module.train()
    network = load_network(module)
    assert network.kind == "module" and network.preprocessing.size == (28, 28)
    assert "28 x 28 is the first usual one" in network.card.notes[0]
    assert module.training and not network.module.training and network.module is not module


def test_bare_module_that_changed_is_read_again() -> None:
    module = Cnn()
    first = load_network(module)
    assert load_network(module) is first
    with torch.no_grad():
        module.linear.bias += 1
    second = load_network(module)
    assert second is not first and second.digest != first.digest
    assert torch.equal(logits(second.module, second.example()), logits(module.eval(), second.example()))


def test_grey_module() -> None:
    network = load_network(Cnn(channels=1))
    assert network.preprocessing.channels == 1 and len(network.preprocessing.mean) == 1
    assert logits(network.module, network.example(2)).shape == (2, 5)


def test_module_with_weights_from_a_file(tmp_path: Path) -> None:
    trained = Cnn()
    with torch.no_grad():
        trained.norm.running_mean += 2
    save_file(trained.state_dict(), tmp_path / "net.safetensors")
    untouched = Cnn()
    before = {key: value.clone() for key, value in untouched.state_dict().items()}
    network = load_network(
        NetworkSource(untouched, weights=tmp_path / "net.safetensors", size=20, n_examples=7, licence="MIT")
    )
    batch = network.example(2)
    assert torch.equal(logits(network.module, batch), logits(trained.eval(), batch))
    assert all(torch.equal(value, untouched.state_dict()[key]) for key, value in before.items())
    assert network.preprocessing.size == (20, 20) and network.card.n_examples == 7 and network.card.licence == "MIT"


def test_module_with_weights_of_another(tmp_path: Path) -> None:
    save_file({"conv.weight": torch.zeros(4, 3, 3, 3), "other": torch.zeros(1)}, tmp_path / "net.safetensors")
    with pytest.raises(SourceError, match=r"weights of Cnn .*missing \(the first: conv\.bias\).*does not have .*other"):
        load_network(NetworkSource(Cnn(), weights=tmp_path / "net.safetensors"))
    with pytest.raises(SourceError, match=r"found nothing at .*ned\.safetensors.*Did you mean .*net\.safetensors"):
        load_network(NetworkSource(Cnn(), weights=tmp_path / "ned.safetensors"))
    (tmp_path / "net.pt").touch()
    with pytest.raises(SourceError, match="found a pickle"):
        load_network(NetworkSource(Cnn(), weights=tmp_path / "net.pt"))


def test_module_that_takes_no_pictures() -> None:
    with pytest.raises(SourceError, match=r"takes pictures \(N, 3, height, width\), found Linear, which fails .*size="):
        load_network(nn.Linear(7, 2))
    with pytest.raises(SourceError, match="fails at a side of 50 pixels"):
        load_network(NetworkSource(nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), size=50))


def test_shared_cifar_resnet_weights_are_named_when_they_do_not_fit(shared_data: Path) -> None:
    file = shared_data / "networks" / "resnet_cifar10" / "resnet20_cifar10.safetensors"
    with pytest.raises(SourceError, match=r"Expected the weights of Cnn in .*resnet20_cifar10"):
        load_network(NetworkSource(Cnn(), weights=file, size=32))


def test_transformers_network_in_memory() -> None:
    module = transformers.ViTForImageClassification(transformers.ViTConfig(**SMALL_VIT))
    network = load_network(NetworkSource(module, size=32))
    assert network.kind == "transformers" and network.config is not None


@pytest.mark.parametrize("which", ["folder", "module"])
def test_random_network_is_fresh_repeatable_and_leaves_the_global_state(vit_folder: Path, which: str) -> None:
    network = load_network(vit_folder if which == "folder" else NetworkSource(Cnn(), size=32))
    before = network.digest
    state = torch.random.get_rng_state()
    one, same, other = (random_network(network, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert one.digest == same.digest and len({before, one.digest, other.digest}) == 3
    assert not one.trained and one.card.n_examples == 0 and "random weights" in one.card.origin
    assert not one.module.training and type(one.module) is type(network.module)
    from headstart.networks.network import weights_digest

    assert weights_digest(network.module) == before
    assert logits(one.module, one.example(2)).shape == logits(network.module, network.example(2)).shape


def test_random_module_resets_statistics_and_loose_parameters() -> None:
    module = Cnn()
    with torch.no_grad():
        module.norm.running_mean += 5
    fresh = random_network(load_network(NetworkSource(module, size=32)), 0).module
    assert fresh.norm.running_mean.abs().max() == 0
    assert fresh.scale.item() == 3.0 and not torch.equal(fresh.token, module.token)
    assert 0 < fresh.token.std().item() < 0.1
