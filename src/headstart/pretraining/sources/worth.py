"""What a pretrained source is worth: few labels of other sets, against the same network with random weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedShuffleSplit

from headstart.data.reading.read import read_dataset
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError, about
from headstart.networks.folder import read_manifest, write_manifest
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.seal import seal
from headstart.parameters.transfer import TransferClassifier
from headstart.progress import Progress

HEADING = "## What it is worth"
MOST_TESTED = 1000
N_LABELS = 50


def transfer_results(
    source: str | Path | Network,
    sets: Mapping[str, Dataset],
    *,
    n_labels: int = N_LABELS,
    repeats: int = 5,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Accuracy of headstart's solved head on features of a source, and of the same network with random weights.

    The same rows train and test both. Rows without labels for training test them, at most 1,000.

    Parameters
    ----------
    source : path or Network
    sets : mapping of str to Dataset
        Of classification; parts are not told apart.
    n_labels : int, default=50
        Labels of each repeat, at least two a class.
    repeats : int, default=5
    seed : int, default=0
        Decides which, and the random weights.
    device : str, default="auto"
    progress : callable, optional

    Returns
    -------
    list of dict
        One a set: ``set``, ``labels``, ``tested``, ``repeats``, ``source`` and ``random`` (mean accuracies), and
        ``difference_se`` (standard error of their difference over the repeats).

    Raises
    ------
    DataError
        If a set is not for classification, or too small.
    """
    network = load_network(source)
    both = {"source": network, "random": random_network(network, seed)}
    rows = []
    for done, (name, dataset) in enumerate(sets.items()):
        rows.append({"set": name, **_compared(both, name, dataset, n_labels, repeats, seed, device)})
        if progress is not None:
            progress("measuring the source", done + 1, len(sets))
    return rows


def add_results(folder: str | Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was measured into a source's card and manifest; earlier results for the same sets are replaced.

    Parameters
    ----------
    folder : path-like
        A source that `pretrain` wrote.
    rows : sequence of dict
        From `transfer_results`.
    """
    place = Path(folder)
    manifest = read_manifest(place)
    kept = {row["set"]: row for row in [*manifest.get("transfer", []), *rows]}
    manifest["transfer"] = list(kept.values())
    write_manifest(place, manifest)
    seal(place)
    card = place / "README.md"
    text = card.read_text(encoding="utf-8")
    before, _, after = text.partition(f"\n{HEADING}\n")
    if after:
        _, mark, after = after.partition("\n## ")
    else:
        before, mark, after = text.partition("\n## Use")
        after = f"Use{after}" if mark else ""
    written = f"{before.rstrip()}\n\n{results_table(manifest['transfer'])}\n" + (f"\n## {after}" if mark else "")
    partial = card.with_name(f".{card.name}.part")
    partial.write_text(written, encoding="utf-8")
    os.replace(partial, card)


def results_table(rows: Sequence[dict[str, Any]]) -> str:
    """A section of a model card, in Markdown."""
    lines = [HEADING, "", "Accuracy in percent of headstart's solved head on its features.", ""]
    lines += ["| set | labels | this source | random weights | difference (standard error) |", "|---|---|---|---|---|"]
    for row in rows:
        gain = f"{100 * (row['source'] - row['random']):+.1f} ({100 * row['difference_se']:.1f})"
        lines.append(
            f"| {row['set']} | {row['labels']} | {100 * row['source']:.1f} | {100 * row['random']:.1f} | {gain} |"
        )
    return "\n".join(lines)


def read_measured(places: Sequence[str | Path]) -> dict[str, Dataset]:
    """The labelled sets to measure a source on, by name; read before it is trained, so that none fails after hours.

    Raises
    ------
    DataError
        If one cannot be read, is not for classification, or is too small.
    """
    sets = {}
    for place in places:
        with about(place):
            name, dataset = Path(place).stem, read_dataset(str(place))
            _sizes(name, dataset, N_LABELS)
        sets[name] = dataset
    return sets


def _sizes(name: str, dataset: Dataset, n_labels: int) -> tuple[int, int]:
    """How many examples of a set are learned from and tested on; it is refused where they are too few."""
    counts = dataset.n_per_class() if dataset.task == "classification" else {}
    if min(counts.values(), default=0) < 3:
        raise DataError(
            f"Expected labels of classes with at least 3 examples each in {name}, found the task {dataset.task} with "
            f"{min(counts.values(), default=0)} in the smallest class.",
            "Leave it out (--measure).",
        )
    n_labels = max(n_labels, 2 * len(counts))
    n_tested = min(MOST_TESTED, len(dataset) - n_labels)
    if n_tested < len(counts):
        raise DataError(
            f"Expected more than {n_labels + len(counts)} examples in {name}, found {len(dataset)}.",
            "Leave it out (--measure).",
        )
    return n_labels, n_tested


def _compared(
    networks: dict[str, Network], name: str, dataset: Dataset, n_labels: int, repeats: int, seed: int, device: str
) -> dict[str, Any]:
    n_labels, n_tested = _sizes(name, dataset, n_labels)
    splits = StratifiedShuffleSplit(repeats, train_size=n_labels, test_size=n_tested, random_state=seed)
    scores: dict[str, list[float]] = {kind: [] for kind in networks}
    for train, test in splits.split(dataset.y, dataset.y):
        for kind, network in networks.items():
            model = TransferClassifier(network, device=device, random_state=seed)
            model.fit(dataset.inputs[train], dataset.y[train])
            scores[kind].append(float(np.mean(model.predict(dataset.inputs[test]) == dataset.y[test])))
    differences = np.subtract(scores["source"], scores["random"])
    spread = float(differences.std(ddof=1) / np.sqrt(repeats)) if repeats > 1 else 0.0
    means = {kind: round(float(np.mean(values)), 4) for kind, values in scores.items()}
    return {"labels": n_labels, "tested": n_tested, "repeats": repeats, **means, "difference_se": round(spread, 4)}
