"""What "80% sure" means, for naive Bayes and for the guard.

Naive Bayes counts the same evidence over and over; the guard's probabilities are measured on rows held out.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss
from sklearn.naive_bayes import GaussianNB

from headstart import SafeTransferClassifier, Source

X, y = make_classification(4000, 20, n_informative=3, n_redundant=12, flip_y=0.2, random_state=0)
here, there, new = slice(0, 150), slice(150, 500), slice(500, None)
safe = SafeTransferClassifier(source=Source(X[there], y[there], name="there"), budget=10).fit(X[here], y[here])
naive = GaussianNB().fit(X[here], y[here])

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
left.plot([0, 100], [0, 100], color="grey", ls=":", label="as it should be")
for name, model, colour in [("naive Bayes", naive, "C1"), ("SafeTransferClassifier", safe, "C0")]:
    chance = model.predict_proba(X[new])[:, 1]
    came, said = calibration_curve(y[new], chance, n_bins=8)
    left.plot(100 * said, 100 * came, "-o", color=colour, label=f"{name}, Brier {brier_score_loss(y[new], chance):.3f}")
    right.hist(100 * chance, bins=25, color=colour, alpha=0.6, label=name)
left.set(xlabel="said: probability, %", ylabel="came true, %", title="Reliability on 3,500 new rows")
right.set(xlabel="said: probability, %", ylabel="rows", title="How often each is said")
left.legend()
right.legend()
figure.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "calibrated.png", dpi=120)
