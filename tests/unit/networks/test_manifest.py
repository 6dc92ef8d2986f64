"""Every value of a manifest is looked at at the door: one that cannot be is refused with file, key and reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from saved_models import MODELS

import headstart
from headstart.errors import SourceError
from headstart.networks.folder import read_manifest
from headstart.networks.reading.loading import load_network
from headstart.networks.seal import seal

KINDS = ("pictures, linear", "pictures, depths", "clips, words", "tables, trees", "tables, linear", "texts, baseline")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("saved")
    for name in KINDS:
        MODELS[name]()[0].save(place / name)
    return place


def changed(saved: Path, place: Path, name: str, keys: str, value: Any, right: bool = True) -> Path:
    """A copy with one value of the manifest changed, and the checksums made right."""
    folder = place / "model"
    shutil.copytree(saved / name, folder)
    manifest = json.loads((folder / "headstart.json").read_text())
    *above, last = keys.split(".")
    held = manifest
    for key in above:
        held = held[key]
    held[last] = value
    (folder / "headstart.json").write_text(json.dumps(manifest))
    if right and "NaN" not in json.dumps(manifest):
        seal(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "keys", "value", "words"),
    [
        *(
            ("pictures, linear", "temperature", x, r"of at least 1e-06 .* as temperature|NaN")
            for x in (0, -1, "1", None)
        ),
        ("pictures, linear", "temperature", float("nan"), "NaN, which is no JSON"),
        ("pictures, linear", "temperature", True, "as temperature in .*found true"),
        ("pictures, linear", "task", "clustering", 'one of "classification".* as task in .*headstart.json, found'),
        ("pictures, linear", "task", "regression", "as classes in .*for regression"),
        ("pictures, linear", "classes", ["a", 1], "different labels of one kind .* as classes|as classes"),
        ("pictures, linear", "classes", ["a", "a"], "different labels of one kind"),
        ("pictures, linear", "classes", ["a", "b", "c"], "one entry an output as estimator.targets .* 3 classes"),
        ("pictures, linear", "classes", ["b", "a"], "the classes of the model as estimator.targets.classes"),
        ("pictures, linear", "classes", None, "as classes in .*null for classification"),
        ("pictures, linear", "input_type", "smell", "a kind of input as input_type"),
        ("pictures, linear", "input_type", "audio", "a network for audio as network"),
        ("pictures, linear", "kind", "baseline", "an object for a model of kind 'baseline' as baseline"),
        ("pictures, linear", "schema_version", "2", "a whole number .* as schema_version"),
        ("pictures, linear", "estimator.params.device", "evil", "a device of auto, cpu, cuda or mps"),
        ("pictures, linear", "estimator.params.evil", 1, "Expected parameters of TransferClassifier, found 'evil'"),
        ("pictures, linear", "estimator.class", "SafeTransferClassifier", "as estimator.class"),
        ("pictures, linear", "estimator.targets.scale", [1.0, 0.0], "above 0 as estimator.targets.scale.1"),
        ("pictures, linear", "network.preprocessing.std", [0.2], "a standard deviation for each channel"),
        (
            "pictures, linear",
            "network.preprocessing.resize",
            10**9,
            "the preprocessing .* as network.preprocessing|side",
        ),
        ("pictures, depths", "estimator.head.parts", [["output", 1.0]], "do not go together|finite scores"),
        ("pictures, depths", "estimator.head.parts", [["evil", 1.0]], "a feature set and its weight"),
        ("pictures, depths", "estimator.head.kind", "pickle", "a head of kind solved, layers or hidden"),
        ("clips, words", "detector.columns", [2], "place of each word among the classes"),
        ("clips, words", "detector.hop", 0, "a whole number from 1 .* as detector.hop"),
        ("clips, words", "detector.threshold", "2", "as detector.threshold"),
        ("clips, words", "detector.evil", 1, "and no others"),
        ("tables, trees", "classes", ["yes", "no"], "classes of a table in order"),
        ("tables, trees", "classes", ["no", "never"], "found one of other classes"),
        ("tables, linear", "network", {}, "a network, unless it is of a table"),
        ("texts, baseline", "baseline.class", "TextBaselineRegressor", "a baseline for classification"),
        ("texts, baseline", "baseline.features", "evil", "Expected a baseline"),
        ("texts, baseline", "files", {"../x": "0" * 64}, "the place of a file in the folder as files"),
    ],
)
def test_each_value_is_refused_in_words(
    saved: Path, tmp_path: Path, name: str, keys: str, value: Any, words: str
) -> None:
    folder = changed(saved, tmp_path, name, keys, value, right=keys != "files")
    with pytest.raises(SourceError, match=words):
        headstart.load(folder)


def test_a_part_that_was_all_but_alone_is_read(saved: Path, tmp_path: Path) -> None:
    folder = changed(saved, tmp_path, "pictures, linear", "estimator.head.parts", [["output", 0.9999]], right=True)
    assert headstart.load(folder).classes_ is not None


def test_a_change_that_is_allowed_is_noticed_by_its_checksum(saved: Path, tmp_path: Path) -> None:
    folder = changed(saved, tmp_path, "pictures, linear", "temperature", 2.5, right=False)
    with pytest.raises(SourceError, match="as it was written, found other words"):
        headstart.load(folder)
    seal(folder)
    assert headstart.load(folder).temperature == 2.5


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "evidence.json", "preprocessor_config.json"])
def test_other_bytes_and_files_are_noticed(saved: Path, tmp_path: Path, file: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved / "pictures, linear", folder)
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content + b" ")
    with pytest.raises(SourceError, match=r"as it was written, found other bytes|readable weights"):
        headstart.load(folder)
    (folder / file).write_bytes(content)
    (folder / "adapter_config.json").write_text("{}")
    for read in (headstart.load, load_network):
        with pytest.raises(SourceError, match=r"found another one, adapter_config\.json"):
            read(folder)
    (folder / "adapter_config.json").unlink()
    (folder / "notes.md").write_text("mine")
    (folder / "README.md").write_text("mine")
    assert headstart.load(folder).task == "classification"


def test_what_a_loaded_model_borrowed_is_a_name(saved: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.py"
    evil.write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\ndef build(): pass\n")
    folder = changed(saved, tmp_path, "pictures, linear", "estimator.params.source", f"{evil}:build")
    model = headstart.load(folder)
    X = MODELS["pictures, linear"]()[1]
    model.predict(X)
    repr(model.estimator)
    with pytest.raises(SourceError, match="never looked up: set source="):
        model.estimator.fit(X, [0, 1] * 25)
    assert not (tmp_path / "ran").exists() and model.estimator.checkpoint is None


def test_folders_of_an_earlier_headstart_are_read(saved: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(saved / "pictures, depths", folder)
    manifest = {k: v for k, v in read_manifest(folder).items() if k not in ("files", "sha256")}
    (folder / "headstart.json").write_text(json.dumps(manifest))
    assert headstart.load(folder).task == "classification"
