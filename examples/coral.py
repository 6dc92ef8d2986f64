"""Two clouds made alike: CORAL gives the source the target's means and covariances, so a rule learned there holds here.

No label of the target is used.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression

from headstart import CORAL, AlignedClassifier, Source

rng = np.random.default_rng(0)
y_there, y = rng.integers(2, size=300), rng.integers(2, size=300)
cloud = rng.normal(size=(300, 2)) * [0.9, 0.5] + np.c_[np.zeros(300), 2.2 * y_there - 1.1]
X_there, squeeze = cloud, np.array([[1.2, -0.9], [-0.9, 1.0]])
X = (rng.normal(size=(300, 2)) * [0.9, 0.5] + np.c_[np.zeros(300), 2.2 * y - 1.1]) @ squeeze + [1.5, 1]

source = Source(X_there, y_there, name="there")
before = LogisticRegression().fit(X_there, y_there).score(X, y)
after = AlignedClassifier("coral", source=source).fit(X).score(X, y)
moved = CORAL(source=source).fit(X).transform_source()

figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), sharex=True, sharey=True, layout="constrained")
colours = np.array(["tab:orange", "tab:blue"])
for axis, rows, score, when in zip(axes, [X_there, moved], [before, after], ["Before", "After"], strict=True):
    axis.scatter(*X.T, c="lightgrey", s=30, label="target, no labels")
    axis.scatter(*rows.T, c=colours[y_there], s=10, label="source")
    axis.set_title(f"{when}: {score:.0%} of the target right")
axes[0].legend(loc="upper left")
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "coral.png", dpi=120)
