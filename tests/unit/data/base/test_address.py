"""Addresses: what lies elsewhere is brought here once, and again where it has changed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import headstart
from headstart.data.base import address
from headstart.data.base.address import address_of, brought, delivered
from headstart.data.reading.read import read_dataset
from headstart.errors import DataError, MissingExtra, OutputError

fsspec = pytest.importorskip("fsspec", reason="needs the extra fsspec")


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("s3://bucket/ants", "s3://bucket/ants"),
        (Path("memory://set/ants"), "memory://set/ants"),
        ("ants/bees", None),
        ("C:/ants", None),
        ("timm:resnet18", None),
        ("org/name@main", None),
        ("mine.py:build", None),
        (None, None),
        (np.zeros(2), None),
    ],
)
def test_what_is_an_address(given: Any, address: str | None) -> None:
    assert address_of(given) == address


def test_a_folder_that_is_called_like_an_address_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "memory:" / "ants").mkdir(parents=True)
    assert brought(Path("memory:/ants")) == Path("memory:/ants")


def pictures(system: Any) -> None:
    for name in ("ants", "bees"):
        for i in range(3):
            with system.open(f"/insects/{name}/{i}.png", "wb") as file:
                Image.new("RGB", (8, 8), (i, 0, 40)).save(file, "PNG")


def test_a_folder_of_pictures_at_an_address_is_read_as_one_here(memory: Any) -> None:
    pictures(memory)
    dataset = read_dataset("memory://insects")
    assert dataset.classes == ("ants", "bees") and len(dataset) == 6
    assert dataset.inputs.decode(2).shape == (8, 8, 3)


def test_only_what_has_changed_is_copied_again(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(memory)
    first = brought("memory://insects")
    taken: list[str] = []
    get = type(memory).get_file
    monkeypatch.setattr(
        type(memory), "get_file", lambda self, name, *more, **how: (taken.append(name), get(self, name, *more, **how))
    )
    assert brought("memory://insects") == first and taken == []
    memory.rm("/insects/ants/0.png")
    with memory.open("/insects/bees/1.png", "wb") as file:
        file.write(b"other")
    brought("memory://insects")
    assert [name.rsplit("/", 1)[-1] for name in taken] == ["1.png"]
    assert not (first / "ants" / "0.png").exists() and (first / "bees" / "1.png").read_bytes() == b"other"


def test_a_table_is_fitted_from_an_address_and_the_model_put_at_one(memory: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.random(24), "b": rng.random(24), "y": ["ill", "well"] * 12})
    frame.loc[frame.y == "ill", "a"] += 1.0
    with memory.open("/tables/here.csv", "w") as file:
        frame.to_csv(file, index=False)
    model = headstart.fit("memory://tables/here.csv", None, label="y", budget=30)
    assert "memory://tables/here.csv" in model.evidence["reproduce"]["command"]
    with delivered("memory://models/first", "headstart.json") as place:
        model.save(place)
    loaded = headstart.load("memory://models/first")
    assert loaded.predict(frame[["a", "b"]]).tolist() == model.predict(frame[["a", "b"]]).tolist()
    with memory.open("/other/file.txt", "w") as file:
        file.write("mine")
    words = "Expected nothing, or what headstart wrote, at memory://other, found other"
    with pytest.raises(OutputError, match=words), delivered("memory://other", "headstart.json"):
        pass


def test_a_file_address_is_a_path(tmp_path: Path) -> None:
    assert brought(f"file://{tmp_path}") == tmp_path
    assert brought([f"local://{tmp_path}", "b"]) == [tmp_path, "b"]


def test_nothing_there_is_said(memory: Any) -> None:
    with pytest.raises(DataError, match="Expected a file or folder at memory://nothing, found nothing"):
        brought("memory://nothing")


def test_an_unknown_protocol_is_said() -> None:
    with pytest.raises(DataError, match=r"Expected a protocol that fsspec knows .*, found nowhere://"):
        brought("nowhere://ants")


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"Reading s3://bucket/ants needs fsspec.*pip install 'headstart\[fsspec\]'"):
        brought("s3://bucket/ants")


def test_without_the_package_of_a_protocol_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(DataError, match="Expected what fsspec needs for s3:// to be installed"):
        brought("s3://bucket/ants")


def test_copies_beyond_the_bound_go_but_for_those_in_use(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path))
    monkeypatch.setattr(address, "ADDRESS_BYTES", 50)
    monkeypatch.setattr(address, "_USED", set())
    for name in ("one", "two"):
        memory.pipe(f"/bound/{name}.csv", b"x" * 40)
    first = address.brought("memory://bound/one.csv")
    assert address.brought("memory://bound/two.csv").exists() and first.exists()
    monkeypatch.setattr(address, "_USED", set())
    assert address.brought("memory://bound/two.csv").exists()
    assert not first.exists() and address.address_bytes() < 200
