"""Transport, joint transport and Monge as estimators: row order, the caller's labels, rows that were not fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier

from headstart import (
    AlignedClassifier,
    JointDistributionOptimalTransportClassifier,
    JointDistributionOptimalTransportRegressor,
    LinearMonge,
    OptimalTransportMapping,
    Source,
)
from headstart.errors import DataError, ParameterError, TransferWarning
from headstart.features.mappings.optimal_transport import METHODS
from headstart.math.transport.transport_map import potential_map

LABELS = {"minus": np.array([-1, 1]), "words": np.array(["ant", "bee"]), "codes": np.array([0, 1])}


def moons(n: int = 60, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two classes, the source; the same moved, turned a little and shuffled, the target (labels last)."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(n) % 2
    Xs = rng.normal(0, 0.4, (n, 2)) + np.array([[-1.5, 0.0], [1.5, 0.0]])[codes]
    Xt = rng.normal(0, 0.4, (n, 2)) + np.array([[-0.5, -1.5], [1.5, 1.5]])[codes]
    return Xs, Xt, codes


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize("method", METHODS)
def test_images_keep_the_sources_order_and_its_labels(method: str, labels: np.ndarray) -> None:
    Xs, Xt, codes = moons()
    ys = labels[codes]
    kept = ys.copy()
    model = AlignedClassifier(OptimalTransportMapping(method), source=Source(Xs, ys)).fit(Xt)
    assert np.array_equal(ys, kept)
    images = model.mapping_.transform_source()
    assert KNeighborsClassifier(3).fit(Xt, codes).score(images, codes) > 0.9
    assert model.score(Xt, ys) > 0.95 and np.array_equal(model.classes_, labels)
    order = np.random.default_rng(1).permutation(len(Xs))
    again = OptimalTransportMapping(method, source=Source(Xs[order], ys[order])).fit(Xt)
    assert np.allclose(again.transform_source(), images[order], atol=1e-3)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS.keys())
def test_joint_transport_takes_any_labels_and_leaves_them_alone(labels: np.ndarray) -> None:
    Xs, Xt, codes = moons()
    ys, few = labels[codes], labels[codes[:6]]
    kept, kept_few = ys.copy(), few.copy()
    model = JointDistributionOptimalTransportClassifier(source=Source(Xs, ys), unlabelled=Xt[6:]).fit(Xt[:6], few)
    assert np.array_equal(ys, kept) and np.array_equal(few, kept_few)
    assert model.score(Xt, ys) > 0.95
    assert np.array_equal(model.classes_[model.transported_[:6].argmax(1)], few)
    assert model.transported_.shape == (60, 2) and np.allclose(model.transported_.sum(1), 1)


def test_joint_transport_of_numbers_beats_the_sources_own_answer() -> None:
    rng = np.random.default_rng(0)
    Xs = rng.normal(size=(120, 3))
    y = Xs @ [1.0, -2.0, 0.5]
    kept = y.copy()
    Xt = Xs[rng.permutation(120)] + [4.0, 4.0, 0.0]
    yt = (Xt - [4.0, 4.0, 0.0]) @ [1.0, -2.0, 0.5]
    model = JointDistributionOptimalTransportRegressor(source=Source(Xs, y)).fit(Xt)
    assert model.score(Xt, yt) > 0.9 and np.array_equal(y, kept)
    assert model.objectives_[-1] <= model.objectives_[1] + 1e-9
    held = JointDistributionOptimalTransportRegressor(source=Source(Xs, y)).fit(Xt[:40], yt[:40] + 100)
    assert np.allclose(held.transported_, yt[:40] + 100)


def test_joint_transport_refuses_in_words() -> None:
    Xs, Xt, codes = moons()
    with pytest.raises(ParameterError, match="predict_proba"):
        JointDistributionOptimalTransportClassifier(RidgeClassifier(), source=Source(Xs, codes)).fit(Xt)
    with pytest.raises(ParameterError, match="sample_weight"):
        JointDistributionOptimalTransportClassifier(KNeighborsClassifier(), source=Source(Xs, codes)).fit(Xt)
    with pytest.raises(DataError, match="two classes"):
        JointDistributionOptimalTransportClassifier(source=Source(Xs, np.zeros(60, int))).fit(Xt)
    with pytest.raises(ParameterError, match="alpha"):
        JointDistributionOptimalTransportClassifier(alpha=1.5, source=Source(Xs, codes)).fit(Xt)


@pytest.mark.parametrize(
    "wrong", [{"method": "emd"}, {"normalise": "log"}, {"out_of_sample": "knn"}, {"reg": 0.0}, {"class_reg": -1.0}]
)
def test_mistyped_options_are_errors(wrong: dict[str, Any]) -> None:
    Xs, Xt, codes = moons()
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        OptimalTransportMapping(**wrong, source=Source(Xs, codes)).fit(Xt)


def test_class_regularisation_needs_classes() -> None:
    Xs, Xt, _ = moons()
    with pytest.raises((DataError, ValueError), match="classes of every source row"):
        OptimalTransportMapping("lp-l1", source=Source(Xs)).fit(Xt)


def test_labelled_target_rows_take_mass_of_their_class() -> None:
    Xs, Xt, codes = moons()
    wrong = 1 - codes  # labels that contradict the geometry
    source = Source(Xs, codes)
    free = OptimalTransportMapping("lp-l1", source=source).fit(Xt)
    bound = OptimalTransportMapping("lp-l1", source=source).fit(Xt, wrong)
    same = wrong[None, :] == codes[:, None]

    def share(mapping: Any) -> float:
        plan = mapping.plan_
        return float((plan.toarray() if hasattr(plan, "toarray") else plan)[same].sum())

    assert share(free) < 0.1 and share(bound) > 0.9


def test_new_rows_move_as_their_nearest_neighbour() -> None:
    Xs, Xt, _ = moons()
    mapping = OptimalTransportMapping("exact", source=Source(Xs)).fit(Xt)
    images = mapping.transform_source()
    moved = mapping.transform_source(Xs[[4, 9]] + 1e-3)
    assert np.allclose(moved, images[[4, 9]] + 1e-3)
    smooth = clone(mapping).set_params(out_of_sample="barycentric").fit(Xt)
    between = smooth.transform_source(Xs[[4, 9]] + 1e-3)
    assert np.isfinite(between).all() and np.abs(between - images[[4, 9]]).max() < 1.5


def test_the_entropic_map_passes_through_the_fitted_rows() -> None:
    Xs, Xt, _ = moons()
    mapping = OptimalTransportMapping("entropic", reg=0.05, out_of_sample="barycentric", source=Source(Xs)).fit(Xt)
    images = mapping.transform_source()
    again = potential_map(Xs, Xt, mapping.potential_, 0.05, mapping.scale_)
    assert np.allclose(again, images, atol=1e-4)
    assert np.allclose(mapping.transform_source(Xs[:5]), images[:5], atol=1e-4)


def test_equal_source_rows_keep_an_image_each() -> None:
    Xs = np.zeros((2, 1))
    Xt = np.array([[-1.0], [1.0]])
    mapping = OptimalTransportMapping("exact", source=Source(Xs)).fit(Xt)
    assert sorted(mapping.transform_source().ravel().tolist()) == [-1.0, 1.0]


def test_weights_of_the_source_are_its_mass() -> None:
    Xs, Xt = np.array([[0.0], [10.0]]), np.array([[0.0], [1.0], [9.0], [10.0]])
    weights = np.array([3.0, 1.0])
    mapping = OptimalTransportMapping("exact", source=Source(Xs, sample_weight=weights)).fit(Xt)
    assert np.allclose(mapping.plan_.toarray().sum(1), [0.75, 0.25])
    assert np.allclose(mapping.transform_source().ravel(), [10 / 3, 10.0])
    assert mapping.cost_ == pytest.approx((0 + 1 + 81 + 0) / 4)


def test_plans_that_do_not_converge_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.features.mappings import optimal_transport

    Xs, Xt, _ = moons()
    loose = optimal_transport.sinkhorn

    def unfinished(*args: Any) -> Any:
        found = loose(*args)
        return type(found)(found.plan, found.f, found.g, 0.2)

    monkeypatch.setattr(optimal_transport, "sinkhorn", unfinished)
    with pytest.warns(TransferWarning, match="not converged: 20.0%"):
        OptimalTransportMapping(source=Source(Xs)).fit(Xt)


def test_monge_undoes_a_change_of_scale_and_place() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    codes = (X[:, 0] > 0).astype(int)
    X[:, 0] += 2 * codes
    Xt = X[::-1] * [3.0, 0.2, 1.0] + [5.0, -2.0, 0.0]
    model = AlignedClassifier(LinearMonge(), LogisticRegression(), source=Source(X, codes)).fit(Xt)
    assert model.score(Xt, codes[::-1]) > 0.97
    single = LinearMonge(source=Source(X.astype(np.float32))).fit(Xt.astype(np.float32))
    assert single.transform_source().dtype == np.float32
    assert np.allclose(np.cov(single.transform_source().T), np.cov(Xt.T), rtol=1e-2, atol=1e-2)
