"""Pictures that hold one thing each: gratings, edges, corners, curves, textures, noise."""

from __future__ import annotations

import numpy as np

#: From the simplest to the least so.
FAMILIES = ("edges", "corners", "curves", "textures", "noise")
_SHORTEST, _LONGEST = 3.0, 24.0


def gratings(
    side: int, orientations: int = 8, periods: tuple[float, ...] = (3, 4, 6, 8), phases: int = 4
) -> np.ndarray:
    """Sine gratings, (orientations, periods, phases, side, side), from -1 to 1.

    Parameters
    ----------
    side : int
        In pixels.
    orientations, phases : int
        Evenly spread over half a turn, and over a period.
    periods : tuple of float
        Wavelengths in pixels, above 2.

    Examples
    --------
    >>> found = gratings(8, 2, (4.0,), 2)
    >>> found.shape, bool(np.allclose(found[0, 0, 0, 0], found[0, 0, 0, 5])), bool(np.allclose(found[1], found[0].mT))
    ((2, 1, 2, 8, 8), True, True)
    """
    down, across = _grid(side)
    angle = np.pi * np.arange(orientations)[:, None, None, None, None] / orientations
    wave = 2 * np.pi / np.array(periods, float)[:, None, None, None]
    phase = 2 * np.pi * np.arange(phases)[:, None, None] / phases
    return np.sin(wave * (np.cos(angle) * across + np.sin(angle) * down) + phase)


def probes(side: int, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """n pictures of each family, (n, side, side) each, of mean 0 and contrast (standard deviation) 0.5.

    Orientation, place (within 3 pixels of the middle), sign and scale are drawn anew for each. ``edges``: steps, bars
    and gratings. ``corners``: wedges of 40 to 130 degrees with their tip in the middle, and the rest. ``curves``: rims
    of discs of a radius from 3 pixels to a third of the side, and rings, through the middle. ``textures``: two gratings
    across each other, chequers and dots. ``noise``: white, and with a spectrum that falls as 1/f.

    Examples
    --------
    >>> found = probes(32, 4, np.random.default_rng(0))
    >>> list(found), found["curves"].shape, found["edges"].std(axis=(1, 2)).round(6).tolist()
    (['edges', 'corners', 'curves', 'textures', 'noise'], (4, 32, 32), [0.5, 0.5, 0.5, 0.5])
    """
    makers = {"edges": _edge, "corners": _corner, "curves": _curve, "textures": _texture, "noise": _noise}
    return {family: np.stack([_even(makers[family](side, i, rng)) for i in range(n)]) for family in FAMILIES}


def _grid(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels below and to the right of the middle."""
    at = np.arange(side) - (side - 1) / 2
    down, across = np.meshgrid(at, at, indexing="ij")
    return down, across


def _turned(side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates around a place near the middle, turned at random."""
    angle, (down, across) = rng.uniform(0, 2 * np.pi), _grid(side)
    down, across = down - rng.uniform(-3, 3), across - rng.uniform(-3, 3)
    return np.cos(angle) * down + np.sin(angle) * across, np.cos(angle) * across - np.sin(angle) * down


def _soft(distance: np.ndarray) -> np.ndarray:
    """A step one pixel wide at distance 0, from -1 to 1."""
    return np.clip(2 * distance, -1, 1)


def _period(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(_SHORTEST), np.log(_LONGEST))))


def _edge(side: int, i: int, rng: np.random.Generator) -> np.ndarray:
    u, _ = _turned(side, rng)
    if i % 3 == 0:
        return _soft(u)
    if i % 3 == 1:
        return _soft(_period(rng) / 4 - np.abs(u))
    return np.sin(2 * np.pi * u / _period(rng))


def _corner(side: int, i: int, rng: np.random.Generator) -> np.ndarray:
    u, v = _turned(side, rng)
    half = np.deg2rad(rng.uniform(40, 130)) / 2
    inside = np.minimum(u * np.sin(half) + v * np.cos(half), u * np.sin(half) - v * np.cos(half))
    return _soft(inside if i % 2 else -inside)


def _curve(side: int, i: int, rng: np.random.Generator) -> np.ndarray:
    u, v = _turned(side, rng)
    radius = float(np.exp(rng.uniform(np.log(3), np.log(max(side / 3, 4)))))
    away = np.hypot(u - radius, v) - radius
    if i % 3 == 2:
        return _soft(max(1.0, radius / 4) - np.abs(away))
    return _soft(away if i % 3 else -away)


def _texture(side: int, i: int, rng: np.random.Generator) -> np.ndarray:
    u, v = _turned(side, rng)
    period = _period(rng)
    plaid = np.sin(2 * np.pi * u / period) * np.sin(2 * np.pi * v / period)
    if i % 3 == 0:
        return np.sin(2 * np.pi * u / period) + np.sin(2 * np.pi * v / period)
    return np.sign(plaid) if i % 3 == 1 else (plaid > 0.5).astype(float)


def _noise(side: int, i: int, rng: np.random.Generator) -> np.ndarray:
    white = rng.standard_normal((side, side))
    if i % 2 == 0:
        return white
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    fall = 1 / np.maximum(np.hypot(down, across), 1 / side)
    return np.fft.irfft2(np.fft.rfft2(white) * fall, (side, side))


def _even(picture: np.ndarray) -> np.ndarray:
    """Mean 0 and contrast 0.5."""
    centred = picture - picture.mean()
    return 0.5 * centred / max(float(centred.std()), 1e-9)
