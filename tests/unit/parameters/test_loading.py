"""What was learned is read without what fits it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from headstart import TransferClassifier, TransferRegressor
from headstart.models.model import Model
from headstart.parameters.loading import OF_CLASSIFIERS, PARAMETERS, Learned

COMMAND = """
import sys
from headstart.cli.main import exit_code
assert exit_code(["predict", *sys.argv[1:]]) == 0
print("sklearn" in sys.modules, "scipy.stats" in sys.modules)
"""
PREDICT = """
import sys
import numpy as np
import headstart
X = np.load(sys.argv[2])
print(headstart.load(sys.argv[1]).predict_proba(X).tolist())
print("sklearn.base" in sys.modules, "headstart.parameters.transfer" in sys.modules)
"""
CLIPS = """
import sys
from headstart.cli.predictions import gather_texts
from headstart.networks.reading.loading import load_network
gather_texts(None, (), ["typed"], ())
load_network("starter:speech")
print(*(name in sys.modules for name in ("pandas", "transformers", "torch._dynamo", "sklearn")))
"""


def test_names_of_parameters_are_those_of_the_estimators() -> None:
    assert set(TransferRegressor().get_params(deep=False)) == PARAMETERS
    assert set(TransferClassifier().get_params(deep=False)) == PARAMETERS | OF_CLASSIFIERS


def test_our_own_network_for_clips_loads_no_transformers_and_a_typed_text_no_reader_of_tables() -> None:
    said = subprocess.run([sys.executable, "-c", CLIPS], check=True, capture_output=True, text=True).stdout
    assert said.split() == ["False"] * 4


def test_a_saved_model_predicts_without_scikit_learn_and_as_the_estimator_does(tmp_path: Path) -> None:
    y = np.arange(12) % 2
    light = (100 * y[:, None, None, None]).astype(np.uint8)
    X = np.random.default_rng(0).integers(0, 120, (12, 32, 32, 3), np.uint8) + light
    fitted = TransferClassifier("starter:pictures", random_state=0).fit(X, y)
    folder = Model(fitted, {}, task="classification", classes=[0, 1]).save(tmp_path / "model")
    np.save(tmp_path / "X.npy", X[:2])
    command = [sys.executable, "-c", PREDICT, str(folder), str(tmp_path / "X.npy")]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    np.testing.assert_allclose(np.array(eval(said[0])), fitted.predict_proba(X[:2]), atol=1e-4)
    assert said[1] == "False False"
    Image.fromarray(X[0]).save(tmp_path / "one.png")
    command = [sys.executable, "-c", COMMAND, str(folder), str(tmp_path / "one.png")]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1] == "False False"

    import headstart

    model = headstart.load(folder)
    assert isinstance(model._answers, Learned)
    assert model.predict(X).tolist() == model.estimator.predict(X).tolist()
    assert isinstance(model.estimator, TransferClassifier) and model.estimator is model.estimator
