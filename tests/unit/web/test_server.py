"""The API of a served model: what `headstart.Model` says, of every kind of input; nothing opens, ends or grows it."""

from __future__ import annotations

import csv
import io
import json
import wave
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bad_uploads import bomb, claiming, medical, picture, requests, sent
from medical_pictures import claiming as claim
from PIL import Image
from saved_models import MODELS, baseline, table
from served import Served, served
from sklearn.ensemble import ExtraTreesClassifier
from small_networks import small_network, wrapped

from headstart import fit
from headstart.data.boxes.boxes import Boxes
from headstart.data.inputs.canvases import default_store
from headstart.models.detection_model import DetectionModel
from headstart.models.model import Model
from headstart.models.saving.task_models import SeveralTasks
from headstart.multiview.encoder import ViewEncoder
from headstart.parameters.transfer import TransferClassifier
from headstart.web.limits import Limits


def written(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def model() -> Model:
    rng, y = np.random.default_rng(0), np.arange(20) % 2
    X = rng.integers(0, 120, (20, 40, 50, 3), dtype=np.uint8) + (100 * y[:, None, None, None]).astype(np.uint8)
    fitted = TransferClassifier(wrapped(*small_network("vgg")), random_state=0).fit(X, np.array(["no", "<b>yes"])[y])
    return Model(fitted, {}, task="classification", classes=fitted.classes_.tolist())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "corrections"


@pytest.fixture(scope="module")
def server(model: Model, place: Path) -> Iterator[Served]:
    with served(model, place) as found:
        yield found


def test_pictures_are_answered_as_the_model_does(server: Served, model: Model, tmp_path: Path) -> None:
    contents = [picture(i, "JPEG" if i % 2 else "PNG") for i in range(3)]
    files = [("file", f"{i}.png", content) for i, content in enumerate(contents)]
    found = server.send("/predict", [*files, ("file", "broken.png", b"nothing")])
    assert found.status == 200
    paths = [tmp_path / f"{i}" for i in range(3)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    rows = found.said["predictions"]
    assert [row["file"] for row in rows] == ["0.png", "1.png", "2.png"]
    np.testing.assert_allclose(
        [list(row["probabilities"].values()) for row in rows], model.predict_proba(paths), atol=1e-5
    )
    assert found.said["failed"] == [
        {"file": "broken.png", "reason": "it is text, not a JPEG, PNG, WebP, BMP, TIFF, GIF or Netpbm picture"}
    ]


def test_two_hundred_at_once_are_all_answered_and_nothing_is_held(server: Served) -> None:
    contents = [picture(i) for i in range(200)]
    before = len(default_store())
    with ThreadPoolExecutor(200) as pool:
        found = list(pool.map(lambda i: server.send("/predict", [("file", f"{i}", contents[i])]), range(200)))
    assert Counter(one.status for one in found) == {200: 200}
    assert [one.said["predictions"][0]["file"] for one in found] == [str(i) for i in range(200)]
    assert len(default_store()) == before


def test_where_too_much_waits_one_is_told_when_to_come_again(model: Model) -> None:
    with served(model, limits=Limits(waiting=1)) as small, ThreadPoolExecutor(30) as pool:
        found = list(pool.map(lambda i: small.send("/predict", [("file", "x", picture(i))]), range(30)))
    assert {one.status for one in found} <= {200, 503}
    refused = [one for one in found if one.status == 503]
    assert refused and all(one.headers["retry-after"] == "2" for one in refused)


def test_sixty_bad_requests_end_nothing(server: Served, place: Path, caplog: pytest.LogCaptureFixture) -> None:
    statuses: Counter[int] = Counter()
    for what, how, given in requests(seed=7, n=60, side=1500):
        status = sent(server, how, given)
        assert status in (200, 400, 413, 415, 422), (what, status)
        statuses[status] += 1
    assert server.ask("/health").said == {"status": "ok"} and statuses[422] > 20
    assert "Traceback" not in caplog.text and "could not be answered" not in caplog.text
    assert not place.exists()


@pytest.mark.parametrize("content", [claiming(100_000, 100_000), claiming(7000, 6000), bomb(6400)])
def test_pictures_of_too_many_pixels_are_not_decoded(server: Served, content: bytes) -> None:
    found = server.send("/predict", [("file", "x.png", content)])
    assert found.status == 422 and "pixels" in found.said["failed"][0]["reason"]


@pytest.mark.parametrize("kind", ["DICOM", "NIfTI", "HEIC"])
def test_headers_that_other_libraries_read_are_looked_at_first(server: Served, kind: str) -> None:
    whole = {"DICOM": 0, "NIfTI": 1, "HEIC": 3}[kind]
    found = server.send("/predict", [("file", "x", medical()[whole])])
    assert found.status == 200 and len(found.said["predictions"]) == 1
    found = server.send("/predict", [("file", "x", claim(kind, 8000, 7000))])
    assert found.status == 422
    assert found.said["failed"][0]["reason"] == "it has 56,000,000 pixels; at most 40,000,000 are taken here"


def test_no_path_of_a_visitor_is_opened(server: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(0))
    for refused in (
        server.post("/predict", {"texts": [str(secret)]}),
        server.post("/predict", {"rows": [{"path": str(secret)}]}),
        server.send("/predict", fields={"file": str(secret)}),
        server.send("/predict", fields={"text": str(secret)}),
    ):
        assert refused.status == 422 and "predictions" not in refused.said
    named = server.send("/predict", [("file", str(secret), b"other")])
    assert named.said["predictions"] == [] and named.said["failed"][0]["file"] == str(secret)


def test_one_answer_does_not_hang_on_what_else_is_asked(server: Served) -> None:
    deep = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 900, (20, 20)).astype(np.uint16)).save(deep, "PNG")
    bright = io.BytesIO()
    Image.fromarray(np.full((20, 20), 65_000, np.uint16)).save(bright, "PNG")

    def ask(content: bytes) -> Any:
        return server.send("/predict", [("file", "x", content)]).said["predictions"][0]["probability"]

    alone = ask(deep.getvalue())
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(ask, [deep.getvalue(), bright.getvalue()] * 6))
    assert found[::2] == pytest.approx([alone] * 6)


def test_a_correction_is_kept_and_read_by_headstart(server: Served, place: Path) -> None:
    from headstart.data.reading.read import read_dataset

    for i in range(4):
        label = "<b>yes" if i % 2 else "no"
        kept = server.send("/correct", [("file", f"../../{i}.png", picture(i))], {"label": label})
        assert kept.said == {"kept": "corrections.csv"}
    unknown = server.send("/correct", [("file", "x.png", picture(9))], {"label": "maybe"})
    assert (
        unknown.status == 422
        and "Expected one of <b>yes, no as the right answer, found 'maybe'" in unknown.said["error"]
    )
    assert "found none" in server.send("/correct", [("file", "x.png", picture(9))]).said["error"]
    assert server.send("/correct", [("file", "x.png", b"broken")], {"label": "no"}).status == 422
    dataset = read_dataset(place / "corrections.csv")
    assert len(dataset) == 4 and list(dataset.classes or ()) == ["<b>yes", "no"]
    assert len(list((place / "files").iterdir())) == 4


def test_the_description_names_what_there_is(server: Served) -> None:
    api = server.ask("/openapi.json").said
    assert api["openapi"] == "3.1.0"
    for path, methods in api["paths"].items():
        for method, one in methods.items():
            assert {"summary", "responses"} <= one.keys()
            found = server.ask(path, method.upper(), b"" if method == "post" else None)
            assert str(found.status) in one["responses"], (path, found.status)
            wrong = server.ask(path, "DELETE")
            assert wrong.status == 405 and "/openapi.json" in wrong.said["error"]
    assert server.ask("/nowhere").status == 404


#: Whatever a program may send by mistake: none of it is a fault of the server's.
ODD: tuple[Any, ...] = (
    None, 3, [], "x", {}, {"texts": None}, {"texts": [None]}, {"texts": [""]}, {"texts": ["\ud800"]},
    {"texts": ["x" * 300_000]}, {"texts": ["a"] * 65}, {"texts": ["a"], "more": 1}, {"texts": ["a"], "explain": "yes"},
    {"rows": [{}]}, {"rows": [{"age": []}]}, {"rows": [{"age": 10**400}]}, {"rows": [{"\ud800": 1}]},
    {"rows": [{"age": "x", "dose": 1, "site": "a"}]}, {"rows": [{"age": 3, "dose": 1, "site": "\ud800"}]},
    {"rows": [{"age": True, "dose": None, "site": 5}]}, {"rows": [{"age": -0.0}] * 3},
    {"rows": [{"age": 1e308, "dose": -1e308, "site": "\x00"}]},
)  # fmt: skip


@pytest.mark.parametrize("name", ["texts, baseline", "tables, trees", "tables, boosting"])
def test_whatever_a_program_sends_it_is_told_what_is_wrong(name: str) -> None:
    with served(MODELS[name]()[0]) as server:
        schema = server.ask("/openapi.json").said["paths"]["/predict"]["post"]["requestBody"]["content"]
        assert set(schema) == {"application/json", "multipart/form-data"}
        for odd in ODD:
            found = server.post("/predict", odd)
            assert found.status in (200, 413, 422), (odd, found.body)
            assert found.status == 200 or found.said.get("error", "").startswith("Expected") or found.said["failed"]
        assert server.post("/predict", b'{"texts": [NaN]}').status == 400


def test_texts_are_texts_even_where_they_name_files(tmp_path: Path) -> None:
    model, _ = baseline("text")
    (tmp_path / "a.txt").write_text("secret words")
    with served(model, tmp_path / "kept") as server:
        asked = [str(tmp_path / "a.txt"), "x.png", "so good"]
        found = server.post("/predict", {"texts": asked}).said["predictions"]
        said = [list(row["probabilities"].values()) for row in found]
        from headstart.data.texts.texts import Texts

        np.testing.assert_allclose(said, model.predict_proba(Texts(asked)), atol=1e-9)
        file = server.send("/predict", [("file", "mine.txt", b"so good")], {"text": "so good"}).said["predictions"]
        assert (file[0]["probabilities"] == file[1]["probabilities"] and file[0]["file"] == "text 1") or file[1]["file"]
        assert server.send("/correct", fields={"text": "=1+1", "label": "yes"}).status == 200
        (kept,) = (tmp_path / "kept" / "files").iterdir()
        assert kept.read_text() == "=1+1" and kept.suffix == ".txt"


def test_rows_are_answered_and_corrected(tmp_path: Path) -> None:
    model, frame = table("trees")
    with served(model, tmp_path) as server:
        columns = server.ask("/model").said["columns"]
        assert [(one["name"], one["holds"]) for one in columns] == [
            ("age", "number"),
            ("dose", "number"),
            ("site", "category"),
        ]
        assert {"a", "b"} <= set(columns[2]["options"])
        some = json.loads(frame.head(3).to_json(orient="records"))
        found = server.post("/predict", {"rows": some}).said["predictions"]
        np.testing.assert_allclose(
            [list(row["probabilities"].values()) for row in found], model.predict_proba(frame.head(3))
        )
        lacking = server.post("/predict", {"rows": [{"age": 3}]})
        assert lacking.status == 422 and "'dose' or 'site'" in lacking.said["error"]
        kept = server.send("/correct", fields={"age": "40", "dose": "", "site": "a", "label": "yes"})
        assert kept.status == 200
    with (tmp_path / "corrections.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"age": "40", "dose": "", "site": "a", "label": "yes"}]


def test_rows_of_groups_are_asked_for_the_group_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=80), "school": rng.choice(["north", "south"], 80)})
    frame["y"] = frame["a"] + (frame["school"] == "north") + rng.normal(0, 0.1, 80)
    model = fit(frame, label="y", partial_pooling="school", out=tmp_path / "model", budget=5, progress=None)
    with served(model) as server:
        columns = server.ask("/model").said["columns"]
        assert [(one["name"], one["holds"], one["options"]) for one in columns] == [
            ("a", "number", []),
            ("school", "category", ["north", "south"]),
        ]
        row = {"a": "0.5", "school": "north"}
        answer = server.post("/predict", {"rows": [row]}).said["predictions"][0]
        assert answer["value"] == pytest.approx(float(model.predict(pd.DataFrame([row]))[0]), abs=1e-5)


def test_clips_beyond_the_limit_are_refused_by_their_header() -> None:
    model, _ = baseline("audio")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1), sound.setsampwidth(2), sound.setframerate(8000)
        sound.writeframes(np.random.default_rng(0).integers(-9000, 9000, 16_000).astype("<i2").tobytes())
    with served(model, limits=Limits(extents={"seconds": 1.0})) as strict, served(model) as usual:
        refused = strict.send("/predict", [("file", "a.wav", file.getvalue())])
        assert refused.said["failed"] == [{"file": "a.wav", "reason": "it has 2 seconds; at most 1 are taken here"}]
        assert usual.send("/predict", [("file", "a.wav", file.getvalue())]).said["predictions"][0]["label"] in (
            "yes",
            "no",
        )


def test_several_tasks_numbers_and_things_in_pictures(tmp_path: Path) -> None:
    number, X = baseline("image", "regression")
    classes, _ = baseline("image")
    with served(SeveralTasks({"size": number, "kind": classes}, {}), tmp_path) as server:
        said = server.send("/predict", [("file", "a.png", written(X[0]))]).said["predictions"][0]["tasks"]
        assert said["size"]["value"] == pytest.approx(number.predict(X[:1])[0]) and said["kind"]["label"] in (
            "no",
            "yes",
        )
        asked = [("file", f"{i}.png", written(X[i])) for i in range(6)]
        (*first, _, _) = server.send("/predict?explain=1", asked).said["predictions"]
        assert all("explanation" in one for row in first for one in row["tasks"].values())
        fields = {"label:size": "3.5", "label:kind": "yes"}
        assert server.send("/correct", [("file", "a.png", written(X[0]))], fields).status == 200
        wrong = server.send("/correct", [("file", "a.png", written(X[0]))], {**fields, "label:size": "nan"})
        assert "Expected a number as the right answer, found 'nan'" in wrong.said["error"]
    assert (tmp_path / "corrections.csv").read_text().splitlines()[0] == "path,size,kind"


class _Finder:
    """Finds one thing in every picture."""

    classes_ = np.array(["thing"])

    def predict(self, pictures: Any) -> list[Boxes]:
        for i in range(len(pictures)):
            pictures.decode(i)
        return [Boxes(np.array([[1.0, 2.0, 9.0, 8.0]]), np.array(["thing"]), np.array([0.9]))] * len(pictures)


def test_things_are_found_with_their_corners(tmp_path: Path) -> None:
    with served(DetectionModel(_Finder(), {}), tmp_path) as server:
        (row,) = server.send("/predict", [("file", "a.png", picture(0))]).said["predictions"]
        assert row["boxes"] == [{"label": "thing", "score": 0.9, "corners": [1.0, 2.0, 9.0, 8.0]}]
        assert server.send("/correct", [("file", "a.png", picture(0))], {"label": "thing"}).status == 422
        assert server.ask("/model").said["corrections"]


def test_a_row_with_a_picture_takes_it_as_a_file_alone(tmp_path: Path) -> None:
    frame = pd.DataFrame({"photo": [str(tmp_path / f"{i}.png") for i in range(12)], "age": np.arange(12) % 5 + 0.5})
    for i, path in enumerate(frame["photo"]):
        Path(path).write_bytes(picture(i))
    encoder = ViewEncoder({"picture": ["photo"], "lab": ["age"]}, source=None).fit(frame)
    y = np.array(["no", "yes"])[frame.index % 2]
    trees = ExtraTreesClassifier(5, random_state=0).fit(encoder.transform(frame), y)
    model = Model(trees, {}, task="classification", classes=["no", "yes"], input_type="table", encoder=encoder)
    with served(model, tmp_path / "kept") as server:
        held = {one["name"]: one["holds"] for one in server.ask("/model").said["columns"]}
        assert held == {"photo": "file", "age": "number"}
        (row,) = server.send("/predict", [("photo", "a.png", picture(3))], {"age": "3.5"}).said["predictions"]
        assert list(row["probabilities"].values()) == pytest.approx(model.predict_proba(frame.iloc[[3]])[0])
        (went,) = server.send("/predict?explain=1", [("photo", "a.png", picture(3))], {"age": "3.5"}).said[
            "predictions"
        ]
        parts = [one["part"] for one in went["explanation"]["parts"]]
        assert sorted(parts) == ["age = 3.5", "photo = a.png"]  # and not where it lies here
        path = server.post("/predict", {"rows": [{"photo": frame["photo"][0], "age": 1}]})
        assert path.status == 422 and "Expected a file in the column 'photo', found a value" in path.said["error"]
        assert server.send("/predict", fields={"photo": frame["photo"][0], "age": "1"}).status == 422
        broken = server.send("/predict", [("photo", "a.png", b"words")], {"age": "3.5"}).said["error"]
        assert "in the column 'photo' it is text, not a JPEG" in broken and "/" not in broken
        large = server.send("/predict", [("photo", "a.png", claiming(9000, 9000))], {"age": "3.5"}).said["error"]
        assert "it has 81,000,000 pixels; at most 40,000,000 are taken here" in large
        assert server.send("/correct", [("photo", "a.png", picture(3))], {"age": "3.5", "label": "no"}).status == 200
    with (tmp_path / "kept" / "corrections.csv").open(newline="") as file:
        (kept,) = csv.DictReader(file)
    assert kept["age"] == "3.5" and (tmp_path / "kept" / kept["photo"]).read_bytes() == picture(3)


def test_several_labels_are_corrected_together(tmp_path: Path) -> None:
    model, X = MODELS["pictures, labels"]()
    with served(model, tmp_path) as server:
        (row,) = server.send("/predict", [("file", "a.png", written(X[0]))]).said["predictions"]
        assert set(row["probabilities"]) == {"a", "b", "c"}
        assert server.send("/correct", [("file", "a.png", written(X[0]))], {"label": "a\nc"}).status == 200
        assert server.send("/correct", [("file", "a.png", written(X[0]))], {"label": "a\nd"}).status == 422
    with (tmp_path / "corrections.csv").open(newline="") as file:
        assert [{**row, "path": ""} for row in csv.DictReader(file)] == [{"path": "", "a": "1", "b": "0", "c": "1"}]
