"""Four names in thirty voices, a few of them labelled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from headstart.data.sets.dataset import Dataset

FOLDER = Path(__file__).parent / "speech"
N_WORDS = 4
NOTES = (
    "The clips were spoken by a synthesiser (espeak-ng) and put into rooms and noise by headstart. So was much of what "
    "starter:speech learned from, but in other words.",
    "No voice is both in the part to learn from and in the test part.",
)


def wake_words(labels: int, seed: int) -> Dataset:
    """The bundled clips, with a part to learn from and a part to be tested on; no voice is in both.

    Parameters
    ----------
    labels : int
        How many make up the part ``train``: the four names of each of ``labels / 4`` voices. The rest is ``test``.
    seed : int
        Which voices.

    Returns
    -------
    Dataset
        120 clips of 1.2 s at 16 kHz; groups are voices.
    """
    import numpy as np
    import soundfile

    from headstart.data.clips.clips import Clips
    from headstart.data.sets.dataset import Dataset

    index = json.loads((FOLDER / "clips.json").read_text(encoding="utf-8"))
    sound, rate = soundfile.read(FOLDER / "clips.ogg", dtype="float32")
    rows = index["clips"]
    voices = np.array([row["voice"] for row in rows])
    known = np.random.default_rng(seed).permutation(np.unique(voices))[: labels // N_WORDS]
    clips = Clips(
        [sound[row["start"] : row["end"]] for row in rows],
        [f"{row['word']}, {row['voice']}" for row in rows],
        sampling_rate=rate,
    )
    return Dataset(
        inputs=clips,
        y=np.array([row["word"] for row in rows]),
        task="classification",
        classes=tuple(sorted({row["word"] for row in rows})),
        groups=voices,
        parts=np.where(np.isin(voices, known), "train", "test"),
        notes=NOTES,
    )
