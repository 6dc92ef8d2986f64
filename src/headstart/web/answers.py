"""From what was received to answers as JSON: probabilities, boxes, what is unlike, what an answer went by."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from headstart.data.base.kinds import Kind
from headstart.data.inputs.inputs import inputs_of
from headstart.data.sets.task import DETECTION
from headstart.drift.answering import ask, say
from headstart.drift.beside import Beside, beside
from headstart.errors import BadInputs, HeadstartError
from headstart.networks.running.passing import passing
from headstart.web.described import files_of
from headstart.web.limits import Limits, Refused
from headstart.web.received import Received

#: Inputs of a request that are explained.
EXPLAINED = 4


@dataclass
class Asked:
    """A model, and how it is asked."""

    model: Any
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def kind(self) -> Kind:
        """What the model takes."""
        kind: Kind = self.model.kind
        return kind

    @cached_property
    def files(self) -> dict[str, Kind]:
        """The columns of a row that hold files."""
        return files_of(self.model)

    @cached_property
    def more(self) -> Beside | None:
        """What is said beside an answer."""
        single = getattr(self.model, "models", None) is None and self.model.task != DETECTION
        return beside(self.model, None, None) if single else None

    def answers(self, jobs: Sequence[Received]) -> list[dict[str, Any]]:
        """An answer for each request: ``predictions`` and ``failed``, as of ``headstart predict --json``."""
        with passing(files=False):
            if self.kind.values:
                return [self._rows(job) for job in jobs]
            return self._inputs(jobs)

    def _inputs(self, jobs: Sequence[Received]) -> list[dict[str, Any]]:
        """Of pictures, clips or texts: those of all requests together, where none depends on another."""
        found: list[dict[str, Any]] = [{"predictions": [], "failed": []} for _ in jobs]
        together: list[tuple[int, int]] = []
        for j, job in enumerate(jobs):
            good = []
            for i, reason in enumerate(self._reasons(self.kind, job.items)):
                if reason:
                    found[j]["failed"].append({"file": job.names[i], "reason": reason})
                else:
                    good.append(i)
            inputs = inputs_of(self.kind, [job.items[i] for i in good])
            if all(inputs.settled_alone(k) for k in range(len(good))):
                together += [(j, i) for i in good]
            else:
                self._said(jobs, [(j, i) for i in good], found)
        self._said(jobs, together, found)
        for job, answer in zip(jobs, found, strict=True):
            for row in answer["predictions"][:EXPLAINED] if job.explain else ():
                self._explained(row, inputs_of(self.kind, [job.items[row["place"]]]))
            for row in answer["predictions"]:
                del row["place"]
        return found

    def _said(self, jobs: Sequence[Received], places: list[tuple[int, int]], found: list[dict[str, Any]]) -> None:
        """Ask about the inputs at some places (request, number) and put the answers where they belong."""
        if not places:
            return
        items, names = [jobs[j].items[i] for j, i in places], [str(k) for k in range(len(places))]
        looks = self.model.task == DETECTION if hasattr(self.model, "task") else False
        rows, failed = _boxes(self.model, items) if looks else say(self.model, items, None, names, self.more)
        for row in rows:
            j, i = places[int(row["file"])]
            found[j]["predictions"].append({**row, "file": jobs[j].names[i], "place": i})
        for entry in failed:
            j, i = places[int(entry["file"])]
            found[j]["failed"].append({"file": jobs[j].names[i], "reason": entry["reason"]})

    def _reasons(self, kind: Kind, items: Sequence[Any]) -> list[str]:
        """Why each input is not even decoded; empty where nothing speaks against it."""
        inputs, reasons = inputs_of(kind, items), []
        for i in range(len(items)):
            much, of = inputs.extent(i)
            most = self.limits.extents.get(of, float("inf"))
            reasons.append(f"it has {much:,.0f} {of}; at most {most:,.0f} are taken here" if much > most else "")
        return reasons

    def _rows(self, job: Received) -> dict[str, Any]:
        import pandas as pd

        places = {cell: name for row in job.rows for name, cell in row.items() if isinstance(cell, Path)}
        for place, name in places.items():
            if reason := self._reasons(self.files[name], [place])[0]:
                raise Refused(422, f"Expected a file in the column {name!r} that can be read: {reason}.")
        frame = pd.DataFrame([{name: _cell(value) for name, value in row.items()} for row in job.rows])
        try:
            said = ask(self.model, frame, self.more)
        except BadInputs as error:
            named = {str(place): name for place, name in places.items()}
            words = "; ".join(f"in the column {named.get(name, '?')!r} {reason}" for name, reason in error.bad)
            raise Refused(422, f"Expected files that can be read, found others: {words}.") from error
        except HeadstartError:
            raise
        except (TypeError, ValueError) as error:  # numbers that are no numbers to the libraries below
            reason = str(error).partition("\n")[0].rstrip(".")
            raise Refused(422, f"Expected cells like those that were learned from, found others: {reason}.") from error
        found = [{"file": f"row {i + 1}", **answer} for i, answer in enumerate(said)]
        if job.explain:
            names = {str(place): job.called.get(name, name) for place, name in places.items()}
            for i, row in enumerate(found[:EXPLAINED]):
                self._explained(row, frame.iloc[[i]], names)
        return {"predictions": found, "failed": []}

    def _explained(self, row: dict[str, Any], inputs: Any, names: Mapping[str, str] | None = None) -> None:
        """Put beside an answer what it went by, of several tasks beside each; a model that cannot say has none.

        Files in the cells of a row are called by the names that they were sent under.
        """
        for name, one in (getattr(self.model, "models", None) or {"": self.model}).items():
            answer = row["tasks"][name] if "tasks" in row else row
            try:
                if hasattr(one, "explain"):
                    answer["explanation"] = drawn(one.explain(inputs)[0], names or {})
            except HeadstartError as error:
                answer["explanation"] = {"reason": error.message}


def _cell(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _boxes(model: Any, items: Sequence[Path]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What a model that finds things finds, and the files that cannot be read, by their number."""
    from headstart.report.found import kept, look_through

    found, failed = look_through(model, items)
    number = {str(item): str(i) for i, item in enumerate(items)}
    rows = []
    for i, _, boxes in found:
        sure = kept(model, boxes, None)
        assert sure.scores is not None
        each = zip(sure.labels.tolist(), sure.scores.tolist(), sure.corners.round(2).tolist(), strict=True)
        rows.append({"file": str(i), "boxes": [{"label": str(a), "score": b, "corners": c} for a, b, c in each]})
    return rows, [{"file": number[entry["file"]], "reason": entry["reason"]} for entry in failed]


def drawn(explanation: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """What an answer went by: a picture (PNG, as a data address), or the parts that spoke most for and against it, with
    the names of files in the place of where they lie."""
    if getattr(explanation, "background", None) is None:
        parts = []
        for part, adds in explanation.strongest(12):
            column, _, cell = str(part).partition(" = ")
            parts.append({"part": f"{column} = {names[cell]}" if cell in names else str(part), "adds": adds})
        return {"parts": parts}
    from PIL import Image

    image = Image.fromarray(explanation.drawn())
    image.thumbnail((640, 640))
    file = io.BytesIO()
    image.save(file, "PNG")
    return {"picture": "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")}
