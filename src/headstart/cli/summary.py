"""A model's evidence on a terminal: what to expect of it, the verdict, the candidates."""

from __future__ import annotations

from typing import Any

from headstart.cli.console import echo, print_table


def summary(evidence: dict[str, Any]) -> dict[str, Any]:
    """The evidence without what is to be seen and heard, for ``--json``.

    Parameters
    ----------
    evidence : dict
        As a model holds it.

    Returns
    -------
    dict
        A new dict; thumbnails, sounds and held-out answers are left out.
    """
    kept = {key: value for key, value in evidence.items() if key != "held_out"}
    for part in [name for name in ("mistakes", "label_errors", "least_sure", "right") if name in evidence]:
        kept[part] = _unseen(evidence.get(part))
    if evidence.get("detection"):
        kept["detection"] = evidence["detection"] | {"mistakes": _unseen(evidence["detection"].get("mistakes"))}
    return kept


def _unseen(entries: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Entries without what is to be seen and heard."""
    return [
        {key: value for key, value in one.items() if key not in ("thumbnail", "sound", "seen")} for one in entries or []
    ]


def print_summary(evidence: dict[str, Any]) -> None:
    """Print what to expect, warnings, verdict and candidates on standard output.

    Parameters
    ----------
    evidence : dict
        As a model holds it.
    """
    from headstart.report.page import build
    from headstart.report.tasks import tasks_page

    if "tasks" in evidence:
        _print_tasks(tasks_page(evidence))
        return
    page = build(evidence)
    _print_lead(page)
    _print_candidates(page)
    _print_views(page["views"])
    for entry in page["left_out"]:
        echo(f"Left out: {entry['words'] or entry['name'] + ', ' + entry['price']}")
    if page["no_curves"]:
        echo(page["no_curves"])
    echo()
    _print_figures(page)
    if evidence.get("keyword"):
        echo(evidence["keyword"]["sentence"])
    for part in ("auxiliary", "pooling"):
        if page[part]:
            echo(page[part]["words"])
    _print_data(page, evidence)


def _print_lead(page: dict[str, Any]) -> None:
    """What to expect, the warnings, the verdict and what was done."""
    if page["lead"]["words"]:
        echo(page["lead"]["words"], bold=True)
        echo(page["lead"]["detail"])
    for words in (page["use"] or {}).get("sentences", ()):
        echo(words)
    for words in page["warnings"]:
        echo(f"Warning: {words}")
    if page["few"]:
        echo(f"Warning: {page['few']}")
    if page["verdict"]["sentence"] != page["lead"]["words"]:
        echo(page["verdict"]["sentence"], bold=not page["lead"]["words"])
    if page["verdict"]["done"]:
        echo(page["verdict"]["done"])
    if page["adaptation"]:
        echo(page["adaptation"]["words"])
        echo(f"Taken: {page['adaptation']['chosen']}.")


def _print_candidates(page: dict[str, Any]) -> None:
    """A row for each way that was tried."""
    if page["candidates"]["rows"]:
        echo()
        print_table(
            ("", "what was tried", "borrows", page["metric"], "95% interval", "time"),
            [
                (
                    "*" if row["chosen"] else "",
                    row["name"],
                    "yes" if row["transfer"] else "no",
                    row["value"],
                    row["span"],
                    row["seconds"],
                )
                for row in page["candidates"]["rows"]
            ],
            right=(3, 4, 5),
        )
    if page["sides"]:
        echo("Chosen fold by fold: the best on the other folds; the verdict compares these two.")


def _print_figures(page: dict[str, Any]) -> None:
    """The few figures that everyone asks for first, what more labels would bring, and doubtful ones."""
    for tile in page["tiles"]:
        echo(f"{tile['label']}: {tile['value']}" + (f" ({tile['note']})" if tile["note"] else ""))
    if page["more_labels"]:
        echo(page["more_labels"])
    if page["first_class"]:
        echo(page["first_class"])
    if page["label_errors"]:
        echo(f"Labels worth a second look: {len(page['label_errors'])}; label-errors.csv beside the model lists them.")


def _print_data(page: dict[str, Any], evidence: dict[str, Any]) -> None:
    """Notes on the data, and what was set aside."""
    from headstart.data.base.kinds import kind_named

    if page["adaptation"] or kind_named(str((evidence.get("data") or {}).get("input_type"))).values:
        for words in page["data"]["notes"]:
            echo(f"Note: {words}")
    if evidence.get("sheet"):
        echo(f"To be labelled: {evidence['sheet']['path']} ({evidence['sheet']['n']} {page['things']}).")
    dropped, duplicates = page["data"]["dropped"], page["data"]["duplicates"]
    if dropped:
        echo(f"{page['things'].capitalize()} left out: {len(dropped)}; the report names each with its reason.")
    if duplicates:
        echo(f"Sets of equal {page['things']}: {len(duplicates)}; each was kept on one side of every split.")


def _print_tasks(page: dict[str, Any]) -> None:
    """A row a task: what it is worth, what borrowing gave it, and which tasks were refused."""
    for words in page["warnings"]:
        echo(f"Warning: {words}")
    print_table(
        ("task", "rows", "measured", "score", "95% interval", "borrowing gave", "95% interval", "refused"),
        [
            (
                one["name"],
                one["n"],
                one["metric"],
                one["value"],
                one["span"],
                one["gave"],
                one["gave_span"],
                one["refused"],
            )
            for one in page["tasks"]
        ],
        right=(1, 3, 5),
    )
    for one in page["tasks"]:
        echo(f"{one['name']}: {one['sentence']}")
    echo(f"Time taken: {page['seconds']}")


def _print_views(views: dict[str, Any] | None) -> None:
    """What each view is worth, where examples are seen in several ways."""
    if views:
        echo(f"\n{views['words']}")
        rows = [(row["name"], row["holds"], row["n"], *row["figures"]) for row in views["rows"]]
        print_table(("view", "holds", "there in", *views["heads"]), rows, right=(2, 3, 4, 5))
