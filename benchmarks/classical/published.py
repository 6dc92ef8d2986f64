"""Published tables of classical adaptation, reproduced, and what adaptation reaches there without target labels.

    python benchmarks/classical/published.py [--only surf coil amazon]

The settings are the papers' or the package's defaults, or follow from the source (its number of classes, its class
shares). No method sees a label of the target. But the two rows that go beyond the papers, nearest-first labelling on
COIL and self-training in the source's class shares on amazon, were found while looking at these very figures, among
about twenty variants: expect less on other data.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, issparse, vstack
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from common import DATA, need_data
from headstart import (
    CORAL,
    AlignedClassifier,
    BalancedDistributionAdaptation,
    GeodesicFlowKernel,
    GradualSelfTrainingClassifier,
    JointDistributionAdaptation,
    ManifoldEmbeddedAlignment,
    Source,
    SubspaceAlignment,
    TransferComponentAnalysis,
    TransferJointMatching,
)

Labelled = tuple[Any, np.ndarray]
#: (source rows, source labels, target rows) -> labels of the target rows
Way = Callable[[Any, np.ndarray, Any], np.ndarray]
#: name, way, published figures (nan where there is none)
Row = tuple[str, Way, tuple[float, float]]
NONE = (float("nan"), float("nan"))


def surf() -> Iterator[tuple[Labelled, Labelled]]:
    """amazon -> dslr and back, visual words counted (n, 800)."""
    files = [np.load(DATA / "office_caltech10_surf" / f"{name}.npz") for name in ("amazon", "dslr")]
    one, two = [(file["x"].astype(float), file["y"]) for file in files]
    yield one, two
    yield two, one


def coil() -> Iterator[tuple[Labelled, Labelled]]:
    """Views 0-85 and 180-265 degrees -> the others and back, pixels (720, 1024)."""
    file = np.load(DATA / "coil20_pair" / "coil1_coil2.npz")
    one, two = (file["x_src"].astype(float), file["y_src"]), (file["x_tar"].astype(float), file["y_tar"])
    yield one, two
    yield two, one


def amazon() -> Iterator[tuple[Labelled, Labelled]]:
    """books -> electronics and back, words counted (2000, 5000)."""
    sides = []
    for name in ("books", "electronics"):
        file = np.load(DATA / "amazon_reviews_bow" / f"{name}.npz")
        parts = (file["train_data"].astype(float), file["train_indices"], file["train_indptr"])
        sides.append((csr_matrix(parts, shape=(len(file["train_y"]), 5000)), file["train_y"]))
    yield sides[0], sides[1]
    yield sides[1], sides[0]


def untransferred(estimator: Any, preprocess: Any, scope: str) -> Way:
    """The estimator on the source's rows, both sides preprocessed."""

    def predict(Xs: Any, ys: np.ndarray, Xt: Any) -> np.ndarray:
        both = vstack([Xs, Xt]) if issparse(Xs) else np.vstack([Xs, Xt])
        steps = [clone(preprocess).fit(both if scope == "joint" else side) for side in (Xs, Xt)]
        return clone(estimator).fit(steps[0].transform(Xs), ys).predict(steps[1].transform(Xt))

    return predict


def aligned(mapping: Any, preprocess: Any, scope: str, estimator: Any = None) -> Way:
    """One nearest neighbour, or another estimator, on mapped source rows."""
    model = AlignedClassifier(
        mapping, estimator or KNeighborsClassifier(1), preprocess=preprocess, preprocess_scope=scope
    )
    return lambda Xs, ys, Xt: clone(model).set_params(source=Source(Xs, ys)).fit(Xt).predict(Xt)


def fitted(model: Any) -> Way:
    """A classifier of the package with a source."""
    return lambda Xs, ys, Xt: clone(model).set_params(source=Source(Xs, ys)).fit(Xt).predict(Xt)


def transductive(mapping: Any) -> Way:
    """A mapping whose labels of the target's rows are the answer."""
    return lambda Xs, ys, Xt: clone(mapping).set_params(source=Source(Xs, ys)).fit(Xt).pseudo_labels_


def surf_rows() -> list[Row]:
    """Published protocol: rows divided by their sum, standardised per domain, most of them then at unit length."""
    shares, scope = make_pipeline(Normalizer("l1"), StandardScaler()), "per-domain"
    unit = make_pipeline(Normalizer("l1"), StandardScaler(), Normalizer("l2"))
    tca, nearest = TransferComponentAnalysis(30, unit_length=True), KNeighborsClassifier(1)
    options: dict[str, Any] = {"kernel": "linear", "unit_length": True}
    weighted = BalancedDistributionAdaptation(30, class_weighted=True, **options)
    meda = ManifoldEmbeddedAlignment(preprocess=shares, preprocess_scope=scope)
    logistic = LogisticRegression(max_iter=1000)
    return [
        ("1-NN", untransferred(nearest, shares, scope), (25.5, 28.5)),
        ("1-NN, rows at unit length", untransferred(nearest, unit, scope), NONE),
        (
            "TCA (30, 1), lengths of the tables",
            aligned(clone(tca).set_params(lengths="coefficients"), unit, scope),
            TCA,
        ),
        ("TCA (30, 1), lengths of the constraint", aligned(tca, unit, scope), TCA),
        ("GFK (20)", aligned(GeodesicFlowKernel(20), shares, scope), (40.1, 28.7)),
        ("SA (20)", aligned(SubspaceAlignment(20), shares, scope), NONE),
        ("JDA (30, 1)", aligned(JointDistributionAdaptation(30, **options), unit, scope), (42.0, 33.4)),
        ("BDA (30, 1)", aligned(BalancedDistributionAdaptation(30, **options), unit, scope), NONE),
        ("W-BDA (30, 1)", aligned(weighted, unit, scope), NONE),
        ("TJM (20, 1)", aligned(TransferJointMatching(20, unit_length=True), unit, scope), NONE),
        ("CORAL + logistic regression", aligned(CORAL(), shares, scope, logistic), (39.5, 37.7)),
        ("MEDA, defaults", fitted(meda), (45.9, 41.2)),
    ]


def coil_rows() -> list[Row]:
    """Rows at unit length; components: 100, or as many as classes."""
    unit, options = Normalizer(), {"penalty": 0.1, "unit_length": True}
    walking = JointDistributionAdaptation(20, labelling="nearest-first", preprocess=unit, **options)
    return [
        ("1-NN", untransferred(KNeighborsClassifier(1), unit, "joint"), (83.6, 82.8)),
        ("JDA (100, .1)", aligned(JointDistributionAdaptation(100, **options), unit, "joint"), (90.1, 88.6)),
        ("JDA (20, .1)", aligned(JointDistributionAdaptation(20, **options), unit, "joint"), (96.0, 94.7)),
        ("JDA (20, .1), labels nearest first", transductive(walking), NONE),
        ("MEDA, defaults", fitted(ManifoldEmbeddedAlignment(preprocess=unit)), NONE),
    ]


def amazon_rows() -> list[Row]:
    """tf-idf with logarithmic counts, fitted on both sides; 2,000 labelled reviews, 2,000 without labels."""
    tfidf = TfidfTransformer(sublinear_tf=True)
    plain = GradualSelfTrainingClassifier(preprocess=tfidf)
    return [
        ("logistic regression", untransferred(LogisticRegression(max_iter=1000), tfidf, "joint"), NONE),
        ("the same, C = 10", untransferred(LogisticRegression(C=10, max_iter=1000), tfidf, "joint"), NONE),
        ("self-training, defaults", fitted(plain), NONE),
        ("self-training, the source's class shares", fitted(clone(plain).set_params(class_shares="source")), NONE),
    ]


TCA = (35.7, 32.8)
SETS: dict[str, tuple[Callable[[], Iterator[tuple[Labelled, Labelled]]], Callable[[], list[Row]], str]] = {
    "surf": (surf, surf_rows, "amazon -> dslr, dslr -> amazon"),
    "coil": (coil, coil_rows, "1 -> 2, 2 -> 1"),
    "amazon": (amazon, amazon_rows, "books -> electronics, electronics -> books"),
}


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SETS, default=list(SETS))
    chosen = parser.parse_args().only
    need_data()
    for name in chosen:
        pairs, rows, ways = SETS[name]
        print(
            f"\n{name} ({ways}): accuracy in %, without target labels\n| method | there | back | mean | published | s |"
        )
        print("| --- | --- | --- | --- | --- | --- |")
        for words, way, published in rows():
            started, cells = time.process_time(), []
            for (Xs, ys), (Xt, yt) in pairs():
                cells.append(100 * float(np.mean(way(Xs, ys, Xt) == yt)))
            seconds = time.process_time() - started
            known = "" if np.isnan(published[0]) else f"{published[0]} / {published[1]}"
            print(
                f"| {words} | {cells[0]:.1f} | {cells[1]:.1f} | {np.mean(cells):.1f} | {known} | {seconds:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
