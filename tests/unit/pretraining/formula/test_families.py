"""What the renderers compute: against slow loops, closed forms, and in any batch the same bits."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.errors import MissingExtra
from headstart.pretraining.examples import picture_examples
from headstart.pretraining.examples.picture_examples import FormulaExamples
from headstart.pretraining.formula import glyphs
from headstart.pretraining.formula.contours import REACH, levels, outlines
from headstart.pretraining.formula.draws import picture_keys
from headstart.pretraining.formula.fractals import (
    CONTRACTION,
    MAPS,
    contracted,
    fractal_fields,
    orders,
    systems,
    walked,
)
from headstart.pretraining.formula.leaves import LEAVES, draw_leaves, leaf_fields
from headstart.pretraining.formula.painting import draw_paint, painted
from headstart.pretraining.formula.rendered import FAMILIES, FORMULAS, KINDS, RenderedPictures
from headstart.pretraining.formula.textures import frequencies, inverse_transforms, spectra
from headstart.pretraining.formula.warping import WAVES, affine, box_blurred, object_grid, step, warps
from headstart.pretraining.objectives import prepared

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def wholes() -> dict[tuple[str, int], np.ndarray]:
    return {
        (formula, size): RenderedPictures(formula, 15, 4, seed=5, size=size).batch(np.arange(60))[0]
        for formula in FORMULAS
        for size in (28, 64)
    }


@settings(max_examples=30)
@given(
    st.sampled_from(FORMULAS),
    st.sampled_from([28, 64]),
    st.lists(st.integers(0, 59), min_size=1, max_size=12),
    st.integers(1, 3),
)
def test_any_choice_of_pictures_in_any_order_has_the_same_bits(
    wholes: dict[tuple[str, int], np.ndarray], formula: str, size: int, index: list[int], threads: int
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        pictures, labels = RenderedPictures(formula, 15, 4, seed=5, size=size).batch(index)
    finally:
        torch.set_num_threads(before)
    assert np.array_equal(pictures, wholes[formula, size][index])
    assert labels.tolist() == [i % 15 for i in index]


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_class_has_equally_many_pictures(formula: str) -> None:
    pictures = RenderedPictures(formula, 30, 7)
    assert len(pictures) == 210
    assert len(pictures.class_names) == len(set(pictures.class_names)) == 30
    assert np.bincount(pictures.labels(np.arange(210))).tolist() == [7] * 30


@pytest.mark.parametrize("formula", KINDS)
def test_no_picture_is_blank(formula: str) -> None:
    # grain and grounds left out: what the family itself draws must be seen
    family, classes = FAMILIES[formula], np.arange(600) % 100
    keys = picture_keys(0, formula, classes, np.arange(600) // 100)
    drawn = {name: torch.from_numpy(a) for name, a in family.draw(classes, keys, 100, 0).items()}
    masks, shades = family.fields(drawn, 32, 100, 0)
    assert bool(torch.isfinite(masks).all()) and bool(torch.isfinite(shades).all())
    assert masks.min() >= 0 and masks.max() <= 1 and shades.min() >= 0 and shades.max() <= 1
    assert masks.flatten(1).std(dim=1).min() > 0.04


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_device_gets_tensors_with_the_same_pictures(formula: str) -> None:
    pictures = RenderedPictures(formula, 10, 3, size=32)
    arrays, labels = pictures.batch([4, 9, 1])
    tensors, classes = pictures.batch([4, 9, 1], device="cpu")
    assert isinstance(tensors, torch.Tensor) and tensors.dtype == torch.uint8
    assert np.array_equal(tensors.numpy(), arrays)
    assert classes.tolist() == labels.tolist()


@pytest.mark.parametrize("formula", FORMULAS)
def test_pixels_are_computed_on_the_device_alone(formula: str) -> None:
    # tensors of the device "meta" have no values: asking for one, or mixing in a tensor of the CPU, raises
    pictures, labels = RenderedPictures(formula, 6, 2, size=32).batch([3, 11, 0, 7, 8], device="meta")
    assert pictures.device.type == labels.device.type == "meta"
    assert pictures.shape == (5, 32, 32, 3)
    assert pictures.dtype == torch.uint8


def test_walks_against_a_slow_loop() -> None:
    rng = np.random.default_rng(0)
    n, walkers, steps, warm_up = 3, 32, 5, 2
    maps = contracted(rng.normal(size=(n, MAPS, 2, 3)))
    chance = rng.dirichlet(np.ones(MAPS), size=n)
    shares = np.cumsum(chance, axis=1)[:, :-1]
    starts, shifts = rng.uniform(-1, 1, (n, walkers, 2)), rng.random((n, steps))
    arguments = (torch.from_numpy(a) for a in (maps, shares, starts, shifts))
    points, last = walked(*arguments, warm_up)
    order = orders(walkers, steps, CPU).tolist()
    assert all(sorted(row) == list(range(walkers)) for row in order)
    for i in range(n):
        taken = [sum(rank >= math.floor(share * walkers + 0.5) for share in shares[i]) for rank in range(walkers)]
        assert last[i].tolist() == taken
        at, trail = [starts[i, w] for w in range(walkers)], []
        for s in range(steps):
            came = [at[(order[s][w] + int(shifts[i, s] * walkers)) % walkers] for w in range(walkers)]
            at = [maps[i, taken[w], :, :2] @ came[w] + maps[i, taken[w], :, 2] for w in range(walkers)]
            if s >= warm_up:
                trail += at
        assert np.allclose(points[i].numpy().T, np.stack(trail), atol=1e-12)


def test_fractals_count_the_points_in_each_pixel() -> None:
    table = systems(4, 0)
    drawn = FAMILIES["fractals"].draw(np.arange(4), picture_keys(0, "fractals", np.arange(4), 0), 4, 0)
    tensors = {name: torch.from_numpy(a) for name, a in drawn.items()}
    masks, shades = fractal_fields(tensors, 64)
    points, last = walked(*(tensors[name] for name in ("maps", "shares", "starts", "shifts")), 2)
    for i in range(4):
        x, y = points[i].double().numpy()
        x, y = x - x.mean(), y - y.mean()
        spread = np.sqrt((x**2 + y**2).mean())
        placed = drawn["placing"][i].astype(float) @ np.stack([x / spread, y / spread, np.ones_like(x)])
        counts, _, _ = np.histogram2d(placed[1], placed[0], bins=64, range=[[-1, 1], [-1, 1]])
        blurred = 0.5 * counts + 0.5 * box_blurred(torch.from_numpy(counts)).numpy()
        expected = 1 - np.exp(-1.6 * blurred)
        assert np.mean(np.abs(masks[i].numpy() - expected) > 1e-4) < 0.01  # a point on an edge may fall to either side
        assert 0 <= shades[i].min() <= shades[i].max() <= 1
        assert abs(float(last[i].double().mean()) - (table["chance"][i] * np.arange(MAPS)).sum()) < 0.02


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_every_system_contracts(seed: int) -> None:
    maps = np.random.default_rng(seed).normal(size=(5, 2, 3)) * 2
    shrunk = contracted(maps)
    largest, before = (np.linalg.norm(m[:, :, :2], ord=2, axis=(1, 2)) for m in (shrunk, maps))
    assert (largest <= CONTRACTION + 1e-9).all()
    assert np.allclose(shrunk[before <= CONTRACTION], maps[before <= CONTRACTION])
    assert np.array_equal(shrunk[:, :, 2], maps[:, :, 2])


def test_the_spectrum_against_its_closed_form() -> None:
    size, frequency, direction, spread, fan, strength = 32, 6.0, 0.7, 0.3, 0.5, 0.8
    peaks = np.zeros((1, 3, 5), dtype=np.float32)
    peaks[0, 1] = np.log(frequency), np.cos(direction) / fan, np.sin(direction) / fan, 1 / spread, strength
    found = spectra(torch.from_numpy(peaks), size)[0].numpy()
    for row in range(size):
        for column in range(size // 2 + 1):
            fy, fx = (row if row < size / 2 else row - size), column
            length = math.hypot(fx, fy)
            if length == 0:
                assert found[row, column] == 0
                continue
            away = (math.log(length) - math.log(frequency)) / spread
            angle = math.atan2(fy, fx) - direction
            expected = strength / length * math.exp(-0.5 * (away**2 + (math.sin(angle) / fan) ** 2))
            assert found[row, column] == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_noise_has_its_spectrum() -> None:
    peaks = torch.tensor([[[math.log(8.0), 1 / 0.4, 0.0, 1 / 0.3, 1.0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]]])
    amplitudes = spectra(peaks.float(), 64)
    white = torch.randn(400, 64, 33, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    power = torch.fft.rfft2(inverse_transforms(white * amplitudes, 64)).abs().pow(2).mean(dim=0)
    inner = slice(1, 32)  # at the edges of the half plane pairs of numbers coincide
    ratio = power[:, inner] / amplitudes[0, :, inner].pow(2)
    strong = amplitudes[0, :, inner] > 0.1 * amplitudes.max()
    assert float(ratio[strong].mean()) == pytest.approx(1.0, abs=0.03)
    assert float(ratio[strong].std()) < 0.1  # of 400 draws: 0.05
    assert power[0, 0] < 1e-6
    sine, cosine, inverse = frequencies(64, CPU)
    assert torch.allclose((sine**2 + cosine**2)[inverse > 0], torch.ones(()), atol=1e-6)


def test_a_warp_without_waves_is_its_affine_map() -> None:
    keys = picture_keys(0, "x", np.arange(5), 0)
    matrices = affine(keys, turn=30, scale=(0.5, 1.5), shear=0.3, shift=0.1)
    grid = object_grid(torch.from_numpy(warps(keys, matrices, elastic=0.0)), 20).numpy()
    line = (np.arange(20) + 0.5) / 10 - 1
    x, y = np.meshgrid(line, line)
    expected = np.einsum("nij,jhw->nhwi", matrices, np.stack([x, y, np.ones_like(x)]))
    assert np.allclose(grid, expected, atol=1e-5)


def test_waves_bend_as_much_as_asked() -> None:
    keys = picture_keys(0, "x", np.arange(800), 0)
    none = np.zeros((800, 2, 3))
    moved = object_grid(torch.from_numpy(warps(keys, none, elastic=0.2)), 32).numpy()
    share = np.sqrt((moved**2).mean(axis=(1, 2, 3)).mean())
    assert share == pytest.approx(0.2 * 0.6 / math.sqrt(3), rel=0.05)  # shares are uniform on 0..1
    smooth = np.abs(np.diff(moved, axis=1)).max()
    assert smooth < 0.2 * math.pi * WAVES * 2 / 32


def test_contours_have_their_radii() -> None:
    radii, field = outlines(6, 0)[0], levels(6, 0).astype(np.float64)
    line = ((np.arange(64) + 0.5) / 32 - 1) * REACH
    for i, row, column in [(0, 10, 50), (3, 40, 5), (5, 31, 60)]:
        x, y = line[column], line[row]
        angles = (np.arange(128) + 0.5) * 2 * np.pi / 128
        radius = np.interp(math.atan2(y, x), angles, radii[i], period=2 * np.pi)
        assert field[i, row, column] == pytest.approx(math.hypot(x, y) / radius, rel=2e-3)
    assert (field[:, 0] > 1).all() and (field[:, :, 0] > 1).all()  # an outline lies inside its field


def test_the_last_leaf_lies_on_top() -> None:
    classes = np.zeros(2, dtype=np.int64)
    drawn = draw_leaves(classes, picture_keys(0, "leaves", classes, np.arange(2)), 3, 0)
    drawn["centres"][:] = 1.15  # beyond the lower right corner
    drawn["centres"][0, [3, 17]] = 0.0
    drawn["centres"][1, [3]] = 0.0
    tensors = {name: torch.from_numpy(a) for name, a in drawn.items()}
    masks, shades = leaf_fields(tensors, 32, 3, 0)
    top = drawn["tones"][0, :, 18], drawn["tones"][1, :, 4]  # tone 0 is the ground's
    for i in range(2):
        assert (float(masks[i, 16, 16]), float(shades[i, 16, 16])) == pytest.approx(tuple(top[i]))
    assert len(drawn["tones"][0, 0]) == LEAVES + 1
    assert float(masks[0, 2, 2]) == 0.0


def test_blur_and_step_against_their_definitions() -> None:
    picture = torch.rand(2, 9, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(picture[:, None], (1, 1, 1, 1), mode="replicate")
    assert torch.allclose(box_blurred(picture), torch.nn.functional.avg_pool2d(padded, 3, 1)[:, 0])
    values = torch.linspace(-12, 12, 101)
    assert torch.allclose(step(values), torch.sigmoid(values), atol=1e-6)


def test_paint_mixes_the_colours_that_were_drawn() -> None:
    keys = picture_keys(0, "x", np.arange(50), 0)
    drawn = draw_paint(keys, np.zeros((50, 3)), np.zeros(50), np.zeros(50))
    for name in ("cloudy", "plain", "slope", "blur", "filled"):
        drawn[name][:] = 0
    drawn["mixing"][:, :, 3] = 0  # no grain
    tensors = {name: torch.from_numpy(a) for name, a in drawn.items()}
    masks, shades = torch.zeros(50, 16, 16), torch.zeros(50, 16, 16)
    masks[:, :, 8:], shades[:, 8:] = 1, 1
    found = painted(masks, shades, tensors).float()
    figure, ground = drawn["mixing"][:, :, 0], drawn["mixing"][:, :, 4]
    other = drawn["mixing"][:, :, 2]
    for where, colour in (((2, 2), ground), ((2, 12), ground + figure), ((12, 12), ground + figure + other)):
        assert np.abs(found[:, where[0], where[1]].numpy() - colour).max() <= 0.51
    contrast = np.abs(figure.mean(axis=1))
    assert contrast.min() > 255 * 0.15  # every figure is seen


def test_examples_are_rendered_where_the_network_trains() -> None:
    pictures = RenderedPictures("mixed", 5, 4, size=16)
    there, here = FormulaExamples(pictures), FormulaExamples(pictures)
    there.compute_on(torch.device("meta"))
    here.compute_on(torch.device("cpu"))
    for batch in (there.batch(np.arange(3), 0), next(there.held_out())):
        assert isinstance(batch.x, torch.Tensor) and batch.x.device.type == "meta"
        assert prepared(batch.x, there.preprocessing, torch.device("meta")).shape == (len(batch), 3, 16, 16)
    batch = here.batch(np.arange(3), 0)
    assert isinstance(batch.x, np.ndarray)
    as_tensor = prepared(torch.from_numpy(batch.x), here.preprocessing, CPU)
    assert torch.equal(as_tensor, prepared(batch.x, here.preprocessing, CPU))


@pytest.mark.parametrize("part", [(0, 1), (1, 2)])
def test_batches_rendered_together_are_those_rendered_apart(
    monkeypatch: pytest.MonkeyPatch, part: tuple[int, int]
) -> None:
    pictures = RenderedPictures("mixed", 5, 14, size=16)
    apart, together = FormulaExamples(pictures), FormulaExamples(pictures)
    monkeypatch.setattr(together, "_device", CPU)  # as on a GPU, where several batches are rendered at once
    monkeypatch.setattr(picture_examples, "AT_ONCE", 30)
    arguments = (3, 2, 10, 0, part)
    first, second = list(apart.batches(*arguments)), list(together.batches(*arguments))
    assert len(first) == len(second) == 3
    for one, other in zip(first, second, strict=True):
        assert isinstance(other.x, torch.Tensor)
        assert np.array_equal(one.x, other.x.numpy())
        assert one.y is not None and other.y is not None and one.y.tolist() == other.y.tolist()


def test_characters_without_matplotlib_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    glyphs._font.cache_clear()
    with pytest.raises(MissingExtra, match=r"characters of its fonts needs matplotlib.*headstart\[formula\]"):
        glyphs.drawn("a", "DejaVuSans")
