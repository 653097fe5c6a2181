from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.line.encoder_track import EncoderTrack, Place, Reading
from service.line.line_config import Encoder

ENCODER = Encoder(modulus=1000, max_jump_counts=100, same_cup_counts=10)


@given(st.integers(0, 999), st.lists(st.integers(0, 100), max_size=60))
def test_positions_grow_through_every_wrap(start: int, steps: list[int]) -> None:
    track, true = EncoderTrack(ENCODER), start
    for step in (0, *steps):
        true += step
        assert track.read(true % 1000, in_order=True) == Place(Reading.GOOD, true)
        assert track.position == true


def test_a_frame_may_lie_behind_and_moves_nothing() -> None:
    track = EncoderTrack(ENCODER)
    track.read(20, in_order=True)
    assert track.read(980, in_order=False) == Place(Reading.GOOD, -20)
    assert track.position == 20


@pytest.mark.parametrize(("raw", "in_order"), [(689, True), (579, False), (301 + 500, True), (999, False)])
def test_one_stray_count_changes_nothing(raw: int, in_order: bool) -> None:
    track = EncoderTrack(ENCODER)
    track.read(700, in_order=True)
    if raw == 689:
        assert track.read(690, in_order=True).reading is Reading.GOOD
    assert track.read(raw, in_order=in_order) == Place(Reading.STRAY, None)
    assert track.read(710, in_order=True) == Place(Reading.GOOD, 710)
    assert track.position == 710


def test_two_that_agree_are_a_reset() -> None:
    track = EncoderTrack(ENCODER)
    track.read(700, in_order=True)
    assert track.read(0, in_order=True).reading is Reading.STRAY
    assert track.read(5, in_order=True) == Place(Reading.RESET, 5)
    assert track.read(4, in_order=False) == Place(Reading.GOOD, 4)
    assert track.position == 5


def test_two_that_disagree_are_not() -> None:
    track = EncoderTrack(ENCODER)
    track.read(700, in_order=True)
    assert track.read(0, in_order=True).reading is Reading.STRAY
    assert track.read(300, in_order=True).reading is Reading.STRAY
    assert track.position == 700


@pytest.mark.parametrize("raw", [-1, 1000])
def test_out_of_range(raw: int) -> None:
    track = EncoderTrack(ENCODER)
    assert track.read(raw, in_order=True) == Place(Reading.STRAY, None)
    assert track.position is None


def test_an_idle_line_believes_a_far_count() -> None:
    track = EncoderTrack(ENCODER)
    track.read(700, in_order=True)
    assert track.read(100, in_order=False, idle=True) == Place(Reading.RESET, 100)


def test_near_learns_nothing() -> None:
    track = EncoderTrack(ENCODER)
    assert track.near(7) == 7
    track.read(1000 - 100, in_order=True)
    assert (track.near(50), track.near(450), track.near(1000), track.position) == (1050, 450, None, 900)


def test_who_may_not_reset_does_not_prepare_it_either() -> None:
    track = EncoderTrack(ENCODER)
    track.read(700, in_order=True)
    for _ in range(3):
        assert track.read(100, in_order=False, may_reset=False) == Place(Reading.STRAY, None)
    assert track.read(100, in_order=True).reading is Reading.STRAY
    assert track.read(100, in_order=True).reading is Reading.RESET
