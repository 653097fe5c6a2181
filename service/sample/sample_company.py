"""Whose labels a demo prints: those of a made-up company, until the data folder has one of its own."""

from __future__ import annotations

from pathlib import Path

from service.packing.company import COMPANY_FILE
from service.settings import ServiceSettings

SAMPLE_FOLDER = Path(__file__).parent


def company_folder(settings: ServiceSettings) -> Path:
    """The folder of the company's file to read now."""
    own = settings.data_dir
    return SAMPLE_FOLDER if settings.plays_sample and not (own / COMPANY_FILE).exists() else own
