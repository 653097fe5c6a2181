"""The vectorised twin gives what `decide_grade` gives, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import StandardError
from grader.grade import columns_from, decide_grade, decide_grades
from grader.grade_columns import deciding_rules
from grader.rules import Standard
from grader.standard import list_standards
from grader.types import Crop, DefectKind, FruitMeasurement
from tests.grader.made_fruit import about, exactly, fruits, make_defect, make_fruit, without_scale

DECIDING = [standard for standard in list_standards() if standard.standard_id != "melon_hami_house"]
by_standard = pytest.mark.parametrize("standard", DECIDING, ids=lambda standard: standard.standard_id)


def assert_same(
    measurements: list[FruitMeasurement], standard: Standard, min_surface_seen: float | None = None
) -> None:
    columns = columns_from(measurements, standard.crop)
    many = decide_grades(columns, standard, allow_draft=True, min_surface_seen=min_surface_seen)
    single = [
        decide_grade(fruit, standard, allow_draft=True, min_surface_seen=min_surface_seen)
        for fruit in measurements
    ]
    assert [many.class_names[index] for index in many.class_index] == [one.grade_class for one in single]
    assert many.confidence.tolist() == [one.confidence for one in single]
    assert many.review.tolist() == [one.review for one in single]
    deciding = deciding_rules(columns, standard)
    keys = [None if index < 0 else deciding.keys[index] for index in deciding.index]
    assert keys == [
        one.reasons[0].rule if one.grade_class != standard.class_ids[0] else None for one in single
    ]


@by_standard
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_equal_to_the_single_decision(standard: Standard, data: st.DataObject) -> None:
    varieties = (None, *(variety.key for variety in standard.varieties))
    some = data.draw(st.lists(fruits(Crop(standard.crop), varieties), max_size=8))
    blind = [without_scale(fruit) for fruit in some[::2]]
    assert_same([*some, *blind], standard, data.draw(st.sampled_from([None, 0.0, 0.5])))


def random_fruit(random: Random, standard: Standard) -> FruitMeasurement:
    """Round numbers, so that many fruit lie exactly on a limit."""
    seen = random.choice([1.0, 0.95, 0.5])
    diameter = random.choice([0.0, 55.0, 60.0, 65.0, 76.2, 80.0, 90.0])
    defects = [
        make_defect(
            random.choice(list(DefectKind)),
            area_mm2=random.choice([0.0, 3.0, 25.0, 50.0, 100.0, 150.0, 250.0]),
            fraction=random.choice([0.0, 0.0005, 0.005, 0.01, 0.05, 0.1, 0.2, 0.5]),
            length_mm=random.choice([5.0, 6.35, 20.0, 40.0]),
            diameters=random.choice([0.05, 0.1, 0.5]),
            elongated=random.random() < 0.3,
            confidence=random.choice([0.5, 0.7, 0.9, 1.0]),
        )
        for _ in range(random.choice([0, 0, 1, 1, 2, 3, 5]))
    ]
    varieties = [None, *(variety.key for variety in standard.varieties)]
    fruit = make_fruit(
        *defects,
        crop=Crop(standard.crop) if random.random() < 0.98 else random.choice(list(Crop)),
        variety=random.choice(varieties),
        diameter_mm=random.choice([None, exactly(diameter), about(diameter + random.uniform(1, 2), 0.8)]),
        weight_g=random.choice([None, exactly(90.0), about(300.0, 20.0), exactly(1000.0)]),
        blush=random.choice([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.66, 0.75, 1.0]),
        light_red=random.choice([0.0, 0.2]),
        seen=seen,
        touches_edge=random.random() < 0.05,
        crop_confidence=random.choice([1.0, 0.99, 0.5, 0.49]),
        flags=random.choice([(), (), (), ("blurred",), ("black_frame",)]),
    )
    if random.random() < 0.2:
        fruit = without_scale(fruit)
    if random.random() < 0.05 and fruit.defects:  # one defect of several without an area
        fruit = replace(
            fruit, defects=(*fruit.defects[:-1], replace(fruit.defects[-1], area_mm2=None, length_mm=None))
        )
    return fruit


@by_standard
def test_equal_on_a_thousand_fruit_that_lie_on_the_limits(standard: Standard) -> None:
    random = Random(standard.standard_id)
    sample = [random_fruit(random, standard) for _ in range(1000)]
    assert_same(sample, standard)
    classes = {decide_grade(fruit, standard, allow_draft=True).grade_class for fruit in sample}
    assert {"reject", "ungraded"} < classes


def test_more_rows_than_one_chunk_keep_their_order() -> None:
    standard = next(standard for standard in DECIDING if standard.standard_id == "apple_eu_2023_2429")
    good, bad = make_fruit(), make_fruit(make_defect("rot"))
    columns = columns_from([good, bad], "apple")
    picks = np.tile(np.array([0, 1, 1]), 30_000)
    fields = {
        name: value[picks] if isinstance(value := getattr(columns, name), np.ndarray) else value
        for name in columns.__dataclass_fields__
    }
    many = decide_grades(type(columns)(**fields), standard)
    assert np.array_equal(many.class_index, np.where(picks == 0, 0, standard.class_ids.index("II") + 1))


def test_no_fruit_no_decisions() -> None:
    many = decide_grades(columns_from([], "apple"), DECIDING[0], allow_draft=True)
    assert (len(many.class_index), len(many.confidence), len(many.review)) == (0, 0, 0)


def test_drafts_and_unknown_varieties_are_refused_here_too() -> None:
    draft = next(standard for standard in DECIDING if standard.standard_id == "apple_cn_gbt10651_2008")
    eu = next(standard for standard in DECIDING if standard.standard_id == "apple_eu_2023_2429")
    with pytest.raises(StandardError, match="is a draft"):
        decide_grades(columns_from([make_fruit()], "apple"), draft)
    with pytest.raises(StandardError, match="unknown variety 'Zaphod'"):
        decide_grades(columns_from([make_fruit(variety="Zaphod")], "apple"), eu)
