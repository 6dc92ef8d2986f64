"""Every metric is what scikit-learn says, as a mean of what each example adds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from headstart.errors import ParameterError
from headstart.math.statistics.metrics import example_log_loss, surprise
from headstart.math.statistics.named_metrics import METRICS, check_metric, metric_named, metrics_of

N, K = 150, 3


@pytest.fixture(scope="module")
def drawn() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    y = rng.choice(K, N, p=[0.6, 0.3, 0.1])
    p = np.round(0.6 * rng.dirichlet(np.ones(K), N) + 0.4 * np.eye(K)[y] * rng.random((N, 1)), 2) + 0.01
    several = (rng.random((N, 4)) < 0.3).astype(int)
    numbers = rng.normal(size=N)
    return {
        "classification": (y, p / p.sum(axis=1, keepdims=True)),
        "multilabel": (several, np.round(0.5 * several + 0.5 * rng.random((N, 4)), 2)),
        "regression": (numbers, numbers + rng.normal(size=N)),
    }


def reference(name: str, y: np.ndarray, p: np.ndarray, w: np.ndarray | None) -> float:
    hard, hot = p.argmax(axis=1), np.eye(K)[y]
    each = {
        "accuracy": lambda: sk.accuracy_score(y, hard, sample_weight=w),
        "balanced_accuracy": lambda: sk.balanced_accuracy_score(y, hard, sample_weight=w),
        "macro_f1": lambda: sk.f1_score(y, hard, average="macro", sample_weight=w),
        "auc": lambda: np.mean([sk.roc_auc_score(hot[:, k], p[:, k], sample_weight=w) for k in range(K)]),
        "average_precision": lambda: np.mean(
            [sk.average_precision_score(hot[:, k], p[:, k], sample_weight=w) for k in range(K)]
        ),
        "log_loss": lambda: sk.log_loss(y, p, sample_weight=w),
        "brier": lambda: np.average(((hot - p) ** 2).sum(axis=1) / 2, weights=w),
    }
    return float(each[name]())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", metrics_of("classification"))
def test_classes_are_scored_as_by_scikit_learn(name: str, weighted: bool, drawn: dict) -> None:
    y, p = drawn["classification"]
    w = np.random.default_rng(1).random(N) + 0.1 if weighted else None
    assert METRICS[name].value(y, p, w) == pytest.approx(reference(name, y, p, w), abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_are_scored_as_by_scikit_learn(weighted: bool, drawn: dict) -> None:
    y, p = drawn["regression"]
    w = np.random.default_rng(2).random(N) + 0.1 if weighted else None
    assert METRICS["r2"].value(y, p, w) == pytest.approx(sk.r2_score(y, p, sample_weight=w))
    assert METRICS["mae"].value(y, p, w) == pytest.approx(sk.mean_absolute_error(y, p, sample_weight=w))
    assert METRICS["rmse"].value(y, p, w) == pytest.approx(sk.root_mean_squared_error(y, p, sample_weight=w))


def test_several_labels_are_scored_as_by_scikit_learn(drawn: dict) -> None:
    y, p = drawn["multilabel"]
    assert METRICS["macro_f1"].value(y, p) == pytest.approx(sk.f1_score(y, p > 0.5, average="macro"))
    assert METRICS["auc"].value(y, p) == pytest.approx(sk.roc_auc_score(y, p))
    assert METRICS["average_precision"].value(y, p) == pytest.approx(sk.average_precision_score(y, p))
    assert METRICS["exact_match"].value(y, p) == pytest.approx(sk.accuracy_score(y, p > 0.5))


CASES = [(task, name) for task in ("classification", "multilabel", "regression") for name in metrics_of(task)]


@pytest.mark.parametrize(("task", "name"), CASES)
def test_influence_values_are_slopes_in_the_weights(task: str, name: str, drawn: dict) -> None:
    """theta + n w_i d theta / d w_i, by differences; their mean is the score."""
    (y, p), metric = drawn[task], METRICS[name]
    w = np.random.default_rng(3).random(N) + 0.5
    spread = metric.spread(y, p, w)
    assert spread.mean() == pytest.approx(metric.value(y, p, w))
    for i in (0, 40, 99):
        up, down = w.copy(), w.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        slope = (metric.value(y, p, up) - metric.value(y, p, down)) / 2e-5
        assert spread[i] == pytest.approx(metric.value(y, p, w) + N * w[i] * slope, abs=1e-5)


@pytest.mark.parametrize(("task", "name"), CASES)
def test_every_metric_has_an_interval_around_its_value(task: str, name: str, drawn: dict) -> None:
    (y, p), metric = drawn[task], METRICS[name]
    low, high = metric.interval(y, [p])
    assert metric.low <= low < metric.value(y, p) < high <= metric.high
    wide = metric.interval(y, [p], groups=np.arange(N) // 10)
    assert wide[1] > wide[0]


@pytest.mark.parametrize(("task", "name"), CASES)
def test_a_perfect_model_has_no_interval_of_zero_width(task: str, name: str, drawn: dict) -> None:
    y = drawn[task][0]
    perfect = {"classification": np.eye(K)[y] if y.ndim == 1 and y.dtype != float else y, "multilabel": y}.get(task, y)
    low, high = METRICS[name].interval(y, [np.asarray(perfect, dtype=float)])
    assert high - low > 1e-5


def test_weights_as_counts_are_repeated_examples(drawn: dict) -> None:
    y, p = drawn["classification"]
    counts = np.random.default_rng(4).integers(1, 4, N)
    for name in metrics_of("classification"):
        again = METRICS[name].value(np.repeat(y, counts), np.repeat(p, counts, axis=0))
        assert METRICS[name].value(y, p, counts.astype(float)) == pytest.approx(again)


def test_of_two_classes_the_rarer_is_looked_for() -> None:
    y, p = np.array([0, 1, 1, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9]])
    assert METRICS["average_precision"].value(y, p) == pytest.approx(sk.average_precision_score(y == 0, p[:, 0]))


def test_wrong_names_are_refused_with_the_list() -> None:
    with pytest.raises(
        ParameterError, match=r"Expected a metric for classes, found 'r2'\. Choose one of accuracy, bal"
    ):
        metric_named("r2", "classification")
    with pytest.raises(
        ParameterError, match=r"Expected a metric, found 'accurracy'\. Choose one: for classes accuracy"
    ):
        check_metric("accurracy")
    assert metric_named(None, "multilabel").name == "example_f1"


@pytest.mark.parametrize(("sure", "n"), [(0.9, 20), (0.95, 40), (0.98, 80)])
def test_a_loss_that_the_model_itself_expects_is_in_the_interval(sure: float, n: int) -> None:
    """All answers were right, as happens in 12 to 20 of 100 such draws; the wrong ones lose much."""
    y, p = np.zeros(n, dtype=int), np.tile([sure, 1.0 - sure], (n, 1))
    expected = -(sure * np.log(sure) + (1.0 - sure) * np.log(1.0 - sure))
    low, high = METRICS["log_loss"].interval(y, [p])
    assert low < -np.log(sure) < 0.9 * expected < high


@pytest.mark.parametrize("labels", [False, True])
def test_surprise_is_what_drawn_answers_lose(labels: bool) -> None:
    rng = np.random.default_rng(0)
    p = rng.random((200, 3)) if labels else rng.dirichlet(np.ones(3), 200)
    draws = [
        (rng.random(p.shape) < p).astype(int) if labels else (rng.random((200, 1)) > p.cumsum(axis=1)).sum(axis=1)
        for _ in range(400)
    ]
    losses = np.array([example_log_loss(p, y) for y in draws])
    assert surprise(draws[0], p) == pytest.approx((losses**2).mean() / losses.mean(), rel=0.02)


@pytest.mark.parametrize("distance", [0.0, 0.7, 1.5, 6.0])
def test_average_precision_of_few_examples_is_too_high_by_its_optimism(distance: float) -> None:
    rng, metric = np.random.default_rng(0), METRICS["average_precision"]

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = (np.arange(n) < n / 5).astype(int)
        score = rng.normal(size=n) + distance * y
        return y, np.column_stack([-score, score])

    endless, few = metric.value(*drawn(100_000)), [drawn(50) for _ in range(400)]
    found = np.mean([metric.value(*one) for one in few]) - endless
    told = np.mean([metric.optimism(*one) for one in few])
    assert told == pytest.approx(found, abs=0.025)
    assert told > 0.04 or distance > 1.0
