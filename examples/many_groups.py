"""Sixty schools with four pupils each: each has its own level, shrunk towards all as far as schools are alike."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from headstart import PartialPoolingRegressor

rng = np.random.default_rng(0)
school = np.repeat(np.arange(60), 4)
level = rng.normal(0, 1, 60)
hours = rng.normal(size=240)
X = np.column_stack([school, hours])
y = level[school] + 0.8 * hours + rng.normal(0, 2, 240)

model = PartialPoolingRegressor(group=0).fit(X, y)
average_pupil = np.column_stack([np.arange(60), np.zeros(60)])
pooled = model.predict(average_pupil)
alone = np.array([(y - 0.8 * hours)[school == s].mean() for s in range(60)])
error = {name: np.sqrt(np.mean((found - level) ** 2)) for name, found in {"alone": alone, "pooled": pooled}.items()}

order = np.argsort(level)
plt.figure(figsize=(9, 4.8), layout="constrained")
plt.plot(level[order], color="grey", lw=2, label="true level")
plt.plot(alone[order], "x", color="C1", label=f"mean of its four pupils (typical error {error['alone']:.2f})")
plt.plot(pooled[order], "o", color="C0", label=f"partial pooling (typical error {error['pooled']:.2f})")
plt.vlines(range(60), alone[order], pooled[order], color="C0", alpha=0.3)
plt.axhline(model.predict([[999, 0.0]])[0], color="C2", ls=":", label="a school that was never seen")
plt.xlabel("schools, in the order of their true level")
plt.ylabel("level")
plt.legend()
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "many_groups.png", dpi=120)
