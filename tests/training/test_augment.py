"""Picture and labels move together; colour changes leave the labels alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.augment import Sample, change_colours, choose_window, inside_map, warp

SIZE = 64
LARGE = 320
RED, BLUE = (1, 0), (2, 2)  # (class bit of `crop`, colour channel) of the two painted discs
HIGH = 1 << 16


def two_discs(hw: tuple[int, int] = (160, 200)) -> Sample:
    """A red disc (60, 70) of radius 25 px and a blue one (125, 92) of 20 px on dark ground, every label different."""
    y, x = np.mgrid[: hw[0], : hw[1]] + 0.5
    red, blue = np.hypot(x - 60, y - 70) < 25, np.hypot(x - 125, y - 92) < 20
    rgb = np.full((*hw, 3), 40, np.uint8)
    rgb[red], rgb[blue] = (230, 40, 40), (40, 40, 230)
    return Sample(
        rgb=rgb,
        surface_set=np.select([red, blue], [HIGH | 2, 16], 1).astype(np.uint32),
        crop_set=np.select([red, blue], [2, 4], 1).astype(np.uint8),
        instance=np.select([red, blue], [1, 2], 0).astype(np.uint8),
        net=np.select([red, blue], [100, 200], 255).astype(np.uint8),
        some_defect=red,
    )


def centre_and_area(mask: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Centre (x, y) and area of a mask on any grid of a LARGE input, in pixels of the input."""
    stride = LARGE // mask.shape[0]
    rows, cols = np.nonzero(mask)
    return np.array([cols.mean() + 0.5, rows.mean() + 0.5]) * stride, float(mask.sum() * stride**2)


def test_labels_stay_on_their_pixels_on_all_grids() -> None:
    """Any turn, mirror and stretch: each disc's labels lie on its pixels, within a pixel, without a common shift."""
    sample = two_discs()
    shifts: dict[str, list[NDArray[np.float64]]] = {}
    directions = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        window = (92 + rng.uniform(-6, 6), 81 + rng.uniform(-6, 6), rng.uniform(150, 220))
        target = warp(sample, window, LARGE, rng)
        masks = {
            "red": (
                target.rgb[..., 0] > 135,
                target.surface_set == HIGH | 2,
                target.crop_set == 2,
                target.net == 100,
                target.some_defect,
            ),
            "blue": (
                target.rgb[..., 2] > 135,
                target.surface_set == 16,
                target.crop_set == 4,
                target.net == 200,
            ),
        }
        centres = {}
        for disc, (pixels, *labels) in masks.items():
            centres[disc], area = centre_and_area(pixels)
            for number, label in enumerate(labels):
                centre, label_area = centre_and_area(label)
                shifts.setdefault(f"{disc} {number}", []).append(centre - centres[disc])
                assert label_area == pytest.approx(area, rel=0.15)
        directions.add(tuple(np.sign(centres["blue"] - centres["red"]).astype(int)))
    for name, found in shifts.items():
        assert np.hypot(*np.array(found).T).max() < 1.0, name
        assert np.abs(np.mean(found, axis=0)).max() < 0.25, name
    assert directions >= {(1, 1), (1, -1), (-1, 1), (-1, -1)}


@pytest.mark.parametrize("seed", range(25))
def test_no_label_lies_on_the_wrong_side_of_an_edge(seed: int) -> None:
    """Windows as drawn for training: a cell whose pixels, with one around, are all of one kind has that label."""
    sample = two_discs()
    rng = np.random.default_rng(seed)
    target = warp(sample, choose_window(sample, rng), SIZE, rng)
    near = np.ones((3, 3), np.uint8)
    for (bit, channel), inner in ((RED, HIGH | 2), (BLUE, 16)):
        bright = (target.rgb[..., channel] > 135).astype(np.uint8)
        surely, never = cv2.erode(bright, near), 1 - cv2.dilate(bright, near)
        for stride, label in ((4, target.crop_set == 1 << bit), (2, target.surface_set == inner)):
            blocks = (SIZE // stride, stride, SIZE // stride, stride)
            assert label[surely.reshape(blocks).min((1, 3)) == 1].all()
            assert not label[never.reshape(blocks).min((1, 3)) == 1].any()


def test_outside_the_picture_is_known_to_be_background() -> None:
    target = warp(two_discs(), (900.0, 900.0, 100.0), SIZE, np.random.default_rng(1))
    assert (target.rgb == (124, 116, 104)).all()
    assert (target.surface_set == 1).all()
    assert (target.crop_set == 1).all()
    assert (target.net == 255).all()
    assert (target.inside == 0).all()
    assert not target.some_defect.any()


def test_grids_and_types() -> None:
    target = warp(two_discs(), (92.0, 81.0, 200.0), SIZE, np.random.default_rng(0))
    assert (target.rgb.shape, target.rgb.dtype) == ((64, 64, 3), np.uint8)
    assert (target.surface_set.shape, target.surface_set.dtype) == ((32, 32), np.int32)
    assert (target.net.shape, target.net.dtype) == ((32, 32), np.uint8)
    assert (target.some_defect.shape, target.some_defect.dtype) == ((32, 32), np.bool_)
    assert (target.crop_set.shape, target.crop_set.dtype) == ((16, 16), np.uint8)
    assert (target.inside.shape, target.inside.dtype) == ((16, 16), np.float32)


def test_windows_show_a_fruit_or_the_scene() -> None:
    """One disc of 40 px in 200: a window on the fruit is at most 58 px wide, one on the scene at least 110."""
    sample = two_discs((200, 200))
    instance = np.where(sample.instance == 2, sample.instance, 0).astype(np.uint8)
    instance[:8] = 255  # unknown is no fruit
    one = Sample(
        rgb=sample.rgb,
        surface_set=sample.surface_set,
        crop_set=sample.crop_set,
        instance=instance,
        net=sample.net,
        some_defect=sample.some_defect,
    )
    rng = np.random.default_rng(3)
    windows = np.array([choose_window(one, rng) for _ in range(400)])
    close = windows[windows[:, 2] < 80]
    assert 0.5 < len(close) / 400 < 0.7
    assert close[:, 2].min() >= 1.08 * 40
    assert close[:, 2].max() <= 1.45 * 40
    assert np.abs(close[:, :2] - (125, 92)).max() <= 0.08 * 40
    far = windows[windows[:, 2] >= 80]
    assert (far[:, 2].min() >= 110, far[:, 2].max() <= 340) == (True, True)


def test_without_fruit_the_window_shows_the_scene() -> None:
    sample = two_discs()
    sample.instance[:] = 0
    rng = np.random.default_rng(3)
    assert min(choose_window(sample, rng)[2] for _ in range(100)) >= 110


def test_inside_of_a_square_rises_to_its_middle() -> None:
    """Nine pixels across: the middle row is 1..5..1 fifths, rim pixels a fifth."""
    instance = np.zeros((15, 15), np.uint8)
    instance[3:12, 3:12] = 7
    inside = inside_map(instance)
    expected = np.array([0, 0, 0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 0, 0]) / 5
    assert inside[7] == pytest.approx(expected, abs=1e-6)
    assert inside[:, 7] == pytest.approx(expected, abs=1e-6)
    assert (inside[instance == 0] == 0).all()


def test_inside_of_a_disc_is_the_distance_to_its_rim() -> None:
    y, x = np.mgrid[:64, :64] + 0.5
    distance = np.hypot(x - 32, y - 32)
    instance = (distance < 20).astype(np.uint8)
    inside = inside_map(instance)
    own = instance > 0
    assert np.abs(inside - (20 - distance) / 20)[own].max() < 0.08
    assert inside.dtype == np.float32


def test_inside_of_touching_unknown_and_cut_fruit() -> None:
    """Each of two touching fruit has its own rim and middle; the picture's border is a rim; 255 is unknown."""
    instance = np.zeros((9, 27), np.uint8)
    instance[:, :9], instance[:, 9:18], instance[:, 18:] = 1, 2, 255
    inside = inside_map(instance)
    fifths = np.array([1, 2, 3, 4, 5, 4, 3, 2, 1]) / 5
    assert inside[4] == pytest.approx(np.concatenate([fifths, fifths, np.full(9, -1.0)]), abs=1e-6)


def test_colour_changes_keep_shape_and_type_and_the_picture_given() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    before = rgb.copy()
    changed = 0
    for seed in range(80):
        out = change_colours(rgb, np.random.default_rng(seed))
        assert (out.shape, out.dtype) == (rgb.shape, np.uint8)
        assert (out == change_colours(rgb, np.random.default_rng(seed))).all()
        changed += bool((out != rgb).any())
    assert changed == 80
    assert (rgb == before).all()


def test_colour_changes_do_not_move_pixels() -> None:
    """A bright square stays where it is: its centre moves by less than a pixel in every picture that shows it."""
    rgb = np.full((64, 64, 3), 60, np.uint8)
    rgb[20:44, 12:36] = 160
    for seed in range(60):
        grey = change_colours(rgb, np.random.default_rng(seed)).astype(np.float64).mean(2)
        middle = (grey[24:40, 16:32].mean() + grey[48:, 44:].mean()) / 2
        rows, cols = np.nonzero(cv2.blur(grey, (3, 3))[14:50, 6:42] > middle)
        if len(rows) > 300:
            assert abs(rows.mean() + 14.5 - 32) < 1.5, seed
            assert abs(cols.mean() + 6.5 - 24) < 1.5, seed
