"""Which model grades: an append-only log of promotions and rollbacks beside the models; without one what ships.

`<models>/shipped.txt` names the folder that ships, so that an export does not grade before it is promoted; a folder of
models without it and without a log means its newest version.

`<models>/production.jsonl` has one JSON object a line: at (UTC, ISO 8601), action ("promoted", "rolled_back"), folder
(below the models when it lies there, else absolute), model_id, reason. Lines are added, never changed, so the file also
says what was in production when, and why.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.errors import ModelCardError, ModelError, OutputError
from grader.model_card import load_card
from grader.onnx_model import OnnxModel

SHIPPED_MODELS = Path(__file__).parents[1] / "models"
LOG_NAME = "production.jsonl"
SHIPPED_NAME = "shipped.txt"
PROMOTED, ROLLED_BACK = "promoted", "rolled_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One line of the log. folder, model_id: the model in production from then on."""

    at: datetime
    action: str
    folder: str
    model_id: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """As it stands in the log."""
        return {**asdict(self), "at": self.at.isoformat()}


def newest_model(models: Path = SHIPPED_MODELS) -> Path:
    """The folder of the newest version below `models/<name>/<version>/`. Raises ModelCardError when there is none."""
    cards = sorted(models.glob("*/*/card.json"), key=lambda path: _version_key(path.parent.name))
    if not cards:
        raise ModelCardError(f"{models}: expected <name>/<version>/card.json, found none")
    return cards[-1].parent


def shipped_model(models: Path = SHIPPED_MODELS) -> Path:
    """The folder that `shipped.txt` names, or the newest. Raises ModelError when there is neither."""
    path = models / SHIPPED_NAME
    if not path.exists():
        return newest_model(models)
    try:
        return models / path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelError(f"{path}: expected the folder of a model, cannot be read: {exc}") from exc


def production_model(models: Path = SHIPPED_MODELS) -> Path:
    """The folder of the model in production. Raises ModelError for a log that cannot be read or no model at all."""
    stack = _stack(read_log(models))
    return models / stack[-1].folder if stack else shipped_model(models)


def read_log(models: Path = SHIPPED_MODELS) -> tuple[Change, ...]:
    """All changes, oldest first; none when there is no log. Raises ModelError that names the line."""
    path = models / LOG_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as exc:
        raise ModelError(f"{path}: expected the log of models, cannot be read: {exc}") from exc
    return tuple(_read_line(path, number, line) for number, line in enumerate(lines, start=1))


def promote(folder: Path, reason: str, models: Path = SHIPPED_MODELS) -> Change:
    """Put a model into production, after loading it once.

    Raises ModelError when it cannot be used, ValueError without a reason, OutputError when the log cannot be written.
    """
    if not reason.strip():
        raise ValueError("reason: expected why this model is promoted, got nothing")
    read_log(models)  # a log that cannot be read must not grow
    card = OnnxModel.load(folder).card
    return _append(models, PROMOTED, _place(folder, models), card.model_id, reason)


def rollback(reason: str, models: Path = SHIPPED_MODELS) -> Change:
    """Back to the model that was in production before the present one.

    Raises ModelError when there is none or it cannot be used any more, OutputError when the log cannot be written.
    """
    stack = _stack(read_log(models))
    if not stack:
        raise ModelError(f"{models / LOG_NAME}: expected a promotion to take back, there is none")
    earlier = models / stack[-2].folder if len(stack) > 1 else shipped_model(models)
    if earlier.resolve() == (models / stack[-1].folder).resolve():
        raise ModelError(
            f"{models}: expected another model to go back to, {stack[-1].model_id} is the only one"
        )
    card = load_card(earlier)
    return _append(models, ROLLED_BACK, _place(earlier, models), card.model_id, reason)


def _stack(changes: tuple[Change, ...]) -> list[Change]:
    """Promotions that have not been taken back, oldest first."""
    stack: list[Change] = []
    for change in changes:
        if change.action == PROMOTED:
            stack.append(change)
        elif stack:
            stack.pop()
    return stack


def _append(models: Path, action: str, folder: str, model_id: str, reason: str) -> Change:
    change = Change(
        at=datetime.now(UTC), action=action, folder=folder, model_id=model_id, reason=reason.strip()
    )
    line = json.dumps(change.to_json(), ensure_ascii=False) + "\n"
    path = models / LOG_NAME
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(line)
            log.flush()
            os.fsync(log.fileno())
    except OSError as exc:
        raise OutputError(f"{path}: could not be written: {exc.strerror}") from exc
    return change


def _read_line(path: Path, number: int, line: str) -> Change:
    try:
        raw = json.loads(line)
        change = Change(**{**raw, "at": datetime.fromisoformat(raw["at"])})
    except (ValueError, TypeError, KeyError) as exc:
        raise ModelError(
            f"{path}, line {number}: expected a change of the model in production, {exc}"
        ) from exc
    if change.action not in (PROMOTED, ROLLED_BACK):
        raise ModelError(
            f"{path}, line {number}: action: expected {PROMOTED} or {ROLLED_BACK}, got {change.action!r}"
        )
    return change


def _place(folder: Path, models: Path) -> str:
    whole = folder.resolve()
    return (
        whole.relative_to(models.resolve()).as_posix()
        if whole.is_relative_to(models.resolve())
        else str(whole)
    )


def _version_key(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
