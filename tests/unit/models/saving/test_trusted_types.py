"""A saved classical model comes back as it was, and a file that would run code is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from skops import io

from headstart import CORAL, AlignedClassifier, Source
from headstart.errors import SourceError
from headstart.models.saving.tables import load_table_model, save_table_model
from headstart.models.saving.trusted_types import strangers, trusted

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.array(["no", "yes"])[np.arange(40) % 2]


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        SVC(),
        HistGradientBoostingClassifier(max_iter=3),
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_it_comes_back_as_it_was_without_the_rows(estimator: Any, tmp_path: Path) -> None:
    model = AlignedClassifier(CORAL(), estimator, source=Source(X + 1, Y, name="old"), unlabelled=X).fit(X, Y)
    save_table_model(model, None, tmp_path)
    twin, _ = load_table_model(tmp_path)
    assert np.array_equal(twin.predict(X), model.predict(X)) and model.unlabelled is X
    assert repr(twin.source) == "Source('old', rows left out)" == repr(twin.mapping_.source)
    with pytest.raises(SourceError, match=r"saved without them. Give the source again with set_params\(source=...\)"):
        twin.fit(X, Y)
    light, heavy = (Source(np.ones((n, 3)), np.arange(n) % 2) for n in (50, 50_000))
    sizes = []
    for source in (light, heavy):
        save_table_model(CORAL(source=source).fit(X), None, tmp_path)
        sizes.append((tmp_path / "model.skops").stat().st_size)
    assert abs(sizes[1] - sizes[0]) < 100


def test_what_a_model_needs_is_trusted() -> None:
    assert strangers(io.get_untrusted_types(data=io.dumps(IsotonicRegression().fit(X[:, 0], X[:, 1])))) == []


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.exec",
        "builtins.getattr",
        "headstart.networks.saving.save.save_network",
        "headstart.parameters.saving.np",
        "headstart.models.saving.tables.load_table_model",
        "headstart.cli.main.main",
        "headstart.errors.HeadstartError",
        "numpy.memmap",
        "numpy.f2py.compile",
        "sklearn.datasets.load_files",
        "sklearn.utils._testing.os.system",
        "sklearn.preprocessing._function_transformer.partial",
        "scipy.io.loadmat",
        "subprocess.Popen",
        "posix.system",
        "sklearn.nowhere.Nothing",
        "CORAL",
    ],
)
def test_functions_and_foreign_types_are_not(name: str) -> None:
    assert not trusted(name)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    bomb = FunctionTransformer(os.system, kw_args={"command": "echo"})
    io.dump({"estimator": bomb, "encoder": None}, tmp_path / "model.skops")
    with pytest.raises(SourceError, match=r"found posix.system. It was not written by headstart; do not trust it"):
        load_table_model(tmp_path)
    (tmp_path / "model.skops").write_bytes(b"nothing")
    with pytest.raises(SourceError, match="Expected a model that headstart saved"):
        load_table_model(tmp_path)
