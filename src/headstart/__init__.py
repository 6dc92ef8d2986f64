"""headstart: borrow what others learned, and know whether it helped."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.advise.fit import fit
    from headstart.advise.listen import listen
    from headstart.advise.model import Model, load
    from headstart.advise.safe import SafeTransferClassifier, SafeTransferRegressor
    from headstart.advise.safe_aligned import SafeAlignedClassifier, SafeAlignedRegressor
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
    from headstart.data.texts import Texts
    from headstart.features.aligned import AlignedClassifier, AlignedRegressor
    from headstart.features.bda import BalancedDistributionAdaptation
    from headstart.features.coral import CORAL
    from headstart.features.easy_transfer import EasyTransfer
    from headstart.features.feature_augmentation import (
        FeatureAugmentation,
        FeatureAugmentationClassifier,
        FeatureAugmentationRegressor,
    )
    from headstart.features.geodesic import GeodesicFlowKernel
    from headstart.features.gradual import GradualSelfTrainingClassifier
    from headstart.features.jda import JointDistributionAdaptation
    from headstart.features.joint_transport import (
        JointDistributionOptimalTransportClassifier,
        JointDistributionOptimalTransportRegressor,
    )
    from headstart.features.linear_monge import LinearMonge
    from headstart.features.marginalised_autoencoder import MarginalisedAutoencoder
    from headstart.features.meda import ManifoldEmbeddedAlignment
    from headstart.features.optimal_transport import OptimalTransportMapping
    from headstart.features.pred import PREDClassifier, PREDRegressor
    from headstart.features.subspace import SubspaceAlignment
    from headstart.features.tca import TransferComponentAnalysis
    from headstart.features.tjm import TransferJointMatching
    from headstart.instances.balanced_weighting import BalancedWeighting
    from headstart.instances.discriminator_ratio import DiscriminatorRatio
    from headstart.instances.importance import ImportanceWeightedClassifier, ImportanceWeightedRegressor
    from headstart.instances.kernel_density_ratio import KernelDensityRatio
    from headstart.instances.kernel_mean_matching import KernelMeanMatching
    from headstart.instances.kliep import KLIEP
    from headstart.instances.least_squares_ratio import RULSIF, ULSIF
    from headstart.instances.multi_source import MultiSourceTrAdaBoostClassifier
    from headstart.instances.nearest_neighbour_ratio import NearestNeighbourRatio
    from headstart.instances.target_shift import BBSE, MMDTargetShift
    from headstart.instances.task_transfer import TaskTrAdaBoostClassifier
    from headstart.instances.tradaboost import TrAdaBoostClassifier
    from headstart.instances.tradaboost_regressor import TrAdaBoostRegressor
    from headstart.instances.two_stage import TwoStageTrAdaBoostRegressor
    from headstart.parameters.regular_transfer import RegularTransferClassifier, RegularTransferRegressor
    from headstart.parameters.transfer import TransferClassifier, TransferRegressor
    from headstart.parameters.transfer_forest import TransferForestClassifier, TransferForestRegressor
    from headstart.source import NetworkSource, Source

__version__ = "0.1.0"

_PUBLIC = {
    "AlignedClassifier": "headstart.features.aligned",
    "AlignedRegressor": "headstart.features.aligned",
    "BBSE": "headstart.instances.target_shift",
    "BalancedDistributionAdaptation": "headstart.features.bda",
    "BalancedWeighting": "headstart.instances.balanced_weighting",
    "CORAL": "headstart.features.coral",
    "CircularValidation": "headstart.advise.unlabelled_scorers",
    "Clips": "headstart.data.clips",
    "Dataset": "headstart.data.dataset",
    "DeepEmbeddedValidation": "headstart.advise.unlabelled_scorers",
    "DiscriminatorRatio": "headstart.instances.discriminator_ratio",
    "EasyTransfer": "headstart.features.easy_transfer",
    "FeatureAugmentation": "headstart.features.feature_augmentation",
    "FeatureAugmentationClassifier": "headstart.features.feature_augmentation",
    "FeatureAugmentationRegressor": "headstart.features.feature_augmentation",
    "GeodesicFlowKernel": "headstart.features.geodesic",
    "GradualSelfTrainingClassifier": "headstart.features.gradual",
    "ImportanceWeightedClassifier": "headstart.instances.importance",
    "ImportanceWeightedRegressor": "headstart.instances.importance",
    "ImportanceWeightedValidation": "headstart.advise.unlabelled_scorers",
    "JointDistributionAdaptation": "headstart.features.jda",
    "JointDistributionOptimalTransportClassifier": "headstart.features.joint_transport",
    "JointDistributionOptimalTransportRegressor": "headstart.features.joint_transport",
    "KLIEP": "headstart.instances.kliep",
    "KernelDensityRatio": "headstart.instances.kernel_density_ratio",
    "KernelMeanMatching": "headstart.instances.kernel_mean_matching",
    "LinearMonge": "headstart.features.linear_monge",
    "MMDTargetShift": "headstart.instances.target_shift",
    "ManifoldEmbeddedAlignment": "headstart.features.meda",
    "MarginalisedAutoencoder": "headstart.features.marginalised_autoencoder",
    "Model": "headstart.advise.model",
    "MultiSourceTrAdaBoostClassifier": "headstart.instances.multi_source",
    "NearestNeighbourRatio": "headstart.instances.nearest_neighbour_ratio",
    "NetworkSource": "headstart.source",
    "OptimalTransportMapping": "headstart.features.optimal_transport",
    "PREDClassifier": "headstart.features.pred",
    "PREDRegressor": "headstart.features.pred",
    "Pictures": "headstart.data.pictures",
    "PredictionEntropy": "headstart.advise.unlabelled_scorers",
    "RULSIF": "headstart.instances.least_squares_ratio",
    "RegularTransferClassifier": "headstart.parameters.regular_transfer",
    "RegularTransferRegressor": "headstart.parameters.regular_transfer",
    "SafeAlignedClassifier": "headstart.advise.safe_aligned",
    "SafeAlignedRegressor": "headstart.advise.safe_aligned",
    "SafeTransferClassifier": "headstart.advise.safe",
    "SafeTransferRegressor": "headstart.advise.safe",
    "SoftNeighbourhoodDensity": "headstart.advise.unlabelled_scorers",
    "Source": "headstart.source",
    "SubspaceAlignment": "headstart.features.subspace",
    "TaskTrAdaBoostClassifier": "headstart.instances.task_transfer",
    "Texts": "headstart.data.texts",
    "TrAdaBoostClassifier": "headstart.instances.tradaboost",
    "TrAdaBoostRegressor": "headstart.instances.tradaboost_regressor",
    "TransferClassifier": "headstart.parameters.transfer",
    "TransferComponentAnalysis": "headstart.features.tca",
    "TransferForestClassifier": "headstart.parameters.transfer_forest",
    "TransferForestRegressor": "headstart.parameters.transfer_forest",
    "TransferJointMatching": "headstart.features.tjm",
    "TransferRegressor": "headstart.parameters.transfer",
    "TwoStageTrAdaBoostRegressor": "headstart.instances.two_stage",
    "ULSIF": "headstart.instances.least_squares_ratio",
    "fit": "headstart.advise.fit",
    "listen": "headstart.advise.listen",
    "load": "headstart.advise.model",
    "read_dataset": "headstart.data.read",
}

__all__ = [
    "AlignedClassifier",
    "AlignedRegressor",
    "BBSE",
    "BalancedDistributionAdaptation",
    "BalancedWeighting",
    "CORAL",
    "CircularValidation",
    "Clips",
    "Dataset",
    "DeepEmbeddedValidation",
    "DiscriminatorRatio",
    "EasyTransfer",
    "FeatureAugmentation",
    "FeatureAugmentationClassifier",
    "FeatureAugmentationRegressor",
    "GeodesicFlowKernel",
    "GradualSelfTrainingClassifier",
    "ImportanceWeightedClassifier",
    "ImportanceWeightedRegressor",
    "ImportanceWeightedValidation",
    "JointDistributionAdaptation",
    "JointDistributionOptimalTransportClassifier",
    "JointDistributionOptimalTransportRegressor",
    "KLIEP",
    "KernelDensityRatio",
    "KernelMeanMatching",
    "LinearMonge",
    "MMDTargetShift",
    "ManifoldEmbeddedAlignment",
    "MarginalisedAutoencoder",
    "Model",
    "MultiSourceTrAdaBoostClassifier",
    "NearestNeighbourRatio",
    "NetworkSource",
    "OptimalTransportMapping",
    "PREDClassifier",
    "PREDRegressor",
    "Pictures",
    "PredictionEntropy",
    "RULSIF",
    "RegularTransferClassifier",
    "RegularTransferRegressor",
    "SafeAlignedClassifier",
    "SafeAlignedRegressor",
    "SafeTransferClassifier",
    "SafeTransferRegressor",
    "SoftNeighbourhoodDensity",
    "Source",
    "SubspaceAlignment",
    "TaskTrAdaBoostClassifier",
    "Texts",
    "TrAdaBoostClassifier",
    "TrAdaBoostRegressor",
    "TransferClassifier",
    "TransferComponentAnalysis",
    "TransferForestClassifier",
    "TransferForestRegressor",
    "TransferJointMatching",
    "TransferRegressor",
    "TwoStageTrAdaBoostRegressor",
    "ULSIF",
    "__version__",
    "fit",
    "listen",
    "load",
    "read_dataset",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'headstart' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
