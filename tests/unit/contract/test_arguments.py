import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.contract.arguments import RULES, check_arguments
from headstart.errors import DataError, HeadstartError, ParameterError, unknown_options
from headstart.models.detection_model import DetectionModel
from headstart.models.saving.task_models import SeveralTasks

FRAME = pd.DataFrame({"a": range(12), "y": ["u", "v"] * 6})
ODD = ["5s", -1, 1.5, float("nan"), True, [1], {"a": 1}, object(), np.array([1, 2]), b"x", None]
DOORS = ["fit", "check", "advise", "label_next", "listen", "look", "pretrain"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"budget": "5s"}, "Expected budget to be a number above 0, found '5s'."),
        ({"budget": 0}, "Expected budget to be a number above 0, found 0."),
        ({"n_splits": 1}, "Expected n_splits to be a whole number of at least 2, found 1."),
        ({"n_splits": 2.5}, "Expected n_splits to be a whole number of at least 2, found 2.5."),
        ({"random_state": -1}, "Expected random_state to be a whole number of at least 0"),
        ({"views": "2"}, "Expected views to be a whole number of at least 1 and of at most 64, found '2'."),
        ({"n_jobs": 0}, "Expected n_jobs of 1 or more, -1 for all processors, or None, found 0."),
        ({"n_jobs": "all"}, "Expected n_jobs to be a whole number, found 'all'."),
        ({"ask": -3}, "Expected ask to be a whole number of at least 0, found -3."),
        ({"text_windows": 0}, "Expected text_windows to be a whole number of at least 1, found 0."),
        ({"skip_bad": "yes"}, "Expected skip_bad to be True or False, found 'yes'."),
        ({"label": 3}, "Expected label to be a name or a list of names, found 3."),
        ({"group_by": ["a"]}, "Expected group_by to be a name, found ['a']."),
        ({"task": "regresion"}, "Expected task to be one of 'classification', 'multilabel', 'regression', 'keyword'"),
        ({"progress": 1}, "Expected progress to be a function, found 1."),
        ({"classes": "ab"}, "Expected classes to be a list of classes, found 'ab'."),
        ({"class_weight": {"u": "5"}}, "Expected the weight of 'u' in class_weight to be a number of at least 0"),
        ({"prevalence": 5}, "Expected a prevalence between 0 and 1, found 5."),
        ({"device": 0}, "Expected device to be a name, found 0."),
        ({"buget": 5}, "Expected options of fit, found buget. Did you mean 'budget'?"),
    ],
)
def test_an_argument_of_fit_is_refused_in_plain_words_before_anything_is_read(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ParameterError) as error:
        headstart.fit("no/such/table.csv", **given)
    assert str(error.value).startswith(words)


@pytest.mark.parametrize("door", DOORS)
def test_no_argument_of_a_door_ends_in_a_raw_error(door: str) -> None:
    call = getattr(headstart, door)
    names = list(inspect.signature(call).parameters)
    for name in set(names) & set(RULES):
        for odd in ODD:
            try:
                check_arguments({name: odd}, {name: inspect.signature(call).parameters[name].default})
            except ParameterError as error:
                assert name in str(error)


@pytest.mark.parametrize("door", [*DOORS, "evaluate"])
def test_an_option_that_there_is_not_is_refused_by_its_name(door: str) -> None:
    given = {"evaluate": (headstart.Model(None, {}, task="regression", classes=None), FRAME)}.get(door, ("x", "y"))
    with pytest.raises(ParameterError, match=r"Expected options of .*, found randomstate\."):
        getattr(headstart, door)(*given, randomstate=1)


MODEL = headstart.Model(None, {}, task="regression", classes=None)


@pytest.mark.parametrize(
    ("call", "args", "named", "words"),
    [
        (headstart.load, ("m",), {"modul": 1}, "Expected options of load, found modul. Did you mean 'module'?"),
        (headstart.read_dataset, ("d",), {"lable": "y"}, "Expected options of read_dataset, found lable. Did you mean"),
        (headstart.Model, (None, {}), {"tsk": 1}, "Expected options of Model, found tsk. Did you mean 'task'?"),
        (MODEL.predict, (), {"x": 1}, "Expected options of predict, found x. Did you mean 'X'?"),
        (MODEL.predict_proba, (FRAME,), {"devise": 1}, "Expected options of predict_proba, found devise. Known are X."),
        (MODEL.explain, (FRAME,), {"answr": 1}, "Expected options of explain, found answr. Did you mean 'answer'?"),
        (MODEL.save, ("m",), {"als": 1}, "Expected options of save, found als. Did you mean 'also'?"),
        (MODEL.export, ("m",), {"input": 1}, "Expected options of export, found input. Did you mean 'inputs'?"),
        (MODEL.evaluate, (), {}, "Expected evaluate(data), found a call with other arguments: missing a required"),
        (
            headstart.load,
            (),
            {},
            "Expected load(folder, module), found a call with other arguments: missing a required",
        ),
        (headstart.fit, (1, 2, 3), {}, "Expected fit(data, source, label"),
    ],
)
def test_a_call_with_other_arguments_is_refused_in_plain_words(call: Any, args: Any, named: Any, words: str) -> None:
    with pytest.raises(ParameterError) as error:
        call(*args, **named)
    assert str(error.value).startswith(words)


def test_every_method_of_a_model_says_an_option_that_there_is_not_and_keeps_its_signature() -> None:
    for kind in (headstart.Model, DetectionModel, SeveralTasks):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name.startswith("_"):
                continue
            assert method.__doc__ and next(iter(inspect.signature(method).parameters)) == "self"
            if "how" not in inspect.signature(method).parameters:
                with pytest.raises(ParameterError, match=f"Expected options of {name}, found randomstate"):
                    method(None, "x", randomstate=1)


def test_an_error_of_types_inside_a_call_stays_what_it_is() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        headstart.Model(None, {}, task="regression", classes=None, temperature=None)  # type: ignore[arg-type]


def test_a_model_is_a_model_or_its_folder() -> None:
    for call in (headstart.check, headstart.evaluate):
        with pytest.raises(HeadstartError, match="found 5"):
            call(5, FRAME)
    with pytest.raises(HeadstartError, match="Expected the folder of a saved model, found None"):
        headstart.load(None)  # type: ignore[arg-type]


def test_labels_in_memory_are_one_for_each_example() -> None:
    for y in (5, None, "u", np.array(1)):
        with pytest.raises(DataError, match="Expected a label for each example, found"):
            headstart.fit((FRAME[["a"]], y), budget=5)


def test_an_unknown_option_is_compared_with_those_that_there_are() -> None:
    assert "Did you mean" not in str(unknown_options("fit", ["zzz"], ["budget"]))
