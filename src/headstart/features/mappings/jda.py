"""Joint distribution adaptation as a mapping."""

from __future__ import annotations

from headstart.contract.estimator_class import estimator_class
from headstart.features.mappings.joint_mapping import JointMapping


@estimator_class
class JointDistributionAdaptation(JointMapping):
    r"""Project both sides on components in which the sides agree, and their classes agree, by rounds of pseudo-labels.

    .. math:: \min_B\; \mathrm{tr}(B^\top X^\top M XB)+\lambda\|B\|^2\quad\text{subject to}\quad B^\top X^\top HXB=I

    M sums the maximum mean discrepancy between the sides and between each class of both. The target's classes are
    pseudo-labels, made anew in the components of the last round. M has rank 1 + C, so no n x n matrix is made. Use it
    where the source's labels, carried over, are right more often than not; wrong ones draw classes onto each other.

    Parameters
    ----------
    n_components : int, optional
        None: 30, or fewer where rows and columns allow no more. The number of classes is often a good size.
    labelling : {"separate", "nearest-first"}, default="separate"
        "separate": each target row by the estimator, on its own. "nearest-first": one nearest neighbour, the closest
        row first; a row that has its label counts as labelled for the rest, so labels travel along chains of views.

    References
    ----------
    Long, Wang, Ding, Sun and Yu (2013), "Transfer feature learning with joint distribution adaptation", Algorithm 1.
    Where we differ: labels of the target are used where they are given; a class without pseudo-labels has no term;
    components have :math:`B^\top(X^\top MX+\lambda I)B=I`, which changes their lengths alone.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import JointDistributionAdaptation, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 3)) + 6.0 * np.eye(3)[y]
    >>> mapping = JointDistributionAdaptation(2, source=Source(books, y, name="books")).fit(books + [1, 1, 0])
    >>> bool(np.mean(mapping.pseudo_labels_ == y) > 0.99)
    True
    """
