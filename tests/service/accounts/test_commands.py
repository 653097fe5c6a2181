"""`grader users` and `grader keys`, and what the first start says, as people use them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from service.accounts.accounts import Accounts
from service.accounts.opening import open_accounts, open_archive
from service.accounts.roles import Role
from service.cli import app
from service.settings import ServiceSettings
from tests.service.accounts.people import PASSWORD, TABLET
from tests.service.test_cli import COMMAND, environment, serving


def run(tmp_path: Path, *arguments: str, code: int = 0) -> str:
    """Give a command; what it says on stdout, or on stderr when it fails."""
    result = CliRunner().invoke(app, [*arguments, "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def stored(tmp_path: Path) -> Accounts:
    settings = ServiceSettings(data_dir=tmp_path / "data", min_free_mb=1)
    return open_accounts(open_archive(settings), settings)


def test_users_are_added_listed_disabled_enabled(tmp_path: Path) -> None:
    said = run(tmp_path, "users", "add", "王伟", "--role", "admin")
    link = re.search(r"http://127\.0\.0\.1:8000/link\?token=([\w-]{43})\n", said)
    assert link
    assert "no password yet" in run(tmp_path, "users", "list")
    assert stored(tmp_path).use_link(link[1], "", PASSWORD, TABLET) is not None
    run(tmp_path, "users", "add", "li", "--url", "https://grader.lan/")
    listed = run(tmp_path, "users", "list")
    assert re.search(r"王伟 +admin +may sign in", listed)
    assert re.search(r"li +staff +no password yet", listed)
    assert run(tmp_path, "users", "disable", "LI") == "li is disabled\n"
    assert re.search(r"li +staff +disabled 20\d\d-", run(tmp_path, "users", "list"))
    assert "disabled, got 'li'" in run(tmp_path, "users", "reset-link", "li", code=1)
    assert run(tmp_path, "users", "enable", "li") == "li may sign in again\n"
    again = run(tmp_path, "users", "reset-link", "li", "--url", "https://grader.lan/")
    assert re.search(r"\nhttps://grader\.lan/link\?token=[\w-]{43}\n", again)


def test_what_cannot_be_done_is_one_line(tmp_path: Path) -> None:
    assert run(tmp_path, "users", "disable", "li", code=1) == "error: no account 'li'; known are none yet\n"
    assert "expected one of staff, qa, engineer, admin, got 'boss'" in run(
        tmp_path, "users", "add", "li", "--role", "boss", code=2
    )
    assert run(tmp_path, "users", "add", "a/b", code=1).startswith("error: name: expected 1 to 40")
    run(tmp_path, "users", "add", "li")
    assert "is taken" in run(tmp_path, "users", "add", "Li", code=1)
    assert (
        run(tmp_path, "keys", "revoke", "pgk_0", code=1) == "error: no API key 'pgk_0'; known are none yet\n"
    )
    (tmp_path / "file").write_text("in the way")
    result = CliRunner().invoke(app, ["users", "list", "--data-dir", str(tmp_path / "file")])
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SESSION_IDLE_MIN", "0")
    result = CliRunner().invoke(app, ["users", "list"])
    assert result.exit_code == 2
    assert "setting session_idle_min: Input should be greater than or equal to 1, got '0'" in result.stderr


def test_keys_are_added_listed_revoked(tmp_path: Path) -> None:
    key = run(tmp_path, "keys", "add", "north line").strip()
    prefix = key[:12]
    assert stored(tmp_path).caller_of_key(key) is not None
    listed = run(tmp_path, "keys", "list")
    assert key not in listed
    assert re.search(rf"{prefix} +north line +in use", listed)
    assert run(tmp_path, "keys", "revoke", prefix) == f"{prefix} (north line) is revoked\n"
    assert stored(tmp_path).caller_of_key(key) is None
    assert re.search(rf"{prefix} +north line +revoked", run(tmp_path, "keys", "list"))


def test_beyond_this_computer_it_begins_with_the_link(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as (process, line):
        base = line.split()[1]
        assert process.stderr
        said = next(one for one in process.stderr if "link?token=" in one)
        found = re.fullmatch(
            r"Nobody can sign in yet\. To become the admin, open (http://127\.0\.0\.1:\d+/link\?token=\S+) "
            r"\(works once, within 24 hours\)\n",
            said,
        )
        assert found
        assert httpx.get(f"{base}api/v1/fruits").status_code == 401
        assert httpx.post(f"{base}api/v1/grade", content=b"x").status_code == 401
        assert "Become the admin" in httpx.get(found[1]).text


def test_with_an_admin_no_link_is_printed(tmp_path: Path) -> None:
    accounts = stored(tmp_path)
    _, link = accounts.add("wang", Role.ADMIN)
    accounts.use_link(link, "", PASSWORD, TABLET)
    with serving(tmp_path, "--host", "0.0.0.0") as (process, line):
        assert httpx.get(f"{line.split()[1]}api/v1/fruits").status_code == 401
        process.terminate()
        _, log = process.communicate(timeout=60)
    assert "token=" not in log


def test_a_demo_is_for_this_computer_only(tmp_path: Path) -> None:
    result = subprocess.run(
        [
            *COMMAND,
            "serve",
            "--demo",
            "--host",
            "0.0.0.0",
            "--port",
            "0",
            "--data-dir",
            str(tmp_path / "data"),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        env=environment(tmp_path),
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == (
        "error: --demo is for this computer only: expected the host 127.0.0.1, got 0.0.0.0; "
        "leave --demo out to let others sign in\n"
    )
