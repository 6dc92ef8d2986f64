"""What is seen of boxes, and linear answers without it."""

import numpy as np

from headstart.detection.views import PLACE, Answers, View, columns_of, place_of, views_of


def picture(seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(-0.05, 0.6, (9, 2))
    maps = [rng.normal(size=(8, 8, 5)).astype(np.float32), rng.normal(size=(4, 4, 7)).astype(np.float32)]
    return maps, np.column_stack([corner, corner + rng.uniform(0.05, 0.5, (9, 2))])


def test_answers_are_those_of_the_columns() -> None:
    maps, boxes = picture(0)
    rng = np.random.default_rng(1)
    for views in (views_of(2), (View(1, 2, 0.7),)):
        X = columns_of(maps, boxes, views)
        coef, intercept = rng.normal(size=(X.shape[1], 3)), rng.normal(size=3)
        np.testing.assert_allclose(Answers(maps, views, coef, intercept)(boxes), X @ coef + intercept, atol=1e-4)


def test_no_box_has_no_answer() -> None:
    maps, _ = picture(0)
    d = columns_of(maps, np.zeros((0, 4)), views_of(2)).shape[1]
    assert Answers(maps, views_of(2), np.ones((d, 2)), np.zeros(2))(np.zeros((0, 4))).shape == (0, 2)


def test_columns_are_means_of_the_maps() -> None:
    maps = [np.arange(16.0).reshape(4, 4, 1)]
    whole = columns_of(maps, np.array([[0.0, 0, 1, 1]]), (View(0, 1, 1.0), View(0, 2, 1.0), View(0, 1, 0.5)))
    np.testing.assert_allclose(whole[0, :6], [7.5, 2.5, 4.5, 10.5, 12.5, 7.5])
    assert whole.shape[1] == 6 + PLACE == 6 + place_of(np.array([[0.0, 0, 1, 1]])).shape[1]


def test_a_window_is_as_much_larger_on_each_side() -> None:
    np.testing.assert_allclose(View(0, 1, 2.0).window(np.array([[1.0, 1, 3, 5]])), [[0, -1, 4, 7]])
