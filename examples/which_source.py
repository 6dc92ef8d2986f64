"""Which of four tables to borrow from, before anything is trained: `advise` ranks them by the gain to be expected."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import headstart
from headstart import Source

rng = np.random.default_rng(0)
rule = rng.normal(size=10)
X = rng.normal(size=(40, 10))
y = np.where(X @ rule > 0, "yes", "no")


def table(name, other, n=300):
    """A source whose rule differs from the target's by so much."""
    rows = rng.normal(size=(n, 10))
    return Source(rows, np.where(rows @ (rule + other) > 0, "yes", "no"), name=name)


sources = [
    table("nearly the same", 0.2 * rng.normal(size=10)),
    table("a cousin", 0.5 * rng.normal(size=10)),
    table("a stranger", 6 * rng.normal(size=10)),
    table("labels swapped", -2 * rule),
]
found = headstart.advise((X, y), sources)
print(found.words)


def named(entry):
    """The source, and how it is used where it is."""
    return entry["source"] if entry["gain"] is None else f"{entry['source']}:\n{entry['how'].split(',')[0]}"


plt.figure(figsize=(9, 5), layout="constrained")
for row, entry in enumerate(reversed(found.ranking)):
    if entry["gain"] is not None:
        plt.plot(np.multiply(entry["gain_interval"], 100), [row, row], color="C0", lw=6, alpha=0.35)
        plt.plot(100 * entry["gain"], row, "o", color="C0", ms=10)
    else:
        words = "refused: " + entry["why"].split(":")[0] if entry["verdict"] == "refused" else "borrow nothing"
        plt.text(0, row, f"  {words}", va="center", color="C3" if entry["verdict"] == "refused" else "grey")
plt.yticks(range(len(found.ranking)), [named(entry) for entry in reversed(found.ranking)])
plt.axvline(0, color="black", lw=0.8)
plt.ylim(-0.6, len(found.ranking) - 0.4)
plt.xlabel("gain to be expected, points of accuracy, with its interval")
plt.title("Advice from forty labels")
plt.savefig(Path(sys.argv[1] if len(sys.argv) > 1 else ".") / "which_source.png", dpi=120)
