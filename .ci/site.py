"""What the site has beyond the pages in docs/: the root's pages, the examples, and the reference by question.

The pages in docs/ stay as they are read in the repository. Their links out of docs/ are turned to pages of the site.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from headstart import _PUBLIC, __all__  # noqa: E402
from headstart.contract.catalogue import CATALOGUE  # noqa: E402

ROOT_PAGES = {"README.md": "overview.md"} | {
    name: name.lower() for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
}
PICTURES = ROOT / "build" / "gallery"  # what `python examples/NAME.py build/gallery` wrote, where it was run

# question of the reference -> beginnings of the modules whose public names answer it, most particular first
REFERENCE = {
    "when": (
        "When to transfer, and whether it helped",
        ("headstart.guard", "headstart.models.advice", "headstart.models.labelling", "headstart.drift"),
    ),
    "what": (
        "What to transfer from: data, sources, models",
        ("headstart.data", "headstart.source", "headstart.models", "headstart.pretraining"),
    ),
    "how-instances": ("How: by examples", ("headstart.instances",)),
    "how-features": ("How: by features", ("headstart.features",)),
    "how-parameters": ("How: by parameters", ("headstart.parameters", "headstart.detection")),
    "how-beside": (
        "How: with unlabelled rows, other tasks, other views",
        ("headstart.semisupervised", "headstart.multitask", "headstart.multiview"),
    ),
}


def home(name: str) -> str:
    """The module in which a public name is written."""
    return _PUBLIC.get(name) or CATALOGUE[name]


def group(name: str) -> str:
    """The page of the reference that a public name stands on."""
    if name == "evaluate":  # written beside the model, but it asks whether the model holds
        return "when"
    for page, (_, rooms) in REFERENCE.items():
        if any(home(name) == room or home(name).startswith(f"{room}.") for room in rooms):
            return page
    raise KeyError(f"no page of the reference takes {home(name)}.{name}: add its room to REFERENCE in .ci/site.py")


def reference() -> dict[str, str]:
    """The pages of the reference by their paths."""
    pages = {}
    for page, (title, _) in REFERENCE.items():
        names = sorted((name for name in __all__ if not name.startswith("_") and group(name) == page), key=str.lower)
        pages[f"reference/{page}.md"] = "\n\n".join([f"# {title}", *(f"::: {home(name)}.{name}" for name in names)])
    return pages


def example_page(script: Path) -> str:
    """An example as a page: what it says of itself, its picture where one was made, its lines."""
    text = script.read_text(encoding="utf-8")
    words = ast.get_docstring(ast.parse(text)) or ""
    picture = f"![What it draws]({script.stem}.png)\n\n" if (PICTURES / f"{script.stem}.png").is_file() else ""
    return f"# {script.stem.replace('_', ' ').capitalize()}\n\n{words}\n\n{picture}```python\n{text}```\n"


def of_the_root(text: str) -> str:
    """A page of the root with its links as they are on the site."""
    text = re.sub(r"\]\(docs/([^)]*)\)", r"](\1)", text)
    for name, page in ROOT_PAGES.items():
        text = text.replace(f"]({name})", f"]({page})")
    return re.sub(r"\[([^]]*)\]\((benchmarks|examples|src)[^)]*\)", r"\1", text)


def on_config(config: Any) -> Any:
    """List every decision and every example where the navigation says `decisions/*` and `examples/*`."""
    found = {
        "decisions/*": [f"decisions/{path.name}" for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))],
        "examples/*": [f"examples/{path.stem}.md" for path in sorted((ROOT / "examples").glob("*.py"))],
    }
    for entry in config.nav:
        for title, pages in entry.items():
            if isinstance(pages, list):
                entry[title] = [page for given in pages for page in found.get(str(given), [given])]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not in docs/."""
    added = {page: of_the_root((ROOT / name).read_text(encoding="utf-8")) for name, page in ROOT_PAGES.items()}
    added |= reference()
    for script in sorted((ROOT / "examples").glob("*.py")):
        added[f"examples/{script.stem}.md"] = example_page(script)
        picture = PICTURES / f"{script.stem}.png"
        if picture.is_file():
            files.append(File.generated(config, f"examples/{picture.name}", content=picture.read_bytes()))
    for path, content in added.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links out of docs/ to the site's own pages."""
    for name, target in ROOT_PAGES.items():
        markdown = re.sub(rf"\]\(\.\./((?:\.\./)*){re.escape(name)}", rf"](\g<1>{target}", markdown)
    markdown = re.sub(r"\]\(\.\./examples/(\w+)\.py\)", r"](examples/\1.md)", markdown)
    return re.sub(r"\[([^]]*)\]\((?:\.\./)+(benchmarks|examples|src)[^)]*\)", r"\1", markdown)
