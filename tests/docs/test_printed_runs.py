"""What the pages print for a first try is run as printed, in a folder that holds what the page says is there."""

from __future__ import annotations

import runpy
import shlex
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.cli.main import exit_code

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
