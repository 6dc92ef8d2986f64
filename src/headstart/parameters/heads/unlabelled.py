"""A linear head on frozen features that learned from examples without labels too."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.preprocessing import normalize

from headstart.errors import ParameterError
from headstart.math.linear.discriminant import discriminant_by_em
from headstart.math.linear.logistic import log_losses, solve_logistic
from headstart.networks.running.features import Features
from headstart.parameters.heads.by_rows import is_method
from headstart.parameters.heads.solved import Part, SolvedHead
from headstart.parameters.heads.targets import Targets

#: Penalties of the supervised head, and of the layer that learns the soft labels, which are smooth already.
_FEW, _SOFT = 0.2, 0.03


def solve_with_unlabelled(features: Features, more: Features, targets: Targets) -> tuple[SolvedHead, np.ndarray]:
    """One linear layer that learns the soft labels of a semi-supervised discriminant.

    A linear head on the labelled rows and `headstart.math.linear.discriminant.discriminant_by_em` on all, on rows of
    length 1, say together what the rows without labels are; one linear layer learns labels and soft labels. So what is
    handed over is a head like any other, which other libraries can load.

    Parameters
    ----------
    features : Features of n rows
    more : Features of m rows
        Without labels.
    targets : Targets of n rows
        Classes.

    Returns
    -------
    SolvedHead
    shares : ndarray of shape (K,)
        As the rows without labels look.

    Examples
    --------
    >>> from headstart.parameters.heads.targets import class_targets
    >>> labelled, more = Features.of(np.array([[1.0, 0], [0, 1]])), Features.of(np.array([[1, 0.2], [0.1, 1], [0, 2]]))
    >>> head, shares = solve_with_unlabelled(labelled, more, class_targets(["a", "b"], None))
    >>> head.scores(more).argmax(axis=1).tolist(), shares.round(1).tolist()
    ([0, 1, 1], [0.3, 0.7])
    """
    n, Y = len(targets), targets.Y
    rows = np.concatenate([features.output, more.output]).astype(np.float64)
    directions = normalize(rows)
    alone = solve_logistic(directions[:n], Y, sample_weight=targets.weight, penalties=[_FEW])
    found = discriminant_by_em(
        directions,
        np.concatenate([targets.labels, np.full(len(more), -1)]),
        Y.shape[1],
        prior=log_softmax(directions @ alone.coef + alone.intercept, axis=1),
    )
    weight = np.concatenate([targets.weight, np.ones(len(more))])
    solved = solve_logistic(rows, found.posterior, sample_weight=weight, penalties=[_SOFT])
    loss = float(log_losses(rows[:n] @ solved.coef + solved.intercept, Y).mean())
    part = Part("output", solved.coef, solved.intercept, 1.0)
    return SolvedHead(targets.task, (part,), loss, {"output": loss}), found.posterior[n:].mean(axis=0)


def check_unlabelled(estimator: Any, what: str) -> np.ndarray | None:
    """Refuse examples without labels where nothing learns from them; None, which is what is known of their shares.

    Parameters
    ----------
    estimator : TransferClassifier
    what : str
        The task, or what is given in the place of pictures, clips or texts.

    Raises
    ------
    ParameterError
    """
    plain = isinstance(estimator.head, str) and estimator.head in ("auto", "linear") and estimator.views == 1
    method = is_method(estimator.head)
    trained = str(estimator.train).partition(":")[0] in ("head", "last", "all")
    if estimator.unlabelled is None or (what == "classification" and trained and (plain or method)):
        return None
    raise ParameterError(
        "Expected unlabelled with classes of pictures, clips or texts, train='head', 'last:k' or 'all', one linear "
        "head and one view, "
        f"found {what}, train={estimator.train!r}, head={estimator.head!r}, views={estimator.views!r}.",
        "Leave it out; of ready-made features SemiSupervisedDiscriminantClassifier(unlabelled=...) takes it.",
    )
