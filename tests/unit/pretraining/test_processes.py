"""Several processes equal one, and a killed run equals one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from headstart.networks.reading.loading import load_network
from headstart.nn.layers.sync_norm import SyncNorm, with_sync_norms
from headstart.nn.processes import all_rows, mean_of_all, processes, rank, told_by_first, world_size
from headstart.pretraining import objectives
from headstart.pretraining import rounds as planning
from headstart.pretraining import training_run as running
from headstart.pretraining.examples import picture_examples
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.pretraining.train_source import train_source

TINY = {"model_type": "resnet", "layer_type": "basic", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}

#: What every process does: the arguments are the folder to write and the number of epochs.
TRAINING = """
import sys
from pathlib import Path
from test_processes import trained

trained(Path(sys.argv[1]), int(sys.argv[2]))
"""

#: Compares, in each of two processes, a sync norm on half a batch with a batch norm on the whole of it.
NORMS = """
import numpy as np
import torch
from torch import nn
from headstart.pretraining.distillation.objective import Distillation, distillation_loss
from headstart.pretraining.examples.examples import Batch
from headstart.nn.layers.sync_norm import with_sync_norms
from headstart.pretraining import objectives
from headstart.pretraining.examples import picture_examples
from headstart.pretraining import rounds as planning
from headstart.pretraining import training_run as running
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.train_source import train_source
from headstart.pretraining.recipe import Recipe, RunOptions
from headstart.nn.processes import all_rows, mean_of_all, processes, rank, told_by_first, world_size

with processes() as first:
    assert world_size() == 2 and first == (rank() == 0)
    assert mean_of_all(float(rank())) == 0.5
    assert told_by_first(f"from {rank()}") == "from 0"
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(8, 3, 4, 5, generator=generator)
    target = torch.randn(8, 3, 4, 5, generator=generator)
    plain, synced = nn.BatchNorm2d(3), with_sync_norms(nn.Sequential(nn.BatchNorm2d(3)))
    for momentum in (0.1, None):
        plain.momentum = synced[0].momentum = momentum
        whole = x.clone().requires_grad_()
        ((plain(whole) - target) ** 2).sum().backward()
        mine = slice(4 * rank(), 4 * rank() + 4)
        part = x[mine].clone().requires_grad_()
        ((synced(part) - target[mine]) ** 2).sum().backward()
        torch.testing.assert_close(part.grad, whole.grad[mine], atol=1e-5, rtol=1e-4)
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            torch.testing.assert_close(getattr(synced[0], name), getattr(plain, name))
    rows = torch.full((2, 3), float(rank() + 1), requires_grad=True)
    everybody = all_rows(rows)
    assert everybody[:, 0].tolist() == [1, 1, 2, 2]
    (everybody * torch.arange(4.0)[:, None]).sum().backward()
    assert rows.grad[:, 0].tolist() == [4.0 * rank(), 4.0 * rank() + 2]  # of both processes' losses

    outputs = torch.randn(8, 5, generator=generator)
    teacher = nn.functional.normalize(torch.randn(8, 5, generator=generator))
    objective = Distillation(nn.Identity(), 5)
    shared = objective.loss_of(outputs[mine], Batch(np.zeros(4), teacher=teacher[mine].numpy()))
    whole = distillation_loss(outputs, teacher, teacher, 0, contrast=1.0, temperature=0.1)
    assert abs(mean_of_all(float(shared)) - float(whole)) < 1e-5
"""


def trained(out: Path, epochs: int, resume: bool = False) -> list[dict[str, float]]:
    """Train a tiny network in float32 in all processes there are, with four measurements an epoch."""
    (out.parent / "config.json").write_text(json.dumps(TINY))
    examples = FormulaExamples(RenderedPictures("textures", 4, 48, 0, 32))
    recipe = Recipe(str(out.parent), batch_size=16, half=False, epochs=epochs, learning_rate=1e-3)
    with pytest.MonkeyPatch.context() as patch, processes() as first:
        patch.setattr(picture_examples, "HELD_OUT", 32)
        patch.setattr(planning, "ROUND", 48)
        patch.setattr(running, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(objectives, "has_bf16", lambda device: False)
        history: list[dict[str, float]] = train_source(examples, out, recipe, RunOptions(resume=resume))["history"]
        if first:
            (out.parent / f"{out.name}.json").write_text(json.dumps(history))
    return history


def start(script: Path, *words: str, n: int = 1) -> subprocess.Popen[bytes]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(n)] if n > 1 else []
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    return subprocess.Popen([sys.executable, *launcher, str(script), *words], env=environment, stderr=subprocess.PIPE)


def finished(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()[-3000:]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_network(folder).module.state_dict()


def test_two_processes_equal_one(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(NORMS + TRAINING)
    two = start(tmp_path / "script.py", str(tmp_path / "two"), "1", n=2)
    one = trained(tmp_path / "one", 1)
    finished(two)
    history = json.loads((tmp_path / "two.json").read_text())
    assert len(one) == len(history) == 4
    for a, b in zip(one, history, strict=True):
        for key in ("train_loss", "val_loss", "val_accuracy"):
            assert a[key] == pytest.approx(b[key], abs=2e-4), key
    expected, found = weights(tmp_path / "one"), weights(tmp_path / "two")
    assert max(float((found[name] - tensor).abs().max()) for name, tensor in expected.items()) < 1e-4


def test_a_run_killed_without_warning_resumes_to_the_same_weights(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(TRAINING)
    process = start(tmp_path / "script.py", str(tmp_path / "killed"), "8")
    checkpoint = tmp_path / ".killed.pretraining"
    deadline = time.monotonic() + 120
    while not checkpoint.is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert checkpoint.is_file()
    assert not (tmp_path / "killed").exists()
    trained(tmp_path / "whole", 8)
    trained(tmp_path / "killed", 8, resume=True)
    expected, found = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert not checkpoint.exists()


def test_alone_a_sync_norm_is_a_batch_norm() -> None:
    x = torch.randn(6, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    plain = nn.Sequential(nn.BatchNorm2d(3))
    synced = with_sync_norms(nn.Sequential(nn.BatchNorm2d(3)))
    assert isinstance(synced[0], SyncNorm)
    assert list(synced.state_dict()) == list(plain.state_dict())
    torch.testing.assert_close(synced(x), plain(x))
    torch.testing.assert_close(synced[0].running_var, plain[0].running_var)
    torch.testing.assert_close(synced.eval()(x), plain.eval()(x))


def test_one_process_is_alone_and_first() -> None:
    with processes() as first:
        assert first
        assert (rank(), world_size()) == (0, 1)
        assert told_by_first({"a": 1}) == {"a": 1}
        assert mean_of_all(3.0) == 3.0
        assert np.array_equal(all_rows(torch.ones(2)), np.ones(2))


def test_python_dash_m_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "headstart", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"headstart ")
