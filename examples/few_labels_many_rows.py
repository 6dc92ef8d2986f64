"""Two labels a digit, and hundreds of digits without: what those without labels are worth."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from headstart import LabelPropagationClassifier

X, y = load_digits(return_X_y=True)
X = X / 16
amounts, scores, alone = [0, 50, 100, 200, 400, 800], [], []
for seed in range(5):
    order = np.random.default_rng(seed).permutation(len(y))
    few = np.concatenate([order[y[order] == digit][:2] for digit in range(10)])
    rest = np.setdiff1d(order, few, assume_unique=True)
    rest = np.random.default_rng(seed).permutation(rest)
    pool, new = rest[:800], rest[800:]
    alone.append(LogisticRegression().fit(X[few], y[few]).score(X[new], y[new]))
    scores.append(
        [
            LabelPropagationClassifier(unlabelled=X[pool[:n]] if n else None).fit(X[few], y[few]).score(X[new], y[new])
            for n in amounts
        ]
    )

plt.figure(figsize=(7, 4.5), layout="constrained")
plt.plot(amounts, 100 * np.transpose(scores), color="C0", alpha=0.25)
plt.plot(amounts, 100 * np.mean(scores, axis=0), color="C0", lw=3, marker="o", label="labels passed on to neighbours")
plt.axhline(100 * np.mean(alone), color="C1", ls="--", label="logistic regression on the 20 labels")
plt.xlabel("digits without labels")
plt.ylabel("right of new digits, %")
plt.title("Twenty labels; thin lines are single draws")
plt.legend(loc="lower right")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "few_labels_many_rows.png", dpi=120)
