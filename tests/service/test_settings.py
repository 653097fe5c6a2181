from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import ServiceSettings

DOCS = Path(__file__).parents[2] / "docs" / "service.md"


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_PORT", "9000")
    assert ServiceSettings().port == 9000
    assert ServiceSettings(port=9001).port == 9001


@pytest.mark.parametrize(
    ("name", "value"), [("port", 65536), ("queue_limit", -1), ("upload_timeout_s", 0), ("jpeg_quality", 49)]
)
def test_ranges(name: str, value: int) -> None:
    with pytest.raises(ValidationError, match=name):
        ServiceSettings.model_validate({name: value})


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(ValidationError, match="prot"):
        ServiceSettings.model_validate({"prot": 1})


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ServiceSettings().port = 1


def test_every_setting_and_its_default_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name, field in ServiceSettings.model_fields.items():
        assert field.description, name
        assert f"`GRADER_{name.upper()}`" in text, name
        if field.default_factory is None and field.default is not None:
            row = next(line for line in text.splitlines() if f"`GRADER_{name.upper()}`" in line)
            assert f"| {str(field.default).lower()} |" in row.lower(), name
