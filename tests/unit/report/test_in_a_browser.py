"""The pages in Chromium: narrow, wide, dark and printed, nothing stands out of them and nothing is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shown_evidence import domains, example, thumbnail

from headstart.guard.candidates.material import Material
from headstart.guard.evidence.use import use_evidence
from headstart.report.write import render

LONG = "a-very-long-name-of-a-folder-without-any-space/and_a_file_whose_name_does_not_end_before_the_edge_0001.jpeg"
#: What a reader loses: what lies beyond the page's edge, but for what scrolls in a box of its own, and cut text.
LOST = """() => {
  const found = [];
  for (const one of document.querySelectorAll('main *')) {
    const box = one.getBoundingClientRect();
    if (box.width && !one.closest('.scroll') && !one.closest('svg') && box.right > innerWidth + 1)
      found.push('beyond the edge: ' + one.tagName + '.' + one.className);
    const style = getComputedStyle(one);
    if (style.textOverflow === 'ellipsis' && one.scrollWidth > one.clientWidth + 1 && !one.closest('[title]'))
      found.push('cut: ' + one.tagName + '.' + one.className);
  }
  for (const one of document.querySelectorAll('.dense'))
    if (one.parentElement.scrollWidth > one.parentElement.clientWidth + 1) found.push('scrolls: ' + one.innerText);
  return [document.documentElement.scrollWidth, innerWidth, found.slice(0, 5)];
}"""


def two_classes() -> dict[str, Any]:
    """Evidence with all that the first page of a model of two classes shows, and long names."""
    rng, evidence = np.random.default_rng(0), example()
    y = np.repeat([0, 1], [80, 60])
    p = 1 / (1 + np.exp(-rng.normal(np.where(y == 1, 1.2, -1.2), 1.0)))
    shares = np.column_stack([1 - p, p])
    material = Material(np.zeros((140, 1)), y, "classification", np.arange(140) // 2)
    evidence["use"] = use_evidence(material, shares, ["no finding at all", "pneumonia-or-something-longer"])
    evidence["held_out"] = {"of_label": shares[np.arange(140), y].tolist(), "of_answer": shares.max(axis=1).tolist()}
    one = {"name": LONG, "true": "bees", "predicted": "ants", "probability": 0.93, "thumbnail": thumbnail()}
    evidence |= {"mistakes": [one] * 5, "least_sure": [one] * 3, "right": [one | {"predicted": "bees"}] * 3}
    evidence["reproduce"]["command"] = f"headstart fit {LONG} --source {LONG} --group-by '{LONG}' --out model"
    for row in evidence["per_class"]:
        row |= {"recall_interval": [0.9, 0.99], "precision_interval": [0.88, 0.98]}
    return evidence


def borrowed() -> dict[str, Any]:
    """Evidence of rows that were borrowed: where they lie beside the target's."""
    return two_classes() | {"domains": domains(LONG)}


def evaluated() -> dict[str, Any]:
    """Evidence of an evaluation."""
    evidence = two_classes()
    for part in (
        "verdict",
        "candidates",
        "estimate",
        "test",
        "before",
        "curves",
        "source",
        "lead",
        "seconds",
        "budget",
    ):
        evidence.pop(part, None)
    promised = {"value": 0.96, "interval": [0.93, 0.98]}
    side = {"promised": [0.95, 0.9, 0.98], "measured": [0.8, 0.7, 0.87], "n": 60}
    evidence["evaluation"] = {
        "metric": "accuracy",
        "value": 0.85,
        "interval": [0.8, 0.9],
        "n": 140,
        "word": "did not hold",
        "sentence": "The promise did not hold: accuracy 85.0%.",
        "promised": promised,
        "model": "hymenoptera",
        "difference": -0.11,
        "low": -0.17,
        "high": -0.05,
        "overlap": {"n": 1, "words": f"1 is a copy ({LONG})."},
        "scores": [{"name": "accuracy", "value": 0.85, "interval": [0.8, 0.9], "promised": 0.96}],
        "operating": {"positive": "bees", "threshold": 0.3, "sensitivity": side, "specificity": side},
    }
    return evidence


def words() -> dict[str, Any]:
    """Evidence of texts: quotes in the place of pictures."""
    evidence = two_classes()
    evidence["data"]["input_type"] = "text"
    text = {
        "name": LONG,
        "true": "ham",
        "predicted": "spam",
        "probability": 0.9,
        "text": f"so it goes {LONG} on and on",
    }
    return evidence | {"mistakes": [text] * 3, "least_sure": [text], "right": [text | {"predicted": "ham"}]}


def cells() -> dict[str, Any]:
    """Evidence of a table: rows with many cells."""
    evidence = two_classes()
    evidence["data"]["input_type"] = "table"
    row = {"name": "row 1", "true": "ill", "predicted": "well", "probability": 0.9}
    row["cells"] = {f"a column with a name {i}": "12.3456" for i in range(12)}
    return evidence | {"mistakes": [row] * 3, "least_sure": [row], "right": [row]}


@pytest.mark.parametrize("made", [two_classes, borrowed, evaluated, words, cells])
def test_nothing_stands_out_or_is_cut(made: Any, browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(render(made(), lambda name: ""), encoding="utf-8")
    for width, scheme, media in (
        (390, "light", "screen"),
        (390, "dark", "screen"),
        (1100, "dark", "screen"),
        (704, "light", "print"),  # A4 without its margins
    ):
        opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.emulate_media(media=media, color_scheme=scheme)
        opened.goto(page.as_uri())
        wide, room, lost = opened.evaluate(LOST)
        assert wide <= room, (width, scheme, media, wide)
        assert not lost, (width, scheme, media, lost)
        opened.close()


def test_a_printed_page_is_dark_on_white_however_the_screen_is(browser: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(render(two_classes()), encoding="utf-8")
    opened = browser.new_page(color_scheme="dark")
    opened.goto(page.as_uri())
    colour = "() => getComputedStyle(document.querySelector('h1')).color"
    assert opened.evaluate(colour) == "rgb(232, 236, 243)"
    opened.emulate_media(media="print", color_scheme="dark")
    assert opened.evaluate(colour) == "rgb(21, 26, 35)"
    assert len(opened.pdf()) > 10_000
    opened.close()


def test_the_page_says_what_the_model_is_good_for_before_it_speaks_of_transfer() -> None:
    html = render(two_classes())
    first, then = html.index("Is it good enough to use?"), html.index("better without transfer")
    assert html.index("<h1>") < first < html.index("Refer when unsure") < html.index("surest of") < then
    assert "with --positive no finding at all it is the other way round" in html
    assert "Where it is least sure" in html and "Some that it gets right" in html
    assert html.count(LONG) > 8  # names in full
