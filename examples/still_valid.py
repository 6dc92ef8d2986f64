"""Does the model still hold? The instrument drifts week by week; `check` has no labels of the new weeks."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import headstart

rng = np.random.default_rng(0)
names = ["a", "b", "c", "d"]


def week(n, drift):
    """Rows whose second column creeps away, and their labels."""
    y = rng.integers(2, size=n)
    X = rng.normal(size=(n, 4)) + np.outer(y, [1.5, 1.5, 0, 0]) + drift * np.array([0, 1, 0, 0])
    return pd.DataFrame(X, columns=names), np.where(y == 1, "ill", "well")


model = headstart.fit(week(300, 0), None, budget=5)
drifts, colours = np.linspace(0, 4, 9), {"valid": "C2", "doubtful": "C1", "invalid": "C3", "cannot tell": "grey"}
plt.figure(figsize=(8, 4.5), layout="constrained")
right, said = [], []
for number, drift in enumerate(drifts):
    rows, labels = week(200, drift)
    found = headstart.check(model, rows)
    right.append(100 * np.mean(np.asarray(model.predict(rows)) == labels))
    said.append(found.verdict)
    plt.plot(number, right[-1], "o", ms=14, color=colours[found.verdict])
plt.plot(right, color="grey", lw=1, zorder=0)
for verdict in dict.fromkeys(said):
    plt.plot([], [], "o", ms=10, color=colours[verdict], label=f"check says: {verdict}")
plt.xlabel("week")
plt.ylabel("right of 200 rows, % (not known to check)")
plt.title("An instrument that drifts")
plt.legend()
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "still_valid.png", dpi=120)
