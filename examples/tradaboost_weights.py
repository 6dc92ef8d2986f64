"""Which rows of the source are believed: TrAdaBoost takes the weight from those that contradict the target.

In the left half of the source the labels follow another rule. Nobody says so; twenty rows of the target do.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from headstart import Source, TrAdaBoostClassifier

rng = np.random.default_rng(0)
X_there, X = rng.uniform(-1, 1, (400, 2)), rng.uniform(-1, 1, (40, 2))
y = X[:, 1] > 0
y_there = (X_there[:, 1] > 0) ^ (X_there[:, 0] < -0.2)  # swapped on the left

model = TrAdaBoostClassifier(source=Source(X_there, y_there), random_state=0).fit(X, y)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True, layout="constrained")
colours = np.array(["tab:orange", "tab:blue"])
left.scatter(*X_there.T, c=colours[y_there.astype(int)], s=14)
left.set_title("The source as it came")
right.scatter(*X_there.T, c=colours[y_there.astype(int)], s=2 + 20 * model.weights_ / model.weights_.mean())
right.scatter(*X.T, c=colours[y.astype(int)], s=70, marker="*", edgecolor="black", lw=0.6)
right.set_title("Area: its weight in the end; stars: the target")
figure.suptitle("Rows on the left contradict the target and lose their weight")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "tradaboost_weights.png", dpi=120)
