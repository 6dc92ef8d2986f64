"""Estimators on clips: heads, last blocks, all layers; long clips window by window; saved and loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from small_sounds import RATE, sound_network, tones

from headstart import TransferClassifier, TransferRegressor
from headstart.data.clips.augment import SoundAugmentation
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.variants import variant
from headstart.data.pictures.augment import Augmentation
from headstart.data.pictures.pictures import as_pictures
from headstart.errors import ParameterError, SourceError
from headstart.networks.reading.loading import load_network
from headstart.parameters.heads.targets import class_targets
from headstart.parameters.loading import load_estimator
from headstart.parameters.on_inputs import held_rows
from headstart.parameters.saving import save_estimator
from headstart.parameters.tuning.augmenting import choose_augmentation
from headstart.parameters.tuning.plan import network_for, starter_for
from headstart.parameters.tuning.price import predict_parts
from headstart.parameters.tuning.windows import means, spread, spread_targets, windows_each

NETWORK = sound_network()


@pytest.mark.parametrize(
    ("settings", "least"), [({}, 1.0), ({"head": "linear"}, 0.8), ({"train": "last:1", "epochs": 4}, 0.8)]
)
def test_tones_are_told_apart(settings: dict, least: float) -> None:
    clips, y = tones(60)
    model = TransferClassifier(NETWORK, random_state=0, **settings).fit(clips[:40], y[:40])
    assert model.score(clips[40:], y[40:]) >= least
    assert model.embed(clips).shape == (60, NETWORK.chain.n_features)


def test_all_layers_learn_what_the_random_ones_did_not() -> None:
    clips, y = tones(60, seconds=(0.3, 0.5))
    model = TransferClassifier(None, network=NETWORK, epochs=15, batch_size=8, random_state=0).fit(clips[:40], y[:40])
    assert model.score(clips[40:], y[40:]) > 0.9
    assert model.history_[-1]["train_loss"] < model.history_[0]["train_loss"]


def test_numbers() -> None:
    clips, y = tones(50)
    model = TransferRegressor(NETWORK).fit(clips[:40], 3.0 * y[:40])
    assert model.score(clips[40:], 3.0 * y[40:]) > 0.8


@pytest.mark.parametrize("train", ["head", "last:1"])
def test_saved_and_loaded_it_says_the_same(train: str, tmp_path: Path) -> None:
    clips, y = tones(30)
    model = TransferClassifier(NETWORK, train=train, epochs=2, random_state=0).fit(clips, np.array(["low", "high"])[y])
    manifest = save_estimator(model, tmp_path)
    from headstart.networks.folder import write_manifest

    write_manifest(tmp_path, manifest)
    again = load_estimator(tmp_path, manifest)
    assert np.allclose(again.predict_proba(clips), model.predict_proba(clips), atol=1e-5)
    assert load_network(tmp_path).input_type == "audio"


def test_a_long_clip_becomes_its_windows_and_shares_its_weight() -> None:
    rng = np.random.default_rng(0)
    waves = [rng.normal(size=n).astype(np.float32) for n in (3000, 9000, 4000)]
    clips, preprocessing = Clips(waves, sampling_rate=RATE), SoundPreprocessing(RATE, 4000)
    windows, owner = spread(clips, preprocessing)
    assert owner.tolist() == [0, 1, 1, 1, 1, 2]
    expected = np.concatenate([preprocessing.windows(wave) for wave in waves])
    found = np.stack([preprocessing.centre(windows.decode(i)[0]) for i in range(len(windows))])
    assert np.array_equal(found, expected)
    targets = spread_targets(class_targets(np.array(["a", "b", "a"]), None), owner)
    assert np.allclose(np.bincount(owner, targets.weight), 2.0) and targets.weight.mean() == pytest.approx(1)
    assert windows_each(clips, preprocessing) == 2.0
    short, alone = spread(clips[[0, 2]], preprocessing)
    assert len(short) == 2 and alone.tolist() == [0, 1]


def test_means_are_taken_over_owners_in_any_order() -> None:
    outputs = torch.tensor([[1.0], [10.0], [3.0], [5.0]])
    assert means(outputs, np.array([4, 2, 4, 9])).ravel().tolist() == [10.0, 2.0, 5.0]


def test_long_clips_are_judged_in_training_as_they_are_in_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    """The validation loss of the last epoch is that of the finished model's own predictions."""
    clips, y = tones(40, seconds=(0.4, 1.6))
    for cache in (True, False):
        model = TransferClassifier(
            NETWORK, train="last:1", epochs=2, early_stopping=True, cache=cache, augment=None, random_state=0
        ).fit(clips, y)
        held = held_rows(model, model._targets(y), None)
        assert held is not None
        p = model.predict_proba(clips[held[1]])
        loss = -np.log(p[np.arange(len(held[1])), y[held[1]]]).mean()
        best = min(record["val_loss"] for record in model.history_)
        assert loss == pytest.approx(best, rel=1e-3)


def test_training_sees_windows_anywhere_in_a_long_clip() -> None:
    preprocessing = SoundPreprocessing(RATE, 100)
    canvas = np.arange(1000, dtype=np.float32)
    starts = {int(variant(canvas, preprocessing, None, np.random.default_rng(k))[0]) for k in range(200)}
    assert min(starts) < 50 and max(starts) > 850 and len(starts) > 100
    short = np.ones(60, dtype=np.float32)
    assert variant(short, preprocessing, None, np.random.default_rng(0)).sum() == 60


def test_augmentation_fits_the_kind_of_input() -> None:
    clips, y = tones(12)
    targets = class_targets(y, None)

    def chosen(augment: object, whole: bool = True) -> object:
        return choose_augmentation(augment, NETWORK, clips, targets, whole=whole, seed=0)

    assert isinstance(chosen("auto"), SoundAugmentation) and chosen("auto", whole=False) is None
    assert chosen(SoundAugmentation(gain=1.0)) == SoundAugmentation(gain=1.0) and chosen(None) is None
    with pytest.raises(ParameterError, match=r"None or SoundAugmentation\(\.\.\.\), found Augmentation"):
        chosen(Augmentation())


def test_arguments_for_pictures_and_networks_for_pictures_are_refused() -> None:
    clips, y = tones(10)
    with pytest.raises(ParameterError, match="Expected image_size None for clips, found 64"):
        TransferClassifier(NETWORK, image_size=64).fit(clips, y)
    with pytest.raises(SourceError, match="Expected a network for sounds, found starter:pictures"):
        TransferClassifier("starter:pictures").fit(clips, y)
    with pytest.raises(SourceError, match="Expected a network for pictures, found tiny"):
        TransferClassifier(NETWORK).fit(as_pictures(np.zeros((10, 8, 8), np.uint8)), y)
    with pytest.raises(ParameterError, match="Expected clips for the network"):
        TransferClassifier(NETWORK).fit(np.zeros((10, 4)), y)
    with pytest.raises(ParameterError, match="Expected a label for each of 10 clips, found 3"):
        TransferClassifier(NETWORK).fit(clips, y[:3])


def test_without_a_name_the_starter_of_the_kind_is_taken() -> None:
    assert starter_for("audio") == "starter:speech"
    assert network_for(TransferClassifier(None), "image").name == "starter:pictures (random weights)"
    with pytest.raises(ParameterError, match="found rows of numbers"):
        starter_for("numbers")


def test_windows_cost_time() -> None:
    short, long = (tones(20, seconds=s)[0] for s in ((0.4, 0.45), (9.0, 9.1)))
    estimator = TransferClassifier(NETWORK, train="last:1", epochs=30)
    assert sum(predict_parts(estimator, 2000, long)) > 4 * sum(predict_parts(estimator, 2000, short))
