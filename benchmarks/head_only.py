"""Head-only transfer against one bare pass over the pictures, and against the plain loop over a frozen body.

    python benchmarks/head_only.py

Ways, interleaved, each from nothing cached: (a) headstart's fit(train="head"); (b) decode and one bare forward pass of
the same network over the same pictures in the same precision; (c) the plain loop: decode once, then 10 and 30 epochs of
the frozen network's forward pass and a step of Adam on a linear head.
"""

from __future__ import annotations

import os

os.environ["HEADSTART_CACHE"] = "off"

import numpy as np
import torch
from torch import nn

from common import NETWORK, folder_pictures, interleaved, need_data, parser, report_ratio
from headstart import TransferClassifier
from headstart.data.inputs.canvases import canvases
from headstart.data.inputs.store import CanvasStore
from headstart.data.pictures.pictures import as_pictures
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.running import cache, runners
from headstart.networks.running.runtime import half_type, to_tensor

BATCH = 32


def pictures_of(paths: list[str], network: Network) -> np.ndarray:
    """Decoded, resized and cropped pictures, from nothing cached."""
    kept = canvases(as_pictures(paths), network.preprocessing, store=CanvasStore())
    return np.stack([network.preprocessing.centre(canvas) for canvas in kept])


def bare_pass(paths: list[str], network: Network, module: nn.Module, dtype: torch.dtype) -> torch.Tensor:
    """Decode, then one forward pass."""
    pixels = pictures_of(paths, network)
    return forward(pixels, network, module, dtype)


def forward(pixels: np.ndarray, network: Network, module: nn.Module, dtype: torch.dtype) -> torch.Tensor:
    """Outputs of the network, batch by batch."""
    with torch.inference_mode():
        return torch.cat(
            [
                module(to_tensor(pixels[i : i + BATCH], network.preprocessing, dtype)).logits.float()
                for i in range(0, len(pixels), BATCH)
            ]
        )


def plain_loop(paths: list[str], y: np.ndarray, network: Network, module: nn.Module, dtype: torch.dtype, epochs: int):
    """Epochs over a frozen body with a linear head, as tutorials have it."""
    pixels, codes = pictures_of(paths, network), torch.from_numpy(np.unique(y, return_inverse=True)[1])
    torch.manual_seed(0)
    head = nn.Linear(module.classifier.in_features, int(codes.max()) + 1)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    body = module.mobilenet_v2
    for _ in range(epochs):
        for index in torch.randperm(len(pixels)).split(BATCH):
            with torch.no_grad():
                x = to_tensor(pixels[index.numpy()], network.preprocessing, dtype)
                features = body(x).pooler_output.float().flatten(1)
            loss = nn.functional.cross_entropy(head(features), codes[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head


def accuracy(head: nn.Linear, paths: list[str], y: np.ndarray, network: Network, module: nn.Module, dtype: torch.dtype):
    """Accuracy of the plain loop's head."""
    pixels = pictures_of(paths, network)
    classes = np.unique(y)
    with torch.inference_mode():
        scores = torch.cat(
            [
                head(
                    module.mobilenet_v2(to_tensor(pixels[i : i + BATCH], network.preprocessing, dtype))
                    .pooler_output.float()
                    .flatten(1)
                )
                for i in range(0, len(pixels), BATCH)
            ]
        )
    return float((classes[scores.argmax(1).numpy()] == y).mean())


def main() -> None:
    arguments = parser(__doc__ or "", repeats=5)
    arguments.add_argument("--loops", type=int, default=1, help="repeats of the plain loops, which take long")
    options = arguments.parse_args()
    need_data()
    train, y = folder_pictures("hymenoptera", "train")
    test, y_test = folder_pictures("hymenoptera", "val")
    network = load_network(str(NETWORK))
    dtype = half_type("cpu") or torch.float32
    module = load_network(str(NETWORK)).module
    import copy

    bare = copy.deepcopy(module).to(dtype).to(memory_format=torch.channels_last).eval()
    models = []

    def ours() -> None:
        cache._cache_in.cache_clear()
        runners._kept.clear()
        network.__dict__.pop("chain", None)
        network.__dict__.pop("digest", None)
        from headstart.data.inputs import canvases as store

        store.default_store.cache_clear()
        models.append(TransferClassifier(str(NETWORK), random_state=0).fit(train, y))

    both = train + test
    y_both = np.r_[y, y_test]

    def ours_on_all() -> None:
        cache._cache_in.cache_clear()
        runners._kept.clear()
        network.__dict__.pop("chain", None)
        from headstart.data.inputs import canvases as store

        store.default_store.cache_clear()
        TransferClassifier(str(NETWORK), random_state=0).fit(both, y_both)

    print(f"{len(both)} pictures, {torch.get_num_threads()} threads, {dtype}")
    ours_on_all()
    seconds = interleaved(
        {"fit(train='head')": ours_on_all, "decode + one bare pass": lambda: bare_pass(both, network, bare, dtype)},
        options.repeats,
    )
    report_ratio(seconds, "fit(train='head')", "decode + one bare pass")
    heads = {}
    for epochs in (10, 30):
        seconds = interleaved(
            {
                "fit(train='head')": ours,
                f"plain loop, {epochs} epochs": lambda epochs=epochs: heads.__setitem__(
                    epochs, plain_loop(train, y, network, bare, dtype, epochs)
                ),
            },
            options.loops,
        )
        report_ratio(seconds, f"plain loop, {epochs} epochs", "fit(train='head')")
        print(f"  accuracy of that loop: {accuracy(heads[epochs], test, y_test, network, bare, dtype):.3f}")
    print(f"  accuracy of fit(train='head'): {models[-1].score(test, y_test):.3f}")


if __name__ == "__main__":
    main()
