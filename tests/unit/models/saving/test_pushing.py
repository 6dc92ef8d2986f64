"""Models on a hub of our own: what is pushed, what stays, and what comes back by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from own_hub import TOKEN, OwnHub
from saved_models import baseline, transferred
from shown_evidence import domains, example

from headstart import load
from headstart.cli.main import exit_code
from headstart.errors import OutputError, ParameterError, SourceError
from headstart.models.saving.pushing import push
from headstart.networks.reading import hub as reading
from headstart.networks.reading.loading import load_network

EVIDENCE = {
    "data": {"name": "ants", "task": "classification", "input_type": "image", "n": 50, "dropped": [["secret.png", ""]]},
    "source": {"name": "net", "origin": "/home/ann/networks/net"},
    "mistakes": [{"name": "patient7.png", "thumbnail": "AAAA"}],
    "label_errors": [{"name": "patient8.png", "true": "a", "predicted": "b", "probability": 0.9}],
    "least_sure": [{"name": "patient9.png", "true": "a", "predicted": "b", "probability": 0.5}],
    "detection": {"classes": [], "mistakes": [{"name": "patient6.png", "thumbnail": "AAAA"}]},
    "later": {"right": [{"name": "patient5.png", "map": "AAAA"}]},
    "reproduce": {"command": "headstart fit /home/ann/ants"},
    "verdict": {"word": "helps", "sentence": "Transfer helps: read /home/ann/ants/x.csv."},
}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnHub]:
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(reading.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(reading.constants, "HF_HUB_DISABLE_XET", True)  # a server of our own takes files as git's LFS
    monkeypatch.setattr(reading.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    running = OwnHub()
    monkeypatch.setenv("HF_ENDPOINT", running.address)
    yield running
    running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model, _ = transferred("resnet", "linear")
    model.evidence = EVIDENCE
    place = tmp_path_factory.mktemp("push") / "model"
    return model.save(place, also=lambda path: (path / "report.html").write_text("patient7"))  # type: ignore[arg-type, return-value]


def test_what_is_pushed_comes_back(
    server: OwnHub, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model by its name predicts as it did, and is a source; nothing of the training data went along."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert exit_code(["push", str(folder), "ann/ants", "--private", "--token-from-env"]) == 0
    told = capsys.readouterr()
    assert told.out.strip() == f"{server.address}/ann/ants" and "stay here (--with-report" in told.err
    files = server.repos["ann/ants"]
    assert server.private["ann/ants"] and "model.safetensors" in files
    assert {"report.html", "label-errors.csv", "reference.safetensors"}.isdisjoint(files)
    everything = b"".join(files.values())
    for word in (b"patient", b"/home", b"ann/ants/x", b"secret.png", b"thumbnail"):
        assert word not in everything, word
    back, own = load("ann/ants"), load(folder)
    X = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3)).astype(np.uint8)
    np.testing.assert_allclose(back.predict_proba(X), own.predict_proba(X), atol=1e-6)
    assert load_network("ann/ants").card.n_examples == load_network(str(folder)).card.n_examples
    server.fails["/"] = 500
    assert load("ann/ants").task == "classification"  # from the local cache, without a call


def test_the_report_goes_when_it_is_asked_for(server: OwnHub, folder: Path) -> None:
    said: list[str] = []
    assert push(folder, "ann/ants", token=TOKEN, with_report=True, said=said.append).endswith("/ann/ants")
    files = server.repos["ann/ants"]
    assert files["report.html"] == b"patient7" and b"patient7" in files["evidence.json"]
    assert b"/home" not in files["evidence.json"] and "show examples of the training data" in said[0]
    push(folder, "ann/ants", token=TOKEN)
    assert "report.html" not in server.repos["ann/ants"]


def test_a_report_without_examples_goes_by_itself(
    server: OwnHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page is written anew from what may go: figures, and nothing that shows or names an example."""
    model, _ = baseline("text")
    model.evidence = example() | EVIDENCE | {"domains": domains("elsewhere"), "right": [{"text": "patient4"}]}
    model.evidence["data"] = example()["data"] | EVIDENCE["data"] | {"input_type": "text"}  # type: ignore[dict-item, operator]
    folder = model.save(tmp_path / "words", also=lambda path: (path / "report.html").write_text("patient7"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert exit_code(["push", str(folder), "ann/words", "--token-from-env", "--with-figures"]) == 0
    assert "The report has figures alone" in capsys.readouterr().err
    page = server.repos["ann/words"]["report.html"].decode()
    assert "What was tried, on the same folds" in page and "What is taken for what" in page
    for word in ("patient", "/home", "secret.png", "data:image", "Where what was borrowed lies"):
        assert word not in page, word
    assert load("ann/words").task == "classification"
    with pytest.raises(ParameterError, match="Expected a report with examples or one without, found both"):
        push(folder, "ann/words", token=TOKEN, with_report=True, figures=print)


def test_a_model_without_a_network(server: OwnHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, X = baseline("text")
    push(model.save(tmp_path / "words"), "ann/words", token=TOKEN)
    np.testing.assert_allclose(load("ann/words").predict_proba(X), model.predict_proba(X), atol=1e-9)
    assert exit_code(["predict", "ann/words", "--text", str(X[0]), "--csv"]) == 0
    assert capsys.readouterr().out.startswith("file,label,")


def test_every_refusal_is_in_words(server: OwnHub, folder: Path) -> None:
    with pytest.raises(ParameterError, match="Expected a name like user/name, found 'ants'"):
        push(folder, "ants")
    with pytest.raises(OutputError, match=r"Expected a token to push ann/ants with, found none\. Log in"):
        push(folder, "ann/ants")
    with pytest.raises(OutputError, match="found one that it refuses"):
        push(folder, "ann/ants", token="hf_wrong")
    for word, status, said in (
        ("create", 403, "Expected the right to write ann/ants, found none"),
        ("commit", 409, "found that ann/ants is taken"),
        ("preupload", 422, "found the answer 422"),
    ):
        server.fails = {word: status}
        with pytest.raises(OutputError, match=said):
            push(folder, "ann/ants", token=TOKEN)
    server.fails = {}
    server.repos["ann/other"] = {"config.json": b"{}"}
    with pytest.raises(OutputError, match="found another model there"):
        push(folder, "ann/other", token=TOKEN)
    with pytest.raises(SourceError, match=r"Expected a model of headstart at 'ann/other', found no headstart\.json"):
        load("ann/other")
    with pytest.raises(SourceError, match="Expected a folder or a network on the hub named 'bob/none', found neither"):
        load("bob/none")
    assert exit_code(["push", str(folder), "ann/ants", "--token-from-env"]) == 1
    server.close()
    with pytest.raises(OutputError, match=r"Expected to reach http://127.*found no answer.*Nothing was pushed"):
        push(folder, "ann/ants", token=TOKEN)


def test_a_changed_folder_is_not_pushed(server: OwnHub, folder: Path, tmp_path: Path) -> None:
    model, _ = baseline("text")
    place = model.save(tmp_path / "words")
    (place / "vocabulary.json").write_text(json.dumps({"words": []}))
    with pytest.raises(SourceError, match=r"Expected vocabulary\.json .* as it was written, found other bytes"):
        push(place, "ann/words", token=TOKEN)
    assert "ann/words" not in server.repos
