"""A saved model of a table comes back as it was, without the rows, in another process too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from forged_tables import forge
from sklearn.base import is_regressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeClassifier, RidgeCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import SVC

import headstart
from headstart import CORAL, AlignedClassifier, Model, Source
from headstart.contract.borrower import Borrower
from headstart.contract.catalogue import CATALOGUE, method
from headstart.data.tables.encoder import TableEncoder
from headstart.errors import OutputError, SourceError, TransferWarning
from headstart.models.saving.tables import ARRAYS, STRUCTURE, load_table_model, save_table_model

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.array(["no", "yes"])[np.arange(40) % 2]
SMALL: dict[str, dict[str, Any]] = {
    "TransferForestClassifier": {"estimator": RandomForestClassifier(8)},
    "TransferForestRegressor": {"estimator": RandomForestRegressor(8)},
    "TwoStageTrAdaBoostRegressor": {"n_steps": 2, "n_estimators": 3, "cv": 2},
}
ASKED = ("predict", "predict_proba", "transform")


def frame(n: int, seed: int) -> pd.DataFrame:
    """Rows with categories, dates and gaps."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({"age": rng.normal(50, 9, n), "dose": rng.normal(size=n), "site": rng.choice(["a", "b"], n)})
    found["seen"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, n), unit="D")
    found.loc[::7, "dose"], found.loc[::5, "site"] = np.nan, None
    return found


def everything(folder: Path) -> list[str]:
    """Every method of the catalogue fitted on encoded rows and saved, beside what it says of other rows."""
    near, far, new = frame(40, 1), frame(50, 2), frame(30, 3)
    encoder = TableEncoder().fit(near, others=[("far", far)])
    rows, others, asked = encoder.encode(near), encoder.encode(far), encoder.encode(new)
    names = [name for name in CATALOGUE if issubclass(method(name), Borrower)]
    for name in names:
        model = method(name)(**SMALL.get(name, {}))
        if "random_state" in model.get_params():
            model.set_params(random_state=0)
        y, ys = (part[:, 0] if is_regressor(model) else Y[(part[:, 0] > 0).astype(int)] for part in (rows, others))
        model.set_params(source=Source(others, ys, name="far"), unlabelled=rows).fit(rows, y)
        (folder / name).mkdir()
        save_table_model(model, encoder, folder / name)
        twin, other = load_table_model(folder / name)
        for say in (say for say in ASKED if hasattr(model, say)):
            said = getattr(model, say)(asked)
            assert np.array_equal(getattr(twin, say)(other.transform(new)), said), (name, say)
            np.save(folder / name / f"{say}.npy", said)
    new.to_pickle(folder / "new.pkl")
    return names


FRESH = """
import sys
from pathlib import Path
import numpy as np, pandas as pd
from headstart.models.saving.tables import load_table_model
folder = Path(sys.argv[1])
for place in sorted(p for p in folder.iterdir() if p.is_dir()):
    model, encoder = load_table_model(place)
    rows = encoder.transform(pd.read_pickle(folder / "new.pkl"))
    for file in place.glob("*.npy"):
        if not np.array_equal(getattr(model, file.stem)(rows), np.load(file)):
            print(place.name, file.stem)
print("all seen")
"""


@pytest.mark.filterwarnings("ignore")
def test_the_whole_catalogue_says_the_same_to_the_bit_here_and_in_a_fresh_process(tmp_path: Path) -> None:
    assert len(everything(tmp_path)) > 25
    found = subprocess.run([sys.executable, "-c", FRESH, tmp_path], capture_output=True, text=True, check=False)
    assert found.stdout == "all seen\n", found.stderr


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        LogisticRegressionCV(cv=3),
        RidgeClassifier(),
        GaussianNB(),
        DummyClassifier(),
        ExtraTreesClassifier(5, random_state=0),
        HistGradientBoostingClassifier(max_iter=3),
        make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression()),
        make_pipeline(MinMaxScaler(), RobustScaler(), LogisticRegression(random_state=np.random.RandomState(0))),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_it_comes_back_as_it_was_without_the_rows(estimator: Any, tmp_path: Path) -> None:
    model = AlignedClassifier(CORAL(), estimator, source=Source(X + 1, Y, name="old"), unlabelled=X).fit(X, Y)
    save_table_model(model, None, tmp_path)
    twin, _ = load_table_model(tmp_path)
    assert np.array_equal(twin.predict(X), model.predict(X)) and model.unlabelled is X and twin.unlabelled is None
    assert repr(twin.source) == "Source('old', rows left out)" == repr(twin.mapping_.source)
    with pytest.raises(SourceError, match=r"saved without them. Give the source again with set_params\(source=...\)"):
        twin.fit(X, Y)
    light, heavy = (Source(np.ones((n, 3)), np.arange(n) % 2) for n in (50, 50_000))
    sizes = []
    for source in (light, heavy):
        save_table_model(CORAL(source=source).fit(X), None, tmp_path)
        sizes.append(sum((tmp_path / name).stat().st_size for name in (STRUCTURE, ARRAYS)))
    assert abs(sizes[1] - sizes[0]) < 100


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(),
        RidgeCV(),
        RandomForestRegressor(5, random_state=0),
        KNeighborsRegressor(2),
        HistGradientBoostingRegressor(max_iter=3, loss="poisson"),
        HistGradientBoostingRegressor(max_iter=3, loss="quantile", quantile=0.3),
    ],
    ids=str,
)
def test_numbers_and_gaps(estimator: Any, tmp_path: Path) -> None:
    rows = X.copy()
    if "Hist" in str(estimator):
        rows[::3, 1] = np.nan
    model = estimator.fit(rows, X[:, 0] ** 2 + 1)
    save_table_model(model, None, tmp_path)
    twin, _ = load_table_model(tmp_path)
    assert np.array_equal(twin.predict(rows), model.predict(rows))
    assert np.array_equal(twin.fit(rows, X[:, 0] ** 2 + 1).predict(rows), model.predict(rows))


def test_several_labels_keep_the_encoder(tmp_path: Path) -> None:
    rows = frame(60, 4).assign(old=lambda f: (f.age > 50).astype(int), high=lambda f: (f.dose > 0).astype(int))
    model = headstart.fit(
        rows, None, label=["old", "high"], candidates={"own": headstart.TransferClassifier(source=None)}, budget=3
    )
    twin = headstart.load(model.save(tmp_path / "model"))
    assert np.array_equal(twin.predict_proba(rows), model.predict_proba(rows))


def test_no_file_names_a_module(tmp_path: Path) -> None:
    save_table_model(AlignedClassifier(CORAL(), source=Source(X, Y)).fit(X, Y), StandardScaler().fit(X), tmp_path)
    text = (tmp_path / STRUCTURE).read_text()
    assert not any(word in text for word in ("headstart.", "sklearn.", "numpy.", "builtins"))
    found = json.loads(text)
    assert found["estimator"]["class"] == "AlignedClassifier" and found["encoder"]["class"] == "StandardScaler"


@pytest.mark.parametrize(
    ("estimator", "words"),
    [
        (SVC(), "found SVC in estimator"),
        (make_pipeline(FunctionTransformer(np.sqrt), Ridge()), "FunctionTransformer in estimator, Pipeline.steps"),
        (KNeighborsRegressor(metric=lambda a, b: 0.0), "found function in estimator, KNeighborsRegressor.settings"),
        (HistGradientBoostingRegressor(categorical_features=[0]), "_preprocessor, ColumnTransformer.transformers"),
    ],
    ids=["SVC", "function", "metric", "categories"],
)
def test_what_has_no_safe_form_is_refused_in_words(estimator: Any, words: str, tmp_path: Path) -> None:
    model = estimator.fit(np.abs(X.round()), np.arange(40) % 2)
    with pytest.raises(OutputError, match=words):
        Model(model, {}, task="classification", classes=[0, 1], input_type="table").save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_another_scikit_learn_is_said(tmp_path: Path) -> None:
    save_table_model(StandardScaler().fit(X), None, tmp_path)
    forge(tmp_path, lambda found, _: found.update({"scikit-learn": "0.1.2"}))
    with pytest.warns(TransferWarning, match=f"saved with scikit-learn 0.1.2, and {sklearn.__version__} reads it"):
        load_table_model(tmp_path)
