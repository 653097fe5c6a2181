"""A service that is killed with fruit on the belt, and started again: every trigger is accounted for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.line.protocol import Heartbeat
from tests.service.line.gateway import Gateway, write_patient_line


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A service in a process of its own, and its address."""
    settings = {
        "GRADER_PORT": "0",
        "GRADER_DATA_DIR": str(folder / "data"),
        "GRADER_LINES_DIR": str(folder / "lines"),
        "GRADER_SAMPLES_DIR": str(folder / "none"),
        "GRADER_MODEL_DIR": str(folder / "fake"),
        "GRADER_LINE_WORKERS": "1",
        "GRADER_MIN_FREE_MB": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.service.line.serve_fake"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | settings,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split()[1].rstrip("/")
    finally:
        process.kill()
        process.communicate()


def days(address: str) -> list[dict[str, Any]]:
    """Days of the line, newest first; the sums of every lane add up."""
    found: list[dict[str, Any]] = httpx.get(f"{address}/api/v1/lines/yard/days").json()["days"]
    for day in found:
        for lane in day["lanes"]:
            decided = lane["graded"] + lane["abstained"] + lane["no_read"]
            assert lane["carried"] + lane["triggers"] == decided + lane["open"]
            assert sum(lane["outlets"].values()) == decided
    return found


def total(found: list[dict[str, Any]], name: str, lane: int = 1) -> int:
    """Over all days: a test may run at midnight."""
    return sum(int(one[name]) for day in found for one in day["lanes"] if one["lane"] == lane)


def test_killed_and_started_again(tmp_path: Path) -> None:
    (tmp_path / "lines").mkdir()
    write_patient_line(tmp_path / "lines", "yard")
    with serving(tmp_path) as (process, address), Gateway(address, "yard") as gateway:
        for number in range(5):
            gateway.send_fruit(number, grade_class="ungraded" if number == 4 else "I")
            gateway.decision()
        for number in (5, 6, 7):  # on the belt, not decided
            gateway.socket.send(gateway.view(number, 0))
        gateway.socket.send(Heartbeat(number=1).to_json())
        gateway.socket.recv(timeout=60)
        assert total(days(address), "open") == 3
        process.kill()
        process.wait()
    with serving(tmp_path) as (process, address):
        after = days(address)
        assert [total(after, name) for name in ("triggers", "graded", "abstained", "no_read", "open")] == [
            8,
            4,
            1,
            3,
            0,
        ]
        recirculated = [lane["recirculated"] for day in after for lane in day["lanes"] if lane["lane"] == 1]
        assert {"ungraded": 1, "service_lost": 3} in recirculated
        with Gateway(address, "yard") as gateway:
            gateway.send_fruit(8)
            gateway.decision()
            gateway.socket.send(gateway.view(9, 0))
            gateway.settle()
        process.terminate()  # in order: what is open recirculates
        assert process.wait(60) == 0
    with serving(tmp_path) as (_, address):
        last = days(address)
        assert [total(last, name) for name in ("triggers", "graded", "abstained", "no_read", "open")] == [
            10,
            5,
            2,
            3,
            0,
        ]
