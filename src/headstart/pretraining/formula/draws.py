"""Random numbers that belong to a picture, not to a moment: the same for any batch size and any order."""

from __future__ import annotations

import zlib

import numpy as np

Drawn = dict[str, np.ndarray]  # what was drawn for n pictures: arrays of n rows

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def _mixed(state: np.ndarray) -> np.ndarray:
    """Output function of SplitMix64: every bit of the state moves about half of the bits of the result."""
    with np.errstate(over="ignore"):
        state = (state ^ (state >> np.uint64(30))) * _MIX_1
        state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def picture_keys(seed: int, kind: str, classes: np.ndarray, numbers: np.ndarray | int) -> np.ndarray:
    """One 64-bit key for each (seed, kind, class, number).

    Parameters
    ----------
    seed : int
        Seed of the whole set, at least 0.
    kind : str
        Name of the renderer, so that two renderers draw different numbers.
    classes : ndarray of int, shape (n,)
        Class of each picture.
    numbers : ndarray of int, shape (n,), or int
        Number of each picture within its class; -1 stands for the class itself.

    Returns
    -------
    keys : ndarray of uint64, shape (n,)

    Examples
    --------
    >>> a = picture_keys(0, "glyphs", np.array([3, 4]), np.array([0, 0]))
    >>> b = picture_keys(0, "glyphs", np.array([4]), np.array([0]))
    >>> bool(a[1] == b[0]), bool(a[0] == a[1])
    (True, False)
    """
    classes = np.asarray(classes, dtype=np.uint64)
    numbers = np.broadcast_to(np.asarray(numbers, dtype=np.int64), classes.shape).astype(np.uint64)
    state = np.full(classes.shape, np.uint64(seed), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in (np.uint64(zlib.crc32(kind.encode())), classes, numbers):
            state = _mixed((state + _GOLDEN) ^ _mixed(np.asarray(part + _GOLDEN)))
    return state


def uniform(keys: np.ndarray, channel: str, k: int = 1) -> np.ndarray:
    """Numbers from the uniform distribution on [0, 1), k for each key.

    A counter-based generator (SplitMix64, Steele, Lea and Flood 2014): the j-th number is a hash of the key,
    the channel and j, so nothing depends on what was drawn before.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n,)
        From `picture_keys`.
    channel : str
        What the numbers are for; different channels are independent.
    k : int, default=1
        Numbers for each key.

    Returns
    -------
    numbers : ndarray of float32, shape (n, k)

    Examples
    --------
    >>> keys = picture_keys(0, "glyphs", np.arange(1000), 0)
    >>> numbers = uniform(keys, "turn", 2)
    >>> numbers.shape, bool(abs(numbers.mean() - 0.5) < 0.02)
    ((1000, 2), True)
    """
    with np.errstate(over="ignore"):
        start = _mixed(keys ^ (np.uint64(zlib.crc32(channel.encode())) * _GOLDEN))
        steps = np.arange(1, k + 1, dtype=np.uint64) * _GOLDEN
        bits = _mixed(start[:, None] + steps[None, :])
    return (bits >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def between(keys: np.ndarray, channel: str, low: float, high: float, k: int = 1) -> np.ndarray:
    """Numbers from the uniform distribution on [low, high), float32, shape (n, k)."""
    return (np.float32(low) + np.float32(high - low) * uniform(keys, channel, k)).astype(np.float32)


def chosen(keys: np.ndarray, channel: str, weights: tuple[float, ...]) -> np.ndarray:
    """An index for each key, index i with a chance in proportion to ``weights[i]``; int64, shape (n,).

    Examples
    --------
    >>> keys = picture_keys(0, "glyphs", np.arange(1000), 0)
    >>> np.bincount(chosen(keys, "mode", (0.0, 1.0, 0.0)), minlength=3).tolist()
    [0, 1000, 0]
    """
    edges = np.cumsum(weights) / np.sum(weights)
    drawn = np.searchsorted(edges, uniform(keys, channel)[:, 0], side="right")
    return np.minimum(drawn, len(weights) - 1)
