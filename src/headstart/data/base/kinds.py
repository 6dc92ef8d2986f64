"""What headstart learns from: pictures, clips of sound, texts, rows of tables; what they and their files are called."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of input: what it is called, and the few properties by which the rest of the house treats it.

    Parameters
    ----------
    input_type : str
        Its name in programs: "image", "audio", "text", "table", "numbers".
    one, many : str
        Its name in sentences.
    suffixes : frozenset of str
        Of files that can be read, in lower case.
    foreign : frozenset of str
        Of files of this kind that cannot be read, so that they are named and not passed over.
    formats : str
        Which files can be read, as the end of a sentence.
    values : bool, default=False
        Whether an input is a row of values, which borrows from other rows and from no network.
    typed : bool, default=False
        Whether any string may be one, so that it can be typed, or stand in a cell of a table.
    network : str, default=""
        What networks for it take, in words; empty: as ``many``.
    starter : str, optional
        The network for it that is bundled.
    example : str, optional
        A network to name where another is needed. Default: ``starter``.
    bears : float, default=1.0
        Share of the usual learning rate that its networks bear when tuned.
    pairs : bool, default=False
        Whether few examples a class are also learned from in pairs.
    tasks : frozenset of str
        Tasks beside classes, labels and numbers: "keyword".
    sample : str, default="inputs"
        One of them as ``predict`` takes it, in Python.
    shows : str, default="holds"
        What it does with its content, as a verb.
    hub : str, default=""
        What hubs call it; empty: as ``input_type``.

    Examples
    --------
    >>> PICTURES.count(1), CLIPS.count(3), TEXTS.takes
    ('1 picture', '3 clips', 'texts')
    """

    input_type: str
    one: str
    many: str
    suffixes: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    formats: str = ""
    values: bool = False
    typed: bool = False
    network: str = ""
    starter: str | None = None
    example: str | None = None
    bears: float = 1.0
    pairs: bool = False
    tasks: frozenset[str] = frozenset()
    sample: str = "inputs"
    shows: str = "holds"
    hub: str = ""

    def count(self, n: int) -> str:
        """So many of them, in words."""
        return f"{n} {self.one if n == 1 else self.many}"

    @property
    def takes(self) -> str:
        """What networks for it take, in words."""
        return self.network or self.many

    @property
    def tag(self) -> str:
        """What hubs call it."""
        return self.hub or self.input_type

    @property
    def named(self) -> str:
        """A network to name where another is needed."""
        return self.example or self.starter or "a network for them"


PICTURES = Kind(
    "image",
    "picture",
    "pictures",
    frozenset(
        {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
        | {".pgm", ".ppm", ".pbm", ".pnm", ".dcm", ".dicom", ".nii", ".heic", ".heif"}
    ),
    frozenset({".avif", ".jp2", ".svg", ".psd", ".ico", ".tga", ".exr", ".hdr"}),
    "Pictures are JPEG, PNG, WebP, BMP, TIFF, GIF, Netpbm (PGM, PPM), DICOM, NIfTI or HEIC files.",
    starter="starter:pictures",
    sample='["picture.jpg"]',
    shows="shows",
)
CLIPS = Kind(
    "audio",
    "clip",
    "clips",
    frozenset(
        {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"}
        | {".sph", ".nist", ".w64", ".rf64", ".m4a", ".aac", ".amr", ".wma", ".mka"}
    ),
    frozenset({".ape", ".ra", ".wv", ".mid", ".midi", ".dsf", ".ac3"}),
    "Clips are WAV, FLAC, OGG, Opus, MP3, M4A, AAC, AIFF, AU or CAF files, or films whose sound is meant.",
    network="sounds",
    starter="starter:speech",
    tasks=frozenset({"keyword"}),
    sample='["clip.wav"]',
)
TEXTS = Kind(
    "text",
    "text",
    "texts",
    frozenset({".txt"}),
    frozenset({".doc", ".docx", ".odt", ".rtf", ".pdf", ".pages", ".epub", ".wpd"}),
    "Texts are TXT files, or a column of a CSV, TSV, Parquet, JSON Lines or Excel table.",
    typed=True,
    example="sentence-transformers/all-MiniLM-L6-v2",
    bears=1 / 6,
    pairs=True,
    sample='["a text"]',
)
ROWS = Kind(
    "table",
    "row",
    "rows",
    formats="Tables are CSV, TSV, Parquet, JSON Lines or Excel files.",
    values=True,
    sample='"rows.csv"',
    hub="tabular",
)
NUMBERS = Kind("numbers", "row of numbers", "rows of numbers", values=True, hub="tabular")
"""Ready-made features, as in an array (n, d)."""


class OfKind(ABC):
    """Something that holds inputs of one kind."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What the inputs are, and how they are called."""

    @property
    def input_type(self) -> str:
        """The name of the kind in programs: "image", "audio", "text" or "table"."""
        return self.kind.input_type


_KNOWN: dict[str, Kind] = {kind.input_type: kind for kind in (PICTURES, CLIPS, TEXTS, ROWS, NUMBERS)}


def know(kind: Kind) -> None:
    """Add a kind to those that are known; see `headstart.data.inputs.registry.register`."""
    _KNOWN[kind.input_type] = kind


def forget(kind: Kind) -> None:
    """Take a kind that was added away again."""
    _KNOWN.pop(kind.input_type, None)


def kind_named(input_type: str) -> Kind:
    """The kind with this name in programs.

    Examples
    --------
    >>> kind_named("audio").many, kind_named("smell").many
    ('clips', 'examples')
    """
    return _KNOWN.get(input_type, Kind(input_type, "example", "examples"))


def file_kinds() -> tuple[Kind, ...]:
    """The kinds that have files of their own, in order.

    Examples
    --------
    >>> [kind.many for kind in file_kinds()]
    ['pictures', 'clips', 'texts']
    """
    return tuple(kind for kind in _KNOWN.values() if kind.suffixes)


def network_kinds() -> tuple[Kind, ...]:
    """The kinds that networks can be borrowed for, in order.

    Examples
    --------
    >>> [kind.takes for kind in network_kinds()]
    ['pictures', 'sounds', 'texts']
    """
    return tuple(kind for kind in _KNOWN.values() if kind.starter or kind.example)


def kind_of_suffix(suffix: str) -> Kind | None:
    """The kind of file that a suffix stands for, whether it can be read or not.

    Examples
    --------
    >>> kind_of_suffix(".OGG").many, kind_of_suffix(".txt").many, kind_of_suffix(".npz")
    ('clips', 'texts', None)
    """
    return next((kind for kind in file_kinds() if suffix.lower() in kind.suffixes | kind.foreign), None)


def thing(input_type: str) -> str:
    """One example of a kind of input.

    Examples
    --------
    >>> thing("image"), thing("audio")
    ('picture', 'clip')
    """
    return kind_named(input_type).one


def things(input_type: str) -> str:
    """Several examples of a kind of input.

    Examples
    --------
    >>> things("image"), things("audio"), things("numbers"), things("smell")
    ('pictures', 'clips', 'rows of numbers', 'examples')
    """
    return kind_named(input_type).many
