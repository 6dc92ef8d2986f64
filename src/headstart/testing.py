"""Checks that a method keeps what every method here promises; for methods of this house and of others."""

from __future__ import annotations

import copy
import inspect
import pickle
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.base import clone, is_classifier, is_regressor

from headstart.errors import HeadstartError
from headstart.source import Source

Check = Callable[[Any], None]


def check_transfer_estimator(estimator: Any, *, skip: tuple[str, ...] = ()) -> None:
    """Check that a method keeps the promises of every transfer method, on tiny data.

    They come on top of scikit-learn's own (`check_estimator`): arrays, parameters and global state stay as they were;
    the same seed gives the same answer; clones share the source; neither the order of sources nor that of rows matters;
    ``source=None`` is the estimator on the target alone; labels of the target do not leak into a method whose card says
    that it uses none; labels may be words, -1 and +1 or numbers; float32 is taken; odd data are handled or refused.

    Parameters
    ----------
    estimator : estimator
        A classifier, a regressor or a mapping (with `transform` and `transform_source`) with a parameter ``source``,
        and with a `card` if it has one. It is cloned, not fitted.
    skip : tuple of str
        Names of checks that do not hold for a reason; `transfer_checks` gives the names.

    Raises
    ------
    AssertionError
        Which names the check that fails.

    Examples
    --------
    >>> from headstart import CORAL, AlignedClassifier
    >>> check_transfer_estimator(AlignedClassifier(CORAL()))
    """
    for name, check in transfer_checks(estimator):
        if name in skip:
            continue
        try:
            check(estimator)
        except Exception as error:
            raise AssertionError(f"{type(estimator).__name__} fails {name}: {error}") from error


def transfer_checks(estimator: Any) -> Iterator[tuple[str, Check]]:
    """The checks that apply to an estimator, as (name, function), for example to make a test of each.

    Examples
    --------
    >>> from headstart import CORAL
    >>> [name for name, _ in transfer_checks(CORAL())][:2]
    ['parameters_and_arrays_stay', 'global_state_stays']
    """
    predicts = is_classifier(estimator) or is_regressor(estimator)
    yield from _named(_EVERYBODY)
    yield from _named(_PREDICTORS if predicts else _MAPPINGS)
    if is_classifier(estimator):
        yield from _named(_CLASSIFIERS)


def _named(checks: tuple[Check, ...]) -> Iterator[tuple[str, Check]]:
    for check in checks:
        yield check.__name__.removeprefix("check_"), check


class _Data:
    """A target of 24 rows, a source of 36 that is moved and stretched, 10 unlabelled rows; 4 columns."""

    def __init__(self, estimator: Any) -> None:
        rng = np.random.default_rng(7)
        self.codes, self.source_codes = np.arange(24) % 2, np.arange(36) % 2
        centres = np.array([[0.0, 0, 0, 0], [3.0, 2, 0, 1]])
        self.X = centres[self.codes] + rng.normal(0, 0.6, (24, 4))
        self.Xs = (centres[self.source_codes] + rng.normal(0, 0.6, (36, 4))) * [1.5, 0.7, 1.2, 1.0] + [1.0, 0, -1, 0.5]
        self.unlabelled = centres[np.arange(10) % 2] + rng.normal(0, 0.6, (10, 4))
        self.numbers = is_regressor(estimator)
        slope = np.array([1.0, -2.0, 0.5, 0.0])
        self.y = self.X @ slope if self.numbers else self.codes.copy()
        self.ys = self.Xs @ slope + 0.5 if self.numbers else self.source_codes.copy()
        for array in (self.X, self.Xs, self.unlabelled, self.y, self.ys):
            array.flags.writeable = False

    @property
    def source(self) -> Source:
        return Source(self.Xs, self.ys, name="other")


def _with(estimator: Any, source: Any, **more: Any) -> Any:
    """A clone with a source, and with a fixed seed where there is one."""
    twin = clone(estimator).set_params(source=source, **more)
    if "random_state" in twin.get_params(deep=False) and twin.random_state is None:
        twin.set_params(random_state=0)
    return twin


def _fitted(estimator: Any, *args: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*args)


def _answers(fitted: Any, X: Any) -> list[np.ndarray]:
    """Everything a fitted method says about rows of the target."""
    if not hasattr(fitted, "predict"):
        found = [fitted.transform(X)]
        if fitted.source is not None:
            found.append(fitted.transform_source())
        return [np.asarray(values) for values in found]
    found = [fitted.predict(X)]
    if hasattr(fitted, "predict_proba"):
        found.append(fitted.predict_proba(X))
    return [np.asarray(values) for values in found]


def _same(first: list[np.ndarray], second: list[np.ndarray], words: str, exact: bool = False) -> None:
    for a, b in zip(first, second, strict=True):
        if exact or a.dtype.kind not in "fc":
            assert np.array_equal(a, b), words
        else:
            assert a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-8), words


def _baseline(fitted: Any) -> Any:
    """The estimator that ``source=None`` must equal: `_baseline`, `_unfitted` or ``estimator``, whichever is there."""
    for name in ("_baseline", "_unfitted", "estimator", "estimator_"):
        inner = getattr(fitted, name, None)
        if inner is not None:
            return clone(inner() if inspect.ismethod(inner) else inner)
    return None


def check_parameters_and_arrays_stay(estimator: Any) -> None:
    """Neither arrays nor parameters are written to; read-only arrays are enough."""
    data = _Data(estimator)
    arrays = (data.X, data.y, data.Xs, data.ys, data.unlabelled)
    kept = [array.copy() for array in arrays]
    method = _with(estimator, data.source, unlabelled=data.unlabelled)
    before = method.get_params(deep=False)
    words = repr(method)
    _answers(_fitted(method, data.X, data.y), data.X)
    after = method.get_params(deep=False)
    assert all(after[name] is value for name, value in before.items()), "fit changed a parameter"
    assert repr(method) == words, "fit changed a parameter of a parameter"
    assert all(np.array_equal(a, b) for a, b in zip(arrays, kept, strict=True)), "fit wrote to an array of its caller"


def check_global_state_stays(estimator: Any) -> None:
    """No global seed, floating-point or scikit-learn setting is touched."""
    data = _Data(estimator)

    def state() -> tuple[Any, ...]:
        return str(np.random.get_state()), random.getstate(), get_config(), np.geterr()  # noqa: NPY002

    kept = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.random(3), random.random()  # noqa: NPY002  (so that seeding as somebody did before is seen)
    before = state()
    try:
        _answers(_fitted(_with(estimator, data.source), data.X, data.y), data.X)
        assert state() == before, "a global seed or setting was changed"
    finally:
        np.random.set_state(kept[0])  # noqa: NPY002
        random.setstate(kept[1])


def check_same_seed_same_answer(estimator: Any) -> None:
    """Two fits of clones agree to the last bit; so does a second fit of the same object."""
    data = _Data(estimator)
    method = _with(estimator, data.source)
    first = _answers(_fitted(clone(method), data.X, data.y), data.X)
    _same(first, _answers(_fitted(method, data.X, data.y), data.X), "two clones disagree", exact=True)
    _same(first, _answers(_fitted(method, data.X, data.y), data.X), "a second fit disagrees", exact=True)


def check_clones_share_the_source(estimator: Any) -> None:
    """Cloning and deep-copying copy no rows of the source, nor unlabelled ones wrapped in a `Source`."""
    data = _Data(estimator)
    more = Source(data.unlabelled)
    method = _with(estimator, [data.source], unlabelled=more)
    for twin in (clone(method), copy.deepcopy(method)):
        assert twin.source[0] is method.source[0] and twin.unlabelled is more, "a source was copied"


def check_order_of_sources_is_irrelevant(estimator: Any) -> None:
    """A list of sources is a set."""
    data = _Data(estimator)
    a, b = Source(data.Xs[:16], data.ys[:16], name="a"), Source(data.Xs[16:], data.ys[16:], name="b")
    one, other = (_answers(_fitted(_with(estimator, s), data.X, data.y), data.X) for s in ([a, b], [b, a]))
    _same(one, other, "the order of the sources changes the answer")


def check_pickles(estimator: Any) -> None:
    """A fitted method survives pickling by other tools."""
    data = _Data(estimator)
    method = _fitted(_with(estimator, data.source), data.X, data.y)
    twin = pickle.loads(pickle.dumps(method))
    _same(_answers(method, data.X), _answers(twin, data.X), "the unpickled method disagrees", exact=True)


def check_rows_keep_their_order(estimator: Any) -> None:
    """Answers belong to rows: permuted rows give permuted answers, one row alone gives its own."""
    data = _Data(estimator)
    method = _fitted(_with(estimator, data.source), data.X, data.y)
    order = np.random.default_rng(3).permutation(len(data.X))
    says = 2 if hasattr(method, "predict") else 1  # what a mapping says second is of the source
    whole = _answers(method, data.X)[:says]
    for rows in (order, slice(5, 6)):
        found = _answers(method, data.X[rows])[:says]
        _same([values[rows] for values in whole], found, "answers do not follow their rows")


def check_takes_float32(estimator: Any) -> None:
    """float32 is taken on either side, and says nearly the same."""
    data = _Data(estimator)
    light = Source(data.Xs.astype(np.float32), data.ys)
    double = _answers(_fitted(_with(estimator, data.source), data.X, data.y), data.X)[0]
    X = data.X.astype(np.float32)
    single = _answers(_fitted(_with(estimator, light), X, data.y), X)[0]
    assert single.shape == double.shape, "float32 gives another shape"
    if hasattr(estimator, "transform"):
        assert single.dtype == np.float32, f"float32 became {single.dtype}"
    if is_classifier(estimator):
        assert (single == double).mean() > 0.8, "float32 gives other classes"
    else:
        assert np.isfinite(single).all(), "float32 gives no finite numbers"


def check_odd_data_are_handled_or_refused(estimator: Any) -> None:
    """Other columns and NaN are refused in words; constants, tiny sources and missing classes do no harm."""
    data = _Data(estimator)
    missing = data.Xs.copy()
    missing[3, 1] = np.nan
    for source, words in ((Source(data.Xs[:, :3], data.ys), "3"), (Source(missing, data.ys), "NaN")):
        try:
            found = _answers(_fitted(_with(estimator, source), data.X, data.y), data.X)
        except HeadstartError as error:
            assert words in str(error), f"the refusal does not say {words!r}: {error}"
        else:
            assert words == "NaN" and np.isfinite(found[0]).all(), "a source with other columns was taken"
    constant, flat = data.X.copy(), data.Xs.copy()
    constant[:, 3] = 2.0
    flat[:, 0] = -1.0
    one = np.flatnonzero(data.source_codes == 0)
    cases = {
        "a constant column": (Source(flat, data.ys), constant),
        "a source of 6 rows": (Source(data.Xs[:6], data.ys[:6]), data.X),
        "a source of one class": (Source(data.Xs[one], data.ys[one]), data.X),
        "the target as its own source": (Source(data.X, data.y), data.X),
    }
    for words, (source, X) in cases.items():
        try:
            found = _answers(_fitted(_with(estimator, source), X, data.y), X)
        except HeadstartError as error:
            assert len(str(error).split()) > 5, f"{words} is refused without words: {error}"
        else:
            finite = found[0].dtype.kind != "f" or np.isfinite(found[0]).all()
            assert finite and len(found[0]) == len(X), f"{words} gives no finite answers"


def check_without_a_source_it_is_its_baseline(estimator: Any) -> None:
    """``source=None`` is the inner estimator on the target alone, exactly (a method's own solver: to its precision)."""
    data = _Data(estimator)
    alone = _fitted(_with(estimator, None), data.X, data.y)
    baseline = _baseline(alone)
    assert baseline is not None, "say in `_baseline` which estimator source=None stands for"
    if "random_state" in baseline.get_params(deep=False) and baseline.random_state is None:
        baseline.set_params(random_state=getattr(alone, "random_state", None))
    expected = _fitted(baseline, data.X, data.y).predict(data.X)
    inside = hasattr(alone, "estimator_") or hasattr(alone, "estimators_")
    _same([alone.predict(data.X)], [expected], "source=None differs from the baseline", exact=inside)


def check_labels_of_the_target_do_not_leak(estimator: Any) -> None:
    """A method that claims to use no labels of the target says the same with others, and with none."""
    data = _Data(estimator)
    need = getattr(getattr(estimator, "card", None), "target_labels", "some")
    if need == "some":
        return
    say = [_answers(_fitted(_with(estimator, data.source), data.X), data.X)]
    if need == "none":
        say += [_answers(_fitted(_with(estimator, data.source), data.X, y), data.X) for y in (data.y, data.y[::-1])]
    for other in say[1:]:
        _same(say[0], other, "labels of the target change the answer", exact=True)


def check_works_in_cross_validation(estimator: Any) -> None:
    """`cross_val_score` scores the target, with no routing."""
    from sklearn.model_selection import cross_val_score

    data = _Data(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(_with(estimator, data.source), data.X, data.y, cv=2, error_score="raise")
    assert np.isfinite(scores).all(), "cross-validation gives no finite score"


def check_labels_of_any_kind(estimator: Any) -> None:
    """0 and 1, -1 and +1 and words give the same answers."""
    data = _Data(estimator)
    codes = _answers(_fitted(_with(estimator, data.source), data.X, data.y), data.X)[0]
    for labels in (np.array([-1, 1]), np.array(["ant", "bee"]), np.array(["ant", "bee"], dtype=object)):
        source = Source(data.Xs, labels[data.ys])
        method = _fitted(_with(estimator, source), data.X, labels[data.y])
        assert np.array_equal(method.classes_, labels), f"classes_ are not {labels.tolist()}"
        words = f"labels {labels.tolist()} change the answer"
        assert np.array_equal(method.predict(data.X), labels[codes]), words


def check_classes_are_those_of_both_sides(estimator: Any) -> None:
    """A class that only one side has is one of ``classes_``; one row of a class is enough, or refused in words."""
    data = _Data(estimator)
    y, ys = data.y.copy(), data.ys.copy()
    y[0], ys[0] = 7, 8
    try:
        method = _fitted(_with(estimator, Source(data.Xs, ys)), data.X, y)
    except (HeadstartError, ValueError) as error:
        assert len(str(error).split()) > 5, f"one-row classes are refused without words: {error}"
        return
    assert set(np.unique(y)) <= set(method.classes_.tolist()), "a class of the target is missing in classes_"
    assert np.isin(method.predict(data.X), method.classes_).all(), "a prediction is not in classes_"
    if hasattr(method, "predict_proba"):
        shares = method.predict_proba(data.X)
        assert shares.shape == (len(data.X), len(method.classes_)), "predict_proba has other columns than classes_"
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-5), "probabilities do not sum to 1"


def check_is_the_identity_without_a_source(estimator: Any) -> None:
    """A mapping without a source changes nothing."""
    data = _Data(estimator)
    alone = _fitted(_with(estimator, None), data.X)
    assert np.array_equal(alone.transform(data.X), data.X), "source=None is not the identity"


def check_fit_transform_keeps_rows(estimator: Any) -> None:
    """`fit_transform` gives the target's rows in their order, `transform_source` the source's in theirs."""
    data = _Data(estimator)
    mapping = _with(estimator, data.source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = np.asarray(mapping.fit_transform(data.X))
    _same([first], [np.asarray(mapping.transform(data.X))], "fit_transform differs from fit and transform")
    assert len(first) == len(data.X) and first.shape[1] == len(mapping.get_feature_names_out()), "names do not fit"
    order = np.random.default_rng(3).permutation(len(data.Xs))
    whole = np.asarray(mapping.transform_source())
    assert len(whole) == len(data.Xs), "transform_source() does not give the source's rows"
    _same([whole], [np.asarray(mapping.transform_source(data.Xs))], "transform_source(X) differs for the same rows")
    _same([whole[order]], [np.asarray(mapping.transform_source(data.Xs[order]))], "source rows lost their order")


def check_takes_unlabelled_rows(estimator: Any) -> None:
    """``unlabelled=`` is taken as an array and as a `Source`, with the same answer."""
    if "unlabelled" not in inspect.signature(type(estimator)).parameters:
        return
    data = _Data(estimator)
    one, other = (
        _answers(_fitted(_with(estimator, data.source, unlabelled=rows), data.X, data.y), data.X)
        for rows in (data.unlabelled, Source(data.unlabelled))
    )
    _same(one, other, "unlabelled rows in a Source change the answer", exact=True)


_EVERYBODY: tuple[Check, ...] = (
    check_parameters_and_arrays_stay,
    check_global_state_stays,
    check_same_seed_same_answer,
    check_clones_share_the_source,
    check_order_of_sources_is_irrelevant,
    check_pickles,
    check_rows_keep_their_order,
    check_takes_float32,
    check_odd_data_are_handled_or_refused,
    check_labels_of_the_target_do_not_leak,
    check_takes_unlabelled_rows,
)
_PREDICTORS: tuple[Check, ...] = (check_without_a_source_it_is_its_baseline, check_works_in_cross_validation)
_CLASSIFIERS: tuple[Check, ...] = (check_labels_of_any_kind, check_classes_are_those_of_both_sides)
_MAPPINGS: tuple[Check, ...] = (check_is_the_identity_without_a_source, check_fit_transform_keeps_rows)
