"""What the promises of every method need of the guard: that it chooses, not how sure it is of its figures."""

from __future__ import annotations

from functools import partial

import pytest

from headstart.guard.candidates import for_tables
from headstart.guard.evidence import evidence


@pytest.fixture(autouse=True)
def small_guard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees, and few bootstrap samples behind an estimate; whole where weights are compared with repeated rows.

    There the same candidate has to be chosen twice, and a few trees are sometimes one and sometimes another.
    """
    if "sample_weight_equivalence" in request.node.name:
        return
    monkeypatch.setattr(for_tables, "_OWN_TREES", 6)
    monkeypatch.setattr(evidence, "estimate_evidence", partial(evidence.estimate_evidence, samples=50))
