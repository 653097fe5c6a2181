"""The models that are installed, for the API."""

from __future__ import annotations

from pathlib import Path

from grader.production import SHIPPED_MODELS
from service.model_cards import installed_models
from service.schemas import ModelOut


def list_models(model_dir: Path | None, models: Path = SHIPPED_MODELS) -> list[ModelOut]:
    """As `installed_models`."""
    return [
        ModelOut(
            model_id=model.model_id,
            name=model.name,
            version=model.version,
            in_use=model.in_use,
            coverage=None if model.trust is None else model.trust.coverage,
        )
        for model in installed_models(model_dir, models)
    ]
