"""Models whose network was trained: what sees new data, and whose confidence counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import headstart
from headstart import SafeTransferClassifier, TransferClassifier
from headstart.data.inputs.inputs import as_inputs
from headstart.drift.compared import compared
from headstart.errors import SourceError
from headstart.guard.evidence.reference import FROZEN, Reference, eyes_of, features_for, unit
from headstart.models.model import Model
from headstart.models.saving.reference import FILE, load_reference, save_reference
from headstart.networks.reading.loading import load_network


def pictures(n: int, seed: int, dark: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    wave = 70 * (np.sin(np.arange(32) * 1.2) > 0)
    stripes = np.where(y[:, None, None] == 1, wave[None, :, None], wave[None, None, :])
    noisy = np.clip(stripes + 100 - dark + rng.normal(0, 30, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along"])[y]


@pytest.fixture(scope="module")
def guarded() -> SafeTransferClassifier:
    way = TransferClassifier("starter:pictures", train="last:1", epochs=2, random_state=0)
    found = SafeTransferClassifier("starter:pictures", candidates={"way": way}, n_splits=2, reference=True)
    return found.fit(*pictures(90, 0))


def test_a_network_sees_as_far_as_nothing_was_trained() -> None:
    X, y = pictures(12, 0)
    last = load_network("starter:pictures").chain.blocks
    depths = {}
    for train in ("head", "last:1", "contrastive:1", "all"):
        model = TransferClassifier("starter:pictures", train=train, epochs=1, augment=None).fit(X, y)
        network, depths[train] = eyes_of(model)
        assert network is (None if train == "all" else model.network_)
    assert depths == {"head": "", "last:1": last[-2], "contrastive:1": last[-2], "all": ""}
    assert eyes_of(object()) == (None, "")


def test_frozen_blocks_see_what_the_borrowed_ones_saw(guarded: SafeTransferClassifier) -> None:
    kept = guarded.reference_
    assert kept.sees == FROZEN and kept.trained is not None
    assert kept.trained.probabilities.shape == kept.held.shape == (90, 2)
    X, none = as_inputs(pictures(5, 1)[0]), np.zeros((0, 0))
    borrowed = features_for(FROZEN, X, load_network("starter:pictures"), "cpu", none, depth=kept.depth, exact=True)
    assert np.allclose(kept.seen(X, guarded.best_estimator_.network_, "cpu"), unit(borrowed), atol=1e-5)


def test_the_models_own_confidence_counts_and_its_features_are_no_test(guarded: SafeTransferClassifier) -> None:
    kept, model = guarded.reference_, guarded.best_estimator_
    X = as_inputs(pictures(60, 2)[0])
    features = kept.seen(X, model.network_, "cpu")
    said, near = model.predict_proba(X), kept.trained.projected(X, model.network_, "cpu")
    answers = said.argmax(axis=1)
    sure = compared(kept, features, answers, 0.95, trained=(said, near))
    unsure = compared(kept, features, answers, 0.95, trained=(0.6 * said + 0.2, near))
    apart = compared(kept, features, answers, 0.95, trained=(said, near[::-1]))
    assert sure.p_value == unsure.p_value == apart.p_value > 0.05
    assert sure.expected.value > 0.9
    assert unsure.expected.falls["confidence"] > sure.expected.falls["confidence"] + 0.1
    assert apart.expected.falls["neighbours"] > sure.expected.falls["neighbours"] + 0.1


def test_a_saved_model_is_checked_as_it_was(guarded: SafeTransferClassifier, tmp_path: Path) -> None:
    how = {"task": "classification", "classes": guarded.classes_, "reference": guarded.reference_}
    model = Model(guarded.best_estimator_, guarded.evidence_, temperature=guarded.temperature_, **how)
    place = model.save(tmp_path / "model")
    for X, valid in ((pictures(80, 3)[0], True), (pictures(80, 3, dark=100.0)[0], False)):
        first, again = headstart.check(model, X), headstart.check(place, X)
        assert first.verdict == again.verdict and (again.verdict == "valid") == valid
        assert again.numbers.get("falls", {}) == pytest.approx(first.numbers.get("falls", {}), abs=1e-3)


def test_what_is_kept_comes_back_and_parts_that_do_not_fit_are_refused(
    guarded: SafeTransferClassifier, tmp_path: Path
) -> None:
    kept: Reference = guarded.reference_
    save_reference(kept, tmp_path)
    found = load_reference(tmp_path)
    assert found is not None and found.trained is not None and found.depth == kept.depth
    assert all(np.array_equal(getattr(found.trained, name), part) for name, part in vars(kept.trained).items())
    save_reference(replace(kept, trained=None), tmp_path)
    assert load_reference(tmp_path).trained is None  # type: ignore[union-attr]
    save_reference(kept, tmp_path)
    arrays = load_file(str(tmp_path / FILE))
    del arrays["trained.rows"]
    save_file(arrays, str(tmp_path / FILE), metadata={"sees": f"{FROZEN} {kept.depth}"})
    with pytest.raises(SourceError, match="do not go together"):
        load_reference(tmp_path)
