"""The whole way: a real server, a real line with real sockets, a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import URL

from grader.sku import SKU_TABLES_FOLDER
from grader.standard import load_standard
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, load_fake_grader
from tests.service.line.lines import PATIENT, write_line
from tests.service.line.live.live_line import Sender, sending
from tests.service.running import listening

_CAMERAS = PATIENT[PATIENT.index("[[cameras]]") : PATIENT.index("[[outlets]]")]
SLOW = PATIENT.replace(_CAMERAS, "").replace("wait_s = 5", "wait_s = 50")
"""A line of any cameras that waits a minute for the last view of a fruit."""
LOT = {"code": "L1", "grower": "王家果园", "crop": "apple", "line": "yard", "lanes": [1]}


def app_settings(folder: Path, url: URL) -> ServiceSettings:
    return ServiceSettings.model_validate(
        {
            "data_dir": folder / "data",
            "database_url": url.render_as_string(hide_password=False),
            "samples_dir": folder / "none",
            "model_dir": folder / "fake",
            "line_workers": 1,
            "line_waiting_ms": 60_000,
            "line_waiting_views": 1000,
            "min_free_mb": 1,
        }
    )


@pytest.fixture
def settings(tmp_path: Path, empty_database: URL) -> ServiceSettings:
    return app_settings(tmp_path, empty_database)


@pytest.fixture
def address(settings: ServiceSettings) -> Iterator[str]:
    with listening(fake_app(settings)) as where:
        yield where


def fake_app(settings: ServiceSettings) -> Any:
    return create_app(
        settings,
        grader=FakeGrader(),
        load_for_lines=FakeLineGrader.load,
        load_for_previews=load_fake_grader,
    )


def post(address: str, path: str, **body: object) -> httpx.Response:
    return httpx.post(f"{address}/api/v1/{path}", json=body, timeout=30)


def get(address: str, path: str, **query: str) -> Any:
    answer = httpx.get(f"{address}/api/v1/{path}", params=query, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(address: str, lot_id: int, count: int) -> Any:
    """The lot once so many of its fruit are stored."""
    for _ in range(600):
        lot = get(address, f"lots/{lot_id}")
        if lot["packout"]["stored"] >= count:
            return lot
        httpx.get(f"{address}/healthz")
    raise AssertionError(f"expected {count} stored fruit, got {lot['packout']}")


def pass_fruit(sender: Sender, count: int, **orders: object) -> None:
    for _ in range(count):
        sender.send(**orders)  # type: ignore[arg-type]
    sender.decisions(count)


def test_a_lot_from_its_opening_to_its_packout(address: str) -> None:
    with sending(address) as sender:
        pass_fruit(sender, 1)
        opened = post(address, "lots", **LOT, variety="花牛", origin="Lixian", net_weight_kg=820.5)
        assert opened.status_code == 201, opened.text
        lot_id = opened.json()["lot_id"]
        pass_fruit(sender, 3, grade_class="extra", diameter_mm=80)
        pass_fruit(sender, 1, grade_class="I", diameter_mm=80)
        pass_fruit(sender, 1, outcome="no_fruit")
        pass_fruit(sender, 2, lane=2)
        closed = post(address, f"lots/{lot_id}/close")
        assert (closed.status_code, closed.json()["state"]) == (200, "closed")
        pass_fruit(sender, 1)
    lot = stored(address, lot_id, 5)
    packout = lot["packout"]
    assert (packout["stored"], packout["fruit"], packout["again"]) == (5, 4, {"no_fruit": 1})
    assert [(part["name"], part["fruit"], part["fraction"]) for part in packout["by_class"]] == [
        ("extra", 3, 0.75),
        ("I", 1, 0.25),
    ]
    assert [(part["name"], part["fruit"]) for part in packout["by_sku"]] == [("APL-EXTRA", 3), ("APL-I", 1)]
    assert [(part["name"], part["weighed"]) for part in packout["by_size"]] == [(None, 4)]
    assert (lot["grower"], lot["variety"], lot["net_weight_kg"]) == ("王家果园", "花牛", 820.5)
    assert [(run["line"], run["lane"]) for run in lot["runs"]] == [("yard", 1)]
    lots = get(address, "lots")
    assert lots["without_lot"] == {"yard": 4}
    assert lots["storing"] == {"accepted": 5, "stored": 5, "spoilt": 0, "waiting": 0, "refused": 0}
    (judge,) = lot["judged_by"]
    assert judge["standard_sha256"] == load_standard(judge["standard_id"]).sha256
    assert len(judge["sku_table_sha256"]) == 64
    assert (SKU_TABLES_FOLDER / f"{judge['sku_table_id']}.toml").is_file()


def test_fruit_that_are_on_the_belt_when_a_lot_is_closed_still_belong_to_it(
    settings: ServiceSettings, tmp_path: Path
) -> None:
    write_line(tmp_path, SLOW)
    app = fake_app(settings.model_copy(update={"lines_dir": tmp_path}))
    with listening(app) as address, sending(address, "small") as sender:
        pass_fruit(sender, 1)
        lot = {**LOT, "line": "small"}
        first = post(address, "lots", **lot).json()["lot_id"]
        sender.send(last_view=False)
        while get(address, "lines/small")["lanes"][0]["triggers"] < 2:
            pass
        assert post(address, f"lots/{first}/close").status_code == 200
        second = post(address, "lots", **{**lot, "code": "L2"}).json()["lot_id"]
        assert get(address, "lots")["storing"]["accepted"] == 0
        sender.send(fruit_id=1, view=1)
        assert sender.decision().fruit_id == 1
        pass_fruit(sender, 2)
        assert stored(address, first, 1)["packout"]["stored"] == 1
        assert stored(address, second, 2)["packout"]["stored"] == 2
        assert get(address, f"lots/{first}/fruits")["fruits"][0]["fruit"] == "1"
        assert get(address, "lots")["without_lot"] == {"small": 1}


def test_an_open_lot_goes_on_after_a_restart_and_stored_fruit_are_whole(settings: ServiceSettings) -> None:
    with listening(fake_app(settings)) as address, sending(address) as sender:
        pass_fruit(sender, 1)
        lot_id = post(address, "lots", **LOT).json()["lot_id"]
        pass_fruit(sender, 5)
    with listening(fake_app(settings)) as address:
        with sending(address) as sender:
            pass_fruit(sender, 4)
        assert stored(address, lot_id, 9)["packout"]["stored"] == 9
        assert post(address, f"lots/{lot_id}/close").json()["state"] == "closed"


def test_pages_and_single_fruit(address: str) -> None:
    with sending(address) as sender:
        pass_fruit(sender, 1)
        lot_id = post(address, "lots", **LOT).json()["lot_id"]
        pass_fruit(sender, 4, grade_class="extra")
        pass_fruit(sender, 2, grade_class="I")
        pass_fruit(sender, 1, outcome="no_fruit")
    stored(address, lot_id, 7)
    page = get(address, f"lots/{lot_id}/fruits", limit="3")
    assert [fruit["fruit"] for fruit in page["fruits"]] == ["7", "6", "5"]
    assert [fruit["class"] for fruit in page["fruits"]] == [None, "I", "I"]
    rest = get(address, f"lots/{lot_id}/fruits", before=str(page["next_before"]))
    assert [fruit["fruit"] for fruit in rest["fruits"]] == ["4", "3", "2", "1"]
    assert rest["next_before"] is None
    assert len(get(address, f"lots/{lot_id}/fruits", **{"class": "I"})["fruits"]) == 2
    (found,) = get(address, f"lots/{lot_id}/fruits", fruit="6")["fruits"]
    one = get(address, f"lots/{lot_id}/fruits/{found['lot_fruit_id']}", lang="zh")
    assert [decision["why"] for decision in one["decisions"]] == ["machine"]
    assert one["record"]["schema"] == "fruit/1"
    assert one["record"]["fruit_id"] == found["lot_fruit_id"]
    assert one["record"]["texts"]["class"] == "一级"
    assert page["fruits"][0]["record"] is None


@pytest.mark.parametrize(
    ("change", "status", "code", "message"),
    [
        ({"code": "L1"}, 409, "conflict", "code: expected a new one, there is a lot 'L1' already"),
        ({}, 409, "conflict", "lanes: expected free lanes of line yard, lane 1 runs lot L1"),
        ({"lanes": [2, 99]}, 422, "invalid_lot", "lanes: expected some of"),
        ({"line": "nowhere"}, 404, "not_found", "no line 'nowhere'"),
        ({"code": " "}, 422, "invalid_parameter", "body.code"),
        ({"code": "a\nb"}, 422, "invalid_parameter", "body.code"),
        ({"net_weight_kg": 0}, 422, "invalid_parameter", "body.net_weight_kg"),
        ({"arrived_at": "2026-11-22T08:00:00"}, 422, "invalid_parameter", "body.arrived_at"),
        ({"lanes": []}, 422, "invalid_parameter", "body.lanes"),
        ({"colour": "red"}, 422, "invalid_parameter", "body.colour"),
    ],
)
def test_lots_that_cannot_be_opened(
    two_lots: str, change: dict[str, object], status: int, code: str, message: str
) -> None:
    answer = post(two_lots, "lots", **{**LOT, "code": "L9", **change})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert message in answer.json()["error"]["message"]
    assert len(get(two_lots, "lots")["lots"]) == 2


@pytest.fixture(scope="module")
def two_lots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with a lot that runs on lane 1 and a closed one."""
    folder = tmp_path_factory.mktemp("two-lots")
    url = URL.create("sqlite", database=str(folder / "a.sqlite3"))
    with listening(fake_app(app_settings(folder, url))) as address:
        with sending(address) as sender:
            pass_fruit(sender, 1)
        closed = post(address, "lots", **{**LOT, "code": "L0"}).json()["lot_id"]
        post(address, f"lots/{closed}/close")
        post(address, "lots", **LOT)
        yield address


def test_closing_twice_and_what_is_not_there(two_lots: str) -> None:
    closed = next(lot for lot in get(two_lots, "lots", state="closed")["lots"])
    again = post(two_lots, f"lots/{closed['lot_id']}/close")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert "lot L0: expected an open lot, it was closed at" in again.json()["error"]["message"]
    for path in ("lots/99", "lots/99/fruits", f"lots/{closed['lot_id']}/fruits/5"):
        assert httpx.get(f"{two_lots}/api/v1/{path}").status_code == 404, path
    assert post(two_lots, "lots/99/close").status_code == 404
    page = get(two_lots, "lots", limit="1")
    assert [lot["code"] for lot in page["lots"]] == ["L1"]
    assert [lot["code"] for lot in get(two_lots, "lots", before=str(page["next_before"]))["lots"]] == ["L0"]


def test_a_lot_of_another_crop_than_its_line_grades(tmp_path: Path) -> None:
    write_line(tmp_path)
    url = URL.create("sqlite", database=str(tmp_path / "a.sqlite3"))
    settings = app_settings(tmp_path, url).model_copy(update={"lines_dir": tmp_path})
    with listening(fake_app(settings)) as address:
        answer = post(address, "lots", **{**LOT, "line": "small", "crop": "melon"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_lot")
        assert "crop: line small grades apple, got 'melon'" in answer.json()["error"]["message"]
        assert post(address, "lots", **{**LOT, "line": "small"}).status_code == 201
