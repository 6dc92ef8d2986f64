"""A small residual network for sounds, from the wave to the classes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.nn.bodies.log_mel import LogMel
from headstart.nn.bodies.spec_augment import SpecAugment

MODEL_TYPE = "headstart-sound"
#: Channels of the four stages and blocks in each.
SIZES: dict[str, dict[str, tuple[int, ...]]] = {
    "small": {"widths": (32, 64, 128, 192), "depths": (1, 1, 2, 1)},
    "base": {"widths": (64, 128, 256, 384), "depths": (2, 2, 2, 2)},
}


@dataclass(frozen=True)
class SoundConfig:
    """Everything that decides a `SoundNetwork` but its weights.

    Parameters
    ----------
    rate, n_fft, win, hop, n_mels, f_min, f_max, scale, area, floor, dynamic_range
        Of the `LogMel` front end. Here loudness plays no part: 60 dB below the loudest is silence.
    samples : int, default=16000
        Length of the clips that it is made for, in samples; it takes others too.
    widths, depths : tuple of int
        Channels of each stage, and residual blocks in it.
    labels : tuple of str
        Names of the classes; empty where the outputs have none.
    n_outputs : int
        Width of the output layer; 0 stands for one a label.
    time_masks, time_width, mel_masks, mel_width : int
        Of `SpecAugment` in training; no masks by default.

    Examples
    --------
    >>> SoundConfig.sized("base", n_mels=40).widths
    (64, 128, 256, 384)
    """

    rate: int = 16000
    samples: int = 16000
    n_fft: int = 512
    win: int = 400
    hop: int = 160
    n_mels: int = 64
    f_min: float = 60.0
    f_max: float = 7600.0
    scale: str = "htk"
    area: bool = False
    floor: float = 1e-9
    dynamic_range: float | None = 13.8
    widths: tuple[int, ...] = SIZES["small"]["widths"]
    depths: tuple[int, ...] = SIZES["small"]["depths"]
    labels: tuple[str, ...] = ()
    n_outputs: int = 0
    time_masks: int = 0
    time_width: int = 20
    mel_masks: int = 0
    mel_width: int = 10

    def __post_init__(self) -> None:
        if not self.n_outputs:
            object.__setattr__(self, "n_outputs", max(1, len(self.labels)))
        if self.labels and self.n_outputs != len(self.labels):
            raise ParameterError(f"Expected as many outputs as labels, found {self.n_outputs} and {len(self.labels)}.")
        if not self.widths or len(self.widths) != len(self.depths) or min(*self.widths, *self.depths, 1) < 1:
            raise ParameterError(
                f"Expected a width and a depth of at least 1 for each stage, found {self.widths} and {self.depths}."
            )
        if self.samples < self.win:
            raise ParameterError(f"Expected clips of at least {self.win} samples, one frame, found {self.samples}.")

    @classmethod
    def sized(cls, size: str = "small", **settings: Any) -> SoundConfig:
        """The configuration of a "small" (1.2 M weights) or "base" (7.7 M) network, other settings as given."""
        if size not in SIZES:
            raise ParameterError(f"Expected a size in {sorted(SIZES)}, found {size!r}.")
        values: dict[str, Any] = {**SIZES[size], **settings}
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Content of ``config.json``, in plain JSON types."""
        values = {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(self).items()}
        return {"model_type": MODEL_TYPE, **values}

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> SoundConfig:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        ParameterError
            For another model type, an unknown setting, or one of the wrong kind.

        Examples
        --------
        >>> SoundConfig.from_dict(SoundConfig(n_mels=40).to_dict()) == SoundConfig(n_mels=40)
        True
        """
        if settings.get("model_type") != MODEL_TYPE:
            raise ParameterError(f"Expected model type {MODEL_TYPE!r}, found {settings.get('model_type')!r}.")
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(settings) - known - {"model_type", "dtype"})
        if unknown:
            raise ParameterError(
                f"Expected settings of a network for sounds, found also {unknown}.",
                "A newer headstart may have made it.",
            )
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items() if k in known}
        try:
            return cls(**values)
        except TypeError as error:
            raise ParameterError(f"Expected settings of a network for sounds, found: {error}.") from error

    def front_end(self) -> LogMel:
        """The layer that turns waves into spectrograms."""
        return LogMel(
            self.rate,
            self.n_fft,
            self.win,
            self.hop,
            self.n_mels,
            self.f_min,
            self.f_max,
            self.scale,
            self.area,
            self.floor,
            self.dynamic_range,
        )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with batch norm, and a way round them (He et al. 2016)."""

    def __init__(self, n_in: int, n_out: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.shortcut: nn.Module = nn.Identity()
        if n_in != n_out or stride != (1, 1):
            self.shortcut = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Maps (N, n_in, frames, mels) to (N, n_out, frames', mels')."""
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        return torch.relu(inner + self.shortcut(x))


class Pooling(nn.Module):
    """Mean over frequency, then mean and maximum over time, side by side: (N, C, frames, mels) to (N, 2 C).

    The maximum finds a short word wherever it stands in a longer clip and is the same whatever silence lies around
    it; the mean tells steady sounds. Without weights.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pool maps of any size."""
        steps = x.mean(3)
        return torch.cat([steps.mean(2), steps.amax(2)], 1)


class SoundNetwork(nn.Module):
    """Log-mel front end, residual network with 3 x 3 convolutions, pooling, and one linear output layer.

    The first convolution and each stage but the first halve frequency; time is halved too, but not by the last
    stage. Block outputs are maps (N, channels, time, frequency), at 16 kHz one step of time being 80 ms at the end.

    Parameters
    ----------
    config : SoundConfig

    Attributes
    ----------
    n_features : int
        Width of the output layer's input.

    Examples
    --------
    >>> net = SoundNetwork(SoundConfig(labels=("yes", "no")))
    >>> net(torch.zeros(3, 16000)).shape, net.n_features
    (torch.Size([3, 2]), 384)
    """

    def __init__(self, config: SoundConfig) -> None:
        super().__init__()
        self.config = config
        self.front_end = config.front_end()
        masks = config.time_masks + config.mel_masks
        self.augment: nn.Module = nn.Identity()
        if masks:
            self.augment = SpecAugment(config.time_masks, config.time_width, config.mel_masks, config.mel_width)
        first = config.widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(1, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU(inplace=True)
        )
        blocks, n_in = [], first
        for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            for i in range(depth):
                halved = stage > 0 and i == 0
                in_time = halved and stage < len(config.widths) - 1
                blocks.append(ResidualBlock(n_in, width, (2 if in_time else 1, 2 if halved else 1)))
                n_in = width
        self.blocks = nn.Sequential(*blocks)
        self.pooling = Pooling()
        self.n_features = 2 * n_in
        self.output = nn.Linear(self.n_features, config.n_outputs)

    def features(self, waves: Tensor) -> Tensor:
        """Input of the output layer, (N, n_features), for waves (N, T) of any length from one frame."""
        maps = self.augment(self.front_end(waves)).to(self.stem[0].weight.dtype)
        return self.pooling(self.blocks(self.stem(maps)))

    def forward(self, waves: Tensor) -> Tensor:
        """Outputs, (N, n_outputs), for waves (N, T) at the configuration's rate, -1 to 1."""
        return self.output(self.features(waves))


def new_sound_network(
    config: SoundConfig | str = "small", class_names: Sequence[str] | None = None, seed: int = 0
) -> SoundNetwork:
    """A network with random weights, in training mode; torch's own random state is left as it was.

    Parameters
    ----------
    config : SoundConfig or {"small", "base"}
    class_names : sequence of str, optional
        Labels of its outputs; default: the configuration's.
    seed : int, default=0

    Examples
    --------
    >>> sum(p.numel() for p in new_sound_network("small", ["a", "b"]).parameters()) // 1000
    1181
    """
    made = SoundConfig.sized(config) if isinstance(config, str) else config
    if class_names is not None:
        made = dataclasses.replace(made, labels=tuple(str(name) for name in class_names), n_outputs=len(class_names))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(seed))
        return SoundNetwork(made)
