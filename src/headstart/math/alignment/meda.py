"""Manifold embedded distribution alignment: one kernel classifier that fits, agrees and is smooth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headstart.math.alignment.graph import nearest_neighbour_graph, normalised_laplacian_product
from headstart.math.alignment.kernels import FeatureMap, kernel_features
from headstart.math.alignment.mmd import class_means, joint_directions
from headstart.math.samples.distance import proxy_distances

#: Inverse squared width of the Gaussian kernel: the authors' width 1 on rows of unit length.
_GAMMA = 0.5


@dataclass(frozen=True)
class ManifoldTerms:
    """Weights of the terms of MEDA's objective.

    Parameters
    ----------
    ridge, alignment, smoothness : float
        Eta > 0, lambda >= 0 and rho >= 0.
    neighbours : int
        Of the cosine graph.
    """

    ridge: float = 0.1
    alignment: float = 10.0
    smoothness: float = 1.0
    neighbours: int = 10


@dataclass(frozen=True)
class ManifoldClassifier:
    """Scores are ``features(Z) @ coef``, for rows Z of the manifold features at unit length.

    Attributes
    ----------
    coef : ndarray of shape (r, C)
    pseudo_labels : ndarray of shape (n_t,)
        Codes that the classifier gives the target rows it was fitted with.
    history : list of dict
        One record a round: share of labels that changed, balance used.
    """

    features: FeatureMap
    coef: np.ndarray
    pseudo_labels: np.ndarray
    history: list[dict[str, float]]

    def __call__(self, Z: np.ndarray) -> np.ndarray:
        return self.features.project(Z, self.coef)


def fit_meda(
    source: np.ndarray,
    y_source: np.ndarray,
    target: np.ndarray,
    start: np.ndarray,
    terms: ManifoldTerms = ManifoldTerms(),
    *,
    known: np.ndarray | None = None,
    balance: float | str = "auto",
    rounds: int = 10,
    landmarks: int | None = None,
    rng: np.random.Generator | None = None,
) -> ManifoldClassifier:
    r"""Fit MEDA's classifier (Wang et al. 2018, eq. 12 and Algorithm 1) on manifold features.

    .. math:: \min_f \sum_{i\in\text{labelled}} \|y_i-f(z_i)\|^2 + \eta\|f\|_K^2
        + \lambda\,\mathrm{MMD}_\mu(f) + \rho\, \mathrm{tr}(f^\top L f)

    In features F with :math:`K=FF^\top` the answer is a ridge system of F's columns,
    :math:`(F^\top(A+\lambda M+\rho L)F+\eta I)\beta=F^\top AY`, where M has rank 1 + C and L is a sparse graph: no
    n x n matrix with landmarks. Only M's part changes from round to round.

    Parameters
    ----------
    source : ndarray of shape (n_s, d)
        Manifold features, rows at unit length; so are those of ``target``.
    y_source : ndarray of shape (n_s,)
        Codes 0..C-1.
    target : ndarray of shape (n_t, d)
    start : ndarray of shape (n_t,)
        First pseudo-labels.
    terms : ManifoldTerms
    known : ndarray of shape (n_t,), optional
        True codes, -1 where unknown: these rows are fitted like source rows.
    balance : float or "auto"
        Mu in 0..1 between domains (0) and classes (1); "auto": from proxy distances in each round.
    rounds : int
    landmarks : int, optional
        Nystroem features of this many rows; None: exact.
    rng : Generator, optional
    """
    rng = np.random.default_rng(0) if rng is None else rng
    parts, n_s, n_t = (source, target), len(source), len(target)
    known = np.full(n_t, -1) if known is None else known
    rows = np.vstack(parts)
    features = kernel_features(parts, "rbf", _GAMMA, landmarks, rng)
    F = features(rows).astype(np.float64)
    codes = np.r_[y_source, known]
    n_classes = int(codes.max()) + 1
    labelled = np.flatnonzero(codes >= 0)
    A = F[labelled]
    fixed = A.T @ A
    if terms.smoothness > 0:
        graph = nearest_neighbour_graph(rows, terms.neighbours)
        fixed += terms.smoothness * (F.T @ normalised_laplacian_product(graph, F))
    fixed[np.diag_indices_from(fixed)] += terms.ridge
    class_sums, counts = class_means(F, codes, n_classes)
    wanted = (class_sums * counts[:, None]).T
    means = (F[:n_s].mean(axis=0), F[n_s:].mean(axis=0))
    class_source = class_means(F[:n_s], y_source, n_classes)
    labels, history, coef = np.where(known >= 0, known, start), [], np.zeros((F.shape[1], n_classes))
    for _ in range(rounds):
        mu = proxy_distances(source, y_source, target, labels).balance if balance == "auto" else float(balance)
        D = joint_directions(means, class_source, class_means(F[n_s:], labels, n_classes), (n_s, n_t), balance=mu)
        coef = np.linalg.solve(fixed + terms.alignment * (D @ D.T), wanted)
        scores = F[n_s:] @ coef
        new = np.where(known >= 0, known, scores.argmax(axis=1))
        changed = float(np.mean(new != labels))
        history.append({"changed": changed, "balance": mu})
        labels = new
        if changed == 0.0:
            break
    return ManifoldClassifier(features, coef, labels, history)
