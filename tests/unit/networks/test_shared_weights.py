"""What networks in several folders have alike is on the disk once, and each folder is read as before."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForImageClassification

from headstart import MultiTaskClassifier, load
from headstart.data.clips.clips import Clips
from headstart.networks.reading.loading import load_network
from headstart.networks.shared_weights import INDEX, WHOLE, share_weights


def written(folder: Path, loads_with: str = "transformers", **tensors: np.ndarray) -> Path:
    folder.mkdir()
    save_file(tensors, str(folder / WHOLE))
    (folder / "headstart.json").write_text(json.dumps({"network": {"loads_with": loads_with}}))
    return folder


def body() -> np.ndarray:
    return np.arange(64, dtype=np.float32).reshape(8, 8)


def together(folder: Path) -> dict[str, Any]:
    parts = {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(str(file)).items()}
    return dict(sorted(parts.items()))


def test_heads_that_differ_leave_the_body_in_one_file(tmp_path: Path) -> None:
    heads = [np.full((k, 3), k, dtype=np.float16) for k in (1, 2, 2)]
    folders = [written(tmp_path / f"t{i}", body=body(), head=head) for i, head in enumerate(heads)]
    before = [together(folder) for folder in folders]
    share_weights(folders)
    for folder, was in zip(folders, before, strict=True):
        found = together(folder)
        assert found.keys() == was.keys()
        assert all(found[name].dtype == was[name].dtype and np.array_equal(found[name], was[name]) for name in was)
        places = json.loads((folder / INDEX).read_text())["weight_map"]
        assert not (folder / WHOLE).exists() and places["body"] != places["head"]
        assert all((folder / place).is_file() for place in places.values())
    assert len({(folder / places["body"]).stat().st_ino for folder in folders}) == 1


def test_equal_files_become_one_and_others_stay(tmp_path: Path) -> None:
    same = [written(tmp_path / f"s{i}", "timm", body=body()) for i in range(2)]
    other = written(tmp_path / "o", body=body() + 1)
    small = [written(tmp_path / f"m{i}", "timm", body=body() + 2, head=np.full(2, i)) for i in range(2)]
    none = tmp_path / "table"
    none.mkdir()
    share_weights([*same, other, none, *small])
    assert os.path.samefile(same[0] / WHOLE, same[1] / WHOLE)
    assert not list(tmp_path.rglob(INDEX)) and len(list(tmp_path.rglob(WHOLE))) == 5
    assert len({file.stat().st_ino for file in tmp_path.rglob(WHOLE)}) == 4


def test_a_disk_without_links_holds_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError("no links here")

    folders = [written(tmp_path / f"t{i}", body=body(), head=np.full(2, i)) for i in range(2)]
    monkeypatch.setattr(os, "link", refused)
    share_weights(folders)
    assert [sorted(together(folder)) for folder in folders] == [["body", "head"]] * 2


@pytest.mark.parametrize("starter", ["starter:pictures", "starter:speech"])
def test_models_of_tasks_share_their_network_and_load_alone(starter: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    size = (12, 28, 28) if starter.endswith("pictures") else (12, 16000)
    X: Any = rng.integers(0, 255, size).astype(np.uint8) if len(size) == 3 else list(rng.normal(0, 0.1, size))
    if len(size) == 2:
        X = Clips([(clip.astype(np.float32), 16000) for clip in X])
    Y = pd.DataFrame({"one": list("abc" * 4), "other": list("xy" * 6)})
    model = MultiTaskClassifier(starter, train="last:1", epochs=1, random_state=0).fit(X, Y)
    place = model.save(tmp_path / "m")
    files = list(place.rglob("*.safetensors"))
    size_once = sum({file.stat().st_ino: file.stat().st_size for file in files}.values())
    assert size_once < 0.7 * sum(file.stat().st_size for file in files)
    assert load(place).predict(X).to_numpy().tolist() == model.predict(X).to_numpy().tolist()
    moved = (place / "task-2").rename(tmp_path / "alone")
    assert load(moved).predict(X).tolist() == model.predict(X)["other"].tolist()
    assert load_network(moved) is not None
    if starter.endswith("pictures"):
        assert AutoModelForImageClassification.from_pretrained(moved).config.num_labels == 2
