"""The page beside an exported model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from headstart.models.exporting.card import export_card


def test_a_lead_that_is_the_verdict_stands_once() -> None:
    whole: Any = SimpleNamespace(form="rows")
    same = {"lead": "Not proven: no labels.", "verdict": "Not proven: no labels."}
    card = export_card(whole, "", "model.onnx", (0.0, 50), ["a", "b"], same)
    assert card.count("Not proven") == 1
    assert "Right. It helps." in export_card(
        whole, "", "model.onnx", (0.0, 50), ["a", "b"], {"lead": "Right.", "verdict": "It helps."}
    )
