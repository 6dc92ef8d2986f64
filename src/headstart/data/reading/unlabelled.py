"""Pictures or clips without labels, wherever they lie: a folder, a list of paths, a table, or an array in a file."""

from __future__ import annotations

from pathlib import Path

from headstart.data.base.files import list_inputs, printable, refuse_odd_file
from headstart.data.base.kinds import CLIPS, PICTURES, TEXTS
from headstart.data.clips.clips import Clips
from headstart.data.inputs.inputs import as_inputs
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.npz import read_npz_pictures
from headstart.data.reading.table import read_paths
from headstart.data.tables.frame import TABLES, table_suffix
from headstart.errors import DataError


def read_unlabelled(path: str | Path, path_column: str | None = None) -> Pictures | Clips:
    """All pictures or clips of a folder and the folders below it, or that a file names; labels are passed over.

    Parameters
    ----------
    path : path-like
        A folder; a text file (``.txt``) with a path in each line, absolute or relative to it; a table (``.csv``,
        ``.tsv``, ``.parquet``) with a column of paths; an ``.npz`` file with arrays of pictures.
    path_column : str, optional
        Of a table. Default: told from its name or content.

    Returns
    -------
    Pictures or Clips
        Not opened yet.

    Raises
    ------
    DataError
        If there are none, or both kinds; the words say what was found.
    """
    place = Path(path).expanduser()
    where = printable(str(place))
    if place.is_dir():
        found, others = list_inputs(place)
        pictures, clips = found[PICTURES], found[CLIPS]
        if pictures and clips:
            raise DataError(
                f"Expected pictures or clips of sound in {where}, found {len(pictures)} and {len(clips)}.",
                "Give a folder of the one or of the other.",
            )
        if not pictures and not clips:
            n = len(others) + len(found[TEXTS])
            raise DataError(f"Expected pictures in {where}, found {n} other files.", "Give another folder.")
        names = [printable(file.relative_to(place).as_posix()) for file in pictures or clips]
        return Pictures(pictures, names) if pictures else Clips(clips, names)
    if place.exists() and not place.is_file():
        refuse_odd_file(place, "a folder or file of pictures")
    if not place.is_file():
        raise DataError(f"Expected a folder or file of pictures, found nothing at {where}.", "Check the path.")
    suffix = place.suffix.lower()
    if suffix == ".npz":
        return read_npz_pictures(place)
    if table_suffix(place) in TABLES:
        return read_paths(place, path_column)
    if suffix == ".txt":
        return _listed(place)
    raise DataError(
        f"Expected a folder, or a file that ends in .txt, .csv, .tsv, .parquet or .npz, found {where}.",
        "List the paths of the pictures in a .txt file, one in a line.",
    )


def _listed(place: Path) -> Pictures | Clips:
    where = printable(str(place))
    try:
        lines = [line.strip() for line in place.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(f"Expected text in UTF-8 in {where}, found other bytes.", "Save it as UTF-8.") from error
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise DataError(f"Expected a path in each line of {where}, found none.")
    paths = [place.resolve().parent / name for name in names]
    kind = Clips if isinstance(as_inputs(paths), Clips) else Pictures
    return kind(paths, [printable(name) for name in names])
