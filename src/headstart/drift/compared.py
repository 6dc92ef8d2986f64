"""New rows beside what a model kept: what tests say, the accuracy to expect, shares of classes, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headstart.drift.accuracy import ExpectedAccuracy, Signs, expected_accuracy, neighbours_agree, strangeness
from headstart.guard.evidence.reference import COLUMNS, MOST, NETWORK, Reference
from headstart.math.samples.prevalence import class_shares
from headstart.math.samples.two_sample import TwoSampleTest, two_sample_tests

VALID, DOUBTFUL, INVALID = "valid", "doubtful", "invalid"
#: The level of the tests, and falls of the accuracy that count.
LEVEL, SOME, MUCH = 0.05, 0.03, 0.10
#: Expected falls that make a model doubtful, and invalid; of tables, whose model is mostly of another kind than the
#: heads, a larger one makes it invalid.
SOME_EXPECTED, MUCH_EXPECTED, MUCH_OF_TABLES = 0.025, 0.13, 0.17
#: The least expected fall that makes a model doubtful where rows cannot be told apart; of few rows more, see `verdict`.
UNTOLD = 0.05
#: A share of a class that moves so far may be the model that is wrong in one direction.
OVERTURNED = 0.3
#: Where four rows of five are farther off than the median of those learned from, no estimate makes a model valid.
APART = 0.3


@dataclass(frozen=True, eq=False)
class Compared:
    """What was found.

    Attributes
    ----------
    p_value : float
        Of all tests together.
    tests : dict of str to TwoSampleTest
    expected : ExpectedAccuracy or None
    before, after : ndarray of shape (K,) or None
        Shares of the classes.
    at_most : float
        The accuracy that is possible if the classes are as common as before, where a share of an answer moved by 30
        points: as many answers are wrong as the shares differ by. Else 1.
    n : int
        Number of new rows.
    much : float
        The expected fall from which on a model is invalid.
    """

    p_value: float
    tests: dict[str, TwoSampleTest]
    expected: ExpectedAccuracy | None = None
    before: np.ndarray | None = None
    after: np.ndarray | None = None
    at_most: float = 1.0
    n: int = 1
    much: float = MUCH_EXPECTED

    @property
    def differs(self) -> bool:
        """Whether the new rows can be told from the old ones."""
        return self.p_value < LEVEL

    def verdict(self, promised: float | None) -> str:
        r"""Valid, doubtful or invalid, by the loss that is to be expected where the rows differ.

        Where they cannot be told apart, a fall of :math:`1/\sqrt n` or more makes it doubtful, which few honest batches
        show: the signs of a loss may see a few rows of a new class that a test of all does not.
        """
        if promised is None or self.expected is None or self.before is None or self.after is None:
            return DOUBTFUL if self.differs else VALID
        fall = promised - self.expected.value
        if not self.differs:
            return DOUBTFUL if fall >= max(UNTOLD, self.n**-0.5) else VALID
        unsure = float(np.abs(self.after - self.before).max()) >= OVERTURNED or self.expected.farther >= APART
        return INVALID if fall >= self.much else DOUBTFUL if fall >= SOME_EXPECTED or unsure else VALID


def compared(
    reference: Reference,
    features: np.ndarray,
    answers: np.ndarray | None,
    promised: float | None,
    *,
    trained: tuple[np.ndarray, np.ndarray] | None = None,
    groups: np.ndarray | None = None,
    random_state: int = 0,
) -> Compared:
    """Compare new rows with those of a reference.

    Parameters
    ----------
    reference : Reference
    features : ndarray of shape (n, d)
        As `Reference.seen` gives them.
    answers : ndarray of int, shape (n,), or None
        Numbers of the classes that the model answers; None for numbers.
    promised : float or None
        Accuracy on data like those learned from.
    trained : (ndarray of shape (n, K), ndarray of shape (n, 64)), optional
        Of a model whose network was trained, and which keeps `Trained` rows: its own probabilities, which take the
        place of those of the heads, and its rows, among which neighbours are looked for.
    groups : ndarray of shape (n,), optional
        Rows of one group are no independent evidence.
    random_state : int, default=0
    """
    projected = reference.projected(features)
    old = reference.rows.astype(np.float64)
    few = np.sort(np.random.default_rng(random_state).permutation(len(projected))[:MOST])
    each = None if groups is None else np.concatenate([[f"old {i}" for i in range(len(old))], groups[few].astype(str)])
    if answers is None or promised is None or not len(reference.heads):
        tests = two_sample_tests(old, projected[few], groups=each, random_state=random_state)
        return Compared(tests["all"].p_value, tests)
    held, heads, codes = reference.held.astype(np.float64), reference.confidence(features), reference.codes
    sure = np.concatenate([held.max(axis=1), heads[few].max(axis=1)])  # final models are surer than those of folds
    tests = two_sample_tests(old, projected[few], groups=each, scores=sure, random_state=random_state)
    wrong = held.argmax(axis=1) != codes
    said, near, theirs = heads, old, projected
    if trained is not None and reference.trained is not None:  # its test would see that it knows the labels of the rows
        held, near = (part.astype(np.float64) for part in (reference.trained.probabilities, reference.trained.rows))
        said, theirs = trained
    agreed = neighbours_agree(near, codes, near, held.argmax(axis=1), own=True)
    expected = expected_accuracy(
        promised,
        codes,
        Signs(held, agreed, strangeness(old, old, own=True), wrong),
        Signs(
            said,
            neighbours_agree(near, codes, theirs, answers),
            strangeness(old, projected),
            reference.differ(features),
        ),
        like_model=reference.sees == NETWORK,
        random_state=random_state,
    )
    before = np.bincount(codes, minlength=held.shape[1]) / len(codes)
    moved = np.abs(np.bincount(answers, minlength=len(before)) / len(answers) - before)
    at_most = 1.0 - float(moved.sum()) / 2 if moved.max() >= OVERTURNED else 1.0
    expected = replace(expected, low=min(expected.low, at_most))
    after = class_shares(said, before)
    much = MUCH_OF_TABLES if reference.sees == COLUMNS else MUCH_EXPECTED
    return Compared(tests["all"].p_value, tests, expected, before, after, at_most, len(answers), much)
