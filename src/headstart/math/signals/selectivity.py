"""What a unit prefers, told from its responses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: By how much the best of a less simple family must be answered more strongly to be preferred.
MARGIN = 1.05


def orientation_selectivity(responses: np.ndarray) -> np.ndarray:
    r"""How far responses depend on orientation: 0 not at all, 1 on one orientation alone.

    One minus the circular variance, :math:`|\sum_k r_k e^{2 i \theta_k}| / \sum_k r_k`, for orientations
    :math:`\theta_k` evenly spread over half a turn.

    Parameters
    ----------
    responses : ndarray, (..., K)
        Of 0 or more.

    Returns
    -------
    ndarray, (...)
        NaN where nothing is answered.

    References
    ----------
    Ringach, Shapley and Hawken (2002), Orientation selectivity in macaque V1, eq. 1.

    Examples
    --------
    >>> orientation_selectivity(np.array([[1.0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0]])).round(6).tolist()
    [1.0, 0.0, 0.0]
    """
    angles = np.pi * np.arange(responses.shape[-1]) / responses.shape[-1]
    total = responses.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.abs((responses * np.exp(2j * angles)).sum(axis=-1)) / np.where(total > 0, total, np.nan))


def preferred(best: Mapping[str, np.ndarray]) -> np.ndarray:
    """Position of the family that each unit prefers, (C,); -1 where it answers none.

    The simplest family that will do: a later one is preferred only if it is answered by 5% more than every earlier one,
    since a corner and a curve hold edges too.

    Parameters
    ----------
    best : mapping of family to ndarray, (C,)
        Strongest response to each family, of 0 or more, the simplest first.

    Examples
    --------
    >>> preferred({"edges": np.array([1.0, 1.0, 0.0]), "corners": np.array([1.04, 1.2, 0.0])}).tolist()
    [0, 1, -1]
    """
    values = np.stack(list(best.values()))
    chosen = np.zeros(values.shape[1], int)
    for family in range(1, len(values)):
        chosen = np.where(values[family] > MARGIN * values[:family].max(axis=0), family, chosen)
    return np.where(values.max(axis=0) > 0, chosen, -1)
