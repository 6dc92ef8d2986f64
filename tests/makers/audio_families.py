"""Tiny networks of transformers' audio families with random weights, shared by the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers as tf

CONV = {"conv_dim": (8, 8, 8), "conv_kernel": (10, 8, 4), "conv_stride": (8, 8, 5), "num_feat_extract_layers": 3}
SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
WAVE2VEC = {**SMALL, **CONV, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
WHISPER = {"d_model": 16, "encoder_layers": 3, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "vocab_size": 40}
WHISPER |= {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "max_source_positions": 100}
WHISPER |= {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0, "decoder_start_token_id": 0, "num_mel_bins": 20}
WHISPER |= {"classifier_proj_size": 6}
CLAP = {
    "window_size": 4,
    "num_mel_bins": 16,
    "spec_size": 64,
    "patch_size": 4,
    "patch_stride": [4, 4],
    "depths": [1, 1],
}
CLAP |= {"num_attention_heads": [2, 4], "patch_embeds_hidden_size": 8, "hidden_size": 16, "num_hidden_layers": 2}
RATE = 4000


def _ast() -> tuple[Any, Any]:
    config = tf.ASTConfig(**SMALL, max_length=48, num_mel_bins=32, num_labels=3)
    return tf.ASTForAudioClassification(config), tf.ASTFeatureExtractor(max_length=48, num_mel_bins=32)


def _wav2vec2(masked: bool = False, **settings: Any) -> tuple[Any, Any]:
    config = tf.Wav2Vec2Config(**WAVE2VEC, classifier_proj_size=6, num_labels=3, **settings)
    extractor = tf.Wav2Vec2FeatureExtractor(sampling_rate=RATE, return_attention_mask=masked)
    return tf.Wav2Vec2ForSequenceClassification(config), extractor


def _pretrained() -> tuple[Any, Any]:
    return tf.Wav2Vec2Model(tf.Wav2Vec2Config(**WAVE2VEC)), tf.Wav2Vec2FeatureExtractor(sampling_rate=RATE)


def _hubert() -> tuple[Any, Any]:
    config = tf.HubertConfig(**WAVE2VEC, classifier_proj_size=6, num_labels=3)
    return tf.HubertForSequenceClassification(config), tf.Wav2Vec2FeatureExtractor(sampling_rate=RATE)


def _whisper() -> tuple[Any, Any]:
    extractor = tf.WhisperFeatureExtractor(feature_size=20, chunk_length=2)
    return tf.WhisperForConditionalGeneration(tf.WhisperConfig(**WHISPER)), extractor


def _clap(fused: bool = False) -> tuple[Any, Any]:
    config = tf.ClapAudioConfig(**CLAP, enable_fusion=fused, aff_block_r=2, projection_dim=8)
    text = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 9}
    whole = tf.ClapConfig(text_config=text, audio_config=config.to_dict(), projection_dim=8)
    settings = {"feature_size": 16, "sampling_rate": 8000, "hop_length": 160, "max_length_s": 1}
    settings |= {"fft_window_size": 256, "frequency_max": 3900, "truncation": "fusion" if fused else "rand_trunc"}
    return tf.ClapModel(whole), tf.ClapFeatureExtractor(**settings)


MAKERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "ast": _ast,
    "wav2vec2": _wav2vec2,
    "wav2vec2-masked": lambda: _wav2vec2(True, feat_extract_norm="layer", do_stable_layer_norm=True),
    "wav2vec2-pretrained": _pretrained,
    "hubert": _hubert,
    "whisper": _whisper,
    "clap": _clap,
    "clap-fused": lambda: _clap(True),
}


def family(name: str, folder: Path, seed: int = 0) -> Path:
    """A folder with a tiny network of a family, its weights large enough that inputs matter."""
    from headstart.networks.reading.files_of import quiet

    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, extractor = MAKERS[name]()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim >= 2:
                    parameter.mul_(3)
        model.save_pretrained(folder)
        extractor.save_pretrained(folder)
    return folder


def a_wave(rate: int, seconds: float, seed: int = 0) -> np.ndarray:
    """A tone that dies away in noise."""
    t = np.arange(round(rate * seconds)) / rate
    noise = 0.01 * np.random.default_rng(seed).standard_normal(len(t))
    return (0.3 * np.sin(2 * np.pi * (300 + 100 * seed) * t) * np.exp(-2 * t) + noise).astype(np.float32)
