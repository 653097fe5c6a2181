"""docs/service.md: its example line can be loaded, and it names every reason a fruit or a frame can have."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.line.assembly import Cause, Refusal
from service.line.line_config import Source
from service.line.line_file import load_line
from service.line.outlets import Recirculated
from service.line.sources.camera_source import NotSent

TEXT = (Path(__file__).parents[3] / "docs" / "service.md").read_text(encoding="utf-8")


def test_the_example_line_is_good(tmp_path: Path) -> None:
    example = next(block for block in TEXT.split("```") if block.lstrip().startswith('schema = "line/1"'))
    path = tmp_path / "north.toml"
    path.write_text(example, encoding="utf-8")
    line = load_line(path)
    assert (line.line_id, len(line.cameras), len(line.outlets), len(line.routes)) == ("north", 1, 2, 1)


def test_the_example_camera_is_good(tmp_path: Path) -> None:
    camera = next(block for block in TEXT.split("```") if "[cameras.source]" in block)
    line = next(block for block in TEXT.split("```") if block.lstrip().startswith('schema = "line/1"'))
    own = line[: line.index("[[cameras]]")] + camera + line[line.index("[[outlets]]") :]
    path = tmp_path / "north.toml"
    path.write_text(own.replace('triggers = "frames"', 'triggers = "announced"'), encoding="utf-8")
    source = load_line(path).cameras[0].source
    assert source == Source(
        kind="rtsp", address="rtsp://10.0.0.7/top", lane=1, within_counts=25
    )  # every value shown is the default


@pytest.mark.parametrize("reason", [*Cause, *Refusal, *Recirculated, *NotSent])
def test_every_reason_is_documented(reason: str) -> None:
    assert f"`{reason}`" in TEXT
