"""Peak memory of fine-tuning by two processes: every process whole against a share of the training in each."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

#: Pictures, the side of them, and passes over them.
N, SIDE, EPOCHS = 16, 32, 2
#: Of a vision transformer of 12 blocks: 768 wide it has 86 million weights, 1,024 wide 152 million.
WIDTH = 768


def shares(options: argparse.Namespace) -> None:
    """Whole and in shares, in turn; each process's peak above what it held before the training was asked for."""
    found: dict[str, list[np.ndarray]] = {"whole": [], "in shares": []}
    seconds: dict[str, list[float]] = {"whole": [], "in shares": []}
    answers: dict[str, np.ndarray] = {}
    for _ in range(options.repeats):
        for name, part in (("whole", "1e9"), ("in shares", "0")):
            with tempfile.TemporaryDirectory() as folder:
                told = _trained(Path(folder), part, options.only or str(WIDTH))
            found[name].append(np.array([one["peak"] - one["start"] for one in told]))
            seconds[name].append(max(one["cpu"] for one in told))
            answers[name] = np.array(told[0]["losses"])
    weights = told[0]["weights"]
    print(f"{weights / 2**20 / 4:.0f} million weights, {weights / 2**20:,.0f} MiB; AdamW, two processes")
    for name, peaks in found.items():
        each = " and ".join(f"{peak / 2**20:,.0f}" for peak in np.median(peaks, axis=0))
        times = np.median(peaks) / weights
        print(f"  {name}: {each} MiB a process, {times:.1f} x the weights; {np.median(seconds[name]):.0f} CPU s")
    ratio = np.median([s.max() / w.max() for w, s in zip(*found.values(), strict=True)])
    print(f"  the larger peak in shares against whole: {ratio:.2f}")
    worst = np.abs(answers["whole"] - answers["in shares"]).max()
    print(f"  losses {' and '.join(f'{loss:.3g}' for loss in answers['whole'])}: largest difference {worst:.1e}")


def _trained(folder: Path, part: str, width: str) -> list[dict]:
    """What each of two processes says."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, __file__, str(folder), part, width]
    environment = {"OMP_NUM_THREADS": "1", **os.environ, "HEADSTART_CACHE": str(folder)}
    subprocess.run(command, env=environment, check=True)
    return [json.loads((folder / f"{number}.json").read_text()) for number in range(2)]


def _child() -> None:
    import headstart
    from headstart.networks.reading.loading import load_network
    from headstart.nn.processes import team
    from headstart.parameters.tuning import trainee

    folder, trainee.PART = Path(sys.argv[1]), float(sys.argv[2])
    said: dict = {"start": _peak(), "number": int(os.environ["RANK"])}
    with team() as first:
        if first:
            network = load_network(transformer(int(sys.argv[3])))
            rng = np.random.default_rng(0)
            X = rng.integers(0, 256, (N // 2, SIDE, SIDE, 3), dtype=np.uint8).repeat(2, axis=0)
            y = np.arange(N) // 2 % 2
            y[::4] = 1 - y[::4]  # of half the pictures, which come twice, one must be wrong: the losses are no noise
            model = headstart.TransferClassifier(network, train="all", epochs=EPOCHS, batch_size=8, augment=None)
            model.fit(X, y)
            said["weights"] = sum(p.nbytes for p in network.module.parameters())
            said["losses"] = [record["train_loss"] for record in model.history_]
    said |= {"peak": _peak(), "cpu": time.process_time()}
    (folder / f"{said['number']}.json").write_text(json.dumps(said))


def transformer(width: int) -> object:
    """A network with random weights, as if they had been trained."""
    import torch
    from transformers import ViTConfig, ViTForImageClassification

    from headstart.source import NetworkSource

    torch.manual_seed(0)
    heads = {"hidden_size": width, "intermediate_size": 4 * width, "num_attention_heads": width // 64}
    config = ViTConfig(image_size=SIDE, patch_size=16, **heads)
    return NetworkSource(ViTForImageClassification(config).eval(), size=SIDE, name="transformer")


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _child()
