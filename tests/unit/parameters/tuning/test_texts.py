"""What is trained of a network for texts, how it is saved, and what runs without headstart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from text_families import FAMILIES, family_folder

from headstart.data.texts.texts import Texts
from headstart.errors import MissingExtra, ParameterError
from headstart.networks.cutting.cut import frozen_names
from headstart.networks.folder import write_manifest
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed
from headstart.networks.saving.model_card import model_card
from headstart.parameters.loading import load_estimator
from headstart.parameters.saving import save_estimator
from headstart.parameters.transfer import TransferClassifier, TransferRegressor
from headstart.parameters.tuning.lora import attention_projections
from headstart.parameters.tuning.price import predict_parts
from headstart.training.batches import batch_rows

GOOD = ("the cat sat on the mat", "wonderful film with a warm heart", "see you at eight", "call me when home")
BAD = ("free prize! call now", "awful", "claim your reward now, it is free", "the film was long, slow and dull")
X = [f"{text} {i}" for i in range(3) for text in (*GOOD, *BAD)]
Y = ["good"] * 4 + ["bad"] * 4
Y = Y * 3


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("families")
    return {name: family_folder(name, place) for name in FAMILIES}


def _fit(folder: Path, **settings: Any) -> TransferClassifier:
    given = {"random_state": 0, "epochs": 2, "batch_size": 8, "head": "linear", **settings}
    return TransferClassifier(source=str(folder), **given).fit(X, Y)


@pytest.mark.parametrize("train", ["last:1", "all", "lora:2"])
@pytest.mark.parametrize("name", ["bert", "modernbert", "gpt2"])
def test_frozen_parts_do_not_move_by_a_bit(folders: dict[str, Path], name: str, train: str) -> None:
    network = load_network(folders[name])
    before = {key: tensor.clone() for key, tensor in network.module.state_dict().items()}
    model = _fit(folders[name], train=train, learning_rate=1e-2)
    after = model.network_.module.state_dict()
    assert set(after) == set(before)
    changed = {key for key in before if key.startswith("body.") and not torch.equal(before[key], after[key])}
    projections = {f"{place}.weight" for place in attention_projections(network.module)}
    blocks = {"last:1": 1, "all": None}.get(train)
    frozen = frozen_names(network.module, network.chain, blocks)
    assert changed == projections if train == "lora:2" else changed and not changed & frozen
    assert all(
        torch.equal(before[key], value) for key, value in load_network(folders[name]).module.state_dict().items()
    )


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_saved_model_is_plain(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    """The lines that the card prints, run as they are, give the model's logits; the folder is a source again."""
    model = _fit(folders[name], train="last:1")
    manifest = save_estimator(model, tmp_path)
    card = model_card(manifest)
    lines = card.split("# or without headstart\n")[1].split("```")[0]
    code = lines.replace("this-folder", str(tmp_path)).replace('["a text"]', repr(X[:8]))
    found: dict[str, Any] = {}
    exec(code, found)
    np.testing.assert_allclose(found["logits"].numpy(), model.logits(X[:8]), atol=1e-4)
    assert found["network"].config.id2label == {0: "bad", 1: "good"}
    again = load_estimator(tmp_path, manifest)
    np.testing.assert_allclose(again.logits(X[:8]), model.logits(X[:8]), atol=1e-5)
    source = load_network(tmp_path, input_type="text")
    assert source.card.class_names == ("bad", "good") and source.card.n_examples is None
    assert source.preprocessing.window == model.network_.preprocessing.window
    borrowed = TransferClassifier(source=tmp_path, head="linear").fit(X, Y)
    rows = [embed(each.network_, X, exact=True).output for each in (borrowed, model)]
    np.testing.assert_allclose(*rows, atol=1e-4 * np.abs(rows[1]).max())


@pytest.mark.parametrize("train", ["head", "last:1"])
def test_a_real_encoder_is_saved_plain(minilm: Path, tmp_path: Path, train: str) -> None:
    """The same lines for all-MiniLM-L6-v2, whose logits are large because its features are of unit length."""
    model = TransferClassifier(str(minilm), train=train, head="linear", epochs=1, random_state=0).fit(X[:8], Y[:8])
    lines = model_card(save_estimator(model, tmp_path)).split("# or without headstart\n")[1].split("```")[0]
    texts = [*X[:4], "word " * 300]
    found: dict[str, Any] = {}
    exec(lines.replace("this-folder", str(tmp_path)).replace('["a text"]', repr(texts)), found)
    np.testing.assert_allclose(found["logits"].numpy(), model.logits(texts), atol=1e-4)


@pytest.mark.parametrize("train", ["last:1", "all", "lora"])
def test_training_goes_on_after_a_kill(folders: dict[str, Path], tmp_path: Path, train: str) -> None:
    whole = _fit(folders["bert"], train=train, epochs=4)
    file = tmp_path / "checkpoint"
    model = TransferClassifier(
        str(folders["bert"]), train=train, epochs=4, batch_size=8, head="linear", random_state=0, checkpoint=file
    )

    class Killed(BaseException):
        pass

    def kill(what: str, done: int, total: int) -> None:
        if "epoch 3" in what:
            raise Killed

    import headstart.parameters.transfer as room
    from headstart.training import loop

    saved = loop.LoopSettings.__dataclass_fields__["checkpoint_seconds"].default
    assert saved > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop.time, "monotonic", iter(range(0, 10_000, 5)).__next__)

        class Shown:
            def __enter__(self) -> Any:
                return kill

            def __exit__(self, *_: Any) -> None:
                pass

        patch.setattr(room, "reporter", lambda **_: Shown())
        with pytest.raises(Killed):
            model.fit(X, Y)
    assert file.exists()
    model.fit(X, Y)
    np.testing.assert_allclose(model.logits(X), whole.logits(X), atol=1e-6)


def test_stored_boundary_trains_like_the_full_pass(folders: dict[str, Path]) -> None:
    stored, full = (_fit(folders["roberta"], train="last:2", cache=cache, epochs=3) for cache in (True, False))
    np.testing.assert_allclose(stored.logits(X), full.logits(X), atol=1e-3)


def test_batches_are_of_about_one_length() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 200, 512)
    dealt = batch_rows(512, 16, 0, 0, lengths)
    assert sorted(np.concatenate(dealt).tolist()) == list(range(512)) and len(dealt) == 32
    padded = sum(lengths[rows].max() * len(rows) for rows in dealt)
    assert padded < 1.15 * lengths.sum() < sum(lengths[r].max() * len(r) for r in batch_rows(512, 16, 0, 0))
    assert [r.tolist() for r in dealt] == [r.tolist() for r in batch_rows(512, 16, 0, 0, lengths)]
    assert [r.tolist() for r in dealt] != [r.tolist() for r in batch_rows(512, 16, 0, 1, lengths)]


def test_several_new_layers_and_numbers(folders: dict[str, Path]) -> None:
    deep = _fit(folders["bert"], head=[8, 4], epochs=30)
    assert deep.predict_proba(X).shape == (24, 2)
    numbers = TransferRegressor(str(folders["bert"]), train="last:1", epochs=2).fit(X, np.arange(24.0))
    assert numbers.predict(X).shape == (24,)
    many = TransferClassifier(str(folders["bert"]), train="all", epochs=1).fit(
        X, np.eye(3, dtype=int)[np.arange(24) % 3]
    )
    assert many.predict(X).shape == (24, 3)


def test_from_scratch(folders: dict[str, Path]) -> None:
    model = TransferClassifier(None, network=str(folders["bert"]), epochs=2, random_state=3).fit(X, Y)
    assert model.network_.name.endswith("(random weights)") and model.predict(X[:2]).shape == (2,)


def test_price_is_a_number_of_seconds(folders: dict[str, Path]) -> None:
    for train in ("head", "last:1", "all", "lora"):
        estimator = TransferClassifier(str(folders["bert"]), train=train, epochs=2)
        assert 0 < sum(predict_parts(estimator, 24, Texts(X))) < 60


def test_long_texts_in_windows(folders: dict[str, Path]) -> None:
    network = load_network(folders["bert"])
    long = " ".join(GOOD) + " " + " ".join(BAD)
    once, parts = network.preprocessing, network.preprocessing.resized(3)
    assert (
        once.cut(once.canvas(long * 3)) and once.longer(once.canvas(long * 3)) and not once.longer(once.canvas("cat"))
    )
    windows = parts.windows(parts.canvas(long * 3))
    assert len(windows) == 3 and {len(window) for window in windows} == {once.window}
    texts = [long + text for text in X]
    model = TransferClassifier(str(folders["bert"]), text_windows=3, head="linear").fit(texts, Y)
    each = [parts.windows(parts.canvas(text)) for text in texts[:2]]
    with torch.no_grad():
        rows = [network.module.features(torch.from_numpy(parts.stack(part)).long()).mean(0).numpy() for part in each]
    np.testing.assert_allclose(embed(model.network_, Texts(texts), exact=True).output[:2], rows, atol=1e-5)


@pytest.mark.parametrize("train", ["last:1", "all"])
def test_windows_in_training_and_saved(folders: dict[str, Path], tmp_path: Path, train: str) -> None:
    texts = [" ".join([text] * 8) for text in X]
    model = TransferClassifier(str(folders["bert"]), text_windows=4, train=train, epochs=1, early_stopping=True)
    manifest = save_estimator(model.fit(texts, Y), tmp_path)
    write_manifest(tmp_path, manifest)
    again = load_estimator(tmp_path, manifest)
    assert again.network_.preprocessing.windows_at_most == 4
    np.testing.assert_allclose(again.logits(texts), model.logits(texts), atol=1e-5)
    with pytest.raises(ParameterError, match="text_windows None for pictures"):
        TransferClassifier("starter:pictures", text_windows=2).fit([np.zeros((32, 32, 3), np.uint8)] * 4, [0, 1, 0, 1])


def test_lora_for_pictures(tmp_path: Path) -> None:
    settings = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    tf.ViTForImageClassification(tf.ViTConfig(**settings, image_size=32, patch_size=8)).save_pretrained(tmp_path)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (32, 32, 3), dtype=np.uint8) for _ in range(8)]
    before = load_network(tmp_path).module.state_dict()
    model = TransferClassifier(tmp_path, train="lora:4", epochs=2, learning_rate=1e-2).fit(pictures, [0, 1] * 4)
    after = model.network_.module.state_dict()
    changed = {key for key in before if "classifier" not in key and not torch.equal(before[key], after[key])}
    assert changed and all("attention" in key and key.endswith("weight") for key in changed)
    np.testing.assert_allclose(model.logits(pictures), _logits(model, pictures), atol=1e-4)


def _logits(model: TransferClassifier, pictures: list[np.ndarray]) -> np.ndarray:
    network = model.network_
    x = np.stack([network.preprocessing.array(network.preprocessing.canvas(picture)) for picture in pictures])
    with torch.no_grad():
        return network.module(torch.from_numpy(x)).logits.numpy()


def test_lora_without_peft_or_attention(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [np.full((64, 64, 3), 20 * i, np.uint8) for i in range(4)]
    with pytest.raises(ParameterError, match="network with attention for train='lora', found starter:pictures"):
        TransferClassifier("starter:pictures", train="lora").fit(pictures, [0, 1, 0, 1])
    with pytest.raises(ParameterError, match="rank of at most 16 for bert, found 99"):
        _fit(folders["bert"], train="lora:99")
    with pytest.raises(ParameterError, match="or 'lora:r', found 'lora:0'"):
        _fit(folders["bert"], train="lora:0")
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(MissingExtra, match=r"train='lora' needs peft.*headstart\[lora\]"):
        _fit(folders["bert"], train="lora")
