"""What the user names to learn sounds from: synthetic speech, folders and lists of clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.data.base.kinds import CLIPS
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.reading.unlabelled import read_unlabelled
from headstart.errors import DataError, ParameterError
from headstart.networks.network import Network
from headstart.pretraining.examples.material import refuse_others
from headstart.pretraining.examples.picture_views import Views
from headstart.pretraining.examples.sound_views import FROM_LIFE, ClipViews, SpeechViews
from headstart.pretraining.examples.speech_examples import SpeechExamples
from headstart.pretraining.speech.spoken import SpokenWords
from headstart.pretraining.speech.staging import RATE, Staging
from headstart.pretraining.speech.word_list import chosen_words
from headstart.progress import Progress

SPEECH = "speech:"
SYNTHETIC = "speech:synthetic"


@dataclass(frozen=True)
class SpeechSettings:
    """What is spoken, and in what windows it is heard.

    Parameters
    ----------
    words : int, default=1000
        How many of headstart's words.
    takes : int, default=24
        Of each word.
    leave_out : tuple of str, default=()
        Words, or the marks "digit" and "command", that are not spoken.
    seconds : float, default=1.0
        Length of the sounds that are learned from.
    seed : int, default=0
    window : float, optional
        Length of the pieces in which the finished network hears longer clips. Default: the same.
    """

    words: int = 1000
    takes: int = 24
    leave_out: tuple[str, ...] = ()
    seconds: float = 1.0
    seed: int = 0
    window: float | None = None

    @property
    def preprocessing(self) -> SoundPreprocessing:
        """Of the finished network."""
        return SoundPreprocessing(RATE, round((self.window or self.seconds) * RATE))


def speech_examples(name: str, settings: SpeechSettings, progress: Progress | None = None) -> SpeechExamples:
    """Spoken words to learn the classes of.

    Parameters
    ----------
    name : str
        "speech:synthetic".
    settings : SpeechSettings
    progress : callable, optional
        Told how the speaking goes on.

    Raises
    ------
    ParameterError
        For another name, or settings outside their range.
    MissingProgram
        If espeak-ng is not installed.
    """
    if name != SYNTHETIC:
        raise ParameterError(f"Expected {SYNTHETIC}, found {name!r}.", "There is no other speech.")
    words = chosen_words(settings.words, leave_out=settings.leave_out, seed=settings.seed)
    takes = SpokenWords(words, settings.takes, seed=settings.seed)
    staging = Staging(samples=round(settings.seconds * RATE), seed=settings.seed)
    return SpeechExamples(takes, staging, preprocessing=settings.preprocessing, progress=progress)


def sound_views(
    data: Sequence[str],
    teachers: Sequence[Network],
    settings: SpeechSettings,
    *,
    n_views: int = 8,
    labelled: bool = False,
    path_column: str | None = None,
    progress: Progress | None = None,
) -> list[Views]:
    """Read the sounds that are to be played to teachers.

    Parameters
    ----------
    data : sequence of str
        Each "speech:synthetic", or a folder, list or table of clips, whose labels are not read.
    teachers : sequence of Network
        For sounds at 16 kHz.
    settings : SpeechSettings
    n_views : int, default=8
        Of each clip; of a take there is one: another one would be another take.
    labelled : bool, default=False
        Whether the words are learned too.
    path_column : str, optional
        Of a table.
    progress : callable, optional
        Told how speaking and reading go on.

    Returns
    -------
    list of Views

    Raises
    ------
    DataError
        For data that are not of sound, or words that are to be learned and are not there.
    ParameterError
        For teachers of another rate.
    """
    for teacher in teachers:
        if getattr(teacher.preprocessing, "rate", None) != RATE:
            raise ParameterError(
                f"Expected teachers for sounds at {RATE:,} Hz, found {teacher.name}.", "Take another --teacher."
            )
    spoken = [speech_examples(name, settings, progress) for name in data if name.startswith(SPEECH)]
    if labelled and not spoken:
        raise DataError(
            f"Expected {SYNTHETIC} among the data, to learn its words too; found {', '.join(data)}.",
            "Name it, or leave the labels out (--label-weight 0).",
        )
    class_names = spoken[0].class_names if labelled else ()
    staging = dataclasses.replace(FROM_LIFE, samples=round(settings.seconds * RATE), seed=settings.seed)
    found: list[Views] = [SpeechViews(examples) for examples in spoken]
    for name in data:
        if name.startswith(SPEECH):
            continue
        clips = read_unlabelled(name, path_column)
        refuse_others(clips.kind, CLIPS, name)
        words = f"{len(clips):,} clips without labels from {Path(name).name}"
        found.append(
            ClipViews(
                clips,
                n_views,
                staging,
                words=words,
                class_names=class_names,
                preprocessing=settings.preprocessing,
                seed=settings.seed,
                progress=progress,
            )
        )
    return found
