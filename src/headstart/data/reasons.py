"""Why a picture cannot be read, in plain words."""

from __future__ import annotations

import errno
import os

from PIL import Image, UnidentifiedImageError

_ERRNO = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "the file may not be read (no permission)",
    errno.EPERM: "the file may not be read (no permission)",
    errno.ELOOP: "it is a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "the name is too long for a file",
    errno.EISDIR: "it is a folder",
}

_OTHER_FORMATS = (
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypheix", "a HEIC picture"),
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


class BadPicture(Exception):
    """A picture that cannot be decoded; ``str(error)`` is the reason in plain words, without the picture's name.

    Examples
    --------
    >>> BadPicture("the file is empty (0 bytes)").reason
    'the file is empty (0 bytes)'
    """

    @property
    def reason(self) -> str:
        """Why the picture cannot be decoded."""
        return str(self)


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
        return f"it is {what_is(content)}, not a JPEG, PNG, WebP, BMP, TIFF or GIF picture"
    words = str(error)
    if "truncated" in words.lower() or isinstance(error, EOFError):
        return "the picture is cut off: the file ends too early"
    return f"the picture is damaged ({words or type(error).__name__})"


def what_is(content: bytes) -> str:
    """Name what a file seems to be, from its first bytes.

    Examples
    --------
    >>> what_is(b"%PDF-1.7"), what_is(b"hello, world"), what_is(bytes(16))
    ('a PDF document', 'text', 'a file of zero bytes')
    """
    for offset, signature, name in _OTHER_FORMATS:
        if content[offset : offset + len(signature)] == signature:
            return name
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
