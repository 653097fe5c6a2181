"""Which model a service grades with."""

from __future__ import annotations

from pathlib import Path

from grader.production import production_model
from service.settings import ServiceSettings


def model_in_production(settings: ServiceSettings) -> Path:
    """Folder of the model to grade with now. A model folder that is a link counts as what it leads to.

    Raises:
        ModelError: nothing is in production.
    """
    return production_model() if settings.model_dir is None else settings.model_dir.resolve()
