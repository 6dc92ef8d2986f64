"""Which picture is meant by what an annotation calls it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from headstart.data.base.kinds import PICTURES
from headstart.data.boxes.sheets import Sheet, part_on
from headstart.errors import DataError

#: Folders that set pictures and annotations apart, and say nothing else.
_SETTING_APART = frozenset(
    {"images", "image", "imgs", "img", "pictures", "photos", "labels", "label", "annotations", "annotation", "xml"}
    | {"xmls", "jpegimages", ".", "..", ""}
)


def located(sheets: Sequence[Sheet], pictures: Sequence[str]) -> list[int | None]:
    r"""The picture that each sheet is of, by their names.

    A picture is the one meant if its name is that of the annotation, whatever the capitals, and the folders before it
    agree as far as they do; ``\`` is ``/``, and folders that only set pictures and annotations apart (``images``,
    ``labels``, ...) are passed over. Of several pictures with the same name the one whose folders agree most is taken,
    or that in the part that the annotation is of. Where the suffix is another or lacks, the name before it decides.

    Parameters
    ----------
    sheets : sequence of Sheet
    pictures : sequence of str
        Paths inside the folder of pictures.

    Returns
    -------
    list of int or None
        Position of each sheet's picture; None where there is none.

    Raises
    ------
    DataError
        Where several pictures are meant alike.

    Examples
    --------
    >>> of = lambda *names: Sheet(names, ())
    >>> located([of("C:\\pics\\b\\1.JPG"), of("b/1"), of("9.png")], ["images/a/1.jpg", "images/b/1.jpg"])
    [1, 1, None]
    """
    whole: dict[str, list[int]] = defaultdict(list)
    stems: dict[str, list[int]] = defaultdict(list)
    tails = [_words(name) for name in pictures]
    for i, words in enumerate(tails):
        whole[words[-1]].append(i)
        stems[_stem(words[-1])].append(i)
    return [_one(sheet, pictures, tails, whole, stems) for sheet in sheets]


def _one(
    sheet: Sheet,
    pictures: Sequence[str],
    tails: list[list[str]],
    whole: dict[str, list[int]],
    stems: dict[str, list[int]],
) -> int | None:
    for name in sheet.names:
        words = _words(name)
        found = whole.get(words[-1], []) or stems.get(_stem(words[-1]), [])
        if not found:
            continue
        shared = {i: _shared(words[:-1], tails[i][:-1]) for i in found}
        best = [i for i in found if shared[i] == max(shared.values())]
        best = [i for i in best if tails[i][:-1] == words[:-1]] or best
        if len(best) > 1 and sheet.part is not None:
            best = [i for i in best if part_on(pictures[i]) == sheet.part] or best
        if len(best) > 1:
            exact = [i for i in best if pictures[i].rpartition("/")[2] == name.replace("\\", "/").rpartition("/")[2]]
            best = exact or best
        if len(best) > 1:
            raise DataError(
                f"Expected one picture called {name!r} ({sheet.place}), found {pictures[best[0]]} and "
                f"{pictures[best[1]]}.",
                "Write the path with its folders into the annotation, or give the folder of one part alone.",
            )
        return best[0]
    return None


def _words(path: str) -> list[str]:
    """Folders and name of a path, in small letters, without what sets pictures and annotations apart."""
    *folders, name = path.strip().replace("\\", "/").casefold().split("/")
    return [*(folder for folder in folders if folder not in _SETTING_APART), name]


def _stem(name: str) -> str:
    """A name without the suffix of a picture."""
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and f".{suffix}" in PICTURES.suffixes | PICTURES.foreign else name


def _shared(one: list[str], other: list[str]) -> int:
    """How many words two rows of them share at their ends."""
    n = 0
    while n < min(len(one), len(other)) and one[-1 - n] == other[-1 - n]:
        n += 1
    return n
