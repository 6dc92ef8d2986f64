"""Tones to learn from and a tiny network for them, shared by the tests of sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.networks.folder import write_folder, write_manifest
from headstart.networks.network import Network, SourceCard
from headstart.networks.saving.save import save_network
from headstart.nn.bodies.sound_network import SoundConfig, SoundNetwork, new_sound_network

RATE = 8000
CONFIG = SoundConfig(rate=RATE, samples=4000, n_mels=32, f_max=3800.0, widths=(8, 12), depths=(1, 1))


def sound_network(n_examples: int | None = 5000, seed: int = 0) -> Network:
    """A network for half a second at 8 kHz, said to be trained."""
    module: SoundNetwork = new_sound_network(CONFIG, ["hiss", "hum", "click"], seed).eval()
    card = SourceCard(n_examples=n_examples, n_parameters=sum(p.numel() for p in module.parameters()))
    return Network(module, "tiny", "headstart", SoundPreprocessing(RATE, 4000), card, True, module.config, "audio")


def save_source(folder: Path, network: Network | None = None) -> Path:
    """That network as a source folder."""
    chosen = sound_network() if network is None else network

    def write(path: Path) -> None:
        saved = save_network(chosen, None, path, labels=None, head_linear=False)
        write_manifest(path, {"network": saved})

    return write_folder(folder, write)


def tones(n: int = 30, seed: int = 0, seconds: tuple[float, float] = (0.3, 1.0)) -> tuple[Clips, np.ndarray]:
    """Low and high tones in noise, of many lengths; 0 and 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    waves = []
    for label in y:
        t = np.arange(int(RATE * rng.uniform(*seconds))) / RATE
        tone = np.sin(2 * np.pi * (rng.uniform(300, 400), rng.uniform(2000, 2500))[label] * t)
        waves.append((0.3 * tone + rng.normal(0, 0.05, len(t))).astype(np.float32))
    return Clips(waves, sampling_rate=RATE), y
