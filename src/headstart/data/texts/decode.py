"""The bytes of a text file as text, with the encoding that was found."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from headstart.data.base.content import read_bytes
from headstart.data.base.reasons import BadText
from headstart.data.base.signatures import what_is
from headstart.data.texts.encodings import codec_named, proposed, surely_western


@dataclass(frozen=True)
class DecodedText:
    """A text and how its bytes were read.

    Parameters
    ----------
    text : str
        With line ends as ``\\n``.
    encoding : str
        In words: "UTF-8", "UTF-16", "Windows-1252", "UTF-8 with 2 damaged characters", ...
    """

    text: str
    encoding: str


UTF8 = "UTF-8"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", UTF8),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
#: What a text holds that there is something to learn from.
SOMETHING = re.compile(r"[^\s\u200b-\u200f\u2060\ufeff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f\x7f]")
_CONTROL_BYTES = frozenset([*range(0x09), *range(0x0E, 0x1A), *range(0x1C, 0x20)])
_PLAIN = frozenset([9, 10, 13, *range(0x20, 0x7F)])
_SAMPLE = 1 << 16
#: Letters beyond ASCII that have to be whole for each that is damaged: for one, and for several. Double-byte encodings
#: of other alphabets look like UTF-8 that is damaged at both ends of every word.
_WHOLE = (2, 8)
_SAY = "say what it is (--encoding {0}, encoding='{0}'), or save it as UTF-8"


def text_from_bytes(content: bytes, encoding: str | None = None) -> DecodedText:
    r"""Decode the bytes of a text.

    A byte order mark decides, then ``encoding``. Otherwise UTF-8 where it fits; UTF-16 without a mark where zeros stand
    in every second place alone; or, of what is left, Windows-1252 (which holds Latin-1), where nothing else can be
    meant (`headstart.data.texts.encodings.surely_western`). A few damaged characters in what is otherwise UTF-8 are
    replaced, and counted.

    Parameters
    ----------
    content : bytes
    encoding : str, optional
        As Python calls it, where the user said it.

    Raises
    ------
    BadText
        For bytes that are no text, or none in the encoding that was said; and for other encodings, which cannot be told
        apart safely, with the one that it looks like.
    ParameterError
        For an encoding that Python does not know.

    Examples
    --------
    >>> text_from_bytes("Köln".encode()), text_from_bytes("Köln".encode("latin-1")).encoding
    (DecodedText(text='Köln', encoding='UTF-8'), 'Windows-1252')
    """
    for mark, codec, name in _MARKS:
        if content.startswith(mark):
            return _marked(content[len(mark) :], codec, name, content)
    if encoding is not None:
        return _as_said(content, encoding)
    _refuse_documents(content)
    if re.search(rb"\x1b[$(][@-J]", content):
        raise BadText(f"it looks like ISO-2022; {_SAY.format('iso2022_jp')}")
    bare = _without_mark(content)
    if bare is not None:
        return bare
    try:
        return _finished(content.decode("utf-8"), UTF8, content)
    except UnicodeDecodeError:
        pass
    if not _CONTROL_BYTES.isdisjoint(content[:_SAMPLE]):
        raise BadText(_no_text(content))
    return _damaged(content) or _western(content)


def decode_text(item: str | Path) -> DecodedText:
    """A text in memory as it is, the text of a file decoded by :func:`text_from_bytes`.

    Parameters
    ----------
    item : str or Path
        A ``str`` is the text itself, a ``Path`` the file that holds it.

    Raises
    ------
    BadText
        If the file cannot be read or is no text.
    """
    if isinstance(item, str):
        return DecodedText(item, UTF8)
    return text_from_bytes(read_bytes(item, BadText))


def why_no_words(text: str) -> str:
    """Why there is nothing to learn in a text; empty where there is something.

    Examples
    --------
    >>> why_no_words(""), why_no_words(" \\n"), why_no_words("well")
    ('the text is empty', 'the text holds nothing but spaces', '')
    """
    if not text:
        return "the text is empty"
    return "" if SOMETHING.search(text) else "the text holds nothing but spaces"


def _marked(content: bytes, codec: str, name: str, whole: bytes) -> DecodedText:
    text = content.decode(codec, "replace")
    damaged = text.count("\ufffd")
    if damaged > max(3, len(text) // 50):
        raise BadText(f"it begins like a text in {name}, but the rest is damaged")
    return _finished(text, name if not damaged else _with_damage(name, damaged), whole)


def _finished(text: str, encoding: str, content: bytes) -> DecodedText:
    if _CONTROL.search(text[:_SAMPLE]) and _odd(text[:_SAMPLE]):
        raise BadText(_no_text(content))
    return DecodedText(text.replace("\r\n", "\n").replace("\r", "\n"), encoding)


def _odd(text: str) -> bool:
    """Whether there are more control characters than a stray one here and there; a NUL is always one too many."""
    return "\0" in text or len(_CONTROL.findall(text)) > 1 + len(text) // 500


def _as_said(content: bytes, encoding: str) -> DecodedText:
    """The text in the encoding that the user named."""
    codec = codec_named(encoding)
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise BadText(f"it is not written in {encoding}: {error.reason} at byte {error.start}") from error
    return _finished(text, UTF8 if codec == "utf-8" else encoding, content)


def _without_mark(content: bytes) -> DecodedText | None:
    """UTF-16 without a byte order mark: ASCII letters have a zero in every second place, and never in the others."""
    if len(content) < 4 or len(content) % 2 or 0 not in content[:_SAMPLE]:
        return None
    for codec, upper, lower in (("utf-16-le", 1, 0), ("utf-16-be", 0, 1)):
        high, low = content[upper:_SAMPLE:2], content[lower:_SAMPLE:2]
        plain = sum(a in _PLAIN for a in high)
        both = sum(a in _PLAIN and b in _PLAIN for a, b in zip(high, low, strict=True))
        zeros = low.count(0) * 50 <= high.count(0) and high.count(0) * (5 if plain else 20) > len(high)
        if zeros and both <= 0.9 * plain and not _CONTROL.search(content.decode(codec, "replace")):
            return _marked(content, codec, "UTF-16", content)
    return None


def _damaged(content: bytes) -> DecodedText | None:
    """UTF-8 with a few characters that are broken or cut off; None where it is something else."""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for letter in text if ord(letter) > 127) - damaged
    return _finished(text, _with_damage(UTF8, damaged), content) if whole >= _WHOLE[damaged > 1] * damaged else None


def _western(content: bytes) -> DecodedText:
    if not surely_western(content):
        found = proposed(content)
        like = f"; perhaps it is {' or '.join(found)}" if found else ""
        say = _SAY.format(found[0] if found else "NAME")
        raise BadText(f"it is neither UTF-8 nor surely a Western European encoding{like}; {say}")
    try:
        text, name = content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = content.decode("latin-1"), "Latin-1"
    return _finished(text, name, content)


def _with_damage(name: str, damaged: int) -> str:
    return f"{name} with {damaged} damaged character{'' if damaged == 1 else 's'}"


def _refuse_documents(content: bytes) -> None:
    found = what_is(content, ("text", "other"))
    if found == "a ZIP archive" and b"word/" in content[:4096] + content[-4096:]:
        found = "a Word document"
    if found not in ("text", "something unknown", "a file of zero bytes"):
        raise BadText(f"it is {found}, not plain text; save its text as a .txt file in UTF-8")


def _no_text(content: bytes) -> str:
    found = what_is(content)
    return f"it is {found if found != 'text' else 'something unknown'}, not plain text"
