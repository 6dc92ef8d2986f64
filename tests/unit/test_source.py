"""Source: frozen, shared, short."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from headstart import CORAL, Source
from headstart.errors import SourceError


def test_it_is_frozen_and_never_copied() -> None:
    source = Source(np.zeros((3, 2)), [0, 1, 1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.X = None  # type: ignore[misc]
    assert clone(source) is source and copy.deepcopy(source) is source and copy.deepcopy([source])[0] is source
    assert clone(CORAL(source=[source])).source[0] is source


def test_its_words_are_short() -> None:
    big = np.zeros((2000, 5000), dtype=np.float32)
    assert repr(Source(big, np.zeros(2000), "books")) == "Source('books', 2000 x 5000, labelled)"
    assert repr(Source(sparse.csr_matrix((4, 7)))) == "Source(4 x 7, without labels)"
    assert repr(Source(pd.DataFrame({"a": [1, 2]}), [1, 2])) == "Source(2 x 1, labelled)"
    assert repr(CORAL(source=Source(big, name="books"))) == "CORAL(source=Source('books', 2000 x 5000, without labels))"
    assert repr(Source(big, name="books").without_rows()) == "Source('books', rows left out)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"X": np.zeros((0, 2))}, "Expected rows in a source, found none. Give source=None"),
        (
            {"X": np.zeros((3, 2)), "y": [0, 1]},
            "Expected 3 labels, one for each row of Source(3 x 2, labelled), found 2",
        ),
        ({"X": np.zeros((3, 2)), "sample_weight": [1.0]}, "Expected 3 weights"),
    ],
    ids=["no rows", "labels", "weights"],
)
def test_what_does_not_fit_is_refused(arguments: dict, words: str) -> None:
    with pytest.raises(SourceError) as error:
        Source(**arguments)
    assert words in str(error.value)


def test_a_frame_travels_as_its_columns() -> None:
    frame = pd.DataFrame(
        {"a": [1.5, np.nan], "b": ["x", None], 3: [True, False], "d": pd.to_datetime(["2020-01-01", "2021-05-05"])},
        index=[7, 9],
    )
    source = Source(frame, [0, 1], name="there")
    assert not isinstance(source.__getstate__()["X"], pd.DataFrame)
    again = pickle.loads(pickle.dumps(source))
    pd.testing.assert_frame_equal(again.X, frame)
    assert again.name == "there" and again.y == [0, 1]
    kinds = pd.DataFrame({"c": pd.Categorical(["u"], categories=["u", "v"])})
    assert pickle.loads(pickle.dumps(Source(kinds))).X["c"].cat.categories.tolist() == ["u", "v"]
