"""The verbs of training: help, and one clear line for what a user can mend."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from tests.training.converted import write_plain
from tests.training.planted import DataFolder
from tests.training.test_condition_suite import boxes, diseases
from tests.training.test_diameter_suite import coins
from tests.training.test_photo_suite import masks, scenes, shop_shots
from training.cli import app
from training.network import FruitNet

VERBS = {
    "import",
    "split",
    "leaks",
    "train",
    "blend",
    "teach",
    "folds",
    "unseen",
    "mimic",
    "attach-close",
    "attach-quick",
    "export",
    "parity",
    "quantise",
    "admit",
    "trust",
    "evaluate",
    "compare",
    "promote",
    "readme",
}
ROOT = Path(__file__).parents[2]


def run(*words: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def test_python_m_training_shows_every_verb() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert all(verb in done.stdout for verb in VERBS)
    registered = [command for command in app.registered_commands if command.callback]
    assert {command.name or command.callback.__name__ for command in registered} == VERBS


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("train", ["config", "TrainConfig"]),
        ("export", ["checkpoint", "--version", "--pictures"]),
        ("evaluate", ["--model", "--suite", "--report", "--json", "--no-simulated"]),
        ("compare", ["champion", "challenger", "--count"]),
        ("promote", ["challenger", "--reason", "--force"]),
        ("leaks", ["--data", "judged"]),
        ("import", ["source", "--dataset", "--licence", "--names", "--group", "--crop", "--json"]),
        ("split", ["sets", "--val", "--folds", "--seed", "--by", "--json"]),
        ("blend", ["parts", "--steps"]),
        ("readme", ["model", "figures"]),
        ("quantise", ["model", "--out", "--count", "--calibrate", "--json"]),
    ],
)
def test_every_verb_has_help(verb: str, words: list[str]) -> None:
    code, out, _ = run(verb, "--help")
    assert code == 0
    assert [word for word in words if word not in out] == []


def config(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_config_faults_are_one_line(tmp_path: Path) -> None:
    least = f'out = "{tmp_path}/out"\nsimulated = {{"{tmp_path}/none_*" = 1.0}}\n'
    for path, message in (
        (config(tmp_path, least + "stpes = 1\n"), "run.toml:3: unknown key 'stpes'; known here: "),
        (tmp_path / "nowhere.toml", "nowhere.toml: cannot be read"),
    ):
        code, out, err = run("train", path)
        assert (code, out) == (2, "")
        assert message in err
        assert len(err.strip().splitlines()) == 1
    code, out, err = run("train", config(tmp_path, least))
    assert (code, out) == (2, "")
    assert err.strip() == f"{tmp_path}/none_*: expected simulated pictures (NNNNNN.json), found none"
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_that_was_cut_short_is_one_line(tmp_path: Path) -> None:
    write_plain(tmp_path / "sim", 0, 1)
    (tmp_path / "last.pt").write_bytes(b"PK" + bytes(98))
    least = (
        f'out = "{tmp_path}/out"\nsimulated = {{"{tmp_path}/sim" = 1.0}}\nstart_from = "{tmp_path}/last.pt"\n'
    )
    code, out, err = run("train", config(tmp_path, least))
    assert (code, out) == (2, "")
    assert err.strip() == (
        f"{tmp_path}/last.pt: expected a checkpoint, got 100 bytes that are none or were cut short"
    )
    assert not (tmp_path / "out").exists()
    missing = tmp_path / "nowhere" / "report.html"
    (tmp_path / "nowhere").write_text("a file")
    code, out, err = run("evaluate", "--no-photographs", "--no-simulated", "--report", missing)
    assert (code, out) == (2, "")
    assert "nowhere" in err


def test_export_faults_are_one_line(tmp_path: Path) -> None:
    code, out, err = run("export", tmp_path / "last.pt", "--data", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "expected a list of photographs" in err
    masks(DataFolder(tmp_path))
    code, out, err = run("export", tmp_path / "last.pt", "--data", tmp_path)
    assert (code, out) == (2, "")
    assert "config.json" in err


def test_export_then_evaluate(tmp_path: Path) -> None:
    """An untrained network goes the whole way: exported, compared, measured on a folder with every data set."""
    data = DataFolder(tmp_path / "data")
    for plant in (masks, scenes, shop_shots, coins):
        plant(data)
    diseases(data)
    boxes(data, "p", "1 0.25 0.5 0.25 0.5")
    data.add("apples/varieties_kayseri/images/Gala/k.png", label="Gala", kind="cultivar_sound")
    turn = "apples/turntable_fruits360_3body/images/t.png"
    data.add(turn, label="sound;axis=r0;frame=0;", kind="turntable_condition")
    data.add("apples/multiview_station_nekoder/images/n.png", label="apple=1;view=1", kind="multi_view")
    checkpoint, model = tmp_path / "run" / "last.pt", tmp_path / "model"
    checkpoint.parent.mkdir()
    torch.manual_seed(0)
    torch.save({"average": FruitNet().state_dict()}, checkpoint)
    (checkpoint.parent / "config.json").write_text(
        json.dumps(
            {
                "photographs": "weak",
                "photograph_shares": {"varieties_kayseri": 1.0},
                "licences": None,
                "start_from": None,
            }
        )
    )
    sides = ("--find-side", "64", "--fruit-side", "64", "--pictures", "3")
    code, out, _ = run(
        "export", checkpoint, "--out", model, "--data", data.folder, "--version", "0.0.1", *sides
    )
    assert code == 0
    said = json.loads(out.splitlines()[-1])
    assert said["model_id"].startswith("fruitnet/0.0.1+sha256:")
    assert (said["pictures"], said["max_difference"] < 1e-3, said["class_flips"] < 1e-3) == (3, True, True)
    card = json.loads((model / "card.json").read_text())
    assert card["trained_on"][0] == {"name": "varieties_kayseri", "licence": "MIT"}

    code, out, _ = run("evaluate", "--model", model, "--data", data.folder, "--no-simulated", "--json")
    assert code == 0
    report = json.loads(out)
    assert report["model_id"] == said["model_id"]
    assert set(report) == {"model_id", "photographs"}
    assert report["photographs"]["outline_iou_melo04"]["n"] == 1
    assert report["photographs"]["apple_count_exact"]["n"] == 2
    assert {"defect_iou", "false_alarm", "crop_right", "diameter_cv_nekoder"} <= set(report["photographs"])

    page = tmp_path / "report" / "dev.html"
    words = ("evaluate", "--model", model, "--data", data.folder, "--no-simulated", "--suite", "dev")
    code, out, err = run(*words, "--report", page)
    assert code == 0
    assert "false_alarm_all" in out
    assert "2/2 conditions" in err
    assert said["model_id"] in page.read_text(encoding="utf-8")
    told = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["photographs"]["false_alarm_shop_melons"]["n"] == 2
    assert told["worst_cases"]["defect_iou"]  # an untrained network is wrong about rot
