"""Joint and balanced distribution adaptation: components in which the domains and their classes agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.math.alignment.components import Components, leading_components
from headstart.math.alignment.kernels import unit_rows
from headstart.math.alignment.mmd import class_means, joint_directions
from headstart.math.alignment.tca import Projection
from headstart.math.samples.distance import proxy_distances

#: (source components, source codes, target components) -> target codes
Classify = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class JointAlignment:
    """What joint adaptation found.

    Attributes
    ----------
    pseudo_labels : ndarray of shape (n_t,)
        Codes of the target rows that the last projection was made with.
    history : list of dict
        One record a round: share of labels that changed and the balance used.
    balance : float
        Of the last projection.
    """

    projection: Projection
    pseudo_labels: np.ndarray
    history: list[dict[str, float]]
    balance: float


def fit_jda(
    source: np.ndarray,
    y_source: np.ndarray,
    target: np.ndarray,
    classify: Classify,
    components: Components,
    *,
    known: np.ndarray | None = None,
    rounds: int = 10,
    balance: float | str | None = None,
    weighted: bool = False,
    unit_length: bool = False,
    rng: np.random.Generator | None = None,
) -> JointAlignment:
    r"""Joint distribution adaptation (Long et al. 2013, Algorithm 1) and its balanced variant (Wang et al. 2017).

    .. math:: \min_B\; \mathrm{tr}(B^\top F^\top M F B)+\lambda\|B\|^2\quad\text{subject to}\quad B^\top F^\top HFB=I

    with M the sum of the MMD matrices between the domains and between their classes, divided by its Frobenius norm.
    M has rank 1 + C, so no n x n matrix is made: what changes from round to round are C means of the target's
    features. Each round labels the target in the components of the last one; the first uses no target labels (M is
    then the marginal term alone, as in TCA). Rounds end early when no label changes.

    Parameters
    ----------
    source : ndarray of shape (n_s, d)
    y_source : ndarray of shape (n_s,)
        Codes 0..C-1; below 0 where the label is missing.
    target : ndarray of shape (n_t, d)
    classify : callable
        ``(Zs, ys, Zt) -> codes``; makes the pseudo-labels. Gets the labelled rows (source, then known target rows).
    components : Components
    known : ndarray of shape (n_t,), optional
        True codes of target rows, -1 where unknown; they are never overwritten.
    rounds : int
        At least 1.
    balance : float, "auto" or None
        Mu in 0..1 between the marginal (0) and the class terms (1); "auto": from proxy distances; None: all terms
        count once.
    weighted : bool
        Class means weighed by class shares (W-BDA).
    unit_length : bool
        Whether rows of components are scaled to unit length before labelling.
    rng : Generator, optional
        Draws the landmarks.

    Notes
    -----
    The constraint and the objective are exchanged against the paper (the same components, other lengths): components
    have :math:`B^\top(F^\top MF+\lambda N)B=I`. A class without pseudo-labels has no term, where the authors' code
    pulls that class's source mean to zero.
    """
    features, spread = components.measure((source, target), rng)
    Fs, Ft = features(source), features(target)
    n_classes, sizes = int(y_source.max()) + 1, (len(source), len(target))
    known = np.full(len(target), -1) if known is None else known
    n_classes = max(n_classes, int(known.max(initial=-1)) + 1)
    class_source = class_means(Fs, y_source, n_classes)
    labels, history, share = known.copy(), [], 0.0
    labelled_s, labelled_t = np.flatnonzero(y_source >= 0), np.flatnonzero(known >= 0)
    Zs, Zt = np.zeros((0, 0)), np.zeros((0, 0))
    for turn in range(rounds + 1):
        if balance == "auto":
            share = proxy_distances(Zs, y_source, Zt, labels).balance if turn else 0.0
        else:
            share = 1.0 if balance is None else float(balance)
        class_target = class_means(Ft, labels, n_classes)
        D = joint_directions(
            (spread.means[0], spread.means[1]),
            class_source,
            class_target,
            sizes,
            balance=None if balance is None else share,
            weighted=weighted,
        )
        coef, values = leading_components(spread, D, components.penalty, components.number)
        if turn == rounds:
            break
        Zs, Zt = Fs @ coef, Ft @ coef
        if unit_length:
            Zs, Zt = unit_rows(Zs), unit_rows(Zt)
        X = np.vstack([Zs[labelled_s], Zt[labelled_t]])
        new = classify(X, np.r_[y_source[labelled_s], known[labelled_t]], Zt)
        new = np.where(known >= 0, known, new)
        changed = float(np.mean(new != labels))
        history.append({"changed": changed, "balance": share})
        labels = new
        if changed == 0.0:
            break
    return JointAlignment(Projection.collapsed(features, coef, values), labels, history, share)
