"""Somebody's own detector, a module with its weights in a file, as what another detector borrows from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from headstart import Boxes, TransferDetector
from headstart.detection.maps import Body
from headstart.networks.reading.loading import load_network
from headstart.source import NetworkSource

DATA = Path(os.environ.get("HEADSTART_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
PLACE = DATA / "fastestdet"
SIZE = 352

pytestmark = pytest.mark.skipif(not PLACE.is_dir(), reason=f"no real network at {PLACE}")


def conv(i: int, o: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True) -> list[nn.Module]:
    """A convolution, its batch norm, and where asked for a rectifier."""
    layers = [nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]
    return [*layers, nn.ReLU()] if relu else layers


class Unit(nn.Module):
    """A unit of ShuffleNet V2 (Ma et al. 2018), of stride 1 or 2."""

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        middle = [*conv(width, width, 1), *conv(width, width, 3, stride, width, relu=False), *conv(width, width, 1)]
        self.branch_main = nn.Sequential(*middle)
        if stride == 2:
            self.branch_proj = nn.Sequential(*conv(width, width, 3, 2, width, relu=False), *conv(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "branch_proj"):
            return torch.cat([self.branch_proj(x), self.branch_main(x)], 1)
        kept, used = x[:, ::2], x[:, 1::2]
        return torch.cat([kept, self.branch_main(used)], 1)


class Backbone(nn.Module):
    """Strides 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        self.first_conv, self.pool = nn.Sequential(*conv(3, 24, 3, 2)), nn.MaxPool2d(3, 2, 1)
        self.stage2, self.stage3, self.stage4 = (
            nn.Sequential(Unit(width, 2), *(Unit(width, 1) for _ in range(n - 1)))
            for width, n in ((24, 4), (48, 8), (96, 4))
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        fine = self.stage2(self.pool(self.first_conv(x)))
        middle = self.stage3(fine)
        return fine, middle, self.stage4(middle)


class Conv1x1(nn.Module):
    def __init__(self, i: int, o: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Sequential(*conv(i, o, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv1x1(x)


class SPP(nn.Module):
    """Three depths of 5 x 5 convolutions beside one another."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv1x1 = Conv1x1(336, 96)
        deep = [conv(96, 96, 5, groups=96) for _ in range(6)]
        self.S1, self.S2, self.S3 = (
            nn.Sequential(*(layer for layers in part for layer in layers)) for part in (deep[:1], deep[1:3], deep[3:])
        )
        self.output, self.relu = nn.Sequential(*conv(288, 96, 1, relu=False)), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv1x1(x)
        return self.relu(x + self.output(torch.cat([self.S1(x), self.S2(x), self.S3(x)], 1)))


class Head(nn.Module):
    def __init__(self, o: int) -> None:
        super().__init__()
        self.conv5x5 = nn.Sequential(*conv(96, 96, 5, groups=96), *conv(96, o, 1, relu=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv5x5(x)


class Heads(nn.Module):
    """Whether something stands at a place, its box, and its class."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1x1, self.obj_layers, self.reg_layers, self.cls_layers = Conv1x1(96, 96), Head(1), Head(4), Head(80)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1x1(x)
        return torch.cat([self.obj_layers(x).sigmoid(), self.reg_layers(x), self.cls_layers(x).softmax(1)], 1)


class FastestDet(nn.Module):
    """FastestDet of dog-qiuqiu: 80 classes of COCO, 0.25 M parameters; learned with blue first, given red first."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.SPP, self.detect_head = Backbone(), SPP(), Heads()
        self.pool = nn.AvgPool2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine, middle, coarse = self.backbone(x.flip(1))
        up = nn.functional.interpolate(coarse, scale_factor=2)
        return self.detect_head(self.SPP(torch.cat([self.pool(fine), middle, up], 1)))


def source() -> NetworkSource:
    """The module and its weights, with what a module does not carry."""
    return NetworkSource(FastestDet(), PLACE / "model.safetensors", SIZE, (0.0,) * 3, (1.0,) * 3, name="fastestdet")


def vehicles(n: int) -> tuple[list[str], list[Boxes]]:
    """Pictures of ambulances, which COCO does not name, with their boxes."""
    place = DATA / "vehicles_openimages"
    said = json.loads((place / "train.json").read_text())
    number = next(one["id"] for one in said["categories"] if one["name"] == "ambulance")
    corners: dict[int, list[list[float]]] = {}
    for one in said["annotations"]:
        x, y, width, height = one["bbox"]
        if one["category_id"] == number:
            corners.setdefault(one["image_id"], []).append([x, y, x + width, y + height])
    chosen = [image for image in said["images"] if image["id"] in corners][:n]
    boxes = [Boxes(np.array(corners[one["id"]]), np.array(["ambulance"] * len(corners[one["id"]]))) for one in chosen]
    return [str(place / "train" / image["file_name"]) for image in chosen], boxes


def test_the_module_answers_as_its_own_file_does() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    x = torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(str(PLACE / "fastestdet_coco_352.onnx"))
    wanted = session.run(None, {session.get_inputs()[0].name: x.flip(1).numpy()})[0]
    module = FastestDet().eval()
    module.load_state_dict(load_file(PLACE / "model.safetensors"))
    with torch.inference_mode():
        np.testing.assert_allclose(module(x).numpy(), wanted, atol=1e-4)


def test_what_it_answers_itself_is_one_of_the_maps() -> None:
    body = Body.of(load_network(source(), input_type="image"), 256)
    assert [(level.side, level.channels) for level in body.levels] == [(32, 48), (16, 85)]


def test_a_detector_that_borrows_from_it_is_saved_and_loaded_with_the_module(tmp_path: Path) -> None:
    pictures, boxes = vehicles(14)
    detector = TransferDetector(source(), image_size=256).fit(pictures[:10], boxes[:10])
    assert detector.score(pictures[:10], boxes[:10]) > 0.5
    found = detector.predict(pictures[10:])
    again = TransferDetector.load(detector.save(tmp_path / "own"), FastestDet()).predict(pictures[10:])
    for one, other in zip(found, again, strict=True):
        np.testing.assert_allclose(one.corners, other.corners, atol=1e-2)
