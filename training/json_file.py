"""Reads a JSON file whose form is not known to be right, so that a fault names its place instead of a KeyError."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.labelled_picture import SetError


def read_json(path: Path) -> Any:
    """The content. Raises SetError that names line and column of a fault."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise SetError(
            f"{path}:{error.lineno}:{error.colno}: expected JSON, {error.msg[0].lower()}{error.msg[1:]}"
        ) from error
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise SetError(f"{path}: expected a JSON file, cannot be read: {error}") from error


def table(value: object, where: str) -> dict[str, Any]:
    """value as an object. Raises SetError."""
    if not isinstance(value, dict):
        raise SetError(f"{where}: expected an object, got {_short(value)}")
    return value


def tables(value: object, where: str) -> list[dict[str, Any]]:
    """value as a list of objects. Raises SetError."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SetError(f"{where}: expected a list of objects, got {_short(value)}")
    return value


def numbers(value: object, where: str, count: int | None = None) -> list[float]:
    """value as a list of finite numbers, `count` of them if given. Raises SetError."""
    right = isinstance(value, list) and all(
        isinstance(item, int | float) and not isinstance(item, bool) and abs(item) < 1e9 for item in value
    )
    if not right or (count is not None and len(value) != count):
        raise SetError(f"{where}: expected {count or 'a list of'} numbers, got {_short(value)}")
    return [float(item) for item in value]


def text(value: object, where: str) -> str:
    """value as a text that is not empty. Raises SetError."""
    if not isinstance(value, str) or not value:
        raise SetError(f"{where}: expected a text, got {_short(value)}")
    return value


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
