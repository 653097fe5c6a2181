"""Opens the accounts of a data folder, under the rules of the settings."""

from __future__ import annotations

from datetime import timedelta

from service.accounts.accounts import Accounts, SessionLife
from service.archive import Archive
from service.settings import ServiceSettings


def open_archive(settings: ServiceSettings) -> Archive:
    """What the service keeps. Raises StorageError."""
    return Archive.open(settings.data_dir, min_free_bytes=settings.min_free_bytes, database=settings.database)


def open_accounts(archive: Archive, settings: ServiceSettings) -> Accounts:
    """The accounts of an archive."""
    life = SessionLife(
        idle=timedelta(minutes=settings.session_idle_min), longest=timedelta(hours=settings.session_longest_h)
    )
    return Accounts(archive.accounts, life)
