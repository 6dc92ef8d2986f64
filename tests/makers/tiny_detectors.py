"""Detectors that are small and random: of transformers' families, and on maps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from tiny_pictures import source

from headstart import TransferDetector
from headstart.detection.edges import Edges
from headstart.detection.maps import Body
from headstart.detection.solved import SolvedDetector
from headstart.detection.views import rows_of
from headstart.models.detection_model import DetectionModel
from headstart.networks.reading.loading import load_network

FAMILIES = ("detr", "yolos", "deformable", "two_stage", "rt_detr", "d_fine")
_SIZES = {"d_model": 32, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "decoder_layers": 2, "num_queries": 24}
_HEADS = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}


def tiny_detector(family: str, folder: Path, labels: int = 5) -> Path:
    """A folder with a random detector and its image processor."""
    torch.manual_seed(3)
    module = _FAMILIES[family](labels).eval()
    with torch.no_grad():
        for name, part in module.named_parameters():  # so that queries and their boxes differ
            if any(word in name for word in ("query", "detection_tokens", "refpoint")):
                part.copy_(2 * torch.randn_like(part))
            elif "bbox" in name and part.ndim > 1:
                part.copy_(torch.randn_like(part) * 1.5 / part.shape[1] ** 0.5)
    module.save_pretrained(folder)
    _processor(family).save_pretrained(folder)
    return folder


def _processor(family: str) -> Any:
    from transformers import DetrImageProcessorPil, RTDetrImageProcessorPil, YolosImageProcessorPil

    if family == "yolos":
        return YolosImageProcessorPil(size={"height": 64, "width": 64}, do_pad=False)
    if family in ("rt_detr", "d_fine"):
        return RTDetrImageProcessorPil(size={"height": 64, "width": 64})
    return DetrImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})


def _body(stages: tuple[str, ...]) -> Any:
    from transformers import ResNetConfig

    sizes = {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1]}
    return ResNetConfig(**sizes, layer_type="basic", out_features=list(stages))


def _detr(labels: int) -> Any:
    from transformers import DetrConfig, DetrForObjectDetection

    body = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
    return DetrForObjectDetection(
        DetrConfig(**body, backbone_config=_body(("stage4",)), **_SIZES, **_HEADS, encoder_layers=1, num_labels=labels)
    )


def _yolos(labels: int) -> Any:
    from transformers import YolosConfig, YolosForObjectDetection

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return YolosForObjectDetection(
        YolosConfig(**sizes, image_size=[64, 64], patch_size=8, num_detection_tokens=24, num_labels=labels)
    )


def _deformable(labels: int, **more: Any) -> Any:
    from transformers import DeformableDetrConfig, DeformableDetrForObjectDetection

    body = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
    sizes = {**_SIZES, **_HEADS, "encoder_layers": 1, "num_feature_levels": 3, "num_labels": labels}
    return DeformableDetrForObjectDetection(
        DeformableDetrConfig(**body, backbone_config=_body(("stage2", "stage3", "stage4")), **sizes, **more)
    )


def _two_stage(labels: int) -> Any:
    return _deformable(labels, two_stage=True, with_box_refine=True, two_stage_num_proposals=24)


def _rt_detr(labels: int) -> Any:
    from transformers import RTDetrConfig, RTDetrForObjectDetection, RTDetrResNetConfig

    body = RTDetrResNetConfig(**_body(("stage2", "stage3", "stage4")).to_diff_dict())
    body.out_features = ["stage2", "stage3", "stage4"]
    return RTDetrForObjectDetection(RTDetrConfig(backbone_config=body, **_hybrid([16, 24, 32]), num_labels=labels))


def _d_fine(labels: int) -> Any:
    from transformers import DFineConfig, DFineForObjectDetection, HGNetV2Config

    body = HGNetV2Config(
        stem_channels=[3, 8, 8],
        stage_in_channels=[8, 16, 24, 32],
        stage_mid_channels=[8, 8, 8, 8],
        stage_out_channels=[16, 24, 32, 40],
        stage_num_blocks=[1, 1, 1, 1],
        stage_downsample=[False, True, True, True],
        stage_light_block=[False] * 4,
        stage_kernel_size=[3] * 4,
        stage_numb_of_layers=[1] * 4,
        embedding_size=8,
        hidden_sizes=[16, 24, 32, 40],
        depths=[1] * 4,
        out_features=["stage2", "stage3", "stage4"],
    )
    return DFineForObjectDetection(DFineConfig(backbone_config=body, **_hybrid([24, 32, 40]), num_labels=labels))


def _hybrid(channels: list[int]) -> dict[str, Any]:
    sizes = {**_SIZES, **_HEADS, "encoder_hidden_dim": 32, "decoder_in_channels": [32, 32, 32], "num_denoising": 0}
    return {**sizes, "encoder_in_channels": channels}


_FAMILIES = {
    "detr": _detr,
    "yolos": _yolos,
    "deformable": _deformable,
    "two_stage": _two_stage,
    "rt_detr": _rt_detr,
    "d_fine": _d_fine,
}


def random_detector(borrowed: bool) -> DetectionModel:
    """A detector of random answers, which finds something everywhere."""
    body = Body.of(load_network(source()), 64) if borrowed else Edges(64)
    shapes = [(level.side, level.side, level.channels) for level in body.levels]
    rng = np.random.default_rng(0)
    classes = np.array(["disc", "square"], dtype=object)
    estimator = TransferDetector(None, classes=classes.tolist(), device="cpu")
    estimator.classes_, estimator.body_, estimator.lent_ = classes, body, None
    odds, moves = (int(rows_of(body.views, shapes, of_offsets).sum()) for of_offsets in (False, True))
    answers = (rng.normal(size=(odds, 2)) * 0.3, np.full(2, -4.0)), (rng.normal(size=(moves, 5)) * 0.02, np.zeros(5))
    sides = np.array([[0.3, 0.2], [0.15, 0.5]])
    estimator.solved_ = SolvedDetector.of(body.views, shapes, sides, *answers)
    rows = [{"class": "disc", "threshold": 0.3}, {"class": "square", "threshold": 0.05}]
    return DetectionModel(estimator, {"detection": {"classes": rows}})
