"""Texts from the command line: fit, report, predict, and damaged ones without a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from headstart.cli.main import exit_code
from headstart.errors import HeadstartError
from headstart.models import fitting as fit_module

REACHED = "the data were accepted"
GOOD, BAD = ["good", "great", "lovely", "fine"], ["bad", "awful", "poor", "cold"]
FILLER = ["the", "film", "was", "a", "story", "about", "one", "day"]


def rows(n: int = 24) -> list[tuple[str, str]]:
    rng = np.random.default_rng(0)
    return [
        (" ".join([*rng.choice(FILLER, 5), *rng.choice(BAD if i % 2 else GOOD, 2)]), "bad" if i % 2 else "good")
        for i in range(n)
    ]


def table(path: Path, texts: list[tuple[str, str]], encoding: str = "utf-8") -> Path:
    lines = ["text,label", *(f'"{text}",{label}' for text, label in texts)]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    texts = rows()
    texts[0] = ("a poor, <b>awful</b> day & bad", "good")
    data = str(table(folder / "t.csv", texts))
    assert (
        exit_code(["fit", data, "--label", "label", "--source", "none", "--budget", "20s", "--out", str(folder / "m")])
        == 0
    )
    return folder / "m"


def answers(
    model: Path, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, list[dict[str, object]], str]:
    capsys.readouterr()
    code = exit_code(["predict", str(model), *map(str, arguments), "--json"])
    out = capsys.readouterr()
    return code, json.loads(out.out).get("predictions", []) if out.out else [], out.err


def test_predict_takes_texts_files_folders_and_tables(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found, _ = answers(model, capsys, "--text", "a lovely day", "--text", "an awful one")
    assert code == 0 and [row["label"] for row in found] == ["good", "bad"]
    assert [row["file"] for row in found] == ["text 1", "text 2"]
    (tmp_path / "mails").mkdir()
    (tmp_path / "mails" / "one.txt").write_text("a great story")
    (tmp_path / "mails" / "notes.md").write_text("nothing")
    (tmp_path / "lines.jsonl").write_text('{"text": "so bad", "n": 1}\n{"text": "so good", "n": 2}\n')
    code, found, _ = answers(
        model, capsys, tmp_path / "mails", tmp_path / "lines.jsonl", tmp_path / "mails" / "one.txt"
    )
    assert code == 0 and [row["label"] for row in found] == ["good", "bad", "good", "good"]
    assert str(found[1]["file"]).endswith("lines.jsonl row 1")


def test_predict_names_what_it_cannot_read_and_answers_the_rest(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.txt").write_bytes(bytes(range(256)))
    code, found, said = answers(model, capsys, tmp_path / "x.txt", "--text", "", "--text", "a fine day")
    assert code == 1 and [row["file"] for row in found] == ["text 2"]
    assert "x.txt: it is something unknown, not plain text" in said and "text 1: the text is empty" in said
    code, _, said = answers(model, capsys, table(tmp_path / "t.csv", rows(4)), "--text-column", "body")
    assert code == 1 and "Expected a column 'body' with the texts" in said and "'text', 'label'" in said
    assert exit_code(["predict", str(model)]) == 2


def test_the_report_shows_texts_escaped_and_their_words(model: Path) -> None:
    page = (model / "report.html").read_text(encoding="utf-8")
    assert "Words that speak for and against" in page and "lovely" in page
    assert "&lt;b&gt;awful&lt;/b&gt;" in page and "<b>awful" not in page
    assert "was left out in turn" in page and "labelled texts" in page


def test_another_option_is_refused_for_another_kind_of_model(model: Path, tmp_path: Path) -> None:
    manifest = json.loads((model / "headstart.json").read_text())
    assert manifest["input_type"] == "text" and manifest["baseline"]["class"] == "TextBaselineClassifier"
    assert exit_code(["fit", str(tmp_path), "--text-column", "a", "--out", str(tmp_path / "m")]) == 1


def _damage(name: str, good: bytes, rng: np.random.Generator) -> bytes:
    """A text file with one kind of damage."""
    kinds = {
        "random": rng.bytes(int(rng.integers(1, 3000))),
        "cut": "größer, 日本語, naïve".encode()[: int(rng.integers(1, 20))],
        "zeros": bytes(int(rng.integers(1, 99))),
        "nul": good + b"\0" + good,
        "utf-16": good.decode().encode("utf-16"),
        "utf-32": good.decode().encode("utf-32-be"),
        "latin": "größer als naïv".encode("latin-1"),
        "koi8": "Привет, как дела".encode("koi8-r"),
        "sjis": "日本語のテキスト".encode("shift-jis"),
        "empty": b"",
        "spaces": b" \n\t\r\n ",
        "controls": bytes(rng.integers(1, 32, 200).tolist()),
        "pdf": b"%PDF-1.4\n" + rng.bytes(200),
        "docx": b"PK\x03\x04" + rng.bytes(100) + b"word/document.xml",
        "rtf": b"{\\rtf1\\ansi " + good + b"}",
        "flipped": bytes(byte ^ (1 << int(rng.integers(0, 8))) if rng.random() < 0.05 else byte for byte in good),
        "long": good * 20_000,
        "one word": b"x" * 1_000_000,
        "surrogates": "a \ud800 b".encode("utf-8", "surrogatepass"),
        "marks": "\u200b\ufeff\u2060".encode(),
    }
    return kinds[name]


DAMAGES = (
    *("random", "cut", "zeros", "nul", "utf-16", "utf-32", "latin", "koi8", "sjis", "empty", "spaces", "controls"),
    *("pdf", "docx", "rtf", "flipped", "long", "one word", "surrogates", "marks"),
)


@pytest.mark.parametrize("name", DAMAGES)
def test_no_damage_gives_a_traceback(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def accepted(*args: object, **kwargs: object) -> None:
        raise HeadstartError(REACHED)

    monkeypatch.setattr(fit_module.SafeTransferClassifier, "fit", accepted)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        folder = tmp_path / f"d{seed}"
        for i, (text, label) in enumerate(rows(8)):
            (folder / label).mkdir(parents=True, exist_ok=True)
            (folder / label / f"{i}.txt").write_text(text)
        damaged = _damage(name, rows(8)[0][0].encode() + b" and more", rng)
        (folder / "good" / "mutant.txt").write_bytes(damaged)
        whole = (
            folder / "t.csv",
            b"text,label\n" + b"so good,a\nso bad,b\nvery good,a\nvery bad,b\n" + damaged + b",a\n",
        )
        (tmp_path / f"t{seed}.csv").write_bytes(whole[1])
        for data in (folder, tmp_path / f"t{seed}.csv"):
            for more in ([], ["--skip-bad"]):
                code = exit_code(["fit", str(data), "--source", "none", "--out", str(tmp_path / "out"), *more])
                said = capsys.readouterr().err
                assert code == 1 and "\nError: " in f"\n{said}"
                assert "Traceback" not in said and "did not expect" not in said
                if more and data == folder and "under two" not in said:
                    assert REACHED in said
