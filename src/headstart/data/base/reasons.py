"""Why a picture, a clip or a text cannot be read, in plain words."""

from __future__ import annotations

import errno
import os

from PIL import Image, UnidentifiedImageError

#: Where it stands, one or several, and what it is the mark of.
Signatures = tuple[tuple[int, bytes | tuple[bytes, ...], str], ...]

_ERRNO = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "the file may not be read (no permission)",
    errno.EPERM: "the file may not be read (no permission)",
    errno.ELOOP: "it is a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "the name is too long for a file",
    errno.EISDIR: "it is a folder",
}

_OTHER_FORMATS: Signatures = (
    (4, (b"ftypheic", b"ftypheix"), "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a film or HEIF file"),
    (128, b"DICM", "a DICOM file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"\x00\x00\x00\x0cjP", "a JPEG 2000 picture"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy array file"),
)


_SOUNDS: Signatures = (
    (8, b"WAVE", "a WAV sound file"),
    (0, b"fLaC", "a FLAC sound file"),
    (0, b"OggS", "an OGG sound file"),
    (0, b"ID3", "an MP3 sound file"),
    (8, (b"AIFF", b"AIFC"), "an AIFF sound file"),
    (0, b".snd", "an AU sound file"),
    (0, b"caff", "a CAF sound file"),
)
_FOREIGN_SOUNDS: Signatures = (
    (4, b"ftypM4A", "an M4A (AAC) sound file"),
    (0, (b"\xff\xf1", b"\xff\xf9"), "an AAC sound file"),
    (0, b"#!AMR", "an AMR sound file"),
    (0, b"0&\xb2u", "a WMA sound file"),
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (0, b"MThd", "a MIDI file (notes, no sound)"),
)
_PICTURES: Signatures = (
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "a TIFF picture"),
)


class BadInput(Exception):
    """An input that cannot be decoded; ``str(error)`` is the reason in plain words, without the input's name.

    Examples
    --------
    >>> BadPicture("the file is empty (0 bytes)").reason
    'the file is empty (0 bytes)'
    """

    @property
    def reason(self) -> str:
        """Why the input cannot be decoded."""
        return str(self)


class BadPicture(BadInput):
    """A picture that cannot be decoded."""


class BadClip(BadInput):
    """A clip of sound that cannot be decoded."""


class BadText(BadInput):
    """A text that cannot be decoded, or holds nothing."""


def why_unreadable(path: str | os.PathLike[str], error: Exception) -> str:
    """Words for a file that the operating system does not hand out."""
    if str(path).startswith(("http://", "https://", "s3://", "gs://")):
        return "it is a web address, not a file; download it first"
    if isinstance(error, OSError) and error.errno is not None:
        return _ERRNO.get(error.errno, f"the file cannot be read ({error.strerror})")
    return f"the name cannot be a file's ({error})"


def why_too_large(size: tuple[int, int]) -> str:
    """Words for a picture with more pixels than memory should be spent on."""
    return f"it has {size[0]} x {size[1]} pixels, too many to be read safely; make it smaller first"


def why_undecodable(error: Exception, content: bytes) -> str:
    """Words for content that is not, or not wholly, a picture."""
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "it claims more pixels than can be read safely; make it smaller first"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, UnidentifiedImageError):
        known = signed_as(content, _PICTURES)
        if known is not None:
            return f"it is {known} that is damaged, or of a kind that cannot be read; save it anew, as PNG for instance"
        found = what_is(content, (*_SOUNDS, *_FOREIGN_SOUNDS))
        return f"it is {found}, not a JPEG, PNG, WebP, BMP, TIFF, GIF or Netpbm picture"
    words = str(error)
    if "truncated" in words.lower() or isinstance(error, EOFError):
        return "the picture is cut off: the file ends too early"
    return f"the picture is damaged ({words or type(error).__name__})"


def why_unsound(error: Exception, content: bytes) -> str:
    """Words for content that is not, or not wholly, a clip of sound."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    words = str(getattr(error, "error_string", error)).strip().rstrip(".")
    if not signed_as(content, _SOUNDS):
        found = what_is(content, (*_PICTURES, *_FOREIGN_SOUNDS))
        return f"it is {found}, not a WAV, FLAC, OGG, Opus, MP3, AIFF, AU or CAF clip"
    return "the clip is cut off or damaged" + ("" if "psf_" in words or not words else f" ({words})")


def what_is(content: bytes, further: Signatures = ()) -> str:
    """Name what a file seems to be, from its first bytes.

    Parameters
    ----------
    content : bytes
    further : tuple of (offset, signature, name)
        More signatures to look for, before the usual ones.

    Examples
    --------
    >>> what_is(b"%PDF-1.7"), what_is(b"hello, world"), what_is(bytes(16))
    ('a PDF document', 'text', 'a file of zero bytes')
    """
    found = signed_as(content, (*further, *_OTHER_FORMATS))
    if found is not None:
        return found
    head = content[:512]
    if not head.strip(b"\x00"):
        return "a file of zero bytes"
    if b"\x00" not in head:
        try:
            head[:-4].decode("utf-8")
        except UnicodeDecodeError:
            return "something unknown"
        return "text"
    return "something unknown"


def signed_as(content: bytes, signatures: Signatures) -> str | None:
    """Name of the first signature that the content carries."""
    return next((name for at, signs, name in signatures if content.startswith(signs, at)), None)
