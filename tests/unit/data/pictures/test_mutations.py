"""Two hundred damaged inputs: each ends in pictures, in an error of ours with words, or in a listed drop."""

from __future__ import annotations

import io
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.reading.read import read_dataset
from headstart.data.sets.screen import screen
from headstart.errors import BadPictures, DataError

PLAIN = Preprocessing(16, (14, 14), (0.5,) * 3, (0.5,) * 3)
KINDS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "BMP": ".bmp", "TIFF": ".tif", "GIF": ".gif"}
MODES = ["RGB", "L", "RGBA", "P", "1", "CMYK", "LA", "I;16"]
Mutation = Callable[[Path, bytes, np.random.Generator], None]


def truncated(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(content[: rng.integers(1, len(content))])


def zeroed(path: Path, content: bytes, rng: np.random.Generator) -> None:
    start = int(rng.integers(0, len(content)))
    path.write_bytes(content[:start] + bytes(len(content) - start))


def empty(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.touch()


def flipped(path: Path, content: bytes, rng: np.random.Generator) -> None:
    damaged = bytearray(content)
    for _ in range(rng.integers(1, 30)):
        damaged[rng.integers(0, len(damaged))] = int(rng.integers(0, 256))
    path.write_bytes(damaged)


def wrong_extension(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_suffix(str(rng.choice([".txt", ".gif", ".jpg", ".tif", "", ".heic", ".JPEG"]))).write_bytes(content)


def text(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_text("this is a letter, not a picture\n" * int(rng.integers(1, 99)), encoding="utf-8")


def random_bytes(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(content[: rng.integers(0, 40)] + rng.bytes(int(rng.integers(1, 3000))))


def huge(path: Path, content: bytes, rng: np.random.Generator) -> None:
    size = struct.pack(">II", *rng.integers(50_000, 2**31, 2).tolist())
    damaged = bytearray(content)
    if content.startswith(b"\x89PNG"):
        damaged[16:24] = size
    elif content.startswith(b"BM"):
        damaged[18:26] = size[::-1]
    elif content.startswith(b"GIF"):
        damaged[6:10] = b"\xff" * 4
    else:
        at = content.find(b"\xff\xc0")
        damaged[at + 5 : at + 9] = b"\xff" * 4
    path.write_bytes(damaged)


def loop(path: Path, content: bytes, rng: np.random.Generator) -> None:
    other = path.with_name("other" + path.name)
    path.symlink_to(other)
    other.symlink_to(path)


def folder_loop(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.write_bytes(content)
    (path.parent / "round").symlink_to(path.parent.parent)


def folder_named_like_a_picture(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.mkdir()


def pipe(path: Path, content: bytes, rng: np.random.Generator) -> None:
    os.mkfifo(path)


def unreadable(path: Path, content: bytes, rng: np.random.Generator) -> None:
    path.with_name("unreadable" + path.suffix).write_bytes(content)


def odd_name(path: Path, content: bytes, rng: np.random.Generator) -> None:
    names = ["ant 🐜\u202e", "\u0000".replace("\u0000", "x") * 200, "new\nline", "-rf", "%s%n", "e\u0301", "[red]", " "]
    path.with_name(str(rng.choice(names)) + path.suffix).write_bytes(content)


def no_text_name(path: Path, content: bytes, rng: np.random.Generator) -> None:
    with open(os.fsencode(path.parent) + b"/\xff\xfe\x80" + os.fsencode(path.suffix), "wb") as file:
        file.write(content)


def twin_of_another_class(path: Path, content: bytes, rng: np.random.Generator) -> None:
    shutil.copy(path.parent.parent / "bees" / "0.png", path.with_suffix(".png"))


def giant_tag(path: Path, content: bytes, rng: np.random.Generator) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "TIFF")
    damaged = bytearray(file.getvalue())
    at = int(rng.integers(8, len(damaged) - 8))
    damaged[at : at + 8] = b"\xff" * 8
    path.with_suffix(".tif").write_bytes(damaged)


MUTATIONS: list[Mutation] = [
    truncated,
    zeroed,
    empty,
    flipped,
    wrong_extension,
    text,
    random_bytes,
    huge,
    loop,
    folder_loop,
    folder_named_like_a_picture,
    pipe,
    unreadable,
    odd_name,
    no_text_name,
    twin_of_another_class,
    giant_tag,
    truncated,
    flipped,
    zeroed,
]


def picture(rng: np.random.Generator) -> tuple[str, bytes]:
    kind = str(rng.choice(list(KINDS)))
    shape = (int(rng.integers(5, 40)), int(rng.integers(5, 40)), 3)
    image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
    mode = str(rng.choice(MODES))
    deep = Image.fromarray(rng.integers(0, 65536, shape[:2], dtype=np.uint16))
    for candidate in (deep if mode == "I;16" else image.convert(mode), image):
        file = io.BytesIO()
        try:
            candidate.save(file, kind)
        except (OSError, KeyError, ValueError):
            continue
        return KINDS[kind], file.getvalue()
    raise AssertionError(kind)


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for label in ("ants", "bees"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(3):
            Image.fromarray(rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(
                tmp_path / "data" / label / f"{i}.png"
            )
    return tmp_path / "data"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(200))
def test_no_input_ends_in_a_foreign_error(clean: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    suffix, content = picture(rng)
    mutate = MUTATIONS[seed % len(MUTATIONS)]
    mutate(clean / "ants" / f"mutant{suffix}", content, rng)
    real = Path.read_bytes

    def read_bytes(self: Path) -> bytes:
        if self.name.startswith("unreadable"):
            raise PermissionError(13, "Permission denied")
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    try:
        dataset = read_dataset(clean)
        screened = screen(dataset, PLAIN)
    except BadPictures as error:
        assert error.bad
        for name, reason in error.bad:
            name.encode("utf-8")
            assert len(reason) > 10
            assert name.startswith("ants/")
        skipped = screen(dataset, PLAIN, skip_bad=True)
        assert skipped.dropped == tuple(error.bad)
        assert len(skipped) >= 6
    except DataError as error:
        assert mutate is twin_of_another_class, str(error)
        assert "under two" in str(error)
    else:
        assert len(screened) >= 6
        assert mutate not in (empty, text, unreadable, pipe, loop)
        mutants = [i for i, name in enumerate(screened.names) if not name.split("/")[1][0].isdigit()]
        for i in mutants:
            assert screened.inputs.decode(i).dtype == np.uint8


@pytest.mark.parametrize("mutate", [truncated, zeroed, flipped, random_bytes])
@pytest.mark.parametrize("seed", range(8))
def test_damaged_tables_end_in_a_dataset_or_in_words(clean: Path, mutate: Mutation, seed: int) -> None:
    names = [f"{label}/{i}.png" for label in ("ants", "bees") for i in range(3)]
    frame = pd.DataFrame({"path": names, "label": [name[:4] for name in names]})
    frame.to_parquet(clean / "whole")
    contents = {".csv": frame.to_csv(index=False).encode(), ".parquet": (clean / "whole").read_bytes()}
    rng = np.random.default_rng(seed)
    for suffix, content in contents.items():
        mutate(clean / f"table{suffix}", content, rng)
        try:
            screen(read_dataset(clean / f"table{suffix}"), PLAIN)
        except DataError as error:
            assert str(error).startswith("Expected")
