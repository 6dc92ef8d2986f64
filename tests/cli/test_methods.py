"""``headstart methods``: the catalogue as a table, as JSON, as the page of the documentation."""

from __future__ import annotations

import json

import pytest

from headstart.cli.main import exit_code
from headstart.contract.catalogue import CATALOGUE, markdown


def test_it_lists_every_method_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["methods"]) == 0
    said = capsys.readouterr()
    names = [line.split()[0] for line in said.out.splitlines()[1:]]
    assert sorted(names) == list(CATALOGUE)
    assert "headstart methods --markdown" in said.err


def test_json_holds_the_cards(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["methods", "--json"]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["methods"]}
    assert sorted(found) == list(CATALOGUE)
    assert found["CORAL"]["transfers"] == "features" and found["CORAL"]["tasks"] == ["classification", "regression"]


def test_the_page_is_the_catalogues(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["methods", "--markdown"]) == 0
    page = capsys.readouterr().out
    assert page == markdown() and all(f"| `{name}` |" in page for name in CATALOGUE)
    assert exit_code(["methods", "--markdown", "--json"]) == 2
    assert "Expected --json or --markdown, found both" in capsys.readouterr().err
