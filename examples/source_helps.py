"""A source that helps: sixty rows of one's own, and four hundred of a sister task.

Every way to use the source is scored on the same held-out rows as learning alone, and the sentence says which won.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from headstart import SafeTransferClassifier, Source

rng = np.random.default_rng(2)
wanted = rng.normal(size=30)  # the rule of the task; the sister's is a little different
X_there, X = rng.normal(size=(400, 30)), rng.normal(size=(60, 30))
y_there, y = X_there @ (wanted + 0.1 * rng.normal(size=30)) > 0, X @ wanted > 0

model = SafeTransferClassifier(source=Source(X_there, y_there, name="sister"), budget=3).fit(X, y)
print(model.evidence_["verdict"]["sentence"])

tried = sorted(model.evidence_["candidates"], key=lambda found: found["score"])
plt.figure(figsize=(8, 4.5), layout="constrained")
for row, found in enumerate(tried):
    colour = "C0" if found["transfer"] else "C1"
    plt.plot(found["interval"], [row, row], color=colour, alpha=0.4, lw=5)
    plt.plot(found["score"], row, "o", color=colour, ms=9)
plt.yticks(range(len(tried)), [found["name"] for found in tried])
plt.plot([], [], "o", color="C0", label="borrows")
plt.plot([], [], "o", color="C1", label="the rows here alone")
plt.legend(loc="upper left")
plt.xlabel("accuracy on held-out rows, with 95% interval")
plt.title(f"Transfer {model.verdict_}: {len(X)} rows here, {len(X_there)} there")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "source_helps.png", dpi=120)
