"""Which rows to label next: a pool without labels, and the twelve that are worth asking about first."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

import headstart

pool, y = make_moons(300, noise=0.12, random_state=0)
first = np.random.default_rng(0).permutation(300)[:10]
model = headstart.fit((pool[first], y[first]), None, budget=5)
found = headstart.label_next(pool, n=12, model=model, labelled=(pool[first], y[first]))

across, up = np.meshgrid(np.linspace(-1.6, 2.6, 120), np.linspace(-1.1, 1.6, 120))
sure = model.predict_proba(np.column_stack([across.ravel(), up.ravel()]))[:, 1].reshape(across.shape)
plt.figure(figsize=(8, 4.8), layout="constrained")
plt.contourf(across, up, sure, levels=11, cmap="RdBu", alpha=0.5, vmin=0, vmax=1)
plt.colorbar(label="probability of the second class")
plt.scatter(*pool.T, s=12, color="grey", label="no label")
plt.scatter(*pool[first].T, c=np.array(["tab:red", "tab:blue"])[y[first]], s=60, edgecolor="black", label="labelled")
plt.scatter(*pool[found.rows].T, s=140, facecolor="none", edgecolor="black", lw=1.5, label="asked for next")
plt.legend(loc="lower left")
plt.title("Ten labels, and twelve to ask for")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "label_next.png", dpi=120)
