"""Every classical method of the house by name, with its card; nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

from headstart.contract.card import MethodCard

#: Public name -> module that holds it, sorted by name.
CATALOGUE: dict[str, str] = {
    "AlignedClassifier": "headstart.features.aligned",
    "AlignedRegressor": "headstart.features.aligned",
    "BBSE": "headstart.instances.weighting.target_shift",
    "BalancedDistributionAdaptation": "headstart.features.mappings.bda",
    "BalancedWeighting": "headstart.instances.weighting.balanced_weighting",
    "CORAL": "headstart.features.mappings.coral",
    "DiscriminatorRatio": "headstart.instances.weighting.discriminator_ratio",
    "EasyTransfer": "headstart.features.easy_transfer",
    "FeatureAugmentation": "headstart.features.feature_augmentation",
    "FeatureAugmentationClassifier": "headstart.features.feature_augmentation",
    "FeatureAugmentationRegressor": "headstart.features.feature_augmentation",
    "GeodesicFlowKernel": "headstart.features.mappings.geodesic",
    "GradualSelfTrainingClassifier": "headstart.features.gradual",
    "ImportanceWeightedClassifier": "headstart.instances.weighting.importance",
    "ImportanceWeightedRegressor": "headstart.instances.weighting.importance",
    "JointDistributionAdaptation": "headstart.features.mappings.jda",
    "JointDistributionOptimalTransportClassifier": "headstart.features.joint_transport",
    "JointDistributionOptimalTransportRegressor": "headstart.features.joint_transport",
    "KLIEP": "headstart.instances.weighting.kliep",
    "KernelDensityRatio": "headstart.instances.weighting.kernel_density_ratio",
    "KernelMeanMatching": "headstart.instances.weighting.kernel_mean_matching",
    "LinearMonge": "headstart.features.mappings.linear_monge",
    "MMDTargetShift": "headstart.instances.weighting.target_shift",
    "ManifoldEmbeddedAlignment": "headstart.features.meda",
    "MarginalisedAutoencoder": "headstart.features.mappings.marginalised_autoencoder",
    "MultiSourceTrAdaBoostClassifier": "headstart.instances.boosting.multi_source",
    "NearestNeighbourRatio": "headstart.instances.weighting.nearest_neighbour_ratio",
    "OptimalTransportMapping": "headstart.features.mappings.optimal_transport",
    "PREDClassifier": "headstart.features.pred",
    "PREDRegressor": "headstart.features.pred",
    "RULSIF": "headstart.instances.weighting.least_squares_ratio",
    "RegularTransferClassifier": "headstart.parameters.tables.regular_transfer",
    "RegularTransferRegressor": "headstart.parameters.tables.regular_transfer",
    "SafeAlignedClassifier": "headstart.guard.safe_aligned",
    "SafeAlignedRegressor": "headstart.guard.safe_aligned",
    "SubspaceAlignment": "headstart.features.mappings.subspace",
    "TaskTrAdaBoostClassifier": "headstart.instances.boosting.task_transfer",
    "TrAdaBoostClassifier": "headstart.instances.boosting.tradaboost",
    "TrAdaBoostRegressor": "headstart.instances.boosting.tradaboost_regressor",
    "TransferComponentAnalysis": "headstart.features.mappings.tca",
    "TransferForestClassifier": "headstart.parameters.tables.transfer_forest",
    "TransferForestRegressor": "headstart.parameters.tables.transfer_forest",
    "TransferJointMatching": "headstart.features.mappings.tjm",
    "TwoStageTrAdaBoostRegressor": "headstart.instances.boosting.two_stage",
    "ULSIF": "headstart.instances.weighting.least_squares_ratio",
}

_TASKS = {"classification": "classes", "regression": "numbers"}
_LABELS = {"none": "none", "some": "some", "optional": "used if there", "needed": "all"}


def method(name: str) -> Any:
    """The class of a method.

    Raises
    ------
    KeyError
        If the catalogue has no such name.

    Examples
    --------
    >>> method("CORAL").__name__
    'CORAL'
    """
    return getattr(importlib.import_module(CATALOGUE[name]), name)


def cards() -> dict[str, MethodCard]:
    """Cards of all methods, grouped by what they transfer, sorted by name within.

    Examples
    --------
    >>> cards()["CORAL"].target_labels
    'none'
    """
    found = {name: method(name).card for name in CATALOGUE}
    rank = ("instances", "features", "parameters")
    return dict(sorted(found.items(), key=lambda entry: (rank.index(entry[1].transfers), entry[0])))


def rows() -> list[tuple[str, ...]]:
    """The catalogue as a table: name, what it transfers, learns, needs from target and source, cost, paper.

    Examples
    --------
    >>> next(row for row in rows() if row[0] == "CORAL")[:5]
    ('CORAL', 'features', 'classes, numbers', 'none', 'none')
    """
    return [
        (
            name,
            card.transfers,
            ", ".join(_TASKS[task] for task in card.tasks),
            _LABELS[card.target_labels],
            _LABELS[card.source_labels],
            card.cost,
            card.paper,
        )
        for name, card in cards().items()
    ]


HEADER = ("method", "transfers", "learns", "target labels", "source labels", "cost", "paper")


def markdown() -> str:
    """The catalogue as the page ``docs/methods.md``."""
    lines = [
        "# Methods",
        "",
        "Written by `headstart methods --markdown` from the methods' cards; do not edit it by hand.",
        "In the column *cost*, n counts rows of both sides, d columns, K classes.",
    ]
    found = cards()
    for room in ("instances", "features", "parameters"):
        chosen = {name: card for name, card in found.items() if card.transfers == room}
        if not chosen:
            continue
        lines += ["", f"## What is transferred: {room}", ""]
        lines += ["| method | in a sentence | learns | target labels | source labels | cost | paper |"]
        lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
        for row in (row for row in rows() if row[0] in chosen):
            name, _, learns, target, source, cost, paper = row
            cells = (f"`{name}`", chosen[name].words, learns, target, source, cost, paper)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
