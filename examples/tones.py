"""Three kinds of sound from three examples each: a tone that stays, one that rises, and noise in bursts."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from headstart import Clips, TransferClassifier

RATE, rng = 16_000, np.random.default_rng(0)
time = np.arange(RATE) / RATE


def sound(kind):
    """One second of a kind, at a random pitch, with some noise."""
    pitch = rng.uniform(300, 900)
    wave = {
        "stays": np.sin(2 * np.pi * pitch * time),
        "rises": np.sin(2 * np.pi * pitch * (time + time**2)),
        "bursts": rng.normal(size=RATE) * (np.sin(2 * np.pi * rng.uniform(3, 6) * time) > 0),
    }[kind]
    return (0.3 * wave + 0.05 * rng.normal(size=RATE)).astype(np.float32)


kinds = ["stays", "rises", "bursts"]
few, new = kinds * 3, kinds * 10
learned = Clips([sound(kind) for kind in few], sampling_rate=RATE)
model = TransferClassifier("starter:speech", random_state=0).fit(learned, few)
waves = [sound(kind) for kind in new]
chances = model.predict_proba(Clips(waves, sampling_rate=RATE))
score = np.mean(model.classes_[chances.argmax(axis=1)] == np.array(new))

figure, axes = plt.subplots(2, 3, figsize=(10, 5.4), height_ratios=[3, 2], layout="constrained")
for column, kind in enumerate(kinds):
    axes[0, column].specgram(waves[column], NFFT=512, Fs=RATE, noverlap=256, cmap="magma")
    axes[0, column].set(title=kind, ylim=(0, 4000), xlabel="seconds", ylabel="Hz" if column == 0 else "")
    axes[1, column].barh(model.classes_, chances[column])
    axes[1, column].set(xlim=(0, 1), xlabel="probability")
figure.suptitle(f"Nine clips learned from, {score:.0%} of {len(new)} new ones right")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "tones.png", dpi=120)
