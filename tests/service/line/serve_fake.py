"""`grader serve` with the quick grader of tests, in a process of its own: one that a test can kill.

python -m tests.service.line.serve_fake      (settings from the environment)
"""

from __future__ import annotations

from service.server import run_server
from service.settings import read_settings
from tests.fakes import FakeLineGrader

if __name__ == "__main__":
    raise SystemExit(run_server(read_settings({}), load_for_lines=FakeLineGrader.load))
