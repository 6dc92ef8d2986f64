"""The kinds of input that networks can be pretrained for."""

from __future__ import annotations

from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.pretraining.architectures import new_picture_network, new_sound_network
from headstart.pretraining.examples.clip_examples import ClipExamples
from headstart.pretraining.examples.material import Material
from headstart.pretraining.examples.pair_augment import PictureChanges, SoundChanges
from headstart.pretraining.examples.picture_examples import DatasetExamples, square
from headstart.pretraining.examples.speech_sets import sound_views
from headstart.pretraining.examples.view_sets import picture_views
from headstart.pretraining.speech.staging import RATE

PICTURES = Material(
    network=new_picture_network,
    preprocessing=lambda given: square(given.size),
    labelled=lambda given, dataset, progress: DatasetExamples(
        dataset, size=given.size, flip=given.flip, random_state=given.seed, progress=progress
    ),
    shown=lambda given, teachers, n_views, labelled, progress: picture_views(
        given, teachers, n_views=n_views, labelled=labelled
    ),
    changes=lambda flip=True: PictureChanges(flip=flip),
)
CLIPS = Material(
    network=new_sound_network,
    preprocessing=lambda given: SoundPreprocessing(RATE, round(given.speech.seconds * RATE)),
    labelled=lambda given, dataset, progress: ClipExamples(
        dataset,
        seconds=given.speech.seconds,
        preprocessing=given.speech.preprocessing,
        random_state=given.seed,
        progress=progress,
    ),
    shown=lambda given, teachers, n_views, labelled, progress: sound_views(
        given.data,
        teachers,
        given.speech,
        n_views=n_views,
        labelled=labelled,
        path_column=given.path_column,
        progress=progress,
    ),
    changes=lambda flip=True: SoundChanges(),
)
