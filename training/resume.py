"""Whether a run that was stopped may go on: its folder has to hold what the same config has trained so far.

What weights have seen is on the card of their model, and the card has it from the one `config.json` of each run
(`training/export.py`). So a run has one config from its first step to its last, and another config is another run.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from grader.image_io import write_bytes
from training.checkpoint import CheckpointError, read_checkpoint
from training.train_config import ConfigError, TrainConfig

FREE = frozenset({"steps", "save_every", "threads"})
"""Fields that may change while a run is stopped: how long and how, not what of."""
PARTS = ("net", "average", "optimiser", "step")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoppedRun:
    """What `last.pt` holds. net, average: weights by name. optimiser: state of AdamW. step: steps that are done."""

    net: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, Any]
    step: int


def stopped_run(config: TrainConfig) -> StoppedRun | None:
    """What the folder of the run holds of it; None where it has not begun. Writes nothing.

    Raises ConfigError when it was made with another config, CheckpointError when `last.pt` is damaged or none of a
    run, OSError when a file cannot be read.
    """
    last = Path(config.out) / "last.pt"
    if not last.exists():
        return None
    _check_config(last.with_name("config.json"), config)
    try:
        state = read_checkpoint(last, PARTS)
    except CheckpointError as exc:
        raise CheckpointError(
            f"{exc}; move it away to begin anew, or set another `out` and a whole checkpoint in `start_from`"
        ) from exc
    return StoppedRun(**{part: state[part] for part in PARTS})


def write_config(config: TrainConfig, out: Path | None = None) -> None:
    """`config.json` in the folder `out`, default that of the run, which is made. Raises OutputError."""
    write_bytes((out or Path(config.out)) / "config.json", json.dumps(asdict(config), indent=1).encode())


def changed_fields(before: dict[str, Any], config: TrainConfig) -> list[str]:
    """`field: before -> now` of every field that differs and may not, in the order of `TrainConfig`.

    before: content of a `config.json`; a field it does not have yet had its default. A field that `TrainConfig` does
    not have (any more) differs.
    """
    now = json.loads(json.dumps(asdict(config)))
    usual = {
        field.name: field.default if field.default_factory is MISSING else field.default_factory()
        for field in fields(TrainConfig)
    }
    was = json.loads(json.dumps({name: before.get(name, usual[name]) for name in now}, default=str))
    was["photographs"] = _folders(was["photographs"])
    changed = [
        f"{name}: {json.dumps(was[name])} -> {json.dumps(now[name])}"
        for name in now
        if name not in FREE and was[name] != now[name]
    ]
    return changed + [
        f"{name}: {json.dumps(before[name])} -> unknown here" for name in before if name not in now
    ]


def _folders(photographs: str | list[str] | None) -> list[str]:
    """As written now. Before, it was one folder or null."""
    return [photographs] if isinstance(photographs, str) else photographs or []


def _check_config(path: Path, config: TrainConfig) -> None:
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise ConfigError(
            f"{path}: expected the config that last.pt beside it was trained with, found none"
        ) from exc
    except ValueError as exc:
        raise ConfigError(f"{path}: expected JSON, got {exc}") from exc
    if not isinstance(before, dict):
        raise ConfigError(f"{path}: expected the fields of a training config, got {type(before).__name__}")
    changed = changed_fields(before, config)
    if changed:
        raise ConfigError(
            f"{path}: expected the config that this run began with ({', '.join(sorted(FREE))} may differ), "
            f"got {'; '.join(changed)}: for another run, set another `out` and "
            f'start_from = "{path.with_name("last.pt")}"'
        )
