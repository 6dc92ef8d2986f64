"""What can be said about a source before anything is trained."""

from __future__ import annotations

from typing import Any

from headstart.data.reading.options import Reading
from headstart.data.sets.description import sentences, tell
from headstart.data.sets.screen import screen
from headstart.errors import ParameterError
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.table_rows import tabulated
from headstart.guard.evidence.before import expected, findings, summary
from headstart.guard.evidence.before_tables import table_findings
from headstart.models.target import Target, divided, read_target, seen_through
from headstart.progress import Progress
from headstart.training.device import pick_device


def advice(
    data: Any,
    source: Any = "auto",
    reading: Reading | None = None,
    *,
    unlabelled: Any = None,
    skip_bad: bool = False,
    random_state: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Say before training whether a source is likely to help with the data, and why.

    Kinds of input and amounts of data are compared, and how well the source's features tell the classes apart, next to
    features that need no network. Nothing is trained, and a part kept for the final score is not looked at.

    Parameters
    ----------
    data, source, unlabelled
        As in `headstart.fit`.
    reading : Reading, optional
        How the data are read.
    skip_bad : bool, default=False
        Whether to go on without broken files.
    random_state : int, default=0
        Seed of the sample that is looked at.
    device : str, default="auto"
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    dict
        ``words``: the findings in a sentence; ``findings``: list of dict; ``expected``: whether a gain can be;
        of tables also ``notes``.

    Raises
    ------
    DataError, SourceError, ParameterError
        As `headstart.fit`.
    """
    target = read_target(data, source, reading or Reading(), unlabelled=unlabelled)
    dataset = target.dataset
    tell(sentences(dataset))
    if dataset.kind.values:
        return _of_tables(target, random_state)
    if target.source is None and source == "auto":
        raise ParameterError(
            f"Expected a network to say something about, found none: for {dataset.kind.many} none is bundled.",
            "Name one (--source, source=...).",
        )
    network, seen = seen_through(target)
    pool, _ = divided(screen(dataset, seen, skip_bad=skip_bad, progress=progress))
    material = Material(pool.inputs, pool.y, pool.task, pool.groups, network, str(pick_device(device)), progress)
    found = findings(material, random_state=random_state)
    return {"words": summary(found), "expected": expected(found), "findings": found}


def _of_tables(target: Target, seed: int) -> dict[str, Any]:
    pool, _ = divided(target.dataset)
    table = tabulated(pool.inputs, pool.y, pool.task, target.source or [], target.more["unlabelled"])
    more: dict[str, Any] = {"sources": table.sources, "unlabelled": table.unlabelled, "shown": table.shown}
    found = table_findings(Material(table.rows, pool.y, pool.task, pool.groups, **more), random_state=seed)
    words = {"words": summary(found), "expected": expected(found), "findings": found}
    return words | {"notes": [*target.dataset.notes, *table.notes]}
