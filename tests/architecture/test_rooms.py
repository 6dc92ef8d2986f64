"""The plan of the house: who may import whom, how long a file may be, and what stays out of it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import headstart

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "headstart"
FILES = sorted(SOURCE.rglob("*.py"))
METHODS = ("instances", "features", "parameters", "detection", "semisupervised", "multitask", "multiview")
LEVELS = (
    ("errors", "visible"),
    ("source", "progress", "cache_folder", "uncollected"),
    ("math",),
    ("nn",),
    ("data",),
    ("networks",),
    ("contract",),
    ("training",),
    METHODS,
    ("pretraining", "guard"),
    ("adviser", "keywords"),
    ("models",),
    ("drift", "report"),
    ("web",),
    ("cli",),
    ("__main__",),
)
LEVEL = {room: height for height, rooms in enumerate(LEVELS) for room in rooms}
FILE_LIMIT, BODY_LIMIT, FOLDER_LIMIT, ARGUMENT_LIMIT = 400, 60, 20, 12


def name_of(file: Path) -> str:
    """Dotted name of a module."""
    parts = ("headstart", *file.relative_to(SOURCE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}
PACKAGES = {name for name, file in MODULES.items() if file.name == "__init__.py"}


def room_of(module: str) -> str:
    """The room a module stands in; the top package itself has none."""
    return module.split(".")[1] if "." in module else ""


@cache
def nodes(file: Path) -> list[ast.AST]:
    """All that a file says, read once for all tests."""
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def imported(file: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, with the line; names in a package count as its __init__."""
    for node in nodes(file):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute in this house"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (inner if inner in MODULES else str(node.module)), node.lineno


INSIDE = [file for file in FILES if file != SOURCE / "__init__.py"]


def at(file: Path, line: int) -> str:
    return f"{file.relative_to(ROOT)}:{line}"


def test_every_room_has_its_place() -> None:
    rooms = {room_of(module) for module in MODULES} - {"", "starters", "testing"}
    assert rooms <= set(LEVEL), f"give {rooms - set(LEVEL)} a level in this test and in the design"


def test_imports_go_downwards_only() -> None:
    wrong = []
    for file in INSIDE:
        own = room_of(name_of(file))
        for module, line in imported(file):
            other = room_of(module)
            if module.split(".")[0] != "headstart" or other == own or "" in (own, other) or own == "testing":
                continue
            if LEVEL.get(other, -1) >= LEVEL.get(own, -1):
                wrong.append(f"{at(file, line)}: {own} imports {module}")
    assert not wrong, "\n".join(wrong)


def test_there_is_no_import_cycle() -> None:
    graph = {
        name_of(file): {module for module, _ in imported(file) if module in MODULES and module not in PACKAGES}
        for file in INSIDE
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("import cycle: " + " -> ".join(error.args[1]))


def folder_of(module: str) -> str:
    """The folder a module stands in, dotted; a package stands in itself."""
    return module if module in PACKAGES else module.rpartition(".")[0]


def test_folders_of_a_room_import_in_one_direction() -> None:
    graph: dict[str, set[str]] = {}
    for file in INSIDE:
        own = folder_of(name_of(file))
        inside = {folder_of(module) for module, _ in imported(file) if module in MODULES}
        graph.setdefault(own, set()).update(inside - {own, "headstart"})
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("folders import each other: " + " -> ".join(error.args[1]))


def test_a_folder_holds_at_most_twenty_files() -> None:
    folders = Counter(file.parent for file in FILES if file.name != "__init__.py")
    assert not {str(f.relative_to(ROOT)): n for f, n in folders.items() if n > FOLDER_LIMIT}


def test_no_module_is_named_like_a_public_function() -> None:
    """An import of ``headstart.fit`` as a module would put it in the place of the function."""
    public = {name for name in headstart.__all__ if name.islower()}
    named = {file.relative_to(SOURCE).parts[0].removesuffix(".py") for file in FILES}
    named |= {file.stem for file in FILES if room_of(name_of(file)) != "cli"}
    assert not public & named


def test_no_file_imports_from_an_init_of_the_house() -> None:
    wrong = [f"{at(file, line)}: {module}" for file in INSIDE for module, line in imported(file) if module in PACKAGES]
    assert not wrong, "import from the module that holds the name instead:\n" + "\n".join(wrong)


def test_math_knows_no_torch() -> None:
    foreign = {"torch", "transformers", "pandas", "PIL"}
    wrong = [
        f"{at(file, line)}: {module}"
        for file in (SOURCE / "math").rglob("*.py")
        for module, line in imported(file)
        if module.split(".")[0] in foreign
    ]
    assert not wrong, "\n".join(wrong)


def test_commands_import_nothing_heavy_at_their_top() -> None:
    standard = {"__future__", "collections", "contextlib", "csv", "errno", "importlib", "io", "json", "math", "os"}
    light = standard | {"logging", "click", "headstart", "pathlib", "re", "sys", "traceback", "typing"}
    wrong = []
    for file in (SOURCE / "cli").glob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                ours = name.startswith("headstart.")
                if name.split(".")[0] not in light or (ours and room_of(name) not in ("cli", "errors", "progress")):
                    wrong.append(f"{at(file, node.lineno)}: {name}")
    assert not wrong, "import it inside the command's function:\n" + "\n".join(wrong)


def test_files_are_one_idea_long() -> None:
    lengths = {str(f.relative_to(ROOT)): len(f.read_text(encoding="utf-8").splitlines()) for f in FILES}
    assert not {name: n for name, n in lengths.items() if n > FILE_LIMIT}


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function behind its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_a_function_fits_a_screen() -> None:
    long = {}
    for file in FILES:
        for node in nodes(file):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_length(node) > BODY_LIMIT:
                long[f"{at(file, node.lineno)} {node.name}"] = body_length(node)
    assert not long


def is_estimator_s(node: ast.FunctionDef | ast.AsyncFunctionDef, owners: dict[ast.AST, ast.ClassDef]) -> bool:
    """Whether a function makes a public estimator or a private base of some, whose arguments are its options."""
    if node.name != "__init__" or node not in owners:
        return False
    return owners[node].name in headstart.__all__ or owners[node].name.startswith(("Base", "_"))


def test_a_function_has_at_most_twelve_arguments() -> None:
    many = {}
    for file in FILES:
        owners = {inner: node for node in nodes(file) if isinstance(node, ast.ClassDef) for inner in node.body}
        for node in nodes(file):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or is_estimator_s(node, owners):
                continue
            if node.name in headstart.__all__ or file.parent.name == "cli":
                continue
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            if len([name for name in names if name not in ("self", "cls")]) > ARGUMENT_LIMIT:
                many[f"{at(file, node.lineno)} {node.name}"] = len(names)
    assert not many


def test_there_are_no_utils() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
    assert not [str(f.relative_to(ROOT)) for f in FILES if f.stem in vague or f.parent.name in vague]


def test_nothing_is_left_unfinished() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK|raise NotImplementedError)\b")
    wrong = [
        f"{at(file, number)}: {line.strip()}"
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert not wrong, "\n".join(wrong)


KIND_TEST = re.compile(
    r"isinstance\([^()]*\b(Clips|Pictures|Texts|Boxes|Records|\w*Preprocessing|\w*Augmentation)\b"
    r"|input_type\s*(==|!=|in\s)|\b(is|is not|==|!=) (CLIPS|PICTURES|TEXTS|ROWS)\b"
    r"|[\"'](image|audio|text|table)[\"'] *(==|!=)|(==|!=) *[\"'](image|audio|text|table)[\"']"
)


def test_the_kind_of_an_input_is_asked_in_the_data_room_alone() -> None:
    """Elsewhere what differs by kind is an attribute of its `Kind`, its registry entry, its container or its form."""
    asked = [
        (room_of(name_of(file)), f"{at(file, number)}: {line.strip()}")
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if KIND_TEST.search(line)
    ]
    assert not [words for room, words in asked if room != "data"], "\n".join(words for _, words in asked)
    assert len(asked) <= 10, "\n".join(words for _, words in asked)
