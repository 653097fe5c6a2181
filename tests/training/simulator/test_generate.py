"""Writing pictures to a folder: complete, resumable, the same with one process or two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.simulator.__main__ import main
from training.simulator.generate import END_OF_HELD_OUT_SEEDS, FIRST_HELD_OUT_SEED, SEED_STRIDE, generate


def test_six_files_per_picture_and_a_broken_run_is_taken_up(tmp_path: Path) -> None:
    generate(tmp_path, 2, seed=3, preset="single", size_hw=(48, 48))
    names = sorted(p.name for p in tmp_path.iterdir())
    ends = (".jpg", ".json", "_crop.png", "_instance.png", "_net.png", "_surface.png")
    assert names == sorted(f"{n:06d}{end}" for n in range(2) for end in ends)
    kept = (tmp_path / "000000.jpg").read_bytes()
    (tmp_path / "000001.json").unlink()
    (tmp_path / "000000.jpg").write_bytes(b"mine")
    generate(tmp_path, 2, seed=3, preset="single", size_hw=(48, 48))
    assert (tmp_path / "000000.jpg").read_bytes() == b"mine"
    assert json.loads((tmp_path / "000001.json").read_text(encoding="utf-8"))["preset"] == "single"
    assert generate(tmp_path, 2, seed=3, preset="single", size_hw=(48, 48)) == 0.0
    assert kept.startswith(b"\xff\xd8")


def test_two_processes_write_the_bytes_of_one(tmp_path: Path) -> None:
    generate(tmp_path / "one", 2, seed=5, preset="mixed", size_hw=(48, 48), jobs=1)
    generate(tmp_path / "two", 2, seed=5, preset="mixed", size_hw=(48, 48), jobs=2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_command_line_writes_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--count", "1", "--preset", "empty", "--size", "32x40"]) == 0
    assert "1 pictures" in capsys.readouterr().out
    assert (tmp_path / "000000.json").exists()


def test_a_wrong_size_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(tmp_path), "--count", "1", "--size", "large"])
    assert stopped.value.code == 2
    assert "got 'large'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seed", "count", "held_out"),
    [(899, 1, False), (900, 1, True), (899, 997_304, True), (999, 1, True), (1000, 1, False)],
)
def test_seeds_that_models_are_judged_by_are_refused(
    seed: int, count: int, held_out: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = seed * SEED_STRIDE, seed * SEED_STRIDE + count - 1
    assert held_out == (first < END_OF_HELD_OUT_SEEDS and last >= FIRST_HELD_OUT_SEED)
    words = ["--out", str(tmp_path / "out"), "--count", str(count), "--seed", str(seed), "--preset", "empty"]
    if held_out:
        with pytest.raises(SystemExit) as stopped:
            main([*words, "--size", "32x32"])
        assert stopped.value.code == 2
        assert "by which models are judged" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
    else:
        assert main([*words, "--size", "32x32"]) == 0
