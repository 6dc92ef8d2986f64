"""Several new layers over two depths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from small_sounds import sound_network, tones

from headstart import TransferClassifier
from headstart.errors import ParameterError
from headstart.models.model import Model, load
from headstart.parameters.loading import load_estimator
from headstart.parameters.saving import HEAD, save_estimator


def test_they_learn_are_the_same_for_a_seed_and_travel(tmp_path: Path) -> None:
    clips, y = tones(40)
    first, again = (TransferClassifier(sound_network(), head="hidden", random_state=3).fit(clips, y) for _ in range(2))
    assert (first.predict(clips) == y).mean() > 0.9
    assert np.array_equal(first.logits(clips), again.logits(clips))
    model = Model(first, {}, task="classification", classes=[0, 1], input_type="audio")
    loaded = load(model.save(tmp_path / "model"))
    assert np.allclose(loaded.predict_proba(clips), model.predict_proba(clips), atol=1e-6)


@pytest.mark.parametrize("head", ["hidden", "depths"])
def test_a_folder_holds_what_is_read_and_those_of_earlier_versions_are_read(head: str, tmp_path: Path) -> None:
    """Earlier versions kept a linear head beside the others, which nobody read."""
    clips, y = tones(12)
    model = TransferClassifier(sound_network(), head=head, random_state=0).fit(clips, y)
    manifest = save_estimator(model, tmp_path)
    arrays = load_file(tmp_path / HEAD)
    kept = len(manifest["estimator"]["head"]["parts" if head == "depths" else "names"])
    numbers = {name.partition(".")[0] for name in arrays} - {"shift", "scale"}
    assert numbers == set(map(str, range(kept)))
    beside = {"plain.coef": np.ones((2, 2)), "plain.intercept": np.ones(2)}
    beside |= {f"{kept}.coef": np.ones((2, 2)), f"{kept}.intercept": np.ones(2)}
    save_file({**arrays, **beside}, tmp_path / HEAD)
    assert np.array_equal(load_estimator(tmp_path, manifest).logits(clips), model.logits(clips))


def test_another_name_is_refused() -> None:
    clips, y = tones(8)
    with pytest.raises(ParameterError, match="Expected head 'auto', 'linear', 'depths', 'hidden', a list"):
        TransferClassifier(sound_network(), head="deep").fit(clips, y)
