"""Names that tell of groups give a hint with an expression that works; names that are numbered through give none."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.data.sets.groups import groups_by_regex
from headstart.data.sets.groups_hint import group_hint


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ([f"{c}/patient{i}_{s}.png" for c in "ab" for i in range(6) for s in ("left", "right")], 6),
        ([f"a/IMG_{i:04d}_aug{k}.jpg" for i in range(10) for k in range(3)], 10),
        ([f"{c}/Video{v}_Frame{f:03d}.png" for c in "ab" for v in range(3) for f in range(9)], 3),
        ([f"x/s{s:02d}_t{t:02d}.wav" for s in range(5) for t in range(6)], 5),
        ([f"p/sub-{i:02d}_ses-{j}_T1.png" for i in range(8) for j in range(3)], 8),
        ([f"{side[0]}/eye{i}_{side}.png" for side in ("left", "right") for i in range(9)], 18),
        ([f"c/scan_{i}-slice{k}.tif" for i in range(4) for k in range(20)], 4),
        ([f"c/cells_{i}.crop_{k}.png" for i in range(5) for k in range(2)], 5),
        ([f"c/speaker_{i}_{word}.wav" for i in range(5) for word in ("yes", "no")], 5),
    ],
    ids=lambda value: value[0].rpartition("/")[2] if isinstance(value, list) else "",
)
def test_recurring_stems_are_told(names: list[str], groups: int) -> None:
    hint = group_hint(names)
    if groups == 18:  # an eye of each folder: its class is in the folder, so nothing recurs
        assert hint is None
        return
    assert hint is not None
    assert hint.groups == groups == len(set(groups_by_regex(hint.pattern, names)))
    assert f"{len(names)} files came from {groups} things" in str(hint)
    assert "--group-by" in str(hint)


@pytest.mark.parametrize(
    "names",
    [
        [f"a/img_{i:03d}.jpg" for i in range(30)],
        [f"a/frame_{i:04d}.jpg" for i in range(30)],
        [f"{c}/{c}_{i}.jpg" for c in ("cat", "dog") for i in range(9)],
        [f"{c}.{i}.jpg" for c in ("cat", "dog") for i in range(9)],
        [f"a/DSC{i:05d}.jpg" for i in range(30)],
        [f"0_{who}_{i}.flac" for who in ("ann", "bob") for i in range(9)],
        [f"a/2021-03-{i:02d}.jpg" for i in range(1, 30)],
        [f"a/patient{i}.png" for i in range(30)],
        [f"a/video1_frame{i}.png" for i in range(30)],
        [f"row {i}" for i in range(30)],
        [f"a/patient{i}_{i * 7 % 5}.png" for i in range(30)],
        ["a/patient1_left.png", "a/patient1_right.png"],
        [],
    ],
    ids=lambda value: value[0] if value else "none",
)
def test_running_numbers_and_classes_are_no_groups(names: list[str]) -> None:
    assert group_hint(names) is None


def test_real_sets_without_groups_give_no_hint(shared_data: Path) -> None:
    suffixes = (".jpg", ".jpeg", ".png", ".flac", ".ogg")
    for folder in sorted(path for path in shared_data.iterdir() if path.is_dir()):
        names = [p.relative_to(folder).as_posix() for p in sorted(folder.rglob("*")) if p.suffix.lower() in suffixes]
        assert group_hint(names) is None, folder.name
