"""A run goes on with the config that it began with; another config is another run."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.errors import OutputError
from tests.training.small_disk import fill, small_disk
from training.checkpoint import CheckpointError
from training.resume import changed_fields, stopped_run, write_config
from training.train_config import ConfigError, TrainConfig

CONFIG = TrainConfig(out="run", simulated={"a": 1.0}, photographs=("weak",), photograph_shares={"b": 2.0})
STATE: dict[str, Any] = {"net": {}, "average": {}, "optimiser": {}, "step": 7}


def begun(folder: Path, **state: object) -> TrainConfig:
    config = replace(CONFIG, out=str(folder))
    write_config(config)
    torch.save(STATE | state, folder / "last.pt")
    return config


def test_a_run_goes_on_from_its_last_step(tmp_path: Path) -> None:
    config = begun(tmp_path)
    for longer in (config, replace(config, steps=9999, save_every=7, threads=1)):
        stopped = stopped_run(longer)
        assert stopped is not None
        assert stopped.step == 7


def test_a_run_that_has_not_begun_is_none(tmp_path: Path) -> None:
    config = replace(CONFIG, out=str(tmp_path / "run"))
    assert stopped_run(config) is None
    write_config(config)
    assert stopped_run(config) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("simulated", {"a": 2.0}),
        ("photographs", ("weak", "yard")),
        ("photograph_shares", {}),
        ("licences", ("MIT",)),
        ("size", 256),
        ("batch", 8),
        ("rate", 1e-3),
        ("seed", 2),
        ("start_from", "x.pt"),
    ],
)
def test_another_config_is_refused_and_nothing_is_written(tmp_path: Path, field: str, value: object) -> None:
    config = begun(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    changes: dict[str, Any] = {field: value}
    with pytest.raises(ConfigError) as raised:
        stopped_run(replace(config, **changes))
    was, now = (json.dumps(each) for each in (getattr(config, field), value))
    assert f"{tmp_path}/config.json: expected the config that this run began with" in str(raised.value)
    assert f"(save_every, steps, threads may differ), got {field}: {was} -> {now}: " in str(raised.value)
    assert f'start_from = "{tmp_path}/last.pt"' in str(raised.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_config_from_before_a_field_was_added_is_read_with_its_default() -> None:
    old = {name: value for name, value in asdict(CONFIG).items() if name not in ("frozen_blocks", "average")}
    assert changed_fields(old | {"photographs": "weak"}, CONFIG) == []
    assert changed_fields(old, replace(CONFIG, frozen_blocks=3)) == ["frozen_blocks: 0 -> 3"]
    bare = replace(CONFIG, photographs=(), photograph_shares={})
    assert changed_fields(asdict(bare) | {"photographs": None}, bare) == []
    assert changed_fields(asdict(CONFIG) | {"depth": 3}, CONFIG) == ["depth: 3 -> unknown here"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "expected the config that last.pt beside it was trained with, found none"),
        ("{", "expected JSON"),
        ("[]", "expected the fields of a training config, got list"),
    ],
)
def test_weights_without_a_config_are_refused(tmp_path: Path, content: str | None, message: str) -> None:
    config = begun(tmp_path)
    path = tmp_path / "config.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=rf"config\.json: {message}"):
        stopped_run(config)


def test_a_checkpoint_that_is_cut_short_or_blended_says_what_to_do(tmp_path: Path) -> None:
    config = begun(tmp_path)
    last = tmp_path / "last.pt"
    last.write_bytes(last.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=r"last\.pt: .* were cut short; move it away to begin anew"):
        stopped_run(config)
    torch.save({"average": {}, "step": 0}, last)
    with pytest.raises(
        CheckpointError, match=r"with net, average, optimiser and 1 more, got average, step; move"
    ):
        stopped_run(config)


def test_a_full_disk_leaves_the_config_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        config = replace(CONFIG, out=str(disk))
        write_config(config)
        fill(disk)
        with pytest.raises(OutputError, match=r"config\.json: could not be written: No space left on device"):
            write_config(replace(config, steps=1))
        assert json.loads((disk / "config.json").read_text())["steps"] == CONFIG.steps
