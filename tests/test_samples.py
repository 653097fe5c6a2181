"""The sample pictures: complete, reproducible, and judged as `expected.json` says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grader.image_io import read_image
from grader.pipeline import GradedFrame, GradedFruit, GradeOptions, Grader
from grader.types import Box, FruitMeasurement, FruitRecord, Interval
from tests.conftest import SAMPLES
from training.make_samples import EXPECTED, encode_sample, expected_of
from training.sample_pictures import sample_pictures

CONTENT = json.loads((SAMPLES / EXPECTED).read_text(encoding="utf-8"))
PICTURES: dict[str, dict] = CONTENT["pictures"]
TURNING: dict = CONTENT["turning_apple"]
MAX_BYTES = 8_000_000
SAME_FRUIT_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fruit of one picture: what is expected, and the record found at its place (None: no fruit there)."""

    name: str
    expected: dict
    found: FruitRecord | None

    def measured(self) -> FruitMeasurement:
        if self.found is None:
            pytest.fail(f"{self.name}: expected a fruit at {self.expected['box_xyxy_px']}, found none there")
        return self.found.measurement


Judged = dict[str, GradedFrame]


@pytest.fixture(scope="session")
def judged(shipped_grader: Grader) -> Judged:
    """Every sample, through the whole pipeline, once."""
    return {
        name: shipped_grader.grade_frame(
            read_image(SAMPLES / name, name), GradeOptions(mm_per_px=entry["mm_per_px"])
        )
        for name, entry in PICTURES.items()
    }


@pytest.fixture(scope="session")
def turned(shipped_grader: Grader) -> GradedFruit:
    """The turning apple, all views as one fruit."""
    views = sorted((SAMPLES / TURNING["folder"]).iterdir())
    options = GradeOptions(mm_per_px=TURNING["mm_per_px"], one_fruit=True)
    return shipped_grader.grade_views([read_image(view, view.name) for view in views], options)


def each_fruit(wanted: Callable[[dict], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Parametrise by picture name and number of the expected fruit."""
    cases = [
        (name, number)
        for name, entry in sorted(PICTURES.items())
        for number, fruit in enumerate(entry["fruits"])
        if wanted(fruit)
    ]
    return pytest.mark.parametrize(("name", "number"), cases)


def case_of(judged: Judged, name: str, number: int) -> Case:
    expected = PICTURES[name]["fruits"][number]
    records = judged[name].records
    best = max(
        records, key=lambda r: overlap(r.measurement.box_xyxy_px, expected["box_xyxy_px"]), default=None
    )
    if best and overlap(best.measurement.box_xyxy_px, expected["box_xyxy_px"]) < SAME_FRUIT_OVERLAP:
        best = None
    return Case(name=f"{name} fruit {number}", expected=expected, found=best)


def overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    inside = area(
        (
            max(first[0], second[0]),
            max(first[1], second[1]),
            min(first[2], second[2]),
            min(first[3], second[3]),
        )
    )
    return inside / (area(first) + area(second) - inside)


def area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def check(name: str, field: str, expected: dict[str, float], actual: float) -> None:
    """Fail unless `actual` is within the tolerance."""
    value, tolerance = expected["value"], expected["tolerance"]
    assert abs(actual - value) <= tolerance, (
        f"{name}: {field}: expected {value} +- {tolerance}, got {actual:.3f}"
    )


# ---- the folder


def test_samples_are_few_and_small() -> None:
    assert len(PICTURES) >= 12
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < MAX_BYTES


def test_pictures_and_expected_values_belong_together() -> None:
    assert sorted(PICTURES) == sorted(path.name for path in SAMPLES.glob("*.jpg"))
    assert sorted(PICTURES) == [sample.name for sample in sample_pictures()]
    views = sorted(path.name for path in (SAMPLES / TURNING["folder"]).iterdir())
    assert TURNING["views"] == 10
    assert views == [f"view_{number:02d}.jpg" for number in range(10)]


def test_samples_show_both_crops_sound_and_faulty() -> None:
    fruits = [fruit for entry in PICTURES.values() for fruit in entry["fruits"]]
    assert {fruit["crop"] for fruit in fruits} == {"apple", "melon"}
    assert {bool(fruit["defects"]) for fruit in fruits if fruit["crop"] == "melon"} == {True, False}
    assert len({defect["kind"] for fruit in fruits for defect in fruit["defects"]}) >= 8
    assert not PICTURES["empty_belt.jpg"]["fruits"]
    assert len(PICTURES["apples_touching.jpg"]["fruits"]) == 4


def test_every_expected_fruit_lies_in_its_picture() -> None:
    for name, entry in PICTURES.items():
        height, width = read_image(SAMPLES / name).rgb.shape[:2]
        assert (height, width) == (480, 640), name
        for fruit in entry["fruits"]:
            for x0, y0, x1, y1 in [
                fruit["box_xyxy_px"],
                *(defect["box_xyxy_px"] for defect in fruit["defects"]),
            ]:
                assert 0 <= x0 < x1 <= width, name
                assert 0 <= y0 < y1 <= height, name


def test_rendering_again_gives_the_same_bytes_and_values() -> None:
    sample = next(sample for sample in sample_pictures() if sample.name == "apple_bruise.jpg")
    rendered = sample.render()
    assert encode_sample(rendered) == (SAMPLES / sample.name).read_bytes()
    assert json.loads(json.dumps(expected_of(sample, rendered))) == PICTURES[sample.name]


# ---- what the grader says of them


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_number_of_fruit(judged: Judged, name: str) -> None:
    boxes = [record.measurement.box_xyxy_px for record in judged[name].records]
    expected = len(PICTURES[name]["fruits"])
    assert len(boxes) == expected, (
        f"{name}: number of fruit: expected {expected}, got {len(boxes)} at {boxes}"
    )


@each_fruit()
def test_crop_and_edge(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    measured = case.measured()
    assert measured.crop.value == case.expected["crop"], f"{case.name}: crop"
    assert measured.touches_edge == case.expected["touches_edge"], f"{case.name}: touches_edge"


@each_fruit()
def test_equatorial_diameter(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    diameter = case.measured().size.equatorial_diameter_mm
    assert isinstance(diameter, Interval)
    check(case.name, "equatorial_diameter_mm", case.expected["equatorial_diameter_mm"], diameter.value)


@each_fruit(lambda fruit: "blush_fraction" in fruit)
def test_blush(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    found = case.measured().colour.blush_fraction
    check(case.name, "blush_fraction", case.expected["blush_fraction"], found)


@each_fruit(lambda fruit: not fruit["defects"])
def test_sound_fruit_has_no_defect(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    limit = CONTENT["sound_defect_fraction"]
    wrong = [
        (defect.kind.value, round(defect.area_fraction, 4))
        for defect in case.measured().defects
        if defect.area_fraction > limit
    ]
    assert not wrong, f"{case.name}: defects: expected none above {limit}, got {wrong}"


@each_fruit(lambda fruit: bool(fruit["defects"]))
def test_defect_is_reported(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    measured = case.measured()
    for defect in case.expected["defects"]:
        there = [d for d in measured.defects if meets(d.box_xyxy_px, defect["box_xyxy_px"])]
        kinds = sorted({d.kind.value for d in there})
        assert there, (
            f"{case.name}: {defect['kind']}: expected at {defect['box_xyxy_px']}, got {measured.defects}"
        )
        if defect["kind_exact"]:
            assert defect["kind"] in kinds, f"{case.name}: kind: expected {defect['kind']}, got {kinds}"


@each_fruit(lambda fruit: bool(fruit["defects"]))
def test_defect_area(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    for defect in case.expected["defects"]:
        there = [d for d in case.measured().defects if meets(d.box_xyxy_px, defect["box_xyxy_px"])]
        found = sum(d.area_mm2 or 0.0 for d in there)
        check(case.name, f"{defect['kind']} area_mm2", defect["area_mm2"], found)


@each_fruit(lambda fruit: "class_in" in fruit)
def test_class(judged: Judged, name: str, number: int) -> None:
    case = case_of(judged, name, number)
    case.measured()
    assert case.found is not None
    grade = case.found.grade
    assert grade.grade_class in case.expected["class_in"], (
        f"{case.name}: class: expected one of {case.expected['class_in']}, got {grade.grade_class} "
        f"for {[(reason.rule, reason.value) for reason in grade.reasons]}"
    )


def meets(first: Box, second: Box) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


# ---- the turning apple


def test_turning_apple_is_one_fruit_of_ten_views(turned: GradedFruit) -> None:
    assert turned.record is not None, "turning_apple: expected one record, got none"
    measured = turned.record.measurement
    assert measured.view_count == TURNING["views"], "turning_apple: view_count"
    assert measured.crop.value == TURNING["crop"], "turning_apple: crop"
    least = TURNING["least_surface_seen_fraction"]
    seen = measured.surface_seen_fraction
    assert seen >= least, f"turning_apple: surface_seen_fraction: expected {least} or more, got {seen:.3f}"


def test_turning_apple_size_and_colour(turned: GradedFruit) -> None:
    assert turned.record is not None
    measured = turned.record.measurement
    diameter = measured.size.equatorial_diameter_mm
    assert diameter is not None
    check("turning_apple", "equatorial_diameter_mm", TURNING["equatorial_diameter_mm"], diameter.value)
    check("turning_apple", "blush_fraction", TURNING["blush_fraction"], measured.colour.blush_fraction)


def test_turning_apple_bruise_is_counted_once(turned: GradedFruit) -> None:
    assert turned.record is not None
    (bruise,) = TURNING["defects"]
    defects = turned.record.measurement.defects
    found = [defect for defect in defects if defect.kind.value == bruise["kind"]]
    kinds = [(defect.kind.value, defect.area_mm2) for defect in defects]
    assert len(found) == 1, f"turning_apple: defects: expected one {bruise['kind']}, got {kinds}"
    check("turning_apple", f"{bruise['kind']} area_mm2", bruise["area_mm2"], found[0].area_mm2 or 0.0)
