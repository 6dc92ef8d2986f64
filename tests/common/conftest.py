"""What the promises of every method need of the guard: that it chooses, not how sure it is of its figures."""

from __future__ import annotations

from functools import partial

import pytest

from headstart.guard.candidates import for_tables
from headstart.guard.evidence import evidence


@pytest.fixture(autouse=True)
def small_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few trees, and few bootstrap samples behind an estimate."""
    monkeypatch.setattr(for_tables, "_OWN_TREES", 6)
    monkeypatch.setattr(evidence, "estimate_evidence", partial(evidence.estimate_evidence, samples=50))
