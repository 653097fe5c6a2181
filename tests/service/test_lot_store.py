from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine

from service.errors import ConflictError, NotFoundError
from service.store.lot_store import LotStore
from tests.service.lot_fruit import AT, new_lot, open_lot

LATER = AT + timedelta(hours=1)


@pytest.fixture
def lots(engine: Engine) -> LotStore:
    return LotStore(engine)


def test_a_lot_comes_back_as_it_was_opened(lots: LotStore) -> None:
    new = new_lot(variety="花牛", origin="Lixian", net_weight_kg=1250.5)
    opened = lots.open(new, line_id="north", lanes=(2, 1, 2), at=LATER)
    assert lots.lot(opened.lot_id) == opened
    assert (opened.code, opened.grower, opened.crop, opened.variety) == ("L1", "花果山 ½", "apple", "花牛")
    assert (opened.origin, opened.net_weight_kg, opened.arrived_at) == ("Lixian", 1250.5, AT)
    assert (opened.state, opened.opened_at, opened.closed_at) == ("open", LATER, None)
    assert [(run.line_id, run.lane, run.started_at, run.ended_at) for run in opened.runs] == [
        ("north", 1, LATER, None),
        ("north", 2, LATER, None),
    ]
    assert lots.running() == opened.runs


def test_closing_ends_the_runs_and_frees_the_lanes(lots: LotStore) -> None:
    opened = open_lot(lots, lanes=(1, 2))
    closed = lots.close(opened.lot_id, at=LATER)
    assert (closed.state, closed.closed_at) == ("closed", LATER)
    assert [run.ended_at for run in closed.runs] == [LATER, LATER]
    assert lots.running() == ()
    second = open_lot(lots, "L2", lanes=(1, 2))
    assert second.grower_id == opened.grower_id
    with pytest.raises(
        ConflictError, match="lot L1: expected an open lot, it was closed at 2026-11-22 09:30"
    ):
        lots.close(opened.lot_id, at=LATER)
    assert lots.lot(second.lot_id).state == "open"


def test_what_is_taken_is_named_and_nothing_is_stored(lots: LotStore) -> None:
    open_lot(lots, lanes=(2,))
    with pytest.raises(ConflictError, match="code: expected a new one, there is a lot 'L1' already"):
        open_lot(lots, lanes=(3,))
    with pytest.raises(ConflictError, match="expected free lanes of line north, lane 2 runs lot L1"):
        lots.open(new_lot("L2", grower="new"), line_id="north", lanes=(1, 2, 3), at=AT)
    assert [lot.code for lot in lots.lots(limit=10)] == ["L1"]
    assert [lot.code for lot in (open_lot(lots, "L2", lanes=(1, 3)), open_lot(lots, "L3", line_id="south"))]


def test_of_two_that_open_on_the_same_lane_at_once_one_wins(lots: LotStore) -> None:
    together, won, lost = Barrier(2), [], []

    def try_to(code: str) -> None:
        together.wait()
        try:
            won.append(open_lot(lots, code).code)
        except ConflictError as error:
            lost.append(str(error))

    both = [Thread(target=try_to, args=(code,)) for code in ("A", "B")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (len(won), len(lost)) == (1, 1), lost
    assert [lot.code for lot in lots.lots(limit=10)] == won


def test_lists_are_newest_first(lots: LotStore) -> None:
    numbers = [open_lot(lots, f"L{number}", lanes=(number,)).lot_id for number in range(1, 5)]
    lots.close(numbers[1], at=LATER)
    assert [lot.lot_id for lot in lots.lots(limit=3)] == numbers[:0:-1]
    assert [lot.lot_id for lot in lots.lots(limit=3, before=numbers[1])] == numbers[:1]
    assert [lot.lot_id for lot in lots.lots(limit=9, state="closed")] == [numbers[1]]
    assert [len(lot.runs) for lot in lots.lots(limit=9)] == [1, 1, 1, 1]


def test_a_lot_that_is_not_there(lots: LotStore) -> None:
    with pytest.raises(NotFoundError, match="no lot 7"):
        lots.lot(7)
    with pytest.raises(NotFoundError, match="no lot 7"):
        lots.close(7, at=AT)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("code", "", "code: expected a name, got none"),
        ("grower", "", "grower: expected a name"),
        ("net_weight_kg", 0.0, "net_weight_kg: expected more than 0, got 0.0"),
        ("net_weight_kg", float("nan"), "net_weight_kg: expected more than 0, got nan"),
    ],
)
def test_half_a_lot_is_refused(field: str, value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        new_lot(**{field: value})
