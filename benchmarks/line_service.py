"""A `grader serve` of its own for a benchmark, and what it costs: processor time and memory, read from /proc.

Run as a program it is that service, with graders that cost a fixed time in place of the network:
GRADER_MODEL_DIR=/any/where/fixed_2.5 is 2.5 ms of processor time a view.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

ROOT = Path(__file__).resolve().parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
LINE = "bench"
LINE_FILE = """\
# One count is one millisecond; ten views 30 ms apart; one second (a metre of belt) from the last view to the last use.
schema = "line/1"
id = "bench"
lanes = [{lanes}]
recirculate = "again"
min_views = {views}

[grading]
crop = "apple"
mm_per_px = 0.25

[encoder]
max_jump_counts = 100000
same_cup_counts = 15

[deadline]
wait_counts = {wait}
last_use_counts = {last_use}
wait_s = 3.0
last_use_s = 4.0

[[cameras]]
name = "top"
views = {views}
counts_per_view = 30

[[outlets]]
name = "pack_first"
counts = 3000

[[outlets]]
name = "again"
counts = 4000

[[routes]]
outlet = "pack_first"
"""


def line_file(lanes: int, views: int) -> str:
    """The line of the benchmark."""
    turn = 30 * (views - 1)
    names = ", ".join(str(lane + 1) for lane in range(lanes))
    return LINE_FILE.format(lanes=names, views=views, wait=turn + 800, last_use=turn + 1000)


class BenchService:
    """A service in processes of its own. environment: settings by variable. program: run in its place."""

    def __init__(
        self,
        folder: Path,
        *,
        lanes: int,
        views: int,
        environment: dict[str, str],
        fixed: bool = False,
        program: Path | None = None,
    ) -> None:
        lines = folder / "lines"
        lines.mkdir(parents=True, exist_ok=True)
        (lines / "bench.toml").write_text(line_file(lanes, views), encoding="utf-8")
        self._log = (folder / "service.log").open("wb")
        settings = {
            "GRADER_LINES_DIR": str(lines),
            "GRADER_DATA_DIR": str(folder / "data"),
            "GRADER_SAMPLES_DIR": str(folder / "none"),
            "GRADER_PORT": "0",
            "GRADER_MIN_FREE_MB": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
        }
        started = ["-m", "service.cli", "serve"]
        if fixed or program is not None:
            started = [str((program or Path(__file__)).resolve())]
        self._process = subprocess.Popen(
            [sys.executable, *started],
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        if not said.startswith("Open "):
            raise RuntimeError(f"the service did not start; see {folder / 'service.log'}")
        self.address = said.split()[1].rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def wait_ready(self, workers: int, timeout_s: float = 180.0) -> None:
        """Until so many grading processes can grade."""
        end_s = time.monotonic() + timeout_s
        while self.state()["ready_workers"] < workers:
            if time.monotonic() > end_s:
                raise RuntimeError(f"not {workers} grading processes in {timeout_s:.0f} s")
            time.sleep(0.1)

    def state(self) -> dict[str, object]:
        """What the service says of the line."""
        answer: dict[str, object] = httpx.get(f"{self.address}/api/v1/lines/{LINE}", timeout=30).json()
        return answer

    def processes(self) -> list[int]:
        """The service and every process it started."""
        found, asked = [self._process.pid], 0
        while asked < len(found):
            for task in Path(f"/proc/{found[asked]}/task").glob("*/children"):
                found += [int(child) for child in _read(task).split()]
            asked += 1
        return found

    def cpu_s(self) -> dict[int, float]:
        """Processor time so far, s, by process."""
        return {process: _cpu_s(process) for process in self.processes()}

    def pss_mb(self) -> float:
        """Memory of all its processes, MB; what they share is counted once."""
        total_kb = 0
        for process in self.processes():
            for row in _read(Path(f"/proc/{process}/smaps_rollup")).splitlines():
                if row.startswith("Pss:"):
                    total_kb += int(row.split()[1])
        return total_kb / 1024


def cpu_between(before: dict[int, float], after: dict[int, float]) -> float:
    """Processor time, s, spent between two readings, of all processes that were there at the second."""
    return sum(seconds - before.get(process, 0.0) for process, seconds in after.items())


def _cpu_s(process: int) -> float:
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S if fields else 0.0


def _read(path: Path) -> str:
    """The text of a file of /proc; empty when the process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def main(_arguments: Sequence[str]) -> int:
    """Serve with graders of fixed cost."""
    from fixed_cost_grader import FixedCostGrader

    from service.server import run_server
    from service.settings import read_settings

    return run_server(read_settings({}), load_for_lines=FixedCostGrader.load)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
