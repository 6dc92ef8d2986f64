"""What a detector's threshold and misses are measured with has not been learned from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from small_words import RATE, write_words

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.reading.read import read_dataset
from headstart.guard.candidates.material import Material
from headstart.keywords import evidence as keyword_evidence
from headstart.keywords import material as keyword_material
from headstart.keywords.evidence import cross_fitted, detector_for
from headstart.keywords.material import PARTS, KeywordMaterial
from headstart.keywords.windows import Variation

TONES = (3000, 3300, 3600)
SPEED = 1.02
SECONDS = 14


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> KeywordMaterial:
    """Words, and a recording whose thirds hold a tone each."""
    place = tmp_path_factory.mktemp("tones")
    t = np.arange(SECONDS * RATE) / RATE
    tones = np.concatenate([0.2 * np.sin(2 * np.pi * tone * t) for tone in TONES])
    soundfile.write(place / "evening.wav", tones, RATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyword_material, "_WINDOWS", (200, 200))
        patch.setattr(keyword_material, "_COMPARED", 60)
        patch.setattr(keyword_material, "_COMPARED_OTHER", 60)
        how = Variation(snr=(0.0, 5.0), level=(-30.0, -25.0), noisy=1.0, beside=1.0, background_speed=SPEED)
        patch.setattr(keyword_material, "_VARIATION", how)
        return keyword_material.keyword_material(
            read_dataset(write_words(place / "words")),
            SoundPreprocessing(RATE, RATE),
            background=place / "evening.wav",
            seed=3,
        )


def loudest_tone(wave: np.ndarray) -> int:
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    bins = np.fft.rfftfreq(len(wave), 1 / RATE)
    levels = [spectrum[np.abs(bins / tone - 1) < SPEED - 1 + 0.007].max() for tone in TONES]
    second, first = np.sort(levels)[-2:]
    assert first > 10 * second
    return int(np.argmax(levels))


def test_a_window_holds_sound_of_its_part_of_the_background_alone(material: KeywordMaterial) -> None:
    numbers = set()
    for i in np.flatnonzero(material.part >= 0):
        wave = np.asarray(material.whole.inputs.items[i][0], np.float64)
        assert loudest_tone(wave) == material.part[i]
        numbers.add((int(material.part[i]), str(material.whole.y[i]) == keyword_material.OTHER))
    assert numbers == {(k, other) for k in range(PARTS) for other in (False, True)}


def test_candidates_are_compared_on_some_of_the_windows(material: KeywordMaterial) -> None:
    assert material.compared.sum() == len(material.dataset) < len(material.whole)
    some = np.flatnonzero(material.compared)
    assert [material.whole.names[i] for i in some] == list(material.dataset.names)
    assert set(material.dataset.y) == set(material.whole.y) == {"_other_", "down", "up"}


def test_nothing_is_scored_by_a_model_that_learned_from_it(
    material: KeywordMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[np.ndarray] = []
    scored: list[tuple[int, int]] = []

    def fit_on(candidate: Any, shared: Material, index: np.ndarray, **_: Any) -> Any:
        learned.append(index)
        return SimpleNamespace(classes_=np.array(["_other_", "down", "up"]), number=len(learned) - 1)

    def window_scorer(estimator: Any, *_: Any) -> Any:
        def score(windows: np.ndarray) -> np.ndarray:
            loud = [wave for wave in windows if np.abs(wave).max() > 0.15 and np.abs(wave[:200]).max() > 0.15]
            scored.extend((estimator.number, loudest_tone(wave)) for wave in loud if len(wave) == RATE)
            return np.full((len(windows), 2), float(estimator.number))

        return score

    best: dict[str, int] = {}

    def best_of(clip: Any, column: int, score: Any, *_: Any) -> float:
        best[clip.name] = int(score(np.zeros((1, RATE), np.float32))[0, 0])
        return 0.0

    monkeypatch.setattr(keyword_evidence, "fit_on", fit_on)
    monkeypatch.setattr(keyword_evidence, "window_scorer", window_scorer)
    monkeypatch.setattr(keyword_evidence, "_best", best_of)
    data = material.whole
    shared = Material(data.inputs, data.y, "classification", data.groups)
    detector = detector_for(material, ["_other_", "down", "up"], 0.0, 1.0)
    tail, heard = cross_fitted(material, SimpleNamespace(dear=False), shared, detector, 1.0, budget=1000, seed=0)
    assert len(learned) == PARTS
    assert tail.hours == pytest.approx(PARTS * SECONDS / 3600)
    assert {number for number, _ in scored} == set(range(PARTS))
    for number, index in enumerate(learned):
        assert {part for n, part in scored if n == number} == {number}
        assert number not in material.part[index]
        groups = set(np.asarray(data.groups)[index].tolist())
        mine = [clip for clip in heard.clips if best[clip.name] == number]
        assert mine
        assert not groups & {clip.group for clip in mine}
    assert len(heard.clips) == len(best) == 16
