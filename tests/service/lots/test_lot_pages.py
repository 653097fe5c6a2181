"""What goes wrong on pages of lots is told on a page; statements over HTTP."""

from __future__ import annotations

import re

import pytest

from service.store.lot_reader import MinuteCount
from service.ui.lot_charts import class_order, stack, time_line
from tests.service.lot_fruit import AT, new_lot, open_lot
from tests.service.made_lot import fill_lot
from tests.service.running import RunningService, error_code


@pytest.fixture
def lots(service: RunningService) -> RunningService:
    """A service with a lot of 60 fruit."""
    archive = service.services.archive
    lot = open_lot(archive.lots)
    fill_lot(archive, lot, 60)
    return service


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/lots/99", 404, "no lot 99"),
        ("/lots/abc", 404, "path.lot_id"),
        ("/lots/99/now", 404, "no lot 99"),
        ("/lots/99/fruits", 404, "no lot 99"),
        ("/lots/1/fruits/999", 404, "no fruit 999 in lot 1"),
        ("/lots/99/statement", 404, "no lot 99"),
        (
            "/lots/1/statement?price.III=5",
            422,
            "expected a class of the lot (extra, I, II, reject), got &#39;III&#39;",
        ),
        ("/lots/1/statement?price.I=1&currency=XXXX", 422, "currency: expected three letters"),
        (
            "/lots/1/decide?standard=melon_unece_ffv23&sku_table=default",
            422,
            "standard: expected one that may judge apple, got &#39;melon_unece_ffv23&#39;",
        ),
        (
            "/lots/1/decide?standard=apple_us_7cfr51&sku_table=../x",
            422,
            "sku_table: expected one that may judge",
        ),
        ("/lots/compare?lots=1", 422, "lots: expected 2 to 5 lots to compare, got 1"),
        ("/lots/compare?lots=1,99", 404, "no lot 99"),
        ("/growers/99", 404, "no grower 99"),
    ],
)
def test_what_is_wrong_is_told_on_a_page(lots: RunningService, path: str, status: int, said: str) -> None:
    answer = lots.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert said in answer.text


def test_forms_of_other_pages_change_nothing(lots: RunningService) -> None:
    for path in ("/lots", "/lots/1/close", "/lots/1/decide"):
        answer = lots.post(path, data={"standard": "apple_us_7cfr51", "sku_table": "default", "code": "L2"})
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8"), path
    lot = lots.services.archive.lots.lot(1)
    assert (lot.state, len(lots.services.archive.lots.lots(limit=9))) == ("open", 1)


def test_closing_a_closed_lot_from_its_page(lots: RunningService) -> None:
    token = re.findall(r'name="form_token" value="([^"]+)"', lots.get("/lots/1").text)[0]
    first = lots.post("/lots/1/close", data={"form_token": token})
    assert (first.status_code, first.headers["location"]) == (303, "/lots/1")
    again = lots.post("/lots/1/close", data={"form_token": token})
    assert again.status_code == 409
    assert "expected an open lot, it was closed at" in again.text


def test_the_live_part_stops_and_reloads_when_the_lot_is_closed(lots: RunningService) -> None:
    assert "HX-Refresh" not in lots.get("/lots/1/now?was=open").headers
    assert 'hx-trigger="every 2s"' in lots.get("/lots/1/now?was=open").text
    archive = lots.services.archive
    archive.lots.close(1, at=AT)  # long ago: nothing comes any more
    answer = lots.get("/lots/1/now?was=open")
    assert answer.headers["HX-Refresh"] == "true"
    assert "hx-trigger" not in answer.text


def test_statements_over_http(lots: RunningService) -> None:
    pdf = lots.get("/api/v1/lots/1/statement.pdf?lang=zh&price=extra:6.5&price=I:5")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-disposition"] == "attachment; filename*=UTF-8''statement-L1.pdf"
    table = lots.get("/api/v1/lots/1/statement.csv?price=extra:6.5&currency=USD")
    assert "USD per kg" in table.content.decode("utf-8-sig")
    assert error_code(lots.get("/api/v1/lots/9/statement.pdf"), 404) == "not_found"
    assert error_code(lots.get("/api/v1/lots/1/statement.csv?price=I:-2"), 422) == "invalid_statement"
    assert error_code(lots.get("/api/v1/lots/1/statement.csv?lang=fr"), 422) == "invalid_parameter"


def test_the_other_language_shows_the_same(lots: RunningService) -> None:
    """Prices, filters and what is compared stay."""
    page = lots.get("/lots/1/statement?price.extra=6.5&lang=en").text
    other = re.findall(r'href="([^"]+)" hreflang="zh-CN"', page)[0].replace("&amp;", "&")
    assert other == "/lots/1/statement?price.extra=6.5&lang=zh"
    assert 'value="6.5"' in lots.get(other).text


def test_the_newest_lots_come_first_and_the_older_ones_are_one_step_away(service: RunningService) -> None:
    store = service.services.archive.lots
    for number in range(23):
        lot = store.open(new_lot(f"L{number}"), line_id="north", lanes=(1,), at=AT)
        store.close(lot.lot_id, at=AT)
    page = service.get("/lots?state=closed").text
    assert re.findall(r"<strong>(L\d+)</strong>", page) == [f"L{number}" for number in range(22, 2, -1)]
    older = re.findall(r'href="(/lots\?before=[^"]+)"', page)[0].replace("&amp;", "&")
    assert re.findall(r"<strong>(L\d+)</strong>", service.get(older).text) == ["L2", "L1", "L0"]


def test_columns_of_a_time_line() -> None:
    minutes = [
        MinuteCount(at=AT.replace(minute=0), grade_class="II", fruit=10),
        MinuteCount(at=AT.replace(minute=0), grade_class="I", fruit=20),
        MinuteCount(at=AT.replace(minute=2), grade_class=None, fruit=15),
    ]
    line = time_line(minutes, ("I", "II"), {"I": "Class I"}, {"I": "#00b27d"}, "again")
    assert line is not None
    assert (line.step_min, line.most_per_minute, len(line.columns), line.room) == (1, 30, 3, 30)
    first, second, third = line.columns
    assert [(one.name, one.start, one.size) for one in first.parts] == [
        ("Class I", 0, pytest.approx(200 / 3)),
        ("II", pytest.approx(200 / 3), pytest.approx(100 / 3)),
    ]
    assert second.parts == ()
    assert [(one.name, one.size) for one in third.parts] == [("again", 50)]
    assert time_line([], (), {}, {}, "") is None
    long = [minutes[0], MinuteCount(at=AT.replace(hour=20, minute=0), grade_class="I", fruit=3)]
    drawn = time_line(long, ("I",), {}, {}, "")
    assert drawn is not None
    assert (drawn.step_min, len(drawn.columns)) == (10, 73)
    assert sum(part.fruit for column in drawn.columns for part in column.parts) == 13


def test_stacks_and_orders() -> None:
    assert [(part.start, part.size) for part in stack([("a", "", 1), ("b", "", 0), ("c", "", 3)])] == [
        (0, 25),
        (25, 75),
    ]
    assert class_order(()) == ("reject", "ungraded")
