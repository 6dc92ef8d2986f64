"""The lines of a model card that run a saved network for sounds with transformers alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_READ = """import soundfile
import torch
from transformers import AutoFeatureExtractor, {names}

folder = "this-folder"
wave, rate = soundfile.read("clip.wav", dtype="float32")  # one channel, {rate} Hz, at most {seconds:g} s
extractor = AutoFeatureExtractor.from_pretrained(folder)"""
_CLASSIFY = """network = AutoModelForAudioClassification.from_pretrained(folder).eval()
inputs = extractor(wave, sampling_rate=rate, return_tensors="pt"{padding})
with torch.no_grad():
    logits = network(**inputs).logits"""
_TOWER = """network = ClapAudioModel.from_pretrained(folder).eval()
head = load_file(folder + "/head.safetensors")
inputs = extractor(wave, sampling_rate=rate, return_tensors="pt")
inputs["is_longer"] = torch.zeros(1, 1, dtype=torch.bool)
with torch.no_grad():
    logits = network(**inputs).pooler_output @ head["output.weight"].T + head["output.bias"]"""


def audio_lines(network: Mapping[str, Any]) -> list[str]:
    """Lines of Python that give the logits of a clip that is not longer than the network's window.

    Parameters
    ----------
    network : dict
        What `headstart.networks.save.save_network` returned.

    Examples
    --------
    >>> heard = {"preprocessing": {"rate": 16000, "samples": 16000}, "body": "WhisperForAudioClassification"}
    >>> audio_lines(heard)[2]
    'from transformers import AutoFeatureExtractor, AutoModelForAudioClassification'
    """
    window = network["preprocessing"]
    tower = network.get("body") == "ClapAudioModel"
    read = _READ.format(
        names="ClapAudioModel" if tower else "AutoModelForAudioClassification",
        rate=window["rate"],
        seconds=window["samples"] / window["rate"],
    )
    if tower:
        return ["from safetensors.torch import load_file", *read.splitlines(), *_TOWER.splitlines()]
    fills = network.get("extractor") == "Wav2Vec2FeatureExtractor"
    padding = f', padding="max_length", max_length={window["samples"]}, truncation=True' if fills else ""
    return [*read.splitlines(), *_CLASSIFY.format(padding=padding).splitlines()]
