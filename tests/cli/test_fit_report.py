"""``headstart fit`` and ``report`` pass on what was asked for and print what came of it."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from headstart.cli.main import exit_code

EVIDENCE: dict[str, Any] = {
    "data": {
        "name": "insects",
        "n": 40,
        "task": "classification",
        "classes": ["ants", "bees"],
        "dropped": [{"name": "x.jpg", "reason": "empty file"}],
        "duplicates": [["a.jpg", "b.jpg"]],
    },
    "verdict": {"word": "helps", "sentence": "Transfer helps: 95.0% with it, 70.0% without.", "transfer_used": True},
    "candidates": [
        {"name": "new head", "transfer": True, "score": 0.95, "interval": [0.84, 0.99], "seconds": 2.0, "chosen": True},
        {"name": "simple features", "transfer": False, "score": 0.7, "interval": [0.55, 0.82], "seconds": 1.0},
    ],
    "left_out": [{"name": "all layers", "seconds": 1860.0, "words": "all layers: about 31 minutes; --budget 1h"}],
    "estimate": {"metric": "accuracy", "value": 0.94, "interval": [0.8, 0.98]},
    "mistakes": [{"name": "c.jpg", "true": "ants", "predicted": "bees", "probability": 0.9, "thumbnail": "AAAA"}],
    "seconds": 12.0,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace the learning by a function that notes what it was asked and writes the evidence."""
    noted: dict[str, Any] = {}

    def fit(data: Any, source: Any, **settings: Any) -> Any:
        noted.update(settings, data=data, source=source)
        settings["out"].mkdir()
        (settings["out"] / "evidence.json").write_text(json.dumps(EVIDENCE))
        settings["also"](settings["out"])
        return SimpleNamespace(evidence=EVIDENCE)

    try:
        module = importlib.import_module("headstart.models.fitting")
    except ImportError:
        module = ModuleType("headstart.models.fitting")
        monkeypatch.setitem(sys.modules, "headstart.models.fitting", module)
    monkeypatch.setattr(module, "fit", fit, raising=False)
    return noted


def test_options_reach_the_function(asked: dict[str, Any], tmp_path: Path) -> None:
    words = "--source net --label a --label b --group-by p --task multilabel --budget 1h --skip-bad --resume --seed 3"
    assert exit_code(["fit", "table.csv", "--out", str(tmp_path / "m"), *words.split()]) == 0
    wanted = {"source": "net", "label": ["a", "b"], "group_by": "p", "task": "multilabel", "budget": 3600.0}
    wanted |= {"skip_bad": True, "resume": True, "random_state": 3, "plan": None, "data": Path("table.csv")}
    assert {key: asked[key] for key in wanted} == wanted


@pytest.mark.parametrize(("words", "label", "source"), [("", None, "auto"), ("--label a --source none", "a", None)])
def test_one_label_is_a_name_and_none_is_nothing(
    words: str, label: Any, source: Any, asked: dict[str, Any], tmp_path: Path
) -> None:
    assert exit_code(["fit", "d", "--out", str(tmp_path / "m"), *words.split()]) == 0
    assert (asked["label"], asked["source"]) == (label, source)


def test_the_verdict_is_printed_first_and_the_report_is_there(
    asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["fit", "d", "--out", str(tmp_path / "m")]) == 0
    streams = capsys.readouterr()
    assert streams.out.startswith("Transfer helps: 95.0% with it, 70.0% without.\n")
    for words in ("new head", "84.0 to 99.0%", "Left out: all layers: about 31 minutes; --budget 1h", "94.0%", "12 s"):
        assert words in streams.out
    assert "Pictures left out: 1" in streams.out and "Sets of equal pictures: 1" in streams.out
    assert (tmp_path / "m" / "report.html").exists() and "report.html" in streams.err


@pytest.mark.parametrize("command", ["fit", "report"])
def test_json_alone_stands_on_standard_output(
    command: str, asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m"
    assert exit_code(["fit", "d", "--out", str(model), "--json"]) == 0
    if command == "report":
        capsys.readouterr()
        assert exit_code(["report", str(model), "--json", "--out", str(tmp_path / "page.html")]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["verdict"]["word"] == "helps" and Path(printed["report"]).exists()
    assert "thumbnail" not in printed["mistakes"][0]


def test_a_report_of_nothing_is_one_clear_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["report", str(tmp_path)]) == 1
    streams = capsys.readouterr()
    assert not streams.out and streams.err.count("\n") == 1 and "Expected evidence.json" in streams.err
