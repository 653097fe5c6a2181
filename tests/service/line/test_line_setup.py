from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import LineConfigError
from service.line.line_setup import setup_problems
from service.line.lines import read_lines
from tests.service.line.lines import SMALL, small_line, write_line


def test_a_line_that_can_grade(tmp_path: Path) -> None:
    assert setup_problems(small_line(tmp_path)) == ()
    assert setup_problems(small_line(tmp_path, SMALL.replace('"apple"', '"auto"\nvariety = "fuji"'))) == ()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('standard = "apple_none"', "no standard 'apple_none'"),
        ('sku_table = "none"', "no SKU table 'none'"),
        ('variety = "moon"\nstandard = "apple_us_7cfr51"', "moon"),
    ],
)
def test_what_cannot_be_used_is_found_at_the_start(tmp_path: Path, key: str, said: str) -> None:
    write_line(tmp_path, SMALL.replace('crop = "apple"', f'crop = "apple"\n{key}'))
    with pytest.raises(LineConfigError, match=said) as refused:
        read_lines(tmp_path)
    assert str(refused.value).startswith("small.toml: ")


def test_the_calibration_of_a_camera(tmp_path: Path) -> None:
    write_line(tmp_path, SMALL.replace("mm_per_px = 0.3", 'calibration = "side.json"'))
    with pytest.raises(LineConfigError, match=r"small\.toml: .*side\.json"):
        read_lines(tmp_path)
    (tmp_path / "side.json").write_text("{}")
    with pytest.raises(LineConfigError, match=r"small\.toml: .*side\.json"):
        read_lines(tmp_path)
