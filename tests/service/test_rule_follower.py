"""Rules that somebody else publishes are followed; what cannot be read leaves those in use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from grader.errors import VersionError
from grader.pipeline import GradeOptions
from grader.standard import STANDARDS_FOLDER, load_standard
from grader.versions import RuleKind, publish_standard, roll_back
from service.rule_follower import RuleFollower

NAME = "apple_eu_2023_2429"
INSTALLED = load_standard(NAME)


def stricter(folder: Path, limit: str) -> Path:
    text = INSTALLED.path.read_text(encoding="utf-8")
    path = folder / "draft.toml"
    path.write_text(text.replace("I = 1.0, II = 1.5", f"I = {limit}, II = 1.5"), encoding="utf-8")
    return path


def test_another_process_publishes_and_rolls_back(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    follower = RuleFollower(versions)
    before = follower.judging(GradeOptions())
    assert (before.rules.standards, follower.standard(NAME).sha256) == ((), INSTALLED.sha256)
    first = publish_standard(stricter(tmp_path, "0.8"), versions, who="li", reason="a", replaces=None)
    second = publish_standard(
        stricter(tmp_path, "0.6"), versions, who="li", reason="b", replaces=first.sha256
    )
    follower.look()
    assert follower.judging(GradeOptions()).rules.standards == ((NAME, second.sha256),)
    assert follower.standard("unece_ffv50").rules[3].tests[0].limits == (0.0, 0.6, 1.5)
    assert follower.default_standard("apple").sha256 == second.sha256
    assert len(follower.standards()) == len(list(STANDARDS_FOLDER.glob("*.toml"))) - _size_tables()
    roll_back(versions, RuleKind.STANDARD, NAME, who="li", reason="c", replaces=second.sha256)
    follower.look()
    assert follower.standard(NAME).sha256 == first.sha256
    assert before.rules.standards == ()  # what a fruit was given stays


def _size_tables() -> int:
    return sum('schema = "grading-sizes/1"' in path.read_text() for path in STANDARDS_FOLDER.glob("*.toml"))


def test_a_crop_does_not_lose_its_default(tmp_path: Path) -> None:
    """The command line does not ask; a line that knows no standard would judge nothing."""
    draft = stricter(tmp_path, "0.8")
    text = draft.read_text(encoding="utf-8")
    draft.write_text(text.replace("default_for_crop = true", "default_for_crop = false"), encoding="utf-8")
    follower = RuleFollower(tmp_path / "versions")
    publish_standard(draft, tmp_path / "versions", who="li", reason="a", replaces=None)
    with capture_logs() as log:
        follower.look()
    assert "expected one default standard for crop 'apple', found 0" in log[0]["reason"]
    assert follower.default_standard("apple").sha256 == INSTALLED.sha256


def test_a_damaged_version_is_not_used_and_told_once(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    good = publish_standard(stricter(tmp_path, "0.8"), versions, who="li", reason="a", replaces=None)
    follower = RuleFollower(versions)
    bad = publish_standard(stricter(tmp_path, "0.6"), versions, who="li", reason="b", replaces=good.sha256)
    home = versions / "standard" / NAME
    file = home / bad.sha256 / f"{NAME}.toml"
    file.write_text(file.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    with capture_logs() as log:
        follower.look()
        follower.look()
    assert [one["event"] for one in log] == ["rules_not_used"]
    assert f"expected sha256 {bad.sha256}" in log[0]["reason"]
    assert follower.standard(NAME).sha256 == good.sha256
    with pytest.raises(VersionError, match="the files were changed"):
        RuleFollower(versions)
    change = home / "changes" / "000003.json"
    back = {
        **json.loads((home / "changes" / "000001.json").read_text()),
        "number": 3,
        "action": "rolled_back",
    }
    change.write_text(json.dumps({**back, "replaced": bad.sha256}))
    follower.look()
    assert follower.standard(NAME).sha256 == good.sha256
