"""The page in Chromium: a real upload, its answer, what it went by, and a correction with a click that fit reads."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opened_pages import opened
from saved_models import baseline, inputs_of, table
from served import Served, served

from headstart.cli.main import exit_code
from headstart.models.model import Model
from headstart.models.saving.task_models import SeveralTasks

HOSTILE = "<img src=x onerror=alert(1)>"


@dataclass
class Went:
    """What an explanation is to a page."""

    background: np.ndarray | None
    answer: str = "no"

    def drawn(self) -> np.ndarray:
        assert self.background is not None
        return 255 - self.background

    def strongest(self, n: int) -> list[tuple[str, float]]:
        return [("<b>so</b>", 0.5), ("bad", -0.25)][:n]


class Explaining(Model):
    """A model that says what it went by."""

    def explain(self, X: Any, answer: Any = None) -> list[Went]:
        return [Went(np.zeros((40, 60, 3), np.uint8) if self.input_type == "image" else None) for _ in range(len(X))]


def explaining(input_type: str) -> Explaining:
    model, _ = baseline(input_type)
    return Explaining(model.estimator, {}, task="classification", classes=[HOSTILE, "yes"], input_type=input_type)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Served]:
    with served(explaining("image"), folder / "corrections") as found:
        yield found


def test_a_picture_is_dropped_answered_and_corrected(browser: Any, server: Served, folder: Path) -> None:
    from PIL import Image

    X, y = inputs_of("image", 6)
    files = []
    for i, pixels in enumerate(X):
        files.append(folder / f"{i} <script>alert(1)<script>.png")
        Image.fromarray(pixels).save(files[-1])
    page, wrong = opened(browser, server.address)
    page.set_input_files("#files", [str(file) for file in files])
    page.wait_for_selector("#answers > :nth-child(6) .right")
    names = page.locator(".answer .file").all_inner_texts()
    assert sorted(names) == [file.name for file in files]
    assert {*page.locator(".answer h2").all_inner_texts()} <= {HOSTILE, "yes"}
    assert page.locator(".answer img[src^='data:image/png']").count() == 6
    assert page.locator(".bars meter").count() == 12
    for i, label in enumerate(y):
        card = page.locator(".answer", has_text=files[i].name)
        card.locator(".right button").nth(int(label)).click()
        card.get_by_text("Kept in corrections.csv").wait_for()
    assert wrong == []
    page.context.close()
    kept = folder / "corrections" / "corrections.csv"
    assert len(kept.read_text().splitlines()) == 7
    assert exit_code(["inspect", str(kept)]) == 0


def test_what_was_corrected_is_learned_from(server: Served, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from io import BytesIO

    from PIL import Image

    X, y = inputs_of("image", 24, seed=3)
    for i, pixels in enumerate(X):
        file = BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        label = [HOSTILE, "yes"][y[i]]
        assert server.send("/correct", [("file", "x.png", file.getvalue())], {"label": label}).status == 200
    kept, out = folder / "corrections" / "corrections.csv", folder / "model"
    assert exit_code(["fit", str(kept), "--source", "none", "--budget", "10s", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"]["classes"] == sorted([HOSTILE, "yes"])


@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(browser: Any, width: int, scheme: str, folder: Path) -> None:
    with served(explaining("text"), folder / "texts") as server:
        page, wrong = opened(browser, server.address, width, color_scheme=scheme)
        page.fill("#text", "so <b>bad</b> " + "long" * 200)
        page.click("#send")
        page.wait_for_selector(".answer .right")
        assert page.locator("h3", has_text="What it went by").count() == 1
        assert "<b>so</b>" in page.locator(".answer").inner_text() and page.locator(".answer b").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert wrong == []
        page.context.close()


def test_each_of_several_tasks_says_what_it_went_by(browser: Any, folder: Path) -> None:
    with served(SeveralTasks({"tone": explaining("text"), "mood": explaining("text")}, {}), folder / "both") as server:
        page, wrong = opened(browser, server.address, 390)
        page.check("#explain")
        page.fill("#text", "so bad")
        page.click("#send")
        page.wait_for_selector(".answer .right")
        assert [words.partition(":")[0] for words in page.locator(".answer h2").all_inner_texts()] == ["tone", "mood"]
        assert page.locator("h3", has_text="What it went by").count() == 2
        assert wrong == []
        page.context.close()


def test_a_row_is_filled_in(browser: Any, folder: Path) -> None:
    with served(table("trees")[0], folder / "rows") as server:
        page, wrong = opened(browser, server.address, 390)
        page.fill("[name=age]", "x")
        page.click("#send")
        page.get_by_text("Expected numbers in the column 'age'", exact=False).wait_for()
        page.fill("[name=age]", "55")
        page.select_option("[name=site]", "a")
        page.click("#send")
        page.locator(".answer .right button").first.wait_for()
        assert [words for words in wrong if "422" not in words] == []
        page.context.close()


def test_the_microphone_gives_a_wave_that_is_read(browser: Any, tmp_path: Path) -> None:
    with served(baseline("audio")[0], tmp_path) as server:
        page, wrong = opened(browser, server.address)
        said = page.evaluate(
            "(async () => [...new Uint8Array(await waveOf(Float32Array.from({length: 4000},"
            " (_, i) => Math.sin(i / 3)), 8000).arrayBuffer())])()"
        )
        answer = server.send("/predict", [("file", "recording.wav", bytes(said))])
        assert answer.said["predictions"][0]["label"] in ("no", "yes") and wrong == []
        page.context.close()


def test_the_command_serves_and_ends_when_told(tmp_path: Path) -> None:
    model, _ = baseline("text")
    model.save(tmp_path / "model")
    command = [sys.executable, "-m", "headstart", "serve", "model", "--port", "0", "--host", "0.0.0.0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        assert running.stdout is not None
        line = running.stdout.readline()
        port, token = line.rpartition(":")[2].split("/?token=")
        server, known = Served(int(port)), {"authorization": f"Bearer {token.strip()}"}
        assert server.post("/predict", {"texts": ["so good"]}).status == 401
        assert server.post("/predict", {"texts": ["so good"]}, known).status == 200
        running.terminate()
        _, told = running.communicate(timeout=30)
    assert running.returncode == 0 and told.endswith("Stopped.\n") and "unencrypted" in told
    assert not (tmp_path / "corrections").exists()


def test_what_cannot_be_served_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    model, _ = baseline("text")
    place = str(model.save(tmp_path / "model"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert exit_code(["serve", place, "--port", str(taken.getsockname()[1])]) == 1
    told = capsys.readouterr().err
    assert "Expected to listen at 127.0.0.1:" in told and "Take another --port (0: a free one) or --host." in told
    assert exit_code(["serve", place, "--host", "no.such.name.invalid"]) == 1
    assert exit_code(["serve", place, "--token", "short"]) == 1
    assert exit_code(["serve", str(tmp_path)]) == 1
    assert exit_code(["serve", place, "--port", "70000"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert exit_code(["serve", "model"]) == 1
    assert "Install it with: pip install 'headstart[web]'" in capsys.readouterr().err
