"""A measurement <-> the few bytes that re-grading reads: a million stored fruit become columns without any parsing.

They hold what `fruit_columns.py` holds, as float64, so that what is decided on them is equal to the last bit. Crop,
variety and quality flags are kept beside them as words: what follows from a flag may change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from grader.errors import RecordError
from grader.fruit_columns import (
    KIND_ORDER,
    Booleans,
    Doubles,
    FruitColumns,
    Integers,
    interval_or_nan,
    number_or_nan,
)
from grader.grade_settings import LIMITING_FLAGS, UNUSABLE_FLAGS
from grader.types import DefectKind, FruitMeasurement

VERSION = 1
STORED_KINDS = (
    "bruise",
    "rot",
    "scab",
    "russet",
    "scald",
    "sunburn",
    "puncture",
    "crack",
    "scar",
    "insect",
    "spots",
    "sooty",
    "other",
)
"""The number of a kind is its place here, for ever: a new kind goes to the end."""

_FRUIT = np.dtype(
    [
        ("version", "<u2"),
        ("touches_edge", "<u2"),
        ("crop_confidence", "<f8"),
        ("surface_seen", "<f8"),
        ("diameter_mm", "<f8", (3,)),
        ("ring_mm", "<f8", (3,)),
        ("length_mm", "<f8", (3,)),
        ("weight_g", "<f8", (3,)),
        ("shape_index", "<f8"),
        ("blush", "<f8"),
        ("light_red", "<f8"),
        ("net_cover", "<f8"),
    ]
)
_DEFECT = np.dtype(
    [
        ("kind", "u1"),
        ("elongated", "u1"),
        ("area_mm2", "<f8"),
        ("fraction", "<f8"),
        ("length_mm", "<f8"),
        ("diameters", "<f8"),
        ("confidence", "<f8"),
    ]
)
_NUMBER_OF = {kind: number for number, kind in enumerate(STORED_KINDS)}
_PLACE_OF = np.array([KIND_ORDER.index(DefectKind(kind)) for kind in STORED_KINDS], dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFruit:
    """One measurement as it is stored. flags: quality flags, with commas between. fruit: always of the same length;
    defects: as many bytes a defect, from the most to the least certain."""

    crop: str
    variety: str | None
    flags: str
    fruit: bytes
    defects: bytes


def pack_fruit(fruit: FruitMeasurement) -> PackedFruit:
    """The bytes of a measurement. Give a rounded one (`rounding.py`), then the stored record says the same."""
    size = fruit.size
    head = np.array(
        [
            (
                VERSION,
                fruit.touches_edge,
                fruit.crop_confidence,
                fruit.surface_seen_fraction,
                interval_or_nan(size.equatorial_diameter_mm),
                interval_or_nan(size.ring_diameter_mm),
                interval_or_nan(size.length_mm),
                interval_or_nan(size.weight_g),
                number_or_nan(size.shape_index),
                fruit.colour.blush_fraction,
                fruit.colour.light_red_fraction,
                nan if fruit.netting is None else fruit.netting.cover_fraction,
            )
        ],
        dtype=_FRUIT,
    )
    defects = [
        (
            _NUMBER_OF[defect.kind.value],
            defect.elongated,
            number_or_nan(defect.area_mm2),
            defect.area_fraction,
            number_or_nan(defect.length_mm),
            defect.length_diameters,
            defect.confidence,
        )
        for defect in sorted(fruit.defects, key=lambda defect: -defect.confidence)
    ]
    return PackedFruit(
        crop=fruit.crop.value,
        variety=fruit.variety,
        flags=",".join(fruit.quality_flags),
        fruit=head.tobytes(),
        defects=np.array(defects, dtype=_DEFECT).tobytes(),
    )


def unpack_columns(
    crops: Sequence[str],
    varieties: Sequence[str | None],
    flags: Sequence[str],
    fruit: Sequence[bytes],
    defects: Sequence[bytes],
    crop: str,
) -> FruitColumns:
    """Columns of n stored fruit, in order, for a standard of `crop`; equal to `columns_from` of the measurements.

    All sequences have length n and the meaning of the fields of `PackedFruit`.

    Raises:
        RecordError: bytes of another length or a newer version.
    """
    packed = b"".join(fruit)
    if (lengths := set(map(len, fruit))) - {_FRUIT.itemsize}:
        raise RecordError(f"measured: expected {_FRUIT.itemsize} bytes a fruit, got {sorted(lengths)}")
    head = np.frombuffer(packed, dtype=_FRUIT)
    if strange := set(np.unique(head["version"]).tolist()) - {VERSION}:
        raise RecordError(f"measured: expected version {VERSION}, got {sorted(strange)}")
    known = tuple(sorted({variety for variety in varieties if variety is not None}))
    variety_index = _places(varieties, (*known, None))
    variety_index[variety_index == len(known)] = -1
    flag_texts = tuple(set(flags))
    flag_index, flag_sets = _places(flags, flag_texts), [frozenset(text.split(",")) for text in flag_texts]
    crop_names = tuple(sorted(set(crops)))
    crop_index = _places(crops, crop_names)
    kind, elongated, numbers = _defect_columns(defects)
    return FruitColumns(
        crop=crop,
        varieties=known,
        variety_index=variety_index,
        is_crop=_taken([name == crop for name in crop_names], crop_index),
        is_usable=_taken([not UNUSABLE_FLAGS & one for one in flag_sets], flag_index),
        is_limited=_taken([bool(LIMITING_FLAGS & one) for one in flag_sets], flag_index),
        touches_edge=head["touches_edge"] != 0,
        crop_confidence=_doubles(head["crop_confidence"]),
        surface_seen=_doubles(head["surface_seen"]),
        diameter_mm=_doubles(head["diameter_mm"]),
        ring_mm=_doubles(head["ring_mm"]),
        length_mm=_doubles(head["length_mm"]),
        weight_g=_doubles(head["weight_g"]),
        shape_index=_doubles(head["shape_index"]),
        blush=_doubles(head["blush"]),
        light_red=_doubles(head["light_red"]),
        net_cover=_doubles(head["net_cover"]),
        defect_kind=kind,
        defect_elongated=elongated,
        defect_area_mm2=numbers[0],
        defect_fraction=numbers[1],
        defect_length_mm=numbers[2],
        defect_diameters=numbers[3],
        defect_confidence=numbers[4],
        crops=crop_names,
        crop_index=crop_index,
    )


def _defect_columns(defects: Sequence[bytes]) -> tuple[Integers, Booleans, Doubles]:
    """int64 (n, m) places in KIND_ORDER or -1, bool (n, m), float64 (5, n, m)."""
    lengths = np.fromiter(map(len, defects), dtype=np.int64, count=len(defects))
    if (lengths % _DEFECT.itemsize).any():
        raise RecordError(f"measured_defects: expected {_DEFECT.itemsize} bytes a defect, got {max(lengths)}")
    flat = np.frombuffer(b"".join(defects), dtype=_DEFECT)
    if (flat["kind"] >= len(STORED_KINDS)).any():
        raise RecordError(f"measured_defects: expected kinds below {len(STORED_KINDS)}, got a newer one")
    counts = lengths // _DEFECT.itemsize
    shape = (len(defects), int(max(1, counts.max(initial=0))))
    row = np.repeat(np.arange(len(defects)), counts)
    column = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    kind = np.full(shape, -1, dtype=np.int64)
    elongated = np.zeros(shape, dtype=np.bool_)
    numbers = np.zeros((5, *shape))
    kind[row, column] = _PLACE_OF[flat["kind"]]
    elongated[row, column] = flat["elongated"] != 0
    for index, name in enumerate(("area_mm2", "fraction", "length_mm", "diameters", "confidence")):
        numbers[index, row, column] = flat[name]
    return kind, elongated, numbers


def _places(values: Sequence[str | None], known: Sequence[str | None]) -> Integers:
    """int64 (n,): where in `known` each value is."""
    place = {value: index for index, value in enumerate(known)}
    return np.fromiter(map(place.__getitem__, values), dtype=np.int64, count=len(values))


def _taken(meaning: Sequence[bool], index: Integers) -> Booleans:
    """bool (n,): what is said of each one's kind."""
    return np.array(meaning, dtype=np.bool_)[index]


def _doubles(values: Doubles) -> Doubles:
    """Contiguous, aligned, of the native byte order."""
    return np.ascontiguousarray(values, dtype=np.float64)
