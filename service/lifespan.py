"""Starts the parts of a service and ends them in order: nothing accepted is cut off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Thread

from fastapi import FastAPI

from grader.pipeline import Grader
from service.accounts.opening import open_accounts, open_archive
from service.archive import Archive
from service.grade_pictures import OverlayStyle
from service.grading_pool import GradingPool
from service.grading_port import FruitGrader
from service.judging_rules import JudgingRules
from service.line.line_config import LineConfig
from service.line.line_file import SAMPLE_LINE, load_line
from service.line.line_metrics import LineMetrics
from service.line.lines import Lines, read_lines
from service.line.live.live_lines import LiveLines
from service.line.live.preview_process import LoadForPreviews
from service.line.worker_process import LoadGrader
from service.lots.lot_desk import LotDesk
from service.lots.measured_lots import MeasuredLotsReader
from service.metrics import Metrics
from service.model_folder import model_in_production
from service.model_follower import ModelFollower
from service.model_holder import ModelHolder
from service.packing.packing_desk import PackingDesk
from service.packing.packing_rounds import PackingRounds
from service.review.evidence import Evidence
from service.review.leases import Leases
from service.review.marked_views import MarkedViews
from service.review.retention import retention_of
from service.review.review_desk import ReviewDesk
from service.review.tidy import DailyTidy, tidy
from service.rule_follower import VERSIONS_FOLDER, RuleFollower
from service.sample.sample_company import company_folder
from service.sample.sample_player import SamplePlayer
from service.samples import SampleGallery, find_samples
from service.services import Services
from service.settings import ServiceSettings
from service.skus.rule_files import RuleFiles
from service.skus.what_if import WhatIf
from service.ui.translate import LANGUAGES


@asynccontextmanager
async def running(
    settings: ServiceSettings,
    grader: FruitGrader | None,
    load_for_lines: LoadGrader,
    load_for_previews: LoadForPreviews,
    metrics: Metrics,
    app: FastAPI,
) -> AsyncIterator[None]:
    """Open everything, load the model in a thread, close everything: nothing accepted is cut off."""
    rules = await asyncio.to_thread(RuleFollower, settings.data_dir / VERSIONS_FOLDER)
    configs = await asyncio.to_thread(read_lines, settings.lines_dir, rules.current)
    archive = await asyncio.to_thread(open_archive, settings)
    services = _make_services(
        settings, grader, load_for_lines, load_for_previews, metrics, rules, configs, archive
    )
    rounds = PackingRounds(
        services.packing.packer,
        archive.lots,
        archive.cartons,
        busy=lambda: services.lots.counts().waiting > 0,
    )
    metrics.add(LineMetrics(services.lines.lane_rows, services.lines.camera_rows))
    metrics.watch(places_taken=lambda: services.pool.taken, model_ready=lambda: services.model.ready)
    app.state.services = services
    follower = ModelFollower(services.model, partial(model_in_production, settings), Grader.load)
    loading = Thread(target=_get_ready, args=(services, follower), name="loading")
    loading.start()
    rules.start()
    await asyncio.to_thread(services.lots.start)
    tidying = DailyTidy(
        lambda: tidy(archive.evidence, archive.views, retention_of(settings), datetime.now(UTC))
    )
    tidying.start()
    rounds.start()
    services.lines.start()
    services.live.start()
    try:
        yield
    finally:
        if services.sample_player is not None:
            await services.sample_player.stop()
        await services.live.close()
        await services.lines.close()
        await asyncio.to_thread(services.lots.stop)
        await asyncio.to_thread(rounds.stop)
        follower.stop()
        rules.stop()
        await asyncio.to_thread(tidying.stop)
        services.samples.stop()
        await asyncio.to_thread(loading.join)
        await asyncio.to_thread(services.pool.close)
        archive.close()


def _make_services(
    settings: ServiceSettings,
    grader: FruitGrader | None,
    load_for_lines: LoadGrader,
    load_for_previews: LoadForPreviews,
    metrics: Metrics,
    rules: RuleFollower,
    configs: tuple[LineConfig, ...],
    archive: Archive,
) -> Services:
    """The parts, none of them started."""
    evidence = Evidence(archive.views, audit_fraction=settings.audit_fraction)
    desk = LotDesk(archive.lots, archive.fruit, evidence)
    lines = Lines(
        configs,
        load_for_lines,
        partial(model_in_production, settings),
        workers=settings.line_workers,
        waiting_ms=settings.line_waiting_ms,
        waiting_views=settings.line_waiting_views,
        answer_timeout_s=settings.line_answer_timeout_s,
        books=settings.data_dir / "lines",
        tell=desk.decided,
        sample=load_line(SAMPLE_LINE) if settings.plays_sample else None,
        rules=lambda: rules.current,
    )
    samples = SampleGallery(find_samples(settings.samples_dir))
    files = RuleFiles(rules=rules)
    live = LiveLines(lines, rules.standards, load_for_previews, niceness=settings.preview_niceness)
    judging = JudgingRules(
        settings.data_dir / VERSIONS_FOLDER,
        rules.standards,
        tables=lambda: [line.config.grading.sku_table for line in lines.all()],
        files=lambda: [line.config.grading.standard for line in lines.all()],
    )
    packing = PackingDesk(archive, judging, partial(company_folder, settings))
    return Services(
        settings=settings,
        model=ModelHolder(grader),
        pool=GradingPool(workers=settings.grading_workers, queue_limit=settings.queue_limit),
        archive=archive,
        accounts=open_accounts(archive, settings),
        samples=samples,
        rules=rules,
        judging=judging,
        metrics=metrics,
        lines=lines,
        live=live,
        lots=desk,
        sample_player=SamplePlayer(
            lines,
            desk,
            archive.lots,
            archive.fruit,
            settings.data_dir / "sample_fruit",
            ready=lambda: not samples.pending,
        )
        if settings.plays_sample
        else None,
        rule_files=files,
        what_if=WhatIf(files, archive.lots, MeasuredLotsReader(archive.regrades)),
        review=ReviewDesk(
            store=archive.review,
            rules=rules,
            judging=judging,
            leases=Leases(),
            marked=MarkedViews(live.previews),
            evidence=evidence,
        ),
        packing=packing,
    )


def _get_ready(services: Services, follower: ModelFollower) -> None:
    """Load the model in production and follow it, unless one was given; then grade the samples."""
    if not services.model.ready:
        services.model.load(follower.load_first)
        follower.start()
    if not services.model.ready:
        return
    overlay = OverlayStyle(languages=LANGUAGES, quality=services.settings.jpeg_quality)
    services.samples.grade_all(services.model.grader(), overlay)
    if services.settings.demo and services.archive.records.fruit_count() == 0:
        for graded in services.samples.results():
            services.archive.keep(graded, options={"crop": "auto", "sample": True})
