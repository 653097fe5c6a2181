"""Lots are closed and opened while fruit come, one after the other: every fruit is in one lot, or counted without."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from tests.service.line.live.live_line import Sender, live_app, sending
from tests.service.lots.test_lots_api import LOT, get, pass_fruit, post
from tests.service.running import listening

FRUIT = 150


def send_all(sender: Sender, done: list[int]) -> None:
    for number in range(FRUIT):
        pass_fruit(sender, 1, grade_class="I")
        done.append(number)


def test_every_fruit_is_in_exactly_one_lot_or_counted_without(tmp_path: Path) -> None:
    lots: list[int] = []
    with listening(live_app(tmp_path)) as address, sending(address) as sender:
        pass_fruit(sender, 1)  # the line is open
        done: list[int] = []
        coming = Thread(target=send_all, args=(sender, done))
        coming.start()
        while coming.is_alive():
            opened = post(address, "lots", **{**LOT, "code": f"L{len(lots)}"})
            assert opened.status_code == 201, opened.text
            lots.append(opened.json()["lot_id"])
            there = len(done)
            while coming.is_alive() and len(done) < there + 10:
                get(address, "lots")
            assert post(address, f"lots/{lots[-1]}/close").status_code == 200
        coming.join()
        listed = get(address, "lots")
        without, accepted = listed["without_lot"].get("yard", 0), listed["storing"]["accepted"]
        assert accepted + without == FRUIT + 1
        names = []
        while get(address, "lots")["storing"]["stored"] < accepted:
            pass
        for lot in lots:
            names += [one["fruit"] for one in get(address, f"lots/{lot}/fruits", limit="500")["fruits"]]
    assert len(lots) > 3
    assert len(names) == len(set(names)) == accepted
