"""Both sides of a transfer in the plane: what is drawn, of whom, and where a method has brought it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_pictures import pictures
from tiny_pictures import source as tiny_network

from headstart import (
    CORAL,
    AdaptedClassifier,
    AlignedClassifier,
    AlignedRegressor,
    LinearMonge,
    SafeTransferRegressor,
    Source,
)
from headstart.data.pictures.pictures import as_pictures
from headstart.errors import SourceError
from headstart.features.adapted.names import adaptation_of
from headstart.guard.candidates.candidate import Candidate
from headstart.guard.candidates.material import Material
from headstart.guard.candidates.pooling import PooledClassifier, PooledRegressor
from headstart.guard.comparing.out_of_fold import Outcome
from headstart.guard.evidence.domain_map import (
    MOST_COLOURS,
    MOST_POINTS,
    domain_map,
    map_of,
    neighbourhoods,
    principal,
)
from headstart.networks.reading.loading import load_network
from headstart.networks.running.embed import embed

HOW = {"random_state": 0, "budget": 60.0}


def two_domains(n: int = 90, m: int = 300, classes: int = 3) -> tuple[np.ndarray, np.ndarray, Source]:
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 3, (classes, 5))
    y, t = np.arange(m) % classes, np.arange(n) % classes
    source = (centres[y] + rng.normal(size=(m, 5))) @ (np.eye(5) + 0.3 * rng.normal(size=(5, 5))) + 6
    return centres[t] + rng.normal(size=(n, 5)), t, Source(source, y, "elsewhere")


def test_the_axes_are_the_eigenvectors_of_the_covariance() -> None:
    X = np.random.default_rng(1).normal(size=(60, 4)) * [5.0, 2.0, 1.0, 0.5]
    found, share = principal(X)
    values, vectors = np.linalg.eigh(np.cov(X.T))
    expected = (X - X.mean(axis=0)) @ vectors[:, [3, 2]]
    assert np.abs(found) == pytest.approx(np.abs(expected))
    assert share == pytest.approx(values[[3, 2]].sum() / values.sum())
    assert (found[np.abs(found).argmax(axis=0), [0, 1]] > 0).all()
    flat, whole = principal(np.arange(5.0)[:, None])
    assert flat[:, 1].tolist() == [0.0] * 5 and whole == pytest.approx(1.0)


def test_neighbours_stay_neighbours_and_the_seed_decides() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(25, 8)), rng.normal(size=(25, 8)) + 20])
    found = neighbourhoods(X, 0)
    apart = np.linalg.norm(found[:, None] - found[None], axis=2) + np.diag([np.inf] * 50)
    assert ((apart.argmin(axis=1) < 25) == (np.arange(50) < 25)).all()
    assert np.array_equal(found, neighbourhoods(X, 0))


def test_what_a_mapping_does_is_what_is_drawn() -> None:
    X, y, source = two_domains()
    aligned = AlignedClassifier(CORAL(), source=source)
    before, after = PooledClassifier(source=source).aligned_sides(X, y), aligned.aligned_sides(X, y)
    mapping = CORAL(source=source).fit(X)
    assert np.allclose(after.sources[0].X, mapping.transform_source()) and np.allclose(after.target.X, X)
    assert not hasattr(aligned, "mapping_"), "asking fits nothing"
    found = domain_map(before, after, **HOW)
    assert found is not None and [view["by"] for view in found["views"]] == ["PCA", "PCA"]
    auc = [view["auc"] for view in found["views"]]
    assert auc[0] > 0.95 and auc[1] < 0.65
    assert found["sides"] == [
        {"name": "target", "n": 90, "shown": 90},
        {"name": "elsewhere", "n": 300, "shown": MOST_POINTS},
    ]
    assert len(found["side"]) == len(found["label"]) == len(found["views"][0]["points"]) == 90 + MOST_POINTS
    assert found["label"][:90] == y.tolist() and found["labels"] == ["0", "1", "2"] and not found["numbers"]
    spread = np.ptp(found["views"][0]["points"], axis=0)
    assert spread.max() == pytest.approx(1.0, abs=2e-3), "the longer side fills the square"
    assert found == domain_map(before, after, **HOW)


def test_an_adapted_head_answers_from_the_rows_that_are_drawn() -> None:
    X, _, source = two_domains()
    for name in ("linear monge", "shot", "monge-shot", "dan"):
        adapted = AdaptedClassifier(name, source=source)
        sides = adapted.aligned_sides(X)
        scores = adapted.fit(X).decision_function(X)
        design = np.column_stack([sides.target.X, np.ones(len(X))])
        left = scores - design @ np.linalg.lstsq(design, scores, rcond=None)[0]
        assert np.abs(left).max() < 1e-3 * np.abs(scores).max(), name
        assert sides.sources[0].X.shape == (300, 5)
    monge = AdaptedClassifier("linear monge", source=source).aligned_sides(X)
    assert np.allclose(monge.sources[0].X.mean(axis=0), monge.target.X.mean(axis=0), atol=1e-3)
    assert np.allclose(np.cov(monge.sources[0].X.T), np.cov(monge.target.X.T), atol=0.02)
    shot = adaptation_of("shot")
    problem = AdaptedClassifier("shot", source=source)
    assert np.array_equal(
        problem.aligned_sides(X).sources[0].X,
        problem.set_params(adaptation="source only").aligned_sides(X).sources[0].X,
    )
    assert not shot.learns_source


def test_many_classes_share_a_colour_and_numbers_come_in_fifths() -> None:
    X, y, source = two_domains(classes=12)
    found = domain_map(PooledClassifier(source=source).aligned_sides(X, y), None, **HOW)
    assert found is not None and len(found["labels"]) == MOST_COLOURS and found["labels"][-1] == "6 more classes"
    assert max(found["label"]) == MOST_COLOURS - 1
    numbers = Source(source.X, np.arange(300.0), "elsewhere")
    found = domain_map(PooledRegressor(source=numbers).aligned_sides(X, np.arange(90.0)), None, **HOW)
    assert found is not None and found["numbers"] and len(found["labels"]) == 5
    assert found["labels"][0].startswith("up to ") and found["labels"][-1].startswith("above ")
    assert found["label"][0] == 0 and found["label"][-1] == 4


def test_several_sources_share_the_points_and_few_rows_are_not_drawn() -> None:
    X, y, source = two_domains()
    small = Source(source.X[:100], source.y[:100], "small")
    found = domain_map(PooledClassifier(source=[source, small]).aligned_sides(X, y), None, **HOW)
    assert found is not None
    shown = {side["name"]: side["shown"] for side in found["sides"]}
    assert shown == {"target": 90, "elsewhere": 3 * MOST_POINTS // 4, "small": MOST_POINTS // 4}
    few = PooledClassifier(source=source).aligned_sides(X[:5], y[:5])
    assert domain_map(few, None, **HOW) is None


def test_without_a_source_there_is_nothing_to_bring_together() -> None:
    X, y, _ = two_domains()
    with pytest.raises(SourceError, match="Expected a source to be brought together with, found source=None"):
        AlignedClassifier(LinearMonge()).aligned_sides(X, y)


def test_the_guard_draws_what_it_chose_or_what_it_tried() -> None:
    rng = np.random.default_rng(0)
    Xs, X = rng.normal(size=(80, 3)), rng.normal(size=(40, 3)) + 3
    source = Source(Xs, Xs.sum(axis=1), "summer")
    ways = {"plain": PooledRegressor(target_share=1.0), "scaled": AlignedRegressor(CORAL(), source=source)}
    found = SafeTransferRegressor(source, candidates=ways, budget=20).fit(X, X.sum(axis=1)).evidence_["domains"]
    assert found["alignment"]["name"] == "scaled" and 0 <= found["alignment"]["share"] <= 1
    assert [view["place"] for view in found["views"]] == ["before", "after"]


def test_of_many_rows_some_are_brought_together_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headstart.guard.evidence.domain_map.MOST_ROWS", 30)
    rng = np.random.default_rng(0)
    X, sizes = rng.normal(size=(40, 3)) + 3, {"summer": 80, "spring": 160, "autumn": 50}
    given = [Source(rows, rows.sum(axis=1), name) for name, n in sizes.items() for rows in [rng.normal(size=(n, 3))]]
    for sources in (given, given[::-1]):
        ways = {"plain": PooledRegressor(target_share=1.0), "scaled": AlignedRegressor(CORAL(), source=sources)}
        found = SafeTransferRegressor(sources, candidates=ways, budget=20).fit(X, X.sum(axis=1)).evidence_["domains"]
        told = {side["name"]: side for side in found["sides"]}
        assert {name: told[name]["n"] for name in sizes} == sizes and found["sides"][0]["n"] == 40
        assert sum(told[name]["shown"] for name in sizes) <= 30 and found["sides"][0]["shown"] == 30
        assert len(found["views"][0]["points"]) == sum(side["shown"] for side in found["sides"])


def test_examples_that_were_lent_are_drawn_before_a_network_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 90 lent pictures the network sees those that are drawn, which stand beside the target's in its features."""
    seen: list[int] = []

    def looked(network: object, inputs: Any, **how: Any) -> Any:
        seen.append(len(inputs))
        return embed(network, inputs, **how)

    monkeypatch.setattr("headstart.guard.evidence.domain_map.MOST_ROWS", 24)
    monkeypatch.setattr("headstart.networks.running.embed.embed", looked)
    (X, y), (Xs, ys) = pictures(30), pictures(90, seed=1)
    lent = Source(as_pictures(Xs), ys, "others")
    material = Material(as_pictures(X), y, "classification", network=load_network(tiny_network()), lent=(lent,))
    drawn = map_of(material, None, [Outcome(Candidate("alone", None, False, "alone"), [])], np.zeros(1), 0, **HOW)
    assert sorted(seen) == [24, 30] and drawn is not None  # 30 are the target's own
    assert [(side["n"], side["shown"]) for side in drawn["sides"]] == [(30, 24), (90, 24)]
