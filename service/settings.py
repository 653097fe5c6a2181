"""The settings of the service, read once: arguments first, then environment variables `GRADER_<NAME>`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _data_dir() -> Path:
    return Path.home() / ".local" / "share" / "produce-grader"


def _samples_dir() -> Path:
    return Path(__file__).resolve().parents[1] / "sample_images"


class ServiceSettings(BaseSettings):
    """Frozen, typed, with a unit and a range for every number."""

    model_config = SettingsConfigDict(env_prefix="GRADER_", frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; 0.0.0.0 opens it to the local network."
    )
    port: int = Field(default=8000, ge=0, le=65535, description="TCP port; 0 picks a free one.")
    data_dir: Path = Field(default_factory=_data_dir, description="Folder of records and pictures.")
    database_url: SecretStr | None = Field(
        default=None,
        description="Database of the records, such as postgresql+psycopg://USER:PASSWORD@HOST/NAME; empty: the file "
        "`grader.sqlite3` in the data folder.",
    )
    model_dir: Path | None = Field(
        default=None, description="Folder of the model; empty: the one in production."
    )
    samples_dir: Path = Field(default_factory=_samples_dir, description="Folder of the sample pictures.")
    demo: bool = Field(
        default=False, description="Store the graded sample pictures as records, so that lists fill."
    )
    sample_lot: bool = Field(
        default=True,
        description="In a demo without lines of the house: simulated apples over a line, lots SAMPLE-1 to SAMPLE-5.",
    )
    grading_workers: int = Field(
        default=2, ge=1, le=64, description="Pictures graded at the same time (threads)."
    )
    queue_limit: int = Field(default=16, ge=0, le=1000, description="Requests that may wait for a worker.")
    max_upload_mb: int = Field(
        default=64, ge=1, le=1024, description="Largest request body, in MB (1 MB = 1,000,000 bytes)."
    )
    max_pictures: int = Field(default=24, ge=1, le=200, description="Most pictures in one request.")
    upload_timeout_s: float = Field(
        default=120.0, gt=0, le=3600, description="Longest time a body may take to arrive, in s."
    )
    min_free_mb: int = Field(
        default=200, ge=0, description="Refuse new pictures when less disk space is free, in MB."
    )
    jpeg_quality: int = Field(
        default=88, ge=50, le=100, description="Quality of annotated pictures (JPEG, 50-100)."
    )
    lines_dir: Path | None = Field(
        default=None,
        description="Folder of the sorting lines (*.toml); empty: any line, with plain settings.",
    )
    line_workers: int = Field(
        default=2, ge=1, le=64, description="Grading processes of the lines; one a core is best."
    )
    line_waiting_ms: float = Field(
        default=80.0,
        ge=0,
        le=60_000,
        description="Fruit recirculate ungraded that would wait longer for others after their last view, in ms.",
    )
    line_waiting_views: int = Field(
        default=400, ge=1, le=10_000, description="The same while so many views wait: they take memory."
    )
    line_answer_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="A grading process that takes longer for one view is killed, in s.",
    )
    preview_niceness: int = Field(
        default=19,
        ge=0,
        le=19,
        description="Niceness of the process that draws fruit for the live page; 19: only what grading leaves.",
    )
    audit_fraction: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Share of all fruit of lots that people judge too, without knowing the decision (0-1).",
    )
    evidence_judged_days: int = Field(
        default=730, ge=1, le=36_500, description="Pictures of corrected and audited fruit are kept, in days."
    )
    evidence_doubtful_days: int = Field(
        default=90, ge=1, le=36_500, description="Pictures of doubtful fruit that nobody answered, in days."
    )
    session_idle_min: int = Field(
        default=60, ge=1, le=10_080, description="Without any request a sign-in ends after this, in minutes."
    )
    session_longest_h: int = Field(
        default=12, ge=1, le=720, description="A sign-in ends after this in any case, in hours."
    )
    shutdown_timeout_s: int = Field(
        default=30, ge=1, le=600, description="Longest wait for running requests at the end, in s."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged."
    )

    @property
    def plays_sample(self) -> bool:
        """Whether sample lots come over a line."""
        return self.demo and self.sample_lot and self.lines_dir is None

    @property
    def database(self) -> str | None:
        """`database_url` as it was given, password and all."""
        return None if self.database_url is None else self.database_url.get_secret_value()

    @property
    def max_upload_bytes(self) -> int:
        """`max_upload_mb` in bytes."""
        return self.max_upload_mb * 1_000_000

    @property
    def min_free_bytes(self) -> int:
        """`min_free_mb` in bytes."""
        return self.min_free_mb * 1_000_000


def read_settings(arguments: Mapping[str, object]) -> ServiceSettings:
    """Settings from the environment, with `arguments` (by setting name) in place of those they name.

    Raises:
        pydantic.ValidationError: a value of the wrong kind or out of range, or an unknown name.
    """
    return ServiceSettings.model_validate(ServiceSettings().model_dump() | dict(arguments))
