"""Evidence of a run over two classes, made by hand, as a page shows it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image


def thumbnail(colour: tuple[int, int, int] = (180, 120, 60)) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(buffer, "JPEG")
    return base64.b64encode(buffer.getvalue()).decode()


def candidate(name: str, transfer: bool, score: float, chosen: bool = False, words: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "transfer": transfer,
        "words": words,
        "score": score,
        "interval": [score - 0.06, min(1.0, score + 0.04)],
        "log_loss": 1.1 - score,
        "balanced_accuracy": score - 0.01,
        "macro_f1": score - 0.012,
        "n_splits": 5,
        "n_repeats": 2,
        "seconds": 12.3,
        "chosen": chosen,
    }


def domains(name: str) -> dict[str, Any]:
    """Two sides of 140 and 260 points before a method brought them together, and after."""
    rng = np.random.default_rng(0)
    views = [
        {
            "place": place,
            "by": by,
            "share": 0.4 if by == "PCA" else None,
            "auc": auc,
            "points": rng.random((400, 2)).round(3).tolist(),
        }
        for place, auc in (("before", 0.9), ("after", 0.42))
        for by in ("PCA", "t-SNE")
    ]
    return {
        "sides": [{"name": "target", "n": 140, "shown": 140}, {"name": name, "n": 1200, "shown": 260}],
        "labels": ["ants", "bees and <others>"],
        "numbers": False,
        "side": [0] * 140 + [1] * 260,
        "label": [0, 1] * 200,
        "views": views,
        "alignment": {"name": "CORAL aligned", "share": 0.05},
    }


def example() -> dict[str, Any]:
    """Evidence of a run over two classes, made by hand."""
    return {
        "data": {
            "name": "hymenoptera",
            "n": 244,
            "task": "classification",
            "classes": ["ants", "bees"],
            "n_per_class": {"ants": 123, "bees": 121},
            "n_groups": 240,
            "parts": {"train": 244, "val": 153},
            "dropped": [{"name": "ants/broken.jpg", "reason": "the file ends too early"}],
            "duplicates": [["ants/1.jpg", "ants/1 copy.jpg"]],
            "notes": ["The part 'val' was kept for the final score."],
        },
        "source": {
            "name": "mobilenet_v2_1.0_224",
            "kind": "transformers",
            "n_parameters": 3_504_872,
            "n_examples": 1_281_167,
            "n_classes": 1001,
            "licence": "apache-2.0",
            "origin": "networks/mobilenet_v2_1.0_224",
        },
        "before": {
            "words": "Two of three conditions for a gain are met.",
            "outcome": "Before: it is open. It came out as: helps.",
            "findings": [
                {"check": "input", "value": "image", "verdict": "for", "words": "Both sides are pictures."},
                {"check": "size", "value": 5251, "verdict": "for", "words": "The source saw 5,251 times as many."},
                {"check": "knn", "value": 0.93, "verdict": "against", "words": "Nearest neighbours agree in 93%."},
                {"check": "count", "value": 122, "verdict": "neutral", "words": "122 pictures a class."},
            ],
        },
        "candidates": [
            candidate("classical picture features", False, 0.71, words="gradients and colours, logistic regression"),
            candidate("network from scratch", False, 0.64, words="the same network from random weights"),
            candidate("new head", True, 0.952, words="solved heads over six depths"),
            candidate("last 3 blocks", True, 0.961, True, "fine-tuned behind the freeze boundary"),
        ],
        "left_out": [
            {"name": "all layers", "seconds": 1860.0, "words": "fine-tuning all layers: about 31 minutes; --budget 1h"}
        ],
        "verdict": {
            "word": "helps",
            "sentence": "Transfer helps: 96.1% of 244 are right with it, 71.0% without (+25.1 points, p < 0.001).",
            "difference": 0.251,
            "interval": [0.19, 0.31],
            "p_value": 1e-9,
            "n": 244,
            "test": "McNemar, exact",
            "transfer_used": True,
        },
        "estimate": {
            "metric": "accuracy",
            "value": 0.957,
            "interval": [0.93, 0.98],
            "naive": 0.961,
            "method": "bootstrap bias-corrected cross-validation",
        },
        "test": {"part": "val", "n": 153, "accuracy": 0.954, "balanced_accuracy": 0.955, "macro_f1": 0.954},
        "metrics": {
            "accuracy": 0.961,
            "balanced_accuracy": 0.961,
            "macro_f1": 0.961,
            "log_loss": 0.14,
            "ece_before": 0.05,
            "ece_after": 0.021,
            "temperature": 1.3,
        },
        "confusion": {"labels": ["ants", "bees"], "matrix": [[117, 6], [4, 117]]},
        "per_class": [
            {"class": "ants", "n": 123, "precision": 0.967, "recall": 0.951, "f1": 0.959},
            {"class": "bees", "n": 121, "precision": 0.951, "recall": 0.967, "f1": 0.959},
        ],
        "curves": [
            {
                "name": "new head",
                "transfer": True,
                "n": [10, 20, 50, 100, 195],
                "score": [0.78, 0.87, 0.92, 0.94, 0.952],
                "low": [0.7, 0.82, 0.9, 0.92, 0.93],
                "high": [0.86, 0.91, 0.95, 0.96, 0.97],
            },
            {
                "name": "classical picture features",
                "transfer": False,
                "n": [10, 20, 50, 100, 195],
                "score": [0.54, 0.58, 0.63, 0.67, 0.71],
                "low": [0.46, 0.52, 0.59, 0.64, 0.67],
                "high": [0.62, 0.64, 0.68, 0.71, 0.75],
            },
        ],
        "mistakes": [
            {"name": "ants/17.jpg", "true": "ants", "predicted": "bees", "probability": 0.97, "thumbnail": thumbnail()}
        ],
        "history": [
            {"epoch": 1, "train_loss": 0.4, "val_loss": 0.35, "val_score": 0.9},
            {"epoch": 2, "train_loss": 0.2, "val_loss": 0.28, "val_score": 0.93},
            {"epoch": 3, "train_loss": 0.1, "val_loss": 0.3, "val_score": 0.92},
        ],
        "reproduce": {
            "command": "headstart fit hymenoptera --source mobilenet_v2_1.0_224 --out model",
            "code": "headstart.fit('hymenoptera', source='mobilenet_v2_1.0_224')",
            "versions": {"headstart": "0.1.0", "torch": "2.13.0"},
            "random_state": 0,
        },
        "seconds": 251.0,
        "budget": 600.0,
    }
