"""What the house promises outside its code: commands in the README, versions, no addresses in the constraints."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import headstart

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def commands(markdown: str) -> list[str]:
    """The shell blocks of a page, in order."""
    return [block.strip() for block in re.findall(r"```bash\n(.*?)```", markdown, flags=re.DOTALL)]


def test_the_second_command_of_the_readme_is_what_ci_runs() -> None:
    first, second, *_ = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first == "pip install -c constraints.txt . && headstart demo"
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_constraints_hold_versions_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin) for pin in pins), pins
    names = {pin.split("==")[0] for pin in pins}
    extras = PROJECT["optional-dependencies"]
    needed = [*PROJECT["dependencies"], *extras["test"], *extras["dev"]]
    assert {re.split(r"[<>=!~\[]", need)[0] for need in needed} - {"headstart"} <= names


def test_versions_agree() -> None:
    assert headstart.__version__ == PROJECT["version"]
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert changes[:2] == ["Unreleased", headstart.__version__]
    assert f"\nversion: {headstart.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_page_that_is_linked_exists() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_what_travels_in_the_package_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    source = ROOT / "src" / "headstart"
    packed = {path for pattern in listed["headstart"] for path in source.glob(pattern)}
    data = {p for p in source.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc")}
    assert data <= packed, f"add to package-data: {sorted(str(p.relative_to(source)) for p in data - packed)}"


def test_nothing_stands_in_the_root_that_does_not_belong_there() -> None:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a checkout")
    known = {
        "benchmarks",
        "docs",
        "examples",
        "src",
        "tests",
        ".ci",
        ".gitignore",
        ".pre-commit-config.yaml",
        "LICENSE",
    }
    known |= {
        ".github",
        "CHANGELOG.md",
        "CITATION.cff",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "constraints.txt",
        "mkdocs.yml",
        "pyproject.toml",
    }
    assert {name.partition("/")[0] for name in listed.splitlines()} <= known
