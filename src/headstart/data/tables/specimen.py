"""A row of a table as a report shows it."""

from __future__ import annotations

from typing import Any

from headstart.data.tables.gaps import absent
from headstart.data.tables.records import Records


def specimen(rows: Records, i: int) -> dict[str, Any]:
    """``cells``: those of row ``i``, in print."""
    return {"thumbnail": None, "cells": {str(name): _cell(value) for name, value in rows[i].items()}}


def _cell(value: Any) -> str:
    """A cell of a table in print; empty where it is missing."""
    if absent(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
