"""Where a saved model is: a folder, an address, or a name on a hub."""

from __future__ import annotations

import os
import re
from pathlib import Path

from headstart.data.base.address import brought
from headstart.errors import SourceError

_ON_A_HUB = re.compile(r"[\w-][\w.-]*/[\w.-]+(@[\w./-]+)?")


def is_name_on_hub(place: str | Path) -> bool:
    """Whether a place is written as a name on a hub, and there is no folder of its first part.

    Examples
    --------
    >>> is_name_on_hub("ann/ants-or-bees"), is_name_on_hub("./ants"), is_name_on_hub("ants")
    (True, False, False)
    """
    return bool(_ON_A_HUB.fullmatch(str(place))) and not Path(place).parent.exists()


def place_of_model(place: str | Path) -> Path:
    """The folder of a model; from an address or a hub it is fetched first.

    Parameters
    ----------
    place : path-like
        A folder, an address that fsspec knows, or "user/name" where there is no folder "user".

    Raises
    ------
    SourceError
        If it cannot be fetched, or is no place.
    """
    if not isinstance(place, str | os.PathLike):
        raise SourceError(f"Expected the folder of a saved model, found {place!r}.", "Give its path.")
    if is_name_on_hub(place):
        from headstart.networks.reading.hub import fetch_model

        return fetch_model(str(place))
    return Path(brought(place)).expanduser()
