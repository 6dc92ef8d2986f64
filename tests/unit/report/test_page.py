"""The report: what it says, that it escapes what users name things, and that it is written whole or not at all."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shown_evidence import candidate, example, thumbnail

from headstart import Source
from headstart.data.inputs.inputs import as_inputs
from headstart.errors import OutputError, SourceError
from headstart.guard.candidates.candidate import WITH_TASKS
from headstart.guard.candidates.for_inputs import UNLABELLED, standard_for_inputs
from headstart.guard.candidates.for_tables import table_candidates
from headstart.guard.candidates.material import Material
from headstart.networks.reading.loading import load_network
from headstart.report.method_names import plain_name
from headstart.report.page import build, labels_saved
from headstart.report.write import render, write_report


class Structure(HTMLParser):
    """Notes unclosed elements, addresses that are asked for, and scripts."""

    VOID = frozenset({"meta", "img", "br", "input", "link", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def structure(html: str) -> Structure:
    parser = Structure()
    parser.feed(html)
    assert parser.open == []
    return parser


def test_the_verdict_stands_on_top_in_one_sentence() -> None:
    html = render(example())
    body = html[html.index("<body>") :]
    assert body.index("Transfer helps: 96.1%") < body.index("What was tried")
    assert re.findall(r"<h1>(.*?)</h1>", html) == ["Transfer helps: 96.1% of 244 are right with it, 71.0% without."]
    assert build(example())["verdict"]["sentence"] == example()["verdict"]["sentence"]


def test_everything_that_was_measured_is_on_the_page() -> None:
    html = render(example())
    for words in (
        "95.7%",
        "93.0 to 98.0%",
        "95.4%",
        "4 min 11 s",
        "+25.1 points",
        "p &lt; 0.001",
        "about 31 minutes; --budget 1h",
        "ants/broken.jpg",
        "the file ends too early",
        "ants/1.jpg = ants/1 copy.jpg",
        "3.5 million",
        "1.28 million examples",
        "Nearest neighbours agree in 93%.",
        "Before: it is open. It came out as: helps.",
        "ants/17.jpg",
        "97% sure",
        "headstart fit hymenoptera --source",
        "torch 2.13.0",
        "240 groups",
        "The part &#39;val&#39; was kept",
    ):
        assert words in html, words


def test_it_is_self_contained_and_well_formed() -> None:
    parts = structure(render(example()))
    assert parts.asked and all(address.startswith("data:image/jpeg;base64,") for address in parts.asked)
    assert "script" not in parts.tags and "link" not in parts.tags


def test_names_of_files_and_classes_cannot_smuggle_html_in() -> None:
    evil = "<script>alert(1)</script>\"'&"
    evidence = example()
    evidence["data"].update(name=evil, classes=[evil, "bees"], n_per_class={evil: 1}, notes=[evil])
    evidence["data"]["dropped"] = [{"name": evil, "reason": evil}]
    evidence["confusion"]["labels"] = [evil, "bees"]
    evidence["per_class"][0]["class"] = evil
    evidence["curves"][0]["name"] = evil
    evidence["mistakes"][0].update(name=evil, true=evil, predicted=evil, thumbnail='x" onerror="alert(1)')
    evidence["candidates"][0]["name"] = evil
    parts = structure(render(evidence))
    assert "script" not in parts.tags and "img" not in parts.tags


def test_every_part_may_be_missing() -> None:
    structure(render({}))
    for key in example():
        evidence = example()
        evidence[key] = None
        structure(render(evidence))
        del evidence[key]
        structure(render(evidence))


def test_numbers_that_are_not_there_are_dashes_not_nan() -> None:
    evidence = example()
    evidence["candidates"][0].update(log_loss=None, balanced_accuracy=float("nan"), interval=None)
    evidence["estimate"].update(value=float("nan"))
    evidence["metrics"]["ece_after"] = None
    html = render(evidence)
    assert "nan" not in re.sub(r"<style>.*?</style>", "", html, flags=re.S).lower()


def test_the_best_candidate_comes_first_and_places_stay_on_the_axis() -> None:
    rows = build(example())["candidates"]["rows"]
    assert [row["value"] for row in rows] == ["96.1%", "95.2%", "71.0%", "64.0%"]
    for row in rows:
        assert 0 <= row["left"] <= row["at"] <= row["left"] + row["width"] <= 100.01


def test_errors_are_better_when_smaller() -> None:
    evidence = example()
    evidence["estimate"]["metric"] = "mae"
    assert next(row["value"] for row in build(evidence)["candidates"]["rows"]) == "0.64"


@pytest.mark.parametrize("word", ["helps", "hurts", "no evidence either way", "cannot tell"])
def test_each_verdict_has_its_own_words(word: str) -> None:
    evidence = example()
    evidence["verdict"] = {"word": word, "sentence": "", "difference": None, "interval": None, "transfer_used": False}
    html = render(evidence)
    assert "It was learned without transfer." in html
    assert {"helps": "Transfer helps", "hurts": "Transfer hurts"}.get(word, word.capitalize()) in html


def test_a_regression_reads_as_one() -> None:
    evidence = example()
    evidence["data"].update(task="regression", classes=None, n_per_class=None)
    evidence["estimate"].update(metric="r2", value=0.71, interval=[0.6, 0.8])
    evidence.update(confusion=None, per_class=[], metrics={"r2": 0.71, "mae": 3.25, "rmse": 4.5}, test=None)
    evidence["mistakes"] = [
        {"name": "a.png", "true": 12.0, "predicted": 19.123456, "probability": None, "thumbnail": thumbnail()}
    ]
    html = render(evidence)
    structure(html)
    assert "The largest errors" in html and "19.12" in html and "3.25" in html and "R²" in html
    assert "points" not in html.split("What was tried")[0]


def test_many_classes_become_a_drawing() -> None:
    evidence = example()
    labels = [f"class {i}" for i in range(60)]
    matrix = [[8 if i == j else 2 if j == (i + 1) % 60 else 0 for j in range(60)] for i in range(60)]
    evidence["confusion"] = {"labels": labels, "matrix": matrix}
    html = render(evidence)
    structure(html)
    assert "class 3 taken for class 4: 2" in html and "Most often confused" in html


def test_a_curve_of_one_point_is_no_curve() -> None:
    evidence = example()
    for curve in evidence["curves"]:
        for key in ("n", "score", "low", "high"):
            curve[key] = curve[key][-1:]
    assert build(evidence)["curves"] is None


def test_labels_saved_is_read_off_the_curves() -> None:
    words = labels_saved(example()["curves"], "accuracy")
    assert words == "Without transfer, 71.0% take 195 labelled pictures; with it, 10 already do better."
    curves = copy.deepcopy(example()["curves"])
    curves[1]["score"][-1] = 0.87
    assert labels_saved(curves, "accuracy").endswith("with it, about 20 are enough.")
    curves[1]["score"][-1] = 0.99
    assert labels_saved(curves, "accuracy") == ""


@pytest.mark.parametrize("word", ["no evidence either way", "hurts", "cannot tell"])
def test_labels_saved_are_not_spoken_of_where_transfer_is_not_known_to_help(word: str) -> None:
    evidence = example()
    assert "already do better" in build(evidence)["curves"]["words"]
    evidence["verdict"]["word"] = word
    assert build(evidence)["curves"]["words"] == ""


def test_more_labels_are_a_dashed_line_and_a_sentence() -> None:
    evidence = example()
    assert "ahead" not in str(build(evidence)["curves"]["figure"])
    evidence["more_labels"] = [
        {"ratio": 2, "n": 488, "score": 0.967, "low": 0.94, "high": 0.985},
        {"ratio": 4, "n": 976, "score": 0.975, "low": 0.95, "high": 0.997},
    ]
    html = render(evidence)
    assert "244 more labels: about 97% [94-98]; 732 more: about 98% [95-99]." in html
    assert html.count('class="line transfer ahead"') == html.count('class="band transfer ahead"') == 1


def test_doubtful_labels_have_a_card() -> None:
    evidence = example()
    assert "Labels worth a second look" not in render(evidence)
    listed = {"name": "odd.jpg", "true": "ants", "predicted": "bees", "probability": 0.97, "thumbnail": thumbnail()}
    evidence["label_errors"] = [listed]
    html = render(evidence)
    assert "Labels worth a second look" in html and "odd.jpg" in html and "This label may be wrong" in html


def model_folder(path: Path) -> Path:
    path.mkdir()
    (path / "evidence.json").write_text(json.dumps(example()), encoding="utf-8")
    return path


def test_the_report_lands_in_the_model_folder_or_where_asked(tmp_path: Path) -> None:
    model = model_folder(tmp_path / "model")
    assert write_report(model) == model / "report.html"
    assert write_report(model, tmp_path) == tmp_path / "report.html"
    assert write_report(model, tmp_path / "new" / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_failing_write_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_folder(tmp_path / "model")
    (model / "report.html").write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match=r"Expected to write the report to .*No space left.*another place \(--out\)"):
        write_report(model)
    assert (model / "report.html").read_text() == "old" and not list(model.glob(".*tmp"))


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"found nothing at .*absent"):
        write_report(tmp_path / "absent")
    with pytest.raises(SourceError, match=r"Expected evidence.json in .*found none.*headstart fit --out"):
        write_report(tmp_path)
    (tmp_path / "evidence.json").write_text("{")
    with pytest.raises(SourceError, match=r"Expected JSON in .*Fit the model again"):
        write_report(tmp_path)
    (tmp_path / "evidence.json").write_text("[]")
    with pytest.raises(SourceError, match="Expected a JSON object"):
        write_report(tmp_path)


def led() -> dict[str, Any]:
    evidence = example()
    evidence["lead"] = {
        "words": "Right for about 96 of 100 new pictures (guessing: 50).",
        "detail": "With 95% confidence.",
    }
    evidence["trivial"] = {"words": "always <ants>", "score": 0.504, "metric": "accuracy", "better": True}
    evidence["verdict"]["sides"] = [
        {"name": "best with transfer", "transfer": True, "score": 0.955, "interval": [0.92, 0.98]},
        {"name": "best without transfer", "transfer": False, "score": 0.704, "interval": [0.64, 0.76]},
    ]
    return evidence


def test_what_to_expect_comes_first_and_the_verdict_second() -> None:
    html = render(led())
    assert html.index("Right for about 96 of 100") < html.index("Transfer helps:")
    assert "<h1>Right for about 96" in html and "always &lt;ants&gt;" in html and "50.4%" in html


def test_both_sides_of_the_verdict_are_rows_and_are_explained() -> None:
    rows = {row["name"]: row["value"] for row in build(led())["candidates"]["rows"]}
    assert rows["best with transfer, chosen fold by fold"] == "95.5%"
    assert rows["best without transfer, chosen fold by fold"] == "70.4%"
    assert "cross-fitting" in render(led()) and "cross-fitting" not in render(example())


def test_warnings_stand_under_the_first_sentence() -> None:
    evidence = led() | {"warnings": ["Not shown to be better than guessing."]}
    html = render(evidence)
    assert '<p class="warning">Not shown to be better than guessing.</p>' in html
    assert 'class="warning"' not in render(led())


def test_methods_have_plain_names_and_those_of_users_their_own() -> None:
    evidence = example()
    evidence["candidates"] = [
        candidate("head", True, 0.9, words="solved heads"),
        candidate("pooled", True, 0.8, words="pooled"),
    ]
    names = [row["name"] for row in build(evidence)["candidates"]["rows"]]
    assert names == ["borrowed network, new output", "pooled"]


def test_every_way_that_the_guard_tries_by_itself_has_a_plain_name() -> None:
    rng = np.random.default_rng(0)
    more = rng.integers(0, 255, (30, 16, 16, 3), dtype=np.uint8)
    how = {"n": 30, "unlabelled": as_inputs(more), "lent": (Source(more, np.arange(30) % 2),), "views": 4}
    ways = standard_for_inputs(load_network("starter:pictures"), "classification", **how)
    for n in (40, 300, 3000):
        rows, y = rng.normal(size=(n, 3)), np.arange(n) % 2
        ways += table_candidates(Material(rows, y, "classification", sources=(Source(rows, y),)))
    own = {one.name for one in ways if plain_name(one.name) == one.name}
    assert own == {"edges and colours"}
    assert plain_name(UNLABELLED) != UNLABELLED and plain_name(WITH_TASKS) != WITH_TASKS


def test_the_reliability_curve_is_drawn_and_said() -> None:
    low, high = ({"sure": at, "right": at + 0.02, "low": at - 0.1, "high": at + 0.05, "n": 40} for at in (0.6, 0.95))
    evidence = example() | {"reliability": [low, high]}
    assert "60.0% sure, 62.0% right of 40" in render(evidence)
    evidence["metrics"]["temperature"] = 1.0
    assert "scaling them did not make them better" in render(evidence)
    assert build(example())["reliability"] is None
