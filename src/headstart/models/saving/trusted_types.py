"""What a saved classical model may be made of: classes of this house and of scikit-learn, hardly any function."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator

#: Functions of this house that a fitted model holds.
FUNCTIONS = frozenset({"headstart.data.tables.encoder._named"})
_ROOMS = ("source", "contract", "data", "math", "instances", "features", "parameters", "guard")
_BUILTINS = frozenset({"builtins.slice", "builtins.frozenset", "builtins.set", "builtins.range", "builtins.object"})
_OUTSIDE = ("sklearn.datasets", "sklearn.externals", "sklearn.utils._testing", "sklearn.conftest", "scipy.io")


def strangers(names: Iterable[str]) -> list[str]:
    """Those types of a file in skops's format that headstart does not trust.

    skops itself trusts public estimators of scikit-learn and arrays; it asks about the rest. A prefix of a name is
    not enough to answer: ``sklearn.preprocessing.FunctionTransformer`` calls whatever function the file names.
    So trusted are classes, never functions (but for `FUNCTIONS`), and of this house only estimators and dataclasses.

    Parameters
    ----------
    names : iterable of str
        Dotted names, as `skops.io.get_untrusted_types` gives them.

    Returns
    -------
    list of str
        Sorted; empty for a file that may be loaded.

    Examples
    --------
    >>> strangers(["headstart.features.mappings.coral.CORAL", "headstart.source.Source", "numpy.float64"])
    []
    >>> strangers(["os.system", "builtins.eval", "numpy.memmap", "sklearn.show_versions"])
    ['builtins.eval', 'numpy.memmap', 'os.system', 'sklearn.show_versions']
    """
    return sorted(name for name in names if not trusted(name))


def trusted(name: str) -> bool:
    """Whether a saved model may hold this type."""
    if name in FUNCTIONS or name in _BUILTINS:
        return True
    module, _, attribute = name.rpartition(".")
    package, *inner = module.split(".")
    if package == "headstart" and inner and inner[0] in _ROOMS:
        found = _look_up(module, attribute)
        return found is not None and (issubclass(found, BaseEstimator) or dataclasses.is_dataclass(found))
    if package in ("sklearn", "scipy") and not module.startswith(_OUTSIDE) and ".tests" not in module:
        return _look_up(module, attribute) is not None
    if package == "numpy" and module in sys.modules:
        found = _look_up(module, attribute)
        return found is not None and issubclass(
            found, np.generic | np.dtype | np.random.Generator | np.random.RandomState
        )
    return False


def _look_up(module: str, attribute: str) -> type | None:
    """A class by its name, defined in the same package; or None where there is none."""
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return None
    own = inspect.isclass(found) and found.__module__.split(".")[0] == module.split(".")[0]
    return found if own else None
