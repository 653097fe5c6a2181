"""Published versions: immutable, checked, crash-safe, and only one of two publishers wins."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import monotonic

import pytest

from grader.errors import (
    OutputError,
    SkuTableError,
    StandardError,
    UnknownVersionError,
    VersionConflictError,
    VersionError,
)
from grader.sku import load_sku_table
from grader.standard import STANDARDS_FOLDER
from grader.versions import (
    Change,
    RuleKind,
    in_force,
    load_published_standard,
    load_published_table,
    publish_sku_table,
    publish_standard,
    published_ids,
    read_changes,
    roll_back,
)
from tests.grader.test_sku_faults import SIZES, TABLE, write

SKU, STANDARD = RuleKind.SKU_TABLE, RuleKind.STANDARD
EU = STANDARDS_FOLDER / "apple_eu_2023_2429.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "versions"


def publish(draft: Path, folder: Path, note: str = "first") -> Change:
    newest = in_force(folder, SKU, "site")
    replaces = None if newest is None else newest.sha256
    return publish_sku_table(draft, folder, who="li", reason=note, replaces=replaces)


def test_publish_change_and_roll_back(tmp_path: Path, folder: Path) -> None:
    draft = write(tmp_path)
    first = publish(draft, folder)
    assert (first.number, first.action, first.replaced) == (1, "published", None)
    second = publish(write(tmp_path, sizes=SIZES.replace("70", "72")), folder, "customer asks for 72")
    third = publish(write(tmp_path, TABLE + "\n# third\n"), folder, "third")
    assert (second.replaced, third.replaced) == (first.sha256, second.sha256)
    assert load_published_table(folder, "site").sha256 == third.sha256
    assert load_published_table(folder, "site", second.sha256).size_codes[0].bands[0].high == 72.0
    draft.unlink()
    (tmp_path / "site_sizes.toml").unlink()
    back = roll_back(folder, SKU, "site", who="wang", reason="wrong", replaces=third.sha256)
    assert (back.action, back.sha256, back.replaced) == ("rolled_back", second.sha256, third.sha256)
    further = roll_back(folder, SKU, "site", who="wang", reason="wrong too", replaces=second.sha256)
    assert further.sha256 == first.sha256
    with pytest.raises(UnknownVersionError, match="expected an older version to go back to, there is none"):
        roll_back(folder, SKU, "site", who="wang", reason="once more", replaces=first.sha256)
    again = roll_back(
        folder, SKU, "site", who="wang", reason="it was right", replaces=first.sha256, to=third.sha256
    )
    assert load_published_table(folder, "site").sha256 == again.sha256 == third.sha256
    assert [change.number for change in read_changes(folder, SKU, "site")] == [1, 2, 3, 4, 5, 6]
    assert published_ids(folder, SKU) == ("site",)


def test_the_same_table_gets_the_same_hash_as_the_draft(tmp_path: Path, folder: Path) -> None:
    draft = write(tmp_path)
    assert publish(draft, folder).sha256 == load_sku_table(draft).sha256


def test_a_standard_is_published_the_same_way(tmp_path: Path, folder: Path) -> None:
    first = publish_standard(EU, folder, who="li", reason="as it ships", replaces=None)
    path = tmp_path / "mine.toml"
    path.write_text(EU.read_text(encoding="utf-8").replace("I = 1.0, II = 1.5", "I = 0.5, II = 1.5"))
    second = publish_standard(path, folder, who="li", reason="stricter", replaces=first.sha256)
    assert load_published_standard(folder, "apple_eu_2023_2429").sha256 == second.sha256
    assert load_published_standard(folder, "apple_eu_2023_2429", first.sha256).sha256 == first.sha256
    roll_back(folder, STANDARD, "apple_eu_2023_2429", who="li", reason="no", replaces=second.sha256)
    assert load_published_standard(folder, "apple_eu_2023_2429").sha256 == first.sha256


def test_faults_drafts_and_missing_words_are_refused_and_leave_nothing(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SkuTableError, match=r"site\.toml:31: crops: expected crop known to the standards"):
        publish(write(tmp_path, TABLE.replace('"apple"]', '"aple"]')), folder)
    with pytest.raises(SkuTableError, match="gap"):
        publish(write(tmp_path, sizes=SIZES.replace("to = 70", "to = 69")), folder)
    with pytest.raises(SkuTableError, match="not valid TOML"):
        publish(write(tmp_path, TABLE[:-30]), folder)
    draft = STANDARDS_FOLDER / "melon_unece_ffv23.toml"
    with pytest.raises(StandardError, match="status: expected enabled, got draft"):
        publish_standard(draft, folder, who="li", reason="x", replaces=None)
    percent = tmp_path / "percent.toml"
    percent.write_text(EU.read_text(encoding="utf-8").replace("extra = 0.75", "extra = 75"))
    with pytest.raises(StandardError, match="is it in percent"):
        publish_standard(percent, folder, who="li", reason="x", replaces=None)
    with pytest.raises(ValueError, match="reason: expected a text"):
        publish(write(tmp_path), folder, " ")
    with pytest.raises(VersionError, match="id: expected 1-80 letters"):
        publish(write(tmp_path, TABLE.replace('id = "site"', 'id = "../site"')), folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert published_ids(folder, SKU) == ()


def test_nothing_new_and_nothing_known_are_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(
        UnknownVersionError, match="no sku_table 'site' was published here; published are none"
    ):
        load_published_table(folder, "site")
    first = publish(write(tmp_path), folder)
    with pytest.raises(VersionError, match=f"{first.sha256[:12]} is in force already, since"):
        publish(write(tmp_path), folder)
    with pytest.raises(UnknownVersionError, match="no version with the hash 'abc'"):
        load_published_table(folder, "site", "abc")
    with pytest.raises(UnknownVersionError, match="no version with the hash"):
        roll_back(folder, SKU, "site", who="a", reason="b", replaces=first.sha256, to="../../x")


def test_a_version_whose_files_were_changed_is_not_trusted(tmp_path: Path, folder: Path) -> None:
    first = publish(write(tmp_path), folder)
    file = folder / "sku_table" / "site" / first.sha256 / "site_sizes.toml"
    file.write_text(file.read_text().replace("70", "71"))
    with pytest.raises(VersionError, match=f"expected sha256 {first.sha256}, got"):
        load_published_table(folder, "site")
    file.write_text("no toml")
    with pytest.raises(VersionError, match="expected what was published, it has faults"):
        load_published_table(folder, "site")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "expected a change of what is in force"),
        ("{}", "expected a change of what is in force"),
        ("wrong action", "action: expected published or rolled_back, got 'lost'"),
        ("wrong number", "number: expected change 1, got 7"),
    ],
)
def test_a_log_that_cannot_be_read_names_the_file(
    tmp_path: Path, folder: Path, content: str, message: str
) -> None:
    publish(write(tmp_path), folder)
    path = folder / "sku_table" / "site" / "changes" / "000001.json"
    whole = json.loads(path.read_text())
    whole |= {"wrong action": {"action": "lost"}, "wrong number": {"number": 7}}.get(content, {})
    path.write_text(content if content.startswith("{") else json.dumps(whole))
    with pytest.raises(VersionError, match=f"000001.json: {message}"):
        load_published_table(folder, "site")


def test_who_saw_an_older_version_cannot_overwrite_a_newer_one(tmp_path: Path, folder: Path) -> None:
    first = publish(write(tmp_path), folder)
    publish(write(tmp_path, TABLE + "\n# second\n"), folder, "second")
    late = write(tmp_path, TABLE + "\n# late\n")
    for replaces in (first.sha256, None):
        with pytest.raises(
            VersionConflictError, match=r"published by li at .* \(second\): compare, then publish"
        ):
            publish_sku_table(late, folder, who="wang", reason="late", replaces=replaces)
    with pytest.raises(VersionConflictError, match=r"expected .* in force"):
        roll_back(folder, SKU, "site", who="wang", reason="late", replaces=first.sha256)
    assert len(read_changes(folder, SKU, "site")) == 2


def test_of_many_who_publish_at_once_one_wins(tmp_path: Path, folder: Path) -> None:
    count = 6
    drafts = []
    for index in range(count):
        (tmp_path / str(index)).mkdir()
        drafts.append(write(tmp_path / str(index), f"{TABLE}\n# draft {index}\n"))
    start = Barrier(count)

    def compete(draft: Path) -> Change | VersionConflictError:
        start.wait()
        try:
            return publish_sku_table(draft, folder, who=draft.parent.name, reason="mine", replaces=None)
        except VersionConflictError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        results = list(pool.map(compete, drafts))
    won = [one for one in results if isinstance(one, Change)]
    assert len(won) == 1
    assert read_changes(folder, SKU, "site") == tuple(won)
    assert all(f"published by {won[0].who}" in str(one) for one in results if not isinstance(one, Change))
    assert load_published_table(folder, "site").sha256 == won[0].sha256


PUBLISH_FOREVER = """
import sys
from itertools import count
from pathlib import Path
from grader.versions import RuleKind, in_force, publish_sku_table

draft, folder = Path(sys.argv[1]), Path(sys.argv[2])
text = draft.read_text()
for number in count():
    draft.write_text(f"{text}# {number}\\n")
    newest = in_force(folder, RuleKind.SKU_TABLE, "site")
    replaces = None if newest is None else newest.sha256
    publish_sku_table(draft, folder, who="x", reason="y", replaces=replaces)
    print(number, flush=True)
"""


def test_killed_at_any_moment_it_is_whole(tmp_path: Path, folder: Path) -> None:
    draft = write(tmp_path)
    seen = 0
    for kill in range(4):
        draft = write(tmp_path, f"{TABLE}# run {kill}\n")
        command = [sys.executable, "-c", PUBLISH_FOREVER, str(draft), str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            until = monotonic() + 0.013 * (kill + 1)
            while monotonic() < until:
                pass
            process.send_signal(signal.SIGKILL)
        changes = read_changes(folder, SKU, "site")
        assert len(changes) > seen
        seen = len(changes)
        assert load_published_table(folder, "site").sha256 == changes[-1].sha256


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="could not be written"):
        publish(write(tmp_path), tmp_path / "file")
