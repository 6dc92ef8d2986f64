"""adapt's side of `tradaboost.py`; runs in adapt's environment: ``python tradaboost_adapt.py tasks.npz answers.npz``.

The base learners are the same as on our side and written out here, because this environment has no headstart.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from adapt.instance_based import TrAdaBoost, TrAdaBoostR2, TwoStageTrAdaBoostR2
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor


def main() -> None:
    """Answer every task of the file."""
    warnings.simplefilter("ignore")
    file, answers = np.load(sys.argv[1]), {}
    rounds, steps, stage_rounds, cv = (int(v) for v in file["options"])
    quiet = {"verbose": 0, "random_state": 0}
    tree = DecisionTreeRegressor(max_depth=6, random_state=0)
    methods = {
        "classes": {
            "svm": lambda: TrAdaBoost(LinearSVC(random_state=0), n_estimators=rounds, **quiet),
            "logistic": lambda: TrAdaBoost(LogisticRegression(max_iter=1000), n_estimators=rounds, **quiet),
        },
        "numbers": {
            "R2": lambda: TrAdaBoostR2(tree, n_estimators=rounds, **quiet),
            "two-stage": lambda: TwoStageTrAdaBoostR2(
                tree, n_estimators=steps, n_estimators_fs=stage_rounds, cv=cv, **quiet
            ),
        },
    }
    for i in range(int(file["n_tasks"])):
        task = {name: file[f"{i}/{name}"] for name in ("Xs", "ys", "Xt", "yt", "X_test")}
        for name, make in methods[str(file[f"{i}/kind"])].items():
            started = time.process_time()
            model = make()
            model.fit(task["Xs"], task["ys"], Xt=task["Xt"], yt=task["yt"])
            answers[f"{i}/{name}"] = np.ravel(model.predict(task["X_test"]))
            answers[f"{i}/{name}/seconds"] = np.array(time.process_time() - started)
    np.savez(sys.argv[2], **answers)


if __name__ == "__main__":
    main()
