"""What is pasted brings its labels along; what is not covered stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from training.augment import OTHER_OBJECT_BIT, Sample
from training.paste import FIRST_PASTED, onto_background, paste_things

GREY, RED, BLUE = (90, 90, 90), (220, 30, 30), (30, 30, 220)


def plain(hw: tuple[int, int] = (120, 160)) -> Sample:
    """A photograph of nothing but grey ground, everything unknown but the crop."""
    return Sample(
        rgb=np.full((*hw, 3), GREY, np.uint8),
        surface_set=np.zeros(hw, np.uint32),
        crop_set=np.full(hw, 2, np.uint8),
        instance=np.ones(hw, np.uint8),
        net=np.full(hw, 255, np.uint8),
        some_defect=np.zeros(hw, np.bool_),
    )


def thing(*, fruit: bool, centre: tuple[int, int] = (50, 50)) -> Sample:
    """One disc of radius 30 px on ground: a red fruit or a blue object."""
    y, x = np.mgrid[:100, :100]
    disc = np.hypot(x - centre[0], y - centre[1]) < 30
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[disc] = RED if fruit else BLUE
    return Sample(
        rgb=rgb,
        surface_set=np.where(disc, 1 << 10 if fruit else 1, 1).astype(np.uint32),
        crop_set=np.where(disc, 2 if fruit else OTHER_OBJECT_BIT, 1).astype(np.uint8),
        instance=(disc & fruit).astype(np.uint8),
        net=np.where(disc, 0, 255).astype(np.uint8),
        some_defect=np.zeros((100, 100), np.bool_),
    )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fruit", [True, False])
def test_labels_lie_on_what_was_pasted(seed: int, fruit: bool) -> None:
    before = plain()
    after = paste_things(before, thing(fruit=fruit), np.random.default_rng(seed))
    colour = RED if fruit else BLUE
    there = (np.abs(after.rgb.astype(int) - colour) < 60).all(axis=2)
    surface = after.surface_set == (1 << 10 if fruit else 1)
    assert 400 < there.sum() < 0.8 * there.size
    assert (surface != there).mean() < 0.02  # the soft edge
    assert ((after.net == 0) == surface).all()
    if fruit:
        assert ((after.instance >= FIRST_PASTED) == surface).all()
        assert (after.crop_set == 2).all()
    else:
        assert ((after.instance == 0) == surface).all()
        assert ((after.crop_set == OTHER_OBJECT_BIT) == surface).all()
    far = ~surface & (after.rgb == before.rgb).all(axis=2)
    assert far.mean() > 0.2
    assert (after.instance[far] == 1).all()
    assert (before.rgb == GREY).all()  # the photograph itself is left as it is


def test_what_the_edge_cut_is_not_pasted() -> None:
    after = paste_things(plain(), thing(fruit=True, centre=(10, 50)), np.random.default_rng(1))
    assert (after.rgb == GREY).all()


def test_only_the_ground_changes_behind_a_thing() -> None:
    sample = thing(fruit=True)
    after = onto_background(sample, np.full((20, 40, 3), 200, np.uint8))
    y, x = np.mgrid[:100, :100]
    away = np.hypot(x - 50, y - 50)
    assert (after.rgb[away < 27] == RED).all()
    assert (after.rgb[away > 33] == 200).all()
    assert after.instance is sample.instance
