from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.databases import empty_database, engine, postgres
from tests.service.running import RunningService

__all__ = ["empty_database", "engine", "postgres"]


@pytest.fixture
def settings(tmp_path: Path) -> ServiceSettings:
    """Small limits, an empty data folder, no sample pictures."""
    return ServiceSettings(
        data_dir=tmp_path / "data",
        samples_dir=tmp_path / "samples",
        max_upload_mb=1,
        max_pictures=3,
        min_free_mb=1,
        grading_workers=2,
        queue_limit=16,
    )


@pytest.fixture
def service(settings: ServiceSettings) -> Iterator[RunningService]:
    with RunningService(create_app(settings, grader=FakeGrader())) as running:
        yield running
