"""Every name that a file takes from the house, at its top or within, stands in the module it is taken from."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import headstart

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "headstart"


def file_of(module: str) -> Path | None:
    """The file of a module of the house, None for what is none."""
    place = SOURCE.joinpath(*module.split(".")[1:])
    return next((file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file()), None)


@cache
def tree_of(file: Path) -> ast.Module:
    """What a file says, read once."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def names_in(file: Path) -> frozenset[str]:
    """What the top of a module binds, blocks of `if` and `try` included."""
    names: set[str] = set()
    nodes: list[ast.AST] = list(tree_of(file).body)
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        nodes.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def missing(file: Path) -> list[str]:
    """Imports from the house that end at nothing."""
    wrong = []
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            wrong += [a.name for a in node.names if a.name.split(".")[0] == "headstart" and file_of(a.name) is None]
        if not isinstance(node, ast.ImportFrom) or node.level or (node.module or "").split(".")[0] != "headstart":
            continue
        held = file_of(str(node.module))
        public = set(dir(headstart)) if node.module == "headstart" else set()
        for alias in node.names:
            known = held is not None and (alias.name in names_in(held) or alias.name in public)
            if not known and file_of(f"{node.module}.{alias.name}") is None:
                wrong.append(f"{node.module}.{alias.name} (line {node.lineno})")
    return wrong


def test_imports_end_at_what_is_there() -> None:
    files = [file for part in ("src", "tests", "benchmarks", "examples", ".ci") for file in (ROOT / part).rglob("*.py")]
    wrong = {str(file.relative_to(ROOT)): names for file in files if (names := missing(file))}
    assert wrong == {}


def test_a_name_that_moved_is_found(tmp_path: Path) -> None:
    stale = tmp_path / "stale.py"
    stale.write_text("def late():\n    from headstart.errors import NoSuchError\n    import headstart.nowhere\n")
    assert sorted(missing(stale)) == ["headstart.errors.NoSuchError (line 2)", "headstart.nowhere"]
