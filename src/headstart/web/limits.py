"""How much one visitor may ask of a server, and the refusals that say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headstart.errors import HeadstartError


@dataclass(frozen=True)
class Limits:
    """What a server takes at most.

    Parameters
    ----------
    body_bytes : int, default=32 MiB
        Of one request, files and all.
    inputs : int, default=64
        Pictures, clips, texts or rows in one request.
    waiting : int, default=512
        Inputs that wait for the model, of all requests together; more are told to come again.
    extents : mapping of str to float
        Of one input by its header: pixels, seconds, characters.
    seconds : float, default=60
        In which a request has to arrive.
    """

    body_bytes: int = 32 << 20
    inputs: int = 64
    waiting: int = 512
    extents: Mapping[str, float] = field(
        default_factory=lambda: {"pixels": 40e6, "seconds": 600.0, "characters": 200e3}
    )
    seconds: float = 60.0


class Refused(HeadstartError):
    """A request that is not answered.

    Parameters
    ----------
    status : int
        Of HTTP.
    message, todo : str
        As of every error of headstart.
    """

    def __init__(self, status: int, message: str, todo: str = "") -> None:
        super().__init__(message, todo)
        self.status = status
