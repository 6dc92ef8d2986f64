"""What headstart learns from: pictures, clips of sound, texts, rows of tables; what they and their files are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    Parameters
    ----------
    input_type : {"image", "audio", "text", "table"}
        Its name in programs.
    one, many : str
        Its name in sentences.
    suffixes : frozenset of str
        Of files that can be read, in lower case.
    foreign : frozenset of str
        Of files of this kind that cannot be read, so that they are named and not passed over.
    formats : str
        Which files can be read, as the end of a sentence.

    Examples
    --------
    >>> PICTURES.count(1), CLIPS.count(3)
    ('1 picture', '3 clips')
    """

    input_type: str
    one: str
    many: str
    suffixes: frozenset[str]
    foreign: frozenset[str]
    formats: str

    def count(self, n: int) -> str:
        """So many of them, in words."""
        return f"{n} {self.one if n == 1 else self.many}"


PICTURES = Kind(
    "image",
    "picture",
    "pictures",
    frozenset(
        {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
        | {".pgm", ".ppm", ".pbm", ".pnm"}
    ),
    frozenset({".heic", ".heif", ".avif", ".jp2", ".svg", ".dcm", ".psd", ".ico", ".tga", ".exr", ".hdr"}),
    "Pictures are JPEG, PNG, WebP, BMP, TIFF, GIF or Netpbm (PGM, PPM) files.",
)
CLIPS = Kind(
    "audio",
    "clip",
    "clips",
    frozenset(
        {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"}
        | {".w64", ".rf64"}
    ),
    frozenset({".m4a", ".aac", ".wma", ".amr", ".ape", ".ra", ".mka", ".wv", ".mid", ".midi", ".dsf", ".ac3"}),
    "Clips are WAV, FLAC, OGG, Opus, MP3, AIFF, AU or CAF files.",
)
TEXTS = Kind(
    "text",
    "text",
    "texts",
    frozenset({".txt"}),
    frozenset({".doc", ".docx", ".odt", ".rtf", ".pdf", ".pages", ".epub", ".wpd"}),
    "Texts are TXT files, or a column of a CSV, TSV, Parquet, JSON Lines or Excel table.",
)
KINDS = (PICTURES, CLIPS, TEXTS)
ROWS = Kind(
    "table", "row", "rows", frozenset(), frozenset(), "Tables are CSV, TSV, Parquet, JSON Lines or Excel files."
)
"""Rows of values; they have no files of their own, so they are not among `KINDS`."""


def kind_of_suffix(suffix: str) -> Kind | None:
    """The kind of file that a suffix stands for, whether it can be read or not.

    Examples
    --------
    >>> kind_of_suffix(".OGG").many, kind_of_suffix(".txt").many, kind_of_suffix(".npz")
    ('clips', 'texts', None)
    """
    return next((kind for kind in KINDS if suffix.lower() in kind.suffixes | kind.foreign), None)


_NOUNS = {kind.input_type: (kind.one, kind.many) for kind in (*KINDS, ROWS)}
_NOUNS["numbers"] = ("row of numbers", "rows of numbers")


def thing(input_type: str) -> str:
    """One example of a kind of input.

    Examples
    --------
    >>> thing("image"), thing("audio")
    ('picture', 'clip')
    """
    return _NOUNS.get(input_type, ("example", "examples"))[0]


def things(input_type: str) -> str:
    """Several examples of a kind of input.

    Examples
    --------
    >>> things("image"), things("audio"), things("numbers"), things("smell")
    ('pictures', 'clips', 'rows of numbers', 'examples')
    """
    return _NOUNS.get(input_type, ("example", "examples"))[1]
