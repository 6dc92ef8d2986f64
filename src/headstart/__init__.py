"""headstart: borrow what others learned, and know whether it helped."""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own, without loading it: importing headstart costs next to nothing
if TYPE_CHECKING:
    from typing import Any

    from headstart.data.boxes.boxes import Boxes
    from headstart.data.clips.clips import Clips
    from headstart.data.pictures.pictures import Pictures
    from headstart.data.reading.read import read_dataset
    from headstart.data.sets.dataset import Dataset
    from headstart.data.texts.texts import Texts
    from headstart.detection.transfer import TransferDetector
    from headstart.drift.validity import check
    from headstart.features.adapted.adapted import AdaptedClassifier
    from headstart.features.aligned import AlignedClassifier, AlignedRegressor
    from headstart.features.easy_transfer import EasyTransfer
    from headstart.features.feature_augmentation import (
        FeatureAugmentation,
        FeatureAugmentationClassifier,
        FeatureAugmentationRegressor,
    )
    from headstart.features.gradual import GradualSelfTrainingClassifier
    from headstart.features.joint_transport import (
        JointDistributionOptimalTransportClassifier,
        JointDistributionOptimalTransportRegressor,
    )
    from headstart.features.mappings.bda import BalancedDistributionAdaptation
    from headstart.features.mappings.coral import CORAL
    from headstart.features.mappings.geodesic import GeodesicFlowKernel
    from headstart.features.mappings.jda import JointDistributionAdaptation
    from headstart.features.mappings.linear_monge import LinearMonge
    from headstart.features.mappings.marginalised_autoencoder import MarginalisedAutoencoder
    from headstart.features.mappings.optimal_transport import OptimalTransportMapping
    from headstart.features.mappings.subspace import SubspaceAlignment
    from headstart.features.mappings.tca import TransferComponentAnalysis
    from headstart.features.mappings.tjm import TransferJointMatching
    from headstart.features.meda import ManifoldEmbeddedAlignment
    from headstart.features.pred import PREDClassifier, PREDRegressor
    from headstart.guard.choosing.unlabelled_scorers import (
        CircularValidation,
        DeepEmbeddedValidation,
        ImportanceWeightedValidation,
        PredictionEntropy,
        SoftNeighbourhoodDensity,
    )
    from headstart.guard.safe_adapted import SafeAdaptedClassifier
    from headstart.guard.safe_aligned import SafeAlignedClassifier, SafeAlignedRegressor
    from headstart.guard.safe_transfer import SafeTransferClassifier, SafeTransferRegressor
    from headstart.instances.boosting.multi_source import MultiSourceTrAdaBoostClassifier
    from headstart.instances.boosting.task_transfer import TaskTrAdaBoostClassifier
    from headstart.instances.boosting.tradaboost import TrAdaBoostClassifier
    from headstart.instances.boosting.tradaboost_regressor import TrAdaBoostRegressor
    from headstart.instances.boosting.two_stage import TwoStageTrAdaBoostRegressor
    from headstart.instances.weighting.balanced_weighting import BalancedWeighting
    from headstart.instances.weighting.discriminator_ratio import DiscriminatorRatio
    from headstart.instances.weighting.importance import ImportanceWeightedClassifier, ImportanceWeightedRegressor
    from headstart.instances.weighting.kernel_density_ratio import KernelDensityRatio
    from headstart.instances.weighting.kernel_mean_matching import KernelMeanMatching
    from headstart.instances.weighting.kliep import KLIEP
    from headstart.instances.weighting.least_squares_ratio import RULSIF, ULSIF
    from headstart.instances.weighting.nearest_neighbour_ratio import NearestNeighbourRatio
    from headstart.instances.weighting.target_shift import BBSE, MMDTargetShift
    from headstart.models.advice import advise
    from headstart.models.explaining.looking import look
    from headstart.models.fitting import fit
    from headstart.models.labelling import label_next
    from headstart.models.listening import listen
    from headstart.models.model import Model, evaluate, load
    from headstart.multitask.auxiliary import AuxiliaryTaskClassifier, AuxiliaryTaskRegressor
    from headstart.multitask.partial_pooling import PartialPoolingClassifier, PartialPoolingRegressor
    from headstart.multiview.co_training import CoTrainingClassifier
    from headstart.multiview.correlation import MultiViewCCA
    from headstart.multiview.fused import MultiViewClassifier, MultiViewRegressor
    from headstart.parameters.several_tasks import MultiTaskClassifier, MultiTaskRegressor
    from headstart.parameters.tables.regular_transfer import RegularTransferClassifier, RegularTransferRegressor
    from headstart.parameters.tables.transfer_forest import TransferForestClassifier, TransferForestRegressor
    from headstart.parameters.transfer import TransferClassifier, TransferRegressor
    from headstart.pretraining.sources.from_data import pretrain
    from headstart.semisupervised.discriminant import SemiSupervisedDiscriminantClassifier
    from headstart.semisupervised.propagation import LabelPropagationClassifier
    from headstart.semisupervised.self_training import BalancedSelfTrainingClassifier
    from headstart.source import NetworkSource, Source

__version__ = "0.2.0"

_PUBLIC = {
    "Boxes": "headstart.data.boxes.boxes",
    "CircularValidation": "headstart.guard.choosing.unlabelled_scorers",
    "Clips": "headstart.data.clips.clips",
    "Dataset": "headstart.data.sets.dataset",
    "DeepEmbeddedValidation": "headstart.guard.choosing.unlabelled_scorers",
    "ImportanceWeightedValidation": "headstart.guard.choosing.unlabelled_scorers",
    "Model": "headstart.models.model",
    "NetworkSource": "headstart.source",
    "Pictures": "headstart.data.pictures.pictures",
    "PredictionEntropy": "headstart.guard.choosing.unlabelled_scorers",
    "SafeTransferClassifier": "headstart.guard.safe_transfer",
    "SafeTransferRegressor": "headstart.guard.safe_transfer",
    "SoftNeighbourhoodDensity": "headstart.guard.choosing.unlabelled_scorers",
    "Source": "headstart.source",
    "Texts": "headstart.data.texts.texts",
    "TransferClassifier": "headstart.parameters.transfer",
    "TransferDetector": "headstart.detection.transfer",
    "TransferRegressor": "headstart.parameters.transfer",
    "advise": "headstart.models.advice",
    "check": "headstart.drift.validity",
    "evaluate": "headstart.models.model",
    "fit": "headstart.models.fitting",
    "label_next": "headstart.models.labelling",
    "listen": "headstart.models.listening",
    "load": "headstart.models.model",
    "look": "headstart.models.explaining.looking",
    "pretrain": "headstart.pretraining.sources.from_data",
    "read_dataset": "headstart.data.reading.read",
}

__all__ = [
    "AdaptedClassifier",
    "AlignedClassifier",
    "AlignedRegressor",
    "AuxiliaryTaskClassifier",
    "AuxiliaryTaskRegressor",
    "BBSE",
    "BalancedDistributionAdaptation",
    "BalancedSelfTrainingClassifier",
    "BalancedWeighting",
    "Boxes",
    "CORAL",
    "CircularValidation",
    "Clips",
    "CoTrainingClassifier",
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
    "LabelPropagationClassifier",
    "LinearMonge",
    "MMDTargetShift",
    "ManifoldEmbeddedAlignment",
    "MarginalisedAutoencoder",
    "Model",
    "MultiSourceTrAdaBoostClassifier",
    "MultiTaskClassifier",
    "MultiTaskRegressor",
    "MultiViewCCA",
    "MultiViewClassifier",
    "MultiViewRegressor",
    "NearestNeighbourRatio",
    "NetworkSource",
    "OptimalTransportMapping",
    "PREDClassifier",
    "PREDRegressor",
    "PartialPoolingClassifier",
    "PartialPoolingRegressor",
    "Pictures",
    "PredictionEntropy",
    "RULSIF",
    "RegularTransferClassifier",
    "RegularTransferRegressor",
    "SafeAdaptedClassifier",
    "SafeAlignedClassifier",
    "SafeAlignedRegressor",
    "SafeTransferClassifier",
    "SafeTransferRegressor",
    "SemiSupervisedDiscriminantClassifier",
    "SoftNeighbourhoodDensity",
    "Source",
    "SubspaceAlignment",
    "TaskTrAdaBoostClassifier",
    "Texts",
    "TrAdaBoostClassifier",
    "TrAdaBoostRegressor",
    "TransferClassifier",
    "TransferComponentAnalysis",
    "TransferDetector",
    "TransferForestClassifier",
    "TransferForestRegressor",
    "TransferJointMatching",
    "TransferRegressor",
    "TwoStageTrAdaBoostRegressor",
    "ULSIF",
    "__version__",
    "advise",
    "check",
    "evaluate",
    "fit",
    "label_next",
    "listen",
    "load",
    "look",
    "pretrain",
    "read_dataset",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'headstart' has no attribute {name!r}")
    import importlib

    home = _PUBLIC.get(name)
    if home is None:  # a method, which the catalogue knows
        from headstart.contract.catalogue import CATALOGUE

        home = CATALOGUE[name]
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
