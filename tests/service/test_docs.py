"""docs/service.md names every route and every error code."""

from __future__ import annotations

from pathlib import Path

from service import http_errors
from tests.service.running import RunningService

TEXT = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


def test_every_route_is_documented(service: RunningService) -> None:
    paths = service.get("/api/v1/openapi.json").json()["paths"]
    missing = [f"{method.upper()} {path}" for path, item in paths.items() for method in item]
    assert [route for route in missing if f"`{route}`" not in TEXT] == []


def test_every_error_code_is_documented_with_its_status() -> None:
    rows = [line.split("|") for line in TEXT.splitlines() if line.startswith("|")]
    documented = {(cells[1].strip(), code.strip(" `")) for cells in rows for code in cells[2].split(",")}
    known = {(str(status), code) for _, status, code in http_errors._STATUS}
    assert known - documented == set()
