"""`fit` with labelled sets beside a network, from folders, tables and memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from text_families import family_folder

import headstart
from headstart import Source
from headstart.data.reading.recognise import from_arrays
from headstart.errors import DataError, ParameterError, SourceError
from headstart.models.labelled_sets import is_set, parted
from headstart.models.reproduction import reproduction

STARTER = "starter:pictures"


def pictures(n: int, seed: int, dark: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    wave = 60 * (np.sin(np.arange(32) * 1.2) > 0)
    stripes = np.where(y[:, None, None] == 1, wave[None, :, None], wave[None, None, :])
    noisy = np.clip(stripes + 60 - dark + rng.normal(0, 60, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along"])[y]


def written(place: Path, n: int, seed: int, names: dict[str, str] | None = None, dark: float = 0.0) -> Path:
    X, y = pictures(n, seed, dark)
    for i, (one, label) in enumerate(zip(X, y, strict=True)):
        folder = place / (names or {}).get(label, label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(folder / f"{seed}_{i}.png")
    return place


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("here"), 14, 0, dark=30)


def test_what_is_a_network_and_what_a_set(here: Path, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "config.json").write_text("{}")
    table = tmp_path / "t.csv"
    table.write_text("path,label\na.png,x\n")
    assert is_set(here) and is_set(str(here)) and is_set(table) and is_set((["a"], ["b"]))
    assert not any(is_set(one) for one in (tmp_path / "net", STARTER, "org/name", "file.py:f", tmp_path / "nothing"))
    assert parted([str(here), STARTER]) == (STARTER, [str(here)])
    assert parted(str(here)) == ("auto", [str(here)])
    with pytest.raises(ParameterError, match="one network to borrow from, found 2: starter:pictures, org/name"):
        parted([STARTER, "org/name"])


def test_a_folder_beside_the_network_is_measured_and_told(here: Path, tmp_path: Path) -> None:
    there = written(tmp_path / "there", 60, 1)
    (there / "along" / "broken.png").write_bytes(b"no picture")
    Image.open(next((here / "across").iterdir())).save(there / "across" / "copy.png")
    for i in range(2):
        (there / "else").mkdir(exist_ok=True)
        Image.fromarray(pictures(2, 9)[0][i]).save(there / "else" / f"{i}.png")
    model = headstart.fit(here, [STARTER, str(there)], budget=30, out=tmp_path / "model")
    rows = {row["name"]: row for row in model.evidence["candidates"]}
    assert rows["head, with sets"]["words"].endswith("learn from 60 examples of there too")
    assert rows["head, with sets"]["score"] >= rows["head"]["score"]
    assert model.evidence["source"]["sets"] == [{"name": "there", "n": 60}]
    said = " ".join(model.evidence["data"]["notes"])
    assert "2 of 64 pictures of there are of other classes (else). They were left out." in said
    assert "1 of 62 pictures of there cannot be read" in said and "1 of 62 pictures of there are copies" in said
    command = model.evidence["reproduce"]["command"]
    assert f"--source {STARTER} --source {there}" in command
    X, y = pictures(40, 5, dark=30)
    assert (headstart.load(tmp_path / "model").predict(X) == y).mean() > 0.6


def test_a_set_alone_goes_with_the_bundled_network(here: Path) -> None:
    X, y = pictures(30, 3)
    model = headstart.fit(here, Source(X, y, name="others"), budget=15)
    assert model.evidence["source"]["name"] and model.evidence["source"]["sets"][0]["name"] == "others"


def test_texts_in_tables(tmp_path: Path) -> None:
    def table(n: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        words = [["good", "great", "fine"], ["bad", "poor", "sad"]]
        return pd.DataFrame(
            {
                "review": [f"it was {rng.choice(words[i % 2])} number {i} of {seed}" for i in range(n)],
                "mood": [["up", "down"][i % 2] for i in range(n)],
            }
        )

    network = family_folder("distilbert", tmp_path / "net")
    table(16, 0).to_csv(tmp_path / "books.csv", index=False)
    table(40, 1).to_csv(tmp_path / "films.csv", index=False)
    model = headstart.fit(tmp_path / "books.csv", [str(network), str(tmp_path / "films.csv")], label="mood", budget=20)
    assert model.evidence["source"]["sets"] == [{"name": "films.csv", "n": 40}]


def test_groups_of_the_target_are_not_lent(here: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    for label in ("across", "along"):
        (there / label).mkdir(parents=True)
    X, y = pictures(20, 7)
    for i, (one, label) in enumerate(zip(X, y, strict=True)):
        Image.fromarray(one).save(there / label / f"p{i % 5}_{i}.png")
    target = tmp_path / "target"
    X, y = pictures(16, 8)
    for i, (one, label) in enumerate(zip(X, y, strict=True)):
        (target / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(target / label / f"p{i % 8 + 3}_{i}.png")
    model = headstart.fit(target, [STARTER, str(there)], group_by=r"(p\d+)_", budget=15)
    assert "8 of 20 pictures of there are of groups that the target has." in " ".join(model.evidence["data"]["notes"])


def test_what_does_not_go_is_refused_before_anything_is_learned(here: Path, tmp_path: Path) -> None:
    upper = written(tmp_path / "upper", 6, 4, {"across": "ACROSS", "along": "ALONG"})
    with pytest.raises(SourceError, match=r"found ACROSS, ALONG[\s\S]*'ACROSS' of \w+ looks like your 'across\'"):
        headstart.fit(here, [STARTER, str(upper)])
    with pytest.raises(SourceError, match="found nothing"):
        headstart.fit(here, [STARTER, str(tmp_path / "missing")])
    with pytest.raises(ParameterError, match="Expected a network beside labelled sets of pictures, found none"):
        headstart.fit(here, ["none", str(here)])
    with pytest.raises(DataError, match="found texts"):
        headstart.fit(here, [STARTER, (["a word", "and another"], ["across", "along"])])
    X, _ = pictures(6, 2)
    with pytest.raises(SourceError, match="Expected classes in set 1, as in the target, found numbers"):
        headstart.fit(here, [STARTER, from_arrays(X, np.linspace(0, 1, 6), task="regression")])
    assert "--source" in reproduction("x", [STARTER, here], {})["command"]
