"""Networks for texts: every family is read, cut and embedded, and says what transformers itself says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as tf
from text_families import FAMILIES, TEXTS, family_folder

from headstart.data.texts.texts import Texts
from headstart.networks.cutting.cut import frozen_names, replay_agrees
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.random_weights import random_network
from headstart.networks.running.cache import memory_cache
from headstart.networks.running.embed import boundary, embed

NAMES = sorted(FAMILIES)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    place = tmp_path_factory.mktemp("families")
    return {name: load_network(family_folder(name, place), input_type="text") for name in NAMES}


def _hidden(network: Network, text: str) -> torch.Tensor:
    """What transformers itself gives for the tokens of one text, (L, C)."""
    folder = network.card.origin
    tokenizer, body = tf.AutoTokenizer.from_pretrained(folder), tf.AutoModel.from_pretrained(folder).eval()
    batch = tokenizer(text, truncation=True, max_length=network.preprocessing.size[0], return_tensors="pt")
    with torch.no_grad():
        return body(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state[0]


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_transformers(networks: dict[str, Network], name: str) -> None:
    network = networks[name]
    found = embed(network, Texts(TEXTS), exact=True).output
    for text, row in zip(TEXTS[2:5], found[2:5], strict=True):
        hidden = _hidden(network, text)
        wanted = hidden[-1] if name in ("gpt2", "llama") else hidden.mean(0)
        np.testing.assert_allclose(row, wanted.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_chain_is_its_layers(networks: dict[str, Network], name: str) -> None:
    chain = networks[name].chain
    layers = [block for block in chain.blocks if block.rpartition(".")[2].isdigit()]
    assert len(layers) == 3 and chain.blocks[-1] == layers[-1]
    assert chain.output_layer == "output" and chain.n_features == 16 and chain.takes_tokens and not chain.takes_waves


@pytest.mark.parametrize("name", NAMES)
def test_a_text_does_not_depend_on_its_neighbours(networks: dict[str, Network], name: str) -> None:
    network = networks[name]
    together = embed(network, Texts(TEXTS), exact=True)
    for i in (3, 5):
        alone = embed(network, Texts([TEXTS[i]]), exact=True, cache=memory_cache())
        np.testing.assert_allclose(together.output[i], alone.output[0], atol=2e-5)
        for both, one in zip((*together.depths, *together.grids), (*alone.depths, *alone.grids), strict=True):
            np.testing.assert_allclose(both[i], one[0], atol=2e-5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", [1, 2])
def test_replaying_agrees(networks: dict[str, Network], name: str, k: int) -> None:
    network = networks[name]
    rows = [network.preprocessing.centre(network.preprocessing.canvas(text)) for text in TEXTS[:4]]
    batch = torch.from_numpy(network.preprocessing.stack(rows)).long()
    assert replay_agrees(network.module, network.chain, k, batch)


@pytest.mark.parametrize("name", NAMES)
def test_boundary_is_nan_where_no_token_is(networks: dict[str, Network], name: str) -> None:
    network = networks[name]
    found = boundary(network, Texts(TEXTS), 1)
    counts = [len(network.preprocessing.centre(network.preprocessing.canvas(text))) for text in TEXTS]
    assert (~np.isnan(found[:, :, 0])).sum(1).tolist() == counts
    assert found.shape[1] in (16, 32, network.preprocessing.size[0])


@pytest.mark.parametrize("name", NAMES)
def test_last_block_moves_alone(networks: dict[str, Network], name: str) -> None:
    network = networks[name]
    frozen = frozen_names(network.module, network.chain, 1)
    moving = {key for key, _ in network.module.named_parameters()} - frozen - {"output.weight", "output.bias"}
    assert moving and all(key.startswith(network.chain.blocks[-1]) or "norm" in key or "ln_f" in key for key in moving)


@pytest.mark.parametrize("name", ["bert", "modernbert", "gpt2"])
def test_random_weights_are_others_and_the_same_for_a_seed(networks: dict[str, Network], name: str) -> None:
    network = networks[name]
    first, again, other = (random_network(network, seed) for seed in (1, 1, 2))
    assert first.digest == again.digest and len({first.digest, other.digest, network.digest}) == 3
    assert not first.trained and first.input_type == "text"
    assert embed(first, Texts(TEXTS[:2])).output.shape == (2, 16)
