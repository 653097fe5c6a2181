"""`grader stream` as people start it, against `grader serve` with the shipped network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from service.cli import app
from service.line.line_file import PLAIN_LINE
from service.line.protocol import Decision
from tests.service.test_cli import COMMAND, environment


def test_a_folder_of_pictures_gives_one_decision_a_fruit(tmp_path: Path, samples: Path) -> None:
    pictures = tmp_path / "pictures"
    for view in range(2):
        source = samples / "turning_apple" / f"view_{view:02d}.jpg"
        (pictures / "turning").mkdir(parents=True, exist_ok=True)
        shutil.copy(source, pictures / "turning" / source.name)
    shutil.copy(samples / "apple_rot.jpg", pictures)
    shutil.copy(samples / "empty_belt.jpg", pictures)
    lines = tmp_path / "lines"
    lines.mkdir()
    patient = PLAIN_LINE.read_text().replace('id = "plain"', 'id = "yard"')  # the computer may be busy
    for key, seconds in (("last_use_s", 5.0), ("wait_s", 2.0), ("max_age_s", 5.0)):
        patient = patient.replace(f"{key} = {seconds}", f"{key} = {30 * (seconds == 2.0) or 60}")
    (lines / "yard.toml").write_text(patient)
    settings = environment(tmp_path, GRADER_LINE_WORKERS="1", GRADER_LINES_DIR=str(lines))
    del settings["GRADER_MODEL_DIR"]
    serve = [*COMMAND, "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]
    with subprocess.Popen(
        serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=settings
    ) as service:
        try:
            assert service.stdout
            found = re.search(r"http://(127\.0\.0\.1:\d+)/", service.stdout.readline())
            assert found
            orders = ["stream", str(pictures), "--url", f"ws://{found[1]}", "--lane", "3", "--json"]
            orders += ["--fruit-per-s", "4", "--out", str(tmp_path / "decisions.jsonl")]
            done = subprocess.run(
                [*COMMAND, *orders],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
                env=settings,
            )
            state = httpx.get(f"http://{found[1]}/api/v1/lines/yard").json()
        finally:
            service.terminate()
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["fruit"], summary["decisions"], summary["missing"], summary["doubles"]) == (3, 3, 0, 0)
    assert sum(summary["outlets"].values()) == sum(summary["classes"].values()) == 3
    assert summary["frames"] == 4
    assert summary["reasons"]["no_fruit"] == 1
    lane = state["lanes"][3]
    assert (lane["triggers"], lane["graded"] + lane["abstained"], lane["no_read"]) == (3, 2, 1)
    assert lane["problems"] == []
    lines = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert [line["fruit"] for line in lines] == ["apple_rot.jpg", "empty_belt.jpg", "turning"]
    decisions = [Decision.model_validate(line["decision"]) for line in lines]
    assert decisions[0].grade_class == "reject"
    assert decisions[2].view_count == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["simulated"], 2, "simulated: expected --pool DIR"),
        (
            ["x", "--url", "ftp://x"],
            2,
            "--url: expected an address such as ws://127.0.0.1:8000, got 'ftp://x'",
        ),
        (["x", "--url", "ws://x/path"], 2, "--url: expected an address"),
        (["x", "--lane", "1", "--lane", "1"], 2, "--lane: expected different lanes from 0 on, got 1, 1"),
        (["/gone"], 1, "error: /gone: expected a folder of pictures or a video, found nothing"),
    ],
)
def test_wrong_use_is_said_in_one_line(arguments: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(app, ["stream", *arguments])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


def test_no_service_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a")
    result = CliRunner().invoke(app, ["stream", str(tmp_path), "--url", "ws://127.0.0.1:9"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ws://127.0.0.1:9/api/v1/lines/yard/frames: no connection: ")


def test_help_does_not_load_the_service() -> None:
    code = (
        "import sys, service.stream_command\n"
        "print({'fastapi', 'websockets', 'pydantic', 'sqlalchemy'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
    )
    assert done.stdout.strip() == "set()"
