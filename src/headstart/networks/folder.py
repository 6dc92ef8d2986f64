"""Write a model's folder whole or not at all, and read its manifest."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from headstart.data.base.content import plain_file
from headstart.data.base.files import check_there
from headstart.data.base.json_files import read_json
from headstart.data.base.reasons import BadInput, why_unwritable
from headstart.data.base.whole import check_writable, partial_of, real_place
from headstart.errors import OutputError, SourceError
from headstart.networks.manifest import SCHEMA_VERSION, VERSIONED, check_manifest
from headstart.networks.seal import MANIFEST, check_words, seal
from headstart.networks.shared_weights import share_weights

_ANEW = "It is damaged, or headstart did not write it: copy the folder anew, or fit again."


def write_folder(path: str | Path, write: Callable[[Path], None]) -> Path:
    """Write a folder so that a crash, a full disk or ``kill -9`` leaves the old one or the new one, never a mixture.

    ``write`` fills a temporary folder beside ``path``, which then takes its place in one step (an exchange of the two
    names where the system has it, else two renames that the next call or `read_manifest` completes).

    Parameters
    ----------
    path : path-like
        Where the folder shall stand. It may not exist yet, be empty, or hold an earlier result of headstart (a
        `headstart.json`), which is then replaced with all that is in it.
    write : callable
        Gets the temporary folder and writes everything into it, the manifest included.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        If something that headstart did not write is there, or writing failed. What was there before is untouched.
    """
    target = real_place(path)
    _recover(target)
    _refuse_others(target)
    temporary = partial_of(target)
    try:
        _sweep(target)
        temporary.mkdir(parents=True)
        write(temporary)
        seal(temporary)
        _share(temporary)
        _flush(temporary)
        _refuse_others(target)
        _replace(temporary, target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"Expected to write {target}, found: {why_unwritable(error)}. What was there before is unchanged.",
            "Free some space or choose another folder (--out).",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def check_place(path: str | Path, option: str = "--out") -> Path:
    """The real path of a folder to write, checked before hours are spent.

    Parameters
    ----------
    path : path-like
        May be nothing yet, an empty folder, or an earlier result of headstart.
    option : str, default="--out"
        What the user is told to change.

    Raises
    ------
    OutputError
        If something that headstart did not write stands there, or nothing can be written there.
    """
    target = check_writable(path, option)
    _refuse_others(target, option)
    return target


def _refuse_others(target: Path, option: str = "--out") -> None:
    """Refuse a place that holds something that headstart did not write, or that cannot be replaced."""
    if os.path.lexists(target) and not target.is_dir():
        raise OutputError(f"Expected a folder or nothing at {target}, found a file.", f"Choose another ({option}).")
    if os.path.ismount(target):
        raise OutputError(
            f"Expected a folder that can be replaced at {target}, found where a disk is mounted.",
            f"Choose a folder inside it ({option} {target / 'model'}).",
        )
    held = sorted(item.name for item in target.iterdir()) if target.is_dir() else []
    if held and MANIFEST not in held:
        raise OutputError(
            f"Expected an empty folder or an earlier result of headstart at {target}, found {', '.join(held[:5])}.",
            f"Choose another folder ({option}); nothing was changed.",
        )


def write_manifest(folder: str | Path, manifest: dict[str, Any]) -> None:
    """Write ``headstart.json``, with the schema version and headstart's version put first.

    Parameters
    ----------
    folder : path-like
        An existing folder, usually the one that `write_folder` hands out.
    manifest : dict
        Plain JSON types.
    """
    head = {"schema_version": SCHEMA_VERSION, "headstart_version": version("headstart")}
    text = json.dumps({**head, **manifest, **head}, indent=2, ensure_ascii=False, allow_nan=False)
    (Path(folder) / MANIFEST).write_text(text + "\n", encoding="utf-8")


def write_tasks(
    folder: Path, write: Mapping[str, Callable[[Path], None]], input_type: str, *, shared: bool = False
) -> None:
    """Write a model a task into an existing folder: ``task-1``, ``task-2`` and so on, each of which stands alone.

    Parameters
    ----------
    folder : Path
        Usually the one that `write_folder` hands out.
    write : mapping of str to callable
        By the name of each task what writes its model, with its manifest.
    input_type : str
    shared : bool, default=False
        Whether all have one body, which then is what the folder is borrowed for.
    """
    named = [{"name": name, "folder": f"task-{i + 1}"} for i, name in enumerate(write)]
    for entry in named:
        inner = folder / entry["folder"]
        inner.mkdir()
        write[entry["name"]](inner)
    share_weights([folder / entry["folder"] for entry in named])
    for entry in named:
        seal(folder / entry["folder"])
    body = {"body": named[0]["folder"]} if shared else {}
    write_manifest(folder, {"kind": "tasks", "input_type": input_type, "tasks": named, **body})


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read ``headstart.json`` of a folder that headstart saved.

    Parameters
    ----------
    path : path-like
        The folder.

    Returns
    -------
    dict
        The manifest, of ``schema_version`` 2 or older.

    Raises
    ------
    SourceError
        If there is none, it is damaged or says what it cannot, or a newer headstart wrote it.
    """
    folder = Path(path).expanduser()
    _recover(Path(os.path.realpath(folder)))
    check_there(folder, "a folder that headstart saved", SourceError)
    refuse_odd_files(folder)
    file = folder / MANIFEST
    if folder.is_file():
        raise SourceError(f"Expected a folder that headstart saved, found the file {folder}.", "Give its folder.")
    if not file.is_file():
        raise SourceError(
            f"Expected a folder that headstart saved, found no {MANIFEST} in {folder}.",
            "Give the folder that was the --out of headstart fit.",
        )
    manifest: dict[str, Any] = read_json(file, VERSIONED, what=VERSIONED.words, todo=_ANEW)
    if manifest["schema_version"] > SCHEMA_VERSION:
        raise SourceError(
            f"Expected schema version {SCHEMA_VERSION} or older in {file}, found {manifest['schema_version']}: a newer "
            "headstart wrote it.",
            "Update it with: pip install -U headstart",
        )
    check_manifest(manifest, str(file))
    check_words(manifest, str(file))
    return manifest


def refuse_odd_files(folder: str | Path) -> None:
    """Refuse a folder to read from that holds pipes, devices or sockets: they may give bytes for ever, or never any.

    Raises
    ------
    SourceError
        It names the first one.
    """
    for place, _, names in os.walk(folder):
        for name in names:
            file = os.path.join(place, name)
            try:
                plain_file(file, _NotPlain)
            except _NotPlain as error:
                if os.path.exists(file):
                    raise SourceError(
                        f"Expected plain files in {folder}, found {name}: {error.reason}.", "Copy the files anew."
                    ) from error


class _NotPlain(BadInput):
    """A file of a model that is none."""


def _replace(temporary: Path, target: Path) -> None:
    """Put ``temporary`` in the place of ``target``; the old folder ends under the temporary name."""
    if not os.path.lexists(target):
        os.rename(temporary, target)
    elif not _exchange(temporary, target):
        old = target.parent / f".{target.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
        os.rename(temporary, target)
        shutil.rmtree(old, ignore_errors=True)
    _flush_entry(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step by the system's own call; False where it has none."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return library.renamex_np(os.fsencode(one), os.fsencode(other), 2) == 0
        here = -100  # AT_FDCWD: both paths are absolute
        return library.renameat2(here, os.fsencode(one), here, os.fsencode(other), 2) == 0
    except (AttributeError, OSError, TypeError):
        return False


def _recover(target: Path) -> None:
    """Bring the old folder back if a run was killed between two renames."""
    old = target.parent / f".{target.name}.old"
    if old.is_dir() and not os.path.lexists(target):
        os.rename(old, target)


def _sweep(target: Path) -> None:
    """Remove what killed runs left beside the target."""
    for left in target.parent.glob(f".{_escaped(target.name)}.*-*.writing"):
        pid = left.name.removeprefix(f".{target.name}.").split("-", 1)[0]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _share(folder: Path) -> None:
    """Give every file the rights that the user's umask grants: some writers make files that nobody else can read."""
    umask = os.umask(0)
    os.umask(umask)
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(0o666 & ~umask)


def _flush(folder: Path) -> None:
    """Have the disk keep all files before the names change."""
    for file in folder.rglob("*"):
        _flush_entry(file)
    _flush_entry(folder)


def _flush_entry(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
