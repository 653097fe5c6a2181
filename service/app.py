"""Puts the service together: parts, routes, middleware, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Thread

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from grader.pipeline import Grader
from service.accounts.admin_pages import admin_router
from service.accounts.gate import Gate
from service.accounts.opening import open_accounts, open_archive
from service.accounts.pages import account_router
from service.api import catalogue, fruits, grading, health
from service.api.error_docs import errors
from service.body_limit import BodyLimit
from service.grade_pictures import OverlayStyle
from service.grading_pool import GradingPool
from service.grading_port import FruitGrader
from service.http_errors import add_error_handlers
from service.judging_rules import JudgingRules
from service.line.api import router as line_router
from service.line.line_file import SAMPLE_LINE, load_line
from service.line.line_grader import load_line_grader
from service.line.line_metrics import LineMetrics
from service.line.lines import Lines, read_lines
from service.line.live.api import router as live_router
from service.line.live.live_lines import LiveLines
from service.line.live.preview_process import LoadForPreviews
from service.line.worker_process import LoadGrader
from service.lots.api import router as lot_router
from service.lots.lot_desk import LotDesk
from service.lots.measured_lots import MeasuredLotsReader
from service.metrics import Metrics
from service.model_folder import model_in_production
from service.model_follower import ModelFollower
from service.model_holder import ModelHolder
from service.packing.api import router as packing_router
from service.packing.packing_desk import PackingDesk
from service.packing.packing_rounds import PackingRounds
from service.request_log import RequestLog
from service.review.api import router as review_router
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
from service.security import BrowserGuard
from service.services import Services
from service.settings import ServiceSettings
from service.skus.api import router as rules_router
from service.skus.rule_files import RuleFiles
from service.skus.what_if import WhatIf
from service.statement.api import router as statement_router
from service.ui.grower_pages import grower_pages_router
from service.ui.label_pages import label_pages_router
from service.ui.line_pages import line_pages_router
from service.ui.lot_fruit_pages import lot_fruit_pages_router
from service.ui.lot_list_pages import lot_list_router
from service.ui.lot_pages import lot_pages_router
from service.ui.page import STATIC, page_router
from service.ui.render import Pages
from service.ui.review_pages import review_pages_router
from service.ui.rule_pages import rule_pages_router
from service.ui.statement_page import statement_page_router
from service.ui.trace_pages import trace_pages_router
from service.ui.translate import LANGUAGES
from service.unread_body import UnreadBody


def create_app(
    settings: ServiceSettings,
    *,
    grader: FruitGrader | None = None,
    load_for_lines: LoadGrader = load_line_grader,
    load_for_previews: LoadForPreviews = Grader.load,
) -> FastAPI:
    """The whole service as an ASGI application.

    grader: the one to use; None loads the model of the settings in the background after the start.
    load_for_lines: makes the grader of a grading process of the sorting lines; load_for_previews: that of the process
    that draws pictures of their fruit.
    Starting it raises StorageError when the data folder cannot be used, StandardError when a rule file has faults,
    LineConfigError when the file of a sorting line has, VersionError when a published version cannot be used.
    """
    metrics = Metrics()
    app = FastAPI(
        title="Produce grader",
        version="1",
        description="Size, colour, defects, class and SKU of apples and melons from pictures.",
        lifespan=partial(_run, settings, grader, load_for_lines, load_for_previews, metrics),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        responses=errors(401, 403),
    )
    add_error_handlers(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    routes = list(app.routes)
    pages = Pages()
    for router in (
        grading.router,
        fruits.router,
        catalogue.router,
        rules_router,
        line_router,
        live_router,
        lot_router,
        review_router,
        packing_router,
        health.router,
        page_router(pages),
        line_pages_router(pages),
        review_pages_router(pages),
        label_pages_router(pages),
        trace_pages_router(pages),
        statement_router,
        lot_list_router(pages),
        grower_pages_router(pages),
        lot_pages_router(pages),
        lot_fruit_pages_router(pages),
        statement_page_router(pages),
        rule_pages_router(pages),
        account_router(pages),
        admin_router(pages),
    ):
        app.include_router(router)
        routes += router.routes
    app.add_middleware(BodyLimit, limit_bytes=settings.max_upload_bytes, own=frozenset({"/api/v1/grade"}))
    app.add_middleware(Gate, routes=routes, pages=pages)
    app.add_middleware(BrowserGuard)
    app.add_middleware(UnreadBody, limit_bytes=settings.max_upload_bytes)
    app.add_middleware(RequestLog, metrics=metrics)
    return app


@asynccontextmanager
async def _run(
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
        rules.standards(),
        tables=lambda: [line.config.grading.sku_table for line in lines.all()],
        files=lambda: [line.config.grading.standard for line in lines.all()],
    )
    packing = PackingDesk(archive, judging, partial(company_folder, settings))
    rounds = PackingRounds(
        packing.packer, archive.lots, archive.cartons, busy=lambda: desk.counts().waiting > 0
    )
    services = Services(
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
    metrics.add(LineMetrics(lines.lane_rows, lines.camera_rows))
    metrics.watch(places_taken=lambda: services.pool.taken, model_ready=lambda: services.model.ready)
    app.state.services = services
    follower = ModelFollower(services.model, partial(model_in_production, settings), Grader.load)
    loading = Thread(target=_get_ready, args=(services, follower), name="loading")
    loading.start()
    rules.start()
    await asyncio.to_thread(desk.start)
    tidying = DailyTidy(
        lambda: tidy(archive.evidence, archive.views, retention_of(settings), datetime.now(UTC))
    )
    tidying.start()
    rounds.start()
    lines.start()
    services.live.start()
    try:
        yield
    finally:
        if services.sample_player is not None:
            await services.sample_player.stop()
        await services.live.close()
        await lines.close()
        await asyncio.to_thread(desk.stop)
        await asyncio.to_thread(rounds.stop)
        follower.stop()
        rules.stop()
        await asyncio.to_thread(tidying.stop)
        services.samples.stop()
        await asyncio.to_thread(loading.join)
        await asyncio.to_thread(services.pool.close)
        archive.close()


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
