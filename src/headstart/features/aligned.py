"""An estimator on aligned rows: a mapping brings source and target together, the estimator learns from both."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from scipy import sparse
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.utils import get_tags

from headstart.contract.catalogue import CATALOGUE, method
from headstart.contract.delegating import DelegatingMixin
from headstart.contract.domains import Domains, together
from headstart.contract.estimator_class import estimator_class
from headstart.contract.learner import WeightedLearner
from headstart.contract.weighted_fit import fit_weighted
from headstart.errors import ParameterError
from headstart.features.mappings.coral import CORAL
from headstart.features.mappings.mapping import Mapping


def mapping_names() -> dict[str, str]:
    """The mappings of the catalogue: how each may be said, and its name.

    Examples
    --------
    >>> mapping_names()["coral"], mapping_names()["linear monge"], mapping_names()["tca"]
    ('CORAL', 'LinearMonge', 'TransferComponentAnalysis')
    """
    here = [name for name, module in CATALOGUE.items() if module.startswith("headstart.features.mappings.")]
    words = {spoken(name): name for name in here}
    return words | {"".join(word[0] for word in said.split()): name for said, name in words.items() if " " in said}


def spoken(name: str) -> str:
    """A name in small letters with single spaces: ``LinearMonge``, ``linear_monge`` and ``linear-monge`` are one.

    Examples
    --------
    >>> spoken("LinearMonge"), spoken("linear_monge"), spoken("CORAL")
    ('linear monge', 'linear monge', 'coral')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\s_-]+", apart.strip().lower()))


def named_mapping(mapping: Any) -> Any:
    """The mapping that a name stands for, `CORAL()` for None; anything else as it is."""
    if mapping is None:
        return CORAL()
    found = mapping_names().get(spoken(mapping)) if isinstance(mapping, str) else None
    return mapping if found is None else method(found)()


@estimator_class
class BaseAligned(WeightedLearner, DelegatingMixin):
    """What classes and numbers have in common; see `AlignedClassifier`.

    Parameters
    ----------
    mapping : Mapping or str, default=None
        How the two sides are brought together; None is `CORAL()`. It is cloned, and gets its source from here. A name,
        as "coral" or "linear monge", is that mapping as it is by itself.

    Attributes
    ----------
    mapping_ : Mapping
        Fitted, usable alone.
    dense_ : bool
        Whether mapped rows are brought into a dense array.
    estimator_ : classifier or regressor
        Fitted on mapped rows.

    Raises
    ------
    ParameterError
        If the mapping is none, or has a source of its own.
    """

    mapping: Any = None
    estimator: Any = None

    def _mapping(self) -> Mapping:
        """The mapping that will be fitted."""
        mapping = named_mapping(self.mapping)
        if not isinstance(mapping, Mapping):
            known = ", ".join(sorted(map(spoken, set(mapping_names().values()))))
            raise ParameterError(
                f"Expected a mapping such as CORAL(), or the name of one ({known}), found {mapping!r}.",
                "headstart methods lists them.",
            )
        given = [name for name in ("source", "unlabelled", "preprocess") if getattr(mapping, name) is not None]
        if given:
            raise ParameterError(
                f"Expected {', '.join(given)} as an argument of {type(self).__name__}, found it in its mapping.",
                f"Write {type(self).__name__}(mapping, estimator, {given[0]}=...).",
            )
        return clone(mapping)

    def _check(self) -> None:
        self._mapping()

    def _learn_alone(self, domains: Domains) -> None:
        self.mapping_, self.dense_ = self._mapping()._adopt(self, domains), False
        super()._learn_alone(domains)

    @property
    def aligns(self) -> bool:
        """Always."""
        return True

    def _placed(self, domains: Domains) -> Domains:
        mapping = self._mapping()._adopt(self, domains)
        return domains.moved(mapping._map_source(domains.source.X), mapping._map_target(domains.target.X))

    def _learn(self, domains: Domains) -> None:
        self.mapping_ = mapping = self._mapping()._adopt(self, domains)
        target = domains.target
        rows = [mapping._map_source(domains.source.X)]
        rows += [] if target.y is None else [mapping._map_target(target.X)]
        self.dense_ = not all(sparse.issparse(part) for part in rows)
        mapped = [replace(side, X=self._final(part)) for side, part in zip(domains.sides, rows, strict=True)]
        whole = together(mapped)
        self.estimator_ = fit_weighted(self._unfitted(), whole.X, domains.labels(whole), whole.sample_weight)

    def _final(self, rows: Any) -> Any:
        return rows.toarray() if self.dense_ and sparse.issparse(rows) else rows

    def _final_rows(self, X: Any) -> Any:
        rows = self._rows(X)
        return self._final(rows if self.mapping_.identity_ else self.mapping_._map_target(rows))

    def _takes_sparse(self) -> bool:
        inner = self._unfitted()
        mapping = self._mapping()
        alone = self.source is None
        return bool(get_tags(inner).input_tags.sparse and (alone or get_tags(mapping).input_tags.sparse))

    def _takes_missing(self) -> bool:
        return self.source is None and bool(get_tags(self._unfitted()).input_tags.allow_nan)


@estimator_class
class AlignedClassifier(ClassifierMixin, BaseAligned):
    """A classifier that learns from mapped source rows and from the target's labelled rows, mapped likewise.

    Without labels of the target, ``fit(X)``, it learns from the source alone. Without a source it is its estimator,
    fitted on the target, exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import CORAL, AlignedClassifier, Source
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["no", "yes"], 100)
    >>> books = rng.normal(0, 1, (200, 2)) + 4.0 * (y == "yes")[:, None]
    >>> music = 3 * books[:, ::-1] + 20
    >>> adapted = AlignedClassifier(CORAL(), source=Source(books, y, name="books")).fit(music)
    >>> bool(adapted.score(music, y) > 0.95)
    True
    """


@estimator_class
class AlignedRegressor(RegressorMixin, BaseAligned):
    """A regressor that learns from mapped source rows and from the target's labelled rows, mapped likewise.

    Examples
    --------
    >>> import numpy as np
    >>> from headstart import CORAL, AlignedRegressor, Source
    >>> rng = np.random.default_rng(0)
    >>> summer = rng.normal(0, 1, (200, 2))
    >>> y, winter = summer @ [1.0, 2.0], 3 * summer + 20
    >>> adapted = AlignedRegressor(CORAL(), source=Source(summer, y, name="summer")).fit(winter)
    >>> bool(adapted.score(winter, y) > 0.95)
    True
    """
