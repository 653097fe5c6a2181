"""Sample lots over a real server, line and database, with a quick grader and painted fruit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.app import create_app
from service.sample.sample_fruit import RENDERED_VIEWS
from service.sample.sample_plan import PLAN, RENDERED_FRUIT, SampleLot, is_sample
from service.sample.sample_player import SamplePlayer
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, load_fake_grader, painted_line_picture
from tests.service.line.live.live_line import sending
from tests.service.running import listening

SHORT = (
    SampleLot(code="SAMPLE-1", grower="East", fruit=5, kinds=range(2)),
    SampleLot(code="SAMPLE-2", grower="West", fruit=4, kinds=range(2, 4)),
)
LONG = (SampleLot(code="SAMPLE-1", grower="East", fruit=60, kinds=range(2)),)


@pytest.fixture
def demo(tmp_path: Path) -> ServiceSettings:
    """With all fruit rendered."""
    settings = ServiceSettings(
        demo=True,
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=tmp_path / "fake",
        line_workers=1,
        line_waiting_ms=60_000,
        min_free_mb=1,
    )
    for kind in range(RENDERED_FRUIT):
        folder = settings.data_dir / "sample_fruit" / f"apple_{kind:04d}"
        folder.mkdir(parents=True)
        for view in range(RENDERED_VIEWS):
            (folder / f"view_{view:02d}.jpg").write_bytes(painted_line_picture(shade=kind, grade_class="I"))
    return settings


def quick_app(settings: ServiceSettings, plan: tuple[SampleLot, ...] = SHORT) -> FastAPI:
    """The demo with a plan that takes seconds."""
    app = create_app(
        settings,
        grader=FakeGrader(),
        load_for_lines=FakeLineGrader.load,
        load_for_previews=load_fake_grader,
    )
    usual = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with usual(app) as state:
            services = app.state.services
            player = SamplePlayer(
                services.lines,
                services.lots,
                services.archive.lots,
                services.archive.fruit,
                settings.data_dir / "sample_fruit",
                ready=lambda: True,
                plan=plan,
                fruit_per_s=20,
            )
            app.state.services = replace(services, sample_player=player)
            yield state

    app.router.lifespan_context = lifespan
    return app


def get(address: str, path: str) -> Any:
    answer = httpx.get(f"{address}/api/v1/{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(address: str, path: str, seen: Any) -> Any:
    """The answer that `seen` accepts."""
    for _ in range(3000):
        answer = get(address, path)
        if seen(answer):
            return answer
    raise AssertionError(answer)


def states(address: str) -> list[tuple[str, str, int]]:
    """Code, state, fruit of every lot."""
    return [
        (lot["code"], lot["state"], get(address, f"lots/{lot['lot_id']}")["packout"]["stored"])
        for lot in reversed(get(address, "lots")["lots"])
    ]


def test_every_lot_of_the_plan_is_played_once(demo: ServiceSettings) -> None:
    both = [("SAMPLE-1", "closed", 5), ("SAMPLE-2", "closed", 4)]
    for _ in range(2):  # the second start adds none
        with listening(quick_app(demo)) as address:
            wait_for(address, "lots", lambda lots: lots["without_lot"].get("sample", 0) >= 2)
            assert states(address) == both
    with listening(create_app(demo.model_copy(update={"demo": False}), grader=FakeGrader())) as address:
        fruit = get(address, "lots/1/fruits")["fruits"]
    assert {one["lane"] for one in fruit} == {1, 2}
    record = fruit[0]["record"]
    assert (record["view_count"], record["grade"]["class"], record["crop"]) == (8, "I", "apple")


def test_a_lot_goes_on_with_the_next_start(demo: ServiceSettings) -> None:
    with listening(quick_app(demo, LONG)) as address:
        wait_for(address, "lots", lambda lots: lots["storing"]["accepted"] >= 5)
    with listening(quick_app(demo, LONG)) as address:
        ((code, state, there),) = states(address)
        assert (code, state) == ("SAMPLE-1", "open")
        assert 5 <= there < 60
        wait_for(address, "lots/1", lambda lot: lot["state"] == "closed")
        wait_for(address, "lots/1", lambda lot: lot["packout"]["stored"] >= 60)
        assert states(address) == [("SAMPLE-1", "closed", 60)]


def test_it_makes_way_for_a_line_of_the_house(demo: ServiceSettings) -> None:
    with listening(quick_app(demo, LONG)) as address:
        wait_for(address, "lots", lambda lots: lots["storing"]["accepted"] >= 3)
        with sending(address) as sender:
            sender.send()
            sender.decisions(1)
        lot = wait_for(address, "lots/1", lambda lot: lot["state"] == "closed")
        lanes = wait_for(
            address, "lines/sample", lambda line: all(lane["client"] is None for lane in line["lanes"])
        )["lanes"]
        triggers = sum(lane["triggers"] for lane in lanes)
        assert triggers < 60
        wait_for(address, "lots/1", lambda lot: lot["packout"]["stored"] == triggers)
        assert is_sample(lot["code"])


def test_only_a_demo_without_lines_of_the_house_plays(demo: ServiceSettings, tmp_path: Path) -> None:
    assert demo.plays_sample
    for change in ({"demo": False}, {"sample_lot": False}, {"lines_dir": tmp_path}):
        assert not demo.model_copy(update=change).plays_sample
    with listening(create_app(demo.model_copy(update={"demo": False}), grader=FakeGrader())) as address:
        assert get(address, "lines")["lines"] == []


def test_the_plan_is_bounded_and_its_fruit_are_rendered() -> None:
    codes = [lot.code for lot in PLAN]
    assert len(set(codes)) == len(codes) == 5
    assert all(is_sample(code) for code in codes)
    assert sum(lot.fruit for lot in PLAN) == 632
    assert {kind for lot in PLAN for kind in lot.kinds} == set(range(RENDERED_FRUIT))
