"""Folders of networks for texts: what their files say, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from safetensors.torch import save_file
from text_families import FAMILIES, TEXTS, family_folder

from headstart.data.texts.texts import Texts
from headstart.errors import DataError, SourceError
from headstart.networks.reading.listing import listed
from headstart.networks.reading.loading import load_network
from headstart.networks.refuse import refuse_type
from headstart.networks.running.embed import embed
from headstart.parameters.transfer import TransferClassifier


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return family_folder("bert", tmp_path)


def _sentence_files(
    folder: Path, pooling: dict[str, Any], after: tuple[str, ...] = (), length: int | None = None
) -> None:
    modules = [
        ("", "Transformer"),
        ("1_Pooling", "Pooling"),
        *((f"{i + 2}_{kind}", kind) for i, kind in enumerate(after)),
    ]
    entries = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(entries))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **pooling}))
    for path, kind in modules:
        (folder / path).mkdir(exist_ok=True)
        if kind == "Dense":
            settings = {"in_features": 16, "out_features": 6, "bias": True}
            settings["activation_function"] = "torch.nn.modules.activation.Tanh"
            (folder / path / "config.json").write_text(json.dumps(settings))
            generator = torch.Generator().manual_seed(0)
            tensors = {"linear.weight": torch.randn(6, 16, generator=generator), "linear.bias": torch.ones(6)}
            save_file(tensors, str(folder / path / "model.safetensors"))
    if length is not None:
        (folder / "sentence_bert_config.json").write_text(
            json.dumps({"max_seq_length": length, "do_lower_case": False})
        )


POOLINGS = {
    "first": {"pooling_mode_cls_token": True},
    "max": {"pooling_mode_max_tokens": True},
    "two": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True},
    "root": {"pooling_mode_mean_sqrt_len_tokens": True},
    "weighted": {"pooling_mode_weightedmean_tokens": True},
    "last": {"pooling_mode_lasttoken": True},
    "new": {"pooling_mode": "mean"},
}


@pytest.mark.parametrize("name", sorted(POOLINGS))
def test_pooling_is_that_of_sentence_transformers(bert: Path, name: str) -> None:
    peer = pytest.importorskip("sentence_transformers")
    after = ("Dense", "Normalize") if name == "new" else ()
    _sentence_files(bert, POOLINGS[name], after, length=12)
    network = load_network(bert)
    assert network.preprocessing.size == (12,)
    found = embed(network, Texts(TEXTS), exact=True).output
    np.testing.assert_allclose(found, peer.SentenceTransformer(str(bert), device="cpu").encode(list(TEXTS)), atol=1e-5)


def test_sentence_folder_comes_back(bert: Path, tmp_path: Path) -> None:
    peer = pytest.importorskip("sentence_transformers")
    _sentence_files(bert, POOLINGS["two"] | {"pooling_mode_cls_token": False}, ("Dense", "Normalize"), length=20)
    from headstart.networks.saving.model_card import model_card
    from headstart.parameters.saving import save_estimator

    model = TransferClassifier(str(bert), head="linear").fit(list(TEXTS), [0, 1] * 4)
    manifest = save_estimator(model, tmp_path)
    features = embed(model.network_, Texts(TEXTS), exact=True).output
    np.testing.assert_allclose(
        peer.SentenceTransformer(str(tmp_path), device="cpu").encode(list(TEXTS)), features, atol=1e-5
    )
    code = model_card(manifest).split("# or without headstart\n")[1].split("```")[0]
    found: dict[str, Any] = {}
    exec(code.replace("this-folder", str(tmp_path)).replace('["a text"]', repr(list(TEXTS))), found)
    np.testing.assert_allclose(found["logits"].numpy(), model.logits(list(TEXTS)), atol=1e-4)


def test_a_real_encoder(minilm: Path) -> None:
    """All-MiniLM-L6-v2: mean over at most 256 tokens, unit length; what its files say and its peer gives."""
    network = load_network(minilm, input_type="text")
    assert network.preprocessing.size == (256,) and network.module.pooling.modes == ("mean",)
    assert len(network.chain.blocks) == 7 and network.card.licence == "apache-2.0"
    texts = [*TEXTS[:4], "naïve 日本語 🙂", "word " * 400]
    found = embed(network, Texts(texts), exact=True).output
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    peer = pytest.importorskip("sentence_transformers")
    np.testing.assert_allclose(found, peer.SentenceTransformer(str(minilm), device="cpu").encode(texts), atol=1e-5)


def test_body_in_a_folder_of_its_own(bert: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    shutil.move(bert, outer / "0_Transformer")
    entries = [
        {"idx": 0, "name": "0", "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (outer / "modules.json").write_text(json.dumps(entries))
    (outer / "1_Pooling").mkdir()
    (outer / "1_Pooling" / "config.json").write_text(json.dumps(POOLINGS["first"]))
    assert load_network(outer).module.pooling.modes == ("first",)


def test_head_of_a_classifier_is_left_out(bert: Path, tmp_path: Path) -> None:
    made = tf.BertForSequenceClassification(tf.AutoConfig.from_pretrained(bert))
    made.save_pretrained(bert)
    network = load_network(bert)
    assert network.card.notes == (
        "Its own output layer is not used: new ones sit on the pooled tokens.",
        "Its files name no pooling: a text is the mean over its tokens.",
    )
    assert torch.equal(
        network.module.body.embeddings.word_embeddings.weight, made.bert.embeddings.word_embeddings.weight
    )


def test_words_without_tokenizer_json(bert: Path) -> None:
    """A vocabulary alone is converted by transformers."""
    whole = load_network(bert)
    vocabulary = whole.preprocessing.tokenizer.backend.get_vocab()
    (bert / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n")
    (bert / "tokenizer.json").unlink()
    network = load_network(bert)
    for text in TEXTS:
        ours, before = (n.preprocessing.centre(n.preprocessing.canvas(text)).tolist() for n in (network, whole))
        assert ours == before


def test_folder_without_tokenizer(bert: Path) -> None:
    (bert / "tokenizer.json").unlink()
    (bert / "tokenizer_config.json").unlink()
    with pytest.raises(SourceError, match=r"Expected the tokenizer of bert in .*found none.*tokenizer.json must lie"):
        load_network(bert)


def test_tokenizer_in_python_alone(bert: Path) -> None:
    (bert / "tokenizer.json").unlink()
    (bert / "vocab.json").write_text(json.dumps({"<unk>": 0, "a</w>": 1, "b</w>": 2}))
    (bert / "merges.txt").write_text("#version\n")
    (bert / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CTRLTokenizer"}))
    with pytest.raises(
        SourceError, match=r"kept in tokenizer.json, found CTRLTokenizer of bert, which works in Python"
    ):
        load_network(bert)


def test_tokenizer_of_another_network(bert: Path, tmp_path: Path) -> None:
    other = family_folder("roberta", tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(other / name, bert / name)
    with pytest.raises(
        SourceError, match=r"tokenizer of at most 120 tokens for bert, found one of \d+.*another network"
    ):
        load_network(bert)


def test_damaged_files(bert: Path) -> None:
    (bert / "tokenizer.json").write_text("{")
    with pytest.raises(SourceError, match=r"Expected the tokenizer of bert.*Get its files again"):
        load_network(bert)
    (bert / "model.safetensors").unlink()
    with pytest.raises(SourceError, match="found no weights"):
        load_network(bert)


def test_weights_that_are_not_whole(bert: Path) -> None:
    body = tf.AutoModel.from_pretrained(bert)
    save_file({k: v for k, v in body.state_dict().items() if "layer.1" not in k}, str(bert / "model.safetensors"))
    with pytest.raises(SourceError, match=r"all weights of bert, found \d+ of \d+ missing.*encoder.layer.1"):
        load_network(bert)


def test_unknown_layer_after_the_body(bert: Path) -> None:
    _sentence_files(bert, POOLINGS["new"])
    entries = json.loads((bert / "modules.json").read_text())
    entries.append({"idx": 2, "name": "2", "path": "2_LSTM", "type": "sentence_transformers.models.LSTM"})
    (bert / "modules.json").write_text(json.dumps(entries))
    with pytest.raises(SourceError, match=r"body, pooling, dense layers and normalisation in .*, found LSTM"):
        load_network(bert)


def test_encoder_with_decoder(bert: Path) -> None:
    settings = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2, "vocab_size": 120}
    tf.T5ForConditionalGeneration(tf.T5Config(**settings)).save_pretrained(bert)
    with pytest.raises(SourceError, match=r"reads texts, found bert \(t5\), which turns a text into another one"):
        load_network(bert)


def test_sentence_transformer_in_memory(bert: Path) -> None:
    peer = pytest.importorskip("sentence_transformers").SentenceTransformer(str(bert), device="cpu")
    network = load_network(peer)
    assert network.input_type == "text" and network.card.origin == "a module in memory"
    np.testing.assert_allclose(embed(network, Texts(TEXTS), exact=True).output, peer.encode(list(TEXTS)), atol=1e-5)
    with pytest.raises(SourceError, match=r"BertModel \(bert\), which takes input_ids.*give the folder or the id"):
        load_network(peer[0].auto_model)


def test_network_that_minds_padding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def funnel(n: int) -> Any:
        sizes = {"d_model": 16, "n_head": 2, "d_head": 8, "d_inner": 32}
        return tf.FunnelModel(tf.FunnelConfig(vocab_size=n, block_sizes=[1, 1], **sizes))

    monkeypatch.setitem(FAMILIES, "funnel", (funnel, FAMILIES["bert"][1], "PreTrainedTokenizerFast"))
    with pytest.raises(SourceError, match=r"does not mind padding, found funnel \(funnel\), whose answer for a text"):
        load_network(family_folder("funnel", tmp_path))


def test_layers_behind_two_outputs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DeBERTa's encoder hands on a list of all layers' outputs, so it is no cut vertex itself."""

    def deberta(n: int) -> Any:
        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
        return tf.DebertaV2Model(tf.DebertaV2Config(vocab_size=n, relative_attention=True, **sizes))

    monkeypatch.setitem(FAMILIES, "deberta", (deberta, FAMILIES["bert"][1], "PreTrainedTokenizerFast"))
    network = load_network(family_folder("deberta", tmp_path))
    assert network.chain.blocks == ("body.embeddings", "body.encoder.layer.0", "body.encoder.layer.1")


@pytest.mark.parametrize(("wanted", "words"), [("image", "pictures"), ("audio", "sounds")])
def test_text_network_for_other_inputs(bert: Path, wanted: str, words: str) -> None:
    with pytest.raises(SourceError, match=f"Expected a network for {words}, found bert, which takes texts"):
        load_network(bert, input_type=wanted)
    network = load_network(bert)
    with pytest.raises(SourceError, match=f"Expected a network for {words}, found bert, which takes texts"):
        load_network(network, input_type=wanted)


@pytest.mark.parametrize(("source", "takes"), [("starter:pictures", "pictures"), ("starter:speech", "sounds")])
def test_other_networks_for_texts(source: str, takes: str) -> None:
    with pytest.raises(
        SourceError, match=rf"Expected a network for texts, found {source}, which takes {takes}.*MiniLM"
    ):
        TransferClassifier(source).fit(["a text", "another text"], [0, 1])
    with pytest.raises(DataError, match=f"for the network {source}, found texts.*take a network for texts.*MiniLM"):
        embed(load_network(source), Texts(["a text"]))


def test_other_inputs_for_a_text_network(bert: Path) -> None:
    with pytest.raises(DataError, match="Expected texts for the network bert, found pictures"):
        embed(load_network(bert), [np.zeros((8, 8, 3), np.uint8)])


def test_listed_as_a_network_for_texts(bert: Path) -> None:
    found = listed(str(bert), bert, "folder")
    assert found.input_type == "text" and found.reason == "" and found.n_parameters
    assert refuse_type(bert, {"model_type": "llama"}).input_type == "text"


def test_window_of_long_networks(tmp_path: Path) -> None:
    folder = family_folder("modernbert", tmp_path)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "max_position_embeddings": 8192}))
    network = load_network(folder)
    assert network.preprocessing.size == (512,)
    assert network.card.notes[0] == "It takes 8,192 tokens at a time; 512 are used."
