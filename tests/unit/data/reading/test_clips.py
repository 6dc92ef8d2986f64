"""Folders and tables of clips, and the screen: the code that serves pictures serves sounds."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from headstart.data.base.files import list_inputs
from headstart.data.base.kinds import CLIPS, PICTURES
from headstart.data.clips.clips import Clips
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.pictures.pictures import Pictures
from headstart.data.reading.read import read_dataset
from headstart.data.reading.recognise import from_arrays
from headstart.data.sets.dataset import Dataset
from headstart.data.sets.screen import screen
from headstart.data.sets.splits import folds
from headstart.errors import BadClips, DataError, ParameterError

PLAIN = SoundPreprocessing(8000, 800)


def wave(seed: int, n: int = 900) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, n)


def recorded(root: Path, *names: str) -> None:
    """Write a clip of its own under each name."""
    for seed, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, wave(seed), 8000)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    recorded(tmp_path, *(f"{word}/{who}_{i}.wav" for word in ("no", "yes") for who in ("ann", "bob") for i in range(2)))
    return tmp_path


def test_a_folder_a_class(words: Path) -> None:
    (words / "yes" / "README.txt").write_text("spoken words")
    (words / "yes" / ".DS_Store").touch()
    soundfile.write(words / "no" / "noname", wave(99), 8000, format="FLAC")
    dataset = read_dataset(words, group_by=r"([a-z]+)_\d|noname")
    assert isinstance(dataset.inputs, Clips)
    assert (dataset.input_type, dataset.classes, len(dataset)) == ("audio", ("no", "yes"), 9)
    assert repr(dataset) == "Dataset(9 clips, classification)"
    assert dataset.groups is not None
    assert dataset.groups.tolist() == ["ann", "ann", "bob", "bob", "noname", "ann", "ann", "bob", "bob"]
    assert dataset.notes == ("1 file is no clip and took no part: yes/README.txt.",)
    assert len(screen(dataset, PLAIN)) == 9


def test_parts_and_loose_clips(tmp_path: Path) -> None:
    recorded(
        tmp_path, "train/a/1.flac", "train/a/2.flac", "train/b/3.flac", "val/a/4.flac", "Testing/b/5.flac", "x/6.flac"
    )
    dataset = read_dataset(tmp_path)
    assert dataset.parts is not None
    assert sorted(dataset.parts.tolist()) == ["test", "train", "train", "train", "val"]
    assert dataset.dropped == (("x/6.flac", "it lies in no class's folder"),)
    assert "1 clip lies in no class's folder and took no part." in dataset.notes


def test_classes_out_of_the_names_of_files(tmp_path: Path) -> None:
    recorded(tmp_path, "0_ann_1.ogg", "0_bob_2.ogg", "deep/1_ann_3.ogg", "1_bob_4.ogg")
    with pytest.raises(DataError, match=r"match every path, found 1 of 4 that it does not match: deep/1_ann_3.ogg"):
        read_dataset(tmp_path, label=r"re:^(\d)_")
    dataset = read_dataset(tmp_path, label=r"re:(\d)_[a-z]+_", group_by=r"_([a-z]+)_")
    assert dict(zip(dataset.names, dataset.y.tolist(), strict=True)) == {
        "0_ann_1.ogg": 0,
        "0_bob_2.ogg": 0,
        "1_bob_4.ogg": 1,
        "deep/1_ann_3.ogg": 1,
    }
    assert dataset.groups is not None
    assert sorted(dataset.groups.tolist()) == ["ann", "ann", "bob", "bob"]
    with pytest.raises(ParameterError, match="Expected a regular expression in label, found '\\(': "):
        read_dataset(tmp_path, label="re:(")
    with pytest.raises(
        ParameterError, match=r"Expected label only with a table.* label='re:EXPRESSION' finds in paths"
    ):
        read_dataset(tmp_path, label="digit")
    (tmp_path / "deep" / "1_ann_3.ogg").unlink()
    with pytest.raises(DataError, match=r"found 3 clips in no such folder\. .* label='re:"):
        read_dataset(tmp_path)


def test_classes_out_of_names_inside_parts_and_of_pictures(tmp_path: Path) -> None:
    for name in ("train/cat_1.png", "train/dog_2.png", "test/cat_3.png", "spare/dog_4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (len(name), 0, 0)).save(tmp_path / name)
    dataset = read_dataset(tmp_path, label="re:([a-z]+)_")
    assert isinstance(dataset.inputs, Pictures)
    assert dataset.parts is not None
    assert list(zip(dataset.y.tolist(), dataset.parts.tolist(), strict=True)) == [
        ("cat", "test"),
        ("cat", "train"),
        ("dog", "train"),
    ]
    assert dataset.dropped == (("spare/dog_4.png", "it lies in no class's folder"),)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("column", ["path", "audio", "what"])
def test_tables_of_clips(words: Path, suffix: str, column: str) -> None:
    names = sorted(path.relative_to(words).as_posix() for path in words.rglob("*.wav"))
    frame = pd.DataFrame(
        {column: names, "word": [n.split("/")[0] for n in names], "who": [n.split("/")[1][:3] for n in names]}
    )
    table = words / f"table{suffix}"
    frame.to_csv(table, index=False) if suffix == ".csv" else frame.to_parquet(table)
    dataset = read_dataset(table, label="word", group_by="who")
    assert (dataset.input_type, dataset.classes) == ("audio", ("no", "yes"))
    assert dataset.groups is not None
    assert set(dataset.groups.tolist()) == {"ann", "bob"}
    assert len(screen(dataset, PLAIN)) == 8


def test_tables_of_clips_without_suffix_are_told_by_content(tmp_path: Path) -> None:
    for i in range(2):
        soundfile.write(tmp_path / f"clip{i}", wave(i), 8000, format="WAV")
    (tmp_path / "t.csv").write_text("path,label\nclip0,a\nclip1,b\n")
    assert read_dataset(tmp_path / "t.csv").input_type == "audio"


def test_a_mixture_of_pictures_and_clips_is_refused(words: Path) -> None:
    (words / "t.csv").write_text("path,label\nno/ann_0.wav,a\nyes/x.png,b\n")
    with pytest.raises(DataError, match=r"found both: the clip no/ann_0.wav and the picture yes/x.png"):
        read_dataset(words / "t.csv")
    Image.new("RGB", (8, 8)).save(words / "yes" / "x.png")
    for arguments in ({}, {"label": "re:^([a-z]+)"}):
        with pytest.raises(DataError, match=r"found both: .*1 picture \(yes/x.png\).* Put them into folders"):
            read_dataset(words, **arguments)
    found, others = list_inputs(words)
    assert [len(found[CLIPS]), len(found[PICTURES]), len(others)] == [8, 1, 1]


def test_words_for_other_places(words: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a table of clips, found the single clip .*ann_0.wav"):
        read_dataset(words / "no" / "ann_0.wav")
    with pytest.raises(ParameterError, match="Folders name one class a clip"):
        read_dataset(words, task="regression")
    (words / "t.csv").write_text("path,label\na.wav,a\nb.wav,b\n")
    with pytest.raises(DataError, match="Expected clips at the paths of"):
        read_dataset(words / "t.csv")
    with pytest.raises(DataError, match="Expected a label for each of 2 clips, found 1"):
        from_arrays([(wave(0), 8000), (wave(1), 8000)], ["a"])
    with pytest.raises(DataError, match=r"Expected as many labels as clips \(1\), found 2"):
        Dataset(Clips([(wave(0), 8000)]), np.array([0, 1]), "classification", (0, 1))
    with pytest.raises(DataError, match=r"found one: 'a' \(2 clips\)"):
        screen(from_arrays([(wave(0), 8000), (wave(1), 8000)], ["a", "a"]), PLAIN)


def test_broken_clips_stop_the_run_or_are_left_out_and_silent_ones_are_noted(words: Path) -> None:
    soundfile.write(words / "no" / "silent.wav", np.zeros(900), 8000)
    soundfile.write(words / "no" / "faint.wav", 0.0009 * wave(0) / 0.3, 8000, subtype="FLOAT")
    soundfile.write(words / "yes" / "low.wav", 0.0012 * np.sign(wave(0)), 8000, subtype="FLOAT")
    soundfile.write(words / "yes" / "short.wav", wave(0, 70), 8000)
    soundfile.write(words / "yes" / "none.wav", wave(0, 0), 8000)
    (words / "yes" / "empty.wav").touch()
    dataset = read_dataset(words)
    with pytest.raises(BadClips) as caught:
        screen(dataset, PLAIN)
    assert dict(caught.value.bad) == {
        "yes/short.wav": "it lasts 8.8 ms; at least 10 ms are needed",
        "yes/none.wav": "it holds no sound (0 samples)",
        "yes/empty.wav": "the file is empty (0 bytes)",
    }
    assert "found 3 clips that cannot be used" in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    kept = screen(dataset, PLAIN, skip_bad=True)
    assert len(kept) == 11
    assert kept.dropped == tuple(caught.value.bad)
    assert "3 broken clips were left out." in kept.notes
    silent = "2 clips are silent (no sample above -60 dB of full scale): no/faint.wav, no/silent.wav."
    assert silent in kept.notes
    assert any("1 clip is more than 20 dB louder or quieter" in n and "yes/low.wav" in n for n in kept.notes)


def test_clipped_loud_and_long_clips_are_noted() -> None:
    clipped = np.clip(5 * wave(0), -1, 1)
    long = np.tile(wave(1, 8000), 61)
    clips = [(x, 8000) for x in (wave(2), wave(3), wave(4), clipped, long, 0.01 * wave(6))]
    notes = screen(from_arrays(clips, list("ababab")), PLAIN).notes
    assert notes == (
        "1 clip is clipped (at least 0.5% of the samples at full scale): clip 3.",
        "1 clip is more than 20 dB louder or quieter than the median clip (-15 dB of full scale): clip 5.",
        "1 clip is longer than 60 s; only the first 60 s are used: clip 4.",
    )


def test_a_clip_of_exactly_a_minute_is_not_long() -> None:
    clips = [(np.tile(wave(i, 8000), 60), 8000) for i in range(4)]
    assert screen(from_arrays(clips, list("abab")), PLAIN).notes == ()


def test_the_same_sound_is_one_group_in_whatever_file(words: Path) -> None:
    sound = soundfile.read(words / "no" / "ann_0.wav")[0]
    soundfile.write(words / "no" / "again.flac", sound, 8000)
    soundfile.write(words / "no" / "stereo.wav", np.stack([sound, sound], axis=1), 8000)
    screened = screen(read_dataset(words), PLAIN)
    assert screened.duplicates == (("no/again.flac", "no/ann_0.wav", "no/stereo.wav"),)
    assert screened.notes[-1].startswith("1 clip occurs more than once, 3 times in all")
    assert screened.groups is not None
    assert len(np.unique(screened.groups)) == 8
    same = np.flatnonzero(np.isin(screened.names, screened.duplicates[0]))
    for train, test in folds(screened.y, screened.task, groups=screened.groups, n_splits=3):
        assert len(np.intersect1d(train, same)) in (0, 3)
        assert len(np.intersect1d(test, same)) in (0, 3)


def test_the_same_sound_under_two_labels_is_refused(words: Path) -> None:
    sound = soundfile.read(words / "no" / "ann_0.wav")[0]
    soundfile.write(words / "yes" / "twin.flac", sound, 8000)
    with pytest.raises(
        DataError, match=r"one label for each clip, found one clip under two: no/ann_0.wav \(no\) and yes"
    ):
        screen(read_dataset(words), PLAIN)


def test_silence_may_stand_under_any_label_and_is_no_duplicate(words: Path) -> None:
    for label in ("yes", "no"):
        soundfile.write(words / label / "silence.wav", np.zeros(900), 8000)
    screened = screen(read_dataset(words), PLAIN)
    assert screened.duplicates == () and len(screened) == 10
    assert any(note.startswith("2 clips are silent") for note in screened.notes)


def test_a_sound_in_train_and_test_is_left_out_of_train(tmp_path: Path) -> None:
    recorded(tmp_path, *(f"{part}/{label}/{i}.wav" for part in ("train", "test") for label in "ab" for i in range(3)))
    sound = soundfile.read(tmp_path / "test" / "a" / "0.wav")[0]
    soundfile.write(tmp_path / "train" / "a" / "leak.flac", sound, 8000)
    screened = screen(read_dataset(tmp_path), PLAIN)
    assert screened.dropped == (("train/a/leak.flac", "the same clip is in test: test/a/0.wav"),)


def test_real_folders(shared_data: Path) -> None:
    words = read_dataset(shared_data / "wake_words")
    assert (len(words), words.classes) == (440, ("alexa", "computer", "jarvis", "snowboy"))
    digits = read_dataset(shared_data / "spoken_digits", label=r"re:^(\d)_", group_by=r"^\d_([a-z]+)_")
    assert (len(digits), digits.classes) == (2000, tuple(range(10)))
    assert set(digits.n_per_class().values()) == {200}
    assert digits.groups is not None
    assert {name: int(np.sum(digits.groups == name)) for name in np.unique(digits.groups)} == dict.fromkeys(
        ("jackson", "nicolas", "theo", "yweweler"), 500
    )
    some = screen(digits.select(np.arange(0, 2000, 20)), SoundPreprocessing())
    assert len(some) == 100
    scenes = read_dataset(shared_data / "esc10", group_by=r"/\d-(\d+)-")
    assert (len(scenes), len(scenes.classes or ())) == (240, 10)


def test_listing_reads_no_clip(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "SoundFile", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr(io, "BytesIO", lambda *_: pytest.fail("read"))
    assert len(read_dataset(words)) == 8
