"""What each column of a table was taken for, as the door says it."""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("label", "text", "path", "view", "part", "group", "feature", "left out")


@dataclass(frozen=True)
class ReadColumn:
    """One column of a table and what became of it.

    Parameters
    ----------
    role : {"label", "text", "path", "view", "part", "group", "feature", "left out"}
    became : str
        What its cells were read as, or why it was left out, as in "numbers with a decimal comma".

    Examples
    --------
    >>> str(ReadColumn("price", "feature", "numbers with a decimal comma"))
    "feature 'price': numbers with a decimal comma"
    """

    name: str
    role: str
    became: str = ""

    def __str__(self) -> str:
        return f"{self.role} {self.name!r}" + (f": {self.became}" if self.became else "")
