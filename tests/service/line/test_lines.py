from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from service.errors import LineConfigError, ModelNotReadyError, NotFoundError
from service.line.lines import MOST_PLAIN_LINES, Lines, read_lines
from tests.fakes import FakeLineGrader
from tests.service.line.lines import SMALL, write_line


def make(*, folder: Path | None = None, model: str = "fake") -> Lines:
    return Lines(
        read_lines(folder),
        FakeLineGrader.load,
        lambda: Path(model),
        workers=1,
        waiting_ms=60_000.0,
        waiting_views=10,
    )


def test_all_files_of_a_folder_and_all_their_faults(tmp_path: Path) -> None:
    assert read_lines(None) == ()
    with pytest.raises(LineConfigError, match="expected at least one line"):
        read_lines(tmp_path)
    write_line(tmp_path, SMALL, "a.toml")
    assert [line.line_id for line in read_lines(tmp_path)] == ["small"]
    write_line(tmp_path, SMALL, "b.toml")
    write_line(tmp_path, SMALL.replace("min_views = 2", "min_views = 0"), "c.toml")
    with pytest.raises(LineConfigError) as refused:
        read_lines(tmp_path)
    problems = str(refused.value).splitlines()
    assert len(problems) == 2
    assert problems[0].startswith("c.toml:5: min_views")
    assert "expected different ids, got 'small' twice" in problems[1]


def test_names_of_plain_lines_are_few_and_simple() -> None:
    async def scenario() -> None:
        lines = make()
        for number in range(MOST_PLAIN_LINES):
            assert (await lines.open(f"yard{number}")).config.line_id == f"yard{number}"
        assert await lines.open("yard0") is lines.known("yard0")
        for strange in ("one-more", "../etc", "x" * 81):
            with pytest.raises(NotFoundError, match="known are yard0, yard1"):
                await lines.open(strange)
        assert lines.workers.ready == 1
        await lines.close()
        assert lines.workers.ready == 0

    asyncio.run(scenario())


def test_a_model_that_cannot_be_loaded_is_told_to_every_client(tmp_path: Path) -> None:
    async def scenario() -> None:
        write_line(tmp_path)
        lines = make(folder=tmp_path, model="faulty")
        lines.start()
        for _ in range(2):
            with pytest.raises(ModelNotReadyError, match="faulty: no grading process could be started"):
                await lines.open("small")
        with pytest.raises(NotFoundError, match="no line 'yard'; known are small"):
            await lines.open("yard")
        await lines.close()

    asyncio.run(scenario())
