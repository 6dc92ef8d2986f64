"""How honest is the sensitivity that stands beside a threshold? Thresholds chosen out of fold, counted on other rows.

    python benchmarks/thresholds.py [--repeats 100] [--asked 0.9] [--worth 0.5]

So many labels are drawn; the threshold that is to find a share of a class is chosen on the out-of-fold probabilities of
a logistic head, scaled as a fit scales them, and stated with the interval that the report prints. Then the head learns
from all of them, and all other rows are asked: what they show is the truth, but for their own number. Real sets of two
classes, and two normal clouds in ten dimensions of which 20,000 rows are the truth. "Held" is the share of draws in
which the interval held the truth; 95% is what it promises of answers by the same model.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from held_out import out_of_fold, shares
from sklearn.feature_extraction.text import HashingVectorizer

from common import DATA, digits, need_data, parser
from headstart.errors import ParameterError
from headstart.guard.evidence.use import OUT_OF_FOLD
from headstart.math.statistics.calibration import calibrated, temperature
from headstart.math.statistics.probability import logits, probabilities
from headstart.math.statistics.two_classes import operating_points, predictive_values

LABELS = (60, 150, 400)


def halved(pictures: np.ndarray) -> np.ndarray:
    """Pictures of 28 x 28 as rows of 14 x 14 means."""
    return (pictures.reshape(len(pictures), 14, 2, 14, 2) / 255.0).mean(axis=(2, 4)).reshape(len(pictures), -1)


def sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Features and whether a row is of the class that is looked for."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    file = np.load(DATA / "pneumonia_mnist" / "pneumonia28.npz")
    X = np.concatenate([file[key] for key in file.files if key.endswith("images") or key.startswith("x")])
    y = np.concatenate([file[key] for key in file.files if key.endswith("labels") or key.startswith("y")]).ravel()
    found["pneumonia, 14 x 14"] = (halved(X), y == 1)
    X, y = digits()
    kept = np.isin(y, [4, 9])
    found["handwritten 4 and 9"] = (halved(X[kept]), y[kept] == 9)
    sms = pd.read_csv(DATA / "sms_spam" / "sms_spam.csv.gz")
    words = HashingVectorizer(n_features=256, alternate_sign=False).transform(sms["text"]).toarray()
    found["spam"] = (words, (sms["label"] == "spam").to_numpy())
    rng = np.random.default_rng(0)
    y = rng.random(20_000) < 0.3
    found["two clouds"] = (rng.normal(size=(20_000, 10)) + 0.5 * y[:, None], y)
    return found


def draw(X: np.ndarray, positive: np.ndarray, n: int, asked: float, seed: int, worth: float) -> dict[str, float] | None:
    """What was stated and what was true of one draw; None where so few cannot promise it."""
    order = np.random.default_rng([seed, n]).permutation(len(X))
    now, rest = order[:n], order[n:]
    codes = positive.astype(int)
    raw = out_of_fold(X[now], codes[now], 2, seed)
    fold = np.random.default_rng(seed).permutation(n) % 5  # as out_of_fold has them
    held = calibrated(codes[now], raw, fold)
    points = operating_points(held[:, 1], positive[now], worth=worth)
    try:
        k = points.finding(asked)
    except ParameterError:
        return None
    warmth = temperature(logits(raw, multilabel=False), codes[now])
    scores = logits(shares(X[now], codes[now], 2, X[rest]), multilabel=False)
    new = probabilities(scores / warmth, multilabel=False)
    taken, of = new[:, 1] >= points.threshold[k], positive[rest]
    truth = {"sensitivity": float(taken[of].mean()), "specificity": float((~taken[~of]).mean())}
    told = {"sensitivity": points.sensitivity[k], "specificity": points.specificity[k]}
    found: dict[str, float] = {}
    for name, value in truth.items():
        found |= {f"stated {name}": float(told[name][0]), name: value}
        found[f"{name} held"] = float(told[name][1] <= value <= told[name][2])
    sides = [tuple(told[name].tolist()) for name in truth]
    value = predictive_values(sides[0], sides[1], 0.05)[0]
    right, alarm = 0.05 * truth["sensitivity"], 0.95 * (1 - truth["specificity"])
    found["PPV held"] = float(value is not None and value[1] <= right / (right + alarm) <= value[2])
    return found


def main() -> None:
    assert __doc__ is not None, "written above"
    given = parser(__doc__, 100)
    given.add_argument("--asked", type=float, default=0.9)
    given.add_argument("--worth", type=float, default=OUT_OF_FOLD, help="of an answer out of fold")
    told = given.parse_args()
    need_data()
    print("| set | labels | draws | stated | true | held | specificity stated | true | held | PPV at 5% held |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, (X, positive) in sets().items():
        for n in LABELS:
            found = [one for seed in range(told.repeats) if (one := draw(X, positive, n, told.asked, seed, told.worth))]
            if not found:
                continue
            mean = {key: 100 * float(np.mean([one[key] for one in found])) for key in found[0]}
            print(
                f"| {name} | {n} | {len(found)} | {mean['stated sensitivity']:.1f} | {mean['sensitivity']:.1f} | "
                f"{mean['sensitivity held']:.0f}% | {mean['stated specificity']:.1f} | {mean['specificity']:.1f} | "
                f"{mean['specificity held']:.0f}% | {mean['PPV held']:.0f}% |",
                flush=True,
            )


if __name__ == "__main__":
    main()
