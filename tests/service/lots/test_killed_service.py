"""The service is killed (power cut, kill -9) while it writes the fruit of a lot, and started again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx

from tests.service.line.gateway import Gateway, write_patient_line
from tests.service.line.test_restart import serving

WHOLE = "SELECT count(*) FROM lot_fruit JOIN fruit_record USING (lot_fruit_id) JOIN fruit_decision USING (lot_fruit_id)"


def test_the_database_is_sound_and_the_lot_goes_on(tmp_path: Path) -> None:
    (tmp_path / "lines").mkdir()
    write_patient_line(tmp_path / "lines", "yard")
    lot = {"code": "L1", "grower": "Wang", "crop": "apple", "line": "yard", "lanes": [1]}
    with serving(tmp_path) as (process, address), Gateway(address, "yard") as gateway:
        assert httpx.post(f"{address}/api/v1/lots", json=lot).status_code == 201
        told = 0
        for number in range(2_000):
            gateway.send_fruit(number, grade_class="I")
            gateway.decision()
            if number % 10 == 0:
                told = httpx.get(f"{address}/api/v1/lots").json()["storing"]["stored"]
            if told >= 30:
                break
        gateway.send_fruit(number + 1, grade_class="I")  # and one more is on its way
        process.kill()
        process.wait()
    with closing(sqlite3.connect(tmp_path / "data" / "grader.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        names = [
            name for (name,) in database.execute("SELECT fruit_name FROM lot_fruit ORDER BY lot_fruit_id")
        ]
        whole = database.execute(WHOLE).fetchone()[0]
    assert whole == len(names) >= told
    assert len(set(names)) == len(names)
    with serving(tmp_path) as (_, address), Gateway(address, "yard") as gateway:
        assert httpx.get(f"{address}/api/v1/lots/1").json()["state"] == "open"
        for number in range(3):
            gateway.send_fruit(number, grade_class="I")
            gateway.decision()
        assert httpx.post(f"{address}/api/v1/lots/1/close").status_code == 200
        for _ in range(2_000):
            found = httpx.get(f"{address}/api/v1/lots/1").json()["packout"]["stored"]
            if found >= len(names) + 3:
                break
        assert found == len(names) + 3
