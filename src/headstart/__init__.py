"""headstart: borrow what others learned, and know whether it helped."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.advise.fit import fit
    from headstart.advise.model import Model, load
    from headstart.advise.safe import SafeTransferClassifier, SafeTransferRegressor
    from headstart.data.clips import Clips
    from headstart.data.dataset import Dataset
    from headstart.data.pictures import Pictures
    from headstart.data.read import read_dataset
    from headstart.features.aligned import AlignedClassifier, AlignedRegressor
    from headstart.features.coral import CORAL
    from headstart.parameters.transfer import TransferClassifier, TransferRegressor
    from headstart.source import NetworkSource, Source

__version__ = "0.1.0"

_PUBLIC = {
    "AlignedClassifier": "headstart.features.aligned",
    "AlignedRegressor": "headstart.features.aligned",
    "CORAL": "headstart.features.coral",
    "Clips": "headstart.data.clips",
    "Dataset": "headstart.data.dataset",
    "Model": "headstart.advise.model",
    "NetworkSource": "headstart.source",
    "Pictures": "headstart.data.pictures",
    "SafeTransferClassifier": "headstart.advise.safe",
    "SafeTransferRegressor": "headstart.advise.safe",
    "Source": "headstart.source",
    "TransferClassifier": "headstart.parameters.transfer",
    "TransferRegressor": "headstart.parameters.transfer",
    "fit": "headstart.advise.fit",
    "load": "headstart.advise.model",
    "read_dataset": "headstart.data.read",
}

__all__ = [
    "AlignedClassifier",
    "AlignedRegressor",
    "CORAL",
    "Clips",
    "Dataset",
    "Model",
    "NetworkSource",
    "Pictures",
    "SafeTransferClassifier",
    "SafeTransferRegressor",
    "Source",
    "TransferClassifier",
    "TransferRegressor",
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
