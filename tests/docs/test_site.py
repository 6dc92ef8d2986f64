"""What the site has beyond the pages in docs/."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import headstart

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> dict[str, Any]:
    pytest.importorskip("mkdocs", reason="mkdocs (extra docs) is not installed")
    return runpy.run_path(str(ROOT / ".ci" / "site.py"))


def test_every_public_name_stands_once_in_the_reference(site: dict[str, Any]) -> None:
    named = re.findall(r"^::: headstart\.(?:\w+\.)*(\w+)$", "\n".join(site["reference"]().values()), flags=re.MULTILINE)
    assert sorted(named) == sorted(name for name in headstart.__all__ if not name.startswith("_"))


def test_every_page_of_the_reference_is_in_the_navigation(site: dict[str, Any]) -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(f"- {page}\n" in navigation for page in site["reference"]())


def test_pages_of_the_root_link_to_pages_of_the_site(site: dict[str, Any]) -> None:
    said = "[a](docs/text.md#x) [b](CHANGELOG.md) [scripts](benchmarks) [c](https://example.org)"
    assert site["of_the_root"](said) == "[a](text.md#x) [b](changelog.md) scripts [c](https://example.org)"


def test_links_out_of_docs_stay_on_the_site(site: dict[str, Any]) -> None:
    said = "[a](../README.md#b) [c](../../SECURITY.md) [coral](../examples/coral.py) [scripts](../benchmarks)"
    turned = "[a](overview.md#b) [c](../security.md) [coral](examples/coral.md) scripts"
    assert site["on_page_markdown"](said, page=None) == turned


def test_nothing_is_asked_for_from_outside() -> None:
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert "font: false" in settings and "http" not in settings
