from __future__ import annotations

from pathlib import Path

import pytest

from grader.image_io import read_image
from training.simulator.fruit_pool import main, render_pool


def test_a_pool_is_filled_once_and_always_with_the_same_bytes(tmp_path: Path) -> None:
    assert render_pool(tmp_path / "a", fruit=1, views=1, crop="apple", size_hw=(48, 64)) == 1
    picture = tmp_path / "a" / "apple_0000" / "view_00.jpg"
    assert read_image(picture).rgb.shape == (48, 64, 3)
    assert render_pool(tmp_path / "a", fruit=1, views=1, crop="apple", size_hw=(48, 64)) == 0
    (tmp_path / "b" / "apple_0000").mkdir(parents=True)  # left unfinished by something else
    assert render_pool(tmp_path / "b", fruit=1, views=1, crop="apple", size_hw=(48, 64)) == 1
    assert (tmp_path / "b" / "apple_0000" / "view_00.jpg").read_bytes() == picture.read_bytes()
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["apple_0000"]


def test_wrong_requests_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="fruit: expected at least 1, got 0"):
        render_pool(tmp_path, fruit=0, views=1, crop="apple")
    for arguments in (["--views", "0"], ["--fruit", "0"]):
        with pytest.raises(SystemExit):
            main(["--out", str(tmp_path), *arguments])
    assert "fruit: expected at least 1, got 0" in capsys.readouterr().err
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path / "file"), "--fruit", "1", "--views", "1"])
    assert "could not be written" in capsys.readouterr().err
