"""A file that would run code, or lead compiled code astray, is refused before anything of it is built."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forged_tables import forge
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from headstart import Source, TransferForestClassifier
from headstart.errors import SourceError
from headstart.models.saving.table_values import Writer, built, check_structure
from headstart.models.saving.tables import ARRAYS, STRUCTURE, load_table_model, save_table_model

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 2
MODELS: dict[str, Any] = {
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y),
    "forest": ExtraTreesClassifier(2, random_state=0).fit(X, Y),
    "boosting": HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5).fit(X, Y),
    "transfer forest": TransferForestClassifier(source=Source(X, Y), random_state=0).fit(X, Y),
}
Change = Callable[[dict[str, Any], dict[str, np.ndarray]], None]


def named(name: str, params: dict[str, Any] | None = None, fitted: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"class": name, "params": params or {}, "fitted": fitted or {}}


def stands(value: Any) -> Change:
    """The whole estimator is something else."""
    return lambda found, _: found.update(estimator=value)


def inside(name: str, value: Any, group: str = "fitted") -> Change:
    """One attribute of the pipeline's last step is something else."""

    def change(found: dict[str, Any], _: dict[str, np.ndarray]) -> None:
        found["estimator"]["params"]["steps"][1]["tuple"][1][group][name] = value

    return change


def pickled(found: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    bomb = np.frombuffer(b"cos\nsystem\n(S'touch bomb'\ntR.", dtype=np.uint8)
    arrays["bomb"] = bomb
    found["estimator"] = {"array": "bomb", "pickle": True}


def deep(found: dict[str, Any], _: dict[str, np.ndarray]) -> None:
    value: Any = 0
    for _ in range(200):
        value = [value]
    found["estimator"] = value


def field(name: str, change: Callable[[np.ndarray], Any]) -> Change:
    """Another column of the nodes of the first tree."""

    def change_nodes(found: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        nodes = first_nodes(found["estimator"])
        reference = next(pair[1]["array"] for pair in nodes["dict"] if pair[0] == name)
        arrays[reference] = change(arrays[reference].copy())

    return change_nodes


def first_nodes(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and value.get("class") in ("TreeNodes", "BoostedTree"):
        return value["fitted"]["nodes"]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for found in map(first_nodes, parts) if found), {})


def at(index: int, number: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[index] = number
        return array

    return change


def forest(name: str, change: Callable[[np.ndarray], Any]) -> Change:
    def change_array(found: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        reference = found["estimator"]["fitted"][name]["array"]
        arrays[reference] = change(arrays[reference].copy())

    return change_array


def renamed(found: dict[str, Any], _: dict[str, np.ndarray]) -> None:
    found["estimator"]["params"]["steps"][0]["tuple"][1]["class"] = "FunctionTransformer"


EVIL = {"class": "TransferRegressor", "params": {"source": "evil.py:build"}, "fitted": {}}
GADGETS: dict[str, tuple[str, Change, str]] = {
    "partial": ("pipeline", stands(named("partial", {"func": "os.system"})), "the class 'partial'"),
    "functools.partial": ("pipeline", stands(named("functools.partial")), "the class 'functools.partial'"),
    "method": ("pipeline", stands(named("MethodType", {"name": "system"})), "the class 'MethodType'"),
    "operator": ("pipeline", stands(named("operator.methodcaller", {"name": "system"})), "the class"),
    "os.system": ("pipeline", stands(named("os.system", {"command": "touch bomb"})), "the class 'os.system'"),
    "builtin": ("pipeline", stands(named("eval")), "the class 'eval'"),
    "scorer": ("pipeline", inside("scorer", named("_Scorer", {"score_func": "os.system"})), "'scorer' in Logistic"),
    "scorer as a parameter": ("pipeline", inside("C", named("make_scorer"), "params"), "the class 'make_scorer'"),
    "imputer": (
        "pipeline",
        stands(named("IterativeImputer", {"estimator": EVIL})),
        "IterativeImputer",
    ),
    "simple imputer": (
        "pipeline",
        stands(named("SimpleImputer", {"estimator": EVIL})),
        "'estimator' in",
    ),
    "FunctionTransformer": ("pipeline", renamed, "the class 'FunctionTransformer'"),
    "callable metric": ("pipeline", stands(named("KNeighborsClassifier", {"metric": "x"})), "'metric' in KNeigh"),
    "callable kernel": ("pipeline", stands(named("SVC", {"kernel": {"function": "os.system"}})), "the class 'SVC'"),
    "a function as a value": ("pipeline", inside("C", {"function": "os.system"}, "params"), "an entry with function"),
    "a reduce": ("pipeline", inside("C", {"reduce": ["os.system", "touch bomb"]}, "params"), "an entry with reduce"),
    ".py source": ("pipeline", stands(EVIL), "the class 'TransferRegressor'"),
    ".py source in the catalogue": ("pipeline", stands(named("CORAL", {"source": "evil.py:build"})), "to be looked up"),
    "network source": ("pipeline", stands(named("NetworkSource", {"weights": "x.bin"})), "the class 'NetworkSource'"),
    "source with rows": ("pipeline", stands(named("Source", {"name": "a", "X": [1]})), "more than its name"),
    "nested disguise": ("pipeline", stands({"tuple": [{"dict": [["a", named("Popen")]]}]}), "the class 'Popen'"),
    "disguised": (
        "pipeline",
        stands({"float": "nan", "class": "Popen"}),
        "an entry with float, class",
    ),
    "cache on disk": ("pipeline", stands(named("Pipeline", {"steps": [], "memory": "cache"})), "'memory' in Pipeline"),
    "dunder": ("pipeline", inside("__class__", "SVC"), "'__class__' in LogisticRegression"),
    "method overwritten": ("pipeline", inside("predict", "x"), "'predict' in LogisticRegression"),
    "pickle in an array": ("pipeline", pickled, "an entry with array, pickle"),
    "path for an array": ("pipeline", inside("coef_", {"array": "../../etc/passwd"}), "no array '../../etc/passwd'"),
    "number for an array": ("pipeline", inside("coef_", {"array": 3}), "no array 3"),
    "auto_map": ("pipeline", lambda found, _: found.update(auto_map="evil.py"), "other entries"),
    "other format": ("pipeline", lambda found, _: found.update(format=99), "Expected format 1"),
    "odd type": ("pipeline", inside("C", {"type": "object"}, "params"), "a type 'object'"),
    "odd dtype": ("pipeline", inside("C", {"dtype": "O8,f4"}, "params"), "a type 'O8,f4'"),
    "odd number": ("pipeline", inside("C", {"float": "0x10"}, "params"), "a number '0x10'"),
    "odd scalar": ("pipeline", inside("C", {"number": ["object", 1]}, "params"), "a number of type 'object'"),
    "odd text": ("pipeline", inside("classes_", {"text": "a0"}), "holds no text"),
    "wrong count": ("pipeline", inside("classes_", {"objects": [1], "shape": [10**12]}), "1 objects for an array"),
    "deep": ("pipeline", deep, "more than 60 deep"),
    "child outside": ("forest", field("left_child", at(0, 10**9)), "nodes that lead nowhere"),
    "child before its parent": ("forest", field("right_child", at(0, 0)), "nodes that lead"),
    "column outside": ("forest", field("feature", at(0, 10**6)), "a column beyond 3"),
    "short column": ("forest", field("threshold", lambda a: a[:-1]), "another kind of threshold"),
    "other type of column": ("forest", field("feature", lambda a: a.astype(np.float32)), "another kind of feature"),
    "two parents": ("boosting", field("right", at(0, 1)), "nodes that lead nowhere"),
    "boosted column outside": ("boosting", field("feature_idx", at(0, 3)), "a column beyond 3"),
    "categories": ("boosting", field("is_categorical", at(0, 1)), "ask about categories"),
    "endless walk": ("transfer forest", forest("children_left_", at(0, 0)), "nodes that lead"),
    "root outside": ("transfer forest", forest("roots_", at(0, -1)), "nodes that lead nowhere"),
}


@pytest.mark.parametrize("gadget", GADGETS)
def test_gadgets_are_refused_in_words(gadget: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("evil.py").write_text("open('bomb', 'w').close()\ndef build(): pass\n")
    model, change, words = GADGETS[gadget]
    save_table_model(MODELS[model], None, tmp_path)
    forge(tmp_path, change)
    with pytest.raises(SourceError, match=r"do not trust it|Fit it again|Update headstart") as error:
        load_table_model(tmp_path)
    assert words in str(error.value) and not Path("bomb").exists()


def depth_of(found: dict[str, Any], _: dict[str, np.ndarray]) -> None:
    def shallow(value: Any) -> None:
        if isinstance(value, dict) and value.get("class") == "TreeNodes":
            value["fitted"]["max_depth"] = 1
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            shallow(part)

    shallow(found["estimator"])


def narrow(found: dict[str, Any], _: dict[str, np.ndarray]) -> None:
    found["estimator"]["fitted"]["n_features_in_"] = 1


@pytest.mark.parametrize(
    ("model", "change", "words"),
    [
        ("forest", depth_of, "a tree of another depth than it says"),
        ("forest", narrow, "trees of rows with other columns"),
        ("boosting", narrow, "a column beyond 1"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(model: str, change: Change, words: str, tmp_path: Path) -> None:
    save_table_model(MODELS[model], None, tmp_path)
    forge(tmp_path, change)
    with pytest.raises(SourceError, match=words):
        load_table_model(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 10_000, "RecursionError"),
        ('{"format": 1, "format": 1}', "a name that is given twice"),
        ('{"format": NaN}', "NaN, which is no JSON"),
        ("[]", "other entries"),
        ("cos\nsystem\n(S'touch bomb'\ntR.", "JSONDecodeError"),
        ('{"format": 1' + "0" * 5000 + "}", "ValueError"),
    ],
    ids=["deep", "twice", "nan", "list", "pickle", "long"],
)
def test_odd_json_is_refused(text: str, words: str, tmp_path: Path) -> None:
    save_table_model(MODELS["pipeline"], None, tmp_path)
    (tmp_path / STRUCTURE).write_text(text)
    with pytest.raises(SourceError, match=words):
        load_table_model(tmp_path)


def test_odd_arrays_and_odd_files_are_refused(tmp_path: Path) -> None:
    save_table_model(MODELS["pipeline"], None, tmp_path)
    whole = (tmp_path / ARRAYS).read_bytes()
    for content in (b"", b"\xff" * 8 + b"{}", (10**9).to_bytes(8, "little") + b"{}", whole[:-8], whole + b"0"):
        (tmp_path / ARRAYS).write_bytes(content)
        with pytest.raises(SourceError, match="Expected a model that headstart saved"):
            load_table_model(tmp_path)
    (tmp_path / ARRAYS).unlink()
    os.mkfifo(tmp_path / ARRAYS)
    with pytest.raises(SourceError, match=r"found no table.safetensors"):
        load_table_model(tmp_path)


def test_damage_anywhere_is_noticed(tmp_path: Path) -> None:
    save_table_model(MODELS["forest"], None, tmp_path)
    kept = {name: (tmp_path / name).read_bytes() for name in (STRUCTURE, ARRAYS)}
    rng = np.random.default_rng(1)
    for _ in range(150):
        name = (STRUCTURE, ARRAYS)[rng.integers(2)]
        damaged = bytearray(kept[name])
        damaged[rng.integers(len(damaged) - 1)] ^= 1 << int(rng.integers(8))
        (tmp_path / name).write_bytes(bytes(damaged))
        with pytest.raises(SourceError):
            load_table_model(tmp_path)
        (tmp_path / name).write_bytes(kept[name])


@pytest.mark.parametrize(
    "value",
    [
        {"a": (1, 2.5, None, True), 3: [slice(1, None, 2)]},
        np.asfortranarray(RNG.normal(size=(4, 3))),
        np.array(["", "längst", "\x00a"]),
        np.array([["a", None, 2.0, np.nan]], dtype=object),
        np.array(3.5),
        np.zeros((0, 4), dtype=np.int8),
        np.arange(3, dtype=">f4"),
        [np.float32(0.1), np.bool_(True), np.dtype("float64"), np.float64, float("-inf"), np.uint64(2**63)],
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_come_back_equal_and_of_their_type(value: Any) -> None:
    writer = Writer()
    said = writer.written(value, "it")
    check_structure(said, writer.arrays)
    found = built(said, writer.arrays)
    assert type(found) is type(value)
    if isinstance(value, np.ndarray):
        assert found.shape == value.shape and found.dtype == value.dtype.newbyteorder("=")
        assert repr(found.tolist()) == repr(value.tolist())
        assert found.flags.f_contiguous == value.flags.f_contiguous
    else:
        assert found == value and [type(part) for part in found] == [type(part) for part in value]
