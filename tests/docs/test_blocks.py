"""Every block of code in the documentation: commands parse, names are there, and the quick ones run as printed."""

from __future__ import annotations

import ast
import contextlib
import importlib
import re
import shlex
from pathlib import Path

import click
import pytest

import headstart
from headstart.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
SOMEBODY_ELSES = ("adapt", "skada", "fastai", "setfit", "dask", "torchvision")  # not installed where tests run


def blocks(page: Path, *languages: str) -> list[str]:
    """The blocks of code of a page in these languages."""
    return [code for _, language, code in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def commands(page: Path) -> list[list[str]]:
    """The words after `headstart` of every command in the blocks of a page, whatever stands before it in the line."""
    found = []
    for block in blocks(page, "bash", "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            cuts = [place for place, word in enumerate(words) if word in {"|", "&&", ";", ">", ">>", "<"}]
            for start in [0, *(cut + 1 for cut in cuts)]:
                part = words[start : min((cut for cut in cuts if cut >= start), default=len(words))]
                if part[:1] == ["torchrun"] and "headstart" in part:
                    part = part[part.index("headstart") :]
                if part[:1] == ["headstart"]:
                    found.append(part[1:])
    return found


def of_pages(read: object, *args: str) -> list[object]:
    """One parameter for each thing that is read from a page, named by its page and place."""
    return [
        pytest.param(found, id=f"{page.stem}-{place}")
        for page in PAGES
        for place, found in enumerate(read(page, *args))  # type: ignore[operator]
    ]


def command_of(name: str) -> click.Command:
    """The command of this name."""
    assert name in COMMANDS, f"no command 'headstart {name}'"
    module = importlib.import_module(COMMANDS[name][0])
    return next(thing for thing in vars(module).values() if isinstance(thing, click.Command) and thing.name == name)


@pytest.mark.parametrize("words", of_pages(commands))
def test_printed_command_parses(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if not words or words[0].startswith("-"):
        assert words[0] in {"--help", "--version"}
        return
    command = command_of(words[0])
    for parameter in command.params:  # files of the reader's are not here
        if isinstance(parameter.type, click.Path):
            monkeypatch.setattr(parameter, "type", click.STRING)
    with contextlib.suppress(click.exceptions.Exit):
        command.make_context(words[0], list(words[1:]))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_and_scripts_named_in_sentences_are_there(page: Path) -> None:
    sentences = FENCE.sub("", page.read_text(encoding="utf-8"))
    for printed in re.findall(r"`headstart ([a-z][^`]*)`", sentences):
        name, *words = shlex.split(printed.replace("\n", " "), comments=True)
        known = {option for parameter in command_of(name).params for option in parameter.opts}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known, printed
    for script in re.findall(r"(?<![\w/])((?:benchmarks|examples)/[\w/]+\.py)", page.read_text(encoding="utf-8")):
        assert (ROOT / script).is_file(), f"{page.name} names {script}"


def chains(tree: ast.AST, root: str) -> set[str]:
    """Attributes that are looked up on a name."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == root
    }


@pytest.mark.parametrize("code", of_pages(blocks, "python"))
def test_names_in_printed_python_are_there(code: str) -> None:
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] not in SOMEBODY_ELSES:
            module = importlib.import_module(node.module)
            for name in node.names:
                if not hasattr(module, name.name):
                    importlib.import_module(f"{node.module}.{name.name}")
        elif isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] not in SOMEBODY_ELSES:
                    importlib.import_module(name.name)
    for name in chains(tree, "headstart"):
        assert hasattr(headstart, name), f"headstart has no {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_public_names_in_printed_python_are_imported(page: Path) -> None:
    bound: set[str] = set()
    for code in blocks(page, "python"):
        tree = ast.parse(code)
        bound |= {
            (name.asname or name.name).split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        assert not {name for name in used & set(headstart.__all__) if name not in bound}, code


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_index_lists_every_page_and_every_decision_by_its_number() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert page.name == "index.md" or f"]({page.name})" in index, page.name
    listed = dict(re.findall(r"^([0-9]+)\. \[.*\]\(decisions/(.*)\)$", index, flags=re.MULTILINE))
    there = {str(int(path.name[:4])): path.name for path in (ROOT / "docs" / "decisions").glob("*.md")}
    assert listed == there


def test_navigation_of_the_site_names_every_page() -> None:
    named = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert re.search(rf"[ \[]{re.escape(page.name)}\b", named), f"{page.name}: add it to nav in mkdocs.yml"
