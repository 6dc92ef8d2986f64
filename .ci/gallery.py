"""The page docs/gallery.md, made from what the examples say of themselves: python .ci/gallery.py > docs/gallery.md"""

from __future__ import annotations

import ast
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
GROUPS = {
    "When to transfer": ("source_helps", "source_hurts", "which_source", "learning_curves", "calibrated"),
    "What to transfer between tables": (
        "coral",
        "importance_weights",
        "tradaboost_weights",
        "gradual_turn",
        "auxiliary_tasks",
        "many_groups",
        "two_views",
    ),
    "Pictures and sounds, with the bundled networks": ("digits_few_labels", "drawn_shapes", "tones"),
    "Few labels": ("few_labels_many_rows", "label_next"),
    "Afterwards": ("still_valid",),
    "Data to try the commands on": ("two_clinics",),
}


def says(script: Path) -> str:
    """The first paragraph of what a script says of itself."""
    words = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or ""
    return " ".join(words.split("\n\n")[0].split())


def page() -> str:
    """The gallery as a page; every example must stand in one group."""
    listed = [name for names in GROUPS.values() for name in names]
    found = sorted(script.stem for script in EXAMPLES.glob("*.py"))
    if sorted(listed) != found:
        raise SystemExit(f"Expected every example once in GROUPS of .ci/gallery.py: {set(listed) ^ set(found)}")
    lines = [
        "# Gallery",
        "",
        "Small scripts, each with one idea and a picture at its end. Their data are made in the script or come with",
        "scikit-learn; nothing is downloaded. `python examples/coral.py` writes `coral.png` beside you,",
        "`python examples/coral.py pictures` into a folder that is there. They need matplotlib:",
        "`pip install 'headstart[formula]'`.",
    ]
    for title, names in GROUPS.items():
        lines += ["", f"## {title}", ""]
        for name in names:
            title_of = name.replace("_", " ").capitalize()
            lines.append(f"- [{title_of}](../examples/{name}.py): {says(EXAMPLES / f'{name}.py')}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(page())
