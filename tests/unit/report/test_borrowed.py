"""What the page says and draws of what was borrowed, beside the target."""

from __future__ import annotations

import re

import pytest
from shown_evidence import domains, example

from headstart.report.borrowed import both_sides
from headstart.report.write import render


def test_both_sides_are_drawn_with_a_shape_and_a_colour_each() -> None:
    found = both_sides(domains("elsewhere.csv"), "table")
    assert found is not None
    assert [one["name"] for one in found["figures"]] == [
        "Before, principal axes (PCA)",
        "After, principal axes (PCA)",
        "Before, neighbours (t-SNE)",
        "After, neighbours (t-SNE)",
    ]
    drawn = str(found["figures"][0]["figure"])
    paths = dict(re.findall(r'<path class="([^"]+)" d="([^"]+)"', drawn))
    assert {group: d.count("M") for group, d in paths.items()} == {
        "lent hue-0": 130,
        "lent hue-1": 130,
        "yours hue-0": 70,
        "yours hue-1": 70,
    }
    assert list(paths)[-1].startswith("yours"), "the target lies on top"
    places = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+),([\d.]+)m", drawn)]
    assert all(10 <= x <= 330 and 10 <= y <= 330 for x, y in places)
    assert [(side["name"], side["n"]) for side in found["sides"]] == [
        ("your rows", "140"),
        ("elsewhere.csv", "260 of 1,200"),
    ]


@pytest.mark.parametrize(
    ("alignment", "words"),
    [
        (
            {"name": "CORAL aligned", "share": 1.0},
            "as the chosen model sees them, “borrowed rows shifted towards yours”",
        ),
        ({"name": "CORAL aligned", "share": 0.052}, "5% of the chosen mixture"),
        (
            {"name": "adapted head", "share": 0.0},
            "“borrowed set adapted to yours” would see them; it was tried, and not chosen",
        ),
        ({"name": "shot", "share": 1.0}, "“adapted until answers are sure and balanced”"),
        (None, "No method that was tried moves one side onto the other."),
    ],
)
def test_it_is_said_who_brought_them_together(alignment: object, words: str) -> None:
    found = both_sides(domains("elsewhere") | {"alignment": alignment}, "table")
    assert found is not None and words in found["after"]


def test_how_well_the_sides_are_told_apart_is_said_in_pairs() -> None:
    found = both_sides(domains("elsewhere"), "image")
    assert found is not None
    assert "right in 90 of 100 before, and in 50 after both were brought together; 50 is guessing." in found["words"]


def test_the_page_shows_them_and_names_smuggle_nothing_in() -> None:
    html = render(example() | {"domains": domains("<script>x</script>")})
    assert "Where what was borrowed lies beside yours" in html and html.count('class="figure"') >= 4
    assert "<script" not in html and "bees and &lt;others&gt;" in html
    assert "Where what was borrowed lies" not in render(example())


def test_a_way_that_moves_neither_side_has_no_picture_after() -> None:
    found = domains("elsewhere")
    points = {view["by"]: view["points"] for view in found["views"] if view["place"] == "before"}
    views = [{**view, "points": points[view["by"]]} for view in found["views"]]
    said = both_sides({**found, "views": views, "alignment": {"name": "joined", "share": 1.0}}, "image")
    assert said is not None and "moves neither side" in said["after"] and "the strong ways as one" in said["after"]
    assert {figure["name"].split(",")[0] for figure in said["figures"]} == {"Before"} and "after" not in said["words"]
