"""What a source is worth, measured and written into its card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli.main import exit_code
from headstart.data.pictures.pictures import Pictures
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError
from headstart.networks.reading.loading import load_network
from headstart.pretraining.sources import worth as results_file
from headstart.pretraining.sources.worth import add_results, transfer_results

ROW = {"set": "ants", "labels": 50, "tested": 100, "repeats": 5, "source": 0.8, "random": 0.55, "difference_se": 0.01}


def stripes(n: int, seed: int = 0) -> Dataset:
    """Pictures of stripes that lie or stand, in noise."""
    rng = np.random.default_rng(seed)
    made, y = [], []
    for i in range(n):
        wave = np.sin(np.arange(24) * rng.uniform(0.8, 1.6) + rng.uniform(0, 6))
        picture = np.tile(wave, (24, 1)) if i % 2 else np.tile(wave[:, None], (1, 24))
        made.append(np.uint8(np.clip(128 + 50 * picture + rng.normal(0, 25, (24, 24)), 0, 255)))
        y.append("standing" if i % 2 else "lying")
    return Dataset(Pictures(made), np.array(y), "classification", ("lying", "standing"))


def test_a_source_is_compared_with_random_weights_on_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, bytes]] = []

    class Watched(results_file.TransferClassifier):
        def fit(self, X, y, groups=None):  # type: ignore[no-untyped-def]
            seen.append((self.source.name, b"".join(X.digest(i).encode() for i in range(len(X)))))
            return super().fit(X, y, groups)

    monkeypatch.setattr(results_file, "TransferClassifier", Watched)
    rows = transfer_results("starter:pictures", {"stripes": stripes(60)}, n_labels=12, repeats=2)
    assert len(rows) == 1
    assert rows[0]["set"] == "stripes"
    assert (rows[0]["labels"], rows[0]["tested"], rows[0]["repeats"]) == (12, 48, 2)
    assert rows[0]["source"] > 0.8
    assert 0 <= rows[0]["random"] <= 1
    assert [name.endswith("(random weights)") for name, _ in seen] == [False, True] * 2
    assert seen[0][1] == seen[1][1] != seen[2][1] == seen[3][1]


def card(folder: Path) -> Path:
    (folder / "headstart.json").write_text(json.dumps({"schema_version": 1, "network": {"card": {}}}))
    (folder / "README.md").write_text("# source\n\nText.\n\n## Use\n\nCode.\n")
    return folder / "README.md"


def test_results_go_before_the_use_and_are_replaced(tmp_path: Path) -> None:
    text = card(tmp_path)
    add_results(tmp_path, [ROW])
    assert "| ants | 50 | 80.0 | 55.0 | +25.0 (1.0) |" in text.read_text()
    add_results(tmp_path, [ROW | {"source": 0.9}, ROW | {"set": "bees"}])
    written = text.read_text()
    assert written.count("## What it is worth") == 1
    assert "| ants | 50 | 90.0 |" in written
    assert "| 80.0 | 55.0" in written.split("| bees |")[1]
    assert written.startswith("# source\n\nText.\n\n## What it is worth")
    assert written.endswith("\n\n## Use\n\nCode.\n")
    assert [row["set"] for row in json.loads((tmp_path / "headstart.json").read_text())["transfer"]] == ["ants", "bees"]


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (stripes(20), r"Expected more than 52 examples in few, found 20"),
        (stripes(5), r"at least 3 examples each in few, found the task classification with 2"),
        (Dataset(stripes(9).inputs, np.linspace(0, 1, 9), "regression"), "found the task regression"),
    ],
)
def test_sets_that_cannot_tell_are_refused(dataset: Dataset, words: str) -> None:
    with pytest.raises(DataError, match=words):
        transfer_results("starter:pictures", {"few": dataset})


def test_from_arrays_in_a_file_to_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for name, n in (("large", 120), ("other", 80)):
        data = stripes(n, seed=len(name))
        x = np.stack([np.asarray(item) for item in data.inputs.items])
        np.savez(tmp_path / f"{name}.npz", x=x, y=(data.y == "standing").astype(np.int64))
    source, large, other = (str(tmp_path / name) for name in ("source", "large.npz", "other.npz"))
    words = ["pretrain", large, "--out", source, "--epochs", "2", "--image-size", "32", "--no-flip"]
    assert exit_code([*words, "--measure", other, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["transfer"][0]["set"] == "other"
    assert "| other | 50 |" in (tmp_path / "source" / "README.md").read_text()
    assert load_network(source).card.n_examples == record["n_examples"]
    assert exit_code(["fit", other, "--source", source, "--out", str(tmp_path / "model"), "--budget", "8s"]) == 0
    Image.fromarray(rng.integers(0, 255, (24, 24), dtype=np.uint8)).save(tmp_path / "new.png")
    assert exit_code(["predict", str(tmp_path / "model"), str(tmp_path / "new.png")]) == 0
