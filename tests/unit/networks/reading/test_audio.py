"""Networks of transformers' audio families: read, cut, embedded, saved, loaded by transformers alone, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
import transformers as tf
from audio_families import MAKERS, a_wave, family

from headstart.data.clips.augment import SoundAugmentation
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.fixed_views import views_of
from headstart.errors import SourceError
from headstart.networks.cutting.cut import replay_agrees
from headstart.networks.folder import write_manifest
from headstart.networks.network import Network
from headstart.networks.reading.listing import listed
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.cache import FeatureCache
from headstart.networks.running.embed import boundary, embed
from headstart.networks.saving.model_card import model_card
from headstart.networks.saving.save import save_network
from headstart.networks.window import fitted, window_notes
from headstart.parameters.loading import load_estimator
from headstart.parameters.saving import save_estimator
from headstart.parameters.transfer import TransferClassifier
from headstart.source import NetworkSource

FAMILIES = tuple(MAKERS)


def clips_for(network: Network, n: int = 8) -> tuple[Clips, np.ndarray]:
    """Low and high tones of several lengths, one of them longer than the window."""
    rate, y = network.preprocessing.rate, np.arange(n) % 2
    full = min(network.preprocessing.seconds, 1.0)
    lengths = [0.3 * full, full, 0.6 * full, 1.7 * full] * n
    waves = [a_wave(rate, lengths[i], 1 + 8 * int(y[i]) + i % 3) for i in range(n)]
    return Clips(waves, sampling_rate=rate), np.array(["low", "high"])[y]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_folder_becomes_a_network(name: str, tmp_path: Path) -> None:
    folder = family(name, tmp_path / name)
    network = load_network(folder, input_type="audio")
    chain, window = network.chain, network.preprocessing
    assert (network.kind, network.name, network.input_type) == ("transformers", name, "audio")
    assert window.marks_end and window.open_window == name.startswith(("wav2vec2", "hubert"))
    assert len([b for b in chain.blocks if "layers." in b and "conv" not in b]) == (2 if "clap" in name else 3)
    assert chain.output_layer is not None and not [b for b in chain.blocks if b.endswith("projector") and "pre" in name]
    x = network.example(2)
    for k in range(1, len(chain.blocks)):
        assert replay_agrees(network.module, chain, k, x), k


def test_windows_are_those_of_the_families(tmp_path: Path) -> None:
    usual = {"ast": (tf.ASTFeatureExtractor(), 10.24), "whisper": (tf.WhisperFeatureExtractor(), 30.0)}
    usual["clap"] = (tf.ClapFeatureExtractor(), 10.0)
    from headstart.nn.bodies.front_ends import front_end_of

    for extractor, seconds in usual.values():
        front_end = front_end_of(extractor.to_dict())
        assert front_end.samples == seconds * front_end.rate
    network = load_network(family("wav2vec2", tmp_path / "w"))
    assert network.preprocessing.seconds == 4
    waves = [a_wave(4000, seconds) for seconds in (0.8, 1.23)]
    settled = fitted(network, Clips(waves, sampling_rate=4000))
    assert settled.preprocessing == SoundPreprocessing(4000, 5200, marks_end=True)
    assert fitted(settled, Clips(waves[:1], sampling_rate=4000)) is settled
    assert fitted(network, Clips([a_wave(4000, 0.2)], sampling_rate=4000)).preprocessing.seconds == 0.5
    assert fitted(network, Clips([a_wave(4000, 20)], sampling_rate=4000)).preprocessing.seconds == 10


@pytest.mark.parametrize("name", FAMILIES)
def test_features_are_those_of_transformers(name: str, tmp_path: Path) -> None:
    folder = family(name, tmp_path / name)
    network = load_network(folder)
    clips, _ = clips_for(network, 3)
    found = embed(network, clips, exact=True)
    extractor, body = tf.AutoFeatureExtractor.from_pretrained(folder), network.module.body
    samples = network.preprocessing.samples
    fills = (
        {"padding": "max_length", "max_length": samples, "truncation": True}
        if "max_length_s" not in dir(extractor)
        else {}
    )
    fills = fills if isinstance(extractor, tf.Wav2Vec2FeatureExtractor) else {}
    for i in range(3):
        inputs = extractor(clips.decode(i)[0], sampling_rate=extractor.sampling_rate, return_tensors="pt", **fills)
        inputs.pop("is_longer", None)
        more = {"is_longer": torch.zeros(1, 1, dtype=torch.bool)} if "clap" in name else {}
        with torch.no_grad():
            if name == "ast":
                wanted = body.classifier.layernorm(body.audio_spectrogram_transformer(**inputs).pooler_output)
            elif "clap" in name:
                wanted = body(**inputs, **more).pooler_output
            elif name == "whisper":
                wanted = body.encoder(inputs["input_features"]).last_hidden_state.mean(1)
            elif name == "wav2vec2-pretrained":
                wanted = body.wav2vec2(**inputs).last_hidden_state.mean(1)
            else:
                head = torch.linalg.pinv(body.classifier.weight)
                wanted = (body(**inputs).logits - body.classifier.bias) @ head.T
                found_here = torch.from_numpy(found.output[i : i + 1]) @ body.classifier.weight.T @ head.T
                torch.testing.assert_close(found_here, wanted, atol=1e-4, rtol=1e-4)
                continue
        np.testing.assert_allclose(found.output[i], wanted[0], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_saved_folder_gives_transformers_the_same_logits(name: str, tmp_path: Path) -> None:
    network = load_network(family(name, tmp_path / name))
    clips, y = clips_for(network)
    model = TransferClassifier(network, head="linear", random_state=0).fit(clips, y)
    out = tmp_path / "out"
    out.mkdir()
    manifest = save_estimator(model, out)
    write_manifest(out, manifest)
    assert manifest["network"]["loads_with"] == "transformers" and manifest["estimator"]["inside"]
    card = model_card(manifest)
    lines = re.search(r"```python\n(.*?)```", card, re.DOTALL)
    assert lines is not None
    plain = lines[1].split("# or without headstart\n")[1]
    rate, window = model.network_.preprocessing.rate, model.network_.preprocessing.samples
    for i in (0, 1, 2):
        wave = clips.decode(i)[0][:window]
        soundfile.write(tmp_path / "clip.wav", wave, rate, subtype="FLOAT")
        space: dict = {}
        exec(plain.replace("this-folder", str(out)).replace("clip.wav", str(tmp_path / "clip.wav")), space)
        wanted = model.logits(Clips([wave], sampling_rate=rate))
        np.testing.assert_allclose(space["logits"].numpy(), wanted, atol=1e-4, rtol=1e-4)
    again = load_estimator(out, manifest)
    np.testing.assert_allclose(again.logits(clips), model.logits(clips), atol=1e-4, rtol=1e-4)
    assert again.network_.preprocessing == model.network_.preprocessing
    labels = tf.AutoConfig.from_pretrained(out).id2label
    assert labels == {0: "high", 1: "low"}


@pytest.mark.parametrize("name", ["ast", "wav2vec2-masked", "wav2vec2-pretrained", "whisper", "clap"])
@pytest.mark.parametrize("train", ["last:1", "all"])
def test_blocks_are_trained_and_what_is_frozen_stays(name: str, train: str, tmp_path: Path) -> None:
    network = load_network(family(name, tmp_path / name))
    clips, y = clips_for(network, 8)
    before = {key: tensor.clone() for key, tensor in network.module.state_dict().items()}
    settings = {"train": train, "epochs": 2, "random_state": 0, "learning_rate": 1e-2, "augment": None}
    model = TransferClassifier(network, **settings).fit(clips, y)
    after = model.network_.module.state_dict()
    moved = {key for key in after if key in before and not key.startswith(("output", "body.classifier"))}
    moved = {key for key in moved if not torch.equal(after[key], before[key])}
    blocks = network.chain.blocks
    assert any(key.startswith(blocks[-1]) for key in moved)
    if train == "last:1":
        assert not [key for key in moved if key.startswith(tuple(f"{block}." for block in blocks[:-1]))]
    else:
        assert any(key.startswith(blocks[0]) for key in moved)
    out = tmp_path / "out"
    out.mkdir()
    manifest = save_estimator(model, out)
    write_manifest(out, manifest)
    np.testing.assert_allclose(load_estimator(out, manifest).logits(clips), model.logits(clips), atol=1e-4, rtol=1e-4)
    full = TransferClassifier(network, cache=False, **settings).fit(clips, y)
    if train == "last:1" and name != "wav2vec2-masked":
        np.testing.assert_allclose(full.history_[0]["train_loss"], model.history_[0]["train_loss"], atol=0.2)


def test_clips_of_several_lengths_are_not_replayed_where_the_mask_matters(tmp_path: Path) -> None:
    """Behind the boundary a masked network still asks how long the clip was."""
    network = load_network(family("wav2vec2-masked", tmp_path / "w"))
    short, full = a_wave(4000, 1.0), a_wave(4000, 4.0)
    x = np.stack([network.preprocessing.centre(w) for w in (full, full, full, short)])
    assert not replay_agrees(network.module, network.chain, 1, torch.from_numpy(x))
    assert replay_agrees(network.module, network.chain, 1, torch.from_numpy(x[:3]))


def test_resume_after_a_kill_gives_the_same_weights(tmp_path: Path) -> None:
    network = load_network(family("wav2vec2", tmp_path / "w"))
    clips, y = clips_for(network, 8)
    common = {"train": "all", "random_state": 0, "augment": None}
    whole = TransferClassifier(network, epochs=4, **common).fit(clips, y)
    file = tmp_path / "state"

    class Killed(Exception):
        pass

    from headstart.parameters.tuning import tuning
    from headstart.training import loop

    original, seen = loop.train, []

    def stopped(*args, **kwargs):
        inner = kwargs.get("progress")

        def progress(what: str, done: int, total: int) -> None:
            seen.append(done)
            if inner is not None:
                inner(what, done, total)
            if len(seen) == 3:
                raise Killed

        return original(*args, **{**kwargs, "progress": progress})

    tuning.train = stopped
    try:
        with pytest.raises(Killed):
            TransferClassifier(network, epochs=4, checkpoint=file, **common).fit(clips, y)
    finally:
        tuning.train = original
    resumed = TransferClassifier(network, epochs=4, checkpoint=file, **common).fit(clips, y)
    for key, tensor in whole.network_.module.state_dict().items():
        assert torch.equal(tensor, resumed.network_.module.state_dict()[key]), key


@pytest.mark.parametrize("name", ["ast", "wav2vec2-pretrained", "whisper", "clap-fused"])
def test_random_weights_keep_the_architecture(name: str, tmp_path: Path) -> None:
    network = load_network(family(name, tmp_path / name))
    one, same, other = (random_network(network, seed) for seed in (1, 1, 2))
    assert one.digest == same.digest != other.digest and not one.trained
    assert one.module(one.example(2)).shape == network.module(network.example(2)).shape
    assert {k: v.shape for k, v in one.module.state_dict().items()} == {
        k: v.shape for k, v in network.module.state_dict().items()
    }


def test_long_clips_are_heard_in_windows(tmp_path: Path) -> None:
    network = load_network(family("ast", tmp_path / "ast"))
    rate, samples = network.preprocessing.rate, network.preprocessing.samples
    wave = a_wave(rate, 2.5 * samples / rate)
    whole = embed(network, Clips([wave], sampling_rate=rate), exact=True).output
    parts = [wave[s : s + samples] for s in network.preprocessing.starts(len(wave))]
    each = embed(network, Clips(parts, sampling_rate=rate), exact=True).output
    np.testing.assert_allclose(whole[0], each.mean(0), atol=1e-5)
    assert len(parts) == 4
    assert boundary(network, Clips([wave], sampling_rate=rate), 1).shape[0] == 1


def change(folder: Path, file: str, **settings: object) -> None:
    path = folder / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


@pytest.mark.parametrize(
    ("file", "settings", "words"),
    [
        ("preprocessor_config.json", {"feature_extractor_type": "EncodecFeatureExtractor"}, "front end is one of AST"),
        ("preprocessor_config.json", {"max_length": 1024}, "takes what its own feature extractor makes of 10.24 s"),
        ("preprocessor_config.json", {"num_mel_bins": 64}, "takes what its own feature extractor makes"),
        ("preprocessor_config.json", {"sampling_rate": 500}, "rate of 1000 to 192000"),
        ("config.json", {"hidden_size": 32}, "Expected all weights of ast, found .* of another shape|readable weights"),
        ("config.json", {"auto_map": {"AutoModel": "mine.Net"}}, "must run code of its own"),
    ],
    ids=["encodec", "longer", "fewer-mels", "slow", "wider", "own-code"],
)
def test_folders_that_do_not_fit_are_refused(file: str, settings: dict, words: str, tmp_path: Path) -> None:
    folder = family("ast", tmp_path / "ast")
    change(folder, file, **settings)
    with pytest.raises(SourceError, match=words):
        load_network(folder, input_type="audio")


def test_a_body_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = family("whisper", tmp_path / "whisper")
    tensors = load_file(folder / "model.safetensors")
    lost = next(key for key in tensors if "encoder.layers.1" in key)
    save_file({k: v for k, v in tensors.items() if k != lost}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        SourceError, match=r"Expected all weights of whisper, found 1 of .* missing .* encoder.layers.1"
    ):
        load_network(folder)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            tf.SpeechT5Config(),
            r"from its folder, found a network that makes speech or music in .*speecht5.*starter:speech",
        ),
        (tf.VitsConfig(), r"for sounds, found a network that makes speech or music in .*vits"),
        (tf.Speech2TextConfig(), r"sounds that can be read from its folder, found a sound network .*Of transformers'"),
        (tf.BertConfig(), r"network for sounds, found .*, which takes texts"),
    ],
    ids=["speecht5", "vits", "speech2text", "bert"],
)
def test_families_that_cannot_work_are_refused(config: tf.PretrainedConfig, words: str, tmp_path: Path) -> None:
    config.save_pretrained(tmp_path)
    with pytest.raises(SourceError, match=words):
        load_network(tmp_path, input_type="audio")


def test_transformers_networks_in_memory(tmp_path: Path) -> None:
    """On waves they are modules like any other; without their front end they are refused."""
    module = tf.AutoModelForAudioClassification.from_pretrained(family("wav2vec2", tmp_path / "w")).eval()
    network = load_network(NetworkSource(module, sampling_rate=4000, seconds=1.5), input_type="audio")
    assert network.preprocessing == SoundPreprocessing(4000, 6000) and network.kind == "module"
    assert network.chain.output_layer == "classifier" and len(network.chain.blocks) > 4
    words = r"for sounds with its feature extractor, found Wav2.* Save both into one"
    for wanted in (None, "audio"):
        with pytest.raises(SourceError, match=words):
            load_network(module, input_type=wanted)
    with pytest.raises(SourceError, match="Expected a network for pictures"):
        load_network(module, input_type="image")


def test_the_window_is_said(tmp_path: Path) -> None:
    network = load_network(family("wav2vec2", tmp_path / "wav2vec2"))
    short = Clips([a_wave(4000, seconds) for seconds in (0.8, 1.23)], sampling_rate=4000)
    assert window_notes(network, short) == (
        "wav2vec2 hears clips of any length; its window is set to 1.3 s, as long as the longest clip.",
    )
    long = Clips([a_wave(4000, 12.0)], sampling_rate=4000)
    assert "its window is set to 10 s; 1 longer clips are heard in windows" in window_notes(network, long)[0]
    assert window_notes(load_network(family("ast", tmp_path / "ast")), long) == () == window_notes(None, long)


def test_clips_are_decoded_and_resampled_once_also_in_a_later_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a network says is cached by content on disk: later the files' bytes are read, and nothing is decoded."""
    network, file = load_network(family("ast", tmp_path / "ast")), tmp_path / "clip.wav"
    soundfile.write(file, a_wave(44100, 0.4), 44100)
    clips = Clips([file])
    views = views_of(clips, network.preprocessing, SoundAugmentation(), [1])
    first = [embed(network, rows, cache=FeatureCache(tmp_path / "cache")).output for rows in (clips, views)]
    monkeypatch.setattr(Clips, "load", None)
    monkeypatch.setattr(soxr, "resample", None)
    later = [embed(network, rows, cache=FeatureCache(tmp_path / "cache")).output for rows in (clips, views)]
    assert all(np.array_equal(a, b) for a, b in zip(first, later, strict=True))


def test_a_saved_network_is_a_source_with_its_window(tmp_path: Path) -> None:
    network = load_network(family("hubert", tmp_path / "h"))
    settled = fitted(network, Clips([a_wave(4000, 1.4)], sampling_rate=4000))
    out = tmp_path / "out"
    out.mkdir()
    described = save_network(settled, None, out, labels=None, head_linear=False)
    write_manifest(out, {"network": described})
    again = load_network(out)
    assert again.preprocessing == settled.preprocessing and again.digest == network.digest
    assert again.kind == "headstart"


def test_sources_are_listed_as_networks_for_sounds(tmp_path: Path) -> None:
    for name in ("ast", "clap"):
        listing = listed(name, family(name, tmp_path / name), "folder")
        assert listing.input_type == "audio" and not listing.reason
