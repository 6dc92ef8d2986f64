"""The reason beside an offer agrees with its verdict."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.adviser.measuring import gain_of
from headstart.adviser.ranking import ranked
from headstart.adviser.table_sources import SourceRows
from headstart.guard.candidates.material import Material
from headstart.models import advised_tables


@pytest.mark.parametrize(
    ("right", "verdict", "why"),
    [(0.9, "help", "5 rows"), (0.1, "hurt", "a loss on these rows"), (0.5, "open", "no sure gain on these rows")],
)
def test_what_hurts_is_a_loss(monkeypatch: pytest.MonkeyPatch, right: float, verdict: str, why: str) -> None:
    alone, lent = np.full(40, 0.5), np.full(40, right)
    one = SourceRows({"instances": gain_of(lent, alone)}, {"instances": lent}, {"instances": 0.1})
    monkeypatch.setattr(advised_tables, "judge_rows", lambda *given, **more: (alone, 0.2, [one]))
    X, y = np.zeros((40, 2)), np.arange(40) % 2
    offers = advised_tables.offers_of_rows(X, Material(X, y, "classification"), [(X[:5], y[:5])], ["there"])
    (row,) = [row for row in ranked(offers) if row["source"] == "there"]
    assert (row["verdict"], row["why"]) == (verdict, why)
