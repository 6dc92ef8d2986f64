"""TrAdaBoost and its kin as estimators: what they borrow, what they refuse, what others get wrong."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from headstart.errors import ParameterError, SourceError, TransferWarning
from headstart.instances.boosting.multi_source import MultiSourceTrAdaBoostClassifier
from headstart.instances.boosting.task_transfer import TaskTrAdaBoostClassifier
from headstart.instances.boosting.tradaboost import TrAdaBoostClassifier
from headstart.instances.boosting.tradaboost_regressor import TrAdaBoostRegressor
from headstart.instances.boosting.two_stage import TwoStageTrAdaBoostRegressor
from headstart.source import Source

CLASSIFIERS = (TrAdaBoostClassifier, MultiSourceTrAdaBoostClassifier, TaskTrAdaBoostClassifier)
REGRESSORS = (TrAdaBoostRegressor, TwoStageTrAdaBoostRegressor)
STUMP = DecisionTreeClassifier(max_depth=1)
WORDS = np.array(["ant", "bee", "fly"])


def kind(method: type) -> str:
    return method.__name__


def task(classes: int = 2, wrong: int = 60, seed: int = 0) -> tuple[Source, np.ndarray, np.ndarray, np.ndarray]:
    """A source of 200 rows of which the first have wrong labels; 24 target rows; 200 to test."""
    rng = np.random.default_rng(seed)
    Xs, X, X_new = (rng.normal(size=(n, 3)) for n in (200, 24, 200))

    def rule(Z: np.ndarray) -> np.ndarray:
        return np.digitize(Z[:, 0] + 0.3 * Z[:, 1], [0.0] if classes == 2 else [-0.5, 0.5])

    ys = rule(Xs)
    ys[:wrong] = (ys[:wrong] + 1) % classes
    return Source(Xs, ys, name="other"), X, rule(X), np.c_[X_new, rule(X_new)]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("method", CLASSIFIERS, ids=kind)
def test_it_learns_probabilities_agree_and_words_are_as_good_as_numbers(method: type, classes: int) -> None:
    source, X, y, new = task(classes, wrong=20)
    model = method(n_estimators=6, source=source, random_state=0).fit(X, y)
    assert model.score(new[:, :3], new[:, 3]) > 0.7
    shares = model.predict_proba(new[:, :3])
    assert np.allclose(shares.sum(1), 1) and np.array_equal(model.classes_[shares.argmax(1)], model.predict(new[:, :3]))
    said = model.decision_function(new[:, :3])
    assert np.array_equal(model.predict(new[:, :3]), (said > 0).astype(int) if classes == 2 else said.argmax(1))
    words = method(n_estimators=6, source=Source(source.X, WORDS[source.y]), random_state=0).fit(X, WORDS[y])
    assert np.array_equal(words.predict(new[:, :3]), WORDS[model.predict(new[:, :3])])


@pytest.mark.parametrize("method", [TrAdaBoostClassifier, MultiSourceTrAdaBoostClassifier], ids=kind)
def test_wrong_source_rows_lose_their_weight(method: type) -> None:
    source, X, y, _ = task()
    model = method(n_estimators=10, source=source).fit(X, y)
    assert model.weights_.shape == (200,) and model.weights_[:60].mean() < 0.3 * model.weights_[60:].mean()
    use = model.explain_source(5)
    assert use.n_rows == 200 and use.effective_rows < 200 and len(use.most_used) == len(use.least_used) == 5
    assert sum(entry["row"] < 60 for entry in use.least_used) >= 4
    assert sum(entry["share"] for entry in use.by_class) == pytest.approx(1)
    assert "200 source rows" in str(use) and use.to_dict()["by_source"][0]["source"] == "other"


def test_weights_are_in_the_order_in_which_sources_were_given() -> None:
    source, X, y, _ = task()
    a, b = Source(source.X[:60], source.y[:60], "a"), Source(source.X[60:], source.y[60:], "b")
    one = TrAdaBoostClassifier(n_estimators=8, source=[a, b]).fit(X, y)
    other = TrAdaBoostClassifier(n_estimators=8, source=[b, a]).fit(X, y)
    assert np.allclose(one.weights_, np.r_[other.weights_[140:], other.weights_[:140]])
    assert {e["source"]: e["rows"] for e in other.explain_source().by_source} == {"a": 60, "b": 140}
    multi = MultiSourceTrAdaBoostClassifier(n_estimators=4, source=[a, b]).fit(X, y)
    assert set(multi.chosen_.tolist()) == {1} and not multi.weights_[:60].any()
    tasks = TaskTrAdaBoostClassifier(STUMP, n_estimators=2, source=[a, b]).fit(X, y)
    assert (tasks.turned_ == (tasks.chosen_ == 0)).all()


def test_columns_of_frames_are_explained() -> None:
    source, X, y, _ = task()
    columns = ["height", "width", "depth"]
    frame = pd.DataFrame(source.X, columns=columns)
    frame.loc[:59, "depth"] += 5
    model = TrAdaBoostClassifier(n_estimators=8, source=Source(frame, source.y)).fit(
        pd.DataFrame(X, columns=columns), y
    )
    first = model.explain_source().columns[0]
    assert first["column"] == "depth" and first["shift"] < -0.3 and "depth" in str(model.explain_source())


@pytest.mark.filterwarnings("ignore::headstart.errors.TransferWarning")
def test_an_opposite_source_is_turned_round_by_task_transfer_and_dropped_by_tradaboost() -> None:
    source, X, y, new = task(wrong=0)
    opposite = Source(source.X, 1 - source.y)
    turned = TaskTrAdaBoostClassifier(n_estimators=3, source=opposite).fit(X, y)
    assert turned.turned_.all() and turned.score(new[:, :3], new[:, 3]) > 0.9
    boosted = TrAdaBoostClassifier(n_estimators=30, source=opposite).fit(X, y)
    alone = LogisticRegression(max_iter=1000).fit(X, y)
    assert boosted.score(new[:, :3], new[:, 3]) > alone.score(new[:, :3], new[:, 3]) - 0.06


def test_where_no_hypothesis_beats_chance_the_target_stands_alone_and_a_warning_says_so() -> None:
    source, X, y, new = task(wrong=0)
    opposite = Source(np.repeat(source.X, 20, axis=0), np.repeat(1 - source.y, 20))
    with pytest.warns(TransferWarning, match="better than chance on the target: the source is not used"):
        model = TrAdaBoostClassifier(n_estimators=2, source=opposite).fit(X, y)
    assert not model.weights_.any() and len(model.estimators_) == 1
    alone = LogisticRegression(max_iter=1000).fit(X, y)
    assert np.array_equal(model.predict(new[:, :3]), alone.predict(new[:, :3]))


@pytest.mark.filterwarnings("ignore::headstart.errors.TransferWarning")
def test_a_class_that_drops_out_of_the_weighted_sample_does_no_harm() -> None:
    rng = np.random.default_rng(0)
    Xs, X = rng.normal(size=(90, 2)), rng.normal(size=(12, 2))
    source = Source(Xs, np.repeat([0, 1, 2], 30), sample_weight=np.repeat([1.0, 1.0, 0.0], 30))
    model = TrAdaBoostClassifier(n_estimators=4, source=source).fit(X, np.arange(12) % 2)
    assert model.classes_.tolist() == [0, 1, 2] and not model.predict_proba(X)[:, 2].any()
    one = TrAdaBoostClassifier(n_estimators=3, source=Source(Xs, np.zeros(90, int))).fit(X, np.zeros(12, int))
    assert (one.predict(X) == 0).all() and one.predict_proba(X).shape == (12, 1)
    lone = np.r_[1, np.zeros(11, int)]
    few = TrAdaBoostClassifier(n_estimators=3, source=source).fit(X, lone, sample_weight=1.0 - lone)
    assert np.isfinite(few.predict_proba(X)).all()


@pytest.mark.parametrize("method", CLASSIFIERS, ids=kind)
def test_sparse_rows_say_what_dense_ones_say(method: type) -> None:
    source, X, y, _ = task()
    dense = method(n_estimators=4, source=source).fit(X, y).predict_proba(X)
    rows = Source(sparse.csr_matrix(source.X), source.y)
    model = method(n_estimators=4, source=rows).fit(sparse.csr_matrix(X), y)
    assert np.allclose(model.predict_proba(sparse.csr_matrix(X)), dense, atol=1e-5)


@pytest.mark.parametrize("method", CLASSIFIERS, ids=kind)
def test_without_a_source_it_is_its_base_estimator(method: type) -> None:
    _, X, y, new = task()
    for base in (LinearSVC(), LogisticRegression(C=0.1), make_pipeline(StandardScaler(), LogisticRegression())):
        model, peer = method(base).fit(X, WORDS[y]), clone(base).fit(X, WORDS[y])
        assert np.array_equal(model.predict(new[:, :3]), peer.predict(new[:, :3]))
        if hasattr(peer, "predict_proba"):
            assert np.array_equal(model.predict_proba(new[:, :3]), peer.predict_proba(new[:, :3]))
    with pytest.raises(SourceError, match="Expected a source to explain, found source=None"):
        model.explain_source()


def test_base_learners_get_weights_of_mean_one_also_at_the_end_of_a_pipeline() -> None:
    seen = []

    class Spy(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            seen.append(sample_weight)
            return super().fit(X, y, sample_weight)

    source, X, y, _ = task()
    TrAdaBoostClassifier(make_pipeline(StandardScaler(), Spy()), n_estimators=5, source=source).fit(X, y)
    assert len(seen) == 5 and all(weight.mean() == pytest.approx(1) for weight in seen)
    assert np.ptp(seen[0]) == 0 and np.ptp(seen[-1]) > 0


@pytest.mark.filterwarnings("ignore::headstart.errors.TransferWarning")
def test_initial_weights_are_the_users() -> None:
    source, X, y, new = task(wrong=200)
    kept = TrAdaBoostClassifier(n_estimators=1, source=source).fit(X, y)
    little = TrAdaBoostClassifier(n_estimators=1, source_share=0.05, source=source).fit(X, y)
    assert little.score(new[:, :3], new[:, 3]) > 0.7
    assert little.weights_.sum() == pytest.approx(0.05 * 224)
    ghost = Source(source.X, source.y, sample_weight=np.r_[np.zeros(100), np.ones(100)])
    half = TrAdaBoostClassifier(n_estimators=1, source_share=0.05, source=ghost).fit(X, y)
    assert not half.weights_[:100].any() and kept.weights_.shape == (200,)


def test_confidence_votes_by_probabilities() -> None:
    source, X, y, new = task()
    model = TrAdaBoostClassifier(n_estimators=6, confidence=True, source=source).fit(X, y)
    mean = np.average(
        [h.predict_proba(new[:, :3]) for h in model.estimators_], axis=0, weights=model.estimator_weights_
    )
    assert np.allclose(model.predict_proba(new[:, :3]), mean)


@pytest.mark.parametrize("method", REGRESSORS, ids=kind)
def test_numbers_wrong_rows_lose_weight_and_a_good_source_helps(method: type) -> None:
    options = {"n_steps": 5, "n_estimators": 5} if method is TwoStageTrAdaBoostRegressor else {"n_estimators": 15}
    truth, wrong, right = [2.0, -1.0, 0.5], 0.0, 0.0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        Xs, X, new = (rng.normal(size=(n, 3)) for n in (300, 25, 300))
        ys = Xs @ truth
        ys[:80] += 6.0
        model = method(source=Source(Xs, ys), random_state=0, **options).fit(X, X @ truth)
        wrong, right = wrong + model.weights_[:80].mean(), right + model.weights_[80:].mean()
    # two stages choose after how many steps to stop, which may be before the wrong rows have lost
    assert method is TwoStageTrAdaBoostRegressor or wrong < 0.9 * right
    assert "class" not in str(model.explain_source())
    again = clone(model).fit(X, X @ truth)
    assert np.array_equal(again.predict(new), model.predict(new))
    good = clone(model).set_params(source=Source(Xs, Xs @ truth)).fit(X, X @ truth)
    alone = DecisionTreeRegressor(max_depth=6, random_state=0).fit(X, X @ truth)
    assert good.score(new, new @ truth) > alone.score(new, new @ truth)


def test_two_stages_leave_a_useless_source_and_say_which_step_was_taken() -> None:
    rng = np.random.default_rng(0)
    Xs, X = rng.normal(size=(150, 2)), rng.normal(size=(30, 2))
    options = {"n_steps": 4, "n_estimators": 4, "random_state": 0}
    useless = TwoStageTrAdaBoostRegressor(source=Source(Xs, 50 * rng.normal(size=150)), **options).fit(X, X[:, 0])
    assert useless.best_step_ == 3 and not useless.weights_.any()
    assert np.allclose(useless.step_shares_, 30 / 180 + np.arange(4) / 3 * 150 / 180)
    assert useless.step_errors_.argmin() == 3 and useless.step_errors_[0] > 5 * useless.step_errors_[3]


def test_r2_falls_back_where_the_first_error_is_a_half() -> None:
    X = np.linspace(0, 1, 40)[:, None]
    source = Source(np.repeat(X, 20, axis=0), np.zeros(800))
    with pytest.warns(TransferWarning, match="adjusted error of 1/2 or more"):
        model = TrAdaBoostRegressor(DecisionTreeRegressor(max_depth=1), source=source).fit(X[:5], np.full(5, 9.0))
    assert np.allclose(model.predict(X), 9.0)


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        (TrAdaBoostClassifier, {"n_estimators": 0}, "n_estimators to be a whole number of at least 1"),
        (TrAdaBoostClassifier, {"confidence": "yes"}, "confidence to be one of False, True"),
        (TrAdaBoostClassifier, {"source_share": 1.0}, "source_share to be a number above 0 and below 1"),
        (TaskTrAdaBoostClassifier, {"threshold": -1.0}, "threshold to be a number of at least 0"),
        (TrAdaBoostRegressor, {"loss": "linaer"}, "loss to be one of 'linear', 'square', 'exponential'"),
        (TwoStageTrAdaBoostRegressor, {"n_steps": 1}, "n_steps to be a whole number of at least 2"),
        (TrAdaBoostClassifier, {"estimator": KNeighborsClassifier()}, "takes sample_weight, found KNeighbors"),
    ],
    ids=["rounds", "confidence", "share", "threshold", "loss", "steps", "no-weights"],
)
def test_options_are_refused_in_words(method: type, options: dict, words: str) -> None:
    source, X, y, _ = task()
    with pytest.raises(ParameterError, match=words):
        method(source=source, **options).fit(X, y)


def test_a_grid_over_sources_and_none() -> None:
    source, X, y, _ = task()
    grid = GridSearchCV(TrAdaBoostClassifier(n_estimators=3), {"source": [source, None]}, cv=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        grid.fit(X, y)
    assert grid.best_params_["source"] in (source, None) and np.isfinite(grid.best_score_)
