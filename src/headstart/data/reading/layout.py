"""How a folder of files is laid out: what its folders stand for, decided once and by rules that are written down."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from headstart.data.base.files import kind_of_file, list_folder, printable
from headstart.data.base.parts import part_of
from headstart.errors import DataError

CLASSES = "a folder for each class"
PARTS = "parts with a folder for each class in them"
PARTS_INSIDE = "a folder for each class with parts in it"
NAMED = "classes in the names of the files"
NAMED_PARTS = "parts, classes in the names of the files"
_FOLD = re.compile(r"(fold|split|cv|part|run|batch|chunk|shard|rep|repeat)[\s_.-]*\d+")
_MASKS = re.compile(r".*(mask|segm|annot|label|gt$|ground|truth|bbox|contour).*")
_IMAGES = re.compile(r".*(image|img|picture|photo|scan|frame|input).*")
_DEEPEST = 20
_ONE_DOWN = "--label 're:^[^/]+/([^/]+)/' (label=...)"


@dataclass(frozen=True)
class Layout:
    """What the folders below a root stand for.

    Parameters
    ----------
    name : str
        One of the sentences above.
    folders : dict of Path to str
        The folders that hold classes, with the part that each is; or the folders of the classes, with "".
    loose : tuple of Path
        Other folders, which take no part.
    notes : tuple of str
        What was assumed.
    """

    name: str
    root: Path
    folders: dict[Path, str] = field(default_factory=dict)
    loose: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


def layout_of(root: Path, pattern: str | None = None) -> Layout:
    """Recognise what the folders of a data set stand for; nothing is opened but folders.

    Rules, in this order. Folders whose names are parts (train, val, test and their like) with folders in them are
    parts, where all folders are, or "train" is among them. Parts without folders in them hold no labels, and one of
    them beside folders of classes is no class: refused. Top folders that share the names of their sub-folders are no
    classes, but domains, folds, or pictures and masks: refused, unless the shared names are parts: then these are. A
    folder that holds one folder alone is a wrapper: refused with the folder to give. Else each folder is a class.

    Parameters
    ----------
    root : Path
    pattern : str, optional
        Expression over paths that says where the class stands in them. Then only folders of parts mean anything, and
        not these where the expression takes their names for classes.

    Raises
    ------
    DataError
        Where the folders are no classes; the words say what they look like, and what to do.
    """
    files, folders = list_folder(root)
    inside = {folder: list_folder(folder)[1] for folder in folders}
    parts = {folder: part for folder in folders if (part := part_of(folder.name)) is not None}
    divided = bool(parts) and "train" in parts.values()
    if pattern is not None:
        if divided and not _takes(pattern, parts):
            return Layout(NAMED_PARTS, root, _once(parts), tuple(f for f in folders if f not in parts))
        return Layout(NAMED, root, {root: ""})
    _refuse_drawn(root, folders)
    held = [folder for folder in folders if inside[folder] or _holds_inputs(folder)]
    with_classes = [folder for folder in parts if inside[folder]]
    if divided and all(inside[folder] for folder, part in parts.items() if part == "train"):
        for folder in parts:
            _refuse_drawn(folder, inside[folder])
            _refuse_shared(folder, {one: list_folder(one)[1] for one in inside[folder]})
        return Layout(PARTS, root, _once(parts), tuple(f for f in folders if f not in parts), _cases(parts, inside))
    in_parts = [folder for folder in held if folder in parts]
    if in_parts:
        _refuse_parts(root, in_parts, [folder for folder in held if folder not in parts], with_classes)
    return _classes(root, held, inside, files)


def _takes(pattern: str, folders: Collection[Path]) -> bool:
    """Whether an expression takes the names of top folders for classes."""
    try:
        found = [re.search(pattern, f"{folder.name}/1") for folder in folders]
    except re.error:
        return False
    return all(
        match is not None and folder.name in match.groups() for match, folder in zip(found, folders, strict=True)
    )


def _once(parts: dict[Path, str]) -> dict[Path, str]:
    """Parts of which there is one folder each."""
    first: dict[str, Path] = {}
    for folder, part in parts.items():
        if part in first:
            raise DataError(
                f"Expected one folder for the part {part!r}, found {first[part].name!r} and {folder.name!r}.",
                "Join or rename them.",
            )
        first[part] = folder
    return parts


def _refuse_parts(root: Path, in_parts: list[Path], others: list[Path], with_classes: list[Path]) -> None:
    names = " and ".join(f"{folder.name}/" for folder in in_parts)
    if not others and not with_classes:
        raise DataError(
            f"Expected a folder for each class in the parts of {_where(root)}, found files without labels in {names}.",
            "Put them into folders named after their classes inside each part, or give a table with a path and a label "
            "in each row, or say where the class stands in their names (--label 're:^[^/]+/([^_/]+)_', label=...).",
        )
    beside = ", ".join(f"{folder.name}/" for folder in others[:3]) + (", ..." if len(others) > 3 else "")
    what = f"{names} beside {beside}" if beside else names
    raise DataError(
        f"Expected parts (train, val, test) or classes in {_where(root)}, found {what}: it cannot be told whether "
        f"{in_parts[0].name}/ is a class or a part.",
        "Put the classes of the rest into a folder train/, or move it out. If it is a class, say so: "
        "--label 're:^([^/]+)/' (label=...).",
    )


def _classes(root: Path, held: list[Path], inside: dict[Path, list[Path]], files: list[Path]) -> Layout:
    if len(held) == 1 and not any(kind_of_file(path) for path in files):
        _refuse_wrapper(root, held[0])
    shared = _shared({folder: inside[folder] for folder in held})
    if shared and all(part_of(name) for name in shared) and not any(_holds_inputs(f, below=False) for f in held):
        within = {sub: part_of(sub.name) or "" for folder in held for sub in inside[folder]}
        if all(within.values()):
            note = f"Each class's folder holds {', '.join(f'{name}/' for name in sorted(shared))}: these are the parts."
            return Layout(PARTS_INSIDE, root, within, notes=(note,))
    _refuse_shared(root, {folder: inside[folder] for folder in held})
    return Layout(CLASSES, root, dict.fromkeys(inside, ""), notes=_deeper(held, inside) + _alike(held))


def _shared(inside: dict[Path, list[Path]]) -> set[str]:
    """Names of sub-folders that at least two folders have, where they are most of the sub-folders."""
    names = Counter(sub.name.casefold() for subs in inside.values() for sub in subs)
    common = {name for name, n in names.items() if n > 1}
    having = [subs for subs in inside.values() if subs]
    if len(having) < 2 or len(having) * 2 < len(inside):
        return set()
    return common if 2 * sum(names[name] for name in common) > sum(names.values()) else set()


def _refuse_drawn(root: Path, folders: list[Path]) -> None:
    """Refuse pictures beside what was drawn on them: folders of such names whose files are called alike."""
    drawn = [folder for folder in folders if _MASKS.fullmatch(folder.name.casefold())]
    seen = [folder for folder in folders if folder not in drawn and _IMAGES.fullmatch(folder.name.casefold())]
    if drawn and seen and _stems(drawn[0]) & _stems(seen[0]):
        raise DataError(
            f"Expected a folder for each class in {_where(root)}, found {_shown(folders)}: they look like pictures and "
            "what was drawn on them, one for each, which are no classes.",
            "Boxes of things in the pictures are named with --boxes (boxes=...). For labels of whole pictures give a "
            "table with a path and a label in each row, or folders named after the classes.",
        )


def _shown(folders: list[Path]) -> str:
    return ", ".join(f"{folder.name}/" for folder in folders[:4]) + (", ..." if len(folders) > 4 else "")


def _refuse_shared(root: Path, inside: dict[Path, list[Path]]) -> None:
    """Refuse top folders that cannot be classes, because they share their sub-folders."""
    tops, shown = [folder.name for folder in inside], _shown(list(inside))
    shared = _shared(inside)
    if not shared:
        return
    some = ", ".join(f"{name}/" for name in sorted(shared)[:3]) + (", ..." if len(shared) > 3 else "")
    folds = all(_FOLD.fullmatch(name.casefold()) for name in tops)
    look = "folds" if folds else "domains (cameras, places, years), folds or groups"
    first = next(iter(inside))
    raise DataError(
        f"Expected a folder for each class in {_where(root)}, found {shown} with the same folders in them ({some}): "
        f"they look like {look}, and the classes are one level down.",
        f"Give one of them ({_where(first)}); or take all, with {_ONE_DOWN}, and --group-by '^([^/]+)/' to keep each "
        f"together. If {tops[0]}/ is a class: --label 're:^([^/]+)/'.",
    )


def _refuse_wrapper(root: Path, only: Path) -> None:
    """Refuse a folder that holds nothing but a folder of folders: the data are further down."""
    deepest = only
    files, folders = list_folder(deepest)
    for _ in range(_DEEPEST):  # a loop of links ends
        if len(folders) != 1 or any(kind_of_file(path) for path in files):
            break
        deepest = folders[0]
        files, folders = list_folder(deepest)
    if len(folders) > 1 and not any(kind_of_file(path) for path in files):
        found = ", ".join(printable(folder.name) for folder in folders[:5]) + (", ..." if len(folders) > 5 else "")
        raise DataError(
            f"Expected a folder for each class in {_where(root)}, found only {printable(only.name)}, which holds the "
            f"folders {found}" + (f" in {_where(deepest)}." if deepest != only else "."),
            f"Give {_where(deepest)}.",
        )


def _deeper(held: list[Path], inside: dict[Path, list[Path]]) -> tuple[str, ...]:
    """A note where folders of classes hold folders, which might be the classes that are meant."""
    deep = [folder for folder in held if len(inside[folder]) > 1 and not _holds_inputs(folder, below=False)]
    if 2 * len(deep) <= len(held):
        return ()
    some = ", ".join(f"{deep[0].name}/{sub.name}" for sub in inside[deep[0]][:2])
    return (
        f"The top folders are the classes; the folders in them ({some}, ...) were not told apart. If these are the "
        f"classes: {_ONE_DOWN}.",
    )


def _alike(held: list[Path]) -> tuple[str, ...]:
    """A note on folders whose names differ by case, spaces or dashes alone."""
    same: dict[str, list[str]] = {}
    for folder in held:
        same.setdefault(re.sub(r"[\s_-]+", "", folder.name).casefold(), []).append(folder.name)
    one, different = "are one class", "count as different classes; their names are nearly the same"
    return tuple(
        f"The folders {' and '.join(map(repr, names))} {different if len(set(map(class_of, names))) > 1 else one}."
        for names in same.values()
        if len(names) > 1
    )


def class_of(name: str) -> str:
    """The class that a folder stands for: its name without spaces at the ends, as labels in tables are read.

    Examples
    --------
    >>> class_of("Backpack "), class_of("ice cream")
    ('Backpack', 'ice cream')
    """
    return name.strip() or name


def _cases(parts: dict[Path, str], inside: dict[Path, list[Path]]) -> tuple[str, ...]:
    """A note on classes that are not in every part."""
    named = {part: {class_of(sub.name) for sub in inside[folder]} for folder, part in parts.items()}
    missing = sorted(set.union(*named.values()) - named["train"])
    if not missing:
        return ()
    shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
    return (f"{shown} {'is' if len(missing) == 1 else 'are'} not in the train part: no model can answer so.",)


def _stems(folder: Path, most: int = 1000) -> set[str]:
    """Names of the first files in a folder and below, without suffixes."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.stem for path in islice(files, most)}


def _holds_inputs(folder: Path, below: bool = True) -> bool:
    """Whether there is a file that can be read in a folder, or, with ``below``, in one below it."""
    files, folders = list_folder(folder)
    if any(kind_of_file(path) is not None for path in files):
        return True
    return below and any(_holds_inputs(inner) for inner in folders if not inner.is_symlink())


def _where(path: Path) -> str:
    return printable(str(path))
