"""`grader standards`: what it prints and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from grader.standard import STANDARDS_FOLDER, list_standards
from grader.standards_command import app

RUN = CliRunner()


def test_list_names_every_standard_and_its_status() -> None:
    result = RUN.invoke(app, ["list"])
    assert result.exit_code == 0
    for standard in list_standards():
        assert standard.standard_id in result.output
    assert "enabled (default)" in result.output
    assert "second-hand source" in result.output
    assert "size_apple_5mm" in result.output


def test_list_as_json() -> None:
    rows = json.loads(RUN.invoke(app, ["list", "--json"]).output)
    assert [row["standard_id"] for row in rows] == [standard.standard_id for standard in list_standards()]
    assert rows[0]["classes"][0] == {"id": "AAA", "name_en": "Grade AAA", "name_zh": "AAA级"}


def test_show_prints_limits_and_their_source() -> None:
    result = RUN.invoke(app, ["show", "unece_ffv50"])
    assert result.exit_code == 0
    for part in ("2023/2429", "碰压伤总面积", "≤ 1.5", "≥ 0.75", "II.C"):
        assert part in result.output


def test_show_warns_of_recalled_numbers() -> None:
    assert "recalled, not read: rot" in RUN.invoke(app, ["show", "apple_cn_gbt10651_2008"]).output


def test_show_as_json_has_no_infinity() -> None:
    shown = json.loads(RUN.invoke(app, ["show", "apple_eu_2023_2429", "--json"]).output)
    colour = next(rule for rule in shown["rules"] if rule["key"] == "colour")
    assert colour["tests"][0]["limits"] == {"extra": 0.75, "I": 0.5, "II": None}


def test_show_of_an_unknown_standard_is_wrong_use() -> None:
    result = RUN.invoke(app, ["show", "mars"])
    assert result.exit_code == 2
    assert "known are" in result.output


def test_check_passes_all_shipped_files() -> None:
    files = [*STANDARDS_FOLDER.glob("*.toml"), STANDARDS_FOLDER.parent / "sku_tables" / "default.toml"]
    result = RUN.invoke(app, ["check", *map(str, files)])
    assert result.exit_code == 0
    assert result.output.count(": good\n") == len(files)


def test_check_tells_faults_with_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (STANDARDS_FOLDER / "melon_house_skin.toml").read_text(encoding="utf-8")
    path.write_text(text.replace("premium = 0.02", "premium = 0.2"), encoding="utf-8")
    result = RUN.invoke(app, ["check", str(path)])
    assert result.exit_code == 1
    assert "class premium (0.2) allows more than class standard (0.1)" in result.output
    assert result.output.startswith("mine.toml:")
    as_json = RUN.invoke(app, ["check", "--json", str(path), str(tmp_path / "none.toml")])
    assert as_json.exit_code == 1
    assert {name: len(problems) for name, problems in json.loads(as_json.output).items()} == {
        str(path): 1,
        str(tmp_path / "none.toml"): 1,
    }
