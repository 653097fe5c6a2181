"""Running `grader` in tests: in this process, or in one of its own."""

from __future__ import annotations

import ctypes
import json
import resource
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from grader.cli import app

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from grader.cli import app; app()"]
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24


def grade(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["grade", *map(str, arguments)], env={"COLUMNS": "200"})


def start(*arguments: str | Path, stdout: int = subprocess.PIPE, limit_bytes: int | None = None,
          as_others: bool = False) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """The command in a process of its own. as_others: root loses its right to pass by file permissions."""

    def limit() -> None:
        if limit_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        if as_others:
            for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
                ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, right)

    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        preexec_fn=limit if limit_bytes is not None or as_others else None,
        check=False,
    )


def rows(text: str) -> list[dict[str, object]]:
    """The objects of a JSON Lines text; NaN and Infinity are no JSON."""

    def refuse(name: str) -> None:
        raise ValueError(f"{name} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
