"""One network in the folders of several tasks: what their files of weights hold alike is on the disk once."""

from __future__ import annotations

import filecmp
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headstart.data.base.json_files import read_json
from headstart.networks.seal import MANIFEST

WHOLE, INDEX = "model.safetensors", "model.safetensors.index.json"
_BODY, _REST = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
#: Whose readers take weights in two files with a list of them.
_IN_PARTS = ("transformers", "headstart")

#: Of each tensor what the header of safetensors says of it, and its bytes.
Tensors = dict[str, tuple[dict[str, Any], bytes]]


def share_weights(folders: Sequence[Path]) -> None:
    """Keep the weights that networks in several folders have alike in one file, under a name in each folder.

    Files that are the same become one. Where a few weights differ, as of the output layers of two tasks, these go into
    a file of their own, and a list says what is where, as transformers splits large networks. The common file is a
    hard link in every folder but the first, so each folder stays whole; without links on the disk it is a copy.

    Parameters
    ----------
    folders : sequence of Path
        Of models, with their manifests. Those without a network, or with other weights, are left as they are.
    """
    whole = {folder: _read(folder / WHOLE) for folder in folders if (folder / WHOLE).is_file()}
    alone = list(whole)
    while len(alone) > 1:
        first, *others = alone
        same = [other for other in others if whole[other] == whole[first]]
        for other in same:
            _link(first / WHOLE, other / WHOLE)
        near = [other for other in others if other not in same and _in_parts(first, other)]
        near = [other for other in near if 2 * _size(_alike(whole, [first, other])) > _size(whole[first])]
        if near:
            body = _alike(whole, [first, *near])
            for folder in (first, *same, *near):
                _split(folder, whole[folder], body)
                _link(first / _BODY, folder / _BODY)
        alone = [other for other in others if other not in same and other not in near]


def _read(file: Path) -> Tensors:
    """Tensors of a file of safetensors as bytes."""
    data = file.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    said = json.loads(data[8:start])
    said.pop("__metadata__", None)
    found = {}
    for name, one in said.items():
        begin, end = one.pop("data_offsets")
        found[name] = (one, data[start + begin : start + end])
    return found


def _write(file: Path, tensors: Tensors) -> None:
    said: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (one, data) in tensors.items():
        said[name] = {**one, "data_offsets": [end, end + len(data)]}
        end += len(data)
    head = json.dumps(said).encode()
    head += b" " * (-len(head) % 8)
    file.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(data for _, data in tensors.values()))


def _alike(whole: Mapping[Path, Tensors], folders: Sequence[Path]) -> Tensors:
    """What all of the folders hold under the same name."""
    first, *others = (whole[folder] for folder in folders)
    return {name: one for name, one in first.items() if all(other.get(name) == one for other in others)}


def _split(folder: Path, tensors: Tensors, body: Tensors) -> None:
    """Write the body and the rest as two files, and the list of them, in place of the whole one."""
    rest = {name: one for name, one in tensors.items() if name not in body}
    _write(folder / _BODY, body)
    _write(folder / _REST, rest)
    places = {name: _BODY if name in body else _REST for name in sorted(tensors)}
    said = {"metadata": {"total_size": _size(tensors)}, "weight_map": places}
    (folder / INDEX).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    (folder / WHOLE).unlink()


def _link(kept: Path, file: Path) -> None:
    """Make a file another name of one with the same content, where the system can."""
    if kept == file or not filecmp.cmp(kept, file, shallow=False):
        return
    beside = file.with_name(f".{file.name}.link")
    try:
        os.link(kept, beside)
    except OSError:  # no hard links here: the copy stays
        return
    os.replace(beside, file)


def _in_parts(*folders: Path) -> bool:
    """Whether the networks of all folders are read from two files as well as from one."""
    found = [(read_json(folder / MANIFEST).get("network") or {}).get("loads_with") for folder in folders]
    return all(one in _IN_PARTS for one in found)


def _size(tensors: Tensors) -> int:
    return sum(len(data) for _, data in tensors.values())
