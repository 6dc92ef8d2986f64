"""Iterated function systems: a class is a set of affine maps, a picture is the set that they leave in place."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.pretraining.formula.draws import Drawn, between, chosen, picture_keys, uniform
from headstart.pretraining.formula.warping import affine, box_blurred

MAPS = 4  # a system has two, three or four maps
WALKERS = 512  # points that walk side by side, for pictures of at most 64 pixels
WARM_UP, STEPS = 2, 8  # steps of a picture's walk; the first WARM_UP leave no trace
CONTRACTION = 0.98  # largest singular value of a map: every system has an attractor
CANDIDATES = 5


def _drawn_systems(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Random contractive systems: maps (n, MAPS, 2, 3) and the chance of each map (n, MAPS).

    The singular values of k maps sum to between (5 + k)/2 and (6 + k)/2, the second counted twice, which gives
    shapes that neither vanish nor fill the plane (Anderson and Farrell 2022, section 3.2). Maps are taken with a
    chance in proportion to the area that they leave, |det| (Kataoka et al. 2020, equation 3).
    """
    n = len(keys)
    count = 2 + chosen(keys, "maps", (1.0, 1.0, 1.0))
    used = np.arange(MAPS)[None, :] < count[:, None]
    share = uniform(keys, "singular", 2 * MAPS).reshape(n, MAPS, 2) * used[:, :, None]
    first, second = share.max(axis=2), share.min(axis=2)
    total = between(keys, "total", 0, 0.5)[:, 0] + (5 + count) / 2
    for _ in range(12):  # scale to the total
        factor = total / np.maximum((first + 2 * second).sum(axis=1), 1e-6)
        first = np.clip(first * factor[:, None], 0, CONTRACTION) * used
        second = np.minimum(second * factor[:, None], first)
    turns = between(keys, "turns", 0, 2 * np.pi, 2 * MAPS).reshape(n, MAPS, 2)
    flips = np.where(uniform(keys, "flips", 2 * MAPS).reshape(n, MAPS, 2) < 0.5, -1.0, 1.0)
    values = np.stack([first, second], axis=2) * flips
    linear = _rotations(turns[..., 0]) @ (values[..., None] * _rotations(turns[..., 1]))
    offset = between(keys, "offsets", -1, 1, 2 * MAPS).reshape(n, MAPS, 2, 1)
    determinant = np.abs(values.prod(axis=2)) + 0.02
    chance = determinant * used
    return np.concatenate([linear, offset], axis=3), chance / chance.sum(axis=1, keepdims=True)


def _rotations(angles: np.ndarray) -> np.ndarray:
    cos, sin = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], -2)


def contracted(maps: np.ndarray) -> np.ndarray:
    """Maps (..., 2, 3) whose linear part is scaled down where its largest singular value exceeds `CONTRACTION`."""
    a, b, c, d = maps[..., 0, 0], maps[..., 0, 1], maps[..., 1, 0], maps[..., 1, 1]
    largest = (np.hypot(a + d, c - b) + np.hypot(a - d, b + c)) / 2
    factor = np.minimum(1, CONTRACTION / np.maximum(largest, 1e-9))
    return np.concatenate([maps[..., :2] * factor[..., None, None], maps[..., 2:]], axis=-1)


def _shares(chance: np.ndarray) -> np.ndarray:
    """Share of the walkers that take one of the first maps, float32 (n, MAPS - 1)."""
    return np.cumsum(chance, axis=1)[:, :-1].astype(np.float32)


@lru_cache(maxsize=16)
def orders(walkers: int, steps: int, device: torch.device) -> Tensor:
    """A random order of the walkers for each step, int64 (steps, walkers)."""
    rng = np.random.Generator(np.random.PCG64(20200103))
    return torch.from_numpy(np.stack([rng.permutation(walkers) for _ in range(steps)])).to(device)


def walked(maps: Tensor, shares: Tensor, starts: Tensor, shifts: Tensor, warm_up: int) -> tuple[Tensor, Tensor]:
    """Points of the attractors, found by random walks (the chaos game of Barnsley 1988) of many points at once.

    In each step the walkers are put in a random order and the first of them take the first map, the next ones the
    second, each map as many as its chance says: q_i = A_m(i) p_o(i), o(i) = (order[step, i] + shift[step]) mod
    walkers. The orders are the same for every picture, the shifts its own.

    Parameters
    ----------
    maps : Tensor, shape (n, MAPS, 2, 3)
        Affine maps of each system.
    shares : Tensor, shape (n, MAPS - 1)
        Share of the walkers that take one of the first maps.
    starts : Tensor, shape (n, walkers, 2)
        Where the walks start.
    shifts : Tensor, shape (n, steps)
        The picture's own random numbers, 0 to 1; in the formula times the number of walkers and rounded down.
    warm_up : int
        Steps that leave no trace.

    Returns
    -------
    points : Tensor, shape (n, 2, (steps - warm_up) * walkers)
    last : Tensor of int64, shape (n, walkers)
        Which map led to each walker's point, the same in every step.
    """
    n, walkers = starts.shape[:2]
    steps = shifts.shape[1]
    order = orders(walkers, steps, starts.device)
    moved = (shifts * walkers).long()
    edges = torch.floor(shares * walkers + 0.5).long()
    rank = torch.arange(walkers, device=starts.device)
    last = torch.zeros((n, walkers), dtype=torch.int64, device=starts.device)
    for edge in range(MAPS - 1):
        last += rank >= edges[:, edge : edge + 1]
    a, b, c, d, e, f = maps.reshape(n, MAPS, 6).permute(2, 0, 1).gather(2, last.expand(6, -1, -1))
    x, y = starts[..., 0].contiguous(), starts[..., 1].contiguous()
    points = torch.empty((n, 2, steps - warm_up, walkers), dtype=starts.dtype, device=starts.device)
    for step in range(steps):
        taken = (order[step] + moved[:, step : step + 1]) % walkers
        x, y = x.gather(1, taken), y.gather(1, taken)
        x, y = (a * x).add_(b * y).add_(c), (d * x).add_(e * y).add_(f)
        if step >= warm_up:
            points[:, 0, step - warm_up], points[:, 1, step - warm_up] = x, y
    return points.flatten(2), last


@lru_cache(maxsize=8)
def systems(n_classes: int, seed: int) -> dict[str, np.ndarray]:
    """The systems of the first classes: maps, chances, where their points lie, and points to start from.

    Of five candidates a class takes the one whose points cover the most cells of a 24 x 24 grid.
    """
    best: dict[str, np.ndarray] = {}
    for trial in range(CANDIDATES):
        keys = picture_keys(seed, f"fractal classes {trial}", np.arange(n_classes), -1)
        found = _measured(*_drawn_systems(keys), keys)
        better = found["covered"] > best["covered"] if best else np.ones(n_classes, dtype=bool)
        best = {
            name: np.where(better.reshape(-1, *[1] * (values.ndim - 1)), values, best.get(name, values))
            for name, values in found.items()
        }
    return best


def _measured(maps: np.ndarray, chance: np.ndarray, keys: np.ndarray) -> dict[str, np.ndarray]:
    n, steps = len(keys), 24
    starts = between(keys, "start", -1, 1, 2 * WALKERS).reshape(n, WALKERS, 2)
    arguments = (maps.astype(np.float32), _shares(chance), starts, uniform(keys, "walk", steps))
    system, shares, first, shifts = (torch.from_numpy(a) for a in arguments)
    points = walked(system, shares, first, shifts, warm_up=16)[0].numpy()
    low, high = np.quantile(points, 0.01, axis=2), np.quantile(points, 0.99, axis=2)
    half = np.maximum((high - low).max(axis=1) / 2, 1e-3)
    centre = (low + high) / 2
    cells = np.clip(((points - centre[:, :, None]) / half[:, None, None] + 1) * 12, 0, 23).astype(np.int64)
    flat = cells[:, 1] * 24 + cells[:, 0] + np.arange(n)[:, None] * 576
    covered = (np.bincount(flat.ravel(), minlength=n * 576).reshape(n, 576) > 0).mean(axis=1)
    mean = points.mean(axis=2)
    spread = np.sqrt(points.var(axis=2).sum(axis=1))
    return {
        "covered": covered,
        "maps": maps,
        "chance": chance,
        "off centre": (mean - centre) / half[:, None],
        "spread": spread / half,
        "starts": points[:, :, -WALKERS:].transpose(0, 2, 1).astype(np.float32),
    }


def draw_fractals(classes: np.ndarray, keys: np.ndarray, n_classes: int, seed: int) -> Drawn:
    """What a picture's fractal is: its class's system with each parameter changed by up to 8%, turned and scaled.

    The changes are as large as the weights of Kataoka et al. (2020, section 3.2) leave it the same class.
    """
    n, table = len(keys), systems(n_classes, seed)
    maps = table["maps"][classes] * between(keys, "jitter", 0.92, 1.08, MAPS * 6).reshape(n, MAPS, 2, 3)
    matrices = affine(keys, turn=25, scale=(0.6, 1.3), shear=0.2, shift=0.05)
    inverse = np.linalg.inv(matrices[:, :, :2])
    place = table["off centre"][classes] - matrices[:, :, 2]
    offset = (inverse * place[:, None, :]).sum(axis=2)
    placing = np.concatenate([inverse * table["spread"][classes][:, None, None], offset[:, :, None]], axis=2)
    return {
        "maps": contracted(maps).astype(np.float32),
        "shares": _shares(table["chance"][classes]),
        "starts": table["starts"][classes],
        "shifts": uniform(keys, "walk", STEPS),
        "placing": placing.astype(np.float32),
    }


def fractal_fields(drawn: dict[str, Tensor], size: int) -> tuple[Tensor, Tensor]:
    """Attractors of iterated function systems (Kataoka et al. 2020, "Pre-training without natural images").

    ``masks`` are where the attractor is, denser nearer 1; ``shades`` are which map led there, smoothed: the inner
    structure. Parameters as of `headstart.pretraining.formula.rendered.Family`.
    """
    n, copies = len(drawn["maps"]), max(1, -(-(size * size) // 4096))
    starts = drawn["starts"].repeat(1, copies, 1)
    points, last = walked(drawn["maps"], drawn["shares"], starts, drawn["shifts"], WARM_UP)
    points -= points.mean(dim=2, keepdim=True)
    spread = (points * points).mean(dim=2).sum(dim=1).sqrt().clamp(min=1e-6)
    placing = (
        drawn["placing"] * torch.cat([(1 / spread)[:, None].expand(n, 2), torch.ones_like(spread)[:, None]], 1)[:, None]
    )
    x, y = points[:, 0], points[:, 1]
    cells = [
        (x * placing[:, i, :1]).add_(y * placing[:, i, 1:2]).add_(placing[:, i, 2:]).add_(1).mul_(size / 2).floor_()
        for i in (0, 1)
    ]
    column, row = (cell.clamp_(-1, size).add_(1) for cell in cells)  # a margin of one takes what lies outside
    flat = row.mul_(size + 2).add_(column).long()
    hits = 1 + (2 * last + 1 << 32).repeat(1, STEPS - WARM_UP)  # two sums of whole numbers in one
    sums = torch.zeros((n, (size + 2) ** 2), dtype=torch.int64, device=x.device).scatter_add_(1, flat, hits)
    sums = sums.reshape(n, size + 2, size + 2)[:, 1:-1, 1:-1]
    both = torch.stack([(sums & 0xFFFFFFFF).float(), (sums >> 32).float()])
    density, shade = both.add_(box_blurred(both)).mul_(0.5)
    return 1 - torch.exp(-1.6 * density), (shade / (2 * MAPS * density.clamp(min=1e-6))).clamp_(0, 1)
