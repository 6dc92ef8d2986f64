"""Functions of headstart as text that runs without it: they and all that they use, as they are written."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from typing import Any

_INSIDE = "headstart."


def quoted(*functions: Any) -> str:
    """The source of functions and of everything of headstart that they use, in the order in which it can be run.

    What is used is followed by its name through the statements at the top of modules; what comes from elsewhere is
    imported there as here. Types that are only said of arguments are not followed.

    Parameters
    ----------
    functions : callable or class

    Raises
    ------
    ValueError
        If two modules call two things alike.

    Examples
    --------
    >>> from headstart.data.tables.gaps import without_zeros
    >>> print(quoted(without_zeros).splitlines()[0])
    from __future__ import annotations
    """
    modules: dict[str, _Module] = {}
    owners: dict[str, str] = {}

    def follow(name: str, module: str) -> None:
        held = modules.get(module) or modules.setdefault(module, _Module(module))
        if name in held.imported:
            follow(*held.imported[name])
        elif name in held.statements and name not in held.taken:
            if owners.setdefault(name, module) != module:
                raise ValueError(f"Expected one thing of the name {name!r}, found it in {owners[name]} and {module}.")
            held.taken.add(name)
            for other in (used for statement in held.statements[name] for used in _used(statement)):
                follow(other, module)
        elif name in held.outside:
            held.taken.add(name)

    for function in functions:
        follow(function.__name__, function.__module__)
    ordered = [modules[name] for name in _in_order(modules)]
    imports = sorted({line for module in ordered for line in module.imports()}, key=lambda line: (line[0] == "f", line))
    parts = ["from __future__ import annotations", "\n".join(imports), *(part for m in ordered for part in m.texts())]
    return "\n\n\n".join(part for part in parts if part) + "\n"


class _Module:
    """What stands at the top of a module, by name."""

    def __init__(self, name: str) -> None:
        source = inspect.getsource(importlib.import_module(name))
        self.lines, self.taken = source.splitlines(), set[str]()
        self.statements: dict[str, list[ast.stmt]] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self.outside: dict[str, str] = {}
        for statement in ast.parse(source).body:
            if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_INSIDE):
                for alias in statement.names:
                    self.imported[alias.asname or alias.name] = (alias.name, str(statement.module))
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                for alias in statement.names:
                    self.outside[alias.asname or alias.name.split(".")[0]] = _import(statement, alias)
            else:
                for name in _bound(statement):
                    self.statements.setdefault(name, []).append(statement)

    def imports(self) -> list[str]:
        """Lines that import what is used from elsewhere."""
        return [self.outside[name] for name in self.taken if name in self.outside]

    def texts(self) -> list[str]:
        """The statements that are used, in their order."""
        kept = {id(one): one for name in self.taken for one in self.statements.get(name, [])}
        return [self._text(one) for one in sorted(kept.values(), key=lambda one: one.lineno)]

    def _text(self, statement: Any) -> str:
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", []))])
        return "\n".join(self.lines[first - 1 : statement.end_lineno])


def _import(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    renamed = f" as {alias.asname}" if alias.asname else ""
    start = f"from {statement.module} " if isinstance(statement, ast.ImportFrom) else ""
    return f"{start}import {alias.name}{renamed}"


def _bound(statement: ast.stmt) -> list[str]:
    """Names that a statement gives a meaning."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    return [
        node.id for target in targets if target is not None for node in ast.walk(target) if isinstance(node, ast.Name)
    ]


def _used(node: ast.AST) -> Iterator[str]:
    """Names in a statement, without those in annotations."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, ast.Name):
                yield one.id
            elif isinstance(one, ast.AST):
                yield from _used(one)


def _in_order(modules: dict[str, _Module]) -> list[str]:
    """Names of the modules, each after those that it imports from."""
    found: list[str] = []

    def add(name: str) -> None:
        if name in found or name not in modules:
            return
        for _, other in modules[name].imported.values():
            add(other)
        found.append(name)

    for name in modules:
        add(name)
    return found
