"""What a training run says of its losses: `log.txt` for people and grep, TensorBoard for curves.

The curves are written record by record: the writers of TensorBoard and torch do it in a thread, where a full disk is a
traceback and not an error that can be told.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from grader.errors import OutputError


class RunLog:
    """The two logs in the folder of a run. step: steps that are done; curves beyond it are forgotten.

    Every call raises OutputError that names the file which could not be written, such as on a full disk.
    """

    def __init__(self, out: Path, step: int) -> None:
        self._text = out / "log.txt"
        self._curves = out / "tensorboard" / f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}"
        with _named(self._curves):
            self._curves.parent.mkdir(parents=True, exist_ok=True)
        self._write(Event(wall_time=time.time(), step=step, file_version="brain.Event:2"))
        start = SessionLog(status=SessionLog.START)  # what an earlier file has from this step on is forgotten
        self._write(Event(wall_time=time.time(), step=step + 1, session_log=start))

    def add(self, step: int, losses: Mapping[str, float]) -> str:
        """Write the losses of a step, by name; returns them as the line that log.txt gets."""
        line = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
        with _named(self._text), self._text.open("a", encoding="utf-8") as log:
            log.write(f"{step} {line}\n")
        values = [Summary.Value(tag=name, simple_value=value) for name, value in losses.items()]
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))
        return line

    def _write(self, event: Event) -> None:
        with _named(self._curves), self._curves.open("ab") as file:
            RecordWriter(file).write(event.SerializeToString())


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """An OSError of a write does not know its file."""
    try:
        yield
    except OSError as exc:
        raise OutputError(f"{path}: could not be written: {exc.strerror or exc}") from exc
