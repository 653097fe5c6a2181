"""Lots are closed and opened while fruit come, one after the other: every fruit is in one lot, or counted without."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from tests.service.line.live.live_line import Sender, live_app, sending
from tests.service.lots.test_lots_api import LOT, get, pass_fruit, post
from tests.service.running import listening

LOTS, BETWEEN = 6, 8


def send_until(sender: Sender, enough: Event) -> None:
    while not enough.is_set():
        pass_fruit(sender, 1, grade_class="I")


def test_every_fruit_is_in_exactly_one_lot_or_counted_without(tmp_path: Path) -> None:
    with listening(live_app(tmp_path)) as address, sending(address) as sender:
        pass_fruit(sender, 1)  # the line is open
        enough, lots = Event(), []
        coming = Thread(target=send_until, args=(sender, enough))
        coming.start()
        try:
            for number in range(LOTS):
                opened = post(address, "lots", **{**LOT, "code": f"L{number}"})
                assert opened.status_code == 201, opened.text
                lots.append(opened.json()["lot_id"])
                wanted = sender.sent + BETWEEN
                while sender.sent < wanted:
                    get(address, "lots")
                assert post(address, f"lots/{lots[-1]}/close").status_code == 200
        finally:
            enough.set()
            coming.join()
        listed = get(address, "lots")
        accepted, without = listed["storing"]["accepted"], listed["without_lot"]["yard"]
        assert accepted + without == sender.sent
        while get(address, "lots")["storing"]["stored"] < accepted:
            pass
        of_lots = [get(address, f"lots/{lot}/fruits", limit="500")["fruits"] for lot in lots]
    names = [one["fruit"] for fruit in of_lots for one in fruit]
    assert len(names) == len(set(names)) == accepted
    assert all(len(fruit) >= BETWEEN - 1 for fruit in of_lots)
