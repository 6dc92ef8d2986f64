"""A model on new data: honest batches, darker pictures, other speakers of the same words, labels."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image
from scipy.spatial.distance import cdist
from scipy.special import softmax

import headstart
from headstart.cli.check import command
from headstart.data.base.kinds import CLIPS
from headstart.drift.accuracy import ExpectedAccuracy, Signs, expected_accuracy, strangeness
from headstart.drift.compared import MUCH_EXPECTED, MUCH_OF_TABLES, Compared, compared
from headstart.drift.validity import _by_labels
from headstart.errors import DataError, SourceError
from headstart.guard.candidates.material import Material
from headstart.guard.evidence.reference import reference_of, rows_kept, unit
from headstart.math.samples.prevalence import class_shares
from headstart.math.samples.two_sample import TwoSampleTest, two_sample_tests
from headstart.math.statistics.calibration import temperature


def pictures(n: int, seed: int, dark: float = 0.0, noise: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n)
    wave = 70 * (np.sin(np.arange(32) * 1.2) > 0)
    stripes = np.where(y[:, None, None] == 1, wave[None, :, None], wave[None, None, :])
    noisy = np.clip(stripes + 100 - dark + rng.normal(0, noise, (n, 32, 32)), 0, 255)
    return noisy.astype(np.uint8), np.array(["across", "along"])[y]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    headstart.fit(pictures(150, 0), "starter:pictures", budget=40, out=out)
    return out


def test_permutations_of_groups_hold_the_level_where_rows_are_not_independent() -> None:
    rng = np.random.default_rng(0)
    rejected = {"rows": 0, "groups": 0}
    for seed in range(60):
        centres = rng.normal(size=(20, 3))
        rows = np.repeat(centres, 5, axis=0) + 0.1 * rng.normal(size=(100, 3))
        groups = np.repeat(np.arange(20), 5)
        for name, given in (("rows", None), ("groups", groups)):
            found = two_sample_tests(rows[:50], rows[50:], groups=given, permutations=99, random_state=seed)
            rejected[name] += found["mmd"].p_value < 0.05
    assert rejected["groups"] <= 8 < rejected["rows"]


def test_the_tests_together_hold_the_level_and_reject_more_than_twice_the_smaller_one() -> None:
    rng = np.random.default_rng(0)
    rejected = np.zeros(3)
    for seed in range(150):
        A, B, C = rng.normal(size=(40, 3)), rng.normal(size=(20, 3)), rng.normal(0.45, 1, size=(20, 3))
        same = two_sample_tests(A, B, permutations=99, random_state=seed)["all"].p_value
        moved = two_sample_tests(A, C, permutations=99, random_state=seed)
        twice = 2 * min(moved["mmd"].p_value, moved["energy"].p_value)
        rejected += [same < 0.05, moved["all"].p_value < 0.05, twice < 0.05]
    assert rejected[0] <= 14  # 7.5 are expected
    assert rejected[1] > rejected[2] > 20


def test_scores_are_compared_by_their_means_and_open_the_door_alone() -> None:
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(60, 3)), rng.normal(size=(40, 3))
    scores = np.concatenate([rng.normal(0.9, 0.05, 60), rng.normal(0.8, 0.05, 40)])
    found = two_sample_tests(A, B, scores=scores, permutations=199, random_state=1)
    assert found["scores"].statistic == pytest.approx(abs(scores[:60].mean() - scores[60:].mean()))
    assert found["all"].p_value < 0.05 < min(found["mmd"].p_value, found["energy"].p_value)
    rejected = sum(
        two_sample_tests(A, B, scores=rng.normal(size=100), permutations=99, random_state=seed)["all"].p_value < 0.05
        for seed in range(100)
    )
    assert rejected <= 11  # 5 are expected, whatever the rows are


def test_a_row_is_not_its_own_neighbour_in_what_is_usual() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 4))
    D = cdist(rows, rows)
    np.fill_diagonal(D, np.inf)
    assert np.allclose(strangeness(rows, rows, own=True), np.sort(D, axis=1)[:, :5].mean(axis=1))
    assert (strangeness(rows, rows) < strangeness(rows, rows, own=True)).all()


def signs(sure: float, agreement: float, distance: np.ndarray, mistaken: float = 0.1) -> Signs:
    n = len(distance)
    return Signs(np.tile([sure, 1 - sure], (n, 1)), np.full(n, agreement), distance, np.full(n, mistaken))


def test_expected_accuracy_is_a_mean_of_calibrated_confidence_neighbours_and_heads() -> None:
    far = np.linspace(0, 1, 100)
    codes = np.repeat([0, 1], [90, 10])  # as sure as right: the temperature is 1
    found = expected_accuracy(0.95, codes, signs(0.9, 0.8, far), signs(0.7, 0.4, far, 0.3))
    lost = 0.4 * 1.5 * 0.2 + 0.4 * 0.95 * 0.5 + 0.2 * (0.3 - 0.1)
    assert found.value == pytest.approx(0.95 - lost, abs=0.002)
    assert found.low < found.value < found.high and found.falls["outliers"] == 0
    never_wrong = expected_accuracy(1.0, codes, signs(0.9, 1, far), signs(0.9, 1, far))
    assert never_wrong.value == pytest.approx(1.0)


def test_heads_that_are_less_sure_than_right_lose_less_than_their_confidence_falls() -> None:
    far = np.linspace(0, 1, 100)
    codes = np.repeat([0, 1], [99, 1])
    modest = expected_accuracy(0.99, codes, signs(0.8, 1, far), signs(0.7, 1, far))
    assert 0 < modest.falls["confidence"] < 0.1  # it falls by 0.1 before


def test_of_heads_like_the_model_what_was_sure_and_is_no_longer_counts_most() -> None:
    far, half, codes = np.linspace(0, 1, 100), np.repeat([0.9, 0.6], 50), np.repeat([0, 1, 0, 1], [45, 5, 30, 20])

    def fall(sure: np.ndarray, like_model: bool) -> float:
        held, new = (Signs(np.stack([p, 1 - p], 1), np.ones(100), far, np.zeros(100)) for p in (half, sure))
        return expected_accuracy(0.75, codes, held, new, like_model=like_model).falls["confidence"]

    sure_lose, unsure_lose = np.repeat([0.8, 0.6], 50), np.repeat([0.9, 0.5], 50)
    assert fall(sure_lose, False) == pytest.approx(fall(unsure_lose, False), abs=0.002)  # 0.1 of half of the rows
    assert fall(sure_lose, True) > 2 * fall(unsure_lose, True) > 0
    powers = [((0.9**4 + 0.6**4) / 2) ** 0.25, ((0.8**4 + 0.6**4) / 2) ** 0.25]
    assert fall(sure_lose, True) == pytest.approx(2.25 * (powers[0] - powers[1]), abs=0.002)
    assert abs(fall(half, True)) < 1e-9


@pytest.mark.parametrize("sees", ["network", "columns", "simple"])
def test_heads_are_like_the_model_where_they_see_its_network(sees: str) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 8)), np.repeat([0, 1], 60)
    X[:, 0] += 2.0 * y
    splits = [(np.flatnonzero(np.arange(120) % 3 != f), np.flatnonzero(np.arange(120) % 3 == f)) for f in range(3)]
    reference, _ = rows_kept(sees, X, np.eye(2)[y], splits, random_state=0)
    new = rng.normal(size=(60, 8))
    found = compared(reference, unit(new), np.zeros(60, dtype=int), 0.9).expected
    usual, now = reference.held.astype(float), reference.confidence(unit(new))
    scale = temperature(np.log(usual), reference.codes)
    sure, after = (softmax(np.log(p) / scale, axis=1).max(axis=1) for p in (usual, now))
    plain = 1.5 * (sure.mean() - after.mean())
    powers = 2.25 * ((sure**4).mean() ** 0.25 - (after**4).mean() ** 0.25)
    assert found is not None and abs(plain - powers) > 0.003
    assert found.falls["confidence"] == pytest.approx(powers if sees == "network" else plain, abs=1e-3)


def test_a_few_far_rows_are_something_new_where_the_others_are_as_usual() -> None:
    far, codes = np.linspace(0, 1, 100), np.repeat([0, 1], [90, 10])
    usual = signs(0.9, 1, far)
    fifth = expected_accuracy(0.9, codes, usual, signs(0.9, 1, np.concatenate([np.linspace(0, 1, 80), np.full(20, 5)])))
    all_of_them = expected_accuracy(0.9, codes, usual, signs(0.9, 1, far + 0.3))
    assert expected_accuracy(0.9, codes, usual, usual).falls["outliers"] == pytest.approx(0)
    assert fifth.falls["outliers"] == pytest.approx(0.7 * 0.2, abs=0.02)
    assert fifth.value == pytest.approx(0.76, abs=0.02) and all_of_them.falls["outliers"] == 0


def test_what_is_unsure_and_what_is_far_are_something_new_together() -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.7, 1.0, 400)
    held = Signs(np.stack([p, 1 - p], 1), np.ones(400), rng.uniform(0, 1, 400), np.zeros(400))
    codes = (rng.random(400) > p).astype(int)

    def lost(sure: float, far: float) -> float:
        q, distance = p[:200].copy(), held.distance[200:].copy()
        q[:40], distance[:40] = sure, far
        new = Signs(np.stack([q, 1 - q], 1), np.ones(200), distance, np.zeros(200))
        return expected_accuracy(0.85, codes, held, new).falls["outliers"]

    assert lost(0.71, 0.99) > 0.1 > 0.03 > max(lost(0.99, 0.99), lost(0.71, 0.01))


def test_no_sign_makes_up_for_another() -> None:
    far, codes = np.linspace(0, 1, 100), np.repeat([0, 1], [90, 10])
    usual = signs(0.9, 0.5, far)
    collapsed = expected_accuracy(0.9, codes, usual, signs(0.7, 1, far))  # all become one class, which neighbours have
    surer = expected_accuracy(0.9, codes, usual, signs(0.99, 0.4, far))
    assert collapsed.falls["neighbours"] < 0 and surer.falls["confidence"] < 0
    assert collapsed.value == pytest.approx(0.9 - 0.4 * collapsed.falls["confidence"])
    assert surer.value == pytest.approx(0.9 - 0.4 * surer.falls["neighbours"] - surer.falls["outliers"])


def test_where_rows_differ_the_expected_fall_decides_and_elsewhere_one_beyond_chance_makes_doubtful() -> None:
    shares, same = np.array([0.5, 0.5]), TwoSampleTest(0.0, 0.5)
    for p, right, after, verdict in [
        (0.2, 0.84, shares, "valid"),
        (0.2, 0.9, np.array([0.9, 0.1]), "valid"),
        (0.2, 0.82, shares, "doubtful"),
        (0.2, 0.5, shares, "doubtful"),
        (0.01, 0.89, shares, "valid"),
        (0.01, 0.85, shares, "doubtful"),
        (0.01, 0.7, shares, "invalid"),
        (0.01, 0.9, np.array([0.9, 0.1]), "doubtful"),
    ]:
        found = Compared(p, {"mmd": same}, ExpectedAccuracy(right, 0, 1), shares, after, n=200)
        assert found.verdict(0.9) == verdict
    for n, right, verdict in [
        (50, 0.8, "valid"),
        (50, 0.7, "doubtful"),
        (9000, 0.86, "valid"),
        (9000, 0.84, "doubtful"),
    ]:
        found = Compared(0.2, {"mmd": same}, ExpectedAccuracy(right, 0, 1), shares, shares, n=n)
        assert found.verdict(0.9) == verdict
    assert Compared(0.01, {"mmd": same}).verdict(None) == "doubtful"


def test_of_a_table_a_larger_expected_fall_makes_a_model_invalid() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(300) % 2
    X = rng.normal(size=(300, 4)) + 3 * y[:, None]
    part = np.arange(300) % 3
    splits = [(np.flatnonzero(part != f), np.flatnonzero(part == f)) for f in range(3)]
    table = reference_of(Material(X, y, "classification"), splits, None, random_state=0)
    seen = compared(table, table.seen(X, None), y, 0.99)
    assert seen.much == MUCH_OF_TABLES > Compared(0.01, {}).much == MUCH_EXPECTED
    shares, same = np.array([0.5, 0.5]), TwoSampleTest(0.0, 0.01)
    for much, verdict in [(MUCH_EXPECTED, "invalid"), (MUCH_OF_TABLES, "doubtful")]:
        found = Compared(0.01, {"all": same}, ExpectedAccuracy(0.75, 0, 1), shares, shares, much=much)
        assert found.verdict(0.9) == verdict


def test_where_nearly_all_rows_are_far_off_nothing_makes_a_model_valid() -> None:
    shares, same = np.array([0.5, 0.5]), TwoSampleTest(0.0, 0.5)
    for farther, verdict in [(0.29, "valid"), (0.31, "doubtful")]:
        expected = ExpectedAccuracy(0.9, 0.8, 1.0, farther=farther)
        assert Compared(0.001, {"all": same}, expected, shares, shares).verdict(0.9) == verdict
        assert Compared(0.2, {"all": same}, expected, shares, shares).verdict(0.9) == "valid"


def test_shares_of_the_classes_are_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(0)
    known, true = np.array([0.5, 0.5]), np.array([0.2, 0.8])
    y = rng.choice(2, 4000, p=true)
    x = rng.normal(2 * y - 1.0, 1.0)
    p1 = 1 / (1 + np.exp(-2 * x))
    p = np.stack([1 - p1, p1], axis=1)
    found = class_shares(p, known)
    assert np.abs(found - true).max() < 0.04
    grid = [np.log(p @ (np.array([a, 1 - a]) / known)).sum() for a in np.linspace(0.01, 0.99, 99)]
    assert abs(np.linspace(0.01, 0.99, 99)[int(np.argmax(grid))] - found[0]) < 0.02


def test_an_honest_batch_is_valid_and_a_spoiled_one_is_not(model: Path) -> None:
    honest = headstart.check(model, pictures(120, 5)[0])
    assert honest.verdict == "valid" and honest.numbers["p_value"] >= 0.05
    X, _ = pictures(120, 6, dark=90, noise=110)
    spoiled = headstart.check(model, X)
    assert spoiled.verdict in ("doubtful", "invalid") and "AUC" in spoiled.sentence
    assert spoiled.numbers["p_value"] < 0.05 and spoiled.numbers["expected"] < honest.numbers["expected"]
    assert any("brightness lower" in words for words in spoiled.words)
    assert len(spoiled.numbers["unlike"]) == 5


def test_labels_decide_where_they_are_given(model: Path, tmp_path: Path) -> None:
    from PIL import Image

    X, y = pictures(60, 7)
    for i, (one, label) in enumerate(zip(X, y, strict=True)):
        (tmp_path / label).mkdir(exist_ok=True)
        Image.fromarray(one).save(tmp_path / label / f"{i}.png")
    found = headstart.check(model, tmp_path, labels="folders")
    assert headstart.check(model, (list(X), y)).numbers["accuracy"] == found.numbers["accuracy"]
    assert headstart.check(model, (one for one in X)).numbers["n"] == 60
    assert found.verdict == "valid" and found.numbers["accuracy"] > 0.8
    ran = CliRunner().invoke(command, [str(model), str(tmp_path), "--labels", "folders", "--json"])
    assert ran.exit_code == 0 and json.loads(ran.stdout)["accuracy"] == found.numbers["accuracy"]


@pytest.mark.parametrize(
    ("exact", "verdict"),
    [
        ((0.85, 0.72, 0.93), "doubtful"),  # what was promised may be off by as much
        ((0.6, 0.45, 0.73), "invalid"),
        ((0.98, 0.9, 1.0), "valid"),
    ],
)
def test_a_promise_on_few_examples_may_be_off_too(exact: tuple[float, float, float], verdict: str) -> None:
    evidence = {"estimate": {"metric": "accuracy", "value": 1.0, "interval": [0.84, 1.0]}}
    known = SimpleNamespace(task="classification", evidence=evidence, kind=CLIPS)
    found = _by_labels(known, 60, exact, {}, ())
    assert found.verdict == verdict and found.sentence.endswith("(promised 100%).")


def folders(place: Path, names: dict[str, str]) -> Path:
    """Thirty pictures in a folder for each class, called as said."""
    for i, (picture, label) in enumerate(zip(*pictures(30, 9), strict=True)):
        (place / names[label]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / names[label] / f"{i}.png")
    return place


def test_classes_that_were_not_learned_are_named(model: Path, tmp_path: Path) -> None:
    new = folders(tmp_path / "one", {"across": "across", "along": "dotted"})
    found = headstart.check(model, new, labels="folders")
    n = len(list((new / "dotted").iterdir()))
    assert f"not learn, and therefore always wrong: 'dotted' ({n} pictures)" in found.words[0]
    assert found.numbers["accuracy"] <= 1 - n / 30
    with pytest.raises(DataError, match=r"Expected the classes that the model knows \(across, along\), found 'cats'"):
        headstart.check(model, folders(tmp_path / "all", {"across": "cats", "along": "dogs"}), labels="folders")
    with pytest.raises(DataError, match="If 'Along' is 'along', write it so"):
        headstart.check(model, folders(tmp_path / "case", {"across": "across", "along": "Along"}), labels="folders")


def test_what_cannot_be_read_is_set_aside_and_named(model: Path, tmp_path: Path) -> None:
    new = folders(tmp_path / "new", {"across": "a", "along": "b"})
    (new / "a" / "broken.png").write_text("no picture")
    found = headstart.check(model, new)
    assert found.numbers["n"] == 30 and found.numbers["left_out"][0][0] == "a/broken.png"
    assert found.words[0].startswith("Left out, since 1 picture cannot be read: a/broken.png: it is text")
    for file in new.rglob("*.png"):
        file.write_text("no picture")
    with pytest.raises(DataError, match="Expected readable pictures, found none: a/"):
        headstart.check(model, new)


def test_under_twenty_nothing_is_said_and_without_a_reference_labels_are_asked_for(model: Path, tmp_path: Path) -> None:
    few = headstart.check(model, pictures(12, 1)[0])
    assert few.verdict == "cannot tell" and "12 pictures are too few" in few.sentence
    bare = headstart.fit(pictures(40, 0), "starter:pictures", budget=20, reference=False, out=tmp_path / "bare")
    assert bare.reference is None and not (tmp_path / "bare" / "reference.safetensors").exists()
    with pytest.raises(SourceError, match=r"found one without[\s\S]*--labels"):
        headstart.check(tmp_path / "bare", pictures(40, 1)[0])


def test_a_table_says_which_columns_moved(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def frame(n: int, shift: float = 0.0) -> pd.DataFrame:
        y = rng.integers(2, size=n)
        return pd.DataFrame(
            {
                "age": rng.normal(40 + 12 * y + shift, 6),
                "dose": rng.normal(3 - y, 0.5),
                "ill": np.array(["no", "yes"])[y],
            }
        )

    headstart.fit(frame(200), None, label="ill", budget=30, out=tmp_path / "model")
    assert headstart.check(tmp_path / "model", frame(100).drop(columns="ill")).verdict == "valid"
    moved = headstart.check(tmp_path / "model", frame(100, 25.0).drop(columns="ill"))
    assert moved.verdict in ("doubtful", "invalid") and any("age" in words for words in moved.words)
    exact = headstart.check(tmp_path / "model", frame(100, 25.0), labels="ill")
    assert exact.verdict == "invalid" and exact.numbers["accuracy"] < 0.9


def test_labels_decide_of_numbers_too_and_groups_need_none(tmp_path: Path) -> None:
    def frame(n: int, seed: int) -> pd.DataFrame:
        X = np.random.default_rng(seed).normal(size=(n, 3))
        table = pd.DataFrame(X, columns=list("abc")).assign(y=X @ [3.0, 1.0, 0.0] + 0.1 * X[:, 2] ** 2)
        return table.assign(ward=[f"w{i % 20}" for i in range(n)])

    headstart.fit(frame(80, 0), None, label="y", group_by="ward", budget=5, out=tmp_path / "m")
    new = frame(60, 1)
    found = headstart.check(tmp_path / "m", new, labels="y")
    assert found.verdict == "valid" and found.numbers["r2"] > 0.9 and "R²" in found.sentence
    wrong = headstart.check(tmp_path / "m", new.assign(y=1000 * new["y"]), labels="y")
    assert wrong.verdict == "invalid" and wrong.numbers["r2"] < 0.1
    alone = headstart.check(tmp_path / "m", new.drop(columns="y"), group_by="ward")
    assert alone.verdict == "valid" and alone.numbers["n"] == 60
    with pytest.raises(DataError, match="Expected a column 'room' with the groups"):
        headstart.check(tmp_path / "m", new.drop(columns="y"), group_by="room")


def test_tables_of_texts_are_read_as_those_that_were_learned_from(tmp_path: Path) -> None:
    def mails(n: int, seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        words = np.array(
            [["prize", "money", "winner", "claim", "cash"], ["meeting", "lunch", "office", "report", "room"]]
        )
        y = rng.integers(2, size=n)
        said = [" ".join(rng.choice(words[k], 4)) for k in y]
        return pd.DataFrame({"Subject": [f"re {text}" for text in said], "Body": said, "kind": y + 1, "n": range(n)})

    told = {"label": "kind", "text_column": ["Subject", "Body"], "source": None, "budget": 5}
    headstart.fit(mails(60, 0), **told, out=tmp_path / "m")
    mails(40, 1).to_csv(tmp_path / "new.csv", index=False, sep=";")
    for new in (tmp_path / "new.csv", mails(40, 1)):
        assert headstart.check(tmp_path / "m", new).verdict == "valid"
        exact = headstart.check(tmp_path / "m", new, labels="kind", group_by="n")
        assert exact.verdict == "valid" and exact.numbers["accuracy"] == 1.0
    pool = mails(40, 1).drop(columns="kind")
    assert len(headstart.label_next(pool, n=4, model=tmp_path / "m").rows) == 4
    with pytest.raises(DataError, match=r"Expected the texts in the column 'Body' of the table"):
        headstart.check(tmp_path / "m", pool.rename(columns={"Body": "Text"}))
