"""Clean sounds put on stage: placed in a window, spoken in rooms, through noise and all sorts of microphones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from headstart.data.clips.changes import decibels, stretched, with_noise
from headstart.errors import ParameterError
from headstart.pretraining.formula.draws import between, chosen, picture_keys, uniform
from headstart.pretraining.speech.acoustics import band, impulse_response
from headstart.pretraining.speech.noises import background_tracks

RATE = 16000
ROOMS, CHANNELS = 192, 192  # drawn from once for all
ROOM_SECONDS = 0.45


@dataclass(frozen=True)
class Staging:
    """How clean sounds are varied; each is drawn anew for every key.

    Parameters
    ----------
    samples : int, default=24000
        Length of the window at 16 kHz.
    seed : int, default=0
        Decides rooms, channels and noises.
    stretch : (float, float), default=(0.88, 1.14)
        Factors of length, which change pitch and formants too.
    snr : (float, float), default=(0.0, 40.0)
        Signal-to-noise ratios in decibels; `quiet` of the sounds have no noise.
    level : (float, float), default=(-35.0, 0.0)
        Peak in decibels of full scale.
    rt60 : (float, float), default=(0.1, 0.8)
        Reverberation times in seconds.
    quiet, dry, flat, clipped : float
        Shares without noise, without a room, without band limits and tilt, and with clipping.
    narrow : float, default=0.25
        Share, of those with band limits, with nothing above 4 kHz, as in recordings at 8 kHz and by telephone.
    """

    samples: int = 24000
    seed: int = 0
    stretch: tuple[float, float] = (0.88, 1.14)
    snr: tuple[float, float] = (0.0, 40.0)
    level: tuple[float, float] = (-35.0, 0.0)
    rt60: tuple[float, float] = (0.1, 0.8)
    quiet: float = 0.2
    dry: float = 0.4
    flat: float = 0.3
    clipped: float = 0.04
    narrow: float = 0.25

    def __post_init__(self) -> None:
        if self.samples < 1600:
            raise ParameterError(f"Expected windows of at least 1,600 samples (0.1 s), found {self.samples}.")


class Stage:
    """Rooms, channels and noises, and sounds put among them.

    Every number drawn for a sound depends on its key alone, so a sound is the same in any batch.

    Parameters
    ----------
    staging : Staging
    voices : sequence of ndarray, default=()
        Words of which babble is made.

    Examples
    --------
    >>> stage = Stage(Staging(samples=16000))
    >>> keys = sound_keys(0, np.array([5, 6]), 0)
    >>> stage.staged([np.ones(4000, np.int16), np.ones(30000, np.int16)], keys).shape
    (2, 16000)
    """

    def __init__(self, staging: Staging | None = None, voices: Sequence[np.ndarray] = ()) -> None:
        self.staging = staging or Staging()
        self._voices = voices

    @cached_property
    def tracks(self) -> np.ndarray:
        """Noises of power 1, (n, samples)."""
        return background_tracks(self.staging.seed, self._voices)

    @cached_property
    def _rooms(self) -> np.ndarray:
        """Spectra of the rooms; the first is none."""
        rng = np.random.default_rng([self.staging.seed, 1])
        low, high = np.log(self.staging.rt60)
        responses = [
            impulse_response(
                float(np.exp(rng.uniform(low, high))),
                rng,
                seconds=ROOM_SECONDS,
                direct_to_reverberant=float(rng.uniform(-3, 12)),
            )
            for _ in range(ROOMS)
        ]
        none = np.zeros_like(responses[0])
        none[0] = 1.0
        return rfft(np.stack([none, *responses]), self._size)

    @cached_property
    def _channels(self) -> np.ndarray:
        """Responses of microphones and lines; the first is none."""
        rng, s, n = np.random.default_rng([self.staging.seed, 2]), self.staging, CHANNELS
        narrow = rng.random(n) < s.narrow
        low = np.where(narrow & (rng.random(n) < 0.4), 300.0, np.exp(rng.uniform(np.log(20), np.log(250), n)))
        high = np.where(narrow, rng.uniform(3000, 3950, n), np.exp(rng.uniform(np.log(4500), np.log(16000), n)))
        response = band(s.samples, low, high, rng.uniform(-6, 6, n))
        return np.concatenate([np.ones_like(response[:1]), response])

    @property
    def _size(self) -> int:
        return next_fast_len(self.staging.samples + round(ROOM_SECONDS * RATE), real=True)

    def staged(self, sounds: Sequence[np.ndarray], keys: np.ndarray) -> np.ndarray:
        """Windows with a sound in each.

        Parameters
        ----------
        sounds : sequence of n ndarray
            Each (length,) at 16 kHz, of any scale; an empty one gives background alone. What is longer than the
            window is cut.
        keys : ndarray of uint64, shape (n,)
            From `sound_keys`.

        Returns
        -------
        windows : ndarray of float32, shape (n, samples)
            In -1 to 1.
        """
        s = self.staging
        placed, lengths = self._placed(sounds, keys)
        wet = self._in_rooms(placed, keys)
        snr = between(keys, "snr", *s.snr)[:, 0]
        spoken = lengths > 0
        noisy = np.flatnonzero(~spoken | (uniform(keys, "quiet")[:, 0] >= s.quiet))
        if len(noisy):
            noise = self._noise(keys[noisy])
            heard = with_noise(wet[noisy], noise, snr[noisy], lengths[noisy])
            wet[noisy] = np.where(spoken[noisy, None], heard, noise)
        return self._recorded(wet, keys)

    def _placed(self, sounds: Sequence[np.ndarray], keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sounds stretched and set at a random place in the window; and their lengths there."""
        n = self.staging.samples
        factors, places = between(keys, "stretch", *self.staging.stretch)[:, 0], uniform(keys, "place")[:, 0]
        placed, lengths = np.zeros((len(keys), n), np.float32), np.zeros(len(keys), np.int64)
        for row, (sound, factor, place) in enumerate(zip(sounds, factors.tolist(), places.tolist(), strict=True)):
            if not len(sound):
                continue
            wave = stretched(sound, factor)
            if len(wave) > n:  # of a long sound any part, as long recordings have
                wave = wave[int(place * (len(wave) - n + 1)) :][:n]
            start = int(place * (n - len(wave) + 1))
            placed[row, start : start + len(wave)] = wave / np.float32(max(1e-9, np.abs(wave).max()))
            lengths[row] = len(wave)
        return placed, lengths

    def _in_rooms(self, placed: np.ndarray, keys: np.ndarray) -> np.ndarray:
        dry = uniform(keys, "dry")[:, 0] < self.staging.dry
        room = 1 + np.minimum(uniform(keys, "room")[:, 0] * ROOMS, ROOMS - 1).astype(np.int64)
        rows = np.flatnonzero(~dry)
        if len(rows):
            wet = irfft(rfft(placed[rows], self._size) * self._rooms[room[rows]], self._size)
            placed[rows] = wet[:, : placed.shape[1]]
        return placed

    def _noise(self, keys: np.ndarray) -> np.ndarray:
        """Pieces of one track, or of two one over the other."""
        n, length = self.staging.samples, self.tracks.shape[1]
        which = np.minimum(uniform(keys, "tracks", 2) * len(self.tracks), len(self.tracks) - 1).astype(np.int64)
        start = (uniform(keys, "starts", 2) * (length - n + 1)).astype(np.int64)
        share = np.where(uniform(keys, "two")[:, 0] < 0.5, between(keys, "share", 0, 0.7)[:, 0], 0.0)
        noise = np.empty((len(keys), n), np.float32)
        for row in range(len(keys)):
            (a, b), (i, j) = which[row], start[row]
            noise[row] = self.tracks[a, i : i + n]
            if share[row]:
                noise[row] += share[row] * self.tracks[b, j : j + n]
        return noise

    def _recorded(self, mixed: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Through a channel, at some level, seldom too loud for it."""
        s = self.staging
        flat = uniform(keys, "flat")[:, 0] < s.flat
        channel = 1 + np.minimum(uniform(keys, "channel")[:, 0] * CHANNELS, CHANNELS - 1).astype(np.int64)
        rows = np.flatnonzero(~flat)
        if len(rows):
            mixed[rows] = irfft(rfft(mixed[rows]) * self._channels[channel[rows]], s.samples)
        peak = np.maximum(np.abs(mixed).max(axis=1), 1e-9)
        overdriven = chosen(keys, "clipped", (1 - s.clipped, s.clipped)) == 1
        level = np.where(overdriven, between(keys, "over", 3, 12)[:, 0], between(keys, "level", *s.level)[:, 0])
        mixed *= (decibels(level) / peak).astype(np.float32)[:, None]
        return np.clip(mixed, -1.0, 1.0, out=mixed)


def sound_keys(seed: int, index: np.ndarray, epoch: int) -> np.ndarray:
    """One key for each sound of an epoch, for `Stage.staged`; uint64 (n,)."""
    return picture_keys(seed, "sound", index, epoch)
