"""The same wine measured twice, sometimes once: two views joined, with rows in which one of them is missing."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_wine
from sklearn.model_selection import cross_val_predict

from headstart import MultiViewClassifier

X, y = load_wine(return_X_y=True)
X = X + np.random.default_rng(0).normal(size=X.shape) * X.std(axis=0)  # worse instruments, so that there is work to do
views = {"acids": [1, 2, 3, 4], "colour": [7, 8, 9, 10]}
names, scores = ["acids alone", "colour alone", "both"], []
for kept in [{"acids": views["acids"]}, {"colour": views["colour"]}, views]:
    scores.append(np.mean(cross_val_predict(MultiViewClassifier(kept, "product"), X, y) == y))

shares, with_gaps = [0, 0.2, 0.4, 0.6, 0.8], []
for share in shares:
    gaps = X.copy()
    without = np.random.default_rng(1).random(len(y)) < share
    gaps[np.ix_(without, views["colour"])] = np.nan
    with_gaps.append(np.mean(cross_val_predict(MultiViewClassifier(views, "product"), gaps, y) == y))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), sharey=True, layout="constrained")
bars = left.bar(names, 100 * np.array(scores), color=["C1", "C2", "C0"])
left.bar_label(bars, fmt="%.0f")
left.set(ylabel="right of wines held out, %", ylim=(40, 80), title="What each view is worth")
right.plot(np.multiply(shares, 100), 100 * np.array(with_gaps), "-o", lw=2.5, label="both views, where they are there")
right.axhline(100 * scores[0], color="C1", ls="--", label="acids alone")
right.set(xlabel="wines without the second view, %", title="What a missing view costs")
right.legend()
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "two_views.png", dpi=120)
