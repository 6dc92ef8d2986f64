"""Finding the places at which a network can be cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file
from small_networks import SMALL_NETWORKS, CifarResNet, SkipToTheEnd, batch, small_network
from torch import Tensor, nn

from headstart.networks.cutting.chain import find_chain
from headstart.networks.cutting.features import read_features
from headstart.networks.cutting.trace import main_tensor, overridden, trace, twin, with_main_tensor
from headstart.networks.reading.loading import load_network

EXPECTED = {
    "vit": (5, "classifier", 32),
    "vit body": (5, None, 32),
    "dinov2": (5, "classifier", 64),
    "resnet": (9, "classifier.1", 32),
    "resnet body": (9, None, 32),
    "convnext": (12, "classifier", 32),
    "mobilenet v2": (18, "classifier", 1280),
    "swin": (6, "classifier", 32),
    "cifar resnet": (10, "linear", 64),
    "cifar resnet in place": (10, "linear", 64),
    "dense": (4, "6", 20),
    "vgg": (3, "11", 16),
    "mlp": (3, "7", 8),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_blocks_and_output_layer(name: str) -> None:
    module, side = small_network(name)
    chain = find_chain(module, batch(side))
    assert (len(chain.blocks), chain.output_layer, chain.n_features) == EXPECTED[name]
    assert len(chain.depth_features) == len(chain.blocks)
    assert chain.input_shape == (3, side, side)
    assert chain.note == ""


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_the_output_depends_on_the_input_only_through_each_block(name: str) -> None:
    module, side = small_network(name)
    chain = find_chain(module, batch(side, 1))
    x, other = batch(side, 2, seed=1), batch(side, 2, seed=2)
    net = twin(module)
    record = trace(net, x)
    with torch.no_grad():
        expected, changed = (read_features(net, chain.output_layer, inputs) for inputs in (x, other))
    for block in chain.blocks:
        stored = main_tensor(record.once(block).output)
        assert stored is not None
        run = net.get_submodule(block).forward

        def forward(*args: Any, run: Any = run, stored: Tensor = stored, **kwargs: Any) -> Any:
            return with_main_tensor(run(*args, **kwargs), stored.clone())

        with torch.no_grad(), overridden(net, {block: forward}):
            found = read_features(net, chain.output_layer, other)
        assert (found - expected).abs().max() <= 1e-3 * (changed - expected).abs().max()


def test_residual_blocks_stay_whole_and_plain_rows_are_cut_after_each_layer() -> None:
    chain = find_chain(small_network("cifar resnet")[0], batch(32))
    assert chain.blocks == ("bn1", *(f"layer{i}.{j}" for i in (1, 2, 3) for j in (0, 1, 2)))
    chain = find_chain(small_network("vgg")[0], batch(32))
    assert chain.blocks == ("3", "5", "7")
    assert chain.depth_features == (8, 16, 16)


def test_a_skip_from_the_input_to_the_end_leaves_no_cut_and_says_so() -> None:
    chain = find_chain(SkipToTheEnd().eval(), batch(16))
    assert chain.blocks == ()
    assert chain.output_layer == "head"
    assert chain.note == "No place was found where this network can be cut: only its head or all of it can be trained."


def test_weights_at_which_the_features_ignore_the_input_do_not_hide_the_blocks() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.zeros_(module[3].weight)
    assert find_chain(module.eval(), torch.randn(1, 3, 2, 2)).blocks == ("2", "4")
    assert not module[3].weight.any()
    fresh = transformers.MobileNetV2Config(depth_multiplier=0.25)
    assert len(find_chain(transformers.MobileNetV2ForImageClassification(fresh).eval(), batch(64)).blocks) == 18


def test_a_large_input_gives_the_same_chain_as_a_small_one() -> None:
    module = small_network("resnet")[0]
    large, small = find_chain(module, batch(192, 1)), find_chain(module, batch(64, 1))
    assert large.blocks == small.blocks
    assert large.input_shape == (3, 192, 192)


def test_the_network_is_left_as_it_was() -> None:
    module = small_network("cifar resnet")[0].train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    find_chain(module, batch(32))
    assert all(sub.training for sub in module.modules())
    assert all(not sub._forward_hooks and "forward" not in vars(sub) for sub in module.modules())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_real_mobilenet(shared_data: Path) -> None:
    network = load_network(shared_data / "networks" / "mobilenet_v1_0.25_128")
    assert len(network.chain.blocks) == 27
    assert network.chain.output_layer == "classifier"
    assert network.chain.n_features == 256


def test_real_cifar_resnet(shared_data: Path) -> None:
    module = CifarResNet()
    module.load_state_dict(load_file(shared_data / "networks" / "resnet_cifar10" / "resnet20_cifar10.safetensors"))
    chain = find_chain(module.eval(), batch(32))
    assert len(chain.blocks) == 10
    assert chain.n_features == 64


def test_a_network_behind_another_output_type() -> None:
    class Tuples(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = small_network("vgg")[0]

        def forward(self, x: Tensor) -> tuple[Tensor, None]:
            return self.net(x), None

    assert find_chain(Tuples().eval(), batch(32)).output_layer == "net.11"


def test_a_1x1_convolution_can_be_the_output_layer() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.ReLU(),
        nn.Conv2d(8, 5, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    chain = find_chain(module.eval(), batch(16))
    assert (chain.output_layer, chain.n_features, chain.blocks) == ("4", 8, ("1", "3"))


class Copied(nn.Module):
    """A module that says itself how it is copied."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.copies = nn.Linear(2, 2), 0

    def __deepcopy__(self, memo: dict[int, Any]) -> Copied:
        other = Copied()
        other.copies, other.layer = self.copies + 1, memo[id(self.layer)]
        return other


@pytest.mark.parametrize("name", SMALL_NETWORKS)
def test_a_twin_is_a_copy_apart_from_its_numbers(name: str) -> None:
    module, _ = small_network(name)
    module.register_forward_hook(lambda *_: None)
    other = twin(module)
    for (one, mine), (two, theirs) in zip(module.named_modules(), other.named_modules(), strict=True):
        assert one == two and type(mine) is type(theirs) and mine is not theirs
        assert vars(mine).keys() == vars(theirs).keys()
        for key, value in vars(mine).items():
            assert type(vars(theirs)[key]) is type(value)
            if isinstance(value, dict | set | list):
                assert vars(theirs)[key] is not value and len(vars(theirs)[key]) == len(value)
    pairs = zip(module.state_dict().items(), other.state_dict().items(), strict=True)
    assert all(a == b and v.data_ptr() == w.data_ptr() for (a, v), (b, w) in pairs)
    other.register_forward_hook(lambda *_: None)
    assert len(module._forward_hooks) == 1 and len(other._forward_hooks) == 2


def test_a_twin_keeps_what_is_shared_and_asks_what_copies_itself() -> None:
    tied = nn.Linear(3, 3)
    tied.kin = [tied]  # type: ignore[assignment]
    other = twin(nn.ModuleList([tied, nn.ReLU(), tied, Copied()]))
    assert isinstance(other, nn.ModuleList)
    assert other[0] is other[2] is not tied and other[0].kin[0] is other[0]
    assert other[3].copies == 1
