from __future__ import annotations

import pytest

from tests.service.running import RunningService, error_code, painted_png


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_foreign_page_cannot_upload(service: RunningService, site: str) -> None:
    headers = {"Content-Type": "image/png", "Sec-Fetch-Site": site}
    response = service.post("/api/v1/grade", content=painted_png(fruits=1), headers=headers)
    assert error_code(response, 403) == "foreign_origin"
    assert service.get("/api/v1/fruits").json()["total"] == 0


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_own_page_can(service: RunningService, site: str) -> None:
    headers = {"Content-Type": "image/png", "Sec-Fetch-Site": site}
    assert service.post("/api/v1/grade", content=painted_png(fruits=1), headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/v1/fruits", "/nothing", "/static/page.css"])
def test_every_answer_forbids_foreign_content(service: RunningService, path: str) -> None:
    headers = service.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"]
