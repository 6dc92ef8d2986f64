"""Every example runs, and ends in a picture that shows something."""

from __future__ import annotations

import runpy
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "two_clinics")
pytest.importorskip("matplotlib", reason="the pictures of the examples are drawn by matplotlib")


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_example_ends_in_a_picture(script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib
    import matplotlib.pyplot as plt

    before = matplotlib.get_backend()
    plt.switch_backend("agg")
    monkeypatch.setattr(sys, "argv", [str(script), str(tmp_path)])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # such as: not shown to be better than guessing
            runpy.run_path(str(script), run_name="__main__")
    finally:
        plt.close("all")
        plt.switch_backend(before)
    drawn = np.asarray(Image.open(tmp_path / f"{script.stem}.png").convert("L"))
    assert min(drawn.shape) >= 300
    assert drawn.std() > 10  # not blank
    ink = drawn < 200
    assert ink.any(axis=0).mean() > 0.5 and ink.any(axis=1).mean() > 0.5  # nor in one corner


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda script: script.stem)
def test_example_is_small(script: Path) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert 20 <= len(lines) <= 60 and lines[0].startswith('"""')


def test_gallery_page_is_what_the_examples_say() -> None:
    page = runpy.run_path(str(ROOT / ".ci" / "gallery.py"))["page"]()
    found = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert found == page + "\n", "python .ci/gallery.py > docs/gallery.md"
