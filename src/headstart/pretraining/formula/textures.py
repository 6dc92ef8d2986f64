"""Textures from spectra: a class says which frequencies and directions are strong, and how values are cut."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from headstart.pretraining.formula.draws import Drawn, between, chosen, picture_keys, uniform
from headstart.pretraining.formula.warping import step

PEAKS = 3


@lru_cache(maxsize=4)
def _noises(size: int, device: torch.device) -> Tensor:
    """Complex normal numbers from which every picture takes a window of its own, (1, 4 size, 4 size)."""
    shape = (1, 4 * size, 4 * size, 2)
    drawn = np.random.Generator(np.random.PCG64(20200101)).standard_normal(shape, dtype=np.float32)
    return torch.view_as_complex(torch.from_numpy(drawn)).to(device)


@lru_cache(maxsize=16)
def frequencies(size: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The frequencies of `torch.fft.rfft2`: directions (sine and cosine of their angle) and 1 / length.

    Lengths are in waves a picture. The mean, of frequency 0, has 1 / length 0 and so takes no part.
    """
    fy = torch.fft.fftfreq(size, 1 / size)[:, None].expand(size, size // 2 + 1)
    fx = torch.fft.rfftfreq(size, 1 / size)[None, :].expand(size, size // 2 + 1)
    length = torch.sqrt(fy**2 + fx**2)
    inverse = torch.where(length > 0, 1 / length, 0.0)
    return (fy * inverse).to(device), (fx * inverse).to(device), inverse.to(device)


@lru_cache(maxsize=8)
def spectra_table(n_classes: int, seed: int) -> dict[str, np.ndarray]:
    """What makes the classes: frequency, direction and width of up to three peaks, and how values are cut."""
    keys = picture_keys(seed, "texture classes", np.arange(n_classes), -1)
    peaks = 1 + chosen(keys, "peaks", (1.0, 1.0, 1.0))
    strength = np.where(np.arange(PEAKS) < peaks[:, None], between(keys, "strength", 0.4, 1, PEAKS), 0)
    return {
        "frequency": np.exp(between(keys, "frequency", np.log(2.5), np.log(20), PEAKS)),
        "direction": between(keys, "direction", 0, np.pi, PEAKS),
        "spread": np.exp(between(keys, "spread", np.log(0.06), np.log(0.6), PEAKS)),  # of log frequency
        "fan": np.exp(between(keys, "fan", np.log(0.08), np.log(2.5), PEAKS)),  # of direction, in radians
        "strength": strength,
        "cut": chosen(keys, "cut", (2.0, 1.0, 1.0, 1.0)),  # as it is, two tones, ridges, blobs
    }


def draw_textures(classes: np.ndarray, keys: np.ndarray, n_classes: int, seed: int) -> Drawn:
    """What a picture's texture is: its class's spectrum, slightly turned and scaled, its cut, and noise of its own.

    A cut maps noise v to 1 / (1 + exp(-u)), u = steepness (v - threshold), or u = steepness (0.35 - |v - threshold|)
    for ridges.
    """
    table = {name: values[classes] for name, values in spectra_table(n_classes, seed).items()}
    zoom = between(keys, "zoom", -0.22, 0.22).astype(np.float64)
    turned = table["direction"].astype(np.float64) + between(keys, "turn", -0.2, 0.2)
    level = between(keys, "level", -0.4, 0.4)[:, 0]
    cut = table["cut"]
    peaks = np.stack(
        [
            np.log(table["frequency"].astype(np.float64)) + zoom,
            np.cos(turned) / table["fan"],
            np.sin(turned) / table["fan"],
            1 / table["spread"],
            table["strength"],
        ],
        axis=2,
    )
    return {
        "peaks": peaks.astype(np.float32),
        "noise": uniform(keys, "noise", 2),
        "steepness": np.array([1.5, 8, 8, 6], dtype=np.float32)[cut],
        "threshold": np.where(cut == 0, 0, np.where(cut == 3, 1 + 0.3 * level, level)).astype(np.float32),
        "ridges": (cut == 2).astype(np.float32),
    }


def spectra(peaks: Tensor, size: int) -> Tensor:
    """Amplitudes of textures at the frequencies of `torch.fft.rfft2`.

    A(f) = 1/|f| sum over the peaks of strength exp(-(log |f| - log f_0)^2 / (2 spread^2) - sin^2(angle) / (2 fan^2)),
    where angle is that between f and the peak's direction.

    Parameters
    ----------
    peaks : Tensor, shape (n, PEAKS, 5)
        log f_0, cos(direction) / fan, sin(direction) / fan, 1 / spread, strength.
    size : int
        Side of the pictures in pixels.

    Returns
    -------
    amplitudes : Tensor, shape (n, size, size // 2 + 1)
    """
    sine, cosine, inverse = frequencies(size, peaks.device)
    log_inverse = torch.log(inverse.clamp(min=0.5 / size))
    amplitudes = torch.zeros((len(peaks), *inverse.shape), dtype=peaks.dtype, device=peaks.device)
    for peak in range(PEAKS):
        centre, right, down, narrow, strength = (peaks[:, peak, i, None, None] for i in range(5))
        along = (log_inverse + centre).mul_(narrow)
        across = (sine * right).sub_(cosine * down)
        amplitudes += along.mul_(along).add_(across.mul_(across)).mul_(-0.5).exp_().mul_(strength)
    return amplitudes.mul_(inverse)


def windows(fields: Tensor, layers: Tensor | int, corners: Tensor, height: int, width: int) -> Tensor:
    """Windows of large fields, one a picture.

    Parameters
    ----------
    fields : Tensor, shape (l, h, w)
    layers : Tensor of int64, shape (n,), or int
        Of which field.
    corners : Tensor, shape (n, 2)
        Where each window lies: 0 at the upper or left end, 1 at the other.
    height, width : int
        Of the windows.

    Returns
    -------
    windows : Tensor, shape (n, height, width)
    """
    y = (corners[:, 0] * (fields.shape[1] - height)).long()
    x = (corners[:, 1] * (fields.shape[2] - width)).long()
    return fields.unfold(1, height, 1).unfold(2, width, 1)[layers, y, x]


def texture_fields(drawn: dict[str, Tensor], size: int) -> tuple[Tensor, Tensor]:
    """Textures: noise whose spectrum has the class's peaks, cut in the class's way.

    ``masks`` are the texture; ``shades`` are zeros: a texture has the ground's colour and one of its own. Parameters as
    of `headstart.pretraining.formula.rendered.Family`.
    """
    steepness, threshold, ridges = (drawn[name][:, None, None] for name in ("steepness", "threshold", "ridges"))
    waves = windows(_noises(size, steepness.device), 0, drawn["noise"], size, size // 2 + 1) * spectra(
        drawn["peaks"], size
    )
    noise = inverse_transforms(waves, size)
    noise *= (size / noise.flatten(1).norm(dim=1).clamp(min=1e-9))[:, None, None]
    noise -= threshold
    noise += ridges * (0.35 - noise.abs() - noise)
    masks = step(noise.mul_(steepness))
    return masks, torch.zeros_like(masks)


def inverse_transforms(waves: Tensor, size: int) -> Tensor:
    """Real pictures of spectra (n, size, size // 2 + 1); on a CPU each by itself.

    There the library that computes it rounds a picture's last digits in a way that depends on the batch.
    """
    if waves.device.type != "cpu":
        return torch.fft.irfft2(waves, s=(size, size))
    pictures = torch.empty((len(waves), size, size))
    for one, picture in zip(waves, pictures, strict=True):
        torch.fft.irfft2(one, s=(size, size), out=picture)
    return pictures
