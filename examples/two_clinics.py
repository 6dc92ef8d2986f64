"""Two tables for a first try: breast tumours from a large clinic and from a small one that measures otherwise.

    python examples/two_clinics.py two-clinics
    headstart fit two-clinics/here.csv --label tumour --source two-clinics/there.csv --out model

The rows are scikit-learn's breast cancer data. 60 of them stand for the small clinic, whose device gives all lengths in
other units and adds some noise; 300 others stand for the large one. The rest, without labels, is in more.csv.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

COLUMNS = ["mean radius", "mean texture", "mean smoothness", "mean concavity", "mean symmetry", "worst area"]


def tables(seed: int = 0) -> dict[str, pd.DataFrame]:
    """The three tables by name."""
    data = load_breast_cancer(as_frame=True)
    frame = data.data[COLUMNS].assign(tumour=np.where(data.target == 1, "benign", "malignant"))
    frame = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    here, there = frame.iloc[300:].copy(), frame.iloc[:300]
    rng = np.random.default_rng(seed)
    for column in ("mean radius", "worst area"):
        here[column] = (here[column] * 1.15 * rng.normal(1, 0.05, len(here))).round(3)
    here["device"] = rng.choice(["A", "B"], len(here))
    labelled, more = here.iloc[:60], here.iloc[60:].drop(columns="tumour")
    return {"here": labelled, "there": there, "more": more}


def main() -> None:
    """Write the tables as CSV files into the folder that was named."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "two-clinics")
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables().items():
        table.to_csv(folder / f"{name}.csv", index=False)
        print(folder / f"{name}.csv", f"{len(table)} rows")


if __name__ == "__main__":
    main()
