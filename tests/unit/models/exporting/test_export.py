"""A model handed on answers as it did: every kind of head and input, through onnxruntime, and by the printed lines."""

from __future__ import annotations

import datetime
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image
from printed_lines import printed, refused
from saved_models import HEADS, baseline, sounds, table, transferred

from headstart import Model, Source, fit, load
from headstart.cli.main import exit_code
from headstart.data.tables.cells import typed
from headstart.data.tables.encoder import TableEncoder
from headstart.errors import DataError, MissingExtra, OutputError
from headstart.guard.candidates.for_tables import table_candidates
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.blend import BlendedClassifier, BlendedRegressor
from headstart.guard.mixture import MixedClassifier, MixedRegressor
from headstart.models.saving import table_classes
from headstart.models.saving.task_models import SeveralTasks
from headstart.networks.running.embed import embed
from headstart.networks.running.runtime import layout_of
from headstart.parameters.transfer import TransferClassifier

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
from headstart.models.exporting import comparing, export  # noqa: E402
from headstart.models.exporting.encoder import encoded  # noqa: E402
from headstart.models.exporting.graph import Graph  # noqa: E402
from headstart.models.exporting.heads import answers_of  # noqa: E402
from headstart.models.exporting.lines.rows import CATEGORIES, NUMBERS, form_of  # noqa: E402
from headstart.models.exporting.made_inputs import made_inputs  # noqa: E402
from headstart.models.exporting.tables import WRITERS, said_by  # noqa: E402
from headstart.models.exporting.whole import whole_of  # noqa: E402


def apart(model: Model, place: Path) -> float:
    """Largest difference between a model and its graph on made-up inputs."""
    whole = whole_of(model, {})
    file = place / "model.onnx"
    file.write_bytes(whole.proto.SerializeToString())
    given = made_inputs(model.kind, whole, model)
    return comparing.difference(model, given, comparing.run(file, whole.feed(given)))


def _frame(n: int, shift: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    found = pd.DataFrame(
        {
            "age": rng.normal(50 + shift, 9, n).round(1),
            "dose": rng.gamma(2, 3, n),
            "ward": rng.choice(list("abc"), n),
            "seen": [datetime.date(2024, 1 + i % 9, 10 + i % 9) for i in range(n)],
        }
    )
    found.loc[::7, "dose"], found.loc[::5, "ward"] = np.nan, None
    return found


@pytest.mark.parametrize("task", ["two", "three", "numbers"])
def test_every_way_to_learn_a_table(task: str, tmp_path: Path) -> None:
    """All candidates with and without sources, and mixtures of them, answer the same inside a graph."""
    near, *far = (_frame(n, shift, seed) for seed, (n, shift) in enumerate([(60, 0.0), (150, 4.0), (90, -4.0)]))
    encoder = TableEncoder().fit(near, others=[("far", far[0]), ("farther", far[1])])
    rows, *others = (encoder.encode(part) for part in (near, *far))

    def labels(part: np.ndarray) -> np.ndarray:
        value = part[:, 0] + 0.3 * part[:, -1]
        if task == "numbers":
            return value * 20 + 100
        return np.array(list("abc"))[np.digitize(value, [0.0] if task == "two" else [-0.4, 0.6])]

    y = labels(rows)
    numbers = task == "numbers"
    kind = "regression" if numbers else "classification"
    sources = tuple(Source(part, labels(part), name=str(i)) for i, part in enumerate(others))
    found: dict[str, Any] = {}
    for candidate in table_candidates(Material(rows, y, kind, sources=sources)):
        if task == "three" and candidate.name not in ("PRED", "pooled boosting", "TrAdaBoost", "trees alone"):
            continue  # what treats two classes in a way of its own
        found[candidate.name] = candidate.estimator.fit(rows, y)
    parts = [found[name] for name in ("PRED", "trees alone", "TrAdaBoost")]
    shares, heat = np.array([0.5, 0.3, 0.2]), [0.5, 1.0, 2.0]
    named = [(str(i), part) for i, part in enumerate(parts)]
    if numbers:
        found["mixture"] = MixedRegressor(parts, shares, heat)
        found["blend"] = BlendedRegressor(named, shares).fit(rows, y)
    else:
        found["mixture"] = MixedClassifier(parts, shares, heat, np.unique(y))
        found["blend"] = BlendedClassifier(named, shares, heat).fit(rows, y)
        found["network without network"] = TransferClassifier(None, head="linear", random_state=0).fit(rows, y)
    classes = None if numbers else np.unique(y)
    worst = {
        name: apart(Model(one, {}, task=kind, classes=classes, input_type="table", encoder=encoder), tmp_path)
        for name, one in found.items()
    }
    assert max(worst.values()) < 1e-6, worst


def test_days_beyond_those_learned_from_count_as_the_last_in_a_graph_too(tmp_path: Path) -> None:
    encoder, later = TableEncoder().fit(_frame(30, 0.0, 0)), _frame(8, 0.0, 1)
    later["seen"] = [None, *(datetime.date(2020 + i, 12 - i, 3) for i in range(7))]
    graph, form = Graph(), form_of(encoder)
    graph.output(encoded(graph, encoder), "rows", ["n", "d"])
    (tmp_path / "rows.onnx").write_bytes(graph.model({}).SerializeToString())
    rows = typed(later, form.columns)
    given = {NUMBERS: rows[list(form.numbers)].to_numpy(np.float64)}
    given[CATEGORIES] = rows[list(form.categories)].fillna("").to_numpy(object)
    np.testing.assert_allclose(comparing.run(tmp_path / "rows.onnx", [given]), encoder.transform(later), atol=1e-9)


@pytest.mark.parametrize(
    ("head", "task"),
    [(head, "classification") for head in HEADS] + [("depths", "multilabel"), ("depths", "regression")],
)
def test_every_head(head: str, task: str, tmp_path: Path) -> None:
    """Rows of features in, what the fitted head says of them out."""
    model, X = transferred("resnet", head, task)
    fitted = model.estimator.fitted_
    features = embed(fitted.network, X, exact=True)
    rows = np.concatenate([features.output, *features.depths, *features.grids], axis=1)
    graph = Graph()
    given = graph.input("rows", np.float64, ["n", rows.shape[1]])
    graph.output(answers_of(fitted, given, layout_of(fitted.network.chain)), "scores", ["n", "k"])
    (tmp_path / "head.onnx").write_bytes(graph.model({}).SerializeToString())
    found = comparing.run(tmp_path / "head.onnx", [{"rows": rows.astype(np.float64)}])
    if task == "regression":
        expected = fitted.answers(fitted.scores(features)).reshape(len(rows), -1)
    else:
        expected, found = (fitted.probabilities(scores) for scores in (fitted.scores(features), found))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        ("image", "classification"),
        ("audio", "classification"),
        ("text", "classification"),
        ("image", "regression"),
        ("text", "regression"),
    ],
)
def test_models_without_a_network(kind: str, task: str, tmp_path: Path) -> None:
    assert apart(baseline(kind, task)[0], tmp_path) < 1e-5


def shares(line: str) -> list[float]:
    """Probabilities in a printed line."""
    return [float(number) for number in re.findall(r": ([0-9.e-]+)[,}]", line[line.rindex("{") :])]


def test_pictures_by_the_printed_lines(tmp_path: Path) -> None:
    """Files of several sizes and forms: the card's own reading, resizing and cropping are the model's."""
    model, _ = transferred("resnet", "depths")
    model.export(tmp_path / "out")
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (9, 7, 4), dtype=np.uint8)
    big = Image.fromarray(noise[..., :3]).resize((640, 500), Image.Resampling.BICUBIC)
    turned = big.getexif()
    turned[0x0112] = 6
    big.save(tmp_path / "big.jpg", exif=turned)
    big.resize((31, 20)).convert("L").save(tmp_path / "small.png")
    Image.fromarray(noise).resize((50, 90)).save(tmp_path / "clear.png")
    files = [str(tmp_path / name) for name in ("big.jpg", "small.png", "clear.png")]
    found = [shares(line) for line in printed(tmp_path / "out", *files)]
    np.testing.assert_allclose(found, model.predict_proba(files), atol=1e-4)


def test_clips_by_the_printed_lines(tmp_path: Path) -> None:
    """A clip of another rate with two channels, and one shorter than the window."""
    model, _ = sounds("linear")
    (tmp_path / "out").mkdir()
    model.export(tmp_path / "out" / "heard.onnx")
    rng = np.random.default_rng(0)
    soundfile.write(tmp_path / "long.wav", rng.normal(0, 0.1, (22050, 2)), 11025)
    soundfile.write(tmp_path / "short.wav", rng.normal(0, 0.1, 1500), 8000)
    files = [str(tmp_path / "long.wav"), str(tmp_path / "short.wav")]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["heard.README.md", "heard.onnx"]
    found = [shares(line) for line in printed(tmp_path / "out", *files, card="heard.README.md")]
    np.testing.assert_allclose(found, model.predict_proba(files), atol=1e-4)


def test_texts_by_the_printed_lines(tmp_path: Path) -> None:
    texts = ["the cat sat", "Größe? fine, the cat and the dog", "a " * 300]
    for name, model in (("net", transferred("bert", "linear")[0]), ("plain", baseline("text")[0])):
        model.export(tmp_path / name)
        found = [shares(line) for line in printed(tmp_path / name, *texts)]
        np.testing.assert_allclose(found, model.predict_proba(texts), atol=1e-4)


def test_rows_by_the_printed_lines(tmp_path: Path) -> None:
    """Gaps, unknown categories, a decimal comma with a unit, and dates, as they stand in a file."""
    rng = np.random.default_rng(0)
    n = 40
    frame = pd.DataFrame(
        {
            "weight": [f"{x:.2f}".replace(".", ",") + " kg" for x in rng.normal(70, 9, n)],
            "age": rng.integers(20, 90, n).astype(str),
            "site": rng.choice(["a", "b c", "d"], n),
            "seen": [f"2024-0{1 + i % 9}-1{i % 9}" for i in range(n)],
        }
    )
    frame.loc[::6, "age"], frame.loc[::7, "site"], frame.loc[::9, "weight"] = "?", "", "n/a"
    encoder = TableEncoder().fit(frame)
    rows = encoder.transform(frame)
    y = np.where(rows[:, 0] + rng.normal(0, 1, n) > 0, "high", "low")
    fitted = TransferClassifier(None, head="linear", random_state=0).fit(rows, y)
    model = Model(fitted, {}, task="classification", classes=["high", "low"], input_type="table", encoder=encoder)
    model.export(tmp_path / "out")
    frame.loc[0, "site"] = "never seen"
    frame.to_csv(tmp_path / "new.csv", index=False)
    found = [shares(line) for line in printed(tmp_path / "out", str(tmp_path / "new.csv"))]
    np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-4)


def test_rows_of_a_table_as_it_was_written_by_the_printed_lines(tmp_path: Path) -> None:
    """Semicolons, Windows-1252, decimal commas, days first with a time and years of two digits."""
    rng = np.random.default_rng(0)
    n = 60
    days = [datetime.datetime(2023, 1, 1) + datetime.timedelta(hours=int(hour)) for hour in rng.integers(0, 9000, n)]
    frame = pd.DataFrame(
        {
            "größe": [f"{x:.2f}".replace(".", ",") for x in rng.normal(70, 9, n)],
            "seen": [f"{day:%d.%m.%Y %H:%M}" for day in days],
            "born": [f"{day:%m/%d/%y}" for day in days[::-1]],
            "site": rng.choice(["Köln", "Ulm"], n),
            "y": np.where(np.array(days) > datetime.datetime(2023, 6, 1), "late", "early"),
        }
    )
    frame.loc[::9, "seen"] = ""
    frame.to_csv(tmp_path / "table.csv", index=False, sep=";", encoding="cp1252")
    model = fit(tmp_path / "table.csv", label="y", out=tmp_path / "model", budget=5, progress=None)
    model.export(tmp_path / "out")
    found = [shares(line) for line in printed(tmp_path / "out", str(tmp_path / "table.csv"))]
    np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-4)


@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_mark_at_the_beginning_of_a_file_is_no_part_of_a_column(separator: str, tmp_path: Path) -> None:
    """What spreadsheets save as CSV UTF-8."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    frame["y"] = np.where(frame["a"] > 0, "up", "down")
    frame.to_csv(tmp_path / "table.csv", index=False, sep=separator, encoding="utf-8-sig")
    model = fit(tmp_path / "table.csv", label="y", out=tmp_path / "model", budget=5, progress=None)
    model.export(tmp_path / "out")
    found = [shares(line) for line in printed(tmp_path / "out", str(tmp_path / "table.csv"))]
    np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-4)


def test_the_printed_lines_read_every_column_as_the_model_does(tmp_path: Path) -> None:
    """Zones, months by name, quarters, halves of the day, times, units, categories as spreadsheets change them."""
    rng = np.random.default_rng(0)
    n = 80
    days = [datetime.datetime(2023, 1, 1) + datetime.timedelta(hours=int(hour)) for hour in rng.integers(0, 5700, n)]
    months = [
        "januar",
        "februar",
        "märz",
        "april",
        "mai",
        "juni",
        "juli",
        "august",
        "september",
        "oktober",
        "november",
        "dezember",
    ]
    zones = [f"{day:%Y-%m-%dT%H:%M:%S}{rng.choice(['Z', '+02:00', '-0530'])}" for day in days]
    frame = pd.DataFrame(
        {
            "zone": zones,
            "named": [f"{day.day}. {months[day.month - 1].title()} {day.year}" for day in days],
            "quarter": [f"{day.year} Q{(day.month + 2) // 3}" for day in days],
            "half": [f"{day:%m/%d/%Y %I:%M %p}" for day in days],
            "took": [f"{day.hour}:{day.minute:02d}" for day in days],
            "paid": [f"${1000 * x:,.2f}" for x in rng.normal(5, 1, n)],
            "share": [f"({x:.1f})" if x < 3 else f"{x:.1f}" for x in rng.uniform(0, 9, n)],
            "code": rng.choice(["3", "7a"], n),
            "ward": rng.choice(["North west", "s"], n),
            "y": np.where(np.array(days) > datetime.datetime(2023, 5, 1), "late", "early"),
        }
    )
    frame.to_csv(tmp_path / "table.csv", index=False)
    model = fit(tmp_path / "table.csv", label="y", out=tmp_path / "model", budget=5, progress=None)
    model.export(tmp_path / "out")
    frame.loc[0, ["code", "ward", "paid"]] = ["3.0", "north_WEST", "a word"]
    frame.loc[1, ["code", "half", "zone"]] = ["new", "2023-04-01", " ?"]
    frame.to_csv(tmp_path / "new.csv", index=False)
    found = [shares(line) for line in printed(tmp_path / "out", str(tmp_path / "new.csv"))]
    np.testing.assert_allclose(found, model.predict_proba(frame), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="a"), "found none of the name 'a' among"),
        (lambda frame: frame.assign(a="word"), "Expected numbers in the column 'a' of the new rows"),
    ],
)
def test_what_the_model_refuses_of_a_table_the_printed_lines_refuse(
    change: Any, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60)})
    frame["y"] = np.where(frame["a"] > 0, "up", "down")
    frame.to_csv(tmp_path / "table.csv", index=False)
    model = fit(tmp_path / "table.csv", label="y", out=tmp_path / "model", budget=5, progress=None)
    model.export(tmp_path / "out")
    new = change(frame)
    new.to_csv(tmp_path / "new.csv", index=False)
    with pytest.raises(DataError, match=words):
        model.predict(new)
    assert words in refused(tmp_path / "out", str(tmp_path / "new.csv"))


def test_rows_of_too_few_cells_are_refused_by_the_printed_lines(tmp_path: Path) -> None:
    model, _ = table("linear")
    model.export(tmp_path / "out")
    names = model.encoder.lacking(pd.DataFrame())
    (tmp_path / "new.csv").write_text(",".join([*names, "more"]) + "\n1\n")
    assert f"Expected {len(names) + 1} cells in each row, found 1 in row 1." in refused(
        tmp_path / "out", str(tmp_path / "new.csv")
    )


def test_texts_and_clips_without_anything_are_refused_by_the_printed_lines(tmp_path: Path) -> None:
    for name, model in (("net", transferred("bert", "linear")[0]), ("plain", baseline("text")[0])):
        model.export(tmp_path / name)
        for text in ("", " \u200b\n"):
            assert "is empty" in refused(tmp_path / name, text)
    for name, model in (("heard", sounds("linear")[0]), ("simple", baseline("audio")[0])):
        model.export(tmp_path / name)
        for wave in (np.zeros(50), np.full(8000, np.nan)):
            soundfile.write(tmp_path / "bad.wav", wave, 8000, subtype="FLOAT")
            assert "holds less than 10 ms of sound" in refused(tmp_path / name, str(tmp_path / "bad.wav"))


def test_a_deep_picture_is_refused_by_the_printed_lines(tmp_path: Path) -> None:
    """What is white in it they cannot know; an answer would be a wrong one."""
    transferred("resnet", "depths")[0].export(tmp_path / "out")
    Image.fromarray(np.arange(3600, dtype=np.uint16).reshape(60, 60)).save(tmp_path / "deep.png")
    with pytest.raises(AssertionError, match=r"deep.png is deeper than 8 bits: divide it by what is white"):
        printed(tmp_path / "out", str(tmp_path / "deep.png"))


def test_a_folder_of_transformers_alone(tmp_path: Path) -> None:
    """Plain transformers loads the folder and gives the calibrated answers; any other head is refused."""
    model, _ = transferred("resnet", "linear")
    folder = model.export(tmp_path / "out", to="transformers")
    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md", "config.json", "headstart.json", "model.safetensors", "preprocessor_config.json",
    ]  # fmt: skip
    with pytest.raises(OutputError, match=r"Expected a linear head .* found a head that is not one linear layer"):
        transferred("resnet", "depths")[0].export(tmp_path / "deep", to="transformers")
    with pytest.raises(OutputError, match=r"found a model without a network \(BaselineClassifier\)"):
        baseline("image")[0].export(tmp_path / "deep", to="transformers")
    assert not (tmp_path / "deep").exists()


def test_another_answer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood there before stays, and the words name the difference."""
    model, near = table("trees")
    out = tmp_path / "out"
    model.export(out)
    before = (out / "model.onnx").read_bytes()
    monkeypatch.setattr(comparing, "difference", lambda *_: 0.25)
    with pytest.raises(OutputError, match=r"to 0\.0001, found a largest difference of 0\.25; nothing was written"):
        model.export(out, inputs=near)
    assert (out / "model.onnx").read_bytes() == before
    with pytest.raises(OutputError, match=r"largest difference of 0\.25"):
        model.export(tmp_path / "model.onnx")
    with pytest.raises(OutputError, match=r"largest difference of 0\.25"):
        model.export(tmp_path / "made" / "for it" / "model.onnx")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out"]


def test_several_tasks_get_a_folder_each(tmp_path: Path) -> None:
    one, frame = table("trees")
    both = SeveralTasks({"a b": one, "c": one}, {})
    out = both.export(tmp_path / "out", inputs=frame)
    assert sorted(file.name for file in out.iterdir()) == ["README.md", "headstart.json", "task-1", "task-2"]
    alone = one.export(tmp_path / "alone", inputs=frame)
    assert (out / "task-2" / "model.onnx").read_bytes() == (alone / "model.onnx").read_bytes()
    assert "[a b](task-1/README.md)" in (out / "README.md").read_text()
    both.export(tmp_path / "out", inputs=frame)  # it may be replaced
    with pytest.raises(OutputError, match=r"Expected a folder for the models of 2 tasks, found the file m\.onnx"):
        both.export(tmp_path / "m.onnx")


def test_models_that_have_no_form_are_named(tmp_path: Path) -> None:
    model, _ = table("trees")
    model.encoder = object()
    with pytest.raises(OutputError, match="Expected a table of plain columns, found another"):
        model.export(tmp_path / "out")
    both = SeveralTasks({"a b": model, "c": model}, {})
    with pytest.raises(OutputError, match=r"onnx of each task, found none of 'a b', 'c': .*\. Hand the model's folder"):
        export.export_model(both, tmp_path / "out")
    assert not list(tmp_path.iterdir())
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(OutputError, match=r"Expected a file to write, found the folder .*folder\.onnx"):
        table("linear")[0].export(tmp_path / "folder.onnx")
    assert table("linear")[0].export(tmp_path / "nowhere" / "model.onnx").is_file()


def unwritten() -> Model:
    """A model of rows that an encoder without a form reads."""
    model, _ = table("trees")
    model.encoder = object()
    return model


def joined(**how: Any) -> Model:
    """A model of rows that are seen in two views, or lie in groups."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    frame = pd.DataFrame({"a": y + rng.normal(0, 0.5, 60), "b": y + rng.normal(0, 0.5, 60), "g": list("uvw") * 20})
    return fit(frame.assign(y=y + rng.normal(0, 0.1, 60)), label="y", budget=5, progress=None, **how)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: table("trees")[0], "without a network"),
        (lambda: table("linear")[0], "without a network"),
        (lambda: baseline("image")[0], "without a network"),
        (lambda: baseline("text")[0], "without a network"),
        (lambda: transferred("resnet", "depths")[0], "a head that is not one linear layer"),
        (lambda: sounds("depths")[0], "a network"),
        (lambda: joined(view={"one": ["a"], "two": ["b"]}), "found one whose rows are seen in several views"),
        (lambda: joined(partial_pooling="g"), r"found one whose rows lie in groups \(partial pooling\)"),
        (lambda: SeveralTasks({"a": table("trees")[0], "b": unwritten()}, {}), "task-1"),
        (lambda: SeveralTasks({"a": unwritten()}, {}), "of each task, found none of 'a'"),
    ],
)
def test_no_refusal_leads_to_another(made: Any, words: str, tmp_path: Path) -> None:
    model = made()
    with pytest.raises(OutputError, match=words) as refused:
        export.export_model(model, tmp_path / "plain", "transformers")
    if "--to onnx" not in str(refused.value):
        assert "Hand the model's folder on as it is." in str(refused.value)
        return
    models = list(getattr(model, "models", {"": model}).values())
    for i, one in enumerate(models):
        if len(models) == 1 or f"task-{i + 1}" in str(refused.value):
            assert one.export(tmp_path / str(i)).is_dir()


def test_every_class_that_a_table_can_hold_is_written_or_named() -> None:
    """None ends in another error: what has no writer is refused by its name, with what to do."""
    held = {name for _, names, _ in table_classes._TABLE for name in names.split()}
    left = sorted(held - set(WRITERS))
    assert {"AuxiliaryTaskClassifier", "PartialPoolingRegressor", "MultiViewClassifier"} <= set(left)
    graph = Graph()
    rows = graph.input("rows", np.float64, ["n", 2])
    for name in left:
        with pytest.raises(OutputError, match=f"found {name}.*or fit again with a candidate that can be written"):
            said_by(graph, type(name, (), {})(), rows)


def test_a_listener_says_how_it_listens(tmp_path: Path) -> None:
    """The graph answers for windows of a clip; the card tells how far apart they stand in a stream."""
    model, _ = sounds("depths", words=True)
    card = (model.export(tmp_path / "out") / "README.md").read_text(encoding="utf-8")
    assert "window of 4000 samples at 8000 Hz every 800 samples" in card
    assert "log-odds of hey" in card and "reaches 2.0" in card


def test_a_network_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("no such operator") from ValueError("aten::odd is unknown\nand more")

    monkeypatch.setattr("torch.export.export", refuse)
    model, _ = transferred("resnet", "linear")
    with pytest.raises(OutputError, match=r"found that resnet is none: ValueError: aten::odd is unknown\. Hand"):
        model.export(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"needs onnxruntime.*pip install 'headstart\[onnx\]'"):
        table("trees")[0].export(tmp_path / "out")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table("linear")[0].save(tmp_path / "model")
    assert exit_code(["export", str(tmp_path / "model"), "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == str(tmp_path / "out")
    assert exit_code(["export", str(tmp_path / "out"), "--out", str(tmp_path / "again")]) == 1
    assert "Traceback" not in capsys.readouterr().err
    made = onnx.load(tmp_path / "out" / "model.onnx")
    assert {entry.key: entry.value for entry in made.metadata_props}["classes"] == '["no", "yes"]'
    assert load(tmp_path / "model").classes_.tolist() == ["no", "yes"]
