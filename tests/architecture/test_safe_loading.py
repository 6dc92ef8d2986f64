"""Nothing in the house unpickles: no file that a user was sent can run code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "headstart"
# The check of pickling loads what it has itself dumped a line before, and nothing else; a parcel opens what the parent
# packed in memory for its own workers, to whom joblib, which unpickles too, brought it.
SELF_MADE = {"testing.py", "parcel.py"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "shelve", "marshal"}
FORBIDDEN_CALLS = {"joblib.load", "joblib.dump", "pandas.read_pickle", "pd.read_pickle", "eval", "exec"}


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of a call's function."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def complaint(node: ast.AST) -> str:
    """Why a piece of code is unsafe, or nothing."""
    if isinstance(node, ast.Import):
        return next((a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES), "")
    if isinstance(node, ast.ImportFrom):
        name = str(node.module)
        if name.split(".")[0] in FORBIDDEN_MODULES:
            return name
        return next((f"{name}.{a.name}" for a in node.names if f"{name}.{a.name}" in FORBIDDEN_CALLS), "")
    if not isinstance(node, ast.Call):
        return ""
    name = dotted(node.func)
    given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
    if name in FORBIDDEN_CALLS or (name == "torch.load" and given.get("weights_only") is not True):
        return name
    if given.get("allow_pickle") is True or given.get("trust_remote_code") is True:
        return f"{name}(allow_pickle or trust_remote_code)"
    return ""


def complaints(code: str) -> list[str]:
    return [words for node in ast.walk(ast.parse(code)) if (words := complaint(node))]


@pytest.mark.parametrize(
    "file", sorted(f for f in SOURCE.rglob("*.py") if f.name not in SELF_MADE), ids=lambda f: str(f.relative_to(SOURCE))
)
def test_no_file_unpickles(file: Path) -> None:
    assert complaints(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import load",
        "import joblib; joblib.load('x')",
        "from joblib import load",
        "import torch; torch.load('x')",
        "import torch; torch.load('x', weights_only=False)",
        "np.load('x', allow_pickle=True)",
    ],
)
def test_the_rule_sees_what_it_forbids(code: str) -> None:
    assert complaints(code)


def test_the_rule_lets_safe_loading_pass() -> None:
    assert complaints("torch.load('x', weights_only=True); np.load('x'); joblib.Parallel(2)") == []
