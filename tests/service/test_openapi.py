"""The service keeps what its OpenAPI document promises, also for inputs nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from service.app import create_app
from service.settings import ServiceSettings
from tests.fakes import FakeGrader
from tests.service.running import RunningService, listening

DOCUMENT = create_app(ServiceSettings(), grader=FakeGrader()).openapi()
OPERATIONS = [(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("openapi")
    settings = ServiceSettings(
        data_dir=folder / "data", samples_dir=folder / "none", min_free_mb=1, max_upload_mb=1
    )
    with listening(create_app(settings, grader=FakeGrader())) as address:
        yield address


# A schema cannot say what a picture is, so a valid body of random bytes may well be refused.
UNSAYABLE = [positive_data_acceptance]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_service_keeps_its_document(address: str, method: str, path: str, mode: GenerationMode) -> None:
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method]

    if mode is GenerationMode.NEGATIVE and not (
        operation.query or operation.path_parameters or operation.body
    ):
        pytest.skip("nothing to get wrong")

    @bounds(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=operation.as_strategy(generation_mode=mode))
    def any_case(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=address, timeout=30, excluded_checks=UNSAYABLE)

    any_case()


def test_every_api_route_is_documented_with_its_errors(service: RunningService) -> None:
    document = service.get("/api/v1/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorOut"), (
                        path,
                        status,
                    )


@pytest.mark.parametrize("part", ["grade", "standards", "skus", "models", "fruits"])
def test_the_promised_routes_exist(service: RunningService, part: str) -> None:
    assert f"/api/v1/{part}" in service.get("/api/v1/openapi.json").json()["paths"]
