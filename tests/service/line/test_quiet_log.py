from __future__ import annotations

from structlog.testing import capture_logs

from service.line.quiet_log import MOST_KEYS, QuietLog


def test_a_thing_is_said_once_then_counted() -> None:
    now = [0.0]
    log = QuietLog(every_s=60.0, clock=lambda: now[0])
    with capture_logs() as lines:
        for _ in range(1000):
            log.warn("frame_refused", "north", 1, "stale", age_s=3.0)
        log.warn("frame_refused", "north", 2, "stale")
        now[0] = 60.0
        log.warn("frame_refused", "north", 1, "stale", age_s=4.0)
        now[0] = 120.0
        log.warn("frame_refused", "north", 1, "stale")
    assert lines == [
        {"event": "frame_refused", "log_level": "warning", "place": "north 1 stale", "age_s": 3.0},
        {"event": "frame_refused", "log_level": "warning", "place": "north 2 stale"},
        {
            "event": "frame_refused",
            "log_level": "warning",
            "place": "north 1 stale",
            "age_s": 4.0,
            "repeated": 999,
        },
        {"event": "frame_refused", "log_level": "warning", "place": "north 1 stale"},
    ]


def test_its_memory_is_bounded() -> None:
    log = QuietLog(clock=lambda: 0.0)
    with capture_logs() as lines:
        for number in range(MOST_KEYS + 1):
            log.warn("strange", number)
    assert len(lines) == MOST_KEYS + 1
    assert len(log._said) == 1
