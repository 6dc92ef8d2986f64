"""Running and training only what lies behind the boundary."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from small_networks import SMALL_NETWORKS, CifarResNet, SkipToTheEnd, batch, small_network
from torch import Tensor, nn

from headstart.errors import ParameterError
from headstart.networks.cutting.chain import Chain, find_chain
from headstart.networks.cutting.cut import Tail, body_forward, frozen_names, replay_agrees, trainable_parameters
from headstart.networks.cutting.trace import main_tensor, trace, twin
from headstart.networks.reading.loading import load_network


def at_boundary(module: nn.Module, chain: Chain, k: int, x: Tensor) -> Tensor:
    """What the block before the last k returns."""
    stored = main_tensor(trace(twin(module).eval(), x).once(chain.blocks[-k - 1]).output)
    assert stored is not None
    return stored


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_the_tail_gives_the_features_of_the_whole(name: str) -> None:
    module, side = small_network(name)
    chain = find_chain(module, batch(side))
    x = batch(side, 4, seed=1)
    with torch.no_grad():
        expected = body_forward(module, chain, x)
        assert expected.shape == (4, chain.n_features)
        for k in range(len(chain.blocks)):
            stored = at_boundary(module, chain, k, x)
            before = stored.clone()
            torch.testing.assert_close(Tail(module, chain, k)(stored), expected, rtol=1e-4, atol=1e-5)
            assert torch.equal(stored, before)
            assert replay_agrees(module, chain, k, x)
        assert torch.equal(Tail(module, chain, len(chain.blocks))(x), expected)


@pytest.mark.parametrize("name", ["vit", "mobilenet v2", "convnext", "cifar resnet in place", "dense"])
def test_gradients_behind_the_boundary_are_those_of_the_whole(name: str) -> None:
    module, side = small_network(name)
    chain, x = find_chain(module, batch(side)), batch(side, 4, seed=1)
    stored = at_boundary(module, chain, 2, x)
    other = copy.deepcopy(module)
    tail = Tail(other, chain, 2)
    weights = torch.randn(chain.n_features, generator=torch.Generator().manual_seed(0))
    (body_forward(module, chain, x) @ weights).sum().backward()
    (tail(stored) @ weights).sum().backward()
    behind = {id(p) for p in tail.trainable}
    assert behind
    for (parameter_name, whole), part in zip(module.named_parameters(), other.parameters(), strict=True):
        if id(part) in behind:
            torch.testing.assert_close(part.grad, whole.grad, rtol=1e-3, atol=1e-5, msg=parameter_name)
        else:
            assert part.grad is None, parameter_name


def trained(module: nn.Module, chain: Chain, k: int, x: Tensor, stored: Tensor | None) -> dict[str, Tensor]:
    """Weights after ten steps on the last k blocks, from the boundary or from the pictures."""
    module = copy.deepcopy(module)
    groups = trainable_parameters(module, chain, k)
    optimizer = torch.optim.SGD([p for group in groups for p in group], lr=0.05, momentum=0.9)
    tail = Tail(module, chain, k)
    module.eval()
    target = torch.linspace(-1, 1, len(x) * chain.n_features).reshape(len(x), -1)
    for _ in range(10):
        features = tail(stored) if stored is not None else body_forward(module, chain, x)
        optimizer.zero_grad()
        (features - target).square().mean().backward()
        optimizer.step()
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("name", ["vit", "resnet", "mobilenet v2", "vgg"])
def test_training_from_the_boundary_ends_with_the_weights_of_training_on_pictures(name: str) -> None:
    module, side = small_network(name)
    chain, x = find_chain(module, batch(side)), batch(side, 4, seed=1)
    whole = trained(module, chain, 2, x, None)
    part = trained(module, chain, 2, x, at_boundary(module, chain, 2, x))
    frozen = frozen_names(module, chain, 2)
    start = module.state_dict()
    moved = 0
    for tensor_name in whole:
        torch.testing.assert_close(part[tensor_name], whole[tensor_name], rtol=1e-4, atol=1e-4, msg=tensor_name)
        if tensor_name in frozen:
            assert torch.equal(part[tensor_name], start[tensor_name]), tensor_name
        else:
            moved += not torch.equal(part[tensor_name], start[tensor_name])
    assert moved > 0


def test_groups_go_from_the_last_block_backwards() -> None:
    module = CifarResNet().eval()
    chain = find_chain(module, batch(32))
    names = {id(p): name for name, p in module.named_parameters()}
    groups = trainable_parameters(module, chain, 3)
    assert [{names[id(p)].rsplit(".", 2)[0] for p in group} for group in groups] == [
        {"layer3.2"},
        {"layer3.1"},
        {"layer3.0"},
    ]
    everything = trainable_parameters(module, chain, None)
    assert len(everything) == len(chain.blocks)
    assert {names[id(p)] for p in everything[-1]} == {"conv1.weight", "bn1.weight", "bn1.bias"}
    assert sum(map(len, everything)) == len(names) - 2


def test_a_final_norm_goes_with_the_last_block_and_patches_with_the_first() -> None:
    module, side = small_network("vit")
    chain = find_chain(module, batch(side))
    names = {id(p): name for name, p in module.named_parameters()}
    groups = [[names[id(p)] for p in group] for group in trainable_parameters(module, chain, None)]
    assert "vit.layernorm.weight" in groups[0]
    assert {"vit.embeddings.cls_token", "vit.embeddings.position_embeddings"} <= set(groups[-1])


def test_frozen_and_trainable_are_all_but_the_output_layer() -> None:
    module = CifarResNet().eval()
    chain = find_chain(module, batch(32))
    names = {name for name, _ in [*module.named_parameters(), *module.named_buffers()]}
    for k in (0, 1, 4):
        frozen = frozen_names(module, chain, k)
        behind = {f"layer3.{i}" for i in range(3 - k, 3)} | ({"layer2.2"} if k == 4 else set())
        free = {name for name in names if any(name.startswith(f"{block}.") for block in behind)}
        assert frozen == names - free - {"linear.weight", "linear.bias"}
    assert frozen_names(module, chain, None) == set()


def test_weights_that_the_features_do_not_use_stay_frozen() -> None:
    module, side = small_network("vit body")
    frozen = frozen_names(module, find_chain(module, batch(side)), None)
    assert frozen == {"pooler.dense.weight", "pooler.dense.bias"}


def test_a_layer_used_before_and_behind_the_boundary_stays_frozen() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(4)])
            self.layers[3][0].weight = self.layers[0][0].weight
            self.head = nn.Linear(6, 2)

        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = layer(x)
            return self.head(x)

    module = Shared().eval()
    chain = find_chain(module, torch.randn(2, 6))
    frozen = frozen_names(module, chain, 1)
    assert {"layers.0.0.weight", "layers.3.0.weight"} <= frozen
    assert "layers.3.0.bias" not in frozen


def test_a_network_without_a_cut_is_trained_whole() -> None:
    module = SkipToTheEnd().eval()
    chain = find_chain(module, batch(16))
    x = batch(16, 2)
    assert torch.equal(Tail(module, chain, None)(x), body_forward(module, chain, x))
    assert sum(map(len, trainable_parameters(module, chain, None))) == 4
    assert frozen_names(module, chain, None) == set()
    assert trainable_parameters(module, chain, 0) == []


def test_a_replay_that_does_not_hold_is_noticed() -> None:
    module = SkipToTheEnd().eval()
    forged = Chain(("body.0", "body.2"), "head", 11, (8, 8), (3, 16, 16))
    assert not replay_agrees(module, forged, 1, batch(16))
    assert not replay_agrees(module, Chain(("body.1", "gone"), "head", 11, (8, 8), (3, 16, 16)), 0, batch(16))


def test_modes_and_hooks_are_left_alone() -> None:
    module = CifarResNet().train()
    chain = find_chain(module, batch(32))
    tail = Tail(module, chain, 1).eval()
    statistics = {name: buffer.clone() for name, buffer in module.named_buffers()}
    tail(torch.randn(4, 64, 8, 8))
    assert all(torch.equal(statistics[name], buffer) for name, buffer in module.named_buffers())
    assert all(not sub._forward_pre_hooks and "forward" not in vars(sub) for sub in module.modules())
    tail.train()
    tail(torch.randn(4, 64, 8, 8))
    moved = {name for name, buffer in module.named_buffers() if not torch.equal(statistics[name], buffer)}
    assert moved == {
        f"layer3.2.bn{i}.{what}" for i in (1, 2) for what in ("running_mean", "running_var", "num_batches_tracked")
    }


def test_the_stubs_are_lifted_after_an_error() -> None:
    module = CifarResNet().eval()
    tail = Tail(module, find_chain(module, batch(32)), 1)
    with pytest.raises(RuntimeError):
        tail(torch.randn(2, 7, 8, 8))
    assert all("forward" not in vars(sub) for sub in module.modules())


@pytest.mark.parametrize("name", ["vit", "resnet", "mobilenet v2"])
def test_a_tail_that_stays_open_gives_what_one_entered_for_each_batch_gives(name: str) -> None:
    module, side = small_network(name)
    chain = find_chain(module, batch(side))
    tail = Tail(module, chain, 2)
    stored = [at_boundary(module, chain, 2, batch(side, n, seed=n)) for n in (1, 4, 3)]
    expected = [tail(rows) for rows in stored]
    with tail.open(torch.device("cpu")):
        found = [tail(rows) for rows in stored]
        assert any("forward" in vars(sub) for sub in module.modules())
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    assert all("forward" not in vars(sub) for sub in module.modules())
    assert torch.equal(tail(stored[1]), expected[1])


def test_a_negative_number_of_blocks_is_refused() -> None:
    module = CifarResNet().eval()
    with pytest.raises(
        ParameterError, match=r"Expected a number of blocks k >= 0, found -1\. Use 0 for the head alone\."
    ):
        Tail(module, find_chain(module, batch(32)), -1)


def test_real_mobilenet_replays(shared_data: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    for k in (1, 5, 20):
        assert replay_agrees(network.module, network.chain, k, network.example(2))


class Squeezing(nn.Module):
    """Functions between its layers; ``noted`` says whether it notes its batch size before them and needs it behind."""

    def __init__(self, noted: bool) -> None:
        super().__init__()
        self.noted, self.act, self.seen = noted, nn.LeakyReLU(0.2), [0]
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(4))
        self.act.register_forward_hook(lambda m, args, output: self.seen.append(len(output)))

    def forward(self, x: Tensor) -> Tensor:
        n = len(x)
        for layer in self.layers:
            x = self.act(layer(x)) * 2
        return x.view(n, -1) if self.noted else x.flatten(1)


@pytest.mark.parametrize("noted", [False, True])
def test_what_stands_before_the_boundary_runs_on_one_row_where_nothing_depends_on_it(noted: bool) -> None:
    torch.manual_seed(0)
    module = Squeezing(noted)
    x = torch.randn(16, 8)
    chain = find_chain(module, x[:2])
    k = 1
    stored = at_boundary(module, chain, k, x)
    tail = Tail(module, chain, k)
    assert tail.stubs is not None
    assert tail.stubs.narrow is not noted
    module.seen.clear()
    with torch.no_grad():
        torch.testing.assert_close(tail(stored), body_forward(module, chain, x))
    assert (1 in module.seen) is not noted
