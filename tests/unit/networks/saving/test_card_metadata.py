"""The header of a model card is what hubs read: figures with their names, whatever classes and data are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, metadata_load

from headstart.networks.saving.model_card import model_card

ODD = ["yes: no", "- x", "#", "'\"", "a\nb", "{}", "[", "null", "1e3", "ünï ☃", "---", "&a *b", "\x1b[31m", "%", "!!x"]


def card(name: str, **more: Any) -> str:
    proof = {
        "data": {
            "name": name,
            "task": "classification",
            "input_type": "image",
            "n": 9,
            "n_per_class": dict.fromkeys(ODD, 1),
        },
        "estimate": {"metric": "balanced_accuracy", "value": 0.871, "interval": [0.8, 0.92], "method": "held out"},
        "test": {"part": "test", "n": 40, "accuracy": 0.9, "f1": 0.88},
        "source": {"name": "net", "origin": "org/net-1"},
        **more,
    }
    return model_card({"network": {"name": "net", "loads_with": "module", "card": {"licence": "mit"}}}, proof)


@pytest.mark.parametrize("name", ["ants", *ODD])
def test_the_hub_reads_the_figures(name: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card(name), encoding="utf-8")
    said = metadata_load(tmp_path / "README.md")
    assert said is not None and said["base_model"] == "org/net-1" and said["license"] == "mit"
    found = ModelCard.load(tmp_path / "README.md").data.eval_results
    assert found is not None
    values = {(one.metric_type, one.dataset_split): one.metric_value for one in found}
    assert values == {("balanced_accuracy", None): 0.871, ("accuracy", "test"): 0.9, ("f1", "test"): 0.88}
    assert {one.task_type for one in found} == {"image-classification"}
    assert all(one.dataset_name and "\n" not in one.dataset_name for one in found)


def test_a_folder_on_this_machine_is_no_base_model(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card("ants", source={"origin": "/home/ann/net"}, test=None, estimate=None))
    said = metadata_load(tmp_path / "README.md")
    assert said is not None and "base_model" not in said and "model-index" not in said
    assert said["tags"] == ["headstart", "transfer-learning"]
