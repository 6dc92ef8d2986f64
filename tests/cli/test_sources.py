"""``headstart sources``: starters, the hub's cache and folders, told from small files alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from transformers import BertConfig, ResNetConfig, ResNetForImageClassification, T5Config

from headstart.cli.main import exit_code
from headstart.networks.reading.listing import count_parameters, list_sources
from headstart.networks.reading.loading import load_network


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a picture network, and an empty cache of the hub."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    room = tmp_path / "here"
    room.mkdir()
    monkeypatch.chdir(room)
    picture_network(room / "mine")
    (room / "notes").mkdir()
    return room


def picture_network(folder: Path, licence: str = "mit") -> None:
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=3, layer_type="basic")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ResNetForImageClassification(config).save_pretrained(folder)
    (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n# Mine\n", encoding="utf-8")


def in_hub(cache: Path, repo: str) -> Path:
    """Where the hub's library would keep a model."""
    base = cache / f"models--{repo.replace('/', '--')}"
    (base / "refs").mkdir(parents=True)
    (base / "refs" / "main").write_text("abc123", encoding="utf-8")
    snapshot = base / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    return snapshot


def test_what_is_counted_is_what_loading_counts(here: Path) -> None:
    for source in list_sources([here]):
        network = load_network(source.source)
        assert (source.input_type, source.n_examples) == (network.input_type, network.card.n_examples)
        assert (source.n_parameters, source.licence) == (network.card.n_parameters, network.card.licence)


def test_folders_here_are_listed_after_the_starters(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sources", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["sources"]
    assert found[0]["source"] == "starter:pictures" and found[0]["n_examples"] > 100_000
    assert [source["source"] for source in found if source["place"] == "folder"] == ["mine"]
    assert found[-1]["licence"] == "mit" and found[-1]["n_examples"] is None


def test_networks_in_the_hubs_cache_are_listed_and_what_cannot_be_used_is_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = here.parent / "hub"
    picture_network(in_hub(cache, "lab/cells"), "apache-2.0")
    text = in_hub(cache, "lab/words")
    BertConfig(architectures=["BertForMaskedLM"]).save_pretrained(text)
    save_file({"a": np.zeros(3, np.float32)}, text / "model.safetensors")
    (text / "tokenizer.json").write_text("{}", encoding="utf-8")
    both = in_hub(cache, "lab/translator")
    (both / "tokenizer.json").write_text("{}", encoding="utf-8")
    T5Config(architectures=["T5ForConditionalGeneration"]).save_pretrained(both)
    save_file({"a": np.zeros(3, np.float32)}, both / "model.safetensors")
    BertConfig().save_pretrained(in_hub(cache, "lab/config-only"))
    assert exit_code(["sources"]) == 0
    streams = capsys.readouterr()
    rows = [line.split() for line in streams.out.splitlines() if "hub cache" in line]
    assert [row[:2] for row in rows] == [["lab/cells", "pictures"], ["lab/words", "texts"]] and "apache-2.0" in rows[0]
    assert "Not to be borrowed from: lab/translator" in streams.err
    assert "config-only" not in streams.out + streams.err


def test_a_source_is_found_where_it_is_given_itself_and_listed_once(here: Path) -> None:
    found = [source.source for source in list_sources([here / "mine", here, "no such place"])]
    assert found[-1] == str(here / "mine") and sum(name.endswith("mine") for name in found) == 1


def test_damaged_folders_are_named_not_raised(here: Path) -> None:
    (here / "mine" / "config.json").write_text("{", encoding="utf-8")
    (here / "placeholder").mkdir()
    (here / "placeholder" / "config.json").write_text('{"model_type": "resnet"}', encoding="utf-8")
    (here / "placeholder" / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    reasons = {Path(source.source).name: source.reason for source in list_sources([here]) if source.place == "folder"}
    assert "Expected JSON" in reasons["mine"] and "Git LFS" in reasons["placeholder"]


def test_weights_in_several_files_are_added_up(tmp_path: Path) -> None:
    save_file(
        {"a": np.zeros((3, 4), np.float32), "b.running_mean": np.zeros(7, np.float32)}, tmp_path / "1.safetensors"
    )
    save_file({"c": np.zeros(5, np.float16)}, tmp_path / "2.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "1.safetensors", "c": "2.safetensors"}}), encoding="utf-8")
    assert count_parameters(index) == 17


def test_a_place_that_is_no_folder_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["sources", "nowhere"]) == 1
    assert "Expected a folder, found nothing at nowhere" in capsys.readouterr().err
