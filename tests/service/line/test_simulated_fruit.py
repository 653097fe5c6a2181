from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.errors import ReplayError
from service.line.simulated_fruit import render_missing

ROOT = Path(__file__).parents[3]


def test_a_full_pool_needs_no_simulator(tmp_path: Path) -> None:
    folder = tmp_path / "apple_0000"
    folder.mkdir()
    for view in range(2):
        (folder / f"view_{view:02d}.jpg").write_bytes(b"picture")
    render_missing(tmp_path, fruit=1, views=2, crop="apple")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["apple_0000", "view_00.jpg", "view_01.jpg"]


def test_the_simulator_is_asked_for_what_is_missing_and_its_failure_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReplayError, match="simulated: the simulator ended with 2; see above"):
        render_missing(tmp_path / "file", fruit=1, views=1, crop="apple")
    assert "file/.apple_0000.part: could not be written: Not a directory" in capfd.readouterr().err


def test_without_the_simulator_it_says_what_to_do(tmp_path: Path) -> None:
    for package in ("grader", "service"):
        (tmp_path / package).symlink_to(ROOT / package)
    code = (
        "from pathlib import Path\n"
        "from service.errors import ReplayError\n"
        "from service.line.simulated_fruit import render_missing\n"
        "try:\n    render_missing(Path('pool'), fruit=2, views=3, crop='melon')\n"
        "except ReplayError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {[str(tmp_path), *_libraries()]!r}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": ""},
        cwd=tmp_path,
    )
    assert "simulated: pool does not hold 2 fruit of 3 views yet" in done.stdout
    assert (
        "python -m training.simulator.fruit_pool --out pool --fruit 2 --views 3 --crop melon" in done.stdout
    )


def _libraries() -> list[str]:
    """Where libraries are, without this project."""
    return [path for path in sys.path if path and not (Path(path) / "training").is_dir()]
