"""A small file that would unpack to far more than it should is refused in words before it does."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from headstart.data.base.reasons import BadInput
from headstart.data.base.unpacked import check_unpacked, gunzipped
from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.tables.frame import read_frame
from headstart.errors import DataError

ROWS = 6_000_000


def wide_parquet(path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(ROWS, np.int8)), pa.array(["a"]))
    parquet.write_table(pa.table({"x": column, "label": column}), path, compression="zstd")


def many_row_groups(path: Path) -> None:
    table = pa.table({"x": pa.array(np.zeros(ROWS // 3, np.float32))})
    with parquet.ParquetWriter(path, table.schema, compression="gzip") as writer:
        for _ in range(3):
            writer.write_table(table)


def excel(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (100 << 20))


def arrays(path: Path) -> None:
    np.savez_compressed(path, x=np.zeros((4000, 128, 128), np.uint16), y=np.zeros(4000))


def packed(path: Path) -> None:
    with gzip.open(path, "wb") as file:
        for _ in range(100):
            file.write(b"text,label\n" * (1 << 17))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("t.parquet", wide_parquet),
        ("groups.parquet", many_row_groups),
        ("t.xlsx", excel),
        ("t.npz", arrays),
        ("t.csv.gz", packed),
        ("t.jsonl.gz", packed),
    ],
)
def test_what_would_fill_the_memory_is_refused_at_once(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    write(path)
    assert path.stat().st_size < 2_000_000
    readers = [read_dataset] if name.endswith("npz") else [read_dataset, read_frame]
    for reader in readers:
        tracemalloc.start()
        with pytest.raises(DataError, match=r"it unpacks to (about|more than) \d+ [GM]iB"):
            reader(path)
        assert tracemalloc.get_traced_memory()[1] < (80 << 20)
        tracemalloc.stop()
    if name.endswith("npz"):
        with pytest.raises(DataError, match="times its size"):
            read_unlabelled(path)


def test_headers_that_lie_are_found_out(tmp_path: Path) -> None:
    path = tmp_path / "lies.npz"
    np.savez(path, x=np.zeros((2, 4, 4)), y=np.zeros(2))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"(2, 4, 4)", b"(9, 9, 9)"))
    with pytest.raises(DataError, match="cannot be read"):
        read_dataset(path)
    shape = content.replace(b"'shape': (2, 4, 4), }      ", b"'shape': (99999999999,), } ", 1)
    path.write_bytes(shape)
    with pytest.raises(DataError, match="cannot be read"):
        read_dataset(path)
    short = tmp_path / "short.npz"
    with zipfile.ZipFile(short, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(100 << 20))
    content = short.read_bytes()
    short.write_bytes(content.replace(struct.pack("<I", 100 << 20), struct.pack("<I", 1000)))
    check_unpacked(short)
    with pytest.raises(DataError, match="cannot be read"):
        read_dataset(short)


def test_what_is_well_packed_or_small_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pd.DataFrame({"x": np.zeros(100_000), "label": ["a", "b"] * 50_000}).to_parquet(path)
    check_unpacked(path)
    np.savez_compressed(tmp_path / "blank.npz", x=np.zeros((500, 64, 64), np.uint8), y=np.arange(500) % 2)
    check_unpacked(tmp_path / "blank.npz")
    assert gunzipped(gzip.compress(b"a" * 1000)) == b"a" * 1000
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    check_unpacked(tmp_path / "t.csv")
    with pytest.raises(BadInput, match="it unpacks to more than 64 MiB, over 250 times its size"):
        gunzipped(gzip.compress(bytes(70 << 20)))
