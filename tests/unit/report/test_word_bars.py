"""The page's parts for texts: bars of words, and quotes with the words that decided."""

from __future__ import annotations

from headstart.report.mistakes import marked_words, surest
from headstart.report.page import build
from headstart.report.word_bars import MOST_CLASSES, class_words


def entry(word: str, weight: float) -> dict[str, object]:
    return {"word": word, "weight": weight}


def test_words_of_two_classes_are_shown_once() -> None:
    classes = [
        {"class": "ham", "for": [entry("later", 2.0)], "against": [entry("prize", -4.0)]},
        {"class": "spam", "for": [entry("prize", 4.0)], "against": [entry("later", -2.0)]},
    ]
    found = class_words({"n": 9, "classes": classes})
    assert found is not None and found["mirrored"] and [row["contra"] for row in found["rows"]] == [[], []]
    three = class_words({"n": 9, "classes": [*classes, {"class": "x", "for": [], "against": [entry("a", -1.0)]}]})
    assert three is not None and three["rows"][0]["contra"] == [{"word": "prize", "bar": 100.0}]
    assert three["rows"][0]["pro"] == [{"word": "later", "bar": 50.0}]


def test_no_words_no_part() -> None:
    assert class_words(None) is None and class_words({"n": 0, "classes": []}) is None
    assert class_words({"n": 2, "classes": [{"class": "a", "for": [], "against": []}]}) is None
    many = [{"class": str(i), "for": [entry("a", 1.0)], "against": []} for i in range(MOST_CLASSES + 3)]
    found = class_words({"n": 2, "classes": many})
    assert found is not None and len(found["rows"]) == MOST_CLASSES and found["more"] == 3


def test_words_of_a_text_carry_their_side() -> None:
    found = marked_words("so very good", [0.001, -0.2, 0.4])
    assert [one["side"] for one in found] == ["", "contra", "pro"] and found[2]["title"] == "+0.400"
    assert [one["side"] for one in marked_words("so very good", None)] == ["", "", ""]
    assert marked_words(None, None) == [] and marked_words("a b", [float("nan")])[0]["side"] == ""
    faint = marked_words("so good", [0.004, 0.0])[0]
    assert faint["side"] == "pro" and faint["shade"] < 0.3


def test_mistakes_of_texts_are_quotes() -> None:
    mistakes = [{"name": "row 3", "true": "a", "predicted": "b", "probability": 0.9, "text": "so it goes"}]
    card = surest([*mistakes, {**mistakes[0], "effects": [0.1, 0.0, -0.1]}])
    assert [piece["word"] for piece in card[0]["pieces"]] == ["so", "it", "goes"] and card[0]["marked"]
    page = build({"data": {"input_type": "text", "n": 4, "classes": ["a", "b"]}, "mistakes": mistakes})
    assert page["things"] == "texts" and not page["mistakes"][0]["marked"] and page["words"] is None
