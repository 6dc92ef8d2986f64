"""Two hundred damaged inputs through the command line: words and an exit code, and an earlier result stays whole."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.cli.main import exit_code
from headstart.errors import HeadstartError
from headstart.models import fitting as fit_module

_spec = importlib.util.spec_from_file_location(
    "data_mutations", Path(__file__).parents[1] / "unit" / "data" / "pictures" / "test_mutations.py"
)
assert _spec is not None and _spec.loader is not None
mutations: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(mutations)

REACHED = "the data were accepted"


def content(folder: Path) -> str:
    """Hash of all files of a folder."""
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        total.update(str(file.relative_to(folder)).encode() + (file.read_bytes() if file.is_file() else b""))
    return total.hexdigest()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", range(0, 200, 10))
def test_no_damage_gives_a_traceback_or_touches_what_is_there(
    tmp_path: Path, start: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "model"
    out.mkdir()
    (out / "headstart.json").write_text('{"schema_version": 1}')
    (out / "model.safetensors").write_bytes(b"an earlier result")
    before = content(out)

    def accepted(*args: Any, **kwargs: Any) -> None:
        raise HeadstartError(REACHED)

    monkeypatch.setattr(fit_module.SafeTransferClassifier, "fit", accepted)
    for seed in range(start, start + 10):
        rng = np.random.default_rng(seed)
        data = tmp_path / f"data{seed}"
        for label in ("ants", "bees"):
            (data / label).mkdir(parents=True)
            for i in range(3):
                picture = Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8))
                picture.save(data / label / f"{i}.png")
        suffix, damaged = mutations.picture(rng)
        mutations.MUTATIONS[seed % len(mutations.MUTATIONS)](data / "ants" / f"mutant{suffix}", damaged, rng)
        for more in ([], ["--skip-bad"]):
            code = exit_code(["fit", str(data), "--source", "none", "--out", str(out), *more])
            said = capsys.readouterr().err
            assert code == 1 and "\nError: " in f"\n{said}"
            assert "Traceback" not in said and "did not expect" not in said
            if more and "under two" not in said:
                assert REACHED in said
        assert content(out) == before
