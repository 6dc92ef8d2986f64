"""How much a packed file may unpack to: one limit for every container, judged before anything is unpacked."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

from headstart.data.base.content import open_plain
from headstart.data.base.reasons import BadInput

MOST_BYTES = 1 << 31
#: Files that unpack to no more than this are read however well they were packed.
SURELY_READ = 1 << 26
#: How many times its own size a file may unpack to beyond that.
MOST_TIMES = 250
#: What a cell of a table takes in memory, about, as a Python object.
CELL_BYTES = 40


def check_unpacked(path: str | os.PathLike[str], bad: type[BadInput] = BadInput) -> None:
    """Refuse a packed file that would fill the memory, from its headers alone.

    Of a zip archive (``.npz``, ``.xlsx``) the sizes in its directory count; of a Parquet file its bytes before packing,
    or its rows times columns, whichever is more; other files are not packed. A directory that lies is found out by
    its readers: zipfile unpacks no more than was promised.

    Raises
    ------
    BadInput
        If it unpacks to more than 2 GiB; or to more than 64 MiB and 250 times its size; or is not a plain file.
    """
    with open_plain(path, bad) as file:
        start = file.read(4)
    packed = Path(path).stat().st_size
    if start == b"PAR1":
        refuse_unpacked(_in_parquet(path), packed, bad)
    elif start.startswith(b"PK"):
        refuse_unpacked(_in_zip(path), packed, bad)


def refuse_unpacked(unpacked: int, packed: int, bad: type[BadInput] = BadInput) -> None:
    """Refuse so many unpacked bytes out of so many packed ones.

    Raises
    ------
    BadInput

    Examples
    --------
    >>> refuse_unpacked(1 << 29, 25_000)
    Traceback (most recent call last):
    ...
    headstart.data.base.reasons.BadInput: it unpacks to about 512 MiB, 21474 times its size of 0.025 MB
    """
    if unpacked > MOST_BYTES:
        raise bad(f"it unpacks to about {unpacked / 2**30:.1f} GiB; at most {MOST_BYTES >> 30} GiB are read")
    if unpacked > SURELY_READ and unpacked > MOST_TIMES * packed:
        raise bad(
            f"it unpacks to about {unpacked >> 20} MiB, {unpacked // max(packed, 1)} times its size of "
            f"{packed / 1e6:.2g} MB"
        )


def gunzipped(content: bytes, bad: type[BadInput] = BadInput) -> bytes:
    """What gzip-packed bytes hold, read up to the limit and no further.

    Raises
    ------
    BadInput
        As :func:`check_unpacked`.
    OSError, EOFError
        If they are damaged or cut off.
    """
    most = min(MOST_BYTES, max(SURELY_READ, MOST_TIMES * len(content)))
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        unpacked = file.read(most + 1)
    if len(unpacked) > most:
        raise bad(
            f"it unpacks to more than {most >> 20} MiB"
            + ("" if most == MOST_BYTES else f", over {MOST_TIMES} times its size")
        )
    return unpacked


def _in_zip(path: str | os.PathLike[str]) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        return 0  # whoever reads it says why it is none


def _in_parquet(path: str | os.PathLike[str]) -> int:
    from pyarrow import ArrowException, parquet

    try:
        about = parquet.read_metadata(path)
    except (OSError, ArrowException):
        return 0  # as above
    groups = [about.row_group(i) for i in range(about.num_row_groups)]
    rows = max(about.num_rows, sum(group.num_rows for group in groups))
    return max(rows * about.num_columns * CELL_BYTES, sum(group.total_byte_size for group in groups))
