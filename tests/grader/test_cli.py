"""The command `grader`: options, formats, exit codes, streams. Unusual pictures: `test_cli_pictures.py`."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from grader.calibration import save_calibration
from grader.cli import app
from grader.grade_command import CSV_COLUMNS
from grader.image_io import read_image, write_jpeg, write_png
from grader.production import newest_model, read_log
from grader.types import UInt8Array
from tests.grader.command import COMMAND, ROOT, grade, rows, start
from tests.grader.test_calibration import calibration

CAMERA_MATRIX = np.array([[800.0, 0, 320], [0, 800.0, 240], [0, 0, 1]])


@pytest.fixture(scope="module")
def apples(tmp_path_factory: pytest.TempPathFactory, apple_rgb: UInt8Array) -> Path:
    """Three small pictures of one apple: as it is, turned by half, mirrored."""
    folder = tmp_path_factory.mktemp("apples")
    small = np.asarray(cv2.resize(apple_rgb, (320, 240), interpolation=cv2.INTER_AREA), np.uint8)
    for name, rgb in (("a", small), ("b", small[::-1, ::-1]), ("c", small[:, ::-1])):
        write_jpeg(folder / f"{name}.jpg", np.ascontiguousarray(rgb))
    return folder


# ---- scale, edge, views


def test_without_a_scale_no_mm(apples: Path) -> None:
    done = grade(apples / "a.jpg")
    assert done.exit_code == 0, done.output
    fruits = rows(done.stdout)
    assert fruits
    for fruit in fruits:
        size = fruit["size"]
        assert isinstance(size, dict)
        assert {name for name, value in size.items() if value is not None} <= {"diameter_px", "shape_index"}
        assert "no_scale" in fruit["quality_flags"]
        assert {defect["area_mm2"] for defect in fruit["defects"]} <= {None}


def test_a_cut_fruit_is_flagged(tmp_path: Path, apple_rgb: UInt8Array) -> None:
    write_png(tmp_path / "cut.png", np.ascontiguousarray(apple_rgb[:, 320:]))
    fruits = rows(grade(tmp_path / "cut.png", "--mm-per-px", "0.25").stdout)
    assert any(fruit["touches_edge"] and "touches_edge" in fruit["quality_flags"] for fruit in fruits)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--rotation-per-view", "36", "--roller-axis", "90"), "need --one-fruit"),
        (("--one-fruit", "--rotation-per-view", "36"), "need --roller-axis"),
        (("--one-fruit", "--roller-axis", "90"), "give either --rotation-per-view or --roller-travel-mm"),
        (
            ("--one-fruit", "--roller-axis", "90", "--rotation-per-view", "36", "--roller-travel-mm", "20"),
            "give either --rotation-per-view or --roller-travel-mm",
        ),
        (("--one-fruit", "--roller-axis", "nan", "--rotation-per-view", "36"), "axis_deg"),
    ],
)
def test_a_turn_half_told_is_wrong_use(apples: Path, arguments: tuple[str, ...], message: str) -> None:
    done = grade(apples, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_one_fruit_of_many_views_is_one_record(apples: Path, tmp_path: Path) -> None:
    done = grade(apples, "--one-fruit", "--mm-per-px", "0.5", "--masks", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    (fruit,) = rows(done.stdout)
    assert fruit["view_count"] == 3
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == [
        "a.jpg.png",
        "b.jpg.png",
        "c.jpg.png",
    ]


def test_a_video_gives_its_frames(tmp_path: Path, apples: Path) -> None:
    film = cv2.VideoWriter(str(tmp_path / "cup.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    for name in "abc":
        film.write(cv2.cvtColor(np.array(read_image(apples / f"{name}.jpg").rgb), cv2.COLOR_RGB2BGR))
    film.release()
    done = grade(tmp_path / "cup.avi", "--out", tmp_path / "out", "--masks")
    assert done.exit_code == 0, done.output
    names = [f"cup.avi#{number:06d}" for number in range(3)]
    frames = rows((tmp_path / "out" / "frames.jsonl").read_text())
    assert [Path(str(frame["frame"])).name for frame in frames] == names
    assert sorted(path.stem for path in (tmp_path / "out" / "masks").iterdir()) == names


# ---- formats and repeatability


def test_csv_has_a_header_and_one_line_a_fruit(apples: Path, tmp_path: Path) -> None:
    done = grade(apples / "a.jpg", "--format", "csv", "--out", tmp_path)
    header, *lines = done.stdout.splitlines()
    assert header == ",".join(CSV_COLUMNS)
    assert len(lines) == len(rows((tmp_path / "fruits.jsonl").read_text()))
    assert all(line.startswith((apples / "a.jpg").as_posix()) for line in lines)


def test_table_names_picture_class_and_outlet(apples: Path) -> None:
    done = grade(apples / "a.jpg", "--format", "table", "--mm-per-px", "0.5")
    assert done.exit_code == 0, done.output
    for word in ("picture", "blush", "class", "outlet", "a.jpg", "apple", " mm"):
        assert word in done.stdout


def test_two_jobs_give_the_bytes_of_one(apples: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    inputs = [apples / "c.jpg", tmp_path / "empty.jpg", apples]
    options = ["--mm-per-px", "0.5", "--masks", "--overlays", "--format", "jsonl"]
    results = [grade(*inputs, *options, "--out", tmp_path / jobs, "--jobs", jobs) for jobs in ("1", "2")]
    assert [result.exit_code for result in results] == [1, 1]
    assert results[0].stdout == results[1].stdout
    frames = [Path(str(fruit["frame"])).name for fruit in rows(results[0].stdout)]
    assert list(dict.fromkeys(frames)) == ["c.jpg", "a.jpg", "b.jpg"]
    one, two = (folder_bytes(tmp_path / jobs) for jobs in ("1", "2"))
    assert one == two
    assert len(one) == 3 + 2 * 4  # fruits, frames, classes; a mask and an overlay per picture


def test_the_same_call_twice_gives_the_same_bytes(apples: Path, tmp_path: Path) -> None:
    call = [apples / "a.jpg", "--out", tmp_path, "--masks", "--overlays"]
    first = grade(*call).stdout, folder_bytes(tmp_path)
    assert (grade(*call).stdout, folder_bytes(tmp_path)) == first


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


# ---- wrong use: exit 2, said before any picture is read


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--masks"], "--masks and --overlays need --out DIR"),
        (["--overlays"], "--masks and --overlays need --out DIR"),
        (["--mm-per-px", "0"], "mm_per_px: expected a number over 0 and under 1000, got 0.0"),
        (["--mm-per-px", "-0.3"], "mm_per_px: expected a number over 0 and under 1000, got -0.3"),
        (["--mm-per-px", "nan"], "mm_per_px: expected a number over 0 and under 1000, got nan"),
        (["--mm-per-px", "wide"], "Invalid value for '--mm-per-px'"),
        (
            ["--mm-per-px", "0.5", "--calibration", "c.json"],
            "give either a calibration or mm_per_px, not both",
        ),
        (["--calibration", "no_such.json"], "no_such.json"),
        (["--standard", "apple_of_eden"], "apple_of_eden"),
        (["--standard", "apple_cn_gbt10651_2008"], "apple_cn_gbt10651_2008"),
        (["--variety", "pineapple"], "pineapple"),
        (["--sku-table", "no_such_table"], "no_such_table"),
        (["--model", "no_such_model"], "no_such_model"),
        (["--crop", "Two plums"], "'Two plums' is not a valid Crop"),
        (["--format", "xml"], "Invalid value for '--format'"),
        (["--jobs", "0"], "Invalid value for '--jobs'"),
        (["--language", "fr"], "--language: expected en or zh, got 'fr'"),
    ],
)
def test_wrong_use_is_exit_2_with_the_reason(arguments: list[str], message: str, samples: Path) -> None:
    done = grade(samples / "bench_apple.jpg", *arguments)
    assert done.exit_code == 2, done.output
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert done.stdout == ""


def test_no_path_is_exit_2() -> None:
    assert grade("--jobs", "1").exit_code == 2


def test_weights_that_are_not_the_cards(tmp_path: Path, samples: Path) -> None:
    shutil.copytree(newest_model(), tmp_path / "model")
    weights = tmp_path / "model" / "model.onnx"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    done = grade(samples / "bench_apple.jpg", "--model", tmp_path / "model")
    assert done.exit_code == 2
    assert "model.onnx" in done.stderr
    assert "sha256" in done.stderr
    assert done.stdout == ""


# ---- set-up that fits some pictures only


def test_calibration_of_another_picture_size(tmp_path: Path, apples: Path, samples: Path) -> None:
    now = datetime.now(UTC)
    made = calibration(created_at=now, colour_at=now, camera_matrix=CAMERA_MATRIX, image_size_wh=(640, 480))
    save_calibration(made, tmp_path / "camera.json")
    done = grade(apples / "a.jpg", samples / "bench_apple.jpg", "--calibration", tmp_path / "camera.json")
    assert done.exit_code == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert f"{(apples / 'a.jpg').as_posix()}: calibration of lane1-top" in line
    assert "expected frames of 640 x 480 px, got 320 x 240" in line
    graded = rows(done.stdout)
    assert {Path(str(fruit["frame"])).name for fruit in graded} == {"bench_apple.jpg"}


# ---- files and streams that fail


@pytest.mark.parametrize("name", ["missing", "missing.jpg"])
def test_what_does_not_exist_is_named(tmp_path: Path, apples: Path, name: str) -> None:
    done = grade(tmp_path / name, apples / "a.jpg")
    assert done.exit_code == 1
    assert f"error: {tmp_path / name}: expected a file or folder, found nothing" in done.stderr
    assert rows(done.stdout)


def test_a_folder_without_pictures_is_named(tmp_path: Path, apples: Path) -> None:
    done = grade(tmp_path, apples / "a.jpg")
    assert done.exit_code == 1
    assert f"{tmp_path}: expected pictures or videos in this folder, found none" in done.stderr
    assert rows(done.stdout)


def test_an_output_folder_below_a_file(tmp_path: Path, apples: Path) -> None:
    (tmp_path / "file").write_text("kept")
    done = grade(apples / "a.jpg", "--out", tmp_path / "file" / "out")
    assert done.exit_code == 1
    assert "file/out: expected a folder that can be written to, got Not a directory" in done.stderr
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="drops the rights of root as Linux does")
def test_folders_without_permission(tmp_path: Path, apples: Path) -> None:
    locked, out = tmp_path / "locked", tmp_path / "out"
    for folder, mode in ((locked, 0o000), (out, 0o500)):
        folder.mkdir(mode=mode)
        folder.chmod(mode)
    try:
        unread = start("grade", locked, apples / "a.jpg", as_others=True)
        unwritten = start("grade", apples / "a.jpg", "--out", out, as_others=True)
    finally:
        locked.chmod(0o700)
        out.chmod(0o700)
    assert unread.returncode == 1, unread.stderr
    assert f"error: {locked}: folder cannot be read: Permission denied" in unread.stderr
    assert rows(unread.stdout)
    assert unwritten.returncode == 1, unwritten.stderr
    assert f"{out}: expected a folder that can be written to, got Permission denied" in unwritten.stderr


def test_a_full_disk_keeps_what_is_written_and_is_one_line(tmp_path: Path, apples: Path) -> None:
    done = start("grade", apples / "a.jpg", "--out", tmp_path, "--overlays", limit_bytes=3000)
    assert done.returncode == 1, done.stderr
    assert "overlays/a.jpg.jpg: could not be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert list((tmp_path / "overlays").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_stdout_that_is_full(apples: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = start("grade", apples / "a.jpg", "--format", "csv", stdout=full)
    finally:
        os.close(full)
    assert done.returncode == 1
    assert "stdout: could not be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_results_on_stdout_messages_on_stderr(apples: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    done = start("grade", tmp_path / "empty.jpg", apples / "a.jpg", "--format", "jsonl")
    assert done.returncode == 1
    assert rows(done.stdout)
    assert "empty.jpg: expected a picture, got an empty file" in done.stderr
    assert "fruit/1" not in done.stderr


def test_the_installed_command_grades(apples: Path) -> None:
    command = Path(sys.executable).with_name("grader")
    if not command.exists():
        pytest.skip("the project is not installed in this environment")
    done = subprocess.run(
        [command, "grade", apples / "a.jpg"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout)


def test_progress_on_a_terminal_leaves_stdout_alone(apples: Path) -> None:
    """With stderr a terminal the bar is drawn there; results still go to the file that stdout is."""
    ours, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "grade", str(apples / "a.jpg"), "--format", "jsonl"],
        stdout=subprocess.PIPE, stderr=terminal, text=True, cwd=ROOT, env=os.environ | {"TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    shown = read_terminal(ours)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert {fruit["schema"] for fruit in rows(out)} == {"fruit/1"}
    assert b"grading" in shown
    assert b"fruit/1" not in shown


def read_terminal(terminal: int) -> bytes:
    """All that is written to a terminal until its other side is closed."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # how Linux says that nobody writes any more
        pass
    finally:
        os.close(terminal)
    return shown


# ---- the other verbs


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def test_models_list_names_the_default() -> None:
    listed = json.loads(invoke("models", "list", "--json").stdout)
    assert [row["folder"] for row in listed if row.get("default")] == [str(newest_model())]
    assert "model_id" in listed[0]


def test_models_log_says_that_nothing_was_changed_and_there_is_nothing_to_take_back() -> None:
    if read_log():
        pytest.skip("a model was promoted in this folder")
    assert "no change yet" in invoke("models", "log").stdout
    assert json.loads(invoke("models", "log", "--json").stdout) == []
    refused = invoke("models", "rollback")
    assert refused.exit_code == 2
    assert "expected a promotion to take back" in refused.stderr


def test_models_verify(tmp_path: Path) -> None:
    done = invoke("models", "verify", newest_model())
    assert done.exit_code == 0
    assert done.stdout.startswith("fruitnet/")
    refused = invoke("models", "verify", tmp_path)
    assert refused.exit_code == 2
    assert "card.json" in refused.stderr


def test_bench_says_ratio_and_speed(samples: Path) -> None:
    done = invoke("bench", samples / "bench_apple.jpg", "--seconds", "0.2", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["pictures"] == 1
    assert result["picture_ms"] > 0
    assert result["floor_ms"] > 0
    assert {"decode", "network", "size", "colour", "defects"} <= set(result["stage_ms"])
    assert min(result["views_per_s_1"], result["views_per_s_2"]) > 0


@pytest.mark.parametrize(("arguments", "code"), [(["no_such.jpg"], 2), (["--model", "no_such_model"], 2)])
def test_bench_refuses_in_one_line(arguments: Sequence[str], code: int) -> None:
    done = invoke("bench", *arguments)
    assert done.exit_code == code, done.output
    assert "no_such" in done.stderr
