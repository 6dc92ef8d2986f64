"""What the user names to pretrain on, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from headstart.contract.options import check_number
from headstart.errors import ParameterError
from headstart.pretraining.examples.speech_sets import SPEECH, SpeechSettings
from headstart.pretraining.formula.rendered import RenderedPictures

FORMULA = "formula:"


@dataclass(frozen=True)
class Given:
    """What the user names to pretrain on, and how it is read.

    Parameters
    ----------
    data : tuple of str
        Each a folder, a list of paths, a table, an ``.npz`` file, ``formula:NAME`` or ``speech:synthetic``.
    size : int, default=64
        Side of the network's pictures, 16 to 256 pixels.
    classes, per_class : int
        Of formulas.
    flip : bool, default=True
        Whether pictures may be mirrored; not where sides matter, as in digits.
    label, path_column : str, optional
        Columns of a table.
    speech : SpeechSettings, optional
        Of sounds; its seed is that of everything here.

    Raises
    ------
    ParameterError
        If a number is outside its range.
    """

    data: tuple[str, ...]
    size: int = 64
    classes: int = 500
    per_class: int = 1000
    flip: bool = True
    label: str | None = None
    path_column: str | None = None
    speech: SpeechSettings = field(default_factory=SpeechSettings)

    def __post_init__(self) -> None:
        check_number("image_size", self.size, 16, 256, whole=True)
        check_number("classes", self.classes, 2, whole=True)
        check_number("per_class", self.per_class, 1, whole=True)
        check_number("seconds", self.speech.seconds, 0.3, 10)

    @property
    def seed(self) -> int:
        """Of formulas, views and what is held out."""
        return self.speech.seed

    @property
    def synthetic(self) -> bool:
        """Whether it is one set that headstart itself renders or speaks."""
        return len(self.data) == 1 and self.data[0].startswith((FORMULA, SPEECH))

    @property
    def epochs(self) -> int:
        """How often it is seen where nobody says: examples from a formula are as good new as again."""
        if all(name.startswith(FORMULA) for name in self.data):
            return 1
        return 10 if any(name.startswith(SPEECH) for name in self.data) else 30

    def one(self, what: str, todo: str) -> str:
        """The one set that was named.

        Raises
        ------
        ParameterError
            If there are several.
        """
        if len(self.data) != 1:
            raise ParameterError(f"Expected one {what}, found {len(self.data)}: {', '.join(self.data)}.", todo)
        return self.data[0]

    def rendered(self, name: str) -> RenderedPictures:
        """The pictures of a formula."""
        return RenderedPictures(name.removeprefix(FORMULA), self.classes, self.per_class, self.seed, self.size)
