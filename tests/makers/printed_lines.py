"""Lines of a card, run as they stand where headstart is not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def printed(folder: Path, *given: str, card: str = "README.md") -> list[str]:
    """What the lines of a card print, run as they stand where headstart cannot be imported."""
    code = "import sys\nsys.modules['headstart'] = None\n" + code_of(folder / card)
    done = subprocess.run([sys.executable, "-c", code, *given], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def code_of(card: Path) -> str:
    """The lines of Python in a card."""
    found = re.search(r"```python\n(.*?)```", card.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]
