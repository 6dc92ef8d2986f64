"""What the pages print for a first try is run as printed, in a folder that holds what the page says is there."""

from __future__ import annotations

import runpy
import shlex
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from text_families import family_folder

from headstart.cli.main import exit_code
from headstart.models import fitting

ROOT = Path(__file__).parents[2]


def block(page: str, language: str, holds: str) -> str:
    """The one block of a page in which these words stand."""
    text = (ROOT / page).read_text(encoding="utf-8")
    parts = [part.split("\n```", 1)[0] for part in text.split(f"```{language}\n")[1:]]
    (found,) = [part for part in parts if holds in part]
    return found


def run_lines(lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run printed commands one after the other, in this process."""
    for line in lines.splitlines():
        words = shlex.split(line, comments=True)
        if words[0] == "python":
            monkeypatch.setattr(sys, "argv", words[1:])
            runpy.run_path(str(ROOT / words[1]), run_name="__main__")
        else:
            assert words[0] == "headstart", line
            code = exit_code(words[1:])
            assert code in ({0, 3, 4} if words[1] == "check" else {0}), (line, code)


def run_python(code: str, names: dict[str, object]) -> dict[str, object]:
    """Run a printed block with what stands before it on its page."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "page", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def two_clouds(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of two classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return rng.normal(size=(n, 3)) + 2 * y[:, None], y


@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_tables_of_the_example(page: str, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_lines(block(page, "bash", "two_clinics.py"), monkeypatch)
    assert (room / "model" / "report.html").is_file()


def test_inspect_of_folders(room: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for name in ("ants", "bees"):
        (room / "pictures" / name).mkdir(parents=True)
        for place in range(6):
            picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(picture).save(room / "pictures" / name / f"{place}.png")
    run_lines("headstart inspect pictures", monkeypatch)
    assert "2 classes: ants (6), bees (6)" in capsys.readouterr().out


def test_methods_by_themselves() -> None:
    (X_there, y_there), (X_here, y_here), (more, _) = two_clouds(0, 60), two_clouds(1, 30), two_clouds(2, 20)
    code = block("README.md", "python", "SafeAlignedClassifier(source=there)").replace(
        "unlabelled=more)", "unlabelled=more, budget=4)"
    )
    run_python(code, {"X_there": X_there, "y_there": y_there, "X_here": X_here, "y_here": y_here, "more": more})


@pytest.mark.parametrize("holds", ["# adapt: KMM", "# adapt: TrAdaBoost", "# skada:"])
def test_translations(holds: str) -> None:
    (Xs, ys), (Xt, yt) = two_clouds(0, 60), two_clouds(1, 40)
    both = {"X": np.vstack([Xs, Xt]), "y": np.r_[ys, yt], "sample_domain": np.repeat([1, -2], [60, 40])}
    run_python(block("docs/coming_from.md", "python", holds), {"Xs": Xs, "ys": ys, "Xt": Xt, "yt": yt, **both})


def test_the_guide_for_scikit_learn_runs_from_top_to_bottom() -> None:
    page = (ROOT / "docs" / "scikit_learn.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for part in page.split("```python\n")[1:]:
        run_python(part.split("\n```", 1)[0], names)
    assert names["model"].score(names["X_new"], names["y_new"]) > 0.7  # type: ignore[attr-defined]
    assert Path("clinic-model/evidence.json").is_file() and Path("aligned.joblib").is_file()


SENTENCES = "sentence-transformers/all-MiniLM-L6-v2"


def stripes(place: Path, along: bool, seed: int) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    wave = np.tile(60 + 90 * (np.arange(48) // 6 % 2), (48, 1))
    noise = np.random.default_rng(seed).integers(0, 60, (48, 48))
    Image.fromarray(((wave if along else wave.T) + noise).astype(np.uint8)).convert("RGB").save(place)


@pytest.fixture
def little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fewest ways: a reader's ten minutes hold more of them than a test needs."""
    real = fitting.fit
    monkeypatch.setattr(fitting, "fit", lambda *given, **how: real(*given, **{**how, "budget": 1.0}))


@pytest.mark.usefixtures("little_time")
def test_the_readmes_pictures(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for i in range(12):
        stripes(Path(f"pictures/{('ants', 'bees')[i % 2]}/{i}.jpg"), i % 2 == 0, i)
    stripes(Path("new-pictures/a.jpg"), True, 50)
    run_lines(block("README.md", "bash", "headstart fit pictures --source starter:pictures"), monkeypatch)
    assert Path("model/report.html").is_file() and "new-pictures/a.jpg" in capsys.readouterr().out


@pytest.mark.usefixtures("little_time")
def test_the_readmes_sounds(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = block("README.md", "bash", "headstart fit words --source starter:speech")
    for i in range(12):
        place = Path(f"words/{('yes', 'no')[i % 2]}/speaker{i // 4}_{i}.wav")
        place.parent.mkdir(parents=True, exist_ok=True)
        tone = np.sin(2 * np.pi * (300, 900)[i % 2] * np.arange(8000) / 16_000)
        soundfile.write(place, 0.3 * tone + np.random.default_rng(i).normal(0, 0.02, 8000), 16_000)
    soundfile.write("recording.wav", 0.3 * tone, 16_000)
    run_lines("\n".join(line for line in lines.splitlines() if "demo" not in line), monkeypatch)
    assert Path("model/report.html").is_file() and "recording.wav" in capsys.readouterr().out


@pytest.mark.usefixtures("little_time")
def test_the_readmes_texts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made = family_folder("bert", Path("made"))
    Path(SENTENCES).parent.mkdir()
    made.rename(SENTENCES)  # a folder of the name that the page prints
    rng, words = np.random.default_rng(0), {"pro": ["good", "lively"], "con": ["dull", "bad"]}
    labels = ["pro", "con"] * 10
    texts = [f"a {words[label][rng.integers(2)]} film number {i} of the season" for i, label in enumerate(labels)]
    pd.DataFrame({"text": texts, "label": labels}).to_csv("reviews.csv", index=False)
    pd.DataFrame({"text": ["a good film", "a dull film"]}).to_csv("new-reviews.csv", index=False)
    run_lines(block("README.md", "bash", f"headstart fit reviews.csv --label label --source {SENTENCES}"), monkeypatch)
    assert Path("model/report.html").is_file() and capsys.readouterr().out.count("con") >= 2
