"""Models of several tasks as one: predict, save to a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.kinds import Kind
from headstart.errors import DataError, NoLabels, ParameterError, called_rightly
from headstart.models.saving.evidence_file import EVIDENCE
from headstart.networks.folder import write_folder, write_tasks
from headstart.networks.running.passing import passing

if TYPE_CHECKING:  # a picture is predicted without pandas
    import pandas as pd

    from headstart.models.explaining.explanation import Explanation


@called_rightly
class SeveralTasks:
    """What `headstart.fit` hands over for several tasks: a model for each of them.

    Parameters
    ----------
    models : mapping of str to `headstart.Model`
        By the names of the tasks.
    evidence : dict
        ``tasks``, a row a task, and what is said of all of them.

    Examples
    --------
    >>> from headstart.guard.baselines.texts import TextBaselineRegressor
    >>> stars = TextBaselineRegressor().fit(["so good", "so bad"] * 4, [5.0, 1.0] * 4)
    >>> from headstart import Model
    >>> model = Model(stars, {}, task="regression", classes=None, input_type="text")
    >>> tasks = SeveralTasks({"stars": model}, {})
    >>> tasks, tasks.predict(["good"]).columns.tolist()
    (SeveralTasks(stars: regression), ['stars'])
    """

    def __init__(self, models: Mapping[str, Any], evidence: dict[str, Any]) -> None:
        self.models = dict(models)
        self.evidence = evidence

    def __repr__(self) -> str:
        return f"SeveralTasks({', '.join(f'{name}: {model.task}' for name, model in self.models.items())})"

    @property
    def input_type(self) -> str:
        """What the models take."""
        return next(iter(self.models.values())).input_type

    @property
    def kind(self) -> Kind:
        """The kind of input that they take."""
        return next(iter(self.models.values())).kind

    @passing()
    def predict(self, X: Any) -> pd.DataFrame:
        """What each model says of pictures, clips, texts or rows: a column a task; of several labels lists."""
        import pandas as pd

        found: dict[str, Any] = {}
        for name, model in self.models.items():
            said = np.asarray(model.predict(X))
            if model.task == "multilabel":
                known = np.asarray(model.classes_)
                found[name] = [known[row > 0].tolist() for row in said]
            else:
                found[name] = list(said) if said.ndim > 1 else said
        return pd.DataFrame(found)

    @passing()
    def predict_proba(self, X: Any) -> list[np.ndarray | None]:
        """Probabilities of each task's classes, in the order of ``models``; None for numbers."""
        models = self.models.values()
        return [None if model.task == "regression" else model.predict_proba(X) for model in models]

    def evaluate(self, data: Any, **how: Any) -> Any:
        """Measure each model on the rows that have its label, see `headstart.evaluate`.

        A task that no row has a label of is left out, and named.

        Raises
        ------
        NoLabels
            If no row has any.
        """
        from headstart.models.evaluation.evaluation import of_several

        if how.get("label") is not None:
            raise ParameterError(
                f"Expected no label with several tasks ({', '.join(self.models)}), found {how['label']!r}.",
                "Each is measured by the column of its name; or give the folder of one, as task-1.",
            )
        given = {name: value for name, value in how.items() if name != "label"}
        found, without = {}, {}
        for name, model in self.models.items():
            try:
                found[name] = model.evaluate(data, label=name, **given)
            except NoLabels as error:
                without[name] = error
        if not found:
            raise next(iter(without.values()))
        return of_several(found, [*without])

    def explain(self, X: Any, answer: Mapping[str, Any] | None = None) -> dict[str, list[Explanation]]:
        """What speaks for each task's answers, as `Model.explain` says it; ``answer`` may name one for some tasks.

        Raises
        ------
        ParameterError
            For an answer that is not of one of the tasks.
        """
        asked = {} if answer is None else answer
        if not isinstance(asked, Mapping) or not asked.keys() <= self.models.keys():
            raise ParameterError(
                f"Expected answers by task ({', '.join(self.models)}), found {answer!r}.",
                f"Give such as {{{next(iter(self.models))!r}: ANSWER}}.",
            )
        return {name: model.explain(X, asked.get(name)) for name, model in self.models.items()}

    def export(self, out: str | Path, to: str = "onnx", inputs: Any = None) -> Path:
        """Write all models so that they run without headstart, each into a folder of its own, as `Model.export`.

        Raises
        ------
        OutputError
            If one of them has no such form; the words name those that have one.
        """
        from headstart.models.exporting.export import export_model

        return export_model(self, out, to, inputs)

    def save(self, folder: str | Path, *, also: Callable[[Path], None] | None = None) -> Path:
        """Write all models into one folder, whole or not at all; each has a folder in it that can be loaded alone.

        Parameters
        ----------
        folder : path-like
            As for `Model.save`.
        also : callable, optional
            Writes more into the folder of each model, then into that of all, before it takes its place.

        Raises
        ------
        OutputError
        """
        return write_folder(folder, lambda path: self._write(path, also))

    def _write(self, folder: Path, also: Callable[[Path], None] | None) -> None:
        write = {name: partial(model._write, also=also) for name, model in self.models.items()}
        write_tasks(folder, write, self.input_type)
        text = json.dumps(self.evidence, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / EVIDENCE).write_text(text + "\n", encoding="utf-8")
        if also is not None:
            also(folder)


def one_task(model: Any) -> Any:
    """A model of one task as it is.

    Raises
    ------
    DataError
        For models of several tasks: what was asked is of one.
    """
    if isinstance(model, SeveralTasks):
        names = ", ".join(f"{name} (task-{i + 1})" for i, name in enumerate(model.models))
        raise DataError(
            f"Expected a model of one task, found models of several: {names}.", "Give the folder of one inside it."
        )
    return model
