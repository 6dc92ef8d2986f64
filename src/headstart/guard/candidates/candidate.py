"""A way to learn that is compared with others: with what was borrowed, or without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone

from headstart.errors import ParameterError

#: Name of the candidate that tunes a good part of a network for a detector.
LAST_LAYERS = "last layers"
#: Names of the candidates that train the last two blocks, by the target alone and by other tasks too.
LAST_BLOCKS, WITH_TASKS = "last 2 blocks", "last 2 blocks, with the other tasks"


@dataclass(frozen=True)
class Candidate:
    """One way to learn the target.

    Parameters
    ----------
    name : str
        Short; names its row in the report.
    estimator : estimator
        Unfitted; never fitted itself, see `fresh`.
    transfer : bool
        Whether it borrows.
    words : str
        What it does, in a phrase.
    dear : bool
        Whether it trains in epochs, and so has to be admitted by the budget.
    wary : bool
        Whether it has to be ahead by half a standard error of the held-out loss to be taken, where what is dear has to
        be by a whole one: for what often helps and now and then does harm.
    takes : {"rows", "features"}
        "rows" gets the data as given; "features" gets the network's pooled features of pictures or clips, or simple
        features of them where there is no network.
    final_rows, final_fits : float, default=1
        On how many times the examples that are compared on the model learns in the end, and how often: what that
        costs is part of its price.
    instead_of : str, default=""
        Name of a candidate that steps back where this one was run to its end: what is known from elsewhere, not from
        the examples that are compared on.
    leads : bool, default=False
        Whether it is run before the other cheap ones: what is often the best tells early who is behind.
    over : str, default=""
        Name of a candidate that this one adds something to: it is taken only where its held-out loss is lower than that
        one's by more than chance; where that one was not run to its end, than the least of the others'.
    """

    name: str
    estimator: Any
    transfer: bool
    words: str
    dear: bool = False
    takes: str = "rows"
    final_rows: float = 1.0
    final_fits: float = 1.0
    instead_of: str = ""
    wary: bool = False
    leads: bool = False
    over: str = ""

    @property
    def handicap(self) -> float:
        """Standard errors of the held-out loss by which it has to be ahead to be taken."""
        return 1.0 if self.dear else 0.5 if self.wary else 0.0

    def fresh(self, **settings: Any) -> Any:
        """A new, unfitted estimator that shares what the candidate borrows.

        Parameters
        ----------
        **settings
            Arguments to set where the estimator has them.
        """
        if _takes_inputs(self.estimator):
            new = type(self.estimator)(**self.estimator.get_params(deep=False))
        else:
            new = clone(self.estimator)
        known = new.get_params(deep=False)
        return new.set_params(**{name: value for name, value in settings.items() if name in known})


def to_beat(candidates: Sequence[Candidate]) -> dict[int, int | None]:
    """Which of these have to beat another one clearly, and where that one stands; None where it is not among them."""
    place = {one.name: i for i, one in enumerate(candidates)}
    return {i: place.get(one.over) for i, one in enumerate(candidates) if one.over}


def _takes_inputs(estimator: Any) -> bool:
    """Whether an estimator is one of ours that gets pictures, clips and texts as they are."""
    return bool(getattr(estimator, "takes_inputs", False))


def named_candidates(candidates: Any, *, features_borrowed: bool) -> list[Candidate]:
    """Candidates that the user passed.

    Parameters
    ----------
    candidates : dict, or list of (str, estimator) or Candidate
        Estimators of headstart get the data as given. Others (scikit-learn's) get numbers as given, and of pictures
        or clips the network's pooled features (or simple features when nothing is borrowed).
    features_borrowed : bool
        Whether those features come from a trained network.

    Raises
    ------
    ParameterError
        If it is something else, empty, or names one twice.
    """
    pairs: Iterable[Any] = candidates.items() if isinstance(candidates, Mapping) else candidates
    found: list[Candidate] = []
    for pair in pairs:
        if isinstance(pair, Candidate):
            found.append(pair)
            continue
        if not isinstance(pair, tuple) or len(pair) != 2 or not hasattr(pair[1], "fit"):
            raise ParameterError(
                f"Expected candidates as a dict or list of (name, estimator), found {pair!r}.",
                "For instance candidates={'head': TransferClassifier(source)}.",
            )
        found.append(_named(str(pair[0]), pair[1], features_borrowed))
    names = [candidate.name for candidate in found]
    if not found or len(set(names)) < len(names):
        raise ParameterError(f"Expected one candidate or more, each with its own name, found {names}.", "Rename them.")
    return found


def _named(name: str, estimator: Any, features_borrowed: bool) -> Candidate:
    ours = _takes_inputs(estimator)
    settings = estimator.get_params(deep=True)
    borrows = any(key.split("__")[-1] == "source" and value is not None for key, value in settings.items())
    dear = ours and str(settings.get("train", "head")) != "head"
    if ours:
        return Candidate(name, estimator, borrows, name, dear=dear)
    return Candidate(name, estimator, borrows or features_borrowed, name, takes="features")
