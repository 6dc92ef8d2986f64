"""Google's two sound networks as plain modules: teachers, and the ceiling that a starter is measured against.

    headstart fit words/ --source benchmarks/sound_networks.py:speech_embedding --out model
    python benchmarks/sound_networks.py ../shared/data        # linear probes: is everything put together right?

`speech_embedding` (Lin et al. 2020, Apache-2.0) was trained to spot keywords; `yamnet` (a MobileNet v1, Apache-2.0) to
tell the 521 sounds of AudioSet apart. Both take sounds (n, samples) at 16 kHz in -1 to 1; their front ends belong to
them. Their weights are read from the folder of real data, which lies beside the checkout or is named by
HEADSTART_TEST_DATA.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn import functional as F

from headstart.source import NetworkSource

RATE, HOP = 16000, 160


def _padded(wave: Tensor, least: int) -> Tensor:
    """Sounds (n, samples), with zeros on both sides where they are shorter than `least`."""
    short = max(0, least - wave.shape[1])
    return F.pad(wave, (short // 2, short - short // 2))


#: Max-pools of the speech embedding, by the number of the convolution before.
POOLS = {2: (2, 2), 6: (1, 2), 10: (2, 2), 14: (1, 2), 18: (2, 2)}


class SpeechFrontEnd(nn.Module):
    """Mel spectrogram in decibels, 32 bands, at most 80 dB below the loudest of the clip; (n, 1, frames, 32)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window512", torch.zeros(512))
        self.register_buffer("mel_matrix", torch.zeros(257, 32))

    def forward(self, wave: Tensor) -> Tensor:
        frames = (32768.0 * wave).unfold(1, 512, HOP) * self.window512
        power = torch.fft.rfft(frames).abs().square() @ self.mel_matrix
        decibels = 10 * torch.log10(power.clamp_min(1e-10))
        floor = decibels.amax(dim=(1, 2), keepdim=True) - 80
        return (torch.maximum(decibels, floor) / 10 + 2)[:, None]


class LeakyFloor(nn.Module):
    """Leaky rectifier with slope 0.2 that never falls below -0.4."""

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, 0.2).clamp_min(-0.4)


class SpeechEmbedding(nn.Module):
    """Twenty convolutions, without padding in time: run over a whole clip they give a row each 80 ms.

    Each row sees 76 frames (0.78 s). The output is the mean and the maximum over the rows, (n, 192).
    """

    LEAST = 75 * HOP + 512

    def __init__(self) -> None:
        super().__init__()
        self.frontend = SpeechFrontEnd()
        layers: list[tuple[int, int, tuple[int, int]]] = [(1, 24, (3, 3)), (24, 24, (1, 3)), (24, 24, (3, 1))]
        for before, width in ((24, 48), (48, 72), (72, 96), (96, 96)):
            layers += [(before, width, (1, 3))] + [(width, width, k) for k in ((3, 1), (1, 3), (3, 1))]
        layers.append((96, 96, (3, 1)))
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, k, padding=(0, k[1] // 2), bias=i < len(layers) - 1) for i, (a, b, k) in enumerate(layers)
        )
        self.act = LeakyFloor()

    def patches(self, wave: Tensor) -> Tensor:
        """One row of 96 numbers for each 80 ms; (n, 96, rows)."""
        x = self.frontend(_padded(wave, self.LEAST))
        for i, conv in enumerate(self.convs):
            x = conv(x)
            if i < len(self.convs) - 1:
                x = self.act(x)
            if i in POOLS:
                x = F.max_pool2d(x, POOLS[i])
        return x[..., 0]

    def forward(self, wave: Tensor) -> Tensor:
        rows = self.patches(wave)
        return torch.cat([rows.mean(dim=2), rows.amax(dim=2)], dim=1)


class YamnetFrontEnd(nn.Module):
    """Log-mel spectrogram, 64 bands; (n, frames, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mel_matrix", torch.zeros(64, 257))
        self.register_buffer("log_offset", torch.zeros(64))
        self.register_buffer("hann400", torch.zeros(400))

    def forward(self, wave: Tensor) -> Tensor:
        frames = wave.unfold(1, 400, HOP) * self.hann400
        return torch.log(torch.fft.rfft(frames, 512).abs() @ self.mel_matrix.T + self.log_offset)


class SameConv2d(nn.Conv2d):
    """A 3 x 3 convolution with stride 2 and TensorFlow's SAME padding: for even sizes, at the far ends alone."""

    def forward(self, x: Tensor) -> Tensor:
        down, right = (max(0, 3 - (s % 2 or 2)) for s in x.shape[-2:])
        return super().forward(F.pad(x, (right // 2, right - right // 2, down // 2, down - down // 2)))


def _convolution(before: int, after: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    cls, padding = (SameConv2d, 0) if stride == 2 else (nn.Conv2d, kernel // 2)
    conv = cls(before, after, kernel, stride, padding, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after, eps=1e-3), nn.ReLU())


class Yamnet(nn.Module):
    """MobileNet v1 over patches of 96 frames (0.96 s), half overlapping; scores are the mean over the patches."""

    WIDTHS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
    LEAST = 95 * HOP + 400

    def __init__(self) -> None:
        super().__init__()
        self.frontend = YamnetFrontEnd()
        blocks, before = [_convolution(1, 32, 3, 2)], 32
        for width, stride in self.WIDTHS:
            blocks += [_convolution(before, before, 3, stride, before), _convolution(before, width, 1)]
            before = width
        self.features = nn.Sequential(*blocks)
        self.classifier = nn.Sequential(nn.Identity(), nn.Linear(1024, 521))

    def embedding(self, wave: Tensor) -> Tensor:
        """Mean over patches, time and frequency of the last convolution; (n, 1024)."""
        patches = self.frontend(_padded(wave, self.LEAST)).unfold(1, 96, 48).transpose(2, 3)
        n, k = patches.shape[:2]
        return self.features(patches.flatten(0, 1)[:, None]).mean(dim=(2, 3)).unflatten(0, (n, k)).mean(dim=1)

    def forward(self, wave: Tensor) -> Tensor:
        return self.classifier(self.embedding(wave))


def data_folder() -> Path:
    """Folder of the real data."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("HEADSTART_TEST_DATA", beside))


def speech_embedding_module() -> SpeechEmbedding:
    """Google's speech embedding with its weights."""
    module = SpeechEmbedding()
    module.load_state_dict(load_file(data_folder() / "networks" / "speech_embedding" / "speech_embedding.safetensors"))
    return module.eval()


def yamnet_module() -> Yamnet:
    """YAMNet with its weights."""
    module = Yamnet()
    module.load_state_dict(load_file(data_folder() / "networks" / "yamnet_audioset" / "yamnet.safetensors"))
    return module.eval()


def speech_embedding() -> NetworkSource:
    """Google's speech embedding as a source."""
    return NetworkSource(
        speech_embedding_module(), name="speech_embedding", licence="Apache-2.0", sampling_rate=RATE, seconds=1.5
    )


def yamnet() -> NetworkSource:
    """YAMNet as a source: one patch a window."""
    module = yamnet_module()
    return NetworkSource(module, name="yamnet", licence="Apache-2.0", sampling_rate=RATE, seconds=module.LEAST / RATE)


def features(network: Callable[[Tensor], Tensor], paths: Sequence[Path]) -> np.ndarray:
    """What a network says about files of 16 kHz, each in its own length; (n, d)."""
    rows = []
    with torch.no_grad():
        for path in paths:
            wave, rate = soundfile.read(path, dtype="float32")
            if rate != RATE:
                raise SystemExit(f"Expected clips of {RATE} Hz, found {rate} Hz in {path}.")
            rows.append(network(torch.from_numpy(wave)[None])[0].numpy())
    return np.stack(rows)


def wake_words_accuracy(data: Path, per_word: int = 10, repeats: int = 10) -> float:
    """Linear probe of the speech embedding on four wake words."""
    paths = sorted((data / "wake_words").glob("*/*.flac"))
    x, y = features(speech_embedding_module(), paths), np.array([path.parent.name for path in paths])
    splits = StratifiedShuffleSplit(repeats, train_size=4 * per_word, random_state=0).split(x, y)
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    return float(np.mean([probe.fit(x[train], y[train]).score(x[test], y[test]) for train, test in splits]))


def esc10_accuracy(data: Path) -> float:
    """Linear probe of YAMNet's features, trained on folds 1 and 2, measured on fold 3."""
    paths = sorted((data / "esc10").glob("*/*.ogg"))
    x, y = features(yamnet_module().embedding, paths), np.array([path.parent.name for path in paths])
    test = np.array([path.name.startswith("3-") for path in paths])
    return float(LogisticRegression(max_iter=1000).fit(x[~test], y[~test]).score(x[test], y[test]))


def main() -> None:
    """Print both linear probes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    print(f"speech_embedding, wake_words, 10 clips a word: {wake_words_accuracy(data):.1%} (origin: 99.8%)")
    print(f"yamnet, esc10, folds 1-2 -> 3: {esc10_accuracy(data):.1%} (origin: 90%)")


if __name__ == "__main__":
    main()
