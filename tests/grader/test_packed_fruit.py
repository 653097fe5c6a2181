"""What is unpacked is what was packed, to the last bit, and decides the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import RecordError
from grader.fruit_columns import FruitColumns, columns_from
from grader.packed_fruit import STORED_KINDS, PackedFruit, pack_fruit, unpack_columns
from grader.types import Crop, DefectKind, FruitMeasurement
from tests.grader.made_fruit import fruits, make_defect, make_fruit, without_scale


def unpack(packed: Sequence[PackedFruit], crop: str = "apple") -> FruitColumns:
    return unpack_columns(
        [one.crop for one in packed],
        [one.variety for one in packed],
        [one.flags for one in packed],
        [one.fruit for one in packed],
        [one.defects for one in packed],
        crop,
    )


def assert_same(found: FruitColumns, wanted: FruitColumns) -> None:
    for field in fields(FruitColumns):
        one, other = getattr(found, field.name), getattr(wanted, field.name)
        if isinstance(other, np.ndarray):
            assert one.dtype == other.dtype, field.name
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        else:
            assert one == other, field.name


@settings(max_examples=60, deadline=None)
@given(st.lists(fruits(Crop.APPLE, (None, "Fuji", "花牛")) | fruits(Crop.MELON, (None, "Hami")), max_size=6))
def test_columns_are_those_of_the_measurements(measurements: list[FruitMeasurement]) -> None:
    some = [*measurements, *(without_scale(fruit) for fruit in measurements[::2])]
    assert_same(unpack([pack_fruit(fruit) for fruit in some]), columns_from(some, "apple"))


def test_flags_keep_their_meaning() -> None:
    some = [
        make_fruit(flags=flags)
        for flags in (
            (),
            ("black_frame",),
            ("blurred", "no_scale"),
            ("no_scale",),
            ("blurred", "clipped_frame"),
        )
    ]
    found = unpack([pack_fruit(fruit) for fruit in some])
    assert found.is_usable.tolist() == [True, False, True, True, False]
    assert found.is_limited.tolist() == [False, False, True, False, True]


def test_every_kind_of_defect_has_its_number_for_ever() -> None:
    assert STORED_KINDS[:13] == tuple(
        "bruise rot scab russet scald sunburn puncture crack scar insect spots sooty other".split()
    )
    assert set(STORED_KINDS) == set(DefectKind)
    some = [make_fruit(make_defect(kind), make_defect("rot", confidence=0.1)) for kind in STORED_KINDS]
    assert_same(unpack([pack_fruit(fruit) for fruit in some]), columns_from(some, "apple"))


def test_a_sound_fruit_takes_148_bytes_and_a_defect_42() -> None:
    sound, spoilt = pack_fruit(make_fruit()), pack_fruit(make_fruit(make_defect("rot"), make_defect("scab")))
    assert (len(sound.fruit), len(sound.defects)) == (148, 0)
    assert (len(spoilt.fruit), len(spoilt.defects)) == (148, 84)


def test_other_bytes_are_refused() -> None:
    good = pack_fruit(make_fruit(make_defect("rot")))
    with pytest.raises(RecordError, match=r"measured: expected 148 bytes a fruit, got \[147, 149\]"):
        unpack_columns(["apple"] * 2, [None] * 2, [""] * 2, [b"\1" * 147, b"\1" * 149], [b""] * 2, "apple")
    with pytest.raises(RecordError, match=r"measured: expected version 1, got \[2\]"):
        unpack_columns(["apple"], [None], [""], [b"\2" + good.fruit[1:]], [b""], "apple")
    with pytest.raises(RecordError, match="measured_defects: expected 42 bytes a defect, got 41"):
        unpack_columns(["apple"], [None], [""], [good.fruit], [good.defects[:-1]], "apple")
    with pytest.raises(RecordError, match="measured_defects: expected kinds below 13"):
        unpack_columns(["apple"], [None], [""], [good.fruit], [b"\x0d" + good.defects[1:]], "apple")
