"""Rules are published and rolled back while fruit run: each fruit is judged by one version, the one when it came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from grader.standard import STANDARDS_FOLDER, load_standard
from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import STANDARD, FakeGrader, FakeLineGrader, load_fake_grader
from tests.service.line.live.live_line import sending
from tests.service.lots.test_lots_api import LOT, get, post, stored
from tests.service.running import listening, painted_png

EU_TEXT = (STANDARDS_FOLDER / f"{STANDARD}.toml").read_text(encoding="utf-8")
STRICTER = EU_TEXT.replace("extra = 0, I = 1.0, II = 1.5", "extra = 0, I = 0.5, II = 1.5")
INSTALLED = load_standard(STANDARD).sha256


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    settings = ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=tmp_path / "fake",
        line_workers=2,
        line_waiting_ms=60_000,
        line_waiting_views=1000,
        min_free_mb=1,
    )
    app = create_app(
        settings,
        grader=FakeGrader(),
        load_for_lines=FakeLineGrader.load,
        load_for_previews=load_fake_grader,
    )
    with listening(app) as where:
        yield where


def done(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def judges(address: str, lot_id: int, count: int) -> dict[str, str]:
    """Fruit by name, and the hash of the standard that its judge row names."""
    stored(address, lot_id, count)
    fruit = get(address, f"lots/{lot_id}/fruits", limit="100")["fruits"]
    return {
        one["fruit"]: get(address, f"lots/{lot_id}/fruits/{one['lot_fruit_id']}")["decisions"][0][
            "judged_by"
        ]["standard_sha256"]
        for one in fruit
    }


def test_the_next_fruit_is_judged_by_what_is_published(address: str) -> None:
    with sending(address) as sender:
        sender.send()
        sender.decision()  # the line is there
        lot_id = post(address, "lots", **LOT).json()["lot_id"]
        sender.send()  # fruit 1
        sender.decision()
        sender.send(last_view=False)  # fruit 2 has one view when the rules change
        held = get(address, "lines/yard")["lanes"]
        while not any(lane["views"].get("fruit") == 3 for lane in held if lane["lane"] == 1):
            held = get(address, "lines/yard")["lanes"]
        stricter = done(post(address, "standards/publish", draft={"text": STRICTER}, reason="customer"))
        sender.send()  # fruit 3
        assert sender.decision().fruit_id == 3
        sender.send(fruit_id=2, view=1)
        assert sender.decision().fruit_id == 2
        back = done(
            post(
                address, "standards/rollback", name=STANDARD, replaces=stricter["sha256"], reason="too strict"
            )
        )
        sender.send()  # fruit 4
        sender.decision()
    found = judges(address, lot_id, 4)
    assert found == {"1": INSTALLED, "2": INSTALLED, "3": stricter["sha256"], "4": back["sha256"]}
    assert (back["sha256"], stricter["sha256"] != INSTALLED) == (INSTALLED, True)


def test_a_picture_is_judged_by_what_is_in_force(address: str) -> None:
    def grade() -> Any:
        answer = httpx.post(
            f"{address}/api/v1/grade", content=painted_png(fruits=1), headers={"Content-Type": "image/png"}
        )
        return done(answer)["fruits"][0]["grade"]["standard_sha256"]

    assert grade() == INSTALLED
    stricter = done(post(address, "standards/publish", draft={"text": STRICTER}, reason="customer"))
    assert grade() == stricter["sha256"]
