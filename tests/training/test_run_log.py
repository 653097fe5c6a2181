"""Losses are kept for people and for TensorBoard; a log that cannot be written is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from grader.errors import OutputError
from tests.training.small_disk import fill, small_disk
from training.run_log import RunLog


def test_a_run_that_goes_on_forgets_what_came_after_its_checkpoint(tmp_path: Path) -> None:
    first = RunLog(tmp_path, 0)
    assert first.add(10, {"crop": 1.25, "net": 1.0}) == "crop 1.250 net 1.000"
    first.add(20, {"crop": 2.5})
    first.add(30, {"crop": 3.75})
    RunLog(tmp_path, 20).add(30, {"crop": 0.5, "net": 1.0})
    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    assert [(point.step, point.value) for point in curves.Scalars("crop")] == [
        (10, 1.25),
        (20, 2.5),
        (30, 0.5),
    ]
    assert (tmp_path / "log.txt").read_text().splitlines()[-1] == "30 crop 0.500 net 1.000"


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        log = RunLog(disk, 0)
        fill(disk)
        with pytest.raises(OutputError) as raised:
            log.add(10, {"crop": 1.0})
        assert str(raised.value) == f"{disk}/log.txt: could not be written: No space left on device"
        with pytest.raises(
            OutputError, match=r"/b/tensorboard/events\S+: could not be written: No space left"
        ):
            RunLog(disk / "b", 0)
    Path(tmp_path / "log.txt").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"log\.txt: could not be written: No space left on device"):
        RunLog(tmp_path, 0).add(10, {"crop": 1.0})
