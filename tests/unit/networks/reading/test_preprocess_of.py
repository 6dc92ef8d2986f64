"""What a transformers image processor does, read off it: the same pixels on real pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import SourceError
from headstart.networks.reading.loading import load_network
from headstart.networks.reading.preprocess_of import preprocessing_of, processor_config

CASES: list[tuple[str, dict[str, Any]]] = [
    ("MobileNetV1", {"size": {"shortest_edge": 146}, "crop_size": {"height": 128, "width": 128}}),
    ("MobileNetV2", {}),
    ("ViT", {}),
    ("ViT", {"size": {"height": 60, "width": 90}, "resample": 3, "image_mean": [0.1, 0.2, 0.3]}),
    ("ViT", {"do_normalize": False}),
    ("ViT", {"do_rescale": False, "image_mean": [128.0] * 3, "image_std": [64.0] * 3}),
    ("DeiT", {}),
    ("Bit", {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}),
    ("CLIP", {}),
    ("Siglip", {}),
    ("Beit", {}),
    ("ConvNext", {"size": {"shortest_edge": 224}}),
    ("ConvNext", {"size": {"shortest_edge": 224}, "crop_pct": 0.95, "resample": 3}),
    ("ConvNext", {"size": {"shortest_edge": 384}}),
    ("PoolFormer", {}),
    ("PoolFormer", {"size": {"height": 100, "width": 100}, "crop_pct": 0.95, "crop_size": {"height": 90, "width": 90}}),
    ("Levit", {}),
    ("EfficientNet", {}),
    ("EfficientNet", {"include_top": False, "rescale_offset": True, "rescale_factor": 1 / 127.5}),
    ("EfficientNet", {"do_normalize": False}),
    ("Pvt", {}),
    ("Segformer", {}),
    ("MobileNetV1", {"size": {"shortest_edge": 100}, "crop_size": {"height": 120, "width": 80}}),
]


def processor_of(name: str, arguments: dict[str, Any]) -> Any:
    return getattr(transformers, f"{name}ImageProcessorPil")(**arguments)


@pytest.fixture(scope="module")
def pictures(shared_data: Path) -> list[Image.Image]:
    files = sorted((shared_data / "hymenoptera").rglob("*.jpg"))[:3]
    return [Image.open(file).convert("RGB") for file in files]


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_same_pixels_as_the_processor(name: str, arguments: dict[str, Any], pictures: list[Image.Image]) -> None:
    processor = processor_of(name, arguments)
    found = preprocessing_of(processor)
    for picture in pictures:
        theirs = processor(images=[picture], return_tensors="np")["pixel_values"][0]
        ours = found.array(found.canvas(picture))
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=2e-6, rtol=1e-6)


@pytest.mark.parametrize("name", ["mobilenet_v1_0.25_128", "mobilenet_v2_1.0_224"])
def test_shared_networks_see_the_pixels_of_their_processors(
    name: str, shared_data: Path, pictures: list[Image.Image]
) -> None:
    folder = shared_data / "networks" / name
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    found = load_network(folder).preprocessing
    theirs = processor(images=pictures, return_tensors="np")["pixel_values"]
    ours = np.stack([found.array(found.canvas(picture)) for picture in pictures])
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@settings(max_examples=30)
@given(
    resize=st.one_of(st.integers(8, 80), st.tuples(st.integers(8, 80), st.integers(8, 80))),
    crop=st.one_of(st.none(), st.tuples(st.integers(5, 90), st.integers(5, 90))),
    resample=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]),
    mean=st.tuples(*[st.floats(0, 1)] * 3),
    shape=st.tuples(st.integers(9, 90), st.integers(9, 90)),
)
def test_written_processor_gives_the_same_pixels(resize: Any, crop: Any, resample: str, mean: Any, shape: Any) -> None:
    used = Preprocessing(resize, crop, mean, (0.5, 0.25, 1.0), resample=resample)
    config = processor_config(used)
    processor = transformers.MobileNetV1ImageProcessorPil(
        **{k: v for k, v in config.items() if k != "image_processor_type"}
    )
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    theirs = processor(images=[Image.fromarray(picture)], return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(used.array(used.canvas(picture)), theirs, atol=1e-6)
    again = preprocessing_of(processor)
    assert again.size == used.size and again.resize == used.resize and again.resample == resample


def test_configuration_alone_is_enough() -> None:
    assert preprocessing_of({"size": 224, "feature_extractor_type": "ViTFeatureExtractor"}).resize == (224, 224)
    levit = preprocessing_of({"image_processor_type": "LevitImageProcessorFast", "size": {"shortest_edge": 224}})
    assert (levit.resize, levit.size) == (256, (224, 224))
    grey = preprocessing_of({"size": {"height": 28, "width": 28}, "image_mean": 0.13, "image_std": [0.3]}, channels=1)
    assert (grey.channels, grey.mean, grey.std) == (1, (0.13,), (0.3,))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"do_resize": False}, "found an image processor that does not resize"),
        ({"size": {"longest_edge": 512}}, r"one input size, found the rule \{'longest_edge': 512\}"),
        ({"size": {"shortest_edge": 800, "longest_edge": 1333}}, "one input size"),
        ({"do_flip_channel_order": True}, "takes red first, found one that takes blue first"),
        ({"image_processor_type": "MobileViTImageProcessor"}, r"blue first \(MobileViTImageProcessor\)"),
    ],
)
def test_what_cannot_be_carried_over_is_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(SourceError, match=words):
        preprocessing_of(config)


def test_four_channels_are_refused() -> None:
    with pytest.raises(SourceError, match="1 or 3 colour channels, found 4"):
        preprocessing_of({}, channels=4)


@pytest.mark.parametrize("name", ["Siglip2", "Perceiver"])
def test_processors_with_habits_of_their_own_are_found_out(name: str) -> None:
    with pytest.raises(
        SourceError, match=rf"found {name}ImageProcessorPil, which gives other pixels|takes one picture"
    ):
        preprocessing_of(processor_of(name, {}))


def test_network_for_blue_first_is_turned(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = transformers.MobileViTConfig(
        image_size=64, hidden_sizes=[8, 8, 8], neck_hidden_sizes=[8, 8, 8, 8, 8, 8, 8], num_attention_heads=2
    )
    module = transformers.MobileViTForImageClassification(config).eval()
    module.save_pretrained(tmp_path)
    processor = transformers.MobileViTImageProcessorPil(
        size={"shortest_edge": 72}, crop_size={"height": 64, "width": 64}
    )
    processor.save_pretrained(tmp_path)
    network = load_network(tmp_path)
    assert any("blue first" in note for note in network.card.notes)
    picture = np.random.default_rng(0).integers(0, 256, (90, 80, 3), dtype=np.uint8)
    theirs = processor(images=[picture], return_tensors="pt")["pixel_values"]
    ours = torch.from_numpy(network.preprocessing.array(network.preprocessing.canvas(picture)))[None]
    with torch.no_grad():
        torch.testing.assert_close(network.module(ours).logits, module(theirs).logits, atol=1e-5, rtol=1e-4)
