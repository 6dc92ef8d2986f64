"""``import headstart`` and ``headstart --help`` answer at once, because they load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "sklearn", "pandas", "matplotlib", "scipy", "numpy", "PIL", "rich")
STARTS = {
    "import headstart": "import headstart",
    "headstart --help": "from headstart.cli.main import exit_code; assert exit_code(['--help']) == 0",
    "headstart --version": "from headstart.cli.main import exit_code; assert exit_code(['--version']) == 0",
    "headstart fit --help": "from headstart.cli.main import exit_code; assert exit_code(['fit', '--help']) == 0",
}


@pytest.mark.parametrize("code", STARTS.values(), ids=STARTS.keys())
def test_it_loads_nothing_heavy(code: str) -> None:
    script = f"{code}\nimport sys\nprint('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert outcome.stdout.rstrip().endswith("LOADED []")


def test_help_is_there_at_once() -> None:
    def seconds(code: str) -> float:
        """Of work, since what else the machine does adds nothing to it."""
        code = f"{code}\nimport time\nprint('SPENT', time.process_time())"
        outcome = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return float(outcome.stdout.rpartition("SPENT ")[2])

    bare = min(seconds("import click") for _ in range(5))
    help_ = min(seconds(STARTS["headstart --help"]) for _ in range(5))
    assert help_ < bare + 0.3
