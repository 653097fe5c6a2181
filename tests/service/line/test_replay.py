"""Replays against the real service with a quick grader."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from socket import create_server

import httpx
import pytest

from service.app import create_app
from service.errors import LineConnectionError, ReplayError
from service.line.fruit_pictures import FruitPictures
from service.line.protocol import Decision
from service.line.replay import CameraPlace, FruitResult, ReplayResult, read_belt, replay
from service.line.stream_client import LineClient
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader, line_picture
from tests.service.line.lines import PATIENT, write_line
from tests.service.line.test_ledger import decision
from tests.service.running import listening

OWN = (
    PATIENT.replace('id = "small"', 'id = "own"')
    .replace("lanes = [1, 2]", 'lanes = [1, 2]\ntriggers = "announced"')
    .replace('name = "side"', 'name = "side"\nsource = { kind = "folder", address = "in", lane = 1 }')
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("lines")
    write_line(folder, PATIENT)
    write_line(folder, OWN, "own.toml")
    settings = ServiceSettings(
        data_dir=folder / "data",
        samples_dir=folder,
        model_dir=folder / "fake",
        lines_dir=folder,
        line_workers=1,
    )
    with listening(create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)) as where:
        yield where


def fruit(count: int, views: int = 3) -> Iterator[FruitPictures]:
    for number in range(count):
        orders = {"grade_class": "ungraded"} if number == 1 else {"grade_class": "I", "outlet": "juice"}
        yield FruitPictures(f"fruit {number}", (line_picture(**orders),) * views)


def play(address: str, pictures: Iterator[FruitPictures], told: list[Decision]) -> ReplayResult:
    async def scenario() -> ReplayResult:
        async with LineClient(f"{address.replace('http', 'ws')}/api/v1/lines/small/frames") as client:
            plan = await asyncio.to_thread(read_belt, address, "small", views=3)
            return await replay(client, pictures, plan, lanes=(1, 2), fruit_per_s=20, tell=told.append)

    return asyncio.run(scenario())


def test_one_decision_a_fruit_and_sums_that_add_up(address: str) -> None:
    told: list[Decision] = []
    for run in (1, 2):  # a second replay goes on where the belt stands
        result = play(address, fruit(6), told)
        summary = result.to_json()
        assert (summary["fruit"], summary["decisions"], summary["missing"], summary["doubles"]) == (
            6,
            6,
            0,
            0,
        )
        assert summary["classes"] == {"I": 5, "ungraded": 1}
        assert summary["outlets"] == {"again": 1, "juice": 5}
        assert summary["reasons"] == {"graded": 5, "ungraded": 1}
        assert (summary["frames"], summary["refused"], summary["unsent"]) == (30, {}, 0)  # 3 and 2 views each
        assert [one.name for one in result.fruit] == [f"fruit {number}" for number in range(6)]
        assert [one.lane for one in result.fruit] == [1, 2, 1, 2, 1, 2]
        assert summary["p50_ms"] <= summary["p99_ms"]
        assert len(told) == 6 * run
    lanes = httpx.get(f"{address}/api/v1/lines/small").json()["lanes"]
    assert [(lane["triggers"], lane["graded"], lane["problems"]) for lane in lanes] == [
        (6, 6, []),
        (6, 4, []),
    ]


def test_refused_pictures_are_counted_by_code_and_their_fruit_is_decided(address: str) -> None:
    broken = FruitPictures("broken", (b"\xff\xd8\xff half",) * 3)
    summary = play(address, iter([broken]), []).to_json()
    assert summary["refused"] == {"bad_picture": 5}, summary
    assert (summary["reasons"], summary["missing"]) == ({"no_view": 1}, 0)


def test_a_picture_that_cannot_be_read_ends_the_replay(address: str) -> None:
    def failing() -> Iterator[FruitPictures]:
        yield from fruit(1)
        raise ReplayError("b.jpg: cannot be read")

    with pytest.raises(ReplayError, match=r"b\.jpg: cannot be read"):
        play(address, failing(), [])


def test_where_the_cameras_are(address: str) -> None:
    plan = read_belt(address, "small", views=3)
    assert plan.cameras == (
        CameraPlace(name="top", views=3, first_counts=0, counts_per_view=50),
        CameraPlace(name="side", views=2, first_counts=20, counts_per_view=50),
    )
    assert (plan.modulus, plan.counts_per_s) == (4194304, 1000)
    assert [one.name for one in read_belt(address, "small", views=3, camera="side").cameras] == ["side"]
    with pytest.raises(
        ReplayError, match=r"--camera: expected a camera of line small \(top, side\), got 'x'"
    ):
        read_belt(address, "small", views=3, camera="x")
    assert [one.name for one in read_belt(address, "own", views=3).cameras] == [
        "top"
    ]  # `side` sees for itself
    assert [one.name for one in read_belt(address, "own", views=3, camera="side").cameras] == ["side"]
    unknown = read_belt(address, "other", views=40)
    assert unknown.cameras == (CameraPlace(name="camera", views=0, first_counts=0, counts_per_view=25),)


def test_no_service_there() -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(LineConnectionError, match=rf"127\.0\.0\.1:{port}.*: no service there"):
        read_belt(f"http://127.0.0.1:{port}", "small", views=3)


def test_the_summary_of_missing_and_late_fruit() -> None:
    result = ReplayResult(
        fruit=[
            FruitResult(name="a", lane=1, decision=decision(), wait_s=0.25),
            FruitResult(name="b", lane=1, decision=decision("again", reason="late", late=True), wait_s=0.5),
            FruitResult(name="c", lane=1, decision=None, wait_s=None),
        ],
        seconds=1.5,
    )
    summary = result.to_json()
    assert (summary["fruit"], summary["decisions"], summary["missing"], summary["late"]) == (3, 2, 1, 1)
    assert summary["outlets"] == {"again": 1, "juice": 1}
    assert summary["classes"] == {"none": 2}
    assert (summary["p50_ms"], summary["p99_ms"], summary["fruit_per_s"]) == (250.0, 500.0, 2.0)
    assert ReplayResult().to_json()["p50_ms"] is None
