"""The look that fits the inputs, whichever kind they are."""

from __future__ import annotations

from headstart.data.base.inspection import Look
from headstart.data.clips.clips import Clips
from headstart.data.clips.inspection import ClipLook
from headstart.data.pictures.inspection import PictureLook
from headstart.data.pictures.pictures import Pictures
from headstart.data.texts.inspection import TextLook
from headstart.data.texts.texts import Texts


def look_at(inputs: Pictures | Clips | Texts) -> Look:
    """The look that fits the inputs."""
    if isinstance(inputs, Texts):
        return TextLook(inputs)
    return ClipLook(inputs) if isinstance(inputs, Clips) else PictureLook(inputs)
