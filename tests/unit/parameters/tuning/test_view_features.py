"""Several cached views of each training example in front of a frozen network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from audio_families import a_wave, family
from small_networks import small_network, wrapped
from small_sounds import RATE, sound_network, tones

from headstart.data.clips.augment import SoundAugmentation, augmented_canvas
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.fixed_views import views_of
from headstart.data.pictures.augment import Augmentation
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import ParameterError
from headstart.networks.reading.loading import load_network
from headstart.networks.running import embed as embed_module
from headstart.networks.running.cache import memory_cache
from headstart.networks.running.embed import embed
from headstart.networks.running.features import Features
from headstart.parameters.heads.solved import of_views, solve_head
from headstart.parameters.heads.targets import class_targets, number_targets
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.parameters.tuning.view_features import learned

NETWORK = sound_network()
STRONG = SoundAugmentation(time_masks=2, bands=2)


def test_a_view_is_the_same_for_the_same_content_number_and_seed(tmp_path: Path) -> None:
    import soundfile

    wave = a_wave(RATE, 0.4)
    soundfile.write(tmp_path / "a.wav", wave, RATE, subtype="FLOAT")
    in_memory, on_disk = Clips([wave], sampling_rate=RATE), Clips([tmp_path / "a.wav", tmp_path / "a.wav"])
    one = views_of(on_disk, NETWORK.preprocessing, STRONG, [1, 2], 0)
    again = views_of(on_disk, NETWORK.preprocessing, STRONG, [1, 2], 0)
    assert len(one) == 4 and one.names == on_disk.names * 2
    assert one.digest(0) == one.digest(1) == again.digest(0) != one.digest(2)
    np.testing.assert_array_equal(one.load(0)[0][0], again.load(1)[0][0])
    assert not np.array_equal(one.load(0)[0][0], one.load(2)[0][0])
    other = views_of(on_disk, NETWORK.preprocessing, STRONG, [1], 1)
    assert other.digest(0) != one.digest(0) and one.load(0)[1] == one.digest(0)
    assert views_of(in_memory, NETWORK.preprocessing, SoundAugmentation(), [1]).digest(0) != one.digest(0)
    assert one[[2]].digest(0) == one.digest(2) and one[1:].shape == (3,)


def test_views_of_pictures_keep_their_kind() -> None:
    rng = np.random.default_rng(0)
    pictures = Pictures(list(rng.integers(0, 256, (3, 40, 60, 3), dtype=np.uint8)))
    seen = Preprocessing(resize=32, crop=(32, 32), mean=(0.5,) * 3, std=(0.5,) * 3)
    views = views_of(pictures, seen, Augmentation(), [1, 2, 3])
    assert views.input_type == "image" and len(views) == 9
    found = views.decode(4)
    assert found.dtype == np.uint8 and 15 < found.shape[0] <= 40 and 25 < found.shape[1] <= 60
    with pytest.raises(ParameterError, match="Expected an augmentation of pictures for views, found SoundAugmentation"):
        views_of(pictures, seen, SoundAugmentation(), [1])


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.4])
@pytest.mark.parametrize("marked", [False, True])
def test_varied_clips_have_the_length_that_the_network_expects(seconds: float, marked: bool) -> None:
    preprocessing = SoundPreprocessing(RATE, 4000, marked)
    wave = a_wave(RATE, seconds)
    before = wave.copy()
    for seed in range(20):
        found = augmented_canvas(wave, preprocessing, STRONG, np.random.default_rng(seed))
        assert np.isfinite(found).all() and found.dtype == np.float32
        if seconds > 0.6:
            assert 0.9 * len(wave) < len(found) < 1.11 * len(wave)
        elif marked and seconds < 0.4:
            assert 0.9 * len(wave) < len(found) <= 1.11 * len(wave) + 400
        elif not marked and seconds < 0.4:
            assert len(found) == 4000
    np.testing.assert_array_equal(wave, before)


def test_views_are_run_once_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clips, y = tones(8, seed=31)
    targets = class_targets(y, None)
    first = learned(NETWORK, clips, targets, 3, seed=5)
    assert first.views == 3 and len(first.features) == 24
    np.testing.assert_array_equal(first.features.output[:8], embed(NETWORK, clips).output)
    np.testing.assert_allclose(first.targets.weight, np.tile(targets.weight, 3) / 3)
    monkeypatch.setattr(embed_module, "batches", None)
    again = learned(NETWORK, clips, targets, 3, seed=5)
    np.testing.assert_array_equal(again.features.output, first.features.output)
    part = learned(NETWORK, clips[[2, 5]], targets.rows(np.array([2, 5])), 2, seed=5)
    np.testing.assert_array_equal(part.features.output[2:], first.features.output[[10, 13]])


def test_no_view_stands_on_both_sides_of_a_fold_and_plain_ones_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.parameters.heads import solved

    seen = []
    original = solved.compare_penalties
    monkeypatch.setattr(solved, "compare_penalties", lambda *a, **k: (seen.append(k["folds"]), original(*a, **k))[1])
    clips, y = tones(20, seed=32)
    groups = np.repeat(np.arange(10), 2)
    y = groups % 2
    found = learned(NETWORK, clips, class_targets(y, None), 4)
    solve_head(found.features, found.targets, "auto", groups=groups, views=4)
    owner = np.tile(groups, 4)
    assert seen
    for folds in seen:
        for train, test in folds:
            assert (test < 20).all() and not set(owner[train]) & set(owner[test])
            assert len(train) == 4 * (20 - len(test))


def test_copies_instead_of_views_change_nothing() -> None:
    """K equal views with weights 1 / K are the examples themselves."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(210, 6))
    y = (X[:, 0] + 0.5 * rng.normal(size=210) > 0).astype(int)
    for targets, tolerance in ((class_targets(y, None), 1e-4), (number_targets(X[:, 0] + X[:, 1] ** 2), 1e-6)):
        plain = solve_head(Features.of(X), targets, "linear")
        rows = targets.rows(np.tile(np.arange(210), 3))
        rows = type(rows)(rows.task, rows.Y, rows.weight / 3, rows.classes, rows.shift, rows.scale, rows.flat)
        thrice = solve_head(Features.of(np.tile(X, (3, 1))), rows, "linear", views=3)
        np.testing.assert_allclose(thrice.parts[0].coef, plain.parts[0].coef, atol=tolerance * 10, rtol=1e-2)
        assert thrice.loss == pytest.approx(plain.loss, rel=1e-2)
    assert of_views([(np.array([0]), np.array([1]))], 2, 1)[0][0].tolist() == [0]


def test_an_estimator_learns_from_views_and_predicts_from_plain_inputs() -> None:
    clips, y = tones(24, seed=33)
    model = TransferClassifier(NETWORK, views=3, random_state=0).fit(clips[:16], y[:16])
    np.testing.assert_allclose(model.fitted_.scores(embed(NETWORK, clips[16:], exact=True)), model.logits(clips[16:]))
    assert model.score(clips[16:], y[16:]) >= 0.5
    deep = TransferClassifier(NETWORK, head=[4], views=2, epochs=2, early_stopping=True, random_state=0)
    assert "val_loss" in deep.fit(clips, y).history_[0]
    numbers = TransferRegressor(NETWORK, views=2, random_state=0).fit(clips, y * 2.0)
    assert numbers.predict(clips).shape == (24,)


def test_views_of_pictures_are_learned_from() -> None:
    network = wrapped(*small_network("resnet"))
    rng = np.random.default_rng(0)
    side = network.preprocessing.size[0] + 8
    X = rng.integers(0, 120, (12, side, side, 3), dtype=np.uint8)
    y = np.arange(12) % 2
    X[y == 1] += 100
    model = TransferClassifier(network, views=3, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.8


def test_networks_that_mark_ends_get_views_too(tmp_path: Path) -> None:
    network = load_network(family("clap", tmp_path / "clap"))
    clips = Clips([a_wave(8000, s, i) for i, s in enumerate((0.3, 0.9, 1.0, 1.9))], sampling_rate=8000)
    found = learned(network, clips, class_targets(np.array([0, 1, 0, 1]), None), 3)
    assert np.isfinite(found.features.output).all()
    varied = views_of(clips, network.preprocessing, SoundAugmentation(noise=0), [1])
    assert np.isnan(network.preprocessing.centre(varied.decode(0)[0])).any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"views": 0}, "Expected views from 1 to 64, found 0"),
        ({"views": 2.5}, r"Expected views from 1 to 64, found 2\.5"),
        ({"views": 2, "train": "last:1"}, r"Expected views=1 with train='last:1', found 2: .* Use train='head'"),
        ({"views": 2, "augment": None}, "Expected an augmentation for 2 views, found augment=None"),
    ],
    ids=["none", "half", "last", "no-augmentation"],
)
def test_views_that_cannot_be_are_refused(settings: dict, words: str) -> None:
    clips, y = tones(6)
    with pytest.raises(ParameterError, match=words):
        TransferClassifier(NETWORK, **settings).fit(clips, y)
    with pytest.raises(ParameterError, match="Expected time_masks and bands of at least 0"):
        SoundAugmentation(bands=-1)


def test_memory_is_not_filled_with_views() -> None:
    from headstart.data.inputs.canvases import default_store

    clips, _ = tones(4, seed=77)
    views = views_of(clips, NETWORK.preprocessing, SoundAugmentation(), range(1, 6))
    before = len(default_store())
    embed(NETWORK, views, cache=memory_cache())
    assert len(default_store()) == before
