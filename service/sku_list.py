"""The SKU tables that are installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import JsonValue

import grader

SKU_TABLES = Path(grader.__file__).parent / "sku_tables"


def list_sku_tables(folder: Path = SKU_TABLES) -> list[dict[str, JsonValue]]:
    """Every table of `folder` as it stands in its file, with `name`: what the option `sku_table` takes."""
    return [
        {"name": file.stem, **tomllib.loads(file.read_text("utf-8"))}
        for file in sorted(folder.glob("*.toml"))
    ]
