"""Networks for sounds as sources: folders, starters, modules, files of the user's own; saved, halved, refused."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny_sound_networks import TINY, Heard, as_network, tiny, waves
from torch import Tensor, nn

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.errors import OutputError, ParameterError, SourceError
from headstart.networks.cutting.cut import replay_agrees
from headstart.networks.folder import write_manifest
from headstart.networks.reading import folder_source
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.embed import embed
from headstart.networks.saving.model_card import model_card
from headstart.networks.saving.save import save_network
from headstart.nn.bodies.sound_network import SoundNetwork
from headstart.pretraining.source_folder import halve
from headstart.source import NetworkSource


def saved(folder: Path, module: SoundNetwork | None = None) -> Path:
    """A source folder of a tiny network."""
    folder.mkdir(parents=True)
    network = as_network(module or tiny())
    described = save_network(network, None, folder, labels=None, head_linear=False)
    write_manifest(folder, {"network": described})
    return folder


def test_a_saved_folder_gives_the_same_network(tmp_path: Path) -> None:
    module = tiny()
    module.front_end.calibrate(waves(3, 8000))
    folder = saved(tmp_path / "net", module)
    network = load_network(folder)
    assert (network.kind, network.name, network.input_type) == ("headstart", "net", "audio")
    assert network.preprocessing == SoundPreprocessing(16_000, 8000)
    assert torch.equal(network.module(waves(2, 8000)), module(waves(2, 8000)))
    assert network.card.licence == "Apache-2.0" and network.card.n_examples == 100
    assert load_network(folder) is network and load_network(folder, input_type="audio") is network
    assert json.loads((folder / "config.json").read_text())["model_type"] == "headstart-sound"
    assert json.loads((folder / "headstart.json").read_text())["network"]["loads_with"] == "headstart"
    assert network.example(3).shape == (3, 8000) and 0.05 < network.example(3).std() < 0.2


def test_a_folder_without_a_manifest_is_read_too(tmp_path: Path) -> None:
    folder = saved(tmp_path / "net")
    (folder / "headstart.json").unlink()
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    network = load_network(folder)
    assert network.card.class_names == ("yes", "no", "stop") and network.card.licence == "mit"


def test_a_new_output_layer_is_saved_with_its_classes(tmp_path: Path) -> None:
    module = tiny()
    module.output = nn.Linear(module.n_features, 2)
    described = save_network(as_network(tiny()), module.eval(), tmp_path, labels=["left", 7], head_linear=True)
    write_manifest(tmp_path, {"network": described})
    network = load_network(tmp_path)
    assert network.config.labels == network.card.class_names == ("left", "7")
    assert torch.equal(network.module(waves(2, 8000)), module(waves(2, 8000)))
    card = model_card({"network": described})
    assert 'model.predict(["clip.wav"])' in card and "whatever the clip holds" in card and "audio-classif" in card
    with pytest.raises(OutputError, match="each of 3 labels, found a layer with 2"):
        save_network(network, module, tmp_path, labels=["a", "b", "c"], head_linear=True)


def test_numbers_and_another_window_are_kept(tmp_path: Path) -> None:
    module = tiny()
    module.output = nn.Linear(module.n_features, 1)
    longer = SoundPreprocessing(16_000, 12_000)
    save_network(as_network(tiny()), module, tmp_path, labels=None, head_linear=True, preprocessing=longer)
    network = load_network(tmp_path)
    assert network.preprocessing == longer and network.example().shape == (1, 12_000)
    assert network.config.labels == () and network.config.n_outputs == 1


def test_weights_in_sixteen_bits_are_read_in_thirty_two(tmp_path: Path) -> None:
    folder = saved(tmp_path / "net")
    exact, n_bytes = load_network(folder), (folder / "model.safetensors").stat().st_size
    halve(folder)
    network = load_network(folder)
    assert (folder / "model.safetensors").stat().st_size < 0.65 * n_bytes
    assert {tensor.dtype for tensor in network.module.parameters()} == {torch.float32}
    assert network.digest != exact.digest
    x = waves(4, 8000)
    torch.testing.assert_close(network.module(x), exact.module(x), atol=5e-3, rtol=5e-3)


def test_random_weights_keep_the_architecture_and_what_the_front_end_was_told(tmp_path: Path) -> None:
    module = tiny()
    module.front_end.calibrate(waves(3, 8000))
    network = load_network(saved(tmp_path / "net", module))
    before = torch.random.get_rng_state()
    one, same, other = (random_network(network, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.digest == same.digest != other.digest
    assert not one.trained and one.card.n_examples == 0 and one.input_type == "audio"
    assert torch.equal(one.module.front_end.mean, module.front_end.mean)
    assert not torch.equal(one.module.stem[0].weight, network.module.stem[0].weight)


def test_a_bundled_starter_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "starters" / "speech")
    monkeypatch.setattr(folder_source, "_STARTERS", tmp_path / "starters")
    network = load_network("starter:speech", input_type="audio")
    assert (network.kind, network.name) == ("starter", "starter:speech")
    assert network.card.origin == "bundled with headstart: starter:speech"
    with pytest.raises(SourceError, match=r"found 'starter:noise'\. There is: 'starter:speech'\."):
        load_network("starter:noise")


def test_the_wrong_kind_of_network_is_refused_in_words(tmp_path: Path) -> None:
    folder = saved(tmp_path / "net")
    with pytest.raises(SourceError, match=r"network for pictures, found net, which takes sounds\. .*starter:pictures"):
        load_network(folder, input_type="image")
    with pytest.raises(SourceError, match=r"for sounds, found starter:pictures, which takes pictures\. .*starter:sp"):
        load_network("starter:pictures", input_type="audio")
    with pytest.raises(SourceError, match="for sounds, found starter:pictures"):
        load_network(load_network("starter:pictures"), input_type="audio")
    with pytest.raises(ParameterError, match="Expected input_type 'image', 'audio', 'text' or None, found 'video'"):
        load_network(folder, input_type="video")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"widths": [8, 12, 20]}, r"Expected the weights of net in .*of another shape \(the first: blocks\.3"),
        ({"colour": 1}, r"config\.json: Expected settings of a network for sounds, found also \['colour'\]"),
        ({"f_max": 9000.0}, r"config\.json: Expected 0 <= f_min < f_max <= 8000 Hz"),
        ({"depths": [1, 1, 1]}, "that the module does not have|missing"),
    ],
)
def test_damaged_settings_are_named(tmp_path: Path, change: dict, words: str) -> None:
    folder = saved(tmp_path / "net")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, **change}))
    with pytest.raises(SourceError, match=words):
        load_network(folder)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    folder = saved(tmp_path / "net")
    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors["stem.0.weight"][0] = float("nan")
    save_file(tensors, file)
    with pytest.raises(SourceError, match=r"NaN or infinite in stem\.0\.weight of net"):
        load_network(folder)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(SourceError, match=r"Expected readable weights in .*Get the file again"):
        load_network(folder)
    file.unlink()
    with pytest.raises(SourceError, match="found no weights"):
        load_network(folder)


def test_a_module_on_waves_with_its_rate_and_length(tmp_path: Path) -> None:
    module = Heard()
    source = NetworkSource(module, sampling_rate=8000, seconds=0.5, name="heard", licence="MIT")
    network = load_network(source, input_type="audio")
    assert network.preprocessing == SoundPreprocessing(8000, 4000)
    assert (network.name, network.kind, network.input_type, network.card.licence) == ("heard", "module", "audio", "MIT")
    assert network.chain.output_layer == "head" and network.chain.blocks
    assert repr(source) == "NetworkSource('heard', sampling_rate=8000, seconds=0.5)"
    assert load_network(NetworkSource(module, seconds=2)).preprocessing == SoundPreprocessing(16_000, 32_000)
    assert load_network(NetworkSource(module, sampling_rate=4000)).preprocessing == SoundPreprocessing(4000, 4000)
    save_file(module.state_dict(), tmp_path / "w.safetensors")
    other = load_network(NetworkSource(Heard(), weights=tmp_path / "w.safetensors", sampling_rate=8000))
    assert torch.equal(other.module(waves(2, 4000)), module(waves(2, 4000)))


def test_a_bare_module_is_tried_on_waves_where_these_are_wanted() -> None:
    module = Heard()
    network = load_network(module, input_type="audio")
    assert network.preprocessing == SoundPreprocessing(16_000, 16_000)
    assert network.card.notes == ("Its sampling rate was not given; 16000 Hz is usual, and it takes 1 s.",)
    assert load_network(module, input_type="audio") is network

    class Long(Heard):
        def forward(self, x: Tensor) -> Tensor:
            assert x.shape[1] >= 30_000
            return super().forward(x)

    assert load_network(NetworkSource(Long()), input_type="audio").preprocessing.seconds == 2


def test_a_saved_module_remembers_its_rate(tmp_path: Path) -> None:
    network = load_network(NetworkSource(Heard(), sampling_rate=8000, seconds=0.5))
    described = save_network(network, None, tmp_path, labels=None, head_linear=False)
    write_manifest(tmp_path, {"network": described})
    again = load_network(NetworkSource(Heard(), weights=tmp_path / "model.safetensors"))
    assert again.preprocessing == network.preprocessing and again.input_type == "audio"
    assert again.digest == network.digest


def test_a_sound_network_in_memory_needs_no_words() -> None:
    module = tiny()
    network = load_network(module)
    assert (network.kind, network.input_type) == ("headstart", "audio")
    assert network.preprocessing.samples == 8000 and network.config == TINY
    assert load_network(NetworkSource(module, seconds=0.25)).preprocessing.samples == 4000
    module.output = nn.Linear(module.n_features, 5)
    assert load_network(module).config.n_outputs == 5 and load_network(module).config.labels == ()


def test_modules_that_do_not_fit_are_refused() -> None:
    picture = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.LazyLinear(2))
    picture(torch.zeros(1, 3, 32, 32))
    with pytest.raises(SourceError, match=r"takes sounds \(N, 8000\) at 8000 Hz, found Seq.* fails: .* Say"):
        load_network(NetworkSource(picture, sampling_rate=8000))
    with pytest.raises(SourceError, match=r"takes sounds \(N, 16000\) at 16000 Hz, found Seq.* fails: .* Say"):
        load_network(picture, input_type="audio")
    stated = NetworkSource(picture, size=32)
    with pytest.raises(SourceError, match="for sounds, found Sequential, which takes pictures"):
        load_network(stated, input_type="audio")
    with pytest.raises(SourceError, match="Expected a module that takes pictures"):
        load_network(Heard())
    with pytest.raises(ParameterError, match="rate of 1000 to 192000"):
        load_network(NetworkSource(Heard(), sampling_rate=10))


def small_wav2vec2() -> transformers.Wav2Vec2Model:
    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(8, 8, 8),
        conv_kernel=(10, 8, 4),
        conv_stride=(8, 8, 4),
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        num_feat_extract_layers=3,
    )
    torch.manual_seed(0)
    return transformers.Wav2Vec2Model(config).eval()


def test_a_network_of_transformers_that_takes_waves() -> None:
    module = small_wav2vec2()
    network = load_network(NetworkSource(module, sampling_rate=8000, seconds=0.5, name="w2v"), input_type="audio")
    chain, x = network.chain, waves(2, 4000)
    assert network.kind == "module" and chain.n_features == 16 and chain.output_layer is None
    layers = [name for name in chain.blocks if name.startswith("encoder.layers.")]
    assert len(layers) == 3 and not set(layers) & chain.time_last
    assert all(name in chain.time_last for name in chain.blocks if name.startswith("feature_extractor"))
    assert replay_agrees(network.module, chain, 2, x)
    found = embed(network, Clips(list(x.numpy()), sampling_rate=8000), exact=True)
    with torch.no_grad():
        hidden = module(x).last_hidden_state
    np.testing.assert_allclose(found.output, hidden.mean(1), atol=1e-4)
    np.testing.assert_allclose(found.depths[-1], hidden.mean(1), atol=1e-4)


def test_a_folder_without_its_front_end_is_refused(tmp_path: Path) -> None:
    small_wav2vec2().save_pretrained(tmp_path / "w2v")
    with pytest.raises(SourceError, match=r"Expected preprocessor_config\.json in .*w2v, found none: .* Get it from"):
        load_network(tmp_path / "w2v", input_type="audio")
    with pytest.raises(SourceError, match=r"for pictures, found w2v, which takes sounds\..*'starter:pictures'"):
        load_network(tmp_path / "w2v", input_type="image")


OWN = """
from dataclasses import dataclass

import torch
from torch import nn
from beside import WIDTH

from headstart import NetworkSource


@dataclass
class Settings:
    width: int = WIDTH


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(1000, Settings().width)

    def forward(self, x):
        return self.layer(x)


def sounds():
    return NetworkSource(Net(), sampling_rate=4000, seconds=0.25)


def named():
    return NetworkSource(Net(), sampling_rate=4000, seconds=0.25, name="my own")


def pictures():
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def broken():
    return 1 / 0


def nothing():
    return None


def needs(one):
    return one
"""


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    (tmp_path / "beside.py").write_text("WIDTH = 3\n")
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path / "own.py"


def test_a_function_of_the_users_own_file(own_file: Path) -> None:
    before = list(sys.path)
    network = load_network(f"{own_file}:sounds", input_type="audio")
    assert (network.name, network.kind, network.preprocessing.samples) == ("sounds", "module", 1000)
    assert network.card.origin == f"{own_file}:sounds"
    assert network.module(torch.zeros(2, 1000)).shape == (2, 3)
    assert load_network(f"{own_file}:sounds") is network
    assert load_network(f"{own_file}:named").name == "my own"
    assert load_network(f"{own_file}:pictures", input_type="image").input_type == "image"
    assert sys.path == before and "own" not in sys.modules


def test_a_changed_file_is_read_again(own_file: Path) -> None:
    first = load_network(f"{own_file}:sounds")
    own_file.write_text(OWN.replace("manual_seed(0)", "manual_seed(1)"))
    stamp = time.time() + 5
    os.utime(own_file, (stamp, stamp))
    assert load_network(f"{own_file}:sounds").digest != first.digest


def test_what_goes_wrong_in_a_file_is_named(own_file: Path) -> None:
    line = OWN.splitlines().index("    return 1 / 0") + 1
    for function, words in {
        "broken": rf"broken\(\) of .*own\.py to make a network, found ZeroDivisionError in line {line}: division",
        "nothing": r"a torch module or a NetworkSource from nothing\(\) of .*, found NoneType\. Write it as",
        "needs": r"needs\(\) of .*found TypeError: .*missing 1 required positional argument",
        "absent": r"a function 'absent' in .*own\.py, found sounds, named, pictures, broken, nothing, needs\.",
        "": r"a function of a Python file, found '.*own\.py:'",
        "a-b": r"a function of a Python file, found",
    }.items():
        with pytest.raises(SourceError, match=words):
            load_network(f"{own_file}:{function}")
    with pytest.raises(SourceError, match=r"a function of a Python file, found '.*own\.py'\. Write it as"):
        load_network(str(own_file))
    with pytest.raises(SourceError, match=r"found nothing at .*onw\.py\. Did you mean '.*own\.py'"):
        load_network(f"{own_file.parent / 'onw.py'}:sounds")
    with pytest.raises(SourceError, match=r"takes sounds \(N, 16000\) at 16000 Hz, found Sequential"):
        load_network(f"{own_file}:pictures", input_type="audio")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import torch\nx = (\n", r"that runs, found .*bad\.py, found SyntaxError in line 2: "),
        ("import torch\nimport no_such_library\n", r"found ModuleNotFoundError in line 2: No module named 'no_such_l"),
        ("raise SystemExit(3)\n", r"found SystemExit in line 1: 3"),
    ],
)
def test_a_file_that_does_not_run_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    before = set(sys.modules)
    for _ in range(2):  # the second time too
        with pytest.raises(SourceError, match=words):
            load_network(f"{tmp_path / 'bad.py'}:make")
    assert not [name for name in set(sys.modules) - before if name.startswith("_headstart_source")]


def test_networks_of_equal_weights_but_another_front_end_differ() -> None:
    one, other = tiny(), tiny()
    other.front_end.floor = 1e-3
    assert load_network(one).digest != load_network(other).digest
    assert np.isfinite(one.front_end.filters.numpy()).all()
