"""timm sources: the words without timm, and the way through a timm of our own (the real one needs torchvision)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import MissingExtra, SourceError
from headstart.networks.folder import write_folder, write_manifest
from headstart.networks.reading import timm_source
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.saving.save import save_network

SETTINGS = {
    "input_size": [3, 24, 24],
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.2, 0.2],
    "interpolation": "bicubic",
    "crop_pct": 0.9,
    "crop_mode": "center",
    "license": "mit",
    "test_input_size": [3, 99, 99],
}


class TinyNet(nn.Module):
    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, 2)
        self.conv2 = nn.Conv2d(6, 8, 3, 2)
        self.fc = nn.Linear(8, num_classes)
        self.num_classes = num_classes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(torch.relu(self.conv2(torch.relu(self.conv1(x)))).mean((2, 3)))


def create_model(name: str, pretrained: bool) -> nn.Module:
    folder = Path(name.removeprefix("local-dir:"))
    config = json.loads((folder / "config.json").read_text())
    assert config["architecture"] == "tinynet"
    module = TinyNet(config["model_args"]["num_classes"])
    module.pretrained_cfg = dict(config["pretrained_cfg"])
    if pretrained:
        module.load_state_dict(load_file(folder / "model.safetensors"))
    return module


@pytest.fixture
def fake_timm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    module: Any = ModuleType("timm")
    module.create_model = create_model
    module.is_model = lambda name: name == "tinynet"
    module.list_models = lambda pattern: ["tinynet"] if "tiny" in pattern else []
    module.get_pretrained_cfg = lambda name: SimpleNamespace(hf_hub_id="timm/tinynet.a1" if "." not in name else None)
    monkeypatch.setitem(sys.modules, "timm", module)
    folder = tmp_path / "tinynet"
    folder.mkdir()
    torch.manual_seed(0)
    save_file(TinyNet(4).state_dict(), folder / "model.safetensors")
    config = {"architecture": "tinynet", "num_classes": 4, "model_args": {"num_classes": 4}, "pretrained_cfg": SETTINGS}
    (folder / "config.json").write_text(json.dumps(config))
    asked: list[str] = []
    monkeypatch.setattr(timm_source, "fetch", lambda repo: asked.append(repo) or folder)
    module.asked = asked
    return folder


@pytest.mark.parametrize("source", ["timm:resnet18", "timm/resnet18.a1_in1k"])
def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtra, match=r"timm network needs timm, .* pip install 'headstart\[timm\]'"):
        load_network(source)


def test_timm_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SourceError, match=r"found: operator torchvision::nms .*Install a torchvision that fits"):
        load_network("timm:resnet18")
    (tmp_path / "timm.py").write_text("import a_library_that_is_not_there")
    with pytest.raises(SourceError, match=r"Expected timm to import, found: No module named 'a_library"):
        load_network("timm:resnet18")


def test_by_name_and_by_hub_id(fake_timm: Path) -> None:
    network = load_network("timm:tinynet")
    assert sys.modules["timm"].asked == ["timm/tinynet.a1"]  # type: ignore[attr-defined]
    assert network.kind == "timm" and network.card.licence == "mit" and network.card.n_classes == 4
    assert network.preprocessing == Preprocessing(26, (24, 24), (0.5, 0.4, 0.3), (0.2, 0.2, 0.2), resample="bicubic")
    again = load_network("timm/tinynet.a1")
    assert again.digest == network.digest and again.card.origin == "hub: timm/tinynet.a1"


def test_unknown_names(fake_timm: Path) -> None:
    with pytest.raises(SourceError, match=r"name of a timm network, found 'tiny'\. Did you mean one of tinynet\?"):
        load_network("timm:tiny")
    with pytest.raises(SourceError, match=r"weights on the hub, found none for 'tinynet\.x'"):
        load_network("timm:tinynet.x")


def test_random_weights_and_saved_folder(fake_timm: Path, tmp_path: Path) -> None:
    network = load_network(fake_timm)
    one, same = random_network(network, 5), random_network(network, 5)
    assert one.digest == same.digest != network.digest
    trained = TinyNet(2)
    used = network.preprocessing.resized(48)
    info: dict[str, Any] = {}

    def write(folder: Path) -> None:
        saved = save_network(network, trained, folder, labels=["a", "b"], head_linear=True, preprocessing=used)
        info.update(saved)
        write_manifest(folder, {"network": saved})

    folder = write_folder(tmp_path / "out", write)
    assert info["loads_with"] == "timm"
    loaded = load_network(folder)
    assert loaded.preprocessing == used and loaded.card.class_names == ("a", "b")
    batch = loaded.example(2)
    with torch.no_grad():
        assert torch.equal(loaded.module(batch), trained.eval()(batch))


@pytest.mark.parametrize("resize", range(20, 300, 7))
def test_preprocessing_survives_timms_rounding(resize: int) -> None:
    crop = int(resize * 0.83)
    used = Preprocessing(resize, (crop, crop), (0.1,) * 3, (0.2,) * 3, resample="bicubic")
    config = timm_source.timm_config({"architecture": "x", "pretrained_cfg": dict(SETTINGS)}, 3, None, used)
    assert timm_source.timm_preprocessing(config["pretrained_cfg"]) == used
    assert "test_input_size" not in config["pretrained_cfg"]


def test_pickled_timm_weights_are_refused(fake_timm: Path) -> None:
    (fake_timm / "model.safetensors").rename(fake_timm / "pytorch_model.bin")
    with pytest.raises(SourceError, match=r"Expected safetensors in .*found pytorch_model\.bin"):
        load_network(fake_timm)
