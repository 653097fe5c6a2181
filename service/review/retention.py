"""How long pictures of fruit are kept: the one rule. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from service.settings import ServiceSettings
from service.store.evidence_store import KeptFruit


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days after the decision. judged_days: of fruit that a person answered or that belong to the random sample;
    doubtful_days: of those that waited for a person in vain."""

    judged_days: int
    doubtful_days: int


def retention_of(settings: ServiceSettings) -> Retention:
    """The rule of the settings."""
    return Retention(judged_days=settings.evidence_judged_days, doubtful_days=settings.evidence_doubtful_days)


def is_over(fruit: KeptFruit, rule: Retention, now: datetime) -> bool:
    """Whether the time of a fruit's pictures is over."""
    days = rule.judged_days if fruit.corrected or fruit.audited else rule.doubtful_days
    return now - fruit.decided_at > timedelta(days=days)
