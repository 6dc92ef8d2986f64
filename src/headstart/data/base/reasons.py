"""Why a picture, a clip or a text cannot be read, in plain words."""

from __future__ import annotations

import errno
import os

from PIL import Image, UnidentifiedImageError

from headstart.data.base.signatures import signed_as, what_is

_ERRNO = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "the file may not be read (no permission)",
    errno.EPERM: "the file may not be read (no permission)",
    errno.ELOOP: "it is a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "the name is too long for a file",
    errno.EISDIR: "it is a folder",
}

_NOT_WRITTEN = {
    errno.ENOENT: "a place where nothing can be made",
    errno.ENOTDIR: "a file in the place of one of its folders",
    errno.EEXIST: "a file in the place of one of its folders",
    errno.EACCES: "no right to write there",
    errno.EPERM: "no right to write there",
    errno.EROFS: "a disk that can only be read",
    errno.ELOOP: "a symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "a name that is too long for the disk",
}

#: What can be read of sound.
NO_CLIP = "not a WAV, FLAC, OGG, Opus, MP3, AIFF, AU, CAF or NIST clip"


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


def why_unwritable(error: Exception) -> str:
    """Words for a place that the operating system lets nothing be written at.

    Examples
    --------
    >>> why_unwritable(OSError(errno.EROFS, "")), why_unwritable(ValueError("embedded null byte"))
    ('a disk that can only be read', 'a name that no file can have (embedded null byte)')
    """
    if isinstance(error, OSError):
        return _NOT_WRITTEN.get(error.errno or 0, error.strerror or str(error))
    return f"a name that no file can have ({error})"


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
        known = signed_as(content, ("picture",))
        if known is not None:
            return f"it is {known} that is damaged, or of a kind that cannot be read; save it anew, as PNG for instance"
        return f"it is {what_is(content)}, not a JPEG, PNG, WebP, BMP, TIFF, GIF or Netpbm picture"
    words = " ".join(str(error).split())
    if "truncated" in words.lower() or isinstance(error, EOFError):
        return "the picture is cut off: the file ends too early"
    return f"the picture is damaged ({words or type(error).__name__})"


def why_unsound(error: Exception, content: bytes) -> str:
    """Words for content that is not, or not wholly, a clip of sound."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    words = str(getattr(error, "error_string", error)).strip().rstrip(".")
    if not signed_as(content, ("sound",)):
        return f"it is {what_is(content)}, {NO_CLIP}"
    return "the clip is cut off or damaged" + ("" if "psf_" in words or not words else f" ({words})")
