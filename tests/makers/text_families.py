"""Tiny networks for texts with random weights and tokenizers trained on a few sentences, shared by the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = (
    "the cat sat on the mat and looked at the dog",
    "a dog ran after the cat, but the cat was faster",
    "free prize! call now to claim your reward",
    "see you at eight tonight",
    "wonderful film with a warm heart",
    "awful",
    "the end of the film was long, slow and dull, and nobody in the room laughed at all",
    "call me when you are home",
)
SIZES = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 32}
PLACES = {"max_position_embeddings": 40}
ROBERTA = {**SIZES, "max_position_embeddings": 34, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
MODERN = {**SIZES, "pad_token_id": 0, "global_attn_every_n_layers": 2, "local_attention": 8, **PLACES}


def _word_pieces() -> tuple[Tokenizer, dict[str, Any]]:
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=120, special_tokens=special))
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    made.decoder = decoders.WordPiece()
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return made, {**names, "mask_token": "[MASK]"}


def _byte_pairs(special: tuple[str, ...], names: dict[str, Any], framed: bool) -> tuple[Tokenizer, dict[str, Any]]:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=320, special_tokens=list(special), initial_alphabet=alphabet)
    made.train_from_iterator(TEXTS, trainer)
    if framed:
        made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return made, names


def _roberta_pairs() -> tuple[Tokenizer, dict[str, Any]]:
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return _byte_pairs(
        ("<s>", "<pad>", "</s>", "<unk>", "<mask>"), {**names, "cls_token": "<s>", "sep_token": "</s>"}, framed=True
    )


def _unigrams() -> tuple[Tokenizer, dict[str, Any]]:
    made = Tokenizer(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(
        TEXTS, trainers.UnigramTrainer(vocab_size=100, special_tokens=special, unk_token="<unk>", show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    made.decoder = decoders.Metaspace()
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return made, {**names, "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}


def _gpt_pairs() -> tuple[Tokenizer, dict[str, Any]]:
    return _byte_pairs(("<|endoftext|>",), {"eos_token": "<|endoftext|>", "bos_token": "<|endoftext|>"}, framed=False)


def _distilbert(n: int) -> Any:
    return tf.DistilBertModel(tf.DistilBertConfig(vocab_size=n, dim=16, n_layers=3, n_heads=2, hidden_dim=32, **PLACES))


def _mpnet(n: int) -> Any:
    return tf.MPNetModel(tf.MPNetConfig(vocab_size=n, **ROBERTA))


#: Name -> (body for a vocabulary of n, tokenizer, its class in transformers).
FAMILIES: dict[str, tuple[Callable[[int], Any], Callable[[], tuple[Tokenizer, dict[str, Any]]], str]] = {
    "bert": (lambda n: tf.BertModel(tf.BertConfig(vocab_size=n, **SIZES, **PLACES)), _word_pieces, "BertTokenizer"),
    "roberta": (
        lambda n: tf.RobertaModel(tf.RobertaConfig(vocab_size=n, **ROBERTA)),
        _roberta_pairs,
        "RobertaTokenizer",
    ),
    "distilbert": (_distilbert, _word_pieces, "DistilBertTokenizer"),
    "mpnet": (_mpnet, _word_pieces, "PreTrainedTokenizerFast"),
    "modernbert": (
        lambda n: tf.ModernBertModel(tf.ModernBertConfig(vocab_size=n, **MODERN)),
        _word_pieces,
        "PreTrainedTokenizerFast",
    ),
    "xlm-roberta": (
        lambda n: tf.XLMRobertaModel(tf.XLMRobertaConfig(vocab_size=n, **ROBERTA)),
        _unigrams,
        "XLMRobertaTokenizer",
    ),
    "gpt2": (
        lambda n: tf.GPT2Model(tf.GPT2Config(vocab_size=n, n_embd=16, n_layer=3, n_head=2, n_positions=40)),
        _gpt_pairs,
        "GPT2Tokenizer",
    ),
    "llama": (
        lambda n: tf.LlamaModel(tf.LlamaConfig(vocab_size=n, **SIZES, num_key_value_heads=1, **PLACES)),
        _gpt_pairs,
        "PreTrainedTokenizerFast",
    ),
}


def family_folder(name: str, place: Path) -> Path:
    """A transformers folder of a family, its weights always the same ones."""
    body_of, tokenizer_of, tokenizer_class = FAMILIES[name]
    made, names = tokenizer_of()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body = body_of(made.get_vocab_size())
        for parameter in body.parameters():
            if parameter.ndim >= 2:
                parameter.data = torch.randn_like(parameter) * (0.5 if parameter.shape[1] == 16 else 0.2)
    folder = place / name
    body.save_pretrained(folder)
    made.save(str(folder / "tokenizer.json"))
    settings = {**names, "tokenizer_class": tokenizer_class}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder
