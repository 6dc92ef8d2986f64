"""Five thousand damaged and hostile model folders: each is refused in words, or says what the original says.

    python benchmarks/fuzz_models.py --cases 5000

*Damaged* folders are changed at random: bits, ends, JSON values, keys, files of other models, links, pipes, shapes.
What is loaded all the same must answer as the original does, to the last bit. *Hostile* ones are changed by somebody
who makes all checksums right again: what is loaded then is another model, and has to answer as any model does, with
finite probabilities of its own classes. Nothing but `HeadstartError` may come of either, within 5 seconds and 1 GiB.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1] / "tests" / "makers"), str(Path(__file__).parent)]

from damage import TooSlow, changed, cut, flipped, huge, limits, main  # noqa: E402
from saved_models import MODELS  # noqa: E402

from headstart import load  # noqa: E402
from headstart.errors import HeadstartError  # noqa: E402
from headstart.models.saving.tables import ARRAYS, STRUCTURE, digest  # noqa: E402
from headstart.networks.folder import refuse_odd_files  # noqa: E402
from headstart.networks.seal import seal  # noqa: E402

ASKED = 4


def prepared(place: Path, names: list[str] | None = None) -> dict[str, tuple[Any, np.ndarray]]:
    """Save every kind of model; its name, some inputs, and what it answers once it is loaded."""
    known: dict[str, tuple[Any, np.ndarray]] = {}
    for name in names or MODELS:
        model, inputs = MODELS[name]()
        model.save(place / name)
        some = inputs[:ASKED] if not hasattr(inputs, "iloc") else inputs.iloc[:ASKED]
        known[name] = some, answers(load(place / name), some)
    return known


def answers(model: Any, inputs: Any) -> np.ndarray:
    """Probabilities, or numbers."""
    return np.asarray(model.predict(inputs) if model.task == "regression" else model.predict_proba(inputs))


def damage(folder: Path, others: list[Path], rng: np.random.Generator) -> str:
    """Change one file of a folder; what was done in words."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    file = files[rng.integers(len(files))]
    place = file.relative_to(folder).as_posix()
    kind = rng.integers(8)
    if kind <= 2 and file.suffix == ".json":
        content, words = changed(file.read_bytes(), rng)
    elif kind <= 2 and file.suffix == ".safetensors":
        content, words = huge(file.read_bytes(), rng)
    elif kind <= 4 or not file.stat().st_size:
        content, words = (flipped, cut)[kind % 2](file.read_bytes(), rng)
    elif kind == 5:
        other = others[rng.integers(len(others))]
        taken = other / place if (other / place).is_file() else other / "headstart.json"
        content, words = taken.read_bytes(), f"that of {other.name}"
    else:
        file.unlink()
        odd = rng.integers(5)
        if odd == 0:
            os.mkfifo(file)
        elif odd == 1:
            file.symlink_to("/dev/zero")
        elif odd == 2:
            file.symlink_to(others[0] / "evidence.json")
        elif odd == 3:
            file.mkdir()
        return f"{place}: {('a pipe', '/dev/zero', 'a link', 'a folder', 'gone')[odd]}"
    file.write_bytes(content)
    return f"{place}: {words}"


def make_right(folder: Path) -> None:
    """Give a folder the checksums of what is in it now."""
    refuse_odd_files(folder)
    structure, arrays = folder / STRUCTURE, folder / ARRAYS
    if structure.is_file() and arrays.is_file():
        found = json.loads(structure.read_bytes())
        if isinstance(found, dict) and found.pop("sha256", None) is not None:
            structure.write_text(json.dumps({**found, "sha256": digest(found, arrays.read_bytes())}))
    manifest = json.loads((folder / "headstart.json").read_bytes())
    if isinstance(manifest, dict):
        seal(folder)


def case(seed: int, place: Path, known: dict[str, tuple[Any, np.ndarray]], work: Path) -> tuple[str, str]:
    """Outcome and words of one case: refused, equal, another model, or a fault."""
    rng = np.random.default_rng(seed)
    names = list(known)
    name = names[rng.integers(len(names))]
    folder = work / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(place / name, folder)
    words = damage(folder, [place / other for other in names], rng)
    hostile = rng.random() < 0.5
    if hostile:
        try:
            make_right(folder)
        except Exception:  # what cannot be made right stays damaged
            hostile = False
    words = f"{seed} {name}: {words}{', checksums made right' if hostile else ''}"
    inputs, wanted = known[name]
    try:
        with limits() as taken:
            model = load(folder)
            found = answers(model, inputs)
    except HeadstartError as error:
        slow = taken and taken[0] > 4.9
        return ("too slow" if slow else "hostile, refused" if hostile else "damaged, refused"), f"{words}: {error}"
    except TooSlow:
        return "too slow", words
    except BaseException as error:
        return "foreign exception", f"{words}: {type(error).__name__}: {error}"
    if found.shape == wanted.shape and np.array_equal(found, wanted):
        return "answers equal", words
    if not hostile:
        return "wrong, accepted", words
    sums = found.sum(axis=1) if model.task == "classification" else np.ones(1)
    sane = np.isfinite(found).all() and len(found) == len(wanted) and np.allclose(sums, 1, atol=1e-4)
    return ("hostile, another model" if sane else "senseless, accepted"), words


def run(seeds: range, names: list[str] | None = None) -> Iterator[tuple[str, str]]:
    """Outcome and words of each case, in this process."""
    with tempfile.TemporaryDirectory() as root, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place, work = Path(root) / "saved", Path(root) / "work"
        work.mkdir()
        known = prepared(place, names)
        for seed in seeds:
            yield case(seed, place, known, work)


if __name__ == "__main__":
    main(__file__, str(__doc__), 5000, run)
