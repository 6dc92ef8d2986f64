"""Small networks of many kinds, with random weights, for the tests of cutting and embedding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.networks.network import Network

_TINY_ATTENTION = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "image_size": 32,
    "num_labels": 5,
}
_STAGES = {"hidden_sizes": [8, 16, 24, 32], "depths": [2, 2, 2, 2], "num_labels": 3}


class BasicBlock(nn.Module):
    """Residual block of the networks for 32 x 32 pictures, with a shortcut that has no parameters."""

    def __init__(self, n_in: int, n_out: int, stride: int, inplace: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU(inplace=inplace)
        self.extra = (n_out - n_in) // 2

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        if self.extra:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra))
        return self.relu(x + y)


class CifarResNet(nn.Module):
    """ResNet for 32 x 32 pictures; with n = 3 the ResNet-20 among the shared networks."""

    def __init__(self, n: int = 3, inplace: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self._stage(16, 16, n, inplace)
        self.layer2 = self._stage(16, 32, n, inplace)
        self.layer3 = self._stage(32, 64, n, inplace)
        self.linear = nn.Linear(64, 10)

    @staticmethod
    def _stage(n_in: int, n_out: int, n: int, inplace: bool) -> nn.Sequential:
        first = BasicBlock(n_in, n_out, 1 if n_in == n_out else 2, inplace)
        return nn.Sequential(first, *(BasicBlock(n_out, n_out, 1, inplace) for _ in range(n - 1)))

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class PreActivation(nn.Module):
    """Residual layers that begin by working in place on their input, behind a stem that does so too."""

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(8)
            self.conv = nn.Conv2d(8, 8, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            x.relu_()
            return x + self.conv(self.norm(x))

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.layers = nn.Sequential(*(self.Layer() for _ in range(4)))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layers(self.stem(x).mul_(2)).mean((2, 3)))


class SkipToTheEnd(nn.Module):
    """The input itself reaches the output layer, so the network cannot be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1))
        self.head = nn.Linear(11, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.cat([self.body(x), x], 1).mean((2, 3)))


class DenseBlock(nn.Module):
    """Every layer sees the outputs of all layers before it."""

    class Layer(nn.Module):
        def __init__(self, n_in: int) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(n_in)
            self.conv = nn.Conv2d(n_in, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.norm(x).relu())

    def __init__(self, n_in: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([self.Layer(n_in + 4 * i) for i in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return x


def dense_net() -> nn.Module:
    transition = nn.Sequential(nn.Conv2d(20, 8, 1), nn.ReLU(), nn.AvgPool2d(2))
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        DenseBlock(8),
        transition,
        DenseBlock(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(20, 3),
    )


def vgg() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3), nn.ReLU(inplace=True)),
        *(nn.Conv2d(16, 16, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout()),
        nn.Linear(16, 4),
    )


def mlp() -> nn.Module:
    sizes = [nn.Linear(3 * 64, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU()]
    return nn.Sequential(nn.Flatten(), *sizes, nn.Linear(8, 3))


def _transformers(model: str, config: str, **settings: Any) -> Callable[[], nn.Module]:
    return lambda: getattr(transformers, model)(getattr(transformers, config)(**settings))


SMALL_NETWORKS: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "vit": (
        _transformers("ViTForImageClassification", "ViTConfig", patch_size=8, intermediate_size=64, **_TINY_ATTENTION),
        32,
    ),
    "vit body": (_transformers("ViTModel", "ViTConfig", patch_size=8, intermediate_size=64, **_TINY_ATTENTION), 32),
    "dinov2": (_transformers("Dinov2ForImageClassification", "Dinov2Config", patch_size=8, **_TINY_ATTENTION), 32),
    "resnet": (
        _transformers("ResNetForImageClassification", "ResNetConfig", embedding_size=8, layer_type="basic", **_STAGES),
        64,
    ),
    "resnet body": (
        _transformers("ResNetModel", "ResNetConfig", embedding_size=8, layer_type="bottleneck", **_STAGES),
        64,
    ),
    "convnext": (_transformers("ConvNextForImageClassification", "ConvNextConfig", **_STAGES), 64),
    "mobilenet v2": (
        _transformers("MobileNetV2ForImageClassification", "MobileNetV2Config", depth_multiplier=0.25, num_labels=3),
        64,
    ),
    "swin": (
        _transformers(
            *("SwinForImageClassification", "SwinConfig"),
            image_size=32,
            patch_size=2,
            embed_dim=16,
            depths=[2, 2],
            num_heads=[2, 2],
            window_size=4,
            num_labels=3,
        ),
        32,
    ),
    "cifar resnet": (CifarResNet, 32),
    "cifar resnet in place": (lambda: CifarResNet(inplace=True), 32),
    "pre-activation in place": (PreActivation, 16),
    "dense": (dense_net, 16),
    "vgg": (vgg, 32),
    "mlp": (mlp, 8),
}


def small_network(name: str, seed: int = 0) -> tuple[nn.Module, int]:
    """A network in evaluation mode with weights that are not at rest, and the side of its input in pixels."""
    make, side = SMALL_NETWORKS[name]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = make()
        for sub in module.modules():
            if isinstance(sub, nn.BatchNorm2d):
                nn.init.uniform_(sub.weight, 0.5, 1.5)
                nn.init.normal_(sub.bias, std=0.1)
                nn.init.uniform_(sub.running_var, 0.5, 1.5)
                nn.init.normal_(sub.running_mean, std=0.1)
    return module.eval(), side


def wrapped(module: nn.Module, side: int, name: str = "small") -> Network:
    """A `Network` around a module that takes square pictures."""
    preprocessing = Preprocessing((side, side), None, (0.5,) * 3, (0.5,) * 3)
    return Network(module=module.eval(), name=name, kind="module", preprocessing=preprocessing)


def batch(side: int, n: int = 3, seed: int = 0) -> Tensor:
    """Random inputs, (n, 3, side, side)."""
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(seed))
