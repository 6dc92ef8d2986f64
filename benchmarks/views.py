"""What several cached views of each training clip are worth to a head on frozen features, with 50 labels.

Run: python benchmarks/views.py ../shared/data [--draws 10]

spoken_digits: 5 clips a digit of five speakers, tested on clips of the sixth, each speaker in turn. esc10: 5 clips a
class, tested on all others of another recording. The same draws for all ways; linear heads as
`TransferClassifier` solves them. "masks" hides stretches of time and bands of frequency too (SpecAugment on the wave).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from sound_networks import speech_embedding, yamnet

from headstart.data.clips.augment import SoundAugmentation
from headstart.data.clips.clips import Clips
from headstart.parameters.transfer import TransferClassifier

EACH, TESTED = 5, 100
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "4 views": {"views": 4},
    "4 views, masks": {"views": 4, "augment": SoundAugmentation(time_masks=2, bands=2)},
}


def spoken_digits(data: Path) -> tuple[list[Path], np.ndarray, np.ndarray]:
    """Files, digits and speakers."""
    files = sorted((data / "spoken_digits").glob("*.flac"))
    parts = [file.stem.split("_") for file in files]
    return files, np.array([part[0] for part in parts]), np.array([part[1] for part in parts])


def esc10(data: Path) -> tuple[list[Path], np.ndarray, np.ndarray]:
    """Files, classes and recordings."""
    files = sorted(file for file in (data / "esc10").glob("*/*") if file.suffix in (".ogg", ".wav", ".flac"))
    return files, np.array([file.parent.name for file in files]), np.array([file.stem.split("-")[1] for file in files])


def draw(y: np.ndarray, groups: np.ndarray, by_group: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from, `EACH` a class, and rows of other groups to test on."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    if by_group:
        names = np.unique(groups)
        away = groups == names[seed % len(names)]
        order = order[~away[order]]
    train = np.concatenate([order[y[order] == label][:EACH] for label in np.unique(y)])
    rest = np.flatnonzero(away) if by_group else np.flatnonzero(~np.isin(groups, groups[train]))
    return train, rng.permutation(rest)[:TESTED]


def main() -> None:
    """Print a line a set and network: mean accuracy of each way, and its gain with its standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--only", default="", help="a part of a set's or network's name")
    options = parser.parse_args()
    networks = {"speech_embedding": speech_embedding(), "yamnet": yamnet(), "starter:speech": "starter:speech"}
    for name, read in (("spoken_digits", spoken_digits), ("esc10", esc10)):
        files, y, groups = read(options.data)
        clips = Clips([str(file) for file in files])
        for source_name, source in networks.items():
            if options.only not in f"{name} {source_name}":
                continue
            started, scores = time.monotonic(), {way: [] for way in WAYS}
            for seed in range(options.draws):
                train, test = draw(y, groups, name == "spoken_digits", seed)
                for way, settings in WAYS.items():
                    head = TransferClassifier(source, head="linear", random_state=0, **settings)
                    model = head.fit(clips[train], y[train])
                    scores[way].append(100 * model.score(clips[test], y[test]))
            plain = np.array(scores["plain"])
            words = []
            for way, found in scores.items():
                gain = np.array(found) - plain
                error = gain.std(ddof=1) / np.sqrt(len(gain))
                words.append(
                    f"{way} {np.mean(found):.1f}" + (f" ({gain.mean():+.1f} ± {error:.1f})" if way != "plain" else "")
                )
            print(f"{name}, {source_name}: {'; '.join(words)}  [{time.monotonic() - started:.0f} s]", flush=True)


if __name__ == "__main__":
    main()
