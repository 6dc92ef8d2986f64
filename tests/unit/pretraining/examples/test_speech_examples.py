"""Spoken words and clips as examples to pretrain on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import BadClips, DataError, ParameterError
from headstart.pretraining.examples.examples import UNLABELLED, Batch
from headstart.pretraining.examples.sound_views import ClipViews, SpeechViews, varied_sound
from headstart.pretraining.examples.speech_examples import SILENCE, SpeechExamples
from headstart.pretraining.objectives import ClassLabels, averaged
from headstart.pretraining.speech.spoken import SpokenWords
from headstart.pretraining.speech.staging import Staging

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
WORDS = ("computer", "mountain", "no", "yes")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> SpeechExamples:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_CACHE", str(tmp_path_factory.mktemp("spoken")))
        return SpeechExamples(SpokenWords(WORDS, per_word=12, held_out=3), Staging(samples=16000), background=0.2)


@needs_espeak
def test_every_take_and_a_share_without_a_word(examples: SpeechExamples) -> None:
    assert examples.n == 48 + 12 and examples.class_names == (*WORDS, SILENCE)
    assert examples.input_type == "audio" and examples.preprocessing.size == (16000,) and examples.size == 16000
    batch = examples.batch(np.arange(examples.n), 0)
    assert batch.x.shape == (60, 16000) and batch.x.dtype == np.float32 and np.abs(batch.x).max() <= 1
    assert batch.y is not None and np.bincount(batch.y).tolist() == [12, 12, 12, 12, 12]
    assert (np.abs(batch.x).max(axis=1) > 0.01).all()


@needs_espeak
def test_an_example_does_not_depend_on_the_batch_but_on_the_epoch(examples: SpeechExamples) -> None:
    index = np.array([3, 17, 55])
    together, again, later = (examples.batch(index, epoch).x for epoch in (2, 2, 3))
    alone = np.concatenate([examples.batch(index[i : i + 1], 2).x for i in range(3)])
    assert np.array_equal(together, again) and np.abs(together - alone).max() < 1e-6
    assert (np.abs(together - later).max(axis=1) > 0.005).all()


@needs_espeak
def test_held_out_words_are_always_the_same_and_of_other_takes(examples: SpeechExamples) -> None:
    first, second = list(examples.held_out()), list(examples.held_out())
    assert sum(len(batch) for batch in first) == 12
    assert np.array_equal(first[0].x, second[0].x)
    assert np.bincount(first[0].y).tolist() == [3, 3, 3, 3]  # type: ignore[arg-type]


@needs_espeak
def test_raw_examples_are_the_takes(examples: SpeechExamples) -> None:
    word, nothing = examples.raw(np.array([5, 59]))
    assert np.array_equal(np.round(word * 32768).astype(np.int16), examples.takes.sound(5)) and len(nothing) == 0


@needs_espeak
def test_what_decides_the_examples_decides_the_key(examples: SpeechExamples) -> None:
    takes = examples.takes
    keys = {
        examples.key,
        SpeechExamples(takes, Staging(samples=12000), background=0.2).key,
        SpeechExamples(takes, Staging(samples=16000), background=0.1).key,
    }
    assert len(keys) == 3
    assert SpeechExamples(takes, Staging(samples=16000), background=0.2).key == examples.key
    longer = SoundPreprocessing(16000, 32000)
    listening = SpeechExamples(takes, Staging(samples=16000), background=0.2, preprocessing=longer)
    assert listening.preprocessing == longer and listening.key != examples.key
    assert np.array_equal(listening.batch(np.array([3]), 0).x, examples.batch(np.array([3]), 0).x)
    assert "4 English words, 12 takes of each, spoken by espeak-ng" in examples.words


@needs_espeak
def test_a_share_of_one_without_a_word_is_refused(examples: SpeechExamples) -> None:
    with pytest.raises(ParameterError, match=r"without a word of 0 to below 1, found 1\.0"):
        SpeechExamples(examples.takes, background=1.0)
    assert SpeechExamples(examples.takes, background=0.0).class_names == WORDS


@needs_espeak
def test_views_of_speech_are_its_epochs(examples: SpeechExamples) -> None:
    views = SpeechViews(examples, n_views=3)
    shown, kept, bad = views.made(np.array([1, 58]))
    assert len(shown) == 6 and kept.shape == (6, 16000) and kept.dtype == views.dtype and not bad
    for view in range(3):
        assert np.array_equal(np.stack([shown[view], shown[3 + view]]), examples.batch(np.array([1, 58]), view).x)
    assert np.allclose(np.stack(shown), kept, atol=1e-3)
    assert views.labels is not None and views.labels[[1, 58]].tolist() == [1, 4]


def clips() -> Clips:
    rng = np.random.default_rng(0)
    waves = [rng.standard_normal(n).astype(np.float32) * 0.1 for n in (4000, 16000, 60000)]
    waves[2][40000:50000] *= 5
    return Clips(waves, sampling_rate=16000)


def test_views_of_clips_are_pieces_of_them() -> None:
    still = Staging(samples=16000, stretch=(1.0, 1.0), quiet=1.0, dry=1.0, flat=1.0, clipped=0.0, level=(0.0, 0.0))
    pool = clips()
    views = ClipViews(pool, 4, still)
    shown, kept, bad = views.made(np.arange(3))
    assert kept.shape == (12, 16000) and len(shown) == 12 and not bad and views.labels is None
    long = pool.decode(2)[0]
    first = next(i for i in range(44001) if np.array_equal(long[i : i + 16000], shown[8]))
    assert 34000 <= first <= 40000  # holds all that is loud
    padded = np.zeros(16000, np.float32)
    padded[6000:10000] = pool.decode(0)[0]
    assert np.array_equal(shown[0], padded)
    for piece in shown[9:]:  # somewhere in the clip, at another level
        fits = np.fft.irfft(np.fft.rfft(long, 76000) * np.fft.rfft(piece, 76000).conj())
        start = int(np.argmax(fits[:44001]))
        there = long[start : start + 16000]
        assert np.corrcoef(there, piece)[0, 1] > 0.999
    assert len({int(np.argmax(piece)) for piece in shown[9:]}) > 1


def test_clips_beside_labelled_words_have_no_class() -> None:
    views = ClipViews(clips(), 2, class_names=WORDS)
    assert views.labels is not None and views.labels.tolist() == [UNLABELLED] * 3 and views.class_names == WORDS
    assert views.key != ClipViews(clips(), 2).key


def test_clips_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"not a sound")
    with pytest.raises(BadClips, match=r"bad\.wav"):
        ClipViews(Clips([tmp_path / "bad.wav"]), 2)
    with pytest.raises(DataError, match="found none"):
        ClipViews(Clips([]), 2)


def test_a_varied_sound_is_moved_and_changed_in_level_a_little() -> None:
    wave = np.zeros(16000, np.float16)
    wave[6000:9000] = np.sin(np.arange(3000) * 0.3) * 0.2
    before = wave.copy()
    moves, levels = set(), []
    for seed in range(40):
        varied = varied_sound(wave, np.random.default_rng(seed))
        assert varied.dtype == np.float32 and varied.shape == (16000,) and np.abs(varied).max() <= 1
        fits = np.fft.irfft(np.fft.rfft(varied) * np.fft.rfft(wave.astype(np.float32)).conj())
        by = int(np.argmax(fits))
        by -= 16000 if by > 8000 else 0
        moves.add(by)
        levels.append(20 * np.log10(fits.max() / np.sum(wave.astype(np.float32) ** 2)))
        assert np.array_equal(varied, varied_sound(wave, np.random.default_rng(seed)))
    assert max(map(abs, moves)) <= 820 and len(moves) > 20  # a period of the tone more than a twentieth
    assert min(levels) >= -9.5 and max(levels) <= 9.5 and np.std(levels) > 2
    assert np.array_equal(wave, before)


def test_examples_without_a_class_count_in_no_loss_over_classes() -> None:
    torch.manual_seed(0)
    objective = ClassLabels(torch.nn.Linear(5, 4), WORDS, 0.1)
    outputs, y = torch.randn(6, 4), np.array([0, UNLABELLED, 3, UNLABELLED, 1, 1])
    known = y >= 0
    x = np.zeros((6, 5), np.float32)
    some = objective.loss_of(outputs[known], Batch(x[known], y[known]))
    assert torch.allclose(objective.loss_of(outputs, Batch(x, y)), some)
    assert objective.measures_of(outputs, Batch(x, y)) == objective.measures_of(
        outputs[known], Batch(x[known], y[known])
    )
    none = Batch(x, np.full(6, UNLABELLED))
    assert float(objective.loss_of(outputs, none)) == 0 and objective.measures_of(outputs, none) == {}
    assert averaged([({"val_loss": 2.0}, 2), ({}, 6)]) == {"val_loss": 2.0}
