"""Words against everything else: windows for the guard before, a detector with its threshold and evidence after."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.data.base.kinds import CLIPS
from headstart.data.base.plain import plain
from headstart.data.clips.preprocessing import SoundPreprocessing
from headstart.data.inputs.registry import simple_of
from headstart.data.sets.dataset import Dataset
from headstart.guard.candidates.candidate import LAST_LAYERS, Candidate
from headstart.guard.candidates.for_inputs import standard_for_inputs
from headstart.guard.candidates.material import Material
from headstart.guard.comparing.journal import checkpoint_in
from headstart.guard.comparing.out_of_fold import fit_on
from headstart.guard.effort import Effort
from headstart.keywords.evidence import cross_fitted, detector_for, keyword_evidence
from headstart.keywords.listener import Detector
from headstart.keywords.material import KEYWORD, OTHER, PARTS, KeywordMaterial, check_false_alarms, keyword_material
from headstart.networks.reading.loading import load_network
from headstart.parameters.transfer import TransferClassifier
from headstart.training.device import pick_device

#: Windows of words from which several new layers are better than one.
_MANY = 5000
#: Of the blocks of a network that are tuned, and how.
_TUNED_SHARE = 0.4
_TUNED: dict[str, Any] = {
    "head": [512],
    "dropout": 0.5,
    "channel_dropout": 0.2,
    "epochs": 5,
    "batch_size": 64,
    "learning_rate": 6e-4,
    "layer_decay": 1.0,
    "weight_decay": 0.05,
    "augment": None,
    "early_stopping": False,
}
_SECONDS = 1.5


@dataclass(frozen=True)
class KeywordTask:
    """Words to be told from everything else: what the guard compares on, and what it becomes.

    Parameters
    ----------
    false_alarms : float
        An hour, above 0.
    effort : Effort
        Of the whole fit; folds are no more than `PARTS`, for there are thousands of windows.
    """

    material: KeywordMaterial
    false_alarms: float
    effort: Effort

    @classmethod
    def of(
        cls, dataset: Dataset, source: Any, effort: Effort, *, background: Any, false_alarms: float, skip_bad: bool
    ) -> KeywordTask:
        """Windows to learn from, and the network that they are for."""
        rate = simple_of(CLIPS).preprocessing.rate
        preprocessing, network = SoundPreprocessing(rate, round(_SECONDS * rate)), None
        if source is not None and KEYWORD in dataset.kind.tasks:
            network = load_network(source, input_type=dataset.input_type)
            preprocessing = network.preprocessing
        material = keyword_material(
            dataset,
            preprocessing,
            background=background,
            skip_bad=skip_bad,
            budget=effort.budget,
            seed=effort.seed,
            progress=effort.progress,
        )
        effort = dataclasses.replace(effort, n_splits=min(effort.n_splits, PARTS))
        return cls(dataclasses.replace(material, network=network), check_false_alarms(false_alarms), effort)

    def candidates(self) -> list[Candidate]:
        """What is compared."""
        return keyword_candidates(self.material, device=self.effort.device, seed=self.effort.seed)

    def finished(self, guarded: Any) -> tuple[Any, Detector, dict[str, Any]]:
        """The estimator that learned from all windows, how it listens, and what adds to the evidence.

        What was compared on some of the windows learns from all of them. Threshold and misses come from models that had
        not heard the background and the clips in question; they learned from less than the finished one.
        """
        candidate, effort = guarded.best_candidate_, self.effort
        data, kind = self.material.whole, pick_device(effort.device).type
        shared = Material(data.inputs, data.y, "classification", data.groups, self.material.network, kind)
        estimator = fit_on(candidate, shared, checkpoint=checkpoint_in(effort.checkpoint, "whole"))
        detector = detector_for(self.material, guarded.classes_, 0.0, self.false_alarms)
        tail, heard = cross_fitted(
            self.material,
            candidate,
            shared,
            detector,
            guarded.temperature_,
            budget=effort.budget,
            seed=effort.seed,
            checkpoint=effort.checkpoint,
            progress=effort.progress,
        )
        detector = dataclasses.replace(detector, threshold=tail.threshold(self.false_alarms))
        found = {
            "keyword": keyword_evidence(self.material, detector, tail, heard),
            "history": list(getattr(estimator, "history_", None) or []),
        }
        return estimator, detector, plain(found)


def keyword_candidates(material: KeywordMaterial, *, device: str, seed: int) -> list[Candidate]:
    """The standard candidates for clips, with heads and tuning that suit thousands of windows.

    Several new layers take the place of linear heads over several depths, also on random weights, and tuning the last
    two fifths of the blocks that of tuning the last one or two. Where there are windows of words in plenty to learn
    from in the end, the fewer windows of the comparison say little about the order of the ways to borrow: one linear
    head, which may be ahead on them and misses about twice as many words in the end, is no candidate, and new layers
    step back where the budget allows tuning, which misses less than half as many (`benchmarks/listen.py`).
    """
    network, n = material.network, len(material.dataset)
    device = pick_device(device).type
    how: dict[str, Any] = {"input_type": CLIPS.input_type, "device": device, "random_state": seed}
    found = standard_for_inputs(network, "classification", n=n, **how)
    if network is not None and network.trained:
        common: dict[str, Any] = {"device": device, "random_state": seed}
        many = int(np.sum(material.whole.y != OTHER)) >= _MANY
        left_out = {"head", "last block", "last 2 blocks"} | ({"linear head"} if many else set())
        found = [candidate for candidate in found if candidate.name not in left_out]
        hidden = TransferClassifier(network, head="hidden", **common)
        words = "several new layers on frozen features of two depths"
        found = [_with_new_layers(c, common) if c.name == "random features" else c for c in found]
        new = [Candidate("new layers", hidden, True, words)]
        blocks = round(_TUNED_SHARE * len(network.chain.blocks))
        if blocks:
            tuned = TransferClassifier(network, train=f"last:{blocks}", **_TUNED, **common)
            words = f"tuning the last {blocks} of {len(network.chain.blocks)} blocks"
            new.append(Candidate(LAST_LAYERS, tuned, True, words, dear=True, instead_of="new layers" if many else ""))
        place = next(i for i, candidate in enumerate(found) if candidate.dear)
        found = [*found[:place], *new, *found[place:]]
    rows = len(material.whole) / n
    fits = 1.0 + sum(float(np.mean(material.part != k)) for k in range(PARTS))
    return [dataclasses.replace(c, final_rows=rows, final_fits=fits) if c.dear else c for c in found]


def _with_new_layers(random: Candidate, common: dict[str, Any]) -> Candidate:
    """The control without transfer: the same layers on the same network with random weights."""
    hidden = TransferClassifier(random.estimator.source, head="hidden", **common)
    words = "several new layers on the same network with random weights"
    return dataclasses.replace(random, estimator=hidden, words=words)
