"""The programs as a person starts them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from line_pictures import FRUIT, picture_file

VIEWS = 10
FIGURES = {
    "fruit_per_s",
    "late",
    "p50_ms",
    "p99_ms",
    "p999_ms",
    "core_ms_per_fruit",
    "floor_ratio",
    "yolo_route_ratio",
    "rss_mb",
    "late_at_70_percent",
    "sender_kept_schedule",
    "grading_alone_ms_per_fruit",
    "floor_ms_per_fruit",
    "close_looks_per_fruit",
    "yolo_ms_per_fruit",
    "yolo_network_ms_per_fruit",
    "yolo_parameters_m",
    "yolo_gflop",
}


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def pictures(tmp_path: Path, turning_apple: list[bytes], yolo_file: Path) -> Path:
    """The sample apple, in place of the four that take minutes to render; and the network of the other route."""
    shutil.copy(yolo_file, tmp_path / "yolo_nano_640.onnx")
    for fruit in range(len(FRUIT)):
        for view, data in enumerate(turning_apple):
            file = picture_file(tmp_path, fruit, view, VIEWS)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(data)
    return tmp_path


def test_the_line_prints_its_figures(benchmarks: Path, pictures: Path) -> None:
    """A real service with graders that cost nothing; three seconds at four fruit a second."""
    said = run(
        benchmarks / "line.py",
        *("--json", "--seconds", 3, "--rate", 4, "--fixed-ms", 0, "--workers", 1, "--lanes", 2),
        *("--pictures", pictures),
    )
    found = json.loads(said)
    assert set(found) == FIGURES
    assert found["fruit_per_s"] == 4.0
    core_ms = found["core_ms_per_fruit"]
    assert core_ms > 0
    assert found["floor_ratio"] == pytest.approx(core_ms / found["floor_ms_per_fruit"], rel=0.01)
    assert found["yolo_route_ratio"] == pytest.approx(found["yolo_ms_per_fruit"] / core_ms, rel=0.01)
    assert found["yolo_parameters_m"] == 3.41
    assert 0 <= found["late"] <= 12
    assert 0 <= found["late_at_70_percent"] <= 8
    assert found["rss_mb"] > 10


@pytest.mark.parametrize("program", ["picture_time.py"])
def test_each_says_what_it_is_for(benchmarks: Path, program: str) -> None:
    assert f"usage: {program}" in run(benchmarks / program, "--help")


def test_a_picture_beside_its_floor(benchmarks: Path) -> None:
    rows = run(benchmarks / "picture_time.py", "--rounds", 1).splitlines()
    assert rows[0].startswith("bench_apple.jpg: 1 fruit, looks of the network: ")
    ms = {row[:12].strip(): float(row[12:].split()[0]) for row in rows[1:]}
    assert list(ms) == ["decode", "first look", "second look", "floor", "whole way", "ratio"]
    assert ms["floor"] == pytest.approx(ms["decode"] + ms["first look"] + ms["second look"], abs=0.02)
    assert ms["ratio"] == pytest.approx(ms["whole way"] / ms["floor"], abs=0.01)
