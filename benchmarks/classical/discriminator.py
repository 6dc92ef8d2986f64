"""Discriminator weights by leave-one-out in closed form against five folds: accuracy and time on the small tasks.

    python benchmarks/classical/discriminator.py [--seeds 3]

Each fits `ImportanceWeightedClassifier` (or its like for numbers) on the source without target labels; printed are
points (accuracy, or R2 not under -100), and CPU seconds of the weights alone, both taken in turn. On two draws of the
tasks: 45.7 against 42.8 points in the mean, .3 more without the one task (digits of other writers, 51 against 10) where
a fold without some pixels goes astray; .07 s against .10. Tasks of more than 1,000 columns and rows take folds anyway.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from accuracy import score
from sklearn.linear_model import LogisticRegression, Ridge
from small_tasks import NUMBERS, TASKS, available

from headstart import DiscriminatorRatio, ImportanceWeightedClassifier, ImportanceWeightedRegressor, Source


def main() -> None:
    """A line a task, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    ways = {"left out": DiscriminatorRatio(random_state=0), "five folds": DiscriminatorRatio(n_folds=5, random_state=0)}
    every: list[list[float]] = []
    for name in available(None):
        numbers, found = name in NUMBERS, []
        kind = ImportanceWeightedRegressor if numbers else ImportanceWeightedClassifier
        for seed in range(options.seeds):
            task, line = TASKS[name](seed), []
            rows = np.vstack([task.Xt_labelled, task.Xt_unlabelled])
            for weighting in ways.values():
                started = time.process_time()
                weighting.fit(task.Xs, rows)
                seconds = time.process_time() - started
                base = Ridge() if numbers else LogisticRegression(max_iter=1000)
                model = kind(base, weighting, source=Source(task.Xs, task.ys), random_state=0).fit(rows)
                line += [score(name, task.y_test, model.predict(task.X_test)), seconds]
            found.append(line)
        every.append(list(np.mean(found, axis=0)))
        print(f"{name:28}" + " ".join(f"{a:8.2f}" for a in every[-1]), flush=True)
    print(f"{'mean':28}" + " ".join(f"{a:8.2f}" for a in np.mean(every, axis=0)), list(ways))


if __name__ == "__main__":
    main()
