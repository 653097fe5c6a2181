"""Writes the card of a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from grader.image_io import write_bytes


def write_card(path: Path, said: Mapping[str, object]) -> None:
    """The card as people and `grader.model_card` read it; it appears whole or not at all. Raises OutputError."""
    write_bytes(path, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())
