"""What single predictions of a model looked at, whatever it takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from headstart.data.inputs.inputs import as_inputs
from headstart.data.inputs.registry import entry_of, resolve
from headstart.data.tables.rows import records_of
from headstart.errors import ParameterError
from headstart.models.explaining.explanation import Explanation


def explain(model: Any, X: Any, answer: Any = None) -> list[Explanation]:
    """Say of each input which part of it speaks for the model's answer.

    Parameters
    ----------
    model : headstart.Model
    X : pictures, clips, texts or rows of a table
        As `headstart.Model.predict` takes them.
    answer : object, optional
        The class or label to explain. Default: of each input the likeliest one.

    Returns
    -------
    list of Explanation

    Raises
    ------
    ParameterError
        For an answer that the model does not give, or a kind of input from outside that says nothing of itself.
    BadInputs, DataError
        As `headstart.Model.predict`.
    """
    named = entry_of(model.kind).explainer
    if named is None:
        raise ParameterError(f"Expected a kind of input that is explained, found {model.kind.many}.")
    rows = records_of(X) if model.kind.values else as_inputs(X, model.input_type)
    known = [] if model.classes_ is None else model.classes_.tolist()
    written = [str(one) for one in known]  # evidence holds classes as text
    if answer is not None and (model.task == "regression" or str(answer) not in written):
        raise ParameterError(
            f"Expected an answer of this model ({', '.join(written) or 'a number'}), found {answer!r}.",
            "Leave it out to explain what the model says.",
        )
    if not len(rows):
        return []
    asked = getattr(rows, "frame", rows)
    if model.task == "regression":
        numbers = np.asarray(model.predict(asked), dtype=float).reshape(len(rows), -1)[:, 0]
        chosen, answers = np.zeros(len(rows), int), numbers.tolist()
    else:
        p = model.predict_proba(asked)
        chosen = np.full(len(rows), written.index(str(answer))) if answer is not None else p.argmax(axis=1)
        answers = [known[k] for k in chosen]
    how = resolve(named)
    return [how(model, rows, i, int(k), said) for i, (k, said) in enumerate(zip(chosen, answers, strict=True))]
