"""The whole service as one application: its routes and what every request passes through."""

from __future__ import annotations

from functools import partial

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from grader.pipeline import Grader
from service.accounts.admin_pages import admin_router
from service.accounts.gate import Gate
from service.accounts.pages import account_router
from service.api import catalogue, fruits, grading, health
from service.api.error_docs import errors
from service.body_limit import BodyLimit
from service.grading_port import FruitGrader
from service.http_errors import add_error_handlers
from service.lifespan import running
from service.line.api import router as line_router
from service.line.line_grader import load_line_grader
from service.line.live.api import router as live_router
from service.line.live.preview_process import LoadForPreviews
from service.line.worker_process import LoadGrader
from service.lots.api import router as lot_router
from service.metrics import Metrics
from service.packing.api import router as packing_router
from service.request_log import RequestLog
from service.review.api import router as review_router
from service.security import BrowserGuard
from service.settings import ServiceSettings
from service.skus.api import router as rules_router
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
        lifespan=partial(running, settings, grader, load_for_lines, load_for_previews, metrics),
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
