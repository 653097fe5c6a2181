"""The benchmarks are programs, not a package: they find each other in their own folder, and so do their tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))


@pytest.fixture(scope="session")
def benchmarks() -> Path:
    """The folder of the programs."""
    return BENCHMARKS


@pytest.fixture(scope="session")
def turning_apple(samples: Path) -> list[bytes]:
    """Ten views of an apple, as JPEG files."""
    return [file.read_bytes() for file in sorted((samples / "turning_apple").glob("*.jpg"))]


@pytest.fixture(scope="session")
def yolo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of the other route, exported once."""
    from yolo_route import export

    return export(tmp_path_factory.mktemp("yolo") / "new" / "nano.onnx")
