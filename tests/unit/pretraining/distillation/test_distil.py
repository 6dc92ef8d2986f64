"""Distillation: views, lessons on disk, targets, loss, and the source that comes out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from headstart.data.pictures.pictures import Pictures
from headstart.data.pictures.preprocessing import Preprocessing
from headstart.errors import BadPictures, DataError, ParameterError
from headstart.networks.network import Network, SourceCard
from headstart.networks.reading.loading import load_network
from headstart.pretraining.distillation import lessons as teaching
from headstart.pretraining.distillation.distil import distil
from headstart.pretraining.distillation.lessons import Lessons, pooled
from headstart.pretraining.distillation.objective import DistillationRecipe, distillation_loss
from headstart.pretraining.distillation.taught_examples import TaughtExamples
from headstart.pretraining.examples.picture_views import FormulaViews, PictureViews
from headstart.pretraining.formula.rendered import RenderedPictures
from headstart.pretraining.recipe import Recipe, RunOptions

QUICK = Recipe(batch_size=16, epochs=2)
FEW = DistillationRecipe(views=2, components=8)


def teacher(seed: int = 0, name: str = "wise") -> Network:
    """A tiny network that looks at 24 x 24 pixels and has 12 features."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        body = [nn.Conv2d(3, 12, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5)]
        module = nn.Sequential(*body)
    card = SourceCard(n_examples=1000, n_parameters=977, licence="MIT")
    return Network(module.eval(), name, "module", Preprocessing(30, (24, 24), (0.5,) * 3, (0.5,) * 3), card)


def pictures(n: int = 40, seed: int = 0) -> Pictures:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (n, 4, 5, 3), dtype=np.uint8)
    return Pictures([np.asarray(Image.fromarray(c).resize((50, 40), Image.Resampling.BICUBIC)) for c in coarse])


def views(n: int = 40, **settings: object) -> PictureViews:
    return PictureViews(pictures(n), 2, 16, 24, **settings)  # type: ignore[arg-type]


def test_the_first_view_is_the_middle_and_the_student_sees_it_smaller() -> None:
    v = views()
    shown, kept, bad = v.made(np.array([3, 5]))
    assert [s.shape for s in shown] == [(24, 24, 3)] * 4
    assert kept.shape == (4, 16, 16, 3)
    assert not bad
    middle = Image.fromarray(pictures().decode(5)).crop((5, 0, 45, 40)).resize((24, 24), Image.Resampling.BILINEAR)
    assert np.abs(shown[2].astype(int) - np.asarray(middle).astype(int)).mean() < 1  # but for the outermost pixels
    smaller = Image.fromarray(shown[3]).resize((16, 16), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(kept[3], np.asarray(smaller))
    again = v.made(np.array([5]))[0]
    np.testing.assert_array_equal(again[1], shown[3])  # whatever else is asked for


def test_small_changes_stay_small_and_leave_the_original() -> None:
    v = views()
    x = v.made(np.array([0]))[1][0]
    before = x.copy()
    y = v.varied(x, np.random.default_rng(1))
    assert y.shape == x.shape
    assert y.dtype == np.uint8
    assert not np.array_equal(x, y)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, v.varied(x, np.random.default_rng(1)))
    assert np.corrcoef(x.ravel(), y.ravel())[0, 1] > 0.5


def test_lessons_hold_what_the_teacher_says(tmp_path: Path) -> None:
    lessons = Lessons([views()], [teacher()], tmp_path / "lessons")
    lessons.learn("cpu")
    assert lessons.x.shape == (80, 16, 16, 3)
    shown = views().made(np.array([7]))[0]
    batch = torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        expected = teacher().module[:-1](batch).numpy()
    np.testing.assert_allclose(lessons.features[0][14:16], expected, atol=0.02, rtol=0.02)  # 16 bits may be used
    assert lessons.example[14:16].tolist() == [7, 7]
    lessons.remove()
    assert not (tmp_path / "lessons").exists()


def test_lessons_go_on_where_they_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "AT_ONCE", 8)
    monkeypatch.setattr(teaching, "SAVE_SECONDS", 0.0)
    whole = Lessons([views(), views(10, seed=1)], [teacher()], tmp_path / "whole")
    whole.learn("cpu")

    def killed(what: str, done: int, total: int) -> None:
        if done == 24:
            raise KeyboardInterrupt

    stopped = Lessons([views(), views(10, seed=1)], [teacher()], tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        stopped.learn("cpu", killed)
    told: list[int] = []
    resumed = Lessons([views(), views(10, seed=1)], [teacher()], tmp_path / "stopped")
    resumed.learn("cpu", lambda what, done, total: told.append(done))
    assert told[0] == 24  # what was not noted is done again, and no more
    np.testing.assert_array_equal(resumed.x, whole.x)
    np.testing.assert_array_equal(resumed.features[0], whole.features[0])
    other = Lessons([views(), views(10, seed=2)], [teacher()], tmp_path / "stopped")
    told.clear()
    other.learn("cpu", lambda what, done, total: told.append(done))
    assert told[0] == 8  # other lessons begin anew


def test_targets_are_of_length_one_and_teachers_count_alike(tmp_path: Path) -> None:
    lessons = Lessons([views()], [teacher(0), teacher(1, "old")], tmp_path / "lessons")
    lessons.learn("cpu")
    examples = TaughtExamples(lessons, FEW)
    batch = examples.batch(np.arange(6), 0)
    assert batch.y is None
    assert batch.teacher is not None
    assert batch.teacher.shape == (6, 16)
    halves = np.linalg.norm(batch.teacher.reshape(6, 2, 8), axis=2)
    np.testing.assert_allclose(halves, np.sqrt(0.5), atol=1e-5)
    assert "wise and old" in examples.words
    assert examples.licence is None  # of unknown pictures
    assert examples.n_examples == 40  # not those of its teachers


def test_held_out_pictures_are_never_trained_on(tmp_path: Path) -> None:
    lessons = Lessons([views()], [teacher()], tmp_path / "lessons")
    lessons.learn("cpu")
    examples = TaughtExamples(lessons, FEW)
    held = sum(len(batch) for batch in examples.held_out())
    assert held == 2
    assert examples.n == 2 * (40 - 2)
    first = next(examples.held_out()).x
    rows = [i for i in range(80) if any(np.array_equal(lessons.x[i], x) for x in first)]
    assert not set(lessons.example[rows]) & set(lessons.example[examples._train])


def test_the_loss_is_what_the_formula_says() -> None:
    rng = torch.Generator().manual_seed(0)
    outputs, target = torch.randn(5, 7, generator=rng), torch.randn(5, 7, generator=rng)
    target = target / target.norm(dim=1, keepdim=True)
    expected = 0.0
    for i in range(5):
        s = outputs[i] / outputs[i].norm()
        likeness = torch.stack([s @ target[j] / 0.2 for j in range(5)])
        expected += (1 - s @ target[i] - 0.5 * torch.log(torch.exp(likeness[i]) / torch.exp(likeness).sum())) / 5
    found = distillation_loss(outputs, target, target, 0, contrast=0.5, temperature=0.2)
    torch.testing.assert_close(found, torch.as_tensor(expected))
    parts = [distillation_loss(outputs[p], target[p], target, p.start, 0.5, 0.2) for p in (slice(0, 2), slice(2, 5))]
    torch.testing.assert_close((2 * parts[0] + 3 * parts[1]) / 5, found)  # as several processes compute it


def test_a_student_learns_what_the_teacher_says(tmp_path: Path) -> None:
    out = tmp_path / "source"
    recipe = Recipe(batch_size=16, epochs=4)
    record = distil(
        [views(160, licence="CC0-1.0")], [teacher()], out, recipe, FEW, RunOptions(licence="MIT", notes=["Mine."])
    )
    assert record["held_out"]["cosine"] > 0.5
    assert record["n_classes"] == 0
    network = load_network(out)
    assert network.card.licence == "MIT"
    assert network.card.n_examples == 160
    assert network.chain.n_features == 256
    assert network.preprocessing.size == (16, 16)
    card = (out / "README.md").read_text()
    assert "- Mine." in card
    assert "Teacher: wise, 977 parameters, trained on 1,000 examples, licence MIT" in card
    manifest = json.loads((out / "headstart.json").read_text())
    assert manifest["network"]["card"]["class_names"][:2] == ["component 0", "component 1"]
    assert manifest["pretraining"]["recipe"]["temperature"] == 0.1
    assert [file.name for file in tmp_path.iterdir()] == ["source"]  # nothing is left beside it


def test_a_killed_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    sets = [views(), FormulaViews(RenderedPictures("textures", 4, 5, 0, 16))]
    distil(sets, [teacher()], tmp_path / "whole", QUICK, FEW)

    def killed(what: str, done: int, total: int) -> None:
        if what.startswith("training") and done > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distil(sets, [teacher()], tmp_path / "resumed", QUICK, FEW, RunOptions(progress=killed))
    seen: list[str] = []
    keep = lambda what, done, total: seen.append(what)  # noqa: E731
    distil(sets, [teacher()], tmp_path / "resumed", QUICK, FEW, RunOptions(resume=True, progress=keep))
    assert "showing the teacher" not in seen
    a, b = (load_network(tmp_path / name).module.state_dict() for name in ("whole", "resumed"))
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["resumed", "whole"]


def test_labels_and_teacher_together(tmp_path: Path) -> None:
    labels = np.arange(40) % 3
    labelled = views(labels=labels, class_names=("a", "b", "c"))
    record = distil([labelled], [teacher()], tmp_path / "source", QUICK, FEW, label_weight=0.5)
    assert set(record["held_out"]) == {"loss", "accuracy", "cosine"}
    assert record["chance"] == pytest.approx(1 / 3)
    assert load_network(tmp_path / "source").card.class_names == ("a", "b", "c")
    with pytest.raises(DataError, match=r"labels of the same classes for all examples.*found 2 different lists"):
        distil([labelled, views(10)], [teacher()], tmp_path / "other", QUICK, FEW, label_weight=0.5)


def test_broken_pictures_are_named_or_left_out(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    items = [*pictures(12).items, tmp_path / "broken.jpg"]
    sets = [PictureViews(Pictures(items), 2, 16, 24)]
    with pytest.raises(BadPictures, match=r"1 picture that cannot be read: .*broken\.jpg"):
        distil(sets, [teacher()], tmp_path / "source", QUICK, FEW)
    distil(sets, [teacher()], tmp_path / "source", QUICK, FEW, RunOptions(resume=True), skip_bad=True)
    assert "1 examples could not be read" in (tmp_path / "source" / "README.md").read_text()
    assert load_network(tmp_path / "source").card.n_examples == 12


def test_views_of_another_size_are_fitted_to_each_teacher() -> None:
    shown = [np.full((48, 48, 3), 9 * i, np.uint8) for i in range(9)]
    rows = pooled(teacher(), shown, "cpu", 9)
    with torch.no_grad():
        expected = teacher().module[:-1](torch.full((1, 3, 24, 24), 72 / 127.5 - 1)).numpy()
    np.testing.assert_allclose(rows[8:], expected, atol=0.02, rtol=0.02)


@pytest.mark.parametrize("wrong", [{"views": 0}, {"whitening": 0.6}, {"temperature": 0.0}, {"contrast": -1.0}])
def test_settings_outside_their_range_are_refused(tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=f"at least 1 view.*{next(iter(wrong))}={next(iter(wrong.values()))}"):
        distil([views()], [teacher()], tmp_path / "source", QUICK, DistillationRecipe(**wrong))  # type: ignore[arg-type]
