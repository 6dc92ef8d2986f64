"""The same rule, seen elsewhere: source rows count as much as they look like the target.

A straight line cannot follow the curve everywhere. Weighted, it follows it where the target lies.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LinearRegression

from headstart import ImportanceWeightedRegressor, Source

rng = np.random.default_rng(0)
X_there, X = rng.normal(1, 0.5, (200, 1)), rng.normal(2, 0.3, (200, 1))
curve = np.sinc  # Sugiyama et al. 2008, section 5.1
y_there = curve(X_there[:, 0]) + rng.normal(0, 0.1, 200)

model = ImportanceWeightedRegressor(LinearRegression(), "ulsif", source=Source(X_there, y_there), random_state=0).fit(X)
plain = LinearRegression().fit(X_there, y_there)

line = np.linspace(-0.5, 3, 200)[:, None]
plt.figure(figsize=(8, 4.8), layout="constrained")
plt.plot(line, curve(line), color="grey", label="the truth")
plt.scatter(X_there, y_there, s=4 + 25 * model.weights_, alpha=0.5, label="source; area: weight")
plt.hist(X[:, 0], bins=25, bottom=-0.6, density=True, alpha=0.25, color="C2", label="where the target lies")
plt.plot(line, plain.predict(line), "--", color="C3", label="all rows alike")
plt.plot(line, model.predict(line), color="C2", lw=2.5, label="weighted")
plt.ylim(-0.6, 1.5)
error = {name: np.mean((m.predict(X) - curve(X[:, 0])) ** 2) for name, m in {"alike": plain, "weighted": model}.items()}
plt.title(f"Mean squared error on the target: {error['alike']:.3f} alike, {error['weighted']:.3f} weighted")
plt.legend(loc="upper right")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "importance_weights.png", dpi=120)
