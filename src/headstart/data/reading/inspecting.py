"""What data are, looked at whole: what cannot be read, what is there twice, what should be known before learning."""

from __future__ import annotations

from headstart.data.inputs.registry import simple_of
from headstart.data.sets.checks import check_labels
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.screen import screen
from headstart.progress import Progress


def inspected(dataset: Dataset, progress: Progress | None = None) -> Dataset:
    """Look at every input of a data set once, as a fit would, leaving out what cannot be read.

    Parameters
    ----------
    dataset : Dataset
    progress : callable, optional
        ``progress(what, done, total)``.

    Returns
    -------
    Dataset
        With what was left out, what is there twice or nearly so, and notes.

    Raises
    ------
    DataError
        For what a fit would refuse.
    """
    if dataset.kind.values:
        check_labels(dataset)
        return dataset
    return screen(dataset, simple_of(dataset.kind).preprocessing, skip_bad=True, progress=progress)
