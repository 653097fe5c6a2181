"""Random pictures keep the rules of their preset, and masks agree with each other."""

from __future__ import annotations

import json

import numpy as np
import pytest

from grader.types import FIRST_DEFECT_VALUE, SurfaceClass
from training.simulator import PRESETS, Rendered, render_scene

KNOWN = {int(v) for v in SurfaceClass}


def _fruits(picture: Rendered) -> list[dict[str, object]]:
    fruits = picture.truth["fruits"]
    assert isinstance(fruits, list)
    return fruits


@pytest.mark.parametrize("preset", PRESETS)
def test_masks_and_truth_agree(preset: str) -> None:
    picture = render_scene(11, preset, (96, 96))
    assert picture.rgb.shape == (96, 96, 3)
    assert (
        picture.rgb.dtype == picture.surface.dtype == picture.instance.dtype == picture.crop.dtype == np.uint8
    )
    assert picture.net_cover.dtype == np.float32
    assert set(np.unique(picture.surface)) <= KNOWN
    assert np.array_equal(picture.instance > 0, picture.crop > 0)
    assert np.array_equal(picture.surface > 0, (picture.crop == 1) | (picture.crop == 2))
    assert 0.0 <= picture.net_cover.min() <= picture.net_cover.max() <= 1.0
    json.dumps(picture.truth)
    numbers = {f["instance"] for f in _fruits(picture)}
    for number in np.unique(picture.instance[picture.surface > 0]):
        assert int(number) in numbers
        assert len(np.unique(picture.crop[picture.instance == number])) == 1


@pytest.mark.parametrize("seed", range(6))
def test_seen_is_never_more_than_whole(seed: int) -> None:
    for fruit in _fruits(render_scene(seed, "touching", (80, 80))):
        for name in ("blush", "light_red", "russet"):
            assert 0.0 <= fruit[f"{name}_fraction_seen"] <= 1.0  # type: ignore[operator]
            assert 0.0 <= fruit[f"{name}_fraction_whole"] <= 1.0  # type: ignore[operator]
        assert 0.0 <= fruit["visible_fraction"] <= 1.0  # type: ignore[operator]
        assert fruit["surface_seen_mm2"] <= fruit["surface_mm2"]  # type: ignore[operator]
        for defect in fruit["defects"]:  # type: ignore[attr-defined]
            assert defect["area_seen_mm2"] <= defect["area_mm2"]
            assert defect["length_mm"] > 0


@pytest.mark.parametrize("seed", range(5))
def test_sound_fruit_have_no_defects(seed: int) -> None:
    picture = render_scene(seed, "sound", (64, 64))
    assert picture.surface.max() < FIRST_DEFECT_VALUE
    assert _fruits(picture)[0]["defects"] == []


@pytest.mark.parametrize("seed", range(4))
def test_an_empty_belt_is_empty(seed: int) -> None:
    picture = render_scene(seed, "empty", (48, 48))
    assert picture.instance.max() == 0
    assert picture.truth["fruits"] == []


def test_presets_hold_what_they_say() -> None:
    assert all(len(_fruits(render_scene(s, "single", (48, 48)))) == 1 for s in range(4))
    assert all(2 <= len(_fruits(render_scene(s, "touching", (48, 48)))) <= 6 for s in range(4))
    assert all(1 <= len(_fruits(render_scene(s, "line", (48, 48)))) <= 4 for s in range(4))
    melons = [f["crop"] for s in range(3) for f in _fruits(render_scene(s, "melon", (48, 48)))]
    assert set(melons) == {"melon"}
    others = [render_scene(s, "objects", (64, 64)) for s in range(5)]
    assert all(p.truth["objects"] for p in others)
    assert sum(int(np.any(p.crop == 3)) for p in others) >= 4


def test_a_single_fruit_fills_forty_to_ninety_five_percent_of_the_side() -> None:
    sides = []
    for seed in range(12):
        rows, columns = np.nonzero(render_scene(seed, "sound", (64, 64)).surface)
        sides.append(max(np.ptp(rows), np.ptp(columns)) + 1)
    assert min(sides) > 0.25 * 64
    assert np.median(sides) > 0.4 * 64


@pytest.mark.parametrize(
    ("preset", "size", "named"), [("heap", (64, 64), "got 'heap'"), ("single", (8, 64), r"got \(8, 64\)")]
)
def test_wrong_requests_are_named(preset: str, size: tuple[int, int], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        render_scene(1, preset, size)
