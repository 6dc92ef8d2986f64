"""Inputs of whichever kind from tensors of torch, and from what can be gone through once alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

from headstart.data.base.kinds import Kind, kind_of_suffix
from headstart.data.inputs import inputs as inputs_module
from headstart.data.inputs.inputs import as_inputs, inputs_in, without_torch
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.options import Reading
from headstart.data.reading.recognise import recognise
from headstart.data.tables.rows import is_frame, rows_of
from headstart.errors import DataError


def test_tensors_are_pictures_as_arrays_are() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 24, 3), dtype=np.uint8)
    tensor = torch.from_numpy(pixels)
    first = tensor.permute(0, 3, 1, 2)
    for given in (tensor, first, list(first), list(tensor)):
        found = as_inputs(given)
        assert np.array_equal([found.decode(i) for i in range(3)], pixels)
    grey = as_inputs(first[:, :1].float() / 255)
    assert np.allclose(grey.decode(0)[..., 0], pixels[0, ..., 0], atol=1)


def test_rows_of_a_tensor_stay_rows() -> None:
    assert inputs_in(torch.zeros(4, 7)) is None
    assert without_torch(torch.zeros(4, 7)).shape == (4, 7)
    assert without_torch([1, torch.zeros(2)])[0] == 1


def test_what_can_be_gone_through_once_alone_is_not_lost() -> None:
    names = ["a.png", "b.png", "c.png"]
    assert len(as_inputs(name for name in names)) == len(as_inputs(map(str, names), "image")) == 3
    assert recognise(((name for name in names), iter("xyx"))).dataset().n_per_class() == {"x": 2, "y": 1}
    assert rows_of([i, i] for i in range(4)).shape == (4, 2)
    with pytest.raises(DataError, match="Expected rows of a table, found tuple"):
        rows_of((np.eye(2), np.arange(3)))


ROWS = [{"a": 1, "s": "u"}, {"a": 2, "s": "v"}]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (ROWS, "list of dict"),
        ({"a": [1, 2]}, "dict"),
        ([(1, "u"), (2, "v")], "list of tuple"),
        (pd.Series(ROWS), "Series of dict"),
        (pd.Series([1.0, 2.0]), "Series of float"),
        ([pd.Series(row) for row in ROWS], "list of Series"),
        ([pd.DataFrame(ROWS)], "list of DataFrame"),
        (pl.Series([1.0]), "Series of float"),
        (pd.DataFrame(ROWS).to_records(), "recarray"),
    ],
)
def test_rows_that_are_no_frame_are_refused_by_what_they_are(given: object, found: str) -> None:
    with pytest.raises(DataError, match=rf"rows of a table, found {found}\. Give rows of a table as one DataFrame"):
        recognise(given)


def test_tables_of_other_libraries_are_tables() -> None:
    frame = pd.DataFrame(ROWS * 3)
    lazy = pl.from_pandas(frame).lazy()
    for given in (lazy, pa.Table.from_pandas(frame), pa.RecordBatch.from_pandas(frame)):
        assert is_frame(given) and rows_of(given).equals(frame)
        assert recognise(given, Reading(label="s")).dataset().y.tolist() == ["u", "v"] * 3


def test_inputs_are_asked_once_whether_another_kind_is_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def looked_at(suffix: str) -> Kind | None:
        asked.append(suffix)
        return kind_of_suffix(suffix)

    monkeypatch.setattr(inputs_module, "kind_of_suffix", looked_at)
    pictures = inputs_in(["a.jpg", "b.png", "c.gif"])
    assert pictures is not None and inputs_in(pictures) is pictures
    assert inputs_in(pictures[[0, 2]]) is not None and inputs_in(pictures[1:]) is not None
    assert asked == [".jpg", ".png", ".gif"]
    mixed = Pictures(["a.jpg", "b.wav", "c.gif"])
    for rows in (mixed, mixed[1:], mixed):
        with pytest.raises(DataError, match=r"found clips among them; b\.wav is a clip"):
            inputs_in(rows)
