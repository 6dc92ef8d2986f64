"""Tasks that other processes compute: the same answers, whoever computes them and whoever is lost."""

from __future__ import annotations

import logging
import os
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import crew_tasks
import joblib
import numpy as np
import pytest
import tiny_pictures
from crew_tasks import all_deadly, asleep, deadly, doubled, killing, marked, refused
from sklearn.datasets import make_classification, make_regression

from headstart import (
    SafeAlignedClassifier,
    SafeAlignedRegressor,
    SafeTransferClassifier,
    SafeTransferRegressor,
    Source,
    TransferClassifier,
)
from headstart.data.inputs.inputs import as_inputs
from headstart.errors import BadPictures, DataError, ParameterError
from headstart.guard.comparing.crew import Crew, jobs
from headstart.guard.comparing.deadline import OutOfTime, within
from headstart.guard.comparing.parcel import opened, packed
from headstart.networks.reading.loading import load_network


def crew(shared: Any, n_jobs: int | None = 2) -> Crew:
    return Crew(shared, lambda: shared, n_jobs)


def test_results_come_by_name_from_other_processes_and_here() -> None:
    shared = {"rows": np.arange(3)}
    for n_jobs in (1, 2):
        with crew(shared, n_jobs).ahead(doubled, {number: (number,) for number in range(6)}) as ahead:
            ahead.skip([3])
            assert [ahead.get(number).tolist() for number in (0, 1, 2, 4, 5)] == [
                (2 * number + np.arange(3)).tolist() for number in (0, 1, 2, 4, 5)
            ]
            assert ahead.get(3).tolist() == [6, 7, 8]


def test_an_error_is_raised_where_its_task_is_asked_for() -> None:
    with crew(None).ahead(refused, {number: (number,) for number in range(4)}) as ahead:
        assert ahead.get(0) == 0
        with pytest.raises(BadPictures, match="2 pictures that cannot be") as found:
            ahead.get(1)
        assert found.value.bad == [("a.png", "cut short"), ("b.png", "empty")]
        assert [ahead.get(2), ahead.get(3)] == [2, 3]


def test_a_worker_that_is_killed_costs_its_task(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tasks = {number: (number, os.getpid()) for number in range(6)}
    with caplog.at_level(logging.WARNING, "headstart"), crew(tmp_path).ahead(killing, tasks) as ahead:
        assert [ahead.get(number) for number in range(6)] == list(range(6))
    assert (tmp_path / "killed").exists()
    assert "A worker was lost" in caplog.text and "done again" in caplog.text


def test_what_kills_every_worker_is_done_by_the_parent() -> None:
    with crew(None).ahead(deadly, {number: (number, os.getpid()) for number in range(3)}) as ahead:
        assert [ahead.get(number) for number in range(3)] == [0, 1, 2]


def test_where_no_worker_gives_anything_the_parent_does_all(caplog: pytest.LogCaptureFixture) -> None:
    tasks = {number: (number, os.getpid()) for number in range(40)}
    with caplog.at_level(logging.WARNING, "headstart"), crew(None).ahead(all_deadly, tasks) as ahead:
        assert [ahead.get(number) for number in range(40)] == list(range(40))
    assert caplog.text.count("A worker was lost") == 3 and "No worker gives results" in caplog.text


def test_time_that_is_over_ends_what_others_do() -> None:
    start = time.monotonic()
    with crew(None).ahead(asleep, {number: (number,) for number in (0, 1, 2)}) as ahead:
        assert ahead.get(0) == 0
        with pytest.raises(OutOfTime), within(0.5, ahead.again):
            ahead.get(1)
        ahead.skip([1, 2])
    assert time.monotonic() - start < 50


def test_no_more_is_sent_than_workers_are_free_for(tmp_path: Path) -> None:
    """What nobody asks for is not computed."""
    with crew(tmp_path).ahead(marked, {number: (number,) for number in range(200)}) as ahead:
        assert ahead.get(0) == 0
    assert len(list(tmp_path.iterdir())) < 100


def test_a_parcel_holds_what_was_packed_and_its_arrays_are_shared() -> None:
    rows = np.random.default_rng(0).random((50, 3))
    found = opened(packed({"rows": rows, "turned": np.asfortranarray(rows), "words": ["a"]}))
    assert (found["rows"] == rows).all() and (found["turned"] == rows).all() and found["words"] == ["a"]
    assert found["turned"].flags.f_contiguous and not found["rows"].flags.writeable
    assert found["rows"].ctypes.data % 64 == 0


def test_what_cannot_be_sent_is_said_and_done_here(caplog: pytest.LogCaptureFixture) -> None:
    def unsendable() -> Any:
        return iter(x for x in ())

    with caplog.at_level(logging.WARNING, "headstart"):
        alone = Crew({"rows": np.zeros(1)}, unsendable, 2)
    assert "cannot be sent to other processes" in caplog.text
    with alone.ahead(doubled, {0: (4,)}) as ahead:
        assert ahead.get(0).tolist() == [8]


def test_what_others_cannot_import_is_said_and_done_here(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An estimator of a module that only this process finds: a script's neighbour, a notebook's folder."""
    module = types.ModuleType("only_here")
    exec("class Rows(dict):\n    pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", module)
    shared = module.Rows(rows=np.arange(3))
    tasks = {number: (number,) for number in range(4)}
    with caplog.at_level(logging.WARNING, "headstart"), crew(shared).ahead(doubled, tasks) as ahead:
        assert [ahead.get(number)[0] for number in range(4)] == [0, 2, 4, 6]
    assert len(caplog.records) == 1
    assert "cannot read what is sent" in caplog.text and "No module named 'only_here'" in caplog.text


def test_the_number_of_jobs_is_scikit_learns() -> None:
    with pytest.raises(ParameterError, match="Expected n_jobs of 1 or more, -1 for all processors, or None, found 0"):
        jobs(0)
    assert jobs(None) == 1 and jobs(3) == 3 and jobs(-1) == joblib.cpu_count()
    with joblib.parallel_config(n_jobs=2):
        assert jobs(None) == 2


def table(task: str = "classification") -> tuple[np.ndarray, np.ndarray, Source]:
    if task == "regression":
        X, y = make_regression(70, 4, noise=9.0, random_state=0)
    else:
        X, y = make_classification(70, 4, n_informative=3, n_redundant=0, flip_y=0.1, random_state=0)
    return X[:30], y[:30], Source(X[30:] + 0.2, y[30:])


def told(value: Any) -> Any:
    """Evidence without what a clock says."""
    if isinstance(value, dict):
        return {name: told(one) for name, one in value.items() if "seconds" not in name and name != "floor"}
    return [told(one) for one in value] if isinstance(value, list) else value


def few() -> dict[str, Any]:
    """A short list, so that the whole course takes a second."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    return {"line": LogisticRegression(), "tree": DecisionTreeClassifier(random_state=0)}


def outcome(n_jobs: int | None, **options: Any) -> tuple[np.ndarray, Any]:
    X, y, source = table()
    model = SafeTransferClassifier(source, n_jobs=n_jobs, **options).fit(X, y)
    return model.predict_proba(X), told(model.evidence_)


@pytest.fixture(scope="module")
def of_one() -> tuple[np.ndarray, Any]:
    return outcome(1)


@pytest.fixture(scope="module")
def few_of_one() -> tuple[np.ndarray, Any]:
    return outcome(1, candidates=few())


@pytest.fixture
def without_loss(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Workers did the work: none was lost."""
    with caplog.at_level(logging.WARNING, "headstart"):
        yield
    assert "worker" not in caplog.text


def same(found: tuple[np.ndarray, Any], known: tuple[np.ndarray, Any]) -> None:
    assert np.array_equal(found[0], known[0])
    assert found[1] == known[1]


def test_two_jobs_answer_as_one(without_loss: None, of_one: tuple[np.ndarray, Any]) -> None:
    same(outcome(2), of_one)


def test_two_jobs_answer_as_one_for_numbers() -> None:
    X, y, source = table("regression")
    said = [SafeTransferRegressor(source, n_jobs=n).fit(X, y).predict(X) for n in (1, 2)]
    assert np.array_equal(*said)


def test_two_jobs_answer_as_one_for_pictures(without_loss: None) -> None:
    """Features come from the cache on disk, where one process put them; no other test has these pictures in memory."""
    X, y = tiny_pictures.pictures(24, seed=8124)
    network, found = load_network(tiny_pictures.source()), []
    ways = {"head": TransferClassifier(network), "last": TransferClassifier(network, train="last:1", epochs=1)}
    for n_jobs in (1, 2):
        model = SafeTransferClassifier(network, candidates=ways, n_splits=3, n_jobs=n_jobs).fit(X, y)
        found.append((model.predict_proba(X), told(model.evidence_)))
    same(found[1], found[0])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_two_jobs_align_as_one(task: str) -> None:
    X, y, source = table(task)
    kind = SafeAlignedClassifier if task == "classification" else SafeAlignedRegressor
    models = [kind(source=source, n_jobs=n).fit(X, y) for n in (1, 2)]
    assert np.array_equal(*[model.predict(X) for model in models])
    assert models[0].evidence_ == models[1].evidence_


def test_a_run_with_jobs_goes_on_where_one_was_stopped(tmp_path: Path, few_of_one: tuple[np.ndarray, Any]) -> None:
    """Finished folds are the parent's, and count whoever computed them."""

    class Stop(BaseException):
        pass

    seen: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        seen.append(what)
        if len(seen) > 8:
            raise Stop

    with pytest.raises(Stop):
        outcome(2, candidates=few(), checkpoint=tmp_path / "kept", progress=progress)
    kept = {path.name for path in (tmp_path / "kept").glob("*.npz")}
    assert kept
    same(outcome(2, candidates=few(), checkpoint=tmp_path / "kept"), few_of_one)


@pytest.fixture(scope="module")
def dask_client() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="needs the extra dask")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_a_dask_cluster_answers_as_one_process(
    without_loss: None, dask_client: Any, few_of_one: tuple[np.ndarray, Any]
) -> None:
    with joblib.parallel_config("dask"):
        same(outcome(None, candidates=few()), few_of_one)


def test_a_lost_dask_worker_costs_its_task(dask_client: Any, tmp_path: Path) -> None:
    tasks = {number: (number, os.getpid()) for number in range(6)}
    with joblib.parallel_config("dask"), crew(tmp_path, None) as workers, workers.ahead(killing, tasks) as ahead:
        assert [ahead.get(number) for number in range(6)] == list(range(6))
    assert (tmp_path / "killed").exists()


@pytest.fixture(scope="module")
def ray_cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    from ray.util.joblib import register_ray

    register_ray()
    with pytest.MonkeyPatch.context() as patch:  # where workers find the tasks
        places = [str(Path(crew_tasks.__file__).parent), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(places))
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        yield
        ray.shutdown()


def test_a_ray_cluster_answers_as_one_process(
    without_loss: None, ray_cluster: None, few_of_one: tuple[np.ndarray, Any]
) -> None:
    with joblib.parallel_config("ray", n_jobs=2):
        same(outcome(None, candidates=few()), few_of_one)


def test_a_lost_ray_worker_costs_its_task(ray_cluster: None, tmp_path: Path) -> None:
    tasks = {number: (number, os.getpid()) for number in range(6)}
    with (
        joblib.parallel_config("ray", n_jobs=2),
        crew(tmp_path, None) as workers,
        workers.ahead(killing, tasks) as ahead,
    ):
        assert [ahead.get(number) for number in range(6)] == list(range(6))
    assert (tmp_path / "killed").exists()


def test_errors_travel_as_they_are() -> None:
    shared = DataError("Expected a, found b.", "Do c.")
    assert str(opened(packed(shared))) == str(shared) and opened(packed(shared)).todo == "Do c."


def test_pictures_travel_with_what_was_decided_for_the_whole_set() -> None:
    deep = np.linspace(0, 1000, 3 * 64).reshape(3, 8, 8).astype(np.uint16)
    plain = np.full((2, 8, 8, 3), 7, np.uint8)
    given = as_inputs([*deep, *plain])
    found = opened(packed(given[1:4]))
    for i in range(3):
        assert np.array_equal(found.decode(i), given.decode(i + 1))
