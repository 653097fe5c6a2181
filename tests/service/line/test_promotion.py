"""Another model is promoted while fruit run: each is judged by exactly one version, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader, FakeLineGrader
from tests.service.line.gateway import Gateway, write_patient_line
from tests.service.running import listening


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A link to the model in production."""
    for name in ("first", "second", "faulty"):
        (tmp_path / name).mkdir()
    link = tmp_path / "now"
    link.symlink_to(tmp_path / "first")
    return link


@pytest.fixture
def address(tmp_path: Path, model: Path) -> Iterator[str]:
    (tmp_path / "lines").mkdir()
    write_patient_line(tmp_path / "lines", "yard")
    settings = ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "none",
        model_dir=model,
        lines_dir=tmp_path / "lines",
        line_workers=2,
        line_waiting_ms=60_000,
        line_waiting_views=1000,
        min_free_mb=1,
    )
    with listening(create_app(settings, grader=FakeGrader(), load_for_lines=FakeLineGrader.load)) as address:
        yield address


def turn(link: Path, model: str) -> None:
    """What is promoted is in place at once."""
    new = link.with_name("next")
    new.symlink_to(link.with_name(model))
    new.replace(link)


def test_promoted_under_load(address: str, model: Path) -> None:
    with capture_logs() as log, Gateway(address, "yard") as gateway:
        number = 0

        def run_fruit() -> None:
            """Two fruit are always under way: the views of one come between those of the next."""
            nonlocal number
            gateway.socket.send(gateway.view(number + 1, 0))
            for view in (1, 2):
                gateway.socket.send(gateway.view(number, view))
            gateway.decision()
            number += 1

        gateway.socket.send(gateway.view(0, 0))
        for _ in range(20):
            run_fruit()
        turn(model, "faulty")  # cannot be loaded: the first goes on
        while not any(line["event"] == "line_model_not_used" for line in log):
            run_fruit()
        turn(model, "second")
        while gateway.decisions[-1].model_id == "first":
            run_fruit()
        for _ in range(20):
            run_fruit()
        for view in (1, 2):
            gateway.socket.send(gateway.view(number, view))
        gateway.decision()
        total = number + 1
        models = [one.model_id for one in sorted(gateway.decisions, key=lambda one: int(one.fruit_id))]
        switch = models.index("second")
        assert models == ["first"] * switch + ["second"] * (total - switch)
        assert [int(one.fruit_id) for one in gateway.decisions] == list(range(total))
        assert {one.view_count for one in gateway.decisions} == {3}
        counts = gateway.counts()
        assert (counts["triggers"], counts["graded"], counts["used"]) == (total, total, 3 * total)
        assert (counts["refused"], counts["undelivered"], counts["late"]) == ({}, 0, 0)
        assert gateway.state()["model"].endswith("/second")
