from __future__ import annotations

import pytest

from service.errors import LedgerError
from service.line.ledger import LaneCounts, Ledger
from service.line.protocol import Decision


def decision(
    outlet: str = "juice", *, reason: str | None = None, late: bool = False, lane: int = 1
) -> Decision:
    return Decision(
        fruit_id="a",
        lane=lane,
        outlet=outlet,
        sku=None,
        grade_class=None,
        eject_at_encoder=None,
        late=late,
        reason=reason,
    )


@pytest.fixture
def ledger() -> Ledger:
    return Ledger("small", (1, 2), "again")


def test_every_kind_of_end_is_counted_once(ledger: Ledger) -> None:
    ends = (
        decision(),
        decision("again", reason="no_route"),
        decision("again", reason="ungraded"),
        decision("again", reason="late", late=True),
        decision("again", reason="overload"),
        decision("again", reason="no_view"),
        decision("again", reason="no_fruit"),
        decision("juice", lane=2),
    )
    for end in ends:
        ledger.triggered(end.lane)
        ledger.decided(end, delivered=True)
    ledger.triggered(1)
    ledger.check({1: 1, 2: 0})
    counts = ledger.lane(1, open_count=1)
    assert (counts.triggers, counts.graded, counts.abstained, counts.no_read) == (8, 2, 3, 2)
    assert (counts.late, counts.undelivered, counts.open) == (1, 0, 1)
    assert counts.outlets == {"again": 6, "juice": 1}
    assert sum(counts.recirculated.values()) == 6
    assert ledger.lane(2).graded == 1


def test_a_decision_that_reached_nobody_recirculates(ledger: Ledger) -> None:
    for delivered in (True, False):
        ledger.triggered(1)
        ledger.decided(decision(), delivered=delivered)
    ledger.undelivered(decision())
    ledger.check({1: 0})
    assert ledger.lane(1).outlets == {"again": 2}
    assert (ledger.lane(1).graded, ledger.lane(1).undelivered) == (2, 2)


def test_frames_used_and_refused(ledger: Ledger) -> None:
    ledger.frame_used(1)
    ledger.view_graded(1, "fruit")
    ledger.frame_refused(1, "stale")
    ledger.frame_refused(7, "unknown_lane")
    ledger.check({1: 0, 2: 0})
    assert (ledger.lane(1).frames, ledger.lane(1).used, ledger.lane(1).refused) == (2, 1, {"stale": 1})
    assert ledger.lane(None).refused == {"unknown_lane": 1}


def test_what_does_not_add_up_is_named(ledger: Ledger) -> None:
    ledger.decided(decision(), delivered=True)
    ledger.triggered(2)
    with pytest.raises(LedgerError) as wrong:
        ledger.check({1: 0, 2: 0})
    assert str(wrong.value).splitlines() == [
        "small lane 1: triggers: expected graded + abstained + no_read + open = 1, got 0",
        "small lane 2: triggers: expected graded + abstained + no_read + open = 0, got 1",
    ]


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        (LaneCounts(outlets={"juice": 1}), "decisions: expected sum of the outlets = 1, got 0"),
        (LaneCounts(frames=2, refused={"stale": 1}), "frames: expected used + refused = 1, got 2"),
        (LaneCounts(views={"fruit": 1}), "views: expected at most the 0 frames used, got 1"),
    ],
)
def test_each_sum_is_checked(counts: LaneCounts, problem: str) -> None:
    assert counts.problems() == (problem,)
