"""The command `grader` as people start it: in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import httpx
import pytest
from typer.testing import CliRunner
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from service.cli import app
from service.server import page_address

COMMAND = [sys.executable, "-m", "service.cli"]


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    given = {
        "GRADER_SAMPLES_DIR": str(tmp_path / "none"),
        "GRADER_MODEL_DIR": str(tmp_path / "none"),
        "OMP_NUM_THREADS": "1",
    }
    return os.environ | given | settings


@contextmanager
def serving(tmp_path: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service; gives the process and the line it prints."""
    command = [*COMMAND, "serve", "--port", "0", "--data-dir", str(tmp_path / "data"), *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path)
    )
    assert process.stdout
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_to_open_and_ends_in_order(tmp_path: Path, ending: signal.Signals) -> None:
    with serving(tmp_path) as (process, line):
        address = re.fullmatch(r"Open (http://127\.0\.0\.1:\d+/) in a browser \(.*Ctrl\+C ends\)\n", line)
        assert address, line
        assert httpx.get(f"{address[1]}healthz").json() == {"status": "ok"}
        assert "<!doctype html>" in httpx.get(address[1]).text
        process.send_signal(ending)
        out, log = process.communicate(timeout=30)
    assert out == ""
    assert '"path": "/"' in log
    assert (tmp_path / "data" / "grader.sqlite3").exists()
    assert process.returncode == 0
    assert "Traceback" not in log


def test_every_line_of_the_log_is_json_and_a_refused_client_is_told_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, line):
        address = line.split()[1].replace("http", "ws")
        for _ in range(3):
            with pytest.raises(InvalidStatus, match="503"):
                connect(f"{address}api/v1/lines/yard/frames", open_timeout=60)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    people = [text for text in log.splitlines() if text.startswith("To ask everybody for a sign-in, open ")]
    assert len(people) == 1  # the link to the first account is no entry of the log
    lines = [json.loads(text) for text in log.splitlines() if text not in people]
    assert all({"event", "level", "timestamp"} <= set(one) for one in lines)
    refusals = [one for one in lines if one["event"] == "line_client_refused"]
    assert [(one["place"], one["level"]) for one in refusals] == [("ModelNotReadyError", "warning")]
    assert "none" in refusals[0]["problem"]
    assert "handshake" not in log


def refused(tmp_path: Path, *arguments: str) -> str:
    """Start a service that cannot start; gives what it says."""
    result = subprocess.run(
        [*COMMAND, "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(tmp_path),
        check=False,
    )
    assert result.returncode == 1
    assert result.stdout == ""
    return result.stderr


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(tmp_path, "--port", port, "--data-dir", str(tmp_path / "data"))
    assert re.fullmatch(
        rf"error: 127\.0\.0\.1 port {port} cannot be used: .*; choose another with --port\n", said
    )


def test_a_data_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = refused(tmp_path, "--data-dir", str(tmp_path / "file" / "data"), "--port", "0")
    assert said == f"error: {tmp_path}/file/data: cannot be used as data folder: Not a directory\n"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),
        ("::", "http://[::1]:80/"),
        ("192.168.1.5", "http://192.168.1.5:80/"),
    ],
)
def test_the_address_shown_can_be_opened(host: str, address: str) -> None:
    assert page_address(host, 80) == address


def test_the_grading_verbs_do_not_load_the_web_server() -> None:
    code = "import sys, service.cli; print({'fastapi', 'sqlalchemy', 'uvicorn'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
    )
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "GRADER_GRADING_WORKERS",
            "0",
            "setting grading_workers: Input should be greater than or equal to 1, got '0'",
        ),
        ("GRADER_PORT", "http", "setting port: Input should be a valid integer"),
        ("GRADER_LOG_LEVEL", "loud", "setting log_level: Input should be 'debug'"),
    ],
)
def test_a_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["serve"])
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_grading_verbs_are_there_too() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    for verb in ("grade", "serve", "bench", "standards", "models"):
        assert re.search(rf"\b{verb}\b", text), verb
