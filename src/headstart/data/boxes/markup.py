"""XML as a tree, without anything that a document could make a reader do."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from headstart.data.base.content import read_bytes
from headstart.data.base.files import printable
from headstart.data.base.reasons import BadInput
from headstart.errors import DataError

_DEEPEST = 64


class _Refused(Exception):
    """What a document asks for that is never done."""


def read_xml(file: Path) -> Element:
    """The root of an XML file in any encoding that it names.

    No entity is ever expanded or fetched: a file that declares one is refused, as is one of more than 64 levels.

    Parameters
    ----------
    file : Path

    Raises
    ------
    DataError
        If it is no XML, or declares entities.
    """
    where = printable(str(file))
    try:
        return tree_of(read_bytes(file))
    except BadInput as error:
        raise DataError(f"Expected annotations as XML in {where}, found: {error.reason}.") from error
    except _Refused as error:
        raise DataError(f"Expected plain annotations in {where}, found {error}.", "Remove that.") from error
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise DataError(f"Expected annotations as XML in {where}, found: {error}.", "Save it anew.") from error


def tree_of(content: bytes) -> Element:
    """The root of an XML document; names are in small letters, without the prefix of a namespace.

    Examples
    --------
    >>> tree_of(b"<a><b>1</b></a>").findtext("b"), tree_of(b'<v:A xmlns:v="u"/>').tag
    ('1', 'a')
    """
    builder, level = TreeBuilder(), 0
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal level
        level += 1
        if level > _DEEPEST:
            raise _Refused(f"more than {_DEEPEST} levels")
        builder.start(_local(tag), attributes)

    def end(tag: str) -> None:
        nonlocal level
        level -= 1
        builder.end(_local(tag))

    def refuse(*_: object) -> NoReturn:
        raise _Refused("an entity of its own, which is never expanded")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, builder.data
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = parser.SkippedEntityHandler = refuse
    parser.Parse(content, True)
    return builder.close()


def _local(tag: str) -> str:
    return tag.rpartition(":")[2].casefold()
