"""Which encoding bytes above 127 are of: certainly a Western European one, or one to be named by the user."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from itertools import pairwise

from headstart.errors import ParameterError, did_you_mean

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_HIGH = re.compile(rb"[\x80-\xff]+")
_CELL = re.compile(rb"[^\t\n\r,;|\"]*[\x80-\xff][^\t\n\r,;|\"]*")
_LETTERS = frozenset([0x8A, 0x8C, 0x8E, 0x9A, 0x9C, 0x9E, 0x9F, *range(0xC0, 0x100)]) - {0xD7, 0xF7}
_FREE = frozenset([0x80, 0x89, 0x99, 0x95, 0x96, 0x97, 0xA0, 0xA7, 0xA9, 0xAD, 0xAE, 0xB0, 0xB4, 0xB5, 0xB7, 0xD7])
_OPENING = frozenset([0x82, 0x84, 0x91, 0x93, 0x8B, 0xAB])
_CLOSING = frozenset([0x85, 0x94, 0x9B, 0xBB])
_APOSTROPHE = 0x92
#: A sign before a letter that may be the first byte of a letter of two, and what closes such a sign if it is a quote.
_FIRST = re.compile(rb"(?<![A-Za-z0-9\x80-\xff])([\x81-\x9f\xab])(?=[\x40-\x7e])")
_WITHIN = re.compile(rb"[A-Za-z]\x92[A-Za-z]")
_CLOSED_BY = {
    b"\x82": b"\x91\x92",
    b"\x84": b"\x93\x94",
    b"\x91": b"\x92",
    b"\x93": b"\x94",
    b"\x8b": b"\x9b",
    b"\xab": b"\xbb",
}
_PLACED = re.compile(
    rb"[0-9] ?[\xa2-\xa5\xb1\xbc-\xbe\xaa\xba\xb2\xb3\xb9]|[\xa2-\xa5\xb1] ?[0-9]"
    rb"|(?<![A-Za-z\x80-\xff])[\xbc-\xbe](?![A-Za-z])"
    rb"|(?<![A-Za-z\x80-\xff])[cdkmCDKM]?m[\xb2\xb3]|[Nn]\.?[\xaa\xba](?![a-z])"
    rb"|(?<![A-Za-z\x80-\xff])[\xa1\xbf](?=[A-Za-z\x80-\xff][^\n]*[?!])|(?<= )[\xb1](?= )"
)
_PLAIN = re.compile(rb"\xf1(?=[aeiou])|\xe3(?=o)|\xf5(?=es)")
_LONE = frozenset("àáâäåæèéêíòóôöøúüýÀÁÂÄÅÆÈÉÊÍÒÓÔÖØÚÜ")
_LIKELY = (
    *(
        "cp1250",
        "iso8859_2",
        "cp1251",
        "koi8_r",
        "cp866",
        "iso8859_5",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
    ),
    *("shift_jis", "gb18030", "big5", "euc_kr", "euc_jp", "cp1252", "mac_roman", "cp850", "cp852"),
)
_MOST_CELLS = 5000
_WESTERN = {
    "": "äöüßéáíóúýçâîô",
    "French": "àâæçéèêëîïôœùûü",
    "German": "äöüßéàè",
    "Spanish": "áéíóúüñç",
    "Italian": "àèéìíîòóùú",
    "Portuguese": "áâãàçéêíóôõúü",
    "Catalan": "àèéíïòóúüç",
    "Dutch": "éèêëïöüáíóúç",
    "Nordic": "åäöæøéüáàô",
    "Icelandic": "áéíóúýþæöð",
    "English": "éèêëïöüñçàâôœäæøåáíóúß",
}
_WORDS = {
    "French": "le la les de des du et un une est dans pour que qui pas avec sur il elle au ce son plus",
    "German": "der die das und ist nicht ein eine mit auf den dem von zu im sich auch es ich wir sehr",
    "Spanish": "el la los las de del que y en un una es no por con para su se muy lo como pero",
    "Italian": "il la le di che e un una per non con sono del della si da mi ma come molto",
    "Portuguese": "o a os as de do da que e em um uma para com se por mais como mas foi muito",
    "Catalan": "el la els les de del que i en un una per amb no es als",
    "Dutch": "de het een en van is niet op te dat met voor zijn ik er aan ook heel",
    "Nordic": "och det att som en den av for til er ikke og har med jag jeg var om ett et ja on ei oli se",
    "Icelandic": "og er ekki sem til um var en hann hefur",
    "English": "the and of to is in that it was for on with as this are be at by not you",
}
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ", "äöüßéšž")
_OTHERS = (
    *((codec, letters) for codec in ("cp1250", "iso8859_2") for letters in _CENTRAL),
    *((codec, "çğıi̇öşüâîû") for codec in ("cp1254",)),
    *(("cp1257", letters) for letters in ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")),
    *((codec, letters) for codec in ("mac_roman", "cp850") for name, letters in _WESTERN.items() if name),
)
_FOREIGN = (
    "nie na w z i do je se a v s to ze jest po ale si sa og hogy az egy es nem ve bir bu da ne u od za su este cu din",
    "la ir kad yra ar un no par ja ei et on",
)
_FOREIGN_WORDS = frozenset(word for line in _FOREIGN for word in line.split())


def surely_western(content: bytes) -> bool:
    """Whether bytes can only be meant as Windows-1252 (which holds Latin-1), or mean the same in its neighbours.

    The rule: every letter above 127 stands in a word with letters of ASCII, never more than two of them in a row (in
    Cyrillic, Greek, Arabic or Asian encodings all letters of a word are above 127); every sign stands where such signs
    do (currency beside digits, quotes around words); and no alphabet of Central Europe, Turkey, the Baltic or of old
    DOS and Mac files makes other words of the same letters, unless the small words around them ("de", "und") are
    Western.
    Only cells with such letters are looked at, so columns of plain ASCII beside them count for nothing.

    Examples
    --------
    >>> surely_western("Größe, 5 m²".encode("cp1252")), surely_western("Привет".encode("cp1251"))
    (True, False)
    >>> surely_western("żółw, gęś".encode("cp1250")), surely_western("la mère de Zoë est ici".encode("cp1252"))
    (False, True)
    """
    letters: set[int] = set()
    inside: set[int] = set()
    tokens = {token for token in _WORD.findall(_PLAIN.sub(_bare, _PLACED.sub(b" ", content))) if _HIGH.search(token)}
    lone = {token for token in tokens if len(token) == 1 and token.decode("cp1252", "replace") in _LONE}
    if tokens and tokens == lone and not _PLAIN.search(content):
        return False
    for token in tokens - lone:
        if not _latin(token, inside):
            return False
        letters |= {byte for byte in token if byte in _LETTERS}
    letters |= {token[0] for token in lone}
    if not letters and _may_be_two_bytes(content):
        return False
    written = letters | inside
    western = {name for name, alphabet in _WESTERN.items() if _decoded(letters, "cp1252") <= set(alphabet)}
    rivals = any(
        (other := _decoded(written, codec)) <= set(alphabet)
        and other != _decoded(written, "cp1252")
        and not _capitals_within(tokens, codec)
        for codec, alphabet in _OTHERS
    )
    if western and not rivals:
        return True
    return bool(western) and _small_words(content, western)


def _capitals_within(tokens: set[bytes], codec: str) -> bool:
    """Whether most letters above 127 that follow a small one would be capitals, as nobody writes them.

    Examples
    --------
    >>> tokens = {word.encode("cp1252") for word in ("très", "café")}  # DOS: trÞs, cafÚ
    >>> _capitals_within(tokens, "cp850"), _capitals_within(tokens, "cp1252")
    (True, False)
    """
    follow = [
        b for token in tokens for a, b in pairwise(token.decode(codec, "replace")) if a.islower() and ord(b) > 127
    ]
    return sum(b.isupper() for b in follow) * 2 > len(follow)


def _latin(token: bytes, inside: set[int]) -> bool:
    """Whether a word is one of Latin letters; signs between its letters are added to ``inside``."""
    words: list[list[int]] = [[]]
    for i, byte in enumerate(token):
        before, after = (token[i - 1] if i else 0), (token[i + 1] if i + 1 < len(token) else 0)
        if byte < 128 or byte in _LETTERS:
            words[-1].append(byte)
            continue
        left, right = _is_letter(before), _is_letter(after)
        if byte == _APOSTROPHE:
            words.append([])
            continue
        if (byte in _OPENING and left) or (byte in _CLOSING and right):
            return False
        if byte not in _FREE | _OPENING | _CLOSING:
            return False
        if left and right and byte not in (0xA0, 0xAD, 0xB7):
            inside.add(byte)
        words.append([])
    for word in words:
        high = [byte for byte in word if byte > 127]
        if not high:
            continue
        if len(high) == len(word) or max(map(len, _HIGH.findall(bytes(word)))) > 2:
            return False
    return True


def _may_be_two_bytes(content: bytes) -> bool:
    """Whether a dash, a dot or a quote that nobody closes stands before a letter, as the first byte of Asian ones does.

    Examples
    --------
    >>> _may_be_two_bytes("w и w".encode("shift_jis")), _may_be_two_bytes("„so“ – don’t".encode("cp1252"))
    (True, False)
    """
    signs = set(_FIRST.findall(content))
    if _WITHIN.search(content):  # where an apostrophe stands in words, one before a word is one too
        signs.discard(b"\x92")
    return any(not set(_CLOSED_BY.get(sign, b"")) & set(content) for sign in signs)


def _bare(match: re.Match[bytes]) -> bytes:
    """The ASCII letter under a Spanish or Portuguese one that stands where no Central European one does."""
    return {0xF1: b"n", 0xE3: b"a", 0xF5: b"o"}[match[0][0]]


def _is_letter(byte: int) -> bool:
    return byte in _LETTERS or (chr(byte).isascii() and chr(byte).isalpha())


def _decoded(values: Iterable[int], codec: str) -> set[str]:
    """The letters in small form; signs as they are."""
    return set(bytes(sorted(values)).decode(codec, "replace").casefold().replace("ss", "ß"))


def _small_words(content: bytes, languages: set[str]) -> bool:
    """Whether the words around letters above 127 are those of a Western language, three times as often as of others."""
    words = b" ".join(_CELL.findall(content)[:_MOST_CELLS]).decode("cp1252", "replace").casefold().split()
    for name in languages & _WORDS.keys():
        known = set(_WORDS[name].split())
        found = sum(word in known for word in words)
        if found >= 3 and found > 2 * sum(word in _FOREIGN_WORDS - known for word in words):
            return True
    return False


def proposed(content: bytes) -> list[str]:
    """The encodings that bytes look like: charset-normalizer's from their letters above 127, and Windows-1252 as well.

    The second where these are letters of one Western language; none where nothing is alike.

    Examples
    --------
    >>> proposed("Очень понравилось, спасибо большое".encode("cp1251"))
    ['cp1251']
    >>> proposed("qualité à éviter".encode("cp1252"))
    ['cp1250', 'cp1252']
    """
    from charset_normalizer import from_bytes

    some = b"\n".join(dict.fromkeys(_CELL.findall(content)[:_MOST_CELLS]))[: 1 << 16]
    best = from_bytes(some, cp_isolation=list(_LIKELY)).best()
    found = [] if best is None or best.encoding in ("ascii", "utf_8") else [str(best.encoding)]
    letters = _decoded({byte for byte in some if byte > 127}, "cp1252")
    western = any(letters <= set(alphabet) for alphabet in _WESTERN.values())
    return [*found, "cp1252"] if western and "cp1252" not in found else found


def codec_named(encoding: str) -> str:
    """The codec of a name that the user gave.

    Raises
    ------
    ParameterError
        If Python knows no text encoding of this name.

    Examples
    --------
    >>> codec_named("Windows-1251"), codec_named("UTF-8")
    ('cp1251', 'utf-8')
    """
    try:
        found = codecs.lookup(encoding)
        b"".decode(encoding)
        return found.name
    except (LookupError, ValueError) as error:
        from encodings.aliases import aliases

        near = did_you_mean(encoding.replace("-", "_"), [*aliases, *aliases.values()])
        raise ParameterError(
            f"Expected an encoding that Python knows, found {encoding!r}.",
            near or "Examples are utf-8, cp1250, cp1251, koi8-r, shift_jis, gb18030.",
        ) from error
