"""Encodings are certain, or refused with the one that they look like; never gibberish."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.data.base.reasons import BadText
from headstart.data.reading.read import read_dataset
from headstart.data.tables.frame import read_frame
from headstart.data.texts.decode import text_from_bytes
from headstart.data.texts.encodings import codec_named
from headstart.errors import DataError, ParameterError

OTHERS = {
    "W Szczebrzeszynie chrząszcz brzmi w trzcinie": "cp1250 iso8859_2 cp852",
    "był zły film": "cp1250 iso8859_2 cp852",
    "Příliš žluťoučký kůň úpěl ďábelské ódy": "cp1250 iso8859_2 cp852",
    "čas, dobré": "cp1250 iso8859_2",
    "Árvíztűrő tükörfúrógép": "cp1250 iso8859_2",
    "čaj je vruć, šuma žuta": "cp1250",
    "Güneş doğdu, çok güzel ışık": "cp1254 iso8859_9 cp857",
    "Ąžuolas čia žydi įdomus": "cp1257",
    "Очень понравилось, спасибо большое": "cp1251 koi8-r cp866 iso8859_5 mac_cyrillic",
    "да": "cp1251 koi8-r cp866 iso8859_5",
    "м": "cp1251 koi8-r cp866 iso8859_5",
    "Дуже сподобалося, щиро дякую їй": "cp1251 koi8-u",
    "Πολύ καλό προϊόν": "cp1253 iso8859_7",
    "מוצר טוב מאוד": "cp1255 iso8859_8",
    "منتج جيد جدا": "cp1256 iso8859_6",
    "とても良い映画でした": "shift_jis euc_jp iso2022_jp",
    "テスト": "shift_jis euc_jp",
    "日本": "shift_jis euc_jp",
    "这部电影非常好看": "gb18030 gbk gb2312",
    "這部電影非常好看": "big5",
    "아주 좋은 영화였습니다": "euc_kr cp949",
    "ดีมาก": "cp874",
    "w и w": "shift_jis",
    "a 病 b": "shift_jis",
    "in 本 as": "shift_jis",
    "x 朼 y": "gb18030",
    "no 攁 one": "gb18030",
    "España": "mac_roman cp850",
    "Größe schön für Köln": "mac_roman cp850 cp437",
    "voilà très drôle": "mac_roman cp850",
}
WESTERN = (
    "Größe schön für Köln süß",
    "la mère de Zoë est à côté du café où il dîne",
    "très bon garçon, déjà vu, naïve, hôtel",
    "Très bien, ça alors, élégant; qualité épouvantable, à éviter, déçu",
    "¿Cómo está, señor? Mañana será otro día",
    "España",
    "não há coração à mão",
    "perché la città è così bella e più grande di",
    "smörgåsbord är gott på ön",
    "rødgrød med fløde på æble",
    "It’s “good” – really… 5 m² at £5 and 20 °C",
    "“So”, ‘so’ and «so» – don’t say ’twas 1990–1995",
)


def table_of(text: str) -> str:
    """The text beside columns of plain ASCII."""
    rows = (
        f'{i},https://shop.example.com/the/of/and/{i}?id={7 * i},"{text}","the and of",{"ab"[i % 2]}\n'
        for i in range(20)
    )
    return "id,url,text,note,label\n" + "".join(rows)


CASES = [(text, encoding) for text, some in OTHERS.items() for encoding in some.split()]


@pytest.mark.parametrize(("text", "encoding"), CASES, ids=[f"{i}-{encoding}" for i, (_, encoding) in enumerate(CASES)])
def test_other_encodings_are_refused_and_read_once_they_are_named(tmp_path: Path, text: str, encoding: str) -> None:
    with pytest.raises(BadText, match=r"--encoding \w+, encoding='\w+'"):
        text_from_bytes(text.encode(encoding))
    place = tmp_path / "t.csv"
    place.write_bytes(table_of(text).encode(encoding))
    with pytest.raises(DataError, match="--encoding"):
        read_frame(place)
    assert read_frame(place, encoding)["text"].tolist() == [text] * 20


def test_what_may_be_western_or_not_is_refused_with_both_names() -> None:
    with pytest.raises(BadText, match="perhaps it is cp1250 or cp1252"):
        text_from_bytes("Très bien, qualité à éviter".encode("cp1252"))


@pytest.mark.parametrize("text", WESTERN, ids=range(len(WESTERN)))
def test_western_texts_are_read_and_said(tmp_path: Path, text: str) -> None:
    assert text_from_bytes(text.encode("cp1252")).text == text
    (tmp_path / "t.csv").write_bytes(table_of(text).encode("cp1252"))
    dataset = read_dataset(tmp_path / "t.csv", text_column="text", label="label")
    assert set(dataset.inputs.items) == {text} and "The table was read as Windows-1252." in dataset.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    "text", ["Очень понравилось", "とても良い", "Größe", "plain", "مرحبا"], ids=["ru", "ja", "de", "en", "ar"]
)
def test_unicode_is_told_without_a_mark_too(text: str, encoding: str) -> None:
    whole = table_of(text)
    assert text_from_bytes(whole.encode(encoding)).text == whole


def test_an_encoding_that_is_named_must_exist_and_fit() -> None:
    with pytest.raises(ParameterError, match=r"found 'windows1251x'. Did you mean 'windows_1251'"):
        codec_named("windows1251x")
    with pytest.raises(BadText, match="it is not written in utf-8"):
        text_from_bytes(b"K\xf6ln", "utf-8")
