"""Learning without labels: views from the seed alone, a loss that falls, collapse that is named, and resuming."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image
from torch import nn

from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.pictures.pictures import Pictures
from headstart.errors import DataError, ParameterError
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.nn.losses.simclr import nt_xent
from headstart.nn.processes import processes
from headstart.pretraining import objectives as objectives_file
from headstart.pretraining import training_run as running_file
from headstart.pretraining.architectures import new_network
from headstart.pretraining.examples.examples import Batch, Examples
from headstart.pretraining.examples.given import Given
from headstart.pretraining.examples.pair_augment import PictureChanges
from headstart.pretraining.examples.pairs import TwoViews
from headstart.pretraining.examples.picture_examples import FormulaExamples, square
from headstart.pretraining.examples.speech_sets import SpeechSettings
from headstart.pretraining.examples.unlabelled_examples import UnlabelledExamples
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.self_supervised.objective import SelfSupervised
from headstart.pretraining.self_supervised.pretrain_without_labels import pretrain_without_labels, unlabelled_pairs
from headstart.pretraining.train_source import train_source

SIDE = 32
CPU = torch.device("cpu")


def pairs(n: int = 64, seed: int = 0) -> TwoViews:
    rendered = RenderedPictures("textures", 8, max(1, n // 8), seed, size=SIDE)
    return TwoViews(FormulaExamples(rendered), random_state=seed)


def objective(seed: int = 0, **settings: Any) -> SelfSupervised:
    network = new_network("small", (), seed)
    return SelfSupervised(network, torch.randn(2, 3, SIDE, SIDE), widths=(128, 64), seed=seed, **settings)


def settled(seed: int = 0) -> SelfSupervised:
    made = objective(seed)
    made.settle(CPU, square(SIDE))
    made.bf16 = False
    return made


def clips(n: int = 12) -> UnlabelledExamples:
    rng = np.random.default_rng(0)
    waves = [rng.normal(0, 0.1, rng.integers(2000, 40000)).astype(np.float32) for _ in range(n)]
    return UnlabelledExamples(Clips(waves, sampling_rate=16000), SoundPreprocessing(16000, 8000))


def test_both_views_of_an_example_stand_n_rows_apart() -> None:
    examples = UnlabelledExamples(Pictures([np.full((40, 50, 3), 10 * i, np.uint8) for i in range(20)]), square(SIDE))
    unchanged = PictureChanges(jitter=0.0, grey=0.0, solarise=0.0)
    x = TwoViews(examples, changes=unchanged).batch(np.arange(6), epoch=0).x
    assert x.shape == (12, SIDE, SIDE, 3)
    levels = x.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(levels[:6], levels[6:], atol=1)
    assert len(set(levels[:6].round())) == 6


@pytest.mark.parametrize("made", [pairs, lambda: TwoViews(clips())], ids=["pictures", "clips"])
def test_views_follow_from_seed_epoch_and_number_alone(made: Any) -> None:
    a, b = made(), made()
    some = a.batch(np.array([1, 4, 5]), epoch=2).x
    assert np.array_equal(some, b.batch(np.array([1, 4, 5]), epoch=2).x)
    assert np.array_equal(some[[1, 4]], a.batch(np.array([4]), epoch=2).x)
    assert not np.array_equal(some, a.batch(np.array([1, 4, 5]), epoch=3).x)
    assert not np.array_equal(some[:3], some[3:])
    for first, second in zip(a.held_out(), b.held_out(), strict=True):
        assert np.array_equal(first.x, second.x)


def test_what_is_held_out_is_never_trained_on() -> None:
    class Numbered(Examples):
        """Hands out pictures that say their number."""

        n, class_names, size, words, licence, key = 200, (), SIDE, "numbers", None, "numbers"
        preprocessing = square(SIDE)  # type: ignore[assignment]

        def batch(self, index: np.ndarray, epoch: int) -> Batch:
            raise AssertionError("views are made of unchanged examples")

        def held_out(self) -> Iterator[Batch]:
            raise AssertionError

        def raw(self, index: np.ndarray) -> list[np.ndarray]:
            return [np.full((40, 40, 3), i, np.uint8) for i in index.tolist()]

    unchanged = PictureChanges(jitter=0.0, grey=0.0, solarise=0.0, blur=0.0)
    views = TwoViews(Numbered(), changes=unchanged)
    trained = set(views.batch(np.arange(views.n), 0).x[:, 0, 0, 0].tolist())
    held_out = {number for batch in views.held_out() for number in batch.x[:, 0, 0, 0].tolist()}
    assert len(held_out) == 16
    assert trained | held_out == set(range(200))
    assert not trained & held_out


def test_too_few_examples_and_examples_that_cannot_be_had_unchanged_are_refused() -> None:
    with pytest.raises(DataError, match="Expected at least 8 examples to learn from without labels, found 4"):
        TwoViews(FormulaExamples(RenderedPictures("textures", 4, 1, 0, size=SIDE)))

    class Closed(Examples):
        n, class_names, size, words, licence, key = 20, (), SIDE, "sealed pictures", None, ""
        preprocessing = square(SIDE)  # type: ignore[assignment]

        def batch(self, index: np.ndarray, epoch: int) -> Batch:
            return Batch(index)

        def held_out(self) -> Iterator[Batch]:
            return iter(())

    with pytest.raises(ParameterError, match="found sealed pictures"):
        TwoViews(Closed()).batch(np.arange(2), 0)


def test_the_loss_is_simclrs_of_the_projected_input_of_the_output_layer() -> None:
    class Plain(nn.Module):
        """Features anybody can compute, and an output layer."""

        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.Conv2d(6, 8, 3, 2), nn.ReLU())
            self.output = nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.output(self.body(x).mean((2, 3)))

    torch.manual_seed(0)
    network = Plain()
    made = SelfSupervised(network, torch.randn(2, 3, SIDE, SIDE), widths=(16, 8), temperature=0.7)
    made.settle(CPU, square(SIDE))
    made.bf16 = False
    made.modules.train()
    batch = pairs().batch(np.arange(10), 0)
    loss = made.loss(batch)
    z = made.modules["projector"](network.body(made.inputs(batch.x)).mean((2, 3)))
    torch.testing.assert_close(loss, nt_xent(z[:10], z[10:], temperature=0.7), rtol=1e-4, atol=1e-5)
    loss.backward()
    assert network.output.weight.grad is None
    assert not network.output.weight.requires_grad  # so that several processes need not wait for its gradient
    assert network.body[0].weight.grad is not None


def test_it_learns_what_views_of_unseen_examples_have_in_common() -> None:
    layers = [nn.Conv2d(3, 16, 5, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3, 2), nn.BatchNorm2d(32)]
    torch.manual_seed(0)
    network = nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    made = SelfSupervised(network, torch.randn(2, 3, SIDE, SIDE), widths=(64, 32))
    made.settle(CPU, square(SIDE))
    mild = PictureChanges(area=(0.5, 1.0), jitter=0.0, grey=0.0, blur=0.0, solarise=0.0)
    views = TwoViews(FormulaExamples(RenderedPictures("textures", 8, 22, 0, size=SIDE)), changes=mild)
    batches = [views.batch(np.arange(64) + 32 * (i % 3), epoch=i) for i in range(6)]
    unseen = [views.batch(np.arange(128, 152), epoch=0)]
    optimizer = torch.optim.AdamW(made.modules.parameters(), lr=3e-3)
    made.modules.train()
    before = float(made.loss(unseen[0]).detach())  # batch statistics: the network's own do not fit its weights yet
    for step in range(60):
        optimizer.zero_grad()
        made.loss(batches[step % 6]).backward()
        optimizer.step()
    made.modules.eval()
    with torch.no_grad():
        after = made.measure(unseen)
    assert after["val_loss"] < 0.75 * before
    assert after["val_found"] > 5 / 47  # by chance 1 / 47
    assert after["val_rank"] > 2
    assert made.remarks(after) == []


def test_sixteen_bits_stop_before_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.pretraining.self_supervised import objective as own_file

    seen: list[torch.dtype] = []

    def watched(a: torch.Tensor, b: torch.Tensor, temperature: float) -> torch.Tensor:
        seen.extend([a.dtype, b.dtype])
        assert not torch.is_autocast_enabled("cpu")
        return nt_xent(a, b, temperature)

    monkeypatch.setattr(own_file, "nt_xent", watched)
    made = settled()
    made.bf16 = True
    made.loss(pairs().batch(np.arange(4), 0))
    assert seen == [torch.float32, torch.float32]


def test_collapse_is_said_in_words() -> None:
    class Constant(nn.Module):
        """The same for whatever is shown."""

        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Conv2d(3, 8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 0 * self.body(x) + 1

    made = SelfSupervised(Constant(), torch.randn(2, 3, SIDE, SIDE), widths=(16, 8))
    made.settle(CPU, square(SIDE))
    made.modules.eval()
    with torch.no_grad():
        measured = made.measure(pairs().held_out())
    (words,) = made.remarks(measured)
    assert words.startswith("It has collapsed: it gives nearly the same features for all examples (evenness 0.0")
    assert "effective rank 0.0" in words


def test_a_source_without_labels_loads_and_says_what_it_is(tmp_path: Path) -> None:
    record = train_source(pairs(), tmp_path / "source", Recipe(batch_size=16, epochs=2), objective=objective())
    assert record["n_classes"] == 0
    assert {"loss", "found", "evenness", "rank"} <= set(record["held_out"])
    network = load_network(tmp_path / "source")
    assert network.card.class_names is None
    assert network.card.n_classes is None
    assert network.chain.n_features == 256
    assert network.trained
    card = (tmp_path / "source" / "README.md").read_text()
    assert "SimCLR" in card
    manifest = json.loads((tmp_path / "source" / "headstart.json").read_text())
    assert manifest["pretraining"]["recipe"]["widths"] == [128, 64]


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_file, "CHECKPOINT_SECONDS", 0.0)
    recipe = Recipe(batch_size=16, epochs=3)
    whole = train_source(pairs(), tmp_path / "whole", recipe, objective=objective())

    def killed(what: str, done: int, total: int) -> None:
        if what.startswith("training") and done == 8:  # of 9 steps, 3 an epoch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_source(pairs(), tmp_path / "parts", recipe, RunOptions(progress=killed), objective=objective())
    told: list[int] = []
    resumed = train_source(
        pairs(),
        tmp_path / "parts",
        recipe,
        RunOptions(resume=True, progress=lambda what, done, _: told.append(done)),
        objective=objective(),
    )
    assert told[0] == 7  # the first epochs are not trained again
    weights, again = (load_network(tmp_path / name).module.state_dict() for name in ("whole", "parts"))
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert resumed["held_out"] == whole["held_out"]


def test_clips_in_a_folder_make_a_source_for_sounds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(24):
        folder = tmp_path / "clips" / f"day {i % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        tone = np.sin(np.arange(4800) * (0.02 + 0.02 * i)) * np.hanning(4800)
        soundfile.write(folder / f"{i}.wav", 0.3 * tone + rng.normal(0, 0.01, 4800), 8000)
    pairs_of_clips = unlabelled_pairs(Given((str(tmp_path / "clips"),), speech=SpeechSettings(seconds=0.5)))
    assert pairs_of_clips.words == "24 clips without labels from clips"
    assert pairs_of_clips.batch(np.arange(4), 0).x.shape == (8, 8000)
    record = pretrain_without_labels(pairs_of_clips, tmp_path / "source", Recipe(batch_size=11, epochs=1))
    assert record["n_examples"] == 24
    network = load_network(tmp_path / "source")
    assert network.input_type == "audio"
    assert network.preprocessing == SoundPreprocessing(16000, 8000)
    assert network.chain.n_features == 384
    assert float(network.module.front_end.std.std()) > 0  # calibrated on the clips, not left at 1
    features = embed(network, Clips(sorted((tmp_path / "clips").rglob("*.wav"))))
    assert features.output.shape == (24, 384)


def test_pictures_and_clips_in_one_folder_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(tmp_path / "b.png")
    with pytest.raises(DataError, match=r"Expected pictures or clips in .*, found 1 and 1"):
        unlabelled_pairs(Given((str(tmp_path),)))


TINY = {"model_type": "resnet", "layer_type": "basic", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}


def trained(out: Path) -> list[dict[str, float]]:
    """Train a tiny network in float32 in all processes there are."""
    (out.parent / "config.json").write_text(json.dumps(TINY))
    network = new_network(str(out.parent), (), 0)
    made = SelfSupervised(network, torch.randn(2, 3, SIDE, SIDE), widths=(32, 16))
    recipe = Recipe(batch_size=16, epochs=2, half=False, learning_rate=1e-3)
    with pytest.MonkeyPatch.context() as patch, processes() as first:
        patch.setattr(objectives_file, "has_bf16", lambda device: False)
        history: list[dict[str, float]] = train_source(pairs(), out, recipe, objective=made)["history"]
        if first:
            (out.parent / f"{out.name}.json").write_text(json.dumps(history))
    return history


def test_two_processes_find_strangers_in_each_others_batches(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom test_objective import trained\ntrained(Path(sys.argv[1]))\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    done = subprocess.run([*launch, str(tmp_path / "two")], env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    one, two = trained(tmp_path / "one"), json.loads((tmp_path / "two.json").read_text())
    for a, b in zip(one, two, strict=True):
        for key in ("train_loss", "val_loss", "val_evenness"):
            assert a[key] == pytest.approx(b[key], abs=5e-4), key
    weights, again = (load_network(tmp_path / name).module.state_dict() for name in ("one", "two"))
    assert max(float((again[name] - tensor).abs().max()) for name, tensor in weights.items()) < 1e-3
