"""What a network for sounds hears."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from headstart.data.base.rows import Inputs
from headstart.data.clips.specimen import spectrogram
from headstart.data.inputs.canvases import canvases
from headstart.networks.network import Network
from headstart.networks.seeing.fields import field_of
from headstart.networks.seeing.filters import first_filters
from headstart.networks.seeing.responses import depths_of, widths_of
from headstart.networks.seeing.sight import Depth, Sight, depth_of
from headstart.networks.seeing.strongest import Place, Strongest, strongest
from headstart.nn.bodies.log_mel import LogMel

#: Shortest excerpt that is shown, in seconds, and columns of a window's spectrogram.
_LEAST, _COLUMNS = 0.12, 800


def see(network: Network, inputs: Inputs | None, random_state: int = 0) -> Sight:
    """Mel filters, first filters over the spectrogram, and the strongest excerpts of the user's own clips.

    Of a clip longer than the network's window its loudest window is heard.

    Parameters
    ----------
    network : Network
    inputs : Clips or None
    random_state : int, default=0
        Of no meaning here: nothing is drawn.
    """
    blocks = depths_of(network)
    widths = widths_of(network)
    depths = [Depth(block, widths[block], (), {}) for block in blocks]
    if inputs is not None and len(inputs):
        form = network.preprocessing
        waves = canvases(inputs, form)
        shown = form.stack([form.centre(wave) for wave in waves])
        starts = [0 if form.marks_end and len(w) < form.samples else form.first_sample(w) for w in waves]
        depths = [_depth(network, one, shown, starts, inputs.names) for one in strongest(network, shown, blocks)]
    n = 0 if inputs is None else len(inputs)
    return Sight(network.name, network.input_type, n, tuple(depths), first_filters(network), _bank(network))


def _depth(network: Network, found: Strongest, shown: np.ndarray, starts: list[int], names: Any) -> Depth:
    if found.shape[0] == 1:  # pooled over time: nothing can be said of a moment
        return Depth(found.block, found.n_channels, found.silent, {})
    field, form = field_of(network, found.block), network.preprocessing
    pictures: dict[int, np.ndarray] = {}

    def piece(place: Place) -> tuple[str, float, np.ndarray]:
        if place.input not in pictures:
            pictures[place.input] = spectrogram(np.nan_to_num(shown[place.input]), form.rate, _COLUMNS)
        length = min(form.samples, max(round(_LEAST * form.rate), round(field.size[0])))
        centre = field.centre((place.cell[0], 0))[0]
        first = min(max(round(centre - length / 2), 0), form.samples - length)
        columns = [round(at / form.samples * _COLUMNS) for at in (first, first + length)]
        times = [max((starts[place.input] + at) / form.rate, 0.0) for at in (first, first + length)]
        part = pictures[place.input][:, columns[0] : max(columns[1], columns[0] + 1)]
        return f"{times[0]:.2f} to {times[1]:.2f} s", place.response, part

    return depth_of(found, names, piece)


def _bank(network: Network) -> np.ndarray | None:
    """The mel filters in front of a network, where it has ours."""
    front = next((part for part in network.module.modules() if isinstance(part, LogMel)), None)
    if front is None:
        return None
    filters = front.filters.detach().numpy().T
    level = (255 * filters / filters.max(axis=1, keepdims=True)).astype(np.uint8)[::-1]
    grey = np.asarray(Image.fromarray(level).resize((640, 4 * len(level)), Image.Resampling.NEAREST))
    return np.repeat(grey[:, :, None], 3, axis=2)
