"""Plain values, arrays and objects of allowed classes as JSON and named arrays, and back."""

from __future__ import annotations

import math
from collections import UserList
from collections.abc import Callable
from typing import Any

import numpy as np

from headstart.errors import OutputError, SourceError
from headstart.models.saving.table_classes import DROPPED, Allowed, allowed, name_of
from headstart.models.saving.table_trees import NATIVE, check_object
from headstart.source import Source

DEEPEST = 60
_PLAIN = (type(None), bool, int, str)
_ODD = {"nan": np.nan, "inf": math.inf, "-inf": -math.inf}
_NUMBERS = frozenset(
    ["bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)), "float16", "float32", "float64"]
)


class Writer:
    """Turns values into JSON; arrays go to ``arrays`` under names.

    Examples
    --------
    >>> writer = Writer()
    >>> writer.written((1, float("nan"), np.zeros(2)), "it"), list(writer.arrays)
    ({'tuple': [1, {'float': 'nan'}, {'array': 'a0'}]}, ['a0'])
    """

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self._known: dict[int, tuple[np.ndarray, str]] = {}

    def written(self, value: Any, where: str) -> Any:
        """One value as JSON.

        Raises
        ------
        OutputError
            For anything that has no safe form; it says which and where.
        """
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if kind is list or isinstance(value, UserList):  # scikit-learn 1.6 keeps names of columns in one
            return [self.written(part, where) for part in value]
        if kind is tuple:
            return {"tuple": [self.written(part, where) for part in value]}
        if kind is dict:
            return {"dict": [[self.written(part, where) for part in pair] for pair in value.items()]}
        if kind is slice:
            return {"slice": [self.written(part, where) for part in (value.start, value.stop, value.step)]}
        if kind is np.ndarray:
            return self._array(value, where)
        if kind is np.str_:
            return str(value)
        if isinstance(value, np.generic) and value.dtype.name in _NUMBERS:
            return {"number": [value.dtype.name, self.written(value.item(), where)]}
        if isinstance(value, np.dtype) and value.name in (*_NUMBERS, "object"):
            return {"dtype": value.name}
        if isinstance(value, type) and value.__name__ in _NUMBERS and issubclass(value, np.generic):
            return {"type": value.__name__}
        if isinstance(value, np.random.RandomState | np.random.Generator):
            return None
        return self._object(value, where)

    def _array(self, array: np.ndarray, where: str) -> Any:
        if array.dtype == object:
            return {"objects": [self.written(x, where) for x in array.ravel().tolist()], "shape": list(array.shape)}
        if array.dtype.kind == "U":
            text = np.require(array.astype(array.dtype.newbyteorder("<")), requirements="C")
            width = text.dtype.itemsize // 4
            return {"text": self._named(text.reshape(-1).view("<u4").reshape(*text.shape, width))}
        if array.dtype.name not in _NUMBERS:
            raise _no_form(f"an array of {array.dtype}", where)
        native = array.astype(array.dtype.newbyteorder("="), copy=False)
        if array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous:
            return {"array": self._named(native.T, array), "order": "F"}  # products must come out the same to the bit
        return {"array": self._named(native, array)}

    def _named(self, array: np.ndarray, original: np.ndarray | None = None) -> str:
        """The name of an array; the same one for an array that was met before."""
        whole = np.require(array, requirements="C")
        if original is not None and id(original) in self._known:
            return self._known[id(original)][1]
        name = f"a{len(self.arrays)}"
        self.arrays[name] = whole
        if original is not None:
            self._known[id(original)] = (original, name)
        return name

    def _object(self, value: Any, where: str) -> Any:
        if isinstance(value, Source):
            return {"class": "Source", "params": {"name": value.name}, "fitted": {}}
        name, inside = name_of(value), f"{where}, {type(value).__name__}"
        for short, native in NATIVE.items():
            if native.holds(value):
                parts = native.parts(value)
                return {"class": short, "params": {}, "fitted": self._attributes(parts, inside)}
        if name is None:
            raise _no_form(type(value).__name__, where)
        kind = allowed(name)
        assert kind is not None
        held = {key: part for key, part in vars(value).items() if key not in DROPPED}
        unknown = sorted(set(held) - set(kind.params) - kind.fitted)
        if unknown:
            raise _no_form(f"{', '.join(unknown)} of {type(value).__name__}", where)
        params = {key: held.pop(key) for key in kind.params if key in held}
        return {
            "class": name,
            "params": self._attributes(params, inside),
            "fitted": self._attributes(held, inside),
        }

    def _attributes(self, held: dict[str, Any], where: str) -> dict[str, Any]:
        return {key: self.written(part, f"{where}.{key}") for key, part in held.items()}


def _no_form(what: str, where: str) -> OutputError:
    return OutputError(
        f"Expected a model of what headstart can save without pickle, found {what} in {where}.",
        "Leave it out of candidates=, or take one of headstart's estimators, of scikit-learn's linear models or trees.",
    )


def check_structure(value: Any, arrays: dict[str, np.ndarray], depth: int = 0) -> None:
    """Go through what a file says before anything of it is built.

    Parameters
    ----------
    value : JSON
    arrays : dict of arrays
        Those that came with it.
    depth : int, default=0
        How deep this value lies.

    Raises
    ------
    SourceError
        For a class or an attribute that is not allowed, an array that is not there, and anything of another form.
    """
    if depth > DEEPEST:
        raise _odd(f"values more than {DEEPEST} deep")
    if isinstance(value, list):
        for part in value:
            check_structure(part, arrays, depth + 1)
    elif isinstance(value, dict):
        tag = next((name for name in ("class", *_FORMS) if name in value), None)
        if tag is None or not set(value) <= {tag, *_BESIDE.get(tag, ())}:
            raise _odd(f"an entry with {', '.join(map(str, value)) or 'nothing'}")
        if tag == "class":
            _check_object(value, arrays, depth)
        elif tag in ("array", "text"):
            if not isinstance(value[tag], str) or value[tag] not in arrays:
                raise _odd(f"no array {value[tag]!r}")
        elif tag in ("dtype", "type"):
            if value[tag] not in (*_NUMBERS, *(["object"] if tag == "dtype" else [])):
                raise _odd(f"a type {value[tag]!r}")
        else:
            check_structure(value[tag] if tag != "float" else None, arrays, depth + 1)
    elif type(value) not in (*_PLAIN, float) or (isinstance(value, float) and not math.isfinite(value)):
        raise _odd(repr(value))


def _check_object(value: dict[str, Any], arrays: dict[str, np.ndarray], depth: int) -> None:
    name, params, fitted = value["class"], value.get("params"), value.get("fitted")
    if not isinstance(name, str) or not isinstance(params, dict) or not isinstance(fitted, dict):
        raise _odd("an object without class, params and fitted")
    if name == "Source":
        if set(params) != {"name"} or fitted or not isinstance(params["name"], str | None):
            raise _odd("a source with more than its name")
        return
    if name in NATIVE:
        known, mine = set(), set(NATIVE[name].names)
    else:
        kind = allowed(name)
        if kind is None:
            raise _odd(f"the class {name!r}")
        known, mine = set(kind.params) - DROPPED, set(kind.fitted)
    unknown = sorted((set(params) - known) | (set(fitted) - mine))
    if unknown:
        raise _odd(f"{', '.join(map(repr, unknown[:5]))} in {name}")
    if isinstance(params.get("source"), str):
        raise _odd(f"a source to be looked up, {params['source']!r}")
    for part in (*params.values(), *fitted.values()):
        check_structure(part, arrays, depth + 1)


def built(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The value that checked JSON stands for; no constructor and no function is called.

    Examples
    --------
    >>> built({"tuple": [1, {"float": "-inf"}, {"array": "a0"}]}, {"a0": np.ones(1)})
    (1, -inf, array([1.]))
    """
    if isinstance(value, list):
        return [built(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        params, fitted = (
            {key: built(part, arrays) for key, part in value[group].items()} for group in ("params", "fitted")
        )
        return _object(value["class"], params, fitted)
    tag = next(name for name in _FORMS if name in value)
    return _FORMS[tag](value, arrays)


def _object(name: str, params: dict[str, Any], fitted: dict[str, Any]) -> Any:
    if name == "Source":
        return Source(None, None, params["name"])
    if name in NATIVE:
        return NATIVE[name].build(fitted)
    kind = allowed(name)
    assert kind is not None
    made: Any = object.__new__(kind.cls)
    vars(made).update(_complete(kind, params) | fitted)
    check_object(name, made)
    return made


def _complete(kind: Allowed, params: dict[str, Any]) -> dict[str, Any]:
    """Parameters with the defaults of those that another version of scikit-learn did not have."""
    return {**kind.params, **params}


def _float(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> float:
    if not isinstance(value["float"], str) or value["float"] not in _ODD:
        raise _odd(f"a number {value['float']!r}")
    return _ODD[value["float"]]


def _dict(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[Any, Any]:
    return dict(built(pair, arrays) for pair in value["dict"])


def _number(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    name, number = built(value["number"], arrays)
    if name not in _NUMBERS or not isinstance(number, bool | int | float):
        raise _odd(f"a number of type {name!r}")
    return np.dtype(name).type(number)


def _array(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    found = arrays[value["array"]]
    if value.get("order", "C") not in ("C", "F"):
        raise _odd(f"an order {value['order']!r}")
    return found.T if value.get("order") == "F" else found


def _text(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    codes = arrays[value["text"]]
    if codes.dtype != np.uint32 or codes.ndim < 1 or codes.shape[-1] < 1 or (codes > 0x10FFFF).any():
        raise _odd("an array that holds no text")
    return np.ascontiguousarray(codes, dtype="<u4").reshape(-1).view(f"<U{codes.shape[-1]}").reshape(codes.shape[:-1])


def _objects(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> np.ndarray:
    parts, shape = value["objects"], value.get("shape")
    if not isinstance(parts, list) or not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise _odd("an array of objects without a shape")
    if math.prod(shape) != len(parts):
        raise _odd(f"{len(parts)} objects for an array of shape {tuple(shape)}")
    found = np.empty(len(parts), dtype=object)
    for i, part in enumerate(parts):
        found[i] = built(part, arrays)
    return found.reshape(shape)


_FORMS: dict[str, Callable[[dict[str, Any], dict[str, np.ndarray]], Any]] = {
    "float": _float,
    "tuple": lambda value, arrays: tuple(built(value["tuple"], arrays)),
    "dict": _dict,
    "slice": lambda value, arrays: slice(*built(value["slice"], arrays)),
    "array": _array,
    "text": _text,
    "objects": _objects,
    "number": _number,
    "dtype": lambda value, arrays: np.dtype(value["dtype"]),
    "type": lambda value, arrays: np.dtype(value["type"]).type,
}
_BESIDE = {"array": ("order",), "objects": ("shape",), "class": ("params", "fitted")}


def _odd(what: str) -> SourceError:
    return SourceError(
        f"Expected a model of a table that headstart saved, found {what}.",
        "It was not written by headstart, or by another version; do not trust it.",
    )
