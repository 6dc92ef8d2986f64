"""Several new layers over two depths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_sounds import sound_network, tones

from headstart import TransferClassifier
from headstart.errors import ParameterError
from headstart.models.model import Model, load


def test_they_learn_are_the_same_for_a_seed_and_travel(tmp_path: Path) -> None:
    clips, y = tones(40)
    first, again = (TransferClassifier(sound_network(), head="hidden", random_state=3).fit(clips, y) for _ in range(2))
    assert (first.predict(clips) == y).mean() > 0.9
    assert np.array_equal(first.logits(clips), again.logits(clips))
    model = Model(first, {}, task="classification", classes=[0, 1], input_type="audio")
    loaded = load(model.save(tmp_path / "model"))
    assert np.allclose(loaded.predict_proba(clips), model.predict_proba(clips), atol=1e-6)


def test_another_name_is_refused() -> None:
    clips, y = tones(8)
    with pytest.raises(ParameterError, match="Expected head 'auto', 'linear', 'depths', 'hidden' or a list"):
        TransferClassifier(sound_network(), head="deep").fit(clips, y)
