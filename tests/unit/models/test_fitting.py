"""One call from a folder to a saved model, with real pictures and a real network."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_pictures
from PIL import Image
from sklearn.linear_model import LogisticRegression
from tiny_pictures import network, pictures, source

import headstart
from headstart.data.reading.read import read_dataset
from headstart.errors import BadPictures, DataError, OutputError, ParameterError, SourceError
from headstart.guard.comparing import planning
from headstart.guard.comparing.journal import Journal
from headstart.guard.safe_transfer import SafeTransferClassifier
from headstart.models.fitting import fit, progress_folder
from headstart.models.model import Model, load
from headstart.models.reproduction import reproduction
from headstart.models.target import divided
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.source import Source


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder for each class and part: 32 pictures to learn from, 16 in val."""
    root = tmp_path_factory.mktemp("data") / "colours"
    X, y = pictures(48)
    for i, (picture, label) in enumerate(zip(X, y, strict=True)):
        path = root / ("train" if i < 32 else "val") / label / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return root


MAKERS = str(Path(tiny_pictures.__file__).parent)


def heads() -> dict[str, TransferClassifier]:
    return {"linear head": TransferClassifier(source(), head="linear", random_state=0)}


@pytest.fixture(scope="module")
def saved(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    out = tmp_path_factory.mktemp("out") / "model"
    return fit(folder, source(), candidates=heads(), n_splits=2, out=out), out


def test_the_part_kept_aside_is_scored_and_nothing_else(saved: tuple[Model, Path], folder: Path) -> None:
    model, _ = saved
    assert model.evidence["data"]["n"] == 32
    assert model.evidence["data"]["parts"] == {"train": 32, "val": 16}
    assert model.evidence["test"]["part"] == "val" and model.evidence["test"]["n"] == 16
    val = read_dataset(folder).part("val")
    assert model.evidence["test"]["accuracy"] == pytest.approx(np.mean(model.predict(val.inputs) == val.y))


def test_the_saved_model_is_the_same(saved: tuple[Model, Path], folder: Path) -> None:
    model, out = saved
    again = load(out, module=network())
    X = pictures(10, seed=3)[0]
    assert again.predict_proba(X) == pytest.approx(model.predict_proba(X), abs=1e-5)
    assert again.evidence == model.evidence
    assert {"headstart.json", "evidence.json", "README.md", "model.safetensors"} <= {p.name for p in out.iterdir()}
    assert not progress_folder(out).exists()
    assert not [p for p in out.rglob("*") if p.suffix in (".pkl", ".pt", ".bin", ".joblib")]


def test_how_to_reproduce_it_is_said(saved: tuple[Model, Path], folder: Path) -> None:
    assert saved[0].evidence["reproduce"]["code"].startswith("import headstart")
    found = reproduction(
        "my data", "starter:pictures", {"label": ["a", "b"], "budget": 90.0, "skip_bad": True, "out": Path("m")}
    )
    assert found["command"] == (
        "headstart fit 'my data' --source starter:pictures --label a --label b --budget 90s --skip-bad --out m"
    )
    assert "headstart.fit('my data', 'starter:pictures', label=['a', 'b'], budget=90.0, skip_bad=True)" in found["code"]
    assert reproduction("", None, {})["command"] == ""


def test_a_foreign_folder_is_refused_before_any_work(tmp_path: Path) -> None:
    out = tmp_path / "holiday"
    out.mkdir()
    (out / "photo.jpg").write_bytes(b"x")
    with pytest.raises(OutputError, match=r"found photo\.jpg\. Choose another folder"):
        fit(tmp_path / "does not exist", None, out=out)
    assert (out / "photo.jpg").read_bytes() == b"x"
    with pytest.raises(ParameterError, match="Expected out= to resume from"):
        fit(tmp_path, None, resume=True)


def test_a_broken_picture_stops_the_run_or_is_listed(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "colours"
    shutil.copytree(folder / "train", root)
    (root / "red" / "broken.png").write_bytes((root / "red" / "00.png").read_bytes()[:60])
    with pytest.raises(BadPictures, match=r"broken\.png"):
        fit(root, None)
    model = fit(root, None, skip_bad=True, n_splits=2)
    assert [entry["name"] for entry in model.evidence["data"]["dropped"]] == [os.path.join("red", "broken.png")]


def test_one_picture_under_two_labels_is_caught(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "colours"
    shutil.copytree(folder / "train", root)
    shutil.copy(root / "red" / "00.png", root / "blue" / "leak.png")
    with pytest.raises(DataError, match=r"leak\.png"):
        fit(root, None)


def test_numbers_and_several_labels_from_memory(tmp_path: Path) -> None:
    X, y = pictures(32)
    numbers = (y == "red") * 3.0 + np.linspace(0, 1, 32)
    model = fit((X, numbers), source(), candidates={"h": TransferRegressor(source())}, n_splits=2, task="regression")
    assert model.predict(X).shape == (32,) and model.evidence["metrics"]["r2"] > 0.3
    Y = np.column_stack([y == "red", np.arange(32) % 3 == 0]).astype(int)
    several = fit((X, Y), None, n_splits=2, out=tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.predict(X).shape == (32, 2)
    assert np.array_equal(again.predict(X), several.predict(X))
    with pytest.raises(ParameterError, match="Expected a model of classes"):
        model.predict_proba(X)


def test_test_before_val() -> None:
    X, y = pictures(30)
    from headstart.data.pictures.pictures import as_pictures
    from headstart.data.sets.dataset import Dataset

    parts = np.array(["train", "val", "test"])[np.arange(30) % 3]
    pool, aside = divided(Dataset(as_pictures(X), y, "classification", ("blue", "red"), parts=parts))
    assert aside is not None and set(aside.parts.tolist()) == {"test"} and len(pool) == 20


def test_loading_something_else_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"headstart\.json"):
        load(tmp_path)
    X, y = pictures(12)
    out = tmp_path / "m"
    fit((X, y), None, n_splits=2, out=out)
    (out / "evidence.json").write_text("[")
    with pytest.raises(SourceError, match="Expected the evidence of a model"):
        load(out)


def test_a_real_network_helps_on_real_photos(shared_data: Path, tmp_path: Path) -> None:
    data = read_dataset(shared_data / "hymenoptera")
    few = data.select(np.arange(0, len(data), 4))
    model = headstart.fit(few, shared_data / "networks" / "mobilenet_v1_0.25_128", budget=12, out=tmp_path / "m")
    assert model.evidence["source"]["n_examples"] == 1_281_167
    assert model.evidence["test"]["accuracy"] > 0.6
    json.dumps(model.evidence, allow_nan=False)
    again = headstart.load(tmp_path / "m")
    assert again.predict_proba(few.inputs[:3]) == pytest.approx(model.predict_proba(few.inputs[:3]), abs=1e-4)


def rows(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, np.where(X[:, 0] + rng.normal(size=n) > 0, "up", "down")


def test_a_plan_is_repeated_exactly_and_for_nothing_else(tmp_path: Path) -> None:
    X, y = rows()
    others = Source(*rows(80, seed=1))
    first = fit((X, y), others, budget=0.5, n_splits=3, out=tmp_path / "m")
    plan = first.evidence["plan"]
    assert not plan["whole"] and plan["run"][:2] == ["target alone", "source alone"]
    assert {entry["name"] for entry in plan["left_out"]}
    for given in (tmp_path / "m", plan):
        again = fit((X, y), others, budget=1000, n_splits=3, plan=given)
        assert again.evidence["plan"] == plan
        assert np.array_equal(again.predict_proba(X), first.predict_proba(X))
        assert again.evidence["left_out"] == first.evidence["left_out"]
    assert f"--plan {tmp_path / 'm'}" in fit_command(tmp_path)
    with pytest.raises(ParameterError, match="same data, found one of another"):
        fit((X[1:], y[1:]), others, n_splits=3, plan=plan)
    with pytest.raises(ParameterError, match="same candidates"):
        fit((X, y), others, n_splits=3, plan=plan, candidates={"one": LogisticRegression()})
    with pytest.raises(ParameterError, match="it is of 0, not 4"):
        fit((X, y), others, n_splits=3, plan=plan, random_state=4)
    evidence = json.loads((tmp_path / "m" / "evidence.json").read_text())
    (tmp_path / "m" / "evidence.json").write_text(json.dumps({k: v for k, v in evidence.items() if k != "plan"}))
    with pytest.raises(ParameterError, match="Expected a model with a plan in its evidence"):
        fit((X, y), others, n_splits=3, plan=tmp_path / "m")


def fit_command(room: Path) -> str:
    return reproduction("here.csv", None, {"plan": room / "m"})["command"]


@pytest.mark.parametrize("budget", [600.0, 1e5])
def test_where_everything_fits_twice_no_clock_is_asked(budget: float, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = rows(24)
    plans = []
    for busy in (1.0, 6.0):
        monkeypatch.setattr(Journal, "slowness", lambda self, busy=busy: busy)
        monkeypatch.setattr(planning, "cheap_price", None)  # nothing is measured
        model = SafeTransferClassifier(budget=budget, n_splits=2).fit(X, y)
        plans.append(model.evidence_["plan"])
    assert plans[0] == plans[1] and plans[0]["whole"] and plans[0]["repeats"] == 3


def test_a_budget_below_the_least_is_said(caplog: pytest.LogCaptureFixture) -> None:
    X, y = rows(24)
    SafeTransferClassifier(budget=0.01, n_splits=2, spent=5.0).fit(X, y)
    assert "is less than this takes: at least about" in caplog.text


TABLE_SCRIPT = """
import numpy as np
from headstart import Source
from headstart.models.fitting import fit
rng = np.random.default_rng(0)
def table(n):
    X = rng.normal(size=(n, 3))
    return X, (X[:, 0] > 0).astype(int)
fit(table(20), Source(*table(30)), n_splits=2, out={out!r}, resume=True)
"""

SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from tiny_pictures import source
from headstart.models.fitting import fit
from headstart.parameters.transfer import TransferClassifier
candidates = {{
    "head": TransferClassifier(source(), head="linear", random_state=0),
    "all": TransferClassifier(source(), train="all", epochs=6, random_state=0, early_stopping=False),
}}
fit({data!r}, source(), candidates=candidates, n_splits=3, out={out!r}, resume=True)
"""


def _run(folder: Path, out: Path, kill_after: float | None, script: str = SCRIPT) -> bool:
    script = script.format(tests=MAKERS, data=str(folder), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "OMP_NUM_THREADS": "1"})
    if kill_after is None:
        assert process.wait(timeout=240) == 0
        return True
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end and not progress_folder(out).exists():
        time.sleep(0.02)
    time.sleep(kill_after)
    process.send_signal(signal.SIGKILL)
    return process.wait() == 0


def test_killed_and_resumed_it_ends_with_the_weights_of_an_unkilled_run(folder: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _run(folder, whole, None)
    for wait in (0.3, 1.0):
        _run(folder, killed, wait)
        assert not killed.exists() or (killed / "headstart.json").is_file()
    _run(folder, killed, None)
    assert (killed / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    scores = [
        [c["score"] for c in json.loads((out / "evidence.json").read_text())["candidates"]] for out in (whole, killed)
    ]
    assert scores[0] == scores[1]


def test_a_table_killed_and_resumed_is_the_unkilled_model(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    _run(tmp_path, whole, None, TABLE_SCRIPT)
    _run(tmp_path, killed, 1.0, TABLE_SCRIPT)
    _run(tmp_path, killed, None, TABLE_SCRIPT)

    def content(folder: Path) -> list[tuple[str, Any]]:
        found = []
        for path in sorted(folder.rglob("*.*")):
            if path.suffix == ".json":
                told = json.loads(re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', path.read_text()))
                found.append((path.name, {key: told[key] for key in told.keys() - {"files", "sha256"}}))
            elif path.suffix != ".md":
                found.append((path.name, path.read_bytes()))
        return found

    assert content(killed) == content(whole)
