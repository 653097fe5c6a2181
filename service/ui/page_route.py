"""Routes of pages: what goes wrong is told on a page, not as JSON."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from grader.errors import GraderError
from service.accounts.forms import form_page
from service.errors import NotFoundError, ServiceError
from service.http_errors import status_and_code
from service.ui.render import Pages


def page_route(pages: Pages) -> type[APIRoute]:
    """The class of routes for `APIRouter(route_class=...)`. A path that cannot be one is a page that is not there."""

    class PageRoute(APIRoute):
        """Answers our errors with `problem.html`."""

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            """The handler of a route, and the page for its errors."""
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                try:
                    return await handler(request)
                except RequestValidationError as error:
                    first = error.errors()[0]
                    problem = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
                    return problem_page(pages, request, NotFoundError(problem))
                except (GraderError, ServiceError) as error:
                    return problem_page(pages, request, error)

            return handle

    return PageRoute


def problem_page(pages: Pages, request: Request, error: Exception) -> Response:
    """What went wrong, and the way back."""
    status, code = status_and_code(error)
    return form_page(
        pages, request, "problem.html", {"code": code, "status": status, "problem": str(error)}, status=status
    )
