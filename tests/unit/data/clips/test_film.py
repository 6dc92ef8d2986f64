"""The sound of M4A, AAC and film files: the samples are those that were put in, broken ones are named."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from headstart.cli.main import exit_code
from headstart.data.base.reasons import BadClip
from headstart.data.clips.clips import Clips
from headstart.data.clips.decode import decode_sound, sound_seconds
from headstart.data.reading.read import read_dataset

av = pytest.importorskip("av")


def written(wave: np.ndarray, rate: int, form: str, codec: str, picture: bool = False) -> bytes:
    """A file of this form, (T,) or (T, 2) in it."""
    stored = io.BytesIO()
    channels = 1 if wave.ndim == 1 else wave.shape[1]
    with av.open(stored, "w", format=form) as file:
        if picture:
            film = file.add_stream("mpeg4", rate=10)
            film.width, film.height, film.pix_fmt = 32, 32, "yuv420p"
        sound = file.add_stream(codec, rate=rate, layout="mono" if channels == 1 else "stereo")
        if picture:
            for packet in film.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")):
                file.mux(packet)
        planar = np.ascontiguousarray(wave.reshape(len(wave), channels).T, np.float32)
        frame = av.AudioFrame.from_ndarray(planar, format="fltp", layout=sound.layout.name)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=sound.format.name, layout=sound.layout.name, rate=rate)
        for part in [*resampler.resample(frame), None]:
            for packet in sound.encode(part):
                file.mux(packet)
        if picture:
            for packet in film.encode(None):
                file.mux(packet)
    return stored.getvalue()


def tone(rate: int = 16000, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(round(rate * seconds)) / rate
    return (0.4 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "form", "codec", "picture"),
    [
        ("a.m4a", "ipod", "aac", False),
        ("a.aac", "adts", "aac", False),
        ("a.mp4", "mp4", "aac", True),
        ("a.mkv", "matroska", "pcm_s16le", True),
    ],
)
def test_sound_comes_back(name: str, form: str, codec: str, picture: bool, tmp_path: Path) -> None:
    """A tone has its frequency, its loudness and its length, whatever the file is called."""
    wave = tone()
    (tmp_path / "odd.wav").write_bytes(written(np.stack([wave, wave], axis=1), 16000, form, codec, picture))
    found, rate = decode_sound(tmp_path / "odd.wav")
    assert rate == 16000 and abs(len(found) - len(wave)) < 4000
    middle = found[4000:12000]
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() == 220 and abs(np.sqrt(np.mean(middle**2)) - 0.4 / np.sqrt(2)) < 0.02
    assert abs(sound_seconds(tmp_path / "odd.wav") - 1.0) < 0.25
    assert len(decode_sound(tmp_path / "odd.wav", 0.25)[0]) == 4000


def test_samples_without_loss_are_the_same(tmp_path: Path) -> None:
    wave = tone()
    (tmp_path / "a.mka").write_bytes(written(wave, 16000, "matroska", "pcm_s16le"))
    np.testing.assert_allclose(decode_sound(tmp_path / "a.mka")[0], wave, atol=1.1 / 32768)


def test_films_alone_are_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, label in enumerate(["low", "high"] * 4):
        place = tmp_path / label / f"{i}.mp4"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(written(tone(seconds=0.5) * (1 - 0.05 * i), 16000, "mp4", "aac", picture=True))
    assert exit_code(["inspect", str(tmp_path)]) == 0
    assert "8 clips" in capsys.readouterr().out
    assert isinstance(read_dataset(tmp_path).inputs, Clips)


def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = written(tone(), 16000, "ipod", "aac")
    file = tmp_path / "a.m4a"
    rng = np.random.default_rng(0)
    ended = 0
    for i in range(100):
        content = bytearray(whole)
        for place in rng.integers(0, len(content), int(rng.integers(1, 30))):
            content[place] = int(rng.integers(0, 256))
        file.write_bytes(bytes(content[: int(rng.integers(12, len(content)))] if i % 3 == 0 else content))
        try:
            decode_sound(file)
        except BadClip as error:
            assert "\n" not in str(error)
            ended += 1
    assert ended > 20
    file.write_bytes(whole)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BadClip, match=r"pip install 'headstart\[av\]'"):
        decode_sound(file)
