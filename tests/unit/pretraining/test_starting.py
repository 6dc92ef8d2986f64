"""Pre-training that goes on from an earlier source."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from headstart.errors import SourceError
from headstart.networks.reading.loading import load_network
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.recipe import Recipe
from headstart.pretraining.starting import first_network
from headstart.pretraining.train_source import train_source


def test_all_but_the_output_layer_is_taken_from_the_start(tmp_path: Path) -> None:
    examples = FormulaExamples(RenderedPictures("contours", n_classes=3, per_class=32, size=32))
    train_source(examples, tmp_path / "first", Recipe(batch_size=16, half=False))
    start = str(tmp_path / "first")
    module = first_network(Recipe(start=start), ("a", "b"), size=32, input_type="image")
    old, new = load_network(start).module.state_dict(), module.state_dict()
    for name, value in new.items():
        if name.startswith("classifier"):
            assert value.shape != old[name].shape
        else:
            assert torch.equal(value, old[name]), name
    again = train_source(examples, tmp_path / "second", Recipe(start=start, batch_size=16, half=False))
    assert again["recipe"]["start"] == start
    with pytest.raises(SourceError, match=r"of the architecture 'base', found .* differ in name or shape"):
        first_network(Recipe(network="base", start=start), ("a",), size=32, input_type="image")
    with pytest.raises(SourceError):
        first_network(Recipe(start=start), ("a",), size=16000, input_type="audio")
