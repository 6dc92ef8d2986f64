"""Pipes, devices, sockets and links to them are refused at once, in words, by whoever reads files or models."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data.base.content import open_plain, plain_file
from headstart.data.base.reasons import BadInput
from headstart.data.clips.clips import Clips
from headstart.data.clips.recordings import blocks_of, recordings_in, seconds_of
from headstart.data.inputs.canvases import readable_canvases
from headstart.data.inputs.inputs import as_inputs
from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.reading.read import read_dataset
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.data.tables.frame import TABLES, read_frame
from headstart.data.texts.texts import Texts
from headstart.errors import DataError, HeadstartError, SourceError
from headstart.models.model import load, read_evidence
from headstart.networks.folder import read_manifest
from headstart.networks.reading.loading import load_network
from headstart.report.write import write_report

SMALL = Preprocessing((16, 16), None, (0.5,) * 3, (0.5,) * 3)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("far"))
    path.symlink_to(path.with_name("far"))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def bound_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


ODD = {"a pipe": pipe, "link": link_to_a_pipe, "a device": device, "a socket": bound_socket}
WORDS = r"not a plain file but a (pipe \(FIFO\)|device|socket)"


@pytest.fixture(autouse=True)
def _never_waits() -> Iterator[None]:
    """What would wait for ever fails after a while."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError("it waits for a pipe")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


@pytest.fixture(params=ODD, ids=str)
def odd(request: pytest.FixtureRequest) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        ODD[request.param](path)
        return path

    return make


def test_content_is_refused(odd: Callable[[Path], Path], tmp_path: Path) -> None:
    path = odd(tmp_path / "x.png")
    for read in (plain_file, open_plain):
        with pytest.raises(BadInput, match=WORDS):
            read(path)
    with pytest.raises(BadInput, match="it is a folder"):
        open_plain(tmp_path)
    with pytest.raises(BadInput, match="no such file"):
        open_plain(tmp_path / "nothing")


def test_inputs_are_refused_by_name(odd: Callable[[Path], Path], tmp_path: Path) -> None:
    path = odd(tmp_path / "x")
    for inputs in (Pictures([path]), Clips([path]), Texts([path])):
        for decode in (lambda inputs=inputs: inputs.decode(0), lambda inputs=inputs: inputs.digest(0)):
            with pytest.raises(BadInput, match=WORDS):
                decode()
    Image.fromarray(np.zeros((20, 20), np.uint16)).save(tmp_path / "deep.png")
    _, bad = readable_canvases(Pictures([tmp_path / "deep.png", path]), SMALL)
    assert [i for i, _ in bad] == [1]


@pytest.mark.parametrize("suffix", [*TABLES, ".npz", ".csv.gz", ".jsonl.gz"])
def test_tables_are_refused(odd: Callable[[Path], Path], tmp_path: Path, suffix: str) -> None:
    path = odd(tmp_path / f"t{suffix}")
    for read in (read_dataset, read_unlabelled, *([] if suffix == ".npz" else [read_frame])):
        with pytest.raises(DataError, match=WORDS):
            read(path)


@pytest.mark.parametrize("suffix", [".txt", ".wav", ""])
def test_lists_and_recordings_are_refused(odd: Callable[[Path], Path], tmp_path: Path, suffix: str) -> None:
    path = odd(tmp_path / f"t{suffix}")
    for read in (read_unlabelled, recordings_in, seconds_of, lambda p: next(blocks_of(p, 16000)), read_dataset):
        with pytest.raises(DataError, match=WORDS):
            read(path)


def test_a_folder_of_classes_names_them_and_a_table_points_at_them(odd: Callable[[Path], Path], tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for i in range(3):
            Image.fromarray(np.full((20, 20), 40 * i + ord(label), np.uint8)).save(tmp_path / label / f"{i}.png")
    odd(tmp_path / "a" / "odd.png")
    dataset = read_dataset(tmp_path)
    _, bad = readable_canvases(dataset.inputs, SMALL)
    assert [dataset.names[i] for i, _ in bad] == ["a/odd.png"]
    assert as_inputs([str(tmp_path / "a" / "odd.png")]).kind is dataset.kind


@pytest.mark.parametrize("name", ["headstart.json", "evidence.json", "config.json", "model.safetensors", "deep/x.json"])
def test_models_and_networks_are_refused(odd: Callable[[Path], Path], tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    (folder / name).parent.mkdir(parents=True)
    (folder / "notes.txt").touch()
    odd(folder / name)
    for read in (
        read_manifest,
        read_evidence,
        load,
        load_network,
        lambda place: write_report(place, tmp_path / "r.html"),
    ):
        with pytest.raises(SourceError, match=rf"found (far|{Path(name).name}): it is {WORDS}"):
            read(folder)


def test_a_broken_link_in_a_models_folder_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "README.md").symlink_to(tmp_path / "nowhere")
    with pytest.raises(HeadstartError, match=r"found no headstart.json"):
        read_manifest(tmp_path)
