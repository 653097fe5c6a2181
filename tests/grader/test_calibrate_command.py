from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from grader.calibrate_command import calibrate
from grader.calibrate_geometry import Chessboard
from grader.calibration import load_calibration
from grader.image_io import write_png
from tests.grader.painted_boards import PaintedCamera, paint_board, paint_chart
from tests.grader.test_calibrate_colour import CAST
from tests.grader.test_calibrate_geometry import BELT_HEIGHT_MM, POSES

CAMERA = PaintedCamera()


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(calibrate)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Board pictures in boards/, a colour card, and the calibration made of the boards."""
    root = tmp_path_factory.mktemp("site")
    rays = CAMERA.rays()
    for index, (turn, at) in enumerate(POSES):
        frame = paint_board(CAMERA, rays, Chessboard(columns=9, rows=6, square_mm=25), turn, at)
        write_png(root / "boards" / f"{index}.png", frame.rgb)
    write_png(root / "chart.png", paint_chart(CAST)[0].rgb)
    done = run(
        "--camera", "top", "--out", root / "geometry.json", "--geometry", root / "boards",
        "--board", "chessboard:9x6:25", "--belt", root / "boards" / "0.png",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    line = json.loads(done.stdout)
    assert line["camera_height_mm"] == pytest.approx(BELT_HEIGHT_MM, rel=0.005)
    assert "camera above belt" in done.stderr
    return root


def test_geometry_is_written(site: Path) -> None:
    made = load_calibration(site / "geometry.json")
    assert made.camera_id == "top"
    assert made.image_size_wh == CAMERA.size_wh
    assert made.mm_per_px_belt == pytest.approx(BELT_HEIGHT_MM / CAMERA.focal_px, rel=0.005)
    assert made.colour_matrix is None


def test_colour_is_added_to_an_earlier_calibration(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.json"
    done = run(
        "--camera", "top", "--out", out, "--base", site / "geometry.json",
        "--colour", site / "chart.png", "--card", "chart24",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["colour_error_delta_e"] < 1
    made, base = load_calibration(out), load_calibration(site / "geometry.json")
    assert made.colour_matrix is not None
    assert made.mm_per_px_belt == base.mm_per_px_belt
    assert made.created_at == base.created_at
    assert made.colour_at is not None
    assert made.colour_at > base.created_at


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --geometry"),
        (["--board", "chessboard:9x6:25"], "belong together"),
        (["--colour", "a.png"], "belong together"),
        (["--colour", "a.png", "--card", "chart24"], "--base"),
    ],
)
def test_wrong_use(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run("--camera", "top", "--out", tmp_path / "c.json", *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "c.json").exists()


def test_a_failure_names_its_cause_and_writes_nothing(site: Path, tmp_path: Path) -> None:
    out = tmp_path / "c.json"
    base = ("--camera", "top", "--out", out, "--base", site / "geometry.json")
    small = tmp_path / "small.png"
    write_png(small, paint_chart(CAST, size_wh=(320, 240), centre_xy=(160, 120), pitch_px=30)[0].rgb)
    for arguments, message in (
        (("--colour", tmp_path / "none.png", "--card", "chart24"), "none.png: expected a picture file"),
        (("--colour", site / "chart.png", "--card", "grey"), "card: expected"),
        (("--colour", small, "--card", "chart24"), "expected 640 x 480 px, got 320 x 240"),
    ):
        done = run(*base, *arguments)
        assert done.exit_code == 1
        assert message in " ".join(done.stderr.split())
        assert done.stdout == ""
    assert not out.exists()


def test_an_empty_board_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    done = run(
        "--camera", "top", "--out", tmp_path / "c.json", "--geometry", tmp_path / "boards",
        "--board", "chessboard:9x6:25", "--belt", tmp_path / "belt.png",
    )  # fmt: skip
    assert done.exit_code == 1
    assert "found none" in " ".join(done.stderr.split())
