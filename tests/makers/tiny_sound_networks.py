"""Small networks for sounds, and waves to feed them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.networks.network import Network, SourceCard
from headstart.nn.bodies.sound_network import SoundConfig, SoundNetwork, new_sound_network

TINY = SoundConfig(n_mels=24, widths=(8, 12, 16), depths=(1, 2, 1), labels=("yes", "no", "stop"), samples=8000)


def tiny(seed: int = 0) -> SoundNetwork:
    """A small network whose batch norms are not at rest, in evaluation mode."""
    net = new_sound_network(TINY, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    for sub in net.modules():
        if isinstance(sub, torch.nn.BatchNorm2d):
            sub.running_mean.copy_(0.1 * torch.randn(sub.num_features, generator=generator))
            sub.running_var.copy_(0.5 + torch.rand(sub.num_features, generator=generator))
    return net.eval()


def waves(n: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, length, generator=torch.Generator().manual_seed(seed)) * 0.1


class Heard(nn.Module):
    """Somebody's own network on waves: frames by a convolution, pooling, one layer."""

    def __init__(self) -> None:
        super().__init__()
        self.frames = nn.Conv1d(1, 6, 64, 32)
        self.mix = nn.Conv1d(6, 8, 3, padding=1)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.mix(self.frames(x[:, None]).relu()).relu().mean(2))


def as_network(module: SoundNetwork, name: str = "tiny") -> Network:
    config = module.config
    card = SourceCard(licence="Apache-2.0", n_examples=100)
    preprocessing = SoundPreprocessing(config.rate, config.samples)
    return Network(module.eval(), name, "headstart", preprocessing, card, config=config, input_type="audio")
