"""What is known about where a network comes from, read off its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from headstart.networks.folder import MANIFEST, read_manifest
from headstart.networks.network import SourceCard

_EXAMPLES = {1000: ("tench", 1_281_167), 21841: ("", 14_197_122), 21843: ("", 14_197_122)}


def transformers_card(
    folder: Path, config: Any, module: nn.Module, origin: str, notes: tuple[str, ...], headless: bool
) -> SourceCard:
    """What a transformers folder tells about its network.

    The number of examples is known for the public sets that the labels give away (ImageNet-1k and ImageNet-21k).

    Parameters
    ----------
    folder : Path
        With ``README.md`` and ``headstart.json``, where they are there.
    config : object
        Its transformers configuration.
    module : torch.nn.Module
        Its network.
    origin : str
        What the card says about where it came from.
    notes : tuple of str
        What the card says besides.
    headless : bool
        True if the output layer is not its own.

    Returns
    -------
    SourceCard
    """
    n_parameters = sum(parameter.numel() for parameter in module.parameters())
    names = getattr(config, "id2label", None) or {}
    own = tuple(str(names[key]) for key in sorted(names)) if names and not headless else None
    card = SourceCard(
        examples_of(own or ()), len(own) if own else None, own, n_parameters, licence_of(folder), origin, notes
    )
    return manifest_card(folder, card)


def examples_of(names: Sequence[str]) -> int | None:
    """Number of labelled examples of the public set that a network's class names give away.

    Examples
    --------
    >>> examples_of(["tench", *["another fish"] * 999]), examples_of(["ant", "bee"])
    (1281167, None)
    """
    first, n_examples = _EXAMPLES.get(len(names), ("", None))
    return n_examples if names and first in names[0] else None


def manifest_card(folder: Path, card: SourceCard) -> SourceCard:
    """A card completed by what the folder's ``headstart.json``, if there is one, knows better.

    Parameters
    ----------
    folder : Path
        An existing folder.
    card : SourceCard
        What the other files say.

    Returns
    -------
    SourceCard
    """
    if not (folder / MANIFEST).is_file():
        return card
    known = (read_manifest(folder).get("network") or {}).get("card") or {}
    better = {key: value for key, value in known.items() if value and key not in ("origin", "n_parameters")}
    return SourceCard.from_dict({**card.to_dict(), **better})


def licence_of(folder: Path) -> str | None:
    """The ``license`` line of the YAML header of a folder's README.md, where there is one."""
    readme = folder / "README.md"
    if not readme.is_file():
        return None
    lines = readme.read_text(encoding="utf-8", errors="replace").splitlines()[:60]
    if not lines or lines[0].strip() != "---":
        return None
    for line in lines[1:]:
        if line.strip() == "---":
            break
        if line.startswith(("license:", "licence:")):
            return line.split(":", 1)[1].strip() or None
    return None
