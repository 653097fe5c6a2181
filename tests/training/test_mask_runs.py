"""Run lengths of every tool become the same pixels, and damaged ones are refused instead of guessed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from grader.types import BoolArray
from tests.training.labelled_sets import brush
from training.mask_runs import MaskRuns, runs_in_box, runs_of, runs_of_brush, runs_of_coco

L = np.array([[0, 1, 0], [0, 1, 1]], np.bool_)


@given(arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_there_and_back(mask: BoolArray) -> None:
    assert (runs_of(mask).to_mask() == mask).all()
    assert (runs_of_brush(brush(mask), (mask.shape[0], mask.shape[1])).to_mask() == mask).all()


def test_coco_goes_down_the_columns() -> None:
    assert (runs_of_coco([2, 2, 1, 1], (2, 3)).to_mask() == L).all()


def test_packed_coco() -> None:
    """`929` is what the COCO API writes for 9 off, 2 on, 9 off in 4 x 5 pixels: the third is stored as it is."""
    wanted = np.zeros((4, 5), np.bool_)
    wanted[1:3, 2] = True
    assert (runs_of_coco("929", (4, 5)).to_mask() == wanted).all()


def test_packed_differences_and_long_runs() -> None:
    """From the fourth on each number is the change to the one two before; 100 and 1000 need more characters."""

    def pack(value: int) -> str:
        text, more = "", True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(48 + (bits | (32 if more else 0)))
        return text

    counts = [100, 3, 1000, 2, 900, 95]
    changes = counts[:3] + [counts[n] - counts[n - 2] for n in range(3, len(counts))]
    packed = "".join(pack(value) for value in changes)
    hw = (21, 100)
    assert sum(counts) == 21 * 100
    assert (runs_of_coco(packed, hw).to_mask() == runs_of_coco(counts, hw).to_mask()).all()


def test_cvat_goes_along_the_rows_of_its_box() -> None:
    mask = runs_in_box([1, 1, 1, 2, 1], 1, 2, 3, 2, (5, 6)).to_mask()
    wanted = np.zeros((5, 6), np.bool_)
    wanted[2, 2] = wanted[3, 1] = wanted[3, 2] = True
    assert (mask == wanted).all()


def test_brush_values_that_do_not_repeat() -> None:
    """A run of different values: 2 pixels RGBA, alpha 0 and 9."""
    values = (1, 2, 3, 0, 5, 6, 7, 9)
    bits = f"{8:032b}{7:05b}" + f"{7:04b}" * 4 + f"0{0:02b}{7:08b}" + "".join(f"{v:08b}" for v in values)
    bits += "0" * (-len(bits) % 8)
    data = [int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)]
    assert runs_of_brush(data, (1, 2)).to_mask().tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 2], "expected runs over 6 pixels, got 2 runs over 3"),
        ([-1, 7], "expected runs over 6 pixels"),
        ([], "expected runs over 6 pixels"),
        ("", "expected runs over 6 pixels"),
        ("P", "a number that is cut off"),
        ("~", "got the character '~'"),
    ],
)
def test_damaged_coco_runs_are_refused(counts: str | list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        runs_of_coco(counts, (2, 3))


@pytest.mark.parametrize("box", [(-1, 0, 3, 2), (4, 0, 3, 2), (0, 4, 3, 2), (0, 0, 0, 2)])
def test_a_cvat_mask_outside_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected a mask inside 6x5"):
        runs_in_box([6], *box, (5, 6))


def test_damaged_brush_masks_are_refused() -> None:
    data = brush(L)
    for wrong, message in (
        (data[:-3], "its data end at byte"),
        (data[:2], "its data end at byte 2"),
        (brush(L[:1]), "expected a brush mask of 24 values, got 12"),
        ([*data[:4], data[4] ^ 0b1000_0000, *data[5:]], "expected values of 8 bits"),
        ([*data[:-3], 255, 255, 255], "a run beyond its end"),
    ):
        with pytest.raises(ValueError, match=message):
            runs_of_brush(wrong, (2, 3))
    with pytest.raises(ValueError, match="expected runs over 4 pixels"):
        MaskRuns(hw=(2, 2), counts=(3,))
