"""JSON as it is stored: short, letters as they are, no NaN."""

from __future__ import annotations

import json


def json_text(value: object) -> str:
    """Raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
