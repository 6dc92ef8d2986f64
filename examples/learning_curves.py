"""How many labels a source saves: the same accuracy from fewer rows of one's own.

The source is the digits of other writers; its labels are nearly those of the target, but its pictures are blurred.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from headstart import RegularTransferClassifier, Source

X, y = load_digits(return_X_y=True)
X = X / 16
blurred = gaussian_filter(X.reshape(-1, 8, 8), (0, 0.8, 0.8)).reshape(len(X), 64)
source = Source(X[:400], y[:400], name="other writers")
amounts, draws = [20, 50, 150], range(3)
with_source, without = np.zeros((len(draws), len(amounts))), np.zeros((len(draws), len(amounts)))
for draw in draws:
    order = 700 + np.random.default_rng(draw).permutation(len(y) - 700)
    new = order[-500:]
    for place, n in enumerate(amounts):
        few = order[:n]
        model = RegularTransferClassifier(source=source, cv=3, random_state=0).fit(blurred[few], y[few])
        with_source[draw, place] = model.score(blurred[new], y[new])
        alone = LogisticRegression(C=10, max_iter=1000).fit(blurred[few], y[few])
        without[draw, place] = alone.score(blurred[new], y[new])

plt.figure(figsize=(7, 4.5), layout="constrained")
for name, scores, style in [("with the source", with_source, "-o"), ("without", without, "--o")]:
    plt.errorbar(amounts, 100 * scores.mean(axis=0), 100 * scores.std(axis=0), fmt=style, capsize=3, lw=2.5, label=name)
plt.xscale("log")
plt.xticks(amounts, amounts)
plt.minorticks_off()
plt.xlabel("labels of the target")
plt.ylabel("right of 500 new digits, %")
plt.title("Learning curves, mean and spread of three draws")
plt.legend(loc="lower right")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "learning_curves.png", dpi=120)
