"""Everything a running service holds, made once in `lifespan.py` and handed to the routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from grader.rules import Standard
from service.accounts.accounts import Accounts
from service.archive import Archive
from service.grading_pool import GradingPool
from service.judging_rules import JudgingRules
from service.line.lines import Lines
from service.line.live.live_lines import LiveLines
from service.lots.lot_desk import LotDesk
from service.metrics import Metrics
from service.model_holder import ModelHolder
from service.packing.packing_desk import PackingDesk
from service.review.review_desk import ReviewDesk
from service.rule_follower import RuleFollower
from service.sample.sample_player import SamplePlayer
from service.samples import SampleGallery
from service.settings import ServiceSettings
from service.skus.rule_files import RuleFiles
from service.skus.what_if import WhatIf


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one running service. sample_player: of a demo."""

    settings: ServiceSettings
    model: ModelHolder
    pool: GradingPool
    archive: Archive
    accounts: Accounts
    samples: SampleGallery
    rules: RuleFollower
    judging: JudgingRules
    metrics: Metrics
    lines: Lines
    live: LiveLines
    lots: LotDesk
    sample_player: SamplePlayer | None
    rule_files: RuleFiles
    what_if: WhatIf
    review: ReviewDesk
    packing: PackingDesk

    @property
    def standards(self) -> tuple[Standard, ...]:
        """All that may judge now: published, or installed."""
        return self.rules.standards()


def running_services(request: Request) -> Services:
    """The parts of the service that answers `request`."""
    services: Services = request.app.state.services
    return services


RunningServices = Annotated[Services, Depends(running_services)]
