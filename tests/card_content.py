"""What `card.json` of a small network says."""

from __future__ import annotations

from typing import Any

from grader.types import SurfaceClass


def card_content(sha256: str, **changes: Any) -> dict[str, Any]:
    """A whole card of `model.onnx` with that hash, with some keys changed."""
    return {
        "schema": "model-card/1",
        "name": "fruitnet",
        "version": "0.0.1",
        "created_at": "2026-01-01T00:00:00+00:00",
        "weights": "model.onnx",
        "sha256": sha256,
        "input": {
            "name": "image",
            "colour_order": "RGB",
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "multiple": 32,
            "find_side_px": 256,
            "fruit_side_px": 256,
        },
        "outputs": {"surface": 2, "crop": 4, "inside": 4, "net": 2},
        "surface_classes": [int(value) for value in SurfaceClass],
        "crop_classes": ["none", "apple", "melon", "other_object"],
        "trained_on": [],
        **changes,
    }
