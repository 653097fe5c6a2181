from __future__ import annotations

import pytest

from service.line.sources.capture_clock import CaptureClock


def test_frames_out_of_a_buffer_keep_their_age() -> None:
    clock = CaptureClock()
    for number in range(20):  # 50 ms apart, each 10 ms on the way
        assert clock.taken_s(100 + 0.05 * number + 0.01, 7 + 0.05 * number) == pytest.approx(
            100.01 + 0.05 * number
        )
    burst = [clock.taken_s(104.0, 8 + 0.05 * number) for number in range(40)]  # held up for three seconds
    assert burst == pytest.approx([101.01 + 0.05 * number for number in range(40)], abs=1e-3)
    assert clock.jumps == 0


def test_the_first_frames_out_of_a_buffer_are_corrected_by_the_fresh_ones() -> None:
    clock = CaptureClock()
    for number in range(10):  # all at once: half a second of frames was waiting
        clock.taken_s(100.0, 0.05 * number)
    assert clock.taken_s(100.05, 0.5) == pytest.approx(100.05)
    assert clock.taken_s(100.30, 0.55) == pytest.approx(100.10, abs=1e-3)  # a quarter second late again
    assert clock.jumps == 0


def test_times_only_grow_and_never_lie_ahead() -> None:
    clock, before = CaptureClock(), 0.0
    for arrived_s, stamp_s in (
        (10.0, 0.0),
        (10.1, 5.0),
        (10.2, 0.1),
        (10.3, 0.2),
        (10.4, 0.2),
        (10.5, 900.0),
    ):
        taken_s = clock.taken_s(arrived_s, stamp_s)
        assert before <= taken_s <= arrived_s
        before = taken_s


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_clock_that_jumps_is_counted_and_ages_stay_right(jump_s: float) -> None:
    clock = CaptureClock()
    for number in range(10):
        clock.taken_s(100 + 0.1 * number, 0.1 * number)
    for number in range(10, 20):
        assert clock.taken_s(100 + 0.1 * number, 0.1 * number + jump_s) == pytest.approx(100 + 0.1 * number)
    assert clock.taken_s(104.0, 2.0 + jump_s) == pytest.approx(102.0, abs=1e-3)  # two seconds late
    assert clock.jumps == 1


def test_a_slow_clock_does_not_look_like_age() -> None:
    clock = CaptureClock()
    for second in range(0, 36_000, 5):  # ten hours, 100 parts in a million slow
        taken_s = clock.taken_s(second, second * (1 - 1e-4))
        assert second - taken_s < 0.001


def test_a_camera_without_stamps_is_taken_at_its_word() -> None:
    clock = CaptureClock()
    assert [clock.taken_s(10.0 + number, 0.0) for number in range(3)] == [10.0, 11.0, 12.0]
