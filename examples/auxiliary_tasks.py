"""Labels of other questions: each is measured on rows out of fold, and the one that does not help is refused."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from headstart import AuxiliaryTaskClassifier, Source

rng = np.random.default_rng(0)
X = rng.normal(size=(1000, 40))
size = X[:, :20].sum(axis=1)
tasks = {
    "weight": size + rng.normal(size=1000),
    "large": size > 3,
    "ward": rng.integers(3, size=1000),
    "day of birth": rng.normal(size=1000),
}
here = slice(0, 50)
helpers = [Source(X[50:500], labels[50:500], name=name) for name, labels in tasks.items()]
model = AuxiliaryTaskClassifier(auxiliary=helpers).fit(X[here], size[here] > 0)
alone = AuxiliaryTaskClassifier().fit(X[here], size[here] > 0).score(X[500:], size[500:] > 0)
score = model.score(X[500:], size[500:] > 0)

plt.figure(figsize=(8, 4), layout="constrained")
for row, found in enumerate(model.auxiliary_):
    colour = "C0" if found["kept"] else "C3"
    plt.barh(row, found["gain"], xerr=found["error"], color=colour, capsize=4, alpha=0.8)
plt.yticks(range(len(helpers)), [f"{f['name']} ({'kept' if f['kept'] else 'refused'})" for f in model.auxiliary_])
plt.axvline(0, color="black", lw=0.8)
plt.xlabel("gain in log-loss on rows out of fold, nats, with its standard error")
plt.title(f"Fifty labels: {alone:.0%} right alone, {score:.0%} with the tasks that were kept")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "auxiliary_tasks.png", dpi=120)
