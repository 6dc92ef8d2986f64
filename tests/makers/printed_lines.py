"""Lines of a card, run as they stand where headstart is not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def printed(folder: Path, *given: str, card: str = "README.md") -> list[str]:
    """What the lines of a card print, run as they stand where headstart cannot be imported."""
    done = _run(folder, given, card)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def refused(folder: Path, *given: str, card: str = "README.md") -> str:
    """The words with which the lines of a card refuse what they are given."""
    done = _run(folder, given, card)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr, done.stderr
    return done.stderr


def _run(folder: Path, given: tuple[str, ...], card: str) -> subprocess.CompletedProcess[str]:
    gone = "import sys\nsys.modules['headstart'] = sys.modules['pandas'] = None\n"
    code = gone + code_of(folder / card)
    return subprocess.run([sys.executable, "-c", code, *given], cwd=folder, capture_output=True, text=True, check=False)


def code_of(card: Path) -> str:
    """The lines of Python in a card."""
    found = re.search(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]
