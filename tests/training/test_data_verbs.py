"""import and split from the command line: a table or JSON, and every fault a line on stderr with exit 2."""

from __future__ import annotations

import json
from pathlib import Path

from tests.training.labelled_sets import add_picture
from tests.training.test_training_cli import run
from training.dataset import photograph_sources


def planted(folder: Path) -> Path:
    for n in range(12):
        add_picture(folder / ("fresh apple", "腐烂苹果")[n % 2] / f"fruit{n // 2}_{n}.jpg", n)
    return folder


def wishes(folder: Path) -> tuple[str | Path, ...]:
    stated = ("--licence", "MIT", "--group", r"(fruit\d+)_", "--data", folder / "no_photographs")
    return (planted(folder / "set"), "--dataset", "yard", "--out", folder / "yard", *stated)


def test_import_then_split_then_train(tmp_path: Path) -> None:
    code, out, err = run("import", *wishes(tmp_path))
    assert code == 0, err
    assert "yard (folders): 12 pictures in 6 groups" in out
    assert "% of the pixels known" in out
    assert "腐烂苹果" in out
    assert "apple rot" in out
    assert f"no photographs for judging at {tmp_path}/no_photographs" in err.replace("\n", "")
    code, out, err = run("split", tmp_path / "yard", "--val", "0.34", "--folds", "2", "--seed", "4")
    assert (code, err) == (0, "")
    assert "6 groups that stay together: 8 train, 4 val, 2 folds" in out
    assert "rot" in out
    (source,) = photograph_sources([tmp_path / "yard"], {"yard": 1.0})
    assert len(source.stems) == 8


def test_json(tmp_path: Path) -> None:
    code, out, _ = run("import", *wishes(tmp_path), "--json")
    report = json.loads(out)
    assert (code, report["pictures"], report["classes"]["fresh apple"]["count"]) == (0, 12, 6)
    code, out, err = run("split", tmp_path / "yard", "--val", "0.1", "--by", "fruit", "--json")
    assert code == 0
    assert json.loads(out)["units"] == 6
    assert "warning" not in err


def test_faults_are_lines(tmp_path: Path) -> None:
    words = wishes(tmp_path)
    add_picture(tmp_path / "set" / "qqqq" / "fruit9_0.jpg", 90)
    add_picture(tmp_path / "set" / "lone.jpg", 91)
    code, out, err = run("import", *words)
    assert (code, out) == (2, "")
    assert "class 'qqqq': expected a known name" in err
    assert "lone.jpg: expected a picture in a folder" in err
    assert not (tmp_path / "yard").exists()
    code, out, err = run("split", tmp_path / "yard")
    assert (code, out) == (2, "")
    assert (
        err.strip()
        == f"{tmp_path}/yard/index.json: expected a set made by `python -m training import`, found none"
    )


def test_warnings_are_said(tmp_path: Path) -> None:
    words = wishes(tmp_path)
    add_picture(tmp_path / "set" / "crack" / "fruit9_0.jpg", 90)
    _, _, err = run("import", *words)
    assert "warning: class 'crack': only one picture" in err
    _, _, err = run("split", tmp_path / "yard")
    assert "warning: class 'crack': no picture in" in err
