"""Pre-training: learns, writes a source that loads everywhere, resumes to the same weights."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from headstart.data.pictures.pictures import Pictures
from headstart.data.sets.dataset import Dataset
from headstart.errors import DataError, OutputError, ParameterError
from headstart.networks.reading.loading import load_network
from headstart.pretraining import rounds as planning_file
from headstart.pretraining import training_run as running_file
from headstart.pretraining.architectures import new_network
from headstart.pretraining.examples import picture_examples as examples_file
from headstart.pretraining.examples.examples import steps
from headstart.pretraining.examples.picture_examples import DatasetExamples, FormulaExamples, square
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.objectives import prepared
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.train_source import train_source
from headstart.training.prefetch import ahead

QUICK = Recipe(batch_size=32)


def rendered(n_classes: int = 4, per_class: int = 60, seed: int = 0) -> FormulaExamples:
    return FormulaExamples(RenderedPictures("textures", n_classes, per_class, seed, size=32))


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_network(folder).module.state_dict()


@pytest.fixture(scope="module", autouse=True)
def few_held_out() -> Iterator[None]:
    """Measuring on 200 pictures instead of 2,000 saves most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples_file, "HELD_OUT", 200)
        yield


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pretrained") / "source"
    record = train_source(rendered(per_class=320), folder, QUICK)
    assert record["held_out_accuracy"] > 0.5  # chance: 0.25
    assert record["n_examples"] == 1280
    return folder


def test_the_source_loads_with_its_card(source: Path) -> None:
    network = load_network(source)
    assert network.card.n_examples == 1280
    assert network.card.n_classes == 4
    assert network.card.licence == "Apache-2.0"
    assert network.card.class_names == ("texture 0", "texture 1", "texture 2", "texture 3")
    assert network.preprocessing.size == (32, 32)
    assert network.chain.n_features == 256
    manifest = json.loads((source / "headstart.json").read_text())
    assert manifest["pretraining"]["recipe"]["batch_size"] == 32
    assert "formula:textures" in (source / "README.md").read_text()


def test_the_finished_network_may_be_given_larger_pictures(tmp_path: Path) -> None:
    train_source(rendered(per_class=60), tmp_path / "wide", Recipe(batch_size=32, final_size=48))
    network = load_network(tmp_path / "wide")
    assert (network.preprocessing.resize, network.preprocessing.crop) == (48, (48, 48))
    assert "48 x 48 pixels" in (tmp_path / "wide" / "README.md").read_text()
    told = json.loads((tmp_path / "wide" / "preprocessor_config.json").read_text())
    assert told["size"] == {"shortest_edge": 48}
    with pytest.raises(ParameterError, match=r"a final size of 16 to 512; found final_size=8"):
        Recipe(final_size=8).check()


def test_transformers_alone_gives_the_same_logits_in_32_bits(source: Path) -> None:
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    alone = AutoModelForImageClassification.from_pretrained(source).eval()
    assert {p.dtype for p in alone.parameters()} == {torch.float32}
    picture = rendered().batch(np.array([5]), 0).x[0]
    processor = AutoImageProcessor.from_pretrained(source, backend="pil")
    pixels = processor(Image.fromarray(picture), return_tensors="pt").pixel_values
    torch.testing.assert_close(pixels, prepared(picture[None], square(32), torch.device("cpu")), atol=1e-5, rtol=0)
    with torch.no_grad():
        ours = load_network(source).module(pixels).logits
        torch.testing.assert_close(alone(pixels).logits, ours, atol=1e-5, rtol=0)


def test_a_rounded_source_is_half_as_large_and_says_what_was_measured(source: Path) -> None:
    n_parameters = sum(p.numel() for p in load_network(source).module.parameters())
    assert (source / "model.safetensors").stat().st_size < 2.1 * n_parameters
    right = n = 0
    with torch.no_grad():
        for batch in rendered(per_class=320).held_out():
            logits = load_network(source).module(prepared(batch.x, square(32), torch.device("cpu"))).logits
            right, n = right + int((logits.argmax(1).numpy() == batch.y).sum()), n + len(batch)
    said = json.loads((source / "headstart.json").read_text())["pretraining"]["held_out_accuracy"]
    assert abs(right / n - said) < 0.02  # measured in 16 bits where the processor has them


def test_batch_norm_statistics_are_those_of_the_final_weights(source: Path) -> None:
    module = load_network(source).module
    seen = []
    first = module.resnet.embedder.embedder.normalization
    handle = first.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].mean(dim=(0, 2, 3))))
    with torch.no_grad():
        module(prepared(rendered(per_class=320).batch(np.arange(1280), 0).x, square(32), torch.device("cpu")))
    handle.remove()
    spread = first.running_var.sqrt()
    assert ((seen[0] - first.running_mean).abs() / spread).max() < 0.05


def test_the_same_seed_gives_the_same_source(tmp_path: Path) -> None:
    train_source(rendered(per_class=20), tmp_path / "a", QUICK)
    train_source(rendered(per_class=20), tmp_path / "b", QUICK)
    train_source(rendered(per_class=20), tmp_path / "c", Recipe(batch_size=32, seed=1))
    a, b, c = (weights_of(tmp_path / name) for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning_file, "ROUND", 64)
    monkeypatch.setattr(running_file, "CHECKPOINT_SECONDS", 0.0)
    recipe = Recipe(batch_size=16)
    whole = train_source(rendered(), tmp_path / "whole", recipe)
    assert len(whole["history"]) == 4  # of 3 steps each

    def killed(what: str, done: int, total: int) -> None:
        if what.startswith("training") and done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_source(rendered(), tmp_path / "resumed", recipe, RunOptions(progress=killed))
    assert not (tmp_path / "resumed").exists()
    told: list[int] = []
    train_source(
        rendered(),
        tmp_path / "resumed",
        recipe,
        RunOptions(resume=True, progress=lambda what, done, _: told.append(done)),
    )
    assert told[0] > 6  # the first rounds are not trained again
    a, b = weights_of(tmp_path / "whole"), weights_of(tmp_path / "resumed")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["resumed", "whole"]  # no checkpoint is left


def photos(folder: Path, n: int = 12) -> None:
    rng = np.random.default_rng(0)
    for name, colour in (("blue", (40, 40, 200)), ("red", (200, 40, 40))):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            pixels = np.clip(np.array(colour) + rng.integers(-40, 40, (50, 40 + i, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_a_folder_of_pictures_makes_a_source(tmp_path: Path) -> None:
    from headstart.data.reading.read import read_dataset

    photos(tmp_path / "pictures")
    examples = DatasetExamples(read_dataset(tmp_path / "pictures"), size=32)
    record = train_source(examples, tmp_path / "source", Recipe(batch_size=8, half=False))
    network = load_network(tmp_path / "source")
    assert network.card.class_names == ("blue", "red")
    assert network.card.licence is None
    assert network.card.n_examples == record["n_examples"] == examples.n < 24
    assert record["words"] == f"{examples.n} pictures of 2 classes from pictures"


def dataset(n: int = 40) -> Dataset:
    rng = np.random.default_rng(0)
    pictures = Pictures([rng.integers(0, 255, (40, 52, 3), dtype=np.uint8) for _ in range(n)])
    return Dataset(pictures, np.array(["a", "b"] * (n // 2)), "classification", ("a", "b"))


def test_pictures_of_a_data_set_change_with_the_epoch_alone() -> None:
    examples = DatasetExamples(dataset(), size=32, flip=False)
    index = np.arange(4)
    first = examples.batch(index, epoch=0)
    assert first.x.shape == (4, 32, 32, 3)
    assert first.y is not None
    assert first.y.dtype == np.int64
    assert np.array_equal(first.x, examples.batch(index, epoch=0).x)
    assert not np.array_equal(first.x, examples.batch(index, epoch=1).x)
    held_out = list(examples.held_out())
    assert sum(len(batch) for batch in held_out) == 40 - examples.n > 0


def test_the_test_part_is_not_touched() -> None:
    data = dataset()
    parts = np.array(["train"] * 20 + ["val"] * 8 + ["test"] * 12)
    divided = Dataset(data.inputs, data.y, data.task, data.classes, parts=parts)
    examples = DatasetExamples(divided, size=32)
    assert examples.n == 20
    assert sum(len(batch) for batch in examples.held_out()) == 8


def test_numbers_are_no_classes() -> None:
    data = dataset()
    numbers = Dataset(data.inputs, np.linspace(0, 1, 40), "regression")
    with pytest.raises(DataError, match="Expected one label a picture to pretrain on, found a task of type regression"):
        DatasetExamples(numbers)


def test_rounds_hold_every_picture_once() -> None:
    examples = rendered(per_class=32)
    seen: list[int] = []
    examples.batch = lambda index, epoch: seen.extend(index.tolist())  # type: ignore[method-assign,assignment]
    for round_ in range(4):
        assert len(list(examples.batches(round_, rounds=4, batch_size=8, seed=0))) == steps(32, 8)
    assert sorted(seen) == list(range(128))


def test_held_out_pictures_are_none_of_those_trained_on() -> None:
    examples = rendered(per_class=3)
    trained = {picture.tobytes() for picture in examples.batch(np.arange(12), 0).x}
    held_out = [picture.tobytes() for batch in examples.held_out() for picture in batch.x]
    assert len(held_out) == 200
    assert not trained & set(held_out)


def test_ahead_hands_on_errors_and_stops_when_left() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(ahead(broken()))  # type: ignore[arg-type]

    made: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            made.append(1)
            yield len(made)

    before = threading.active_count()
    batches = ahead(endless())  # type: ignore[arg-type]
    assert next(batches) == 1  # type: ignore[comparison-overlap]
    batches.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    assert len(made) < 10


def test_new_networks_leave_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    a, b = new_network("small", ("x", "y"), 0), new_network("small", ("x", "y"), 0)
    assert torch.equal(torch.rand(2), expected)
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_the_wrong_place_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"found thesis\.txt"):
        train_source(rendered(), tmp_path / "full", QUICK)
    assert (tmp_path / "full" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(network="huge"), r"Expected a network of small, base, .*; found 'huge'"),
        (Recipe(epochs=0), "at least 1 epoch.*found epochs=0"),
        (Recipe(learning_rate=0.0, batch_size=1), "found batch_size=1, learning_rate=0.0"),
    ],
)
def test_settings_outside_their_range_are_named(tmp_path: Path, recipe: Recipe, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        train_source(rendered(), tmp_path / "source", recipe)
