"""A served model under load and under bad uploads: is anything lost, does anything end it, does its memory grow?

    python benchmarks/serving.py MODEL [PICTURES]

MODEL is a folder that `headstart fit` wrote, of any kind of input; for one of pictures PICTURES is a folder of some.
Clips are tones, texts words, rows numbers and categories that the model knows. The server is a process of its own,
`headstart serve` on a free port of this machine; its memory is read while it runs.

1. `--rounds` times `--at-once` requests at the same time, every input another one (of pictures the first pixels).
2. `--bad` damaged and hostile requests, `--together` at a time: files of all forms of the kind (PNG, JPEG, GIF, TIFF,
   WebP, DICOM, NIfTI, HEIC; WAV, FLAC, Ogg, MP3; texts in UTF-8 and UTF-16) with bits turned and ends cut off, the
   forms that hold them damaged alike, names that climb folders or hold scripts, headers that claim 2^30 x 2^30 pixels,
   PNG files of few bytes that unpack to 192 MB, texts and rows of odd values, JSON of all kinds.
3. For pictures `--alone` answers of the loaded model in Python, one distinct picture each, without any server.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "makers")]

from bad_uploads import requests, sent  # noqa: E402
from served import Served  # noqa: E402


def resident(process: int | str) -> float:
    """Memory that a process holds, in MiB."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pictures(folder: Path) -> Iterator[bytes]:
    """JPEG files without end, each another one."""
    rng, known = np.random.default_rng(0), sorted(folder.rglob("*.jpg"))
    while True:
        for path in known:
            pixels = np.asarray(Image.open(path).convert("RGB")).copy()
            pixels[:8, :8] = rng.integers(0, 255, (8, 8, 3))
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "JPEG")
            yield file.getvalue()


@contextmanager
def server(model: Path, place: str) -> Iterator[tuple[Served, subprocess.Popen[str], Path]]:
    """`headstart serve` in a process of its own, and the file that holds what it says."""
    said = Path(place) / "said"
    command = [sys.executable, "-m", "headstart", "serve", str(model.absolute()), "--port", "0"]
    with (
        said.open("w") as file,
        subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=file, text=True) as running,
    ):
        assert running.stdout is not None
        found = re.search(r":(\d+)/", running.stdout.readline())
        assert found is not None, "the server did not begin"
        try:
            yield Served(int(found[1])), running, said
        finally:
            running.terminate()
            print(f"ended with {running.wait(30)}: {said.read_text().strip()!r}")


def good(said: dict[str, Any], folder: Path | None) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Good requests without end, each another one: the method of `Served` that sends it, and its arguments."""
    kind, rng = said["input_type"], np.random.default_rng(0)
    files = pictures(folder) if kind == "image" and folder is not None else None
    for i in count():
        if files is not None:
            yield "send", ("/predict", [("file", str(i), next(files))])
        elif kind == "audio":
            file = io.BytesIO()
            soundfile.write(file, 0.3 * np.sin(np.arange(8000) * rng.uniform(0.1, 1)), 8000, format="WAV")
            yield "send", ("/predict", [("file", str(i), file.getvalue())])
        elif kind == "table":
            row = {
                one["name"]: str(rng.choice(one["options"])) if one["options"] else float(rng.normal())
                for one in said["columns"]
                if one["holds"] in ("number", "category")
            }
            yield "post", ("/predict", {"rows": [row]})
        else:
            yield "post", ("/predict", {"texts": [f"so good, so bad, {i} times"]})


Requests = Iterator[tuple[str, tuple[Any, ...]]]


def load(one: Served, process: int, source: Requests, rounds: int, at_once: int) -> None:
    """Rounds of requests at the same time."""
    with ThreadPoolExecutor(at_once) as pool:
        for number in range(rounds):
            given = [next(source) for _ in range(at_once)]
            start = time.perf_counter()

            def ask(i: int, given: list[Any] = given) -> tuple[int, float, bool]:
                begun, (how, arguments) = time.perf_counter(), given[i]
                found = getattr(one, how)(*arguments)
                mine = found.status == 200 and len(found.said["predictions"]) == 1
                if mine and how == "send":
                    mine = found.said["predictions"][0]["file"] == arguments[1][0][1]
                return found.status, time.perf_counter() - begun, mine

            answers = list(pool.map(ask, range(at_once)))
            seconds, each = time.perf_counter() - start, sorted(answer[1] for answer in answers)
            print(
                f"round {number + 1}: {sum(answer[2] for answer in answers)} of {at_once} answered, "
                f"{at_once / seconds:.0f} a second, half within {each[at_once // 2]:.2f} s, the last after "
                f"{each[-1]:.2f} s; {resident(process):.0f} MiB",
                flush=True,
            )


def bad(one: Served, process: int, n: int, together: int, source: Requests, said: dict[str, Any]) -> None:
    """Bad requests, and a good one after every hundred of them."""
    statuses: Counter[tuple[str, int]] = Counter()
    every = requests(1, n, 4000, said["input_type"], [column["name"] for column in said["columns"]])
    with ThreadPoolExecutor(together) as pool:
        for start in range(0, n, 100):
            some = [next(every) for _ in range(min(100, n - start))]
            found = list(pool.map(lambda each: sent(one, each[1], each[2]), some))
            statuses.update((what, status) for (what, _, _), status in zip(some, found, strict=True))
            how, given = next(source)
            answered = getattr(one, how)(*given).status
            print(f"{start + len(some)} bad requests, a good one: {answered}; {resident(process):.0f} MiB", flush=True)
    for (what, status), times in sorted(statuses.items()):
        print(f"  {what}: {status} {times} times")


def alone(model: Path, source: Iterator[bytes], n: int) -> None:
    """Answers of a loaded model in this process."""
    import headstart

    loaded = headstart.load(model)
    with tempfile.TemporaryDirectory() as place:
        for i in range(n):
            path = Path(place) / f"{i}.jpg"
            path.write_bytes(next(source))
            loaded.predict([path])
            path.unlink()
            if i + 1 in (20, 100) or (i + 1) % 500 == 0:
                print(f"{i + 1} answers: {resident('self'):.0f} MiB", flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("pictures", type=Path, nargs="?")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--bad", type=int, default=1000)
    parser.add_argument("--together", type=int, default=4)
    parser.add_argument("--alone", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, server(given.model, place) as (one, running, _):
        said = one.ask("/model").said
        source = good(said, given.pictures)
        load(one, running.pid, source, given.rounds, given.at_once)
        bad(one, running.pid, given.bad, given.together, source, said)
    if given.pictures is not None:
        alone(given.model, pictures(given.pictures), given.alone)


if __name__ == "__main__":
    main()
