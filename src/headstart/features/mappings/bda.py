"""Balanced distribution adaptation as a mapping."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

from headstart.contract.domains import Domains
from headstart.contract.estimator_class import estimator_class
from headstart.contract.options import check_number, check_option
from headstart.features.mappings.joint_mapping import JointMapping
from headstart.math.alignment.components import Components
from headstart.math.alignment.tca import Projection


@estimator_class
class BalancedDistributionAdaptation(JointMapping):
    r"""Joint adaptation with a weight between what differs between the sides and what differs within classes.

    .. math:: M = (1-\mu)\,C\,M_0 + \mu \sum_c M_c

    in the problem of `JointDistributionAdaptation`. With ``class_weighted=True`` (W-BDA) each side's class means count
    by the share of the class on that side, for sides with different shares of the classes.

    Parameters
    ----------
    balance : float or "auto", default="auto"
        Mu in 0..1; 0 is the sides alone, 1 the classes alone. "auto": anew each round, the share of the classes in the
        proxy distances between the sides and between their classes.
    class_weighted : bool, default=False
        W-BDA.

    Attributes
    ----------
    balance_ : float
        Mu of the last projection.
    history_ : list of dict
        One record a round: "changed", the share of labels that changed, and "balance".

    References
    ----------
    Wang, Chen, Hao, Feng and Shen (2017), "Balanced distribution adaptation for transfer learning", eq. 5 and 12; mu as
    in Wang et al. (2018), eq. 22-23. Where we differ: the paper leaves mu to the user or a search; the terms' factor C
    before :math:`M_0` is that of the authors' code; shares of classes weigh means, as eq. 12 has it, in both domains.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import BalancedDistributionAdaptation, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.arange(200) % 2
    >>> books = rng.normal(0, 1, (200, 3)) + 6.0 * np.eye(3)[y]
    >>> mapping = BalancedDistributionAdaptation(2, source=Source(books, y, name="books")).fit(books + [1, 1, 0])
    >>> bool(np.mean(mapping.pseudo_labels_ == y) > 0.99 and 0 <= mapping.balance_ <= 1)
    True
    """

    _: KW_ONLY
    balance: float | str = "auto"
    class_weighted: bool = False

    def _check(self) -> None:
        super()._check()
        check_balance(self.balance)
        check_option("class_weighted", self.class_weighted, (True, False))

    def _find(self, domains: Domains, components: Components) -> Projection:
        found = self._joint(domains, components, balance=self.balance, weighted=self.class_weighted)
        self.balance_ = found.balance
        return found.projection


def check_balance(balance: Any) -> None:
    """Refuse a balance that is neither "auto" nor in 0..1.

    Examples
    --------
    >>> check_balance("automatic")
    Traceback (most recent call last):
    headstart.errors.ParameterError: Expected balance to be one of 'auto', found 'automatic'.
    """
    if isinstance(balance, str):
        check_option("balance", balance, ("auto",))
    else:
        check_number("balance", balance, 0, 1)
