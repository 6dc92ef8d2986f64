"""Views of pictures and clips: deterministic, of the right shape, and changed as the papers have it."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np
import pytest

from headstart.data.clips.changes import equalised, mixed
from headstart.pretraining.examples.pair_augment import (
    PictureChanges,
    SoundChanges,
    anywhere,
    colour_matrix,
    picture_view,
    recoloured,
    sound_segment,
    sound_view,
)

NONE = PictureChanges(area=(1.0, 1.0), stretch=1.0, flip=False, jitter=0.0, grey=0.0, blur=0.0, solarise=0.0)
RATE = 16000


def picture(height: int = 40, width: int = 40) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), dtype=np.uint8)


def tone(hertz: float, samples: int = RATE, level: float = 0.3) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE)).astype(np.float32)


def loudest(wave: np.ndarray) -> float:
    """Frequency with the most energy, in Hz."""
    return float(np.abs(np.fft.rfft(wave)).argmax() * RATE / len(wave))


def test_a_view_follows_from_its_generator_alone_and_leaves_the_canvas_as_it_was() -> None:
    canvas = picture(50, 70)
    before = canvas.copy()
    canvas.setflags(write=False)
    views = [picture_view(canvas, 32, PictureChanges(), np.random.default_rng([0, 1, k])) for k in (5, 5, 6)]
    assert views[0].shape == (32, 32, 3)
    assert views[0].dtype == np.uint8
    assert np.array_equal(views[0], views[1])
    assert not np.array_equal(views[0], views[2])
    assert np.array_equal(canvas, before)


def test_without_changes_the_view_is_the_picture() -> None:
    assert np.array_equal(picture_view(picture(), 40, NONE, np.random.default_rng(0)), picture())


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 2), (32, 32), (5, 9)])
def test_pictures_of_every_shape_have_views(shape: tuple[int, int]) -> None:
    for seed in range(10):
        view = picture_view(picture(*shape), 24, PictureChanges(), np.random.default_rng(seed))
        assert view.shape == (24, 24, 3)


def test_each_change_does_what_it_is_called() -> None:
    canvas, rng = picture(), np.random.default_rng
    grey = picture_view(canvas, 40, replace(NONE, grey=1.0), rng(0))
    assert np.array_equal(grey[..., 0], grey[..., 1])
    luma = canvas @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[..., 0] - luma).max() <= 0.51
    solar = picture_view(canvas, 40, replace(NONE, solarise=1.0), rng(0))
    assert np.array_equal(solar, np.where(canvas < 128, canvas, 255 - canvas))
    mirrored = {picture_view(canvas, 40, replace(NONE, flip=True), rng(k)).tobytes() for k in range(20)}
    assert mirrored == {canvas.tobytes(), canvas[:, ::-1].tobytes()}
    blurred = picture_view(canvas, 40, replace(NONE, blur=1.0), rng(1))
    assert np.abs(np.diff(blurred.astype(int), axis=1)).mean() < np.abs(np.diff(canvas.astype(int), axis=1)).mean()
    jittered = picture_view(canvas, 40, replace(NONE, jitter=1.0), rng(1))
    assert 3 < np.abs(jittered.astype(int) - canvas).mean() < 80


def test_probabilities_are_kept() -> None:
    canvas = picture(20, 20)
    counts = np.zeros(2)
    for k in range(400):
        view = picture_view(canvas, 20, replace(NONE, grey=0.2), np.random.default_rng(k))
        counts += [np.array_equal(view[..., 0], view[..., 1]), np.array_equal(view, canvas)]
    assert counts.sum() == 400
    assert 50 < counts[0] < 110


def test_crops_keep_the_part_that_was_asked_for() -> None:
    ramp = np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (200, 1, 3))
    shares = []
    for k in range(200):
        view = picture_view(ramp, 32, replace(NONE, area=(0.25, 0.25)), np.random.default_rng(k)).astype(float)
        shares.append((view[0, -1, 0] - view[0, 0, 0]) / 31 * 32 / 200)
    assert np.mean(shares) == pytest.approx(0.5, abs=0.02)  # half the side is a quarter of the area


def test_the_colour_matrix_turns_hue_and_leaves_grey_alone() -> None:
    np.testing.assert_allclose(colour_matrix(1.0, 1.7, 0.3) @ np.ones(3), np.ones(3), atol=2e-2)
    np.testing.assert_allclose(colour_matrix(0.5, 0.0, 0.2) @ [1, 0, 0], [0.1495] * 3, atol=5e-3)
    red = colour_matrix(1.0, 1.0, 1 / 3) @ [0.6, 0.3, 0.3]
    back = colour_matrix(1.0, 1.0, -1 / 3) @ red
    np.testing.assert_allclose(back, [0.6, 0.3, 0.3], atol=1e-9)
    hue = colorsys.rgb_to_hsv(*np.clip(red, 0, 1))[0]
    assert min(abs(hue - 1 / 3), abs(hue - 2 / 3)) < 0.06  # a third of the turn: to green, or to blue


def test_recolouring_is_the_product_rounded_and_cut_off() -> None:
    pixels = picture(6, 7)
    matrix = np.random.default_rng(0).normal(size=(3, 3))
    expected = np.clip(np.floor(np.clip(pixels @ matrix.T + 20.5, 0, 255)), 0, 255)
    assert np.abs(recoloured(pixels, matrix, 20.0) - expected).max() <= 1
    assert np.array_equal(recoloured(pixels, np.eye(3), 0.0), pixels)


def test_a_segment_holds_the_sound_and_not_the_silence() -> None:
    clip = np.zeros(10 * RATE, np.float32)
    clip[7 * RATE : 7 * RATE + 8000] = tone(440, 8000)
    for seed in range(20):
        segment = sound_segment(clip, RATE, np.random.default_rng(seed))
        assert len(segment) == 1.25 * RATE
        assert np.square(segment).sum() > 0.3 * np.square(clip).sum()
    short = tone(440, 5000)
    assert sound_segment(short, RATE, np.random.default_rng(0)) is short
    assert len(sound_segment(np.zeros(5 * RATE, np.float32), RATE, np.random.default_rng(0))) == 1.25 * RATE


def test_sound_views_are_deterministic_and_leave_the_clip_as_it_was() -> None:
    clip = np.random.default_rng(0).normal(0, 0.1, 30000).astype(np.float32)
    before = clip.copy()
    clip.setflags(write=False)
    a, b, c = (sound_view(clip, RATE, SoundChanges(), np.random.default_rng(k), clip[:9000]) for k in (1, 1, 2))
    assert a.shape == (RATE,)
    assert a.dtype == np.float32
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert np.array_equal(clip, before)


@pytest.mark.parametrize("samples", [1, 7, 15999, 16000, 16001, 50000])
def test_clips_of_every_length_have_views(samples: int) -> None:
    clip = tone(300, samples)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        view = sound_view(sound_segment(clip, RATE, rng), RATE, SoundChanges(), rng, np.zeros(100, np.float32))
        assert view.shape == (RATE,)
        assert np.isfinite(view).all()


def test_placing_cuts_or_surrounds_with_silence() -> None:
    wave = np.arange(1, 6, dtype=np.float32)
    starts = set()
    for seed in range(60):
        window = anywhere(wave, 8, np.random.default_rng(seed))
        starts.add(int(window.argmax()) - 4)
        assert np.array_equal(window[window > 0], wave)
        assert np.array_equal(np.diff(anywhere(wave, 3, np.random.default_rng(seed))), [1, 1])
    assert starts == {0, 1, 2, 3}


def test_the_equaliser_has_the_gains_it_was_given() -> None:
    flat = np.full(8, 6.0206)
    np.testing.assert_allclose(equalised(tone(500), flat), 2 * tone(500), atol=1e-5)
    slope = np.linspace(0, -24, 8)  # half of it at a quarter of the rate
    quieter = equalised(tone(4000), slope)
    assert 20 * np.log10(np.abs(quieter).max() / 0.3) == pytest.approx(-12, abs=0.1)


def test_a_mixture_has_the_share_of_power_that_was_asked_for() -> None:
    own, other = tone(500), tone(2000, level=0.001)
    spectrum = np.square(np.abs(np.fft.rfft(mixed(own, other, 0.4))))
    assert spectrum[2000] / (spectrum[500] + spectrum[2000]) == pytest.approx(0.4, abs=1e-3)
    assert np.square(mixed(own, other, 0.4)).mean() == pytest.approx(np.square(own).mean(), rel=1e-3)
    assert mixed(own, np.zeros_like(own), 0.4) is own
    assert not mixed(np.zeros_like(own), other, 0.4).any()
