"""A domain that turns: step by step a classifier follows on its own labels, where a jump would lose it."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from headstart import GradualSelfTrainingClassifier, Source

rng = np.random.default_rng(0)


def turned(degrees, n=200):
    """Two clouds, turned around the middle."""
    y, angle = np.arange(n) % 2, np.deg2rad(degrees)
    rows = rng.normal(0, 0.45, (n, 2)) + np.outer(2 * y - 1, [1.2, 0])
    return rows @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]), y


start, labels = turned(0)
angles, jump, steps = [0, 30, 60, 90, 120, 150, 180], [], []
for angle in angles:
    new, truth = turned(angle)
    between = [turned(at)[0] for at in range(15, angle, 15)]
    jump.append(100 * LogisticRegression().fit(start, labels).score(new, truth))
    model = GradualSelfTrainingClassifier(intermediate=between or None, source=Source(start, labels))
    steps.append(100 * model.fit(new).score(new, truth))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for angle, shade in zip([0, 60, 120], [1, 0.6, 0.3], strict=True):
    rows, truth = turned(angle)
    left.scatter(*rows.T, s=9, alpha=shade, c=np.array(["tab:orange", "tab:blue"])[truth])
left.set(title="At 0, 60 and 120 degrees (paler)", aspect="equal")
right.plot(angles, steps, "-o", lw=2.5, label="gradual self-training")
right.plot(angles, jump, "--o", lw=2.5, label="the rule of the start")
right.set(xlabel="degrees turned", ylabel="right of the rows there, %", title="No label after the start")
right.legend(loc="lower left")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "gradual_turn.png", dpi=120)
