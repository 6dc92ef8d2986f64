"""What a prediction looked at: exact where the head is linear, by hiding parts elsewhere."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from small_sounds import sound_network, tones
from tiny_pictures import network, pictures, source

from headstart import Clips, Model, TransferClassifier, TransferRegressor, load
from headstart.data.inputs.registry import entry_of
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.data.pictures.seen import seen_part
from headstart.data.reading.recognise import from_arrays
from headstart.data.tables.encoder import TableEncoder
from headstart.errors import ParameterError, SourceError
from headstart.guard.baselines.texts import TextBaselineClassifier
from headstart.guard.evidence.reference import COLUMNS, Reference, ranks_of
from headstart.guard.mixture import MixedClassifier
from headstart.models.explaining.dropout import add_curves
from headstart.models.explaining.explain import explain
from headstart.models.explaining.explanation import ACTIVATIONS, OCCLUSION
from headstart.models.explaining.looking import look
from headstart.models.explaining.mistakes import add_maps
from headstart.networks.running.cache import default_cache
from headstart.networks.running.precision import must_be_exact
from headstart.networks.running.runtime import layout_of
from headstart.parameters.heads.solved import Part


def model_of(head: Any, n: int = 24) -> Model:
    X, y = pictures(n)
    fitted = TransferClassifier(source(), head=head, random_state=0, epochs=2).fit(X, y)
    return Model(fitted, {}, task="classification", classes=list(fitted.classes_))


@pytest.fixture(scope="module")
def linear() -> Model:
    return model_of("linear")


def test_the_mean_of_the_map_and_the_base_are_the_logit_of_the_estimator(linear: Model) -> None:
    X, _ = pictures(4, seed=5)
    logits = linear.estimator.logits(X)
    for one, row in zip(linear.explain(X), logits, strict=True):
        assert one.way == ACTIVATIONS
        assert one.base is not None
        assert one.values.mean() + one.base == pytest.approx(row.max(), abs=1e-5)
        assert one.score == pytest.approx(row.max(), abs=1e-5)
        assert one.answer == linear.classes_[row.argmax()]


def test_numbers_add_up_in_their_own_units() -> None:
    X, y = pictures(24)
    fitted = TransferRegressor(source(), head="linear").fit(X, 100.0 + 40 * (y == "red"))
    model = Model(fitted, {}, task="regression", classes=None)
    one = model.explain(X[:1])[0]
    assert one.way == ACTIVATIONS
    assert one.values.mean() + (one.base or 0.0) == pytest.approx(float(model.predict(X[:1])[0]), abs=1e-3)


def test_a_saved_model_explains_alike(linear: Model, tmp_path: Any) -> None:
    X, _ = pictures(1)
    loaded = load(linear.save(tmp_path / "model"), module=network())
    np.testing.assert_allclose(loaded.explain(X[:1])[0].values, linear.explain(X[:1])[0].values, atol=1e-5)


def test_other_heads_are_explained_by_occlusion() -> None:
    X, _ = pictures(1, seed=5)
    one = model_of([6]).explain(X)[0]
    assert (one.way, one.base, one.values.shape) == (OCCLUSION, None, (8, 8))


def averaged(fitted: Any, X: Any) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of the scores of a head's parts, (n, K), and of their intercepts, from coefficients alone."""
    head, features = fitted.fitted_.solved, fitted.fitted_.exact(X, "cpu")
    share = np.array([part.weight for part in head.parts]) / sum(part.weight for part in head.parts)
    own = {"output": [features.output], "depths": features.depths[-3:], "grid": features.grids}
    scores = np.zeros(1)
    for weight, part in zip(share, head.parts, strict=True):
        rows = np.concatenate(own[part.name], axis=1)
        rows = rows if part.name == "output" else np.sign(rows) * np.sqrt(np.abs(rows))
        scores = scores + weight * (rows @ part.coef + part.intercept)
    return scores, sum(weight * part.intercept for weight, part in zip(share, head.parts, strict=True))


def test_of_heads_over_depths_the_maps_of_all_add_up() -> None:
    model, (X, _) = model_of("depths"), pictures(4, seed=5)
    scores, base = averaged(model.estimator, X)
    parts = model.estimator.fitted_.solved.parts
    assert len(parts) > 1 or parts[0].name != "output"
    for one, row in zip(model.explain(X), scores, strict=True):
        k = model.classes_.tolist().index(one.answer)
        assert one.way == ACTIVATIONS and one.fine is not None
        assert one.score == pytest.approx(row[k], abs=1e-4)
        assert one.base == pytest.approx(base[k], abs=1e-4)
        assert one.values.mean() + one.base == pytest.approx(row[k], abs=1e-4)


def test_a_part_on_a_grid_has_its_places_too() -> None:
    X, y = pictures(24)
    fitted = TransferRegressor(source(), head="depths").fit(X, 100.0 + 40 * (y == "red"))
    solved = fitted.fitted_.solved
    parts = tuple(dataclasses.replace(part, weight=1.0 if part.name == "grid" else 0.5) for part in solved.parts)
    layout = layout_of(fitted.fitted_.network.chain)
    if not any(part.name == "grid" for part in parts):
        width = sum(layout.width_of(block, True) for block in layout.grids)
        coef = np.random.default_rng(0).normal(size=(width, 1))
        parts = (*parts, Part("grid", coef, np.array([0.5]), 1.0))
    fitted.fitted_ = dataclasses.replace(fitted.fitted_, solved=dataclasses.replace(solved, parts=parts))
    model = Model(fitted, {}, task="regression", classes=None)
    for one, number in zip(model.explain(X[:3]), model.predict(X[:3]), strict=True):
        assert one.way == ACTIVATIONS
        assert one.values.mean() + (one.base or 0.0) == pytest.approx(float(number), rel=1e-4)


class Corner:
    """Says light where the upper left corner of a picture is light."""

    classes_ = np.array(["dark", "light"])

    def predict_proba(self, X: Any) -> np.ndarray:
        shown = [X.decode(i) for i in range(len(X))]
        share = np.array([one[: len(one) // 4, : one.shape[1] // 4].mean() for one in shown])
        share = np.clip(share / 255, 0.01, 0.99)
        return np.stack([1 - share, share], axis=1)


def test_occlusion_finds_what_the_model_goes_by_and_keeps_nothing() -> None:
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:16, :24] = 255
    mixed = MixedClassifier([Corner()], np.array([1.0]), np.array([1.0]), Corner.classes_)
    model = Model(mixed, {}, task="classification", classes=["dark", "light"])
    one = model.explain([picture])[0]
    assert one.way == OCCLUSION
    assert one.answer == "light"
    assert np.unravel_index(one.values.argmax(), one.values.shape) < (2, 2)
    assert abs(one.values[4:, 4:]).max() == 0
    assert one.over(64, 96).shape == (64, 96)
    assert one.drawn().shape == (64, 96, 3)


@pytest.mark.parametrize("side", [4, 5, 7, 20])
def test_every_cell_of_a_picture_of_any_size_is_hidden(side: int) -> None:
    mixed = MixedClassifier([Corner()], np.array([1.0]), np.array([1.0]), Corner.classes_)
    model = Model(mixed, {}, task="classification", classes=["dark", "light"])
    values = model.explain([np.full((side + 3, side, 3), 9, np.uint8)])[0].values
    assert values.shape == (min(side, 8),) * 2
    assert np.isfinite(values).all()


def test_made_inputs_leave_nothing_in_the_cache() -> None:
    model = model_of("depths")
    X, _ = pictures(2, seed=6)
    model.predict(X)
    before = default_cache().size()
    model.explain(X)
    assert default_cache().size() == before


def test_another_answer_may_be_asked_for_and_an_unknown_one_is_refused(linear: Model) -> None:
    X, _ = pictures(1, seed=5)
    both = [linear.explain(X, answer)[0].score for answer in ("red", "blue")]
    assert both == pytest.approx(linear.estimator.logits(X)[0][[1, 0]].tolist(), abs=1e-5)
    with pytest.raises(ParameterError, match=r"Expected an answer of this model \(blue, red\), found 'green'"):
        linear.explain(X, "green")


SIDES = st.integers(20, 90)


@given(SIDES, SIDES, st.sampled_from([24, (24, 24), (30, 20)]), st.sampled_from([16, 24, 40]))
def test_the_part_that_is_seen_is_where_what_is_seen_comes_from(h: int, w: int, resize: Any, crop: int) -> None:
    form = Preprocessing(resize, (crop, crop), (0.5,) * 3, (0.5,) * 3)
    top, left, bottom, right = seen_part(form, h, w)
    ramp = np.zeros((h, w, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = (255 * np.arange(h) / h)[:, None], 255 * np.arange(w) / w
    shown = form.centre(form.canvas(ramp))
    middle = crop // 2
    # The value in the middle of the input says which row and column of the picture it shows.
    row, column = (float(shown[middle, middle, c]) / 255 * side for c, side in ((0, h), (1, w)))
    assert row == pytest.approx(top + (middle + 0.5) / crop * (bottom - top), abs=0.06 * h)
    assert column == pytest.approx(left + (middle + 0.5) / crop * (right - left), abs=0.06 * w)


@pytest.mark.parametrize("head", ["linear", "depths"])
def test_clips_are_explained_over_their_whole_length(head: str) -> None:
    X, y = tones(16)
    fitted = TransferClassifier(sound_network(), head=head).fit(X, y)
    model = Model(fitted, {}, task="classification", classes=list(fitted.classes_), input_type="audio")
    long = np.tile(X.decode(0)[0], 5)
    clips = Clips([long, long[:900]], sampling_rate=X.decode(0)[1])
    logits = fitted.logits(clips) if head == "linear" else averaged(fitted, clips)[0]
    for one, row, wave in zip(model.explain(clips), logits, (long, long[:900]), strict=True):
        assert one.way == ACTIVATIONS
        assert one.values.mean() + (one.base or 0.0) == pytest.approx(row.max(), abs=1e-4)
        assert one.span is not None
        assert one.span[1] >= len(wave) / X.decode(0)[1] - 0.01
        assert one.background is not None


def test_words_and_cells_that_decide_come_first() -> None:
    texts = ["a good film", "a bad film", "so good", "so bad"] * 6
    baseline = TextBaselineClassifier("words").fit(texts, ["p", "n"] * 12)
    model = Model(baseline, {}, task="classification", classes=["n", "p"], input_type="text")
    one = model.explain(["a good film"])[0]
    assert one.strongest(1)[0][0] == "good"
    assert model.explain(["good"])[0].strongest(1)[0][1] > 0

    frame = pd.DataFrame({"age": [30.0, 20, 50, 70, 40] * 4, "noise": np.tile([0.0, 1.0], 10)})
    encoder = TableEncoder().fit(frame)
    regression = LinearRegression().fit(encoder.transform(frame), 3 * frame["age"])
    rows = Model(regression, {}, task="regression", classes=None, input_type="table", encoder=encoder)
    (other,) = rows.explain(frame.iloc[[3]])
    assert other.values == pytest.approx([3 * (70 - 40), 0.0], abs=1e-6)
    (found,) = rows.explain(frame.iloc[[19]])
    assert found.parts == ("age = 40.0", "noise = 1.0")
    # An empty cell is the median of what was learned from.
    assert found.values == pytest.approx([0.0, 0.0], abs=1e-6)


@pytest.mark.parametrize("task", ["numbers", "classes"])
def test_a_cell_is_held_beside_those_that_rows_usually_have(task: str) -> None:
    """Exact for linear models: coefficient times distance from the mean, of marks of missing cells too."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.gamma(2, 20, 400), "dose": rng.normal(5, 1, 400), "ward": [*"aabc"] * 100})
    frame.loc[::4, "dose"] = np.nan
    encoder = TableEncoder().fit(frame)
    encoded = encoder.transform(frame)
    told = 3 * frame["age"] + 50 * frame["dose"].isna() + frame["ward"].map({"a": 0.0, "b": 10.0, "c": 30.0})
    nothing = np.zeros((0, 0))
    kept = Reference(COLUMNS, nothing, nothing, nothing, nothing, nothing, nothing, ranks_of(encoded))
    if task == "numbers":
        inner: Any = Ridge(1e-9).fit(encoded, told)
        model = Model(inner, {}, task="regression", classes=None, input_type="table", encoder=encoder, reference=kept)
        wanted = [3 * (frame["age"][1] - frame["age"].mean()), -12.5, -10.0]
        (found,) = model.explain(frame.iloc[[1]])
        assert found.parts[1].startswith("dose = ") and found.values == pytest.approx(wanted, abs=3)
        (missing,) = model.explain(frame.iloc[[4]])
        assert missing.values[1] == pytest.approx(37.5, abs=1)
    else:
        inner = LogisticRegression().fit(encoded, told > 150)
        more = {"task": "classification", "classes": [False, True], "input_type": "table", "encoder": encoder}
        (found,) = Model(inner, {}, **more, reference=kept).explain(frame.iloc[[1]], True)
        place = encoder.origins().index("age")
        wanted = inner.coef_[0, place] * (encoded[1, place] - encoded[:, place].mean())
        assert found.values[0] == pytest.approx(wanted, rel=0.05)


def test_an_answer_may_be_given_as_text_as_evidence_holds_it() -> None:
    X, y = pictures(12)
    fitted = TransferClassifier(source(), head="linear").fit(X, (y == "red").astype(int))
    model = Model(fitted, {}, task="classification", classes=[0, 1])
    assert model.explain(X[:1], "0")[0].answer == 0
    assert model.explain(X[:1], "0")[0].score == model.explain(X[:1], 0)[0].score


def test_mistakes_get_a_map_within_their_share_of_the_budget(linear: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = pictures(6)
    dataset = from_arrays(X, y)
    said = [{"name": dataset.names[i], "true": "red", "predicted": "blue"} for i in (1, 3)]
    linear.evidence.update(mistakes=[*said, {"name": "gone", "true": "red", "predicted": "blue"}], budget=600.0)
    exact: list[bool] = []

    def watched(*given: Any) -> Any:
        exact.append(must_be_exact(True))
        return explain(*given)

    monkeypatch.setattr("headstart.models.explaining.mistakes.explain", watched)
    add_maps(linear, dataset)
    assert exact == [False, False]  # the faster arithmetic that the fit settled
    assert [("map" in one, one.get("way")) for one in linear.evidence["mistakes"]] == [
        (True, ACTIVATIONS),
        (True, ACTIVATIONS),
        (False, None),
    ]
    monkeypatch.setattr("headstart.models.explaining.mistakes._ALLOWED", 0.0)
    linear.evidence.update(mistakes=[dict(one) for one in (*said, *said)], budget=1e-9)
    add_maps(linear, dataset)
    assert not any("map" in one or "way" in one for one in linear.evidence["mistakes"])  # all of them, or none


def test_curves_of_dropout_are_of_the_network_that_was_offered_and_of_classes_alone(
    linear: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headstart.parameters.heads.dropout_curves.EPOCHS", 3)
    dataset = from_arrays(*pictures(12))
    add_curves(None, linear, dataset, None, 0, "cpu")
    assert "dropout" not in linear.evidence
    add_curves("dropout", linear, dataset, None, 0, "cpu")
    found = linear.evidence.pop("dropout")
    assert found["with"]["epoch"] == [1.0, 2.0, 3.0]
    assert found["n"] + found["n_held_out"] == 12
    with pytest.raises(ParameterError, match="Expected curves 'dropout' or None, found 'learning'"):
        add_curves("learning", linear, dataset, None, 0, "cpu")
    numbers = from_arrays(pictures(12)[0], np.linspace(0, 1, 12))
    with pytest.raises(ParameterError, match="Expected classes for the curves of dropout, found numbers"):
        add_curves("dropout", linear, numbers, None, 0, "cpu")


def test_a_kind_from_outside_that_says_nothing_of_itself_is_refused(
    linear: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = dataclasses.replace(entry_of(linear.kind), explainer=None, sight=None)
    monkeypatch.setattr("headstart.models.explaining.explain.entry_of", lambda kind: silent)
    monkeypatch.setattr("headstart.models.explaining.looking.entry_of", lambda kind: silent)
    with pytest.raises(ParameterError, match="Expected a kind of input that is explained, found pictures"):
        linear.explain(pictures(1)[0])
    with pytest.raises(SourceError, match="Expected a network for a kind of input that is looked at"):
        look(source())
