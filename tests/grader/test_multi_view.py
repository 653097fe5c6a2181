"""Views of one fruit fused: size, colour, and every defect once."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from grader.multi_view import fuse_views
from grader.types import (
    ColourMeasurement,
    Crop,
    Defect,
    DefectKind,
    FruitMeasurement,
    Landmark,
    LandmarkKind,
    NettingMeasurement,
    SizeMeasurement,
)
from grader.uncertainty import make_interval
from grader.whole_surface import WholeSurface

BOX = (100, 100, 300, 300)


def defect(
    kind: DefectKind = DefectKind.ROT,
    fraction: float = 0.02,
    at: tuple[float, float] = (0.0, 0.0),
    confidence: float = 0.9,
) -> Defect:
    """A defect whose box lies around `at`, in radii from the middle of BOX."""
    x, y = 200 + 100 * at[0], 200 + 100 * at[1]
    return Defect(
        kind=kind,
        area_mm2=fraction * 8836,
        area_fraction=fraction,
        length_mm=5.0,
        length_diameters=5 / 75,
        elongated=False,
        confidence=confidence,
        box_xyxy_px=(round(x) - 4, round(y) - 4, round(x) + 4, round(y) + 4),
    )


def measured(
    *defects: Defect, diameter: float = 75.0, blush: float = 0.4, frame_id: str = "view", sigma: float = 0.8
) -> FruitMeasurement:
    size = SizeMeasurement(
        diameter_px=diameter / 0.35,
        equatorial_diameter_mm=make_interval(diameter, sigma),
        weight_g=make_interval(200.0, 8.0),
    )
    return FruitMeasurement(
        frame_id=frame_id,
        fruit_index=0,
        crop=Crop.APPLE,
        variety=None,
        box_xyxy_px=BOX,
        touches_edge=False,
        view_count=1,
        surface_seen_fraction=0.33,
        crop_confidence=0.97,
        size=size,
        colour=ColourMeasurement(
            blush_fraction=blush,
            light_red_fraction=0.1,
            ground_lab=(70.0, -5.0, 40.0),
            blush_lab=(40.0, 40.0, 20.0),
        ),
        netting=None,
        defects=defects,
        landmarks=(),
        model_id="m",
        quality_flags=(),
    )


def test_one_view_stays_as_it_is() -> None:
    one = measured(defect())
    assert fuse_views([one]) == one


def test_size_is_the_median_with_a_narrower_interval() -> None:
    fused = fuse_views([measured(diameter=d) for d in (74.5, 75.5, 75.0)])
    assert fused.view_count == 3
    assert fused.size.equatorial_diameter_mm.value == 75.0
    assert fused.size.diameter_px == pytest.approx(75.0 / 0.35)
    assert fused.size.equatorial_diameter_mm.high < 75.0 + 1.96 * 0.8
    assert fused.size.length_mm is None
    assert fused.quality_flags == ()


def test_views_that_did_not_see_the_axis_do_not_spoil_the_size() -> None:
    views = [
        measured(diameter=75.0, sigma=0.8),
        measured(diameter=78.0, sigma=2.4),
        measured(diameter=78.0, sigma=2.4),
    ]
    assert fuse_views(views).size.equatorial_diameter_mm.value == 75.0


def test_cut_and_hidden_views_have_no_say_in_the_size_when_others_are_whole() -> None:
    cut = replace(measured(diameter=50.0), touches_edge=True, quality_flags=("touches_edge",))
    hidden = replace(measured(diameter=55.0), quality_flags=("no_scale", "touches_fruit"))
    fused = fuse_views([cut, hidden, measured(diameter=75.0)])
    assert fused.size.equatorial_diameter_mm.value == 75.0
    assert not fused.touches_edge
    assert fused.quality_flags == ("no_scale",)
    all_cut = fuse_views([cut, hidden])
    assert all_cut.touches_edge
    assert set(all_cut.quality_flags) >= {"touches_edge", "touches_fruit", "no_scale"}


@pytest.mark.parametrize(("larger", "flagged"), [(1.079, False), (1.081, True)])
def test_views_that_disagree_on_size_are_flagged(larger: float, flagged: bool) -> None:
    fused = fuse_views([measured(), measured(diameter=75.0 * larger)])
    assert ("views_disagree_on_size" in fused.quality_flags) is flagged


def test_colour_is_weighted_by_the_surface_seen() -> None:
    views = [
        replace(measured(blush=0.2), surface_seen_fraction=0.3),
        replace(measured(blush=0.8), surface_seen_fraction=0.1),
    ]
    fused = fuse_views(views)
    assert fused.colour.blush_fraction == pytest.approx(0.35)
    assert fused.colour.blush_lab == pytest.approx((40.0, 40.0, 20.0))
    assert fused.surface_seen_fraction == pytest.approx(1 - 0.7 * 0.9)


def test_colours_unknown_everywhere_stay_unknown() -> None:
    bare = ColourMeasurement(blush_fraction=0.0, light_red_fraction=0.0, ground_lab=None, blush_lab=None)
    fused = fuse_views([replace(measured(), colour=bare)] * 2)
    assert fused.colour.ground_lab is None
    assert fused.colour.blush_lab is None
    assert fused.netting is None


def test_netting_and_landmarks_are_fused() -> None:
    stem = Landmark(kind=LandmarkKind.STEM_CAVITY, box_xyxy_px=(0, 0, 5, 5), confidence=0.6)
    views = [
        replace(measured(), netting=NettingMeasurement(cover_fraction=0.4), landmarks=(stem,)),
        replace(
            measured(),
            netting=NettingMeasurement(cover_fraction=0.6),
            landmarks=(replace(stem, confidence=0.9),),
        ),
    ]
    fused = fuse_views(views)
    assert fused.netting.cover_fraction == pytest.approx(0.5)
    assert fused.landmarks == (replace(stem, confidence=0.9),)


def test_one_defect_in_three_views_counts_once() -> None:
    views = [measured(defect(fraction=f, confidence=c)) for f, c in ((0.02, 0.7), (0.03, 0.8), (0.015, 0.95))]
    (one,) = fuse_views(views).defects
    seen = 1 - 0.67**3
    assert one.area_mm2 == pytest.approx(0.03 * 8836)
    assert one.area_fraction == pytest.approx(0.03 * 0.5 / seen)
    assert one.confidence == 0.95


@pytest.mark.parametrize(
    ("views", "sightings", "confidence", "kept"),
    [
        (5, 1, 0.6, True),
        (6, 1, 0.6, False),
        (6, 1, 0.8499, False),
        (6, 1, 0.85, True),
        (6, 2, 0.6, True),
        (10, 1, 0.6, False),
        (10, 2, 0.6, True),
    ],
)
def test_of_many_views_one_alone_must_be_sure(
    views: int, sightings: int, confidence: float, kept: bool
) -> None:
    seen = [measured(defect(confidence=confidence))] * sightings + [measured()] * (views - sightings)
    fused = fuse_views(seen)
    assert len(fused.defects) == int(kept)
    assert ("defect_seen_once" in fused.quality_flags) is not kept


def test_two_defects_in_one_view_stay_two() -> None:
    views = [measured(defect(at=(-0.4, 0)), defect(at=(0.4, 0))), measured(defect())]
    assert len(fuse_views(views).defects) == 2


def test_other_kinds_and_other_sizes_stay_apart() -> None:
    views = [measured(defect(kind=DefectKind.ROT)), measured(defect(kind=DefectKind.SCAB))]
    assert {d.kind for d in fuse_views(views).defects} == {DefectKind.ROT, DefectKind.SCAB}
    assert len(fuse_views([measured(defect(fraction=0.02)), measured(defect(fraction=0.0066))]).defects) == 2
    assert len(fuse_views([measured(defect(fraction=0.02)), measured(defect(fraction=0.0067))]).defects) == 1


def test_a_sighting_cut_by_the_rim_may_be_smaller() -> None:
    views = [measured(defect(fraction=0.02)), measured(defect(fraction=0.001, at=(0.9, 0)))]
    assert len(fuse_views(views).defects) == 1


def test_the_order_does_not_matter() -> None:
    views = [
        measured(defect(fraction=0.02), defect(DefectKind.SCAB, 0.004), diameter=74.0, blush=0.1),
        measured(defect(fraction=0.05), diameter=75.0, blush=0.7),
        measured(defect(DefectKind.SCAB, 0.006), diameter=77.0, blush=0.3),
    ]
    first = fuse_views(views)
    for order in permutations(views):
        assert fuse_views(order) == first


def test_a_view_taken_for_another_crop_is_left_out_and_flagged() -> None:
    views = [replace(measured(diameter=90.0), crop=Crop.MELON), measured(), measured()]
    fused = fuse_views(views)
    assert fused.crop is Crop.APPLE
    assert fused.view_count == 2
    assert fused.size.equatorial_diameter_mm.value == 75.0
    assert fused.quality_flags == ("views_disagree_on_crop",)


def test_the_diameter_in_pixels_is_heard_from_views_of_every_crop() -> None:
    views = [replace(measured(diameter=76.0), crop=Crop.MELON), measured(), measured(diameter=75.5)]
    fused = fuse_views(views)
    assert fused.size.diameter_px == pytest.approx(75.5 / 0.35)
    assert fused.size.diameter_px == fuse_views(views[::-1]).size.diameter_px
    assert fuse_views(views[:1] + views[2:]).size.diameter_px == pytest.approx(75.75 / 0.35)
    cut = replace(views[0], touches_edge=True)
    assert fuse_views([cut, *views[1:]]).size.diameter_px == pytest.approx(75.25 / 0.35)


def melon(length: float | None, diameter: float = 150.0) -> FruitMeasurement:
    """A melon of which a view shows so much of its long axis."""
    seen = length or diameter
    size = SizeMeasurement(
        diameter_px=diameter,
        equatorial_diameter_mm=make_interval(diameter, 3.0),
        length_mm=None if length is None else make_interval(length, 8.0),
        shape_index=None if length is None else length / diameter,
        volume_cm3=make_interval(seen * 10, 50.0),
        weight_g=make_interval(seen * 9, 50.0),
    )
    return replace(measured(), crop=Crop.MELON, size=size)


def test_a_melon_is_as_long_as_its_longest_views_show_it() -> None:
    views = [melon(None), melon(170.0), melon(209.0), melon(211.0), melon(190.0)]
    size = fuse_views(views).size
    assert size.length_mm.value == pytest.approx(210.0)
    assert size.shape_index == pytest.approx(1.4)
    assert size.volume_cm3.value == pytest.approx(2100.0)
    assert size.weight_g.value == pytest.approx(1890.0)
    assert size.equatorial_diameter_mm.value == 150.0
    assert fuse_views(views[::-1]).size == size


def test_an_apple_has_the_robust_mean_of_the_lengths_of_its_views() -> None:
    views = [replace(melon(length), crop=Crop.APPLE) for length in (170.0, 171.0, 210.0)]
    one_far_off = 171.0 + (-1.0 + 3.42) / (1 + 1 + 3.42 / 39)
    assert fuse_views(views).size.length_mm.value == pytest.approx(one_far_off)


def test_what_was_laid_on_one_surface_replaces_what_was_counted_by_view() -> None:
    views = [measured(defect(), blush=0.2), measured(defect(kind=DefectKind.ROT), blush=0.4)]
    scab = defect(kind=DefectKind.SCAB)
    surface = WholeSurface(
        seen_fraction=0.9, blush_fraction=0.7, light_red_fraction=0.1, defects=(scab,), doubted=True
    )
    fused = fuse_views(views, surface=surface)
    assert fused.defects == (scab,)
    assert fused.surface_seen_fraction == 0.9
    assert (fused.colour.blush_fraction, fused.colour.light_red_fraction) == (0.7, 0.1)
    assert "views_disagree_on_defect" in fused.quality_flags
    assert fused.size == fuse_views(views).size
    agreed = fuse_views(views, surface=replace(surface, doubted=False, blush_fraction=None))
    assert "views_disagree_on_defect" not in agreed.quality_flags
    assert agreed.colour == fuse_views(views).colour


def test_views_that_were_not_measured_count_as_seen() -> None:
    measured_ones = [measured(), measured()]
    shown = measured().surface_seen_fraction
    fused = fuse_views(measured_ones, unmeasured=[("blurred",), ()])
    assert fused.view_count == 4
    assert fused.surface_seen_fraction == pytest.approx(1 - (1 - shown) ** 4)
    assert fused.quality_flags == ("blurred",)
    assert fused.size == fuse_views(measured_ones).size
    alone = fuse_views(measured_ones[:1], unmeasured=[()])
    assert (alone.view_count, alone.size) == (2, measured().size)


def test_no_views_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one measurement"):
        fuse_views([])
