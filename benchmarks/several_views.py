"""Several views of the same objects: what joining them is worth, with gaps, with noise, and beside other libraries.

    python benchmarks/several_views.py [--repeats 10] [--only digits] [--setting noise] [--peers PYTHON]

``digits``: handwritten digits in six views (pixels, moments, ...; multiview_digits), 5 labels a class, 30% of the views
missing at random, and a seventh view of pure noise. ``pairs``: a picture of a digit (mnist_subset, starter:pictures)
with a spoken one of the same class (spoken_digits, starter:speech), 2 labels a class; the same gaps and noise, and
gaps in the rows without labels alone.
``columns``: photos with columns that their files give (chest_xray and office_caltech10_images: bytes, brightness,
contrast, width, height, shop), 10 labels a class.

Every row of a draw that has no label is tested. *With unlabelled rows* half of them are learned from without labels
and the other half is tested; *transductive*: all of them are learned from without labels, and tested. Means in % over
the draws, the standard error of the mean behind; *worst*: the lowest difference to the best single view in any draw,
where the best single view is the one that is best on the test rows. *Competent*: columns joined, gaps filled with
means, StandardScaler, LogisticRegression.

``--peers``: a Python with mvlearn and cca_zoo; each that is not installed is left out, and that is said. They take no
gaps: these are filled with means. Their scores are classified by LogisticRegression, as those of `MultiViewCCA` are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import DATA, digits, need_data, parser
from headstart import CoTrainingClassifier, MultiViewCCA, MultiViewClassifier
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

PEERS = """
import json, sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
warnings.simplefilter("ignore")
draw, found = np.load(sys.argv[1]), {}
views = [draw[f"view{i}"] for i in range(int(draw["n"]))]
train, more, test, y = draw["train"], draw["more"], draw["test"], draw["y"]
views = [np.where(np.isnan(X), np.nanmean(X, axis=0), X) for X in views]
views = [StandardScaler().fit_transform(X) for X in views]
rows = np.r_[train, more]
def judged(name, scores):
    Z = np.nan_to_num(np.asarray(scores))
    Z = Z / np.maximum(Z[rows].std(axis=0), 1e-9)
    found[name] = LogisticRegression(max_iter=1000).fit(Z[train], y[train]).score(Z[test], y[test])
def tried(name, way):
    try:
        judged(name, way())
    except Exception as error:
        found[name] = f"{type(error).__name__}: {str(error)[:80]}"
def mvlearn_gcca():
    from mvlearn.embed import GCCA
    model = GCCA(n_components=10).fit([X[rows] for X in views])
    return np.mean(model.transform(views), axis=0)
def mvlearn_mcca():
    from mvlearn.embed import MCCA
    model = MCCA(n_components=10, regs=0.1).fit([X[rows] for X in views])
    return np.mean([model.transform_view(X, i) for i, X in enumerate(views)], axis=0)
def zoo(ridge):
    from cca_zoo.linear import GCCA
    model = GCCA(n_components=10, shrinkage=ridge).fit([X[rows] for X in views])
    return np.mean(model.transform(views), axis=0)
tried("mvlearn GCCA", mvlearn_gcca)
tried("mvlearn MCCA, ridge 0.1", mvlearn_mcca)
tried("cca_zoo GCCA", lambda: zoo(0.0))
tried("cca_zoo GCCA, ridge 0.1", lambda: zoo(0.1))
try:
    from mvlearn.semi_supervised import CTClassifier
    if len(views) == 2:
        makes = lambda: LogisticRegression(max_iter=1000)
        known = np.r_[y[train].astype(float), np.full(len(more), np.nan)]
        model = CTClassifier(makes(), makes(), random_state=0).fit([X[rows] for X in views], known)
        found["mvlearn CTClassifier"] = float(np.mean(model.predict([X[test] for X in views]) == y[test]))
except Exception as error:
    found["mvlearn CTClassifier"] = f"{type(error).__name__}: {str(error)[:80]}"
json.dump(found, open(sys.argv[2], "w"))
"""


@dataclass(frozen=True)
class Draw:
    """Rows with labels, and those that are tested."""

    X: Any
    y: np.ndarray
    views: dict[str, Any]
    train: np.ndarray
    test: np.ndarray

    def rows(self, index: np.ndarray) -> Any:
        """Some of the rows."""
        return self.X.iloc[index] if hasattr(self.X, "iloc") else self.X[index]


def numbers(
    seed: int, parts: list[np.ndarray], y: np.ndarray, each: int, missing: float, noise: bool, known: bool = True
) -> Draw:
    """A draw of views of numbers; with ``known=False`` rows with labels have all of theirs."""
    rng = np.random.default_rng(seed)
    parts = [*parts, rng.normal(size=(len(y), 100))] if noise else parts
    present = rng.random((len(y), len(parts))) >= missing
    none = np.flatnonzero(~present.any(axis=1))
    present[none, rng.integers(len(parts), size=len(none))] = True
    train, test = divided(y, each, rng)
    present[train] |= not known
    parts = [np.where(there[:, None], part, np.nan) for part, there in zip(parts, present.T, strict=True)]
    ends = np.cumsum([0, *(part.shape[1] for part in parts)])
    views = {f"view {i + 1}": slice(int(a), int(b)) for i, (a, b) in enumerate(pairwise(ends))}
    return Draw(np.concatenate(parts, axis=1), y, views, train, test)


def divided(y: np.ndarray, each: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """So many rows a class, and the rest."""
    order = rng.permutation(len(y))
    train = np.concatenate([order[y[order] == label][:each] for label in np.unique(y)])
    return train, np.setdiff1d(np.arange(len(y)), train)


def six_views() -> tuple[list[np.ndarray], np.ndarray]:
    """multiview_digits."""
    file = np.load(DATA / "multiview_digits" / "mfeat.npz")
    names = ("fac", "fou", "kar", "mor", "pix", "zer")
    return [file[name].astype(np.float64) for name in names], file["y"].astype(int).ravel()


def picture_and_sound() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and labels of pictures of digits, and of spoken ones."""
    pictures, of_pictures = digits()
    files = sorted((DATA / "spoken_digits").glob("*.flac"))
    spoken = np.array([int(file.stem.split("_")[0]) for file in files])
    seen = embed(load_network("starter:pictures", input_type="image"), pictures).output
    heard = embed(load_network("starter:speech", input_type="audio"), [str(file) for file in files]).output
    return seen.astype(np.float64), of_pictures.astype(int), heard.astype(np.float64), spoken


def paired(seed: int, found: tuple[np.ndarray, ...]) -> tuple[list[np.ndarray], np.ndarray]:
    """Every spoken digit with a picture of the same class, each used once."""
    seen, of_pictures, heard, spoken = found
    rng, rows = np.random.default_rng(1000 + seed), []
    for label in range(10):
        clips = np.flatnonzero(spoken == label)
        rows.append(np.column_stack([rng.permutation(np.flatnonzero(of_pictures == label))[: len(clips)], clips]))
    both = np.concatenate(rows)
    return [seen[both[:, 0]], heard[both[:, 1]]], spoken[both[:, 1]]


def with_columns(name: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Photos with what their files tell: a table as a user has it."""
    files = sorted((DATA / name).glob("**/*.jpg"))
    rows = []
    for file in files:
        with Image.open(file) as picture:
            grey = np.asarray(picture.convert("L"), dtype=np.float64)
            size = picture.size
        row = {"photo": str(file), "bytes": file.stat().st_size, "brightness": grey.mean(), "contrast": grey.std()}
        if name.startswith("office"):
            row |= {"width": size[0], "height": size[1], "shop": file.parts[-3]}
        rows.append(row)
    return pd.DataFrame(rows), np.array([file.parent.name for file in files])


def draws(name: str, repeats: int) -> Iterator[tuple[str, Iterator[Draw]]]:
    """The settings of a part, with their draws."""
    if name == "digits":
        parts, y = six_views()
        for words, missing, noise in (("whole", 0.0, False), ("30% missing", 0.3, False), ("and noise", 0.0, True)):
            yield words, (numbers(seed, parts, y, 5, missing, noise) for seed in range(repeats))
    elif name == "pairs":
        found = picture_and_sound()
        for words, missing, noise in (("whole", 0.0, False), ("30% missing", 0.3, False), ("and noise", 0.0, True)):
            yield words, (numbers(seed, *paired(seed, found), 2, missing, noise) for seed in range(repeats))
        whole = (numbers(seed, *paired(seed, found), 2, 0.3, False, known=False) for seed in range(repeats))
        yield "30% missing where there is no label", whole
    else:
        for data in ("chest_xray", "office_caltech10_images"):
            frame, y = with_columns(data)
            views = {"picture": "photo", "columns": [column for column in frame.columns if column != "photo"]}
            rng = [np.random.default_rng(seed) for seed in range(repeats)]
            yield data, (Draw(frame, y, views, *divided(y, 10, one)) for one in rng)


def competent(draw: Draw) -> float:
    """Columns joined, as a competent user does today."""
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=1000))
    return float(model.fit(draw.X[draw.train], draw.y[draw.train]).score(draw.X[draw.test], draw.y[draw.test]))


def judged(
    draw: Draw, test: np.ndarray, more: np.ndarray | None = None, kind: Any = MultiViewClassifier, **how: Any
) -> float:
    """Share of the test rows that are right."""
    extra = {} if more is None else {"unlabelled": draw.rows(more)}
    model = kind(draw.views, **extra, **how).fit(draw.rows(draw.train), draw.y[draw.train])
    return float(model.score(draw.rows(test), draw.y[test]))


def correlated(draw: Draw, test: np.ndarray, more: np.ndarray) -> float:
    """Logistic regression on the scores of `MultiViewCCA`."""
    model = MultiViewCCA(draw.views, n_components=10, unlabelled=draw.rows(more)).fit(draw.rows(draw.train))
    spread = np.maximum(model.transform(draw.rows(more)).std(axis=0), 1e-9)
    scores = [model.transform(draw.rows(rows)) / spread for rows in (draw.train, test)]
    found = LogisticRegression(max_iter=1000).fit(scores[0], draw.y[draw.train])
    return float(found.score(scores[1], draw.y[test]))


def measured(draw: Draw, seed: int, python: str | None) -> dict[str, Any]:
    """All ways on one draw, in %."""
    found: dict[str, Any] = {}
    mixed = np.random.default_rng(seed).permutation(draw.test)
    more, later = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
    for name in draw.views:
        found[name] = judged(draw, draw.test, fusion=name)
    if not hasattr(draw.X, "iloc"):
        found["competent"] = competent(draw)
    for fusion in ("best view", "joint", "product", "auto"):
        found[fusion] = judged(draw, draw.test, fusion=fusion)
    for words, rows, test in (("unlabelled", more, later), ("transductive", draw.test, draw.test)):
        for fusion in ("product", "discriminant", "auto"):
            found[f"{fusion}, {words}"] = judged(draw, test, rows, fusion=fusion)
    found["MultiViewCCA, unlabelled"] = correlated(draw, later, more)
    found["co-training, unlabelled"] = judged(draw, later, more, kind=CoTrainingClassifier)
    if python is not None and not hasattr(draw.X, "iloc"):
        found |= beside(draw, more, later, python)
    return found


def beside(draw: Draw, more: np.ndarray, test: np.ndarray, python: str) -> dict[str, Any]:
    """What other libraries reach on the same draw."""
    with tempfile.TemporaryDirectory() as folder:
        given, said = Path(folder, "draw.npz"), Path(folder, "found.json")
        parts = {f"view{i}": draw.X[:, columns] for i, columns in enumerate(draw.views.values())}
        np.savez(given, n=len(parts), train=draw.train, more=more, test=test, y=draw.y, **parts)
        subprocess.run([python, "-c", PEERS, str(given), str(said)], check=True, capture_output=True)
        return dict(json.loads(said.read_text()))


def told(name: str, words: str, found: list[dict[str, Any]], views: list[str]) -> None:
    """A line a way: mean, standard error, worst difference to the best single view."""
    best = max(views, key=lambda view: np.mean([one[view] for one in found]))
    print(f"\n{name}, {words}: {len(found)} draws, best single view {best}", flush=True)
    for way in found[0]:
        values = [one[way] for one in found]
        if any(isinstance(value, str) for value in values):
            print(f"  {way:28s} {next(value for value in values if isinstance(value, str))}")
            continue
        figures = 100 * np.array(values)
        worst = (figures - 100 * np.array([one[best] for one in found])).min()
        error = figures.std(ddof=1) / np.sqrt(len(figures)) if len(figures) > 1 else float("nan")
        print(f"  {way:28s} {figures.mean():5.1f} +- {error:.1f}   worst {worst:+.1f}", flush=True)


def main() -> None:
    """Measure and print."""
    made = parser(__doc__ or "", 10)
    made.add_argument("--only", choices=("digits", "pairs", "columns"))
    made.add_argument("--setting", default="", help="only settings whose name holds this, as 30%%")
    made.add_argument("--peers", help="a Python that has mvlearn and cca_zoo")
    asked = made.parse_args()
    need_data()
    warnings.simplefilter("ignore")
    started = time.process_time()
    for name in [asked.only] if asked.only else ["digits", "pairs", "columns"]:
        for words, some in draws(name, asked.repeats):
            if asked.setting not in words:
                continue
            found, views = [], []
            for seed, draw in enumerate(some):
                views = list(draw.views)
                found.append(measured(draw, seed, asked.peers))
                print(f"{name}, {words}, draw {seed + 1}: {json.dumps(found[-1])}", file=sys.stderr, flush=True)
            told(name, words, found, views)
    print(f"\n{time.process_time() - started:.0f} CPU seconds", file=sys.stderr)


if __name__ == "__main__":
    main()
