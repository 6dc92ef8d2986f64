"""headstart: borrow what others learned, and know whether it helped."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.advise.fit import fit
    from headstart.advise.model import Model, load
    from headstart.advise.safe import SafeTransferClassifier, SafeTransferRegressor
    from headstart.advise.unlabelled_scorers import (
        CircularValidation,
        DeepEmbeddedValidation,
        ImportanceWeightedValidation,
        PredictionEntropy,
        SoftNeighbourhoodDensity,
    )
    from headstart.data.clips import Clips
    from headstart.data.dataset import Dataset
    from headstart.data.pictures import Pictures
    from headstart.data.read import read_dataset
    from headstart.features.aligned import AlignedClassifier, AlignedRegressor
    from headstart.features.bda import BalancedDistributionAdaptation
    from headstart.features.coral import CORAL
    from headstart.features.geodesic import GeodesicFlowKernel
    from headstart.features.jda import JointDistributionAdaptation
    from headstart.features.meda import ManifoldEmbeddedAlignment
    from headstart.features.subspace import SubspaceAlignment
    from headstart.features.tca import TransferComponentAnalysis
    from headstart.features.tjm import TransferJointMatching
    from headstart.instances.multi_source import MultiSourceTrAdaBoostClassifier
    from headstart.instances.task_transfer import TaskTrAdaBoostClassifier
    from headstart.instances.tradaboost import TrAdaBoostClassifier
    from headstart.instances.tradaboost_regressor import TrAdaBoostRegressor
    from headstart.instances.two_stage import TwoStageTrAdaBoostRegressor
    from headstart.parameters.regular_transfer import RegularTransferClassifier, RegularTransferRegressor
    from headstart.parameters.transfer import TransferClassifier, TransferRegressor
    from headstart.source import NetworkSource, Source

__version__ = "0.1.0"

_PUBLIC = {
    "AlignedClassifier": "headstart.features.aligned",
    "AlignedRegressor": "headstart.features.aligned",
    "BalancedDistributionAdaptation": "headstart.features.bda",
    "CORAL": "headstart.features.coral",
    "CircularValidation": "headstart.advise.unlabelled_scorers",
    "Clips": "headstart.data.clips",
    "Dataset": "headstart.data.dataset",
    "DeepEmbeddedValidation": "headstart.advise.unlabelled_scorers",
    "GeodesicFlowKernel": "headstart.features.geodesic",
    "ImportanceWeightedValidation": "headstart.advise.unlabelled_scorers",
    "JointDistributionAdaptation": "headstart.features.jda",
    "ManifoldEmbeddedAlignment": "headstart.features.meda",
    "Model": "headstart.advise.model",
    "MultiSourceTrAdaBoostClassifier": "headstart.instances.multi_source",
    "NetworkSource": "headstart.source",
    "Pictures": "headstart.data.pictures",
    "PredictionEntropy": "headstart.advise.unlabelled_scorers",
    "RegularTransferClassifier": "headstart.parameters.regular_transfer",
    "RegularTransferRegressor": "headstart.parameters.regular_transfer",
    "SafeTransferClassifier": "headstart.advise.safe",
    "SafeTransferRegressor": "headstart.advise.safe",
    "SoftNeighbourhoodDensity": "headstart.advise.unlabelled_scorers",
    "Source": "headstart.source",
    "SubspaceAlignment": "headstart.features.subspace",
    "TaskTrAdaBoostClassifier": "headstart.instances.task_transfer",
    "TrAdaBoostClassifier": "headstart.instances.tradaboost",
    "TrAdaBoostRegressor": "headstart.instances.tradaboost_regressor",
    "TransferClassifier": "headstart.parameters.transfer",
    "TransferComponentAnalysis": "headstart.features.tca",
    "TransferJointMatching": "headstart.features.tjm",
    "TransferRegressor": "headstart.parameters.transfer",
    "TwoStageTrAdaBoostRegressor": "headstart.instances.two_stage",
    "fit": "headstart.advise.fit",
    "load": "headstart.advise.model",
    "read_dataset": "headstart.data.read",
}

__all__ = [
    "AlignedClassifier",
    "AlignedRegressor",
    "BalancedDistributionAdaptation",
    "CORAL",
    "CircularValidation",
    "Clips",
    "Dataset",
    "DeepEmbeddedValidation",
    "GeodesicFlowKernel",
    "ImportanceWeightedValidation",
    "JointDistributionAdaptation",
    "ManifoldEmbeddedAlignment",
    "Model",
    "MultiSourceTrAdaBoostClassifier",
    "NetworkSource",
    "Pictures",
    "PredictionEntropy",
    "RegularTransferClassifier",
    "RegularTransferRegressor",
    "SafeTransferClassifier",
    "SafeTransferRegressor",
    "SoftNeighbourhoodDensity",
    "Source",
    "SubspaceAlignment",
    "TaskTrAdaBoostClassifier",
    "TrAdaBoostClassifier",
    "TrAdaBoostRegressor",
    "TransferClassifier",
    "TransferComponentAnalysis",
    "TransferJointMatching",
    "TransferRegressor",
    "TwoStageTrAdaBoostRegressor",
    "__version__",
    "fit",
    "load",
    "read_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'headstart' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
