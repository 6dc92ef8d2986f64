"""Adaptations by short names; torch is loaded only for those that train."""

from __future__ import annotations

import importlib
from typing import Any

from headstart.errors import ParameterError
from headstart.features.adapted.adaptation import Adaptation

#: Name -> module in this folder, class, and options other than its defaults.
ADAPTATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "source only": ("solved", "SourceOnly", {}),
    "z-score": ("solved", "SourceOnly", {"standardise": True}),
    "linear monge": ("solved", "GaussianTransport", {}),
    "discriminant": ("solved", "TransportedDiscriminant", {}),
    "self-training": ("solved", "SelfTraining", {}),
    "shot": ("shot", "SHOT", {}),
    "z-shot": ("shot", "SHOT", {"standardise": True}),
    "monge-shot": ("shot", "SHOT", {"carried": True}),
    "joined": ("joined", "JoinedHeads", {}),
    "mcc": ("matching", "MinimumClassConfusion", {}),
    "deep coral": ("matching", "DeepCORAL", {}),
    "dan": ("matching", "DAN", {}),
    "jan": ("matching", "JAN", {}),
    "afn": ("matching", "AFN", {}),
    "deepjdot": ("matching", "DeepJDOT", {}),
    "dann": ("adversarial", "DANN", {}),
    "cdan+e": ("adversarial", "CDAN", {}),
    "mcd": ("adversarial", "MCD", {}),
    "mdd": ("adversarial", "MDD", {}),
}


def adaptation_of(given: Any) -> Adaptation:
    """The adaptation that a name stands for; one that is made already stays, None is "shot".

    Raises
    ------
    ParameterError
        For anything else, with the names that there are.

    Examples
    --------
    >>> adaptation_of("z-score")
    SourceOnly(standardise=True)
    """
    if isinstance(given, Adaptation):
        return given
    name = "shot" if given is None else given
    if not isinstance(name, str) or name not in ADAPTATIONS:
        raise ParameterError(
            f"Expected adaptation to be one of {', '.join(map(repr, ADAPTATIONS))} or an object such as SHOT(), "
            f"found {given!r}."
        )
    module, kind, options = ADAPTATIONS[name]
    made: Adaptation = getattr(importlib.import_module(f"headstart.features.adapted.{module}"), kind)(**options)
    return made
