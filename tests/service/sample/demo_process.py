"""`grader serve --demo` in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.sample.sample_plan import RENDERED_FRUIT


@contextmanager
def demo(data: Path, samples: Path) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and the first two lines that it prints."""
    command = [sys.executable, "-m", "service.cli", "serve", "--demo", "--port", "0", "--data-dir", str(data)]
    environment = {**os.environ, "GRADER_SAMPLES_DIR": str(samples)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield process, [_line(process.stdout), _line(process.stdout)]
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _line(stream: IO[str]) -> str:
    line = stream.readline()
    assert line, "the service ended"
    return line


def fill_pool(data: Path, samples: Path) -> None:
    """The ten views that ship stand for all rendered fruit: rendering takes longer."""
    for kind in range(RENDERED_FRUIT):
        shutil.copytree(samples / "turning_apple", data / "sample_fruit" / f"apple_{kind:04d}")
