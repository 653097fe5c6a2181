"""What is in production: promoted, rolled back, written down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from grader.errors import ModelCardError, ModelError, OutputError
from grader.production import (
    LOG_NAME,
    SHIPPED_NAME,
    newest_model,
    production_model,
    promote,
    read_log,
    rollback,
    shipped_model,
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Three versions of one real model."""
    shipped = newest_model()
    for version in ("1.0.0", "1.9.0", "1.10.0"):
        folder = tmp_path / "fruitnet" / version
        folder.mkdir(parents=True)
        card = json.loads((shipped / "card.json").read_text())
        for weights in (
            card["weights"],
            card["produce"]["weights"],
            card["quick"]["folder"],
            card["close"]["folder"],
        ):
            (folder / weights).symlink_to(shipped / weights)
        (folder / "card.json").write_text(json.dumps({**card, "version": version}))
    return tmp_path


def test_without_a_log_the_newest_is_in_production(models: Path) -> None:
    assert production_model(models).name == "1.10.0"
    assert read_log(models) == ()


def test_promotions_and_rollbacks_go_forth_and_back_and_stay_in_the_log(models: Path) -> None:
    old, middle = models / "fruitnet" / "1.0.0", models / "fruitnet" / "1.9.0"
    promote(old, "rot is found better", models)
    promote(middle, "new variety", models)
    assert production_model(models) == middle
    rollback("green apples called unripe", models)
    assert production_model(models) == old
    rollback("and the first one too", models)
    assert production_model(models).name == "1.10.0"
    log = read_log(models)
    assert [(change.action, change.folder, change.reason) for change in log] == [
        ("promoted", "fruitnet/1.0.0", "rot is found better"),
        ("promoted", "fruitnet/1.9.0", "new variety"),
        ("rolled_back", "fruitnet/1.0.0", "green apples called unripe"),
        ("rolled_back", "fruitnet/1.10.0", "and the first one too"),
    ]
    assert [change.model_id.split("+")[0] for change in log][1] == "fruitnet/1.9.0"
    assert [change.at for change in log] == sorted(change.at for change in log)


def test_an_export_does_not_grade_before_it_is_promoted(models: Path) -> None:
    (models / SHIPPED_NAME).write_text("fruitnet/1.9.0\n")
    assert production_model(models) == models / "fruitnet" / "1.9.0"
    promote(models / "fruitnet" / "1.10.0", "better", models)
    assert production_model(models).name == "1.10.0"
    rollback("worse", models)
    assert production_model(models).name == "1.9.0"


def test_what_ships_is_there() -> None:
    assert (shipped_model() / "card.json").is_file()


def test_nothing_to_go_back_to_is_said(models: Path) -> None:
    with pytest.raises(ModelError, match="expected a promotion to take back"):
        rollback("why", models)
    promote(models / "fruitnet" / "1.10.0", "the newest by name", models)
    with pytest.raises(ModelError, match="expected another model to go back to"):
        rollback("why", models)
    assert len(read_log(models)) == 1


def test_a_model_elsewhere_is_kept_by_its_whole_path(models: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name} elsewhere"
    shutil.copytree(newest_model(), elsewhere)
    promote(elsewhere, "on trial", models)
    assert production_model(models) == elsewhere


def test_a_model_that_cannot_be_used_is_not_promoted(models: Path) -> None:
    with pytest.raises(ModelCardError, match="expected a model card"):
        promote(models / "none", "why", models)
    with pytest.raises(ValueError, match="expected why"):
        promote(models / "fruitnet" / "1.0.0", "  ", models)
    assert not (models / LOG_NAME).exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: expected a change"),
        ("[]", "line 2: expected a change"),
        ('{"at": "2026-01-01T00:00:00+00:00"}', "line 2: expected a change"),
        (
            '{"at": "2026-01-01T00:00:00+00:00", "action": "sold", "folder": "a", "model_id": "b", "reason": "c"}',
            "line 2: action: expected promoted or rolled_back, got 'sold'",
        ),
    ],
)
def test_a_broken_log_is_named_and_not_written_to(models: Path, line: str, message: str) -> None:
    promote(models / "fruitnet" / "1.0.0", "good", models)
    log = models / LOG_NAME
    log.write_text(log.read_text() + line + "\n")
    before = log.read_text()
    for change in (
        lambda: production_model(models),
        lambda: rollback("why", models),
        lambda: promote(models / "fruitnet" / "1.9.0", "why", models),
    ):
        with pytest.raises(ModelError, match=message):
            change()
    assert log.read_text() == before


def test_a_folder_that_cannot_be_written_is_said(models: Path) -> None:
    (models / LOG_NAME).mkdir()
    with pytest.raises((OutputError, ModelError), match=LOG_NAME):
        promote(models / "fruitnet" / "1.0.0", "why", models)
