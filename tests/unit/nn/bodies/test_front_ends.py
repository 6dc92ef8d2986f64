"""Front ends of the audio families: against transformers' feature extractors, and against a slow rewrite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from audio_families import a_wave

from headstart.errors import ParameterError
from headstart.nn.bodies.front_ends import FRONT_ENDS, FrontEnd, front_end_of

CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "ast": (tf.ASTFeatureExtractor, {"max_length": 200}),
    "ast-raw": (tf.ASTFeatureExtractor, {"max_length": 50, "num_mel_bins": 40, "do_normalize": False}),
    "whisper": (tf.WhisperFeatureExtractor, {"chunk_length": 3}),
    "whisper-v3": (tf.WhisperFeatureExtractor, {"chunk_length": 2, "feature_size": 128}),
    "clap": (tf.ClapFeatureExtractor, {"max_length_s": 2, "truncation": "rand_trunc"}),
    "clap-fused": (tf.ClapFeatureExtractor, {"max_length_s": 1}),
    "clap-repeat": (tf.ClapFeatureExtractor, {"max_length_s": 2, "padding": "repeat"}),
    "clap-pad": (tf.ClapFeatureExtractor, {"max_length_s": 2, "padding": "pad"}),
    "wav2vec2": (tf.Wav2Vec2FeatureExtractor, {"sampling_rate": 8000}),
    "wav2vec2-masked": (tf.Wav2Vec2FeatureExtractor, {"return_attention_mask": True}),
    "wav2vec2-raw": (tf.Wav2Vec2FeatureExtractor, {"do_normalize": False}),
}


def both(case: str) -> tuple[Any, FrontEnd, int]:
    maker, settings = CASES[case]
    extractor = maker(**settings)
    front_end = front_end_of(extractor.to_dict())
    return extractor, front_end, front_end.samples or 16000


def ended(wave: np.ndarray, samples: int) -> torch.Tensor:
    """A clip in a window, marked by NaN from where it ends."""
    window = np.full((1, samples), np.nan, np.float32)
    window[0, : len(wave)] = wave
    return torch.from_numpy(window)


def theirs(extractor: Any, wave: np.ndarray, samples: int) -> Any:
    fills = isinstance(extractor, tf.Wav2Vec2FeatureExtractor)
    more = {"padding": "max_length", "max_length": samples, "truncation": True} if fills else {}
    return extractor(wave, sampling_rate=extractor.sampling_rate, return_tensors="pt", **more)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("part", [1.0, 0.37, 0.06])
def test_it_is_the_feature_extractor_of_transformers(case: str, part: float) -> None:
    extractor, front_end, samples = both(case)
    wave = a_wave(front_end.rate, samples / front_end.rate)[: round(part * samples)]
    found, wanted = front_end(ended(wave, samples)), theirs(extractor, wave, samples)
    for key in set(found) - {"is_longer"}:
        assert found[key].shape == wanted[key].shape
        torch.testing.assert_close(found[key].float(), wanted[key].float(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("case", CASES)
def test_hard_waves_are_the_same_too(case: str) -> None:
    extractor, front_end, samples = both(case)
    t = np.arange(samples) / front_end.rate
    silent_end = a_wave(front_end.rate, samples / front_end.rate)
    silent_end[samples // 3 :] = 0
    for wave in (np.sin(2 * np.pi * 440 * t), np.zeros(samples), silent_end, np.sign(np.sin(2 * np.pi * 50 * t))):
        wave = wave.astype(np.float32)
        key, found = next(iter(front_end(ended(wave, samples)).items()))
        torch.testing.assert_close(found, theirs(extractor, wave, samples)[key].float(), atol=1e-4, rtol=0)


def test_rows_of_a_batch_do_not_see_each_other() -> None:
    for case in ("ast", "whisper", "clap", "wav2vec2-masked"):
        _, front_end, samples = both(case)
        rows = [ended(a_wave(front_end.rate, samples / front_end.rate, i)[: samples // i], samples) for i in (1, 2, 5)]
        together = front_end(torch.cat(rows))
        for i, row in enumerate(rows):
            for key, values in front_end(row).items():
                torch.testing.assert_close(together[key][i : i + 1], values, atol=1e-6, rtol=1e-6)


def dft_energy(frame: np.ndarray, n_fft: int) -> np.ndarray:
    """|X_k|^2 from the sum that defines it."""
    k, t = np.arange(n_fft // 2 + 1)[:, None], np.arange(len(frame))[None]
    return np.abs((frame * np.exp(-2j * np.pi * k * t / n_fft)).sum(1)) ** 2


def test_the_filter_bank_of_ast_is_its_definition() -> None:
    front_end = front_end_of({"feature_extractor_type": "ASTFeatureExtractor", "max_length": 4, "num_mel_bins": 10})
    wave = a_wave(16000, 0.04)
    corners = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), 12)
    wanted = np.zeros((4, 10))
    for frame in range(1 + (len(wave) - 400) // 160):
        x = wave[160 * frame : 160 * frame + 400].astype(np.float64)
        x = x - x.mean()
        x = np.array([x[0] - 0.97 * x[0]] + [x[t] - 0.97 * x[t - 1] for t in range(1, 400)])
        x *= [0.5 - 0.5 * np.cos(2 * np.pi * t / 399) for t in range(400)]
        energy = dft_energy(x, 512)
        for i in range(10):
            total = 0.0
            for k in range(257):
                mel = 1127 * np.log(1 + k * 16000 / 512 / 700)
                rise = (mel - corners[i]) / (corners[i + 1] - corners[i])
                fall = (corners[i + 2] - mel) / (corners[i + 2] - corners[i + 1])
                total += max(0.0, min(rise, fall)) * energy[k]
            wanted[frame, i] = np.log(max(total, 2.0**-23))
    found = front_end(ended(wave, 640))["input_values"][0]
    np.testing.assert_allclose(found, (wanted + 4.2677393) / (2 * 4.5689974), atol=1e-4)


def test_the_spectrogram_of_whisper_is_its_definition() -> None:
    front_end = front_end_of({"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 1})
    wave = a_wave(16000, 1.0).astype(np.float64)
    mirrored = np.concatenate([wave[200:0:-1], wave, wave[-2:-202:-1]])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    filters = tf.audio_utils.mel_filter_bank(201, 80, 0.0, 8000.0, 16000, norm="slaney", mel_scale="slaney")
    energy = np.stack([dft_energy(mirrored[160 * i : 160 * i + 400] * window, 400) for i in range(100)])
    logs = np.log10(np.maximum(energy @ filters, 1e-10))
    wanted = (np.maximum(logs, logs.max() - 8) + 4) / 4
    found = front_end(ended(wave.astype(np.float32), 16000))["input_features"][0]
    np.testing.assert_allclose(found, wanted.T, atol=1e-4)


def test_a_short_clip_is_said_again_and_again_for_clap() -> None:
    settings = {"feature_extractor_type": "ClapFeatureExtractor", "sampling_rate": 8000, "max_length_s": 1}
    filled = front_end_of({**settings, "frequency_max": 4000}).filled(ended(np.arange(3000, dtype=np.float32), 8000))
    wanted = np.concatenate([np.arange(3000), np.arange(3000), np.zeros(2000)])
    np.testing.assert_array_equal(filled[0], wanted)
    whole = front_end_of({**settings, "frequency_max": 4000, "padding": "repeat"})
    np.testing.assert_array_equal(
        whole.filled(ended(np.arange(3000.0, dtype=np.float32), 8000))[0, 6000:], wanted[:2000]
    )


def test_gradients_flow_and_other_types_do_not_matter() -> None:
    for case in ("ast", "whisper", "clap", "wav2vec2"):
        _, front_end, samples = both(case)
        wave = ended(a_wave(front_end.rate, samples / front_end.rate), samples).requires_grad_()
        values = next(iter(front_end.bfloat16()(wave).values()))
        values.sum().backward()
        assert values.dtype == torch.float32 and torch.isfinite(wave.grad).all() and wave.grad.any()


def test_settings_that_cannot_be_are_named() -> None:
    with pytest.raises(ParameterError, match=r"Expected a feature extractor of ASTFeat.*, found 'EncodecFeatureExtr"):
        front_end_of({"feature_extractor_type": "EncodecFeatureExtractor"})
    for name in FRONT_ENDS:
        with pytest.raises(ParameterError, match=f"Expected settings of a {name}, found ones that cannot be"):
            front_end_of({"feature_extractor_type": name, "sampling_rate": "fast"})
