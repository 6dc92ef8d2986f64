"""What a network sees: one call for a source or a saved model, and inputs of one's own."""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path
from typing import Any

import numpy as np

from headstart.contract.arguments import plainly
from headstart.data.inputs.inputs import as_inputs, refuse_other_kind
from headstart.data.inputs.registry import entry_of, resolve
from headstart.errors import SourceError
from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.network import Network
from headstart.networks.reading.loading import load_network
from headstart.networks.seeing.sight import Sight

#: Inputs that are shown at most: the strongest of some hundreds are as strong as those of all.
MOST = 500


@plainly()
def look(source: Any, inputs: Any = None, *, random_state: int = 0) -> Sight:
    """Look at what the layers of a network answer to.

    Its first filters as pictures; for up to seven depths the strongest parts of your own inputs for some channels
    (patches of pictures, excerpts of clips, tokens of texts); and of a network for pictures what each depth prefers of
    made pictures that hold one thing each, edges, corners, curves, textures or noise, beside the same network with
    random weights.

    Parameters
    ----------
    source : str, path, NetworkSource, torch.nn.Module
        A source, as in `headstart.fit`; or the folder of a saved model, whose network is looked at.
    inputs : pictures, clips or texts, optional
        Of the kind that the network takes; of more than 500 some are drawn. Needed for a network for texts.
    random_state : int, default=0

    Returns
    -------
    Sight
        `headstart.report.sight.write_look` makes a page of it.

    Raises
    ------
    SourceError
        If there is no network to look at: a saved model that runs none, or of tables.
    DataError, BadInputs
        If the inputs are of another kind, or cannot be read.

    Examples
    --------
    >>> sight = look("starter:speech")
    >>> sight.filters.pictures.shape, len(sight.depths)
    ((32, 3, 3, 3), 6)
    """
    network = network_of(source)
    named = entry_of(network.takes).sight
    if named is None:
        raise SourceError(
            f"Expected a network for a kind of input that is looked at, found one for {network.takes.many}."
        )
    rows = None
    if inputs is not None and not (isinstance(inputs, Sized) and not len(inputs)):
        rows = as_inputs(inputs, network.input_type)
        if rows.kind is not network.takes:
            refuse_other_kind(rows.kind, network.takes, f"as the network {network.name} takes")
        if len(rows) > MOST:
            rows = rows[np.sort(np.random.default_rng(random_state).choice(len(rows), MOST, replace=False))]
    found: Sight = resolve(named)(network, rows, random_state)
    return found


def network_of(source: Any) -> Network:
    """The network that a source names, or that a saved model runs.

    Raises
    ------
    SourceError
        If there is none.
    """
    manifest = Path(source) / MANIFEST if isinstance(source, str | Path) else None
    if manifest is not None and manifest.is_file():
        said = read_manifest(source)
        if said.get("kind") in ("baseline", "table", "tasks") and not {"network", "body"} & set(said):
            raise SourceError(
                f"Expected a network, or a model that runs one, found in {source} a model that runs no network.",
                "Ask what a prediction went by: headstart predict MODEL FILES --explain FOLDER",
            )
    return load_network(source)
