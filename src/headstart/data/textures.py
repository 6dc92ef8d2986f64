"""Textures from spectra: a class says which frequencies and directions are strong, and how values are cut."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.data.draws import between, chosen, picture_keys, uniform

BANK = 1024
PEAKS = 3


@lru_cache(maxsize=1)
def _noise_bank() -> Tensor:
    """Complex normal numbers from which every picture takes a window of its own."""
    drawn = np.random.Generator(np.random.PCG64(20200101)).standard_normal((BANK, BANK, 2), dtype=np.float32)
    return torch.view_as_complex(torch.from_numpy(drawn))


def filtered_noise(spectra: Tensor, keys: np.ndarray, size: int) -> Tensor:
    """Stationary noise with given amplitude spectra, mean 0 and standard deviation 1 in each picture.

    Parameters
    ----------
    spectra : Tensor, shape (n, size, size // 2 + 1)
        Amplitudes at the frequencies of `torch.fft.rfft2`.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures: they choose the noise.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    noise : Tensor, shape (n, size, size)
    """
    bank = _noise_bank()
    columns = size // 2 + 1
    corner = (uniform(keys, "noise", 2) * (BANK - size)).astype(np.int64)
    windows = torch.stack([bank[y : y + size, x : x + columns] for y, x in corner])
    noise = torch.fft.irfft2(windows * spectra, s=(size, size))
    noise = noise - noise.mean(dim=(1, 2), keepdim=True)
    return noise * (size / noise.flatten(1).norm(dim=1).clamp(min=1e-9))[:, None, None]


@lru_cache(maxsize=4)
def _frequencies(size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Frequencies in waves a picture: vertical, horizontal, and their length (at least 1), on rfft2's grid."""
    fy = torch.fft.fftfreq(size, 1 / size)[:, None].expand(size, size // 2 + 1)
    fx = torch.fft.rfftfreq(size, 1 / size)[None, :].expand(size, size // 2 + 1)
    return fy, fx, torch.sqrt(fy**2 + fx**2).clamp(min=1.0)


def natural_noise(keys: np.ndarray, size: int) -> Tensor:
    """Noise with the spectrum of photographs, 1/f^a with a from 0.8 to 2.2; shape (n, size, size)."""
    radius = _frequencies(size)[2]
    slope = torch.from_numpy(between(keys, "slope", 0.8, 2.2))[:, :, None]
    return filtered_noise(torch.exp(-slope * torch.log(radius)), keys, size)


@lru_cache(maxsize=8)
def spectra_table(n_classes: int, seed: int) -> dict[str, np.ndarray]:
    """What makes the classes: frequency, direction and width of up to three peaks, and how values are cut."""
    keys = picture_keys(seed, "texture classes", np.arange(n_classes), -1)
    shape = (n_classes, PEAKS)
    peaks = 1 + chosen(keys, "peaks", (1.0, 1.0, 1.0))
    return {
        "frequency": np.exp(between(keys, "frequency", np.log(2.5), np.log(20), PEAKS)),
        "direction": between(keys, "direction", 0, np.pi, PEAKS),
        "spread": np.exp(between(keys, "spread", np.log(0.06), np.log(0.6), PEAKS)),  # of log frequency
        "fan": np.exp(between(keys, "fan", np.log(0.08), np.log(2.5), PEAKS)),  # of direction, in radians
        "strength": np.where(np.arange(PEAKS) < peaks[:, None], between(keys, "strength", 0.4, 1, PEAKS), 0).reshape(
            shape
        ),
        "cut": chosen(keys, "cut", (2.0, 1.0, 1.0, 1.0)),  # as it is, two tones, ridges, blobs
    }


def texture_shades(classes: np.ndarray, keys: np.ndarray, size: int, n_classes: int, seed: int) -> Tensor:
    """Textures: noise whose spectrum has the class's peaks, slightly turned and scaled, cut in the class's way.

    Parameters
    ----------
    classes : ndarray of int, shape (n,)
        Index of the spectrum.
    keys : ndarray of uint64, shape (n,)
        Keys of the pictures.
    size : int
        Side of the pictures in pixels.
    n_classes, seed : int
        Which table of spectra.

    Returns
    -------
    shades : Tensor, shape (n, size, size)
        0 to 1.
    """
    table = {name: values[classes] for name, values in spectra_table(n_classes, seed).items()}
    fy, fx, radius = _frequencies(size)
    log_radius, angle = torch.log(radius), torch.atan2(fy, fx)
    zoom = between(keys, "zoom", -0.22, 0.22)
    turn = between(keys, "turn", -0.2, 0.2)
    spectra = torch.zeros(len(classes), *radius.shape)
    for peak in range(PEAKS):
        centre = _column(np.log(table["frequency"][:, peak]) + zoom[:, 0])
        across = torch.remainder(angle - _column(table["direction"][:, peak] + turn[:, 0]) + np.pi / 2, np.pi)
        across = (across - np.pi / 2) / _column(table["fan"][:, peak])
        along = (log_radius - centre) / _column(table["spread"][:, peak])
        spectra += _column(table["strength"][:, peak]) * torch.exp(-0.5 * (along**2 + across**2)) / radius
    noise = filtered_noise(spectra, keys, size)
    cut = torch.from_numpy(table["cut"])[:, None, None]
    level = torch.from_numpy(between(keys, "level", -0.4, 0.4))[:, :, None]
    smooth = torch.sigmoid(1.5 * noise)
    tones = torch.sigmoid(8 * (noise - level))
    ridges = torch.exp(-4 * (noise - level).abs())
    blobs = torch.sigmoid(6 * (noise - 1.0 - 0.3 * level))
    return torch.where(cut == 0, smooth, torch.where(cut == 1, tones, torch.where(cut == 2, ridges, blobs)))


def _column(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))[:, None, None]
