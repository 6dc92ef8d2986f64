"""How often does the verdict say *helps* (or *hurts*) where nothing can help? Shuffled labels, each kind of input.

In every draw 60 examples get labels by chance, so no way to learn is better than another, and what is borrowed says
nothing of them. The ways of both sides are run on the guard's own folds, and its verdict is read.

tables    the candidates of `table_candidates` that are linear or pool rows (no trees, no boosting), rows of the
          concrete set with another part of it as the source; once with classes, once with numbers, once in groups of
          three
pictures  linear models on simple features and on the features of a random network (without), on the starter's features
          with two penalties (with)
clips     the same with the speech starter
texts     linear models on tf-idf of words, two penalties (without); on the 64 leading components of another set of
          texts, two penalties (with)

Networks run once; trained candidates (all layers, blocks) are not run here: the verdict sees their out-of-fold
predictions as it sees these. Run it with ``python benchmarks/type_one.py [--quick] [--write docs/truth.md]``.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from coverage import write
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from common import DATA, folder_pictures, need_data
from headstart import Source
from headstart.data.clips.clips import Clips
from headstart.data.pictures.pictures import Pictures
from headstart.data.sets.splits import folds
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.for_tables import table_candidates
from headstart.guard.candidates.material import Material
from headstart.guard.choosing.choose import tabulate
from headstart.guard.choosing.verdict import verdict
from headstart.guard.comparing.out_of_fold import fit_on, fold_numbers, predict_on
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed

N = 60
_TITLE = "## How often does it say *helps* where nothing can help?"
Draw = Callable[[np.random.Generator], tuple[Material, list[Candidate]]]


def judged(material: Material, candidates: list[Candidate], seed: int) -> str:
    """The word of the verdict on the guard's folds."""
    splits = folds(material.target, material.task, groups=material.groups, n_splits=5, random_state=seed)
    predictions = []
    for candidate in candidates:
        parts = [predict_on(fit_on(candidate, material, train), candidate, material, test) for train, test in splits]
        whole = np.empty((len(material), *parts[0].shape[1:]))
        for (_, test), part in zip(splits, parts, strict=True):
            whole[test] = part
        predictions.append([whole])
    transfer = [candidate.transfer for candidate in candidates]
    fold = [fold_numbers(splits, len(material))]
    table = tabulate(material.task, material.target, predictions, fold, transfer, material.groups)
    return str(verdict(table, transfer_used=True, random_state=seed)["word"])


def concrete() -> np.ndarray:
    """Rows of numbers, standardised."""
    file = next((DATA / "concrete").glob("*.csv"))
    return StandardScaler().fit_transform(pd.read_csv(file).select_dtypes("number").to_numpy())


def tables(task: str, grouped: bool) -> Draw:
    """Rows with labels by chance, and a source that has real ones."""
    rows = concrete()
    X, y = rows[:, :-1], rows[:, -1]

    def draw(rng: np.random.Generator) -> tuple[Material, list[Candidate]]:
        order = rng.permutation(len(X))
        mine, other = order[:N], order[N : 4 * N]
        target = rng.permutation(np.arange(N) % 2) if task == "classification" else rng.normal(size=N)
        known = (y[other] > 0).astype(int) if task == "classification" else y[other]
        groups = np.arange(N) // 3 if grouped else None
        material = Material(X[mine], target, task, groups, sources=(Source(X[other], known),))
        costly = ("trees", "TrAdaBoost", "forest", "importance")
        return material, [c for c in table_candidates(material) if not any(word in c.name for word in costly)]

    return draw


def on_features(without: list[np.ndarray], with_: list[np.ndarray]) -> Draw:
    """Ready features of the same examples, cut side by side; each candidate reads its own columns."""
    blocks = [*without, *with_]
    ends = np.cumsum([0, *(block.shape[1] for block in blocks)])
    X = np.hstack(blocks)

    def draw(rng: np.random.Generator) -> tuple[Material, list[Candidate]]:
        rows = rng.permutation(len(X))[:N]
        material = Material(X[rows], rng.permutation(np.arange(N) % 2), "classification")
        candidates = []
        for b, (start, end) in enumerate(pairwise(ends.tolist())):
            for penalty in (1.0, 0.03):
                model = make_pipeline(Columns(start, end), StandardScaler(), LogisticRegression(C=penalty))
                candidates.append(Candidate(f"{b} {penalty}", model, b >= len(without), "linear"))
        return material, candidates

    return draw


class Columns(TransformerMixin, BaseEstimator):
    """Some columns as they are."""

    def __init__(self, start: int = 0, end: int = 0) -> None:
        self.start, self.end = start, end

    def fit(self, X: np.ndarray, y: object = None) -> Columns:
        """Nothing to learn."""
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """The columns."""
        return X[:, self.start : self.end]


def inputs(kind: str) -> Draw:
    """Pictures or clips: simple features and an untaught network against the starter."""
    if kind == "pictures":
        things, network = Pictures(folder_pictures("hymenoptera", "train")[0][:200]), load_network("starter:pictures")
    else:
        files = sorted((DATA / "spoken_digits").rglob("*.flac"))
        chosen = np.random.default_rng(0).permutation(len(files))[:200]
        things, network = Clips([str(files[i]) for i in chosen]), load_network("starter:speech")
    seen = Material(things, np.arange(len(things)) % 2, "classification", network=network)
    assert seen.simple_features is not None and seen.network_features is not None
    untaught = embed(random_network(network, 0), things).output
    return on_features([seen.simple_features, untaught], [seen.network_features.output])


def texts() -> Draw:
    """Sentences: their own words against the components of other texts."""

    def read(name: str) -> list[str]:
        files = sorted((DATA / name).glob("*.csv*")) + sorted((DATA / name).glob("*.t*"))
        frame = pd.read_csv(files[0], sep=None, engine="python", nrows=1500, on_bad_lines="skip")
        longest = max(frame.columns, key=lambda column: frame[column].astype(str).str.len().mean())
        return frame[longest].astype(str).tolist()

    mine, other = read("movie_sentences")[:400], read("ag_news_subset")
    words = TfidfVectorizer(max_features=400).fit_transform(mine).toarray()
    borrowed = make_pipeline(TfidfVectorizer(min_df=2), TruncatedSVD(64, random_state=0)).fit(other)
    return on_features([words], [borrowed.transform(mine)])


def kinds() -> dict[str, Callable[[], Draw]]:
    """What is drawn from, by name."""
    return {
        "tables, classes": lambda: tables("classification", False),
        "tables, classes in groups": lambda: tables("classification", True),
        "tables, numbers": lambda: tables("regression", False),
        "pictures": lambda: inputs("pictures"),
        "clips": lambda: inputs("clips"),
        "texts": texts,
    }


def rates(draw: Draw, draws: int, first: int = 0) -> dict[str, int]:
    """How often each word was said."""
    words: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(first, first + draws):
            words.append(judged(*draw(np.random.default_rng(seed)), seed))
    return {word: words.count(word) for word in ("helps", "hurts", "no evidence either way")}


def main() -> None:
    """Print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--only", default="", help="kinds whose name holds these words")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    need_data()
    draws = 20 if arguments.quick else arguments.draws
    lines = ["| input | draws | helps | hurts | no evidence either way |", "|---|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)
    for name, make in kinds().items():
        if arguments.only not in name:
            continue
        found = rates(make(), draws, arguments.seed)
        each = " | ".join(f"{count} ({100 * count / draws:.1f}%)" for count in found.values())
        lines.append(f"| {name} | {draws} | {each} |")
        print(lines[-1], flush=True)
    if arguments.write:
        words = (
            f"{N} examples with labels by chance, the guard's folds, table and verdict, {draws} draws a kind. Tables "
            "run the candidates that are linear or pool rows; pictures, clips and texts linear models on ready "
            "features, two penalties each (see the first lines of the file). "
            f"Made by `python benchmarks/type_one.py --seed {arguments.seed} --write docs/truth.md`."
        )
        write(arguments.write, _TITLE, lines, words, whole=not arguments.only)


if __name__ == "__main__":
    main()
