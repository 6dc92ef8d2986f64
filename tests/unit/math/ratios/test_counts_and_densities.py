"""Neighbour counts, kernel densities and label shift against plain rewrites, SciPy and known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import gaussian_kde, norm

from headstart.errors import DataError, ParameterError
from headstart.math.ratios import label_shift
from headstart.math.ratios.kernel_density import log_density_ratio
from headstart.math.ratios.label_shift import black_box_shift, mmd_target_shift
from headstart.math.ratios.neighbours import ball_ratio, voronoi_ratio
from headstart.math.ratios.odds import effective_sample_size, from_logs, mean_one


def samples(n_source: int, n_target: int, d: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n_source, d)), rng.normal(0.5, 0.7, size=(n_target, d))


@settings(max_examples=25)
@given(n=st.integers(1, 25), m=st.integers(1, 25), d=st.sampled_from([1, 3, 12]), seed=st.integers(0, 99))
def test_voronoi_counts_are_those_of_a_loop(n: int, m: int, d: int, seed: int) -> None:
    source, target = samples(n, m, d, seed)
    counts = np.zeros(n)
    for z in target:
        counts[np.argmin(((source - z) ** 2).sum(axis=1))] += 1
    assert np.allclose(voronoi_ratio(source, target), n * (counts + 1) / (m + n))
    assert np.allclose(voronoi_ratio(source, target, smoothing=0), n * counts / m)


@settings(max_examples=25)
@given(n=st.integers(2, 25), m=st.integers(1, 25), d=st.sampled_from([2, 12]), k=st.integers(1, 5))
def test_ball_counts_are_those_of_a_loop(n: int, m: int, d: int, k: int) -> None:
    source, target = samples(n, m, d, seed=n + 100 * m)
    expected = []
    for i in range(n):
        radius = np.sort(np.linalg.norm(np.delete(source, i, axis=0) - source[i], axis=1))[min(k, n - 1) - 1]
        count = (np.linalg.norm(target - source[i], axis=1) <= radius).sum()
        expected.append((count + 1) / (min(k, n - 1) + 1) * n / m)
    assert np.allclose(ball_ratio(source, target, n_neighbors=k), expected)


@pytest.mark.parametrize("d", [2, 20])
def test_equal_source_rows_share_their_count(d: int) -> None:
    source, target = samples(20, 50, d, seed=0)
    single = voronoi_ratio(source, target, smoothing=0)
    double = voronoi_ratio(np.vstack([source, source[:7]]), target, smoothing=0) * 20 / 27
    assert np.allclose(double[:7], single[:7] / 2) and np.allclose(double[20:], single[:7] / 2)
    assert np.allclose(double[7:20], single[7:])


@pytest.mark.parametrize("k", [None, 20], ids=["cells", "balls"])
def test_counts_follow_the_ratio_of_two_normals(k: int | None) -> None:
    rng = np.random.default_rng(1)
    source, target = rng.normal(0, 1, (3000, 1)), rng.normal(0.5, 0.6, (3000, 1))
    truth = norm.pdf(source, 0.5, 0.6).ravel() / norm.pdf(source).ravel()
    found = voronoi_ratio(source, target) if k is None else ball_ratio(source, target, n_neighbors=k)
    assert np.corrcoef(found, truth)[0, 1] > (0.4 if k is None else 0.85)


def test_density_ratio_is_that_of_plain_densities() -> None:
    source, target = samples(60, 80, 2, seed=2)
    h = 0.4

    def density(x: np.ndarray, rows: np.ndarray) -> float:
        return float(np.mean([norm.pdf(x, z, h).prod() for z in rows]))

    kept = [np.log(density(x, target) / density(x, source)) for x in source]
    left = [np.log(density(x, target) / density(x, np.delete(source, i, axis=0))) for i, x in enumerate(source)]
    rng = np.random.default_rng(0)
    assert np.allclose(log_density_ratio(source, target, bandwidth=h, leave_one_out=False, rng=rng), kept)
    assert np.allclose(log_density_ratio(source, target, bandwidth=h, rng=rng), left)


@pytest.mark.parametrize("rule", ["scott", "silverman"])
def test_rules_are_those_of_scipy(rule: str) -> None:
    source, target = samples(60, 80, 2, seed=3)
    pooled = np.vstack([source, target])
    within = np.sqrt((60 * source.var(axis=0) + 80 * target.var(axis=0)) / 140)
    scaled = [(X - pooled.mean(axis=0)) / within for X in (source, target)]
    h = [gaussian_kde(X.T, bw_method=rule).factor for X in scaled]
    sums = [
        np.log(np.exp(-cdist(scaled[0], X, "sqeuclidean") / 2 / b**2).mean(axis=1)) - 2 * np.log(b)
        for X, b in zip(scaled, h, strict=True)
    ]
    found = log_density_ratio(source, target, bandwidth=rule, leave_one_out=False, rng=np.random.default_rng(0))
    assert np.allclose(found, sums[1] - sums[0])


def test_at_512_columns_weights_are_finite_and_point_the_right_way() -> None:
    """Densities without logarithms are 0/0 there."""
    rng = np.random.default_rng(4)
    source = rng.normal(size=(400, 512))
    source[:200] += 0.3
    target = rng.normal(size=(300, 512)) + 0.3
    for rule in ("scott", "likelihood", 1.0):
        logs = log_density_ratio(source, target, bandwidth=rule, rng=rng)
        assert np.isfinite(logs).all() and np.isfinite(from_logs(logs)).all()
        assert logs[:200].mean() > logs[200:].mean() + 1


def test_density_ratio_follows_the_ratio_of_two_normals() -> None:
    rng = np.random.default_rng(5)
    source, target = rng.normal(0, 1, (2000, 1)), rng.normal(0.5, 0.6, (2000, 1))
    truth = norm.pdf(source, 0.5, 0.6).ravel() / norm.pdf(source).ravel()
    for rule in ("scott", "likelihood"):
        found = np.exp(log_density_ratio(source, target, bandwidth=rule, rng=rng))
        assert np.corrcoef(found, truth)[0, 1] > 0.95


def test_constant_columns_and_sparse_rows_do_no_harm() -> None:
    source, target = (np.where(np.abs(X) < 0.5, 0, X) for X in samples(50, 40, 4, seed=6))
    rng = np.random.default_rng(0)
    plain = log_density_ratio(source, target, rng=rng)
    more = [np.hstack([X, np.full((len(X), 1), 7.0)]) for X in (source, target)]
    thin = [sparse.csr_matrix(np.hstack([X, np.zeros((len(X), 2))])) for X in (source, target)]
    assert np.allclose(log_density_ratio(*more, rng=rng), plain)
    assert np.allclose(log_density_ratio(*thin, rng=rng), plain)
    assert np.allclose(log_density_ratio(np.ones((5, 2)), np.ones((4, 2)), rng=rng), 0)
    assert np.allclose(voronoi_ratio(*thin), voronoi_ratio(source, target))
    assert np.allclose(ball_ratio(*thin, n_neighbors=3), ball_ratio(source, target, n_neighbors=3))


def mixture(
    n_source: int, n_target: int, priors: list[float], seed: int, d: int = 3
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    K = len(priors)
    codes, hidden = rng.integers(0, K, n_source), rng.choice(K, n_target, p=priors)
    centres = 2.5 * rng.normal(size=(K, d))
    return centres[codes] + rng.normal(size=(n_source, d)), codes, centres[hidden] + rng.normal(size=(n_target, d))


def test_mmd_shift_is_the_optimum_of_the_problem_with_one_weight_a_row() -> None:
    """One weight a source row, equal within a class, as in Zhang et al. 2013, by a general solver."""
    source, codes, target = mixture(60, 50, [0.7, 0.2, 0.1], seed=0)
    found = mmd_target_shift(source, codes, target, width=2.0, rng=np.random.default_rng(0))
    K = np.exp(-cdist(source, source, "sqeuclidean") / 8)
    kappa = np.exp(-cdist(source, target, "sqeuclidean") / 8).mean(axis=1)

    def distance(ratios: np.ndarray) -> float:
        beta = ratios[codes] / 60
        return float(beta @ K @ beta - 2 * beta @ kappa)

    own = np.bincount(codes) / 60
    best = minimize(
        distance,
        np.ones(3),
        bounds=[(0, None)] * 3,
        constraints={"type": "eq", "fun": lambda r: own @ r - 1},
        options={"ftol": 1e-14},
    )
    assert found.ratios == pytest.approx(best.x, abs=1e-3)
    assert distance(found.ratios) <= best.fun + 1e-9
    assert found.priors.sum() == pytest.approx(1) and found.priors == pytest.approx(own * found.ratios)


@pytest.mark.parametrize("exact", [True, False], ids=["exact", "landmarks"])
def test_known_label_shift_is_found(exact: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not exact:
        monkeypatch.setattr(label_shift, "TRUE_KERNEL", 0)
        monkeypatch.setattr(label_shift, "LANDMARKS", 100)
    source, codes, target = mixture(1500, 1500, [0.7, 0.1, 0.2], seed=1)
    found = mmd_target_shift(source, codes, target, rng=np.random.default_rng(0))
    assert found.priors == pytest.approx([0.7, 0.1, 0.2], abs=0.04)


def test_black_box_shift_solves_its_equation() -> None:
    rng = np.random.default_rng(2)
    priors = np.array([0.6, 0.3, 0.1])
    confusion = np.array([[0.8, 0.1, 0.2], [0.1, 0.7, 0.2], [0.1, 0.2, 0.6]])  # P(said i | true j)
    codes, hidden = rng.integers(0, 3, 20000), rng.choice(3, 20000, p=priors)

    def said(true: np.ndarray) -> np.ndarray:
        return np.array(
            [np.searchsorted(np.cumsum(confusion[:, j]), u) for j, u in zip(true, rng.random(len(true)), strict=True)]
        )

    predicted, target_predicted = said(codes), said(hidden)
    found = black_box_shift(predicted, codes, target_predicted)
    C = np.array([[((predicted == i) & (codes == j)).mean() for j in range(3)] for i in range(3)])
    w = np.linalg.solve(C, np.bincount(target_predicted, minlength=3) / 20000)
    assert found.ratios == pytest.approx(w, rel=1e-6)
    assert found.priors == pytest.approx(priors, abs=0.03)
    soft = black_box_shift(np.eye(3)[predicted], codes, np.eye(3)[target_predicted])
    assert soft.ratios == pytest.approx(found.ratios)


def test_useless_predictions_and_missing_classes_are_told_by_the_condition() -> None:
    codes = np.array([0, 1] * 10)
    assert black_box_shift(np.zeros(20, int), codes, np.zeros(9, int), n_classes=2).condition > 1e8
    found = black_box_shift(codes, codes, np.array([0, 0, 1]), n_classes=3)
    assert found.ratios[2] == 0 and found.priors == pytest.approx([2 / 3, 1 / 3, 0])
    alone = mmd_target_shift(np.ones((4, 1)), np.zeros(4, int), np.zeros((3, 1)), rng=np.random.default_rng(0))
    assert alone.ratios.tolist() == [1.0]


@settings(max_examples=30)
@given(logs=st.lists(st.floats(-2000, 2000), min_size=1, max_size=30))
def test_weights_have_mean_one_and_a_size_between_one_and_n(logs: list[float]) -> None:
    weights = from_logs(np.array(logs))
    assert weights.mean() == pytest.approx(1) and (weights >= 0).all()
    assert 1 - 1e-9 <= effective_sample_size(weights) <= len(logs) + 1e-9
    assert np.allclose(mean_one(5 * weights), weights)


def test_weights_that_are_all_zero_become_equal() -> None:
    assert mean_one(np.zeros(3)).tolist() == [1, 1, 1]
    assert from_logs(np.full(3, -np.inf)).tolist() == [1, 1, 1]
    assert effective_sample_size(np.zeros(3)) == 0


def test_what_cannot_be_is_refused() -> None:
    source, target = samples(6, 5, 2, seed=0)
    rng = np.random.default_rng(0)
    with pytest.raises(ParameterError, match="scott, silverman, likelihood or a number above 0, found 'scot'"):
        log_density_ratio(source, target, bandwidth="scot", rng=rng)
    with pytest.raises(ParameterError, match="smoothing from 0"):
        voronoi_ratio(source, target, smoothing=-1)
    with pytest.raises(ParameterError, match="n_neighbors from 1"):
        ball_ratio(source, target, n_neighbors=0)
    with pytest.raises(DataError, match="one class for each of 6 source rows"):
        mmd_target_shift(source, np.zeros(5, int), target, rng=rng)
    with pytest.raises(ParameterError, match="codes from 0"):
        mmd_target_shift(source, np.full(6, -1), target, rng=rng)
    with pytest.raises(DataError, match="one kind"):
        black_box_shift(np.zeros(6, int), np.zeros(6, int), np.zeros((5, 2)))
