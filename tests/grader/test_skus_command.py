"""`grader skus`: exit codes, and that what it prints is what people need."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grader.cli import app
from grader.standard import STANDARDS_FOLDER
from tests.grader.test_sku_faults import TABLE, write

RUNNER = CliRunner()


def run(*arguments: object) -> tuple[int, str, str]:
    done = RUNNER.invoke(app, [str(one) for one in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_list_and_show() -> None:
    assert run("skus", "list")[1].split() == ["apple_cartons", "default", "pear"]
    code, out, _ = run("skus", "show", "default")
    assert code == 0
    assert "recirculate" in out
    code, _, err = run("skus", "show", "mars")
    assert (code, "no SKU table 'mars'" in err) == (2, True)


def test_check(tmp_path: Path) -> None:
    path = write(tmp_path)
    assert run("skus", "check", path) == (0, f"{path}: good\n", "")
    bad = write(tmp_path, TABLE.replace('"apple"]', '"aple"]'))
    code, out, _ = run("skus", "check", bad, "--json")
    assert code == 1
    assert json.loads(out)[str(bad)][0].startswith("site.toml:31: crops:")
    assert run("standards", "check", bad)[0] == 1


def test_diff_in_both_languages(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old, new = write(tmp_path), write(tmp_path / "new", TABLE.replace('outlet = "b"', 'outlet = "a"'))
    assert run("skus", "diff", old, new) == (1, "row 2 ({crop}-{class}-{pack}), outlet: b → a\n", "")
    assert (
        run("skus", "diff", old, new, "--language", "zh")[1]
        == "第 2 行（{crop}-{class}-{pack}），出口：b → a\n"
    )
    assert run("skus", "diff", old, old) == (0, "no difference\n", "")
    code, out, _ = run("standards", "diff", "apple_eu_2023_2429", "apple_eu_2023_2429", "--language", "zh")
    assert (code, out) == (0, "没有差异\n")
    code, out, _ = run("standards", "diff", "apple_eu_2023_2429", "apple_us_7cfr51", "--json")
    assert code == 1
    assert {one["kind"] for one in json.loads(out)} == {"added", "removed", "changed"}


def test_publish_log_and_roll_back(tmp_path: Path) -> None:
    versions, said = tmp_path / "versions", ("--who", "li", "--reason", "ours")
    code, first, _ = run("skus", "publish", write(tmp_path), "--versions", versions, *said)
    assert code == 0
    second = run("skus", "publish", write(tmp_path, TABLE + "\n#\n"), "--versions", versions, *said)[1]
    late = run("skus", "publish", write(tmp_path), "--versions", versions, *said, "--replaces", first.strip())
    assert late[0] == 1
    assert "compare, then publish again" in late[2]
    code, out, _ = run("skus", "rollback", "site", "--versions", versions, *said)
    assert (code, out) == (0, first)
    lines = run("skus", "log", "site", "--versions", versions)[1].splitlines()
    assert [line.split()[3:5] for line in lines] == [
        ["rolled_back", first[:12]],
        ["published", second[:12]],
        ["published", first[:12]],
    ]
    code, _, err = run("skus", "rollback", "site", "--versions", versions, *said)
    assert (code, "there is none" in err) == (1, True)


@pytest.mark.parametrize("name", ["apple_eu_2023_2429", "melon_unece_ffv23"])
def test_publish_a_standard(tmp_path: Path, name: str) -> None:
    said = ("--versions", tmp_path / "v", "--kind", "standard", "--who", "li", "--reason", "ours")
    code, out, err = run("skus", "publish", STANDARDS_FOLDER / f"{name}.toml", *said)
    assert (code, len(out.strip())) == ((0, 64) if name.startswith("apple") else (1, 0))
    assert ("got draft" in err) is (code == 1)
