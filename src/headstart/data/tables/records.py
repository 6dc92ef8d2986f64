"""Rows of a table of values, as inputs that can be indexed like pictures and clips."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headstart.data.base.kinds import ROWS
from headstart.data.base.rows import Row
from headstart.errors import DataError

if TYPE_CHECKING:  # a picture is predicted without pandas
    import pandas as pd

    from headstart.data.tables.column_plan import ColumnPlan


def row_names(frame: pd.DataFrame) -> list[str]:
    """What rows of a table are called: by their numbers in the file, where empty ones between them count too.

    Examples
    --------
    >>> import pandas as pd
    >>> row_names(pd.DataFrame({"a": [1, 2]}))
    ['row 1', 'row 2']
    """
    n, gone = frame.attrs.get("gone", (0, ()))
    without = set(gone if n == len(frame) else ())
    return [f"row {i}" for i in range(1, len(frame) + len(without) + 1) if i not in without]


class Records(Row):
    """Rows of a table, each with a name.

    Parameters
    ----------
    frame : DataFrame
        Features alone, without labels. Not copied, never changed.
    names : sequence of str, optional
        What to call the rows. Default: "row 1", "row 2", ...
    plan : ColumnPlan, optional
        What the columns hold, where it was decided when the table was read. Default: told from the rows.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = Records(pd.DataFrame({"age": [31, 45], "sex": ["f", "m"]}))
    >>> rows, rows[1], rows[[True, False]].names
    (Records(2 x 2), {'age': 45, 'sex': 'm'}, ('row 1',))
    """

    kind = ROWS

    def __init__(self, frame: pd.DataFrame, names: Sequence[str] | None = None, plan: ColumnPlan | None = None) -> None:
        self.frame = frame
        self.plan = plan
        self.names = tuple(row_names(frame)) if names is None else tuple(names)
        if len(self.names) != len(frame):
            raise DataError(f"Expected a name for each of {len(frame)} rows, found {len(self.names)}.")

    def __repr__(self) -> str:
        return f"Records({self.frame.shape[0]} x {self.frame.shape[1]})"

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int | np.integer):
            return self.frame.iloc[int(index)].to_dict()
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index)]
        return Records(self.frame.iloc[rows], [self.names[i] for i in rows], self.plan)

    def sizes(self) -> str:
        """Number of columns."""
        return f"{self.frame.shape[1]} columns"

    def digest(self, i: int) -> str:
        """Hash of the content of a row: 32 hexadecimal digits."""
        return hashlib.sha256(repr([str(value) for value in self.frame.iloc[i].tolist()]).encode()).hexdigest()[:32]
