"""A model's evidence on a terminal: the verdict, the candidates, the estimate."""

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
        A new dict; thumbnails and sounds are left out.
    """
    mistakes = [
        {key: value for key, value in mistake.items() if key not in ("thumbnail", "sound")}
        for mistake in evidence.get("mistakes") or []
    ]
    return {**evidence, "mistakes": mistakes}


def print_summary(evidence: dict[str, Any]) -> None:
    """Print verdict, candidates and estimate on standard output.

    Parameters
    ----------
    evidence : dict
        As a model holds it.
    """
    from headstart.data.base.kinds import kind_named
    from headstart.report.page import build

    page = build(evidence)
    echo(page["verdict"]["sentence"], bold=True)
    if page["verdict"]["done"]:
        echo(page["verdict"]["done"])
    if page["candidates"]["rows"]:
        echo()
        print_table(
            ("", "candidate", "transfer", page["metric"], "95% interval", "time"),
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
    for entry in page["left_out"]:
        echo(f"Left out: {entry['words'] or entry['name'] + ', ' + entry['price']}")
    echo()
    for tile in page["tiles"]:
        echo(f"{tile['label']}: {tile['value']}" + (f" ({tile['note']})" if tile["note"] else ""))
    if evidence.get("keyword"):
        echo(evidence["keyword"]["sentence"])
    if kind_named(str((evidence.get("data") or {}).get("input_type"))).values:
        for words in page["data"]["notes"]:
            echo(f"Note: {words}")
    dropped, duplicates = page["data"]["dropped"], page["data"]["duplicates"]
    if dropped:
        echo(f"{page['things'].capitalize()} left out: {len(dropped)}; the report names each with its reason.")
    if duplicates:
        echo(f"Sets of equal {page['things']}: {len(duplicates)}; each was kept on one side of every split.")
