"""A source that hurts, and the guard that refuses it: the other clinic wrote many labels the wrong way round.

The more of the source's labels are wrong, the worse is learning from both. The guard follows whichever is better.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart import SafeTransferClassifier, Source

X, y = load_breast_cancer(return_X_y=True)
order = np.random.default_rng(0).permutation(len(y))
X, y = X[order, :10], y[order]
here, there, new = slice(0, 40), slice(40, 240), slice(240, None)
shares, scores = [0.0, 0.3, 0.6, 1.0], {"the 40 rows here alone": [], "pooled": [], "guarded": []}
for share in shares:
    wrong = np.random.default_rng(1).random(200) < share
    labels = np.where(wrong, 1 - y[there], y[there])
    plain = make_pipeline(StandardScaler(), LogisticRegression())
    scores["the 40 rows here alone"].append(plain.fit(X[here], y[here]).score(X[new], y[new]))
    scores["pooled"].append(plain.fit(np.vstack([X[here], X[there]]), np.r_[y[here], labels]).score(X[new], y[new]))
    safe = SafeTransferClassifier(source=Source(X[there], labels), budget=3).fit(X[here], y[here])
    scores["guarded"].append(safe.score(X[new], y[new]))

plt.figure(figsize=(7, 4.5), layout="constrained")
for (name, values), style in zip(scores.items(), ["--", ":", "-"], strict=True):
    plt.plot(np.array(shares) * 100, np.array(values) * 100, style, marker="o", lw=2.5, label=name)
plt.xlabel("labels of the source that are wrong, %")
plt.ylabel("right of new rows, %")
plt.title("The guard leaves a source that hurts")
plt.legend()
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "source_hurts.png", dpi=120)
