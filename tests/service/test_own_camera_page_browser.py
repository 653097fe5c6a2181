"""Cameras that the service opens itself, on the live page in a real browser: what it says is what they are."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect

from service.line.protocol import EncoderTick, Trigger
from tests.fakes import painted_line_picture
from tests.rtsp_server import rtsp_camera, why_missing
from tests.service.browsing import CHROMIUM, browser, expect, playwright
from tests.service.line.lines import PATIENT, write_line
from tests.service.line.live.live_line import live_app
from tests.service.running import listening
from tests.service.test_line_page_browser import page

__all__ = ["browser", "page"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no chromium on this computer")

CAMERA = """[[cameras]]
name = "{name}"
views = 1

[cameras.source]
lane = 1
{source}

"""
FOLDER = 'kind = "folder"\naddress = "in"\nretry_s = 0.05\nlongest_retry_s = 0.1'
TIME = r"\d\d:\d\d"


@contextmanager
def page_of(
    page: playwright.Page, folder: Path, source: str, *, max_age_s: float = 60, language: str = "en"
) -> Iterator[str]:
    """A service with one line, whose camera `top` has this source, and its live page."""
    camera = CAMERA.format(name="top", source=source)
    text = PATIENT.replace(PATIENT[PATIENT.index("[[cameras]]") : PATIENT.index("[[outlets]]")], camera)
    text = text.replace("lanes = [1, 2]", 'lanes = [1]\ntriggers = "announced"')
    write_line(
        folder,
        text.replace("max_age_s = 60", f"max_age_s = {max_age_s}").replace("wait_s = 5", "wait_s = 0.1"),
    )
    with listening(live_app(folder, lines_dir=folder)) as address:
        page.goto(f"{address}/lines/small?lang={language}")
        yield address


@contextmanager
def plc(address: str) -> Iterator[ClientConnection]:
    """The control of the line."""
    url = f"{address.replace('http', 'ws')}/api/v1/lines/small/frames"
    with connect(url, open_timeout=120) as socket:
        yield socket


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_a_folder_goes_and_comes_back(page: playwright.Page, tmp_path: Path, inbox: Path) -> None:
    with page_of(page, tmp_path, FOLDER):
        camera = page.locator("#cameras li")
        notes = page.locator("#notes li")
        expect(camera).to_have_attribute("data-state", "open")
        expect(camera.locator(".camera-title")).to_have_text("topfolder")
        expect(camera.locator(".camera-state")).to_have_text(re.compile(f"^open since {TIME}$"))
        expect(camera.locator(".facts p")).to_have_text(["no pictures now", "no fruit seen yet"])
        expect(notes).to_have_count(0)
        inbox.rmdir()
        expect(camera).to_have_attribute("data-state", "gone")
        expect(camera.locator(".camera-state")).to_have_text(re.compile(f"^gone since {TIME}$"))
        expect(camera.locator(".facts p")).to_have_text(["its folder cannot be read", "no fruit seen yet"])
        expect(notes).to_have_text(
            [re.compile(f"^Camera top has been gone since {TIME}: its folder cannot be read$")]
        )
        expect(notes).to_have_attribute("data-level", "bad")
        page.get_by_text("中文").click()
        expect(camera.locator(".camera-state")).to_have_text(re.compile(f"^自 {TIME} 起断开$"))
        expect(notes).to_have_text([re.compile(f"^相机 top 自 {TIME} 起断开：文件夹无法读取$")])
        page.get_by_text("English").click()
        expect(camera).to_have_attribute("data-state", "gone")
        inbox.mkdir()
        expect(camera).to_have_attribute("data-state", "open")
        expect(camera.locator(".facts")).to_contain_text(
            "reconnected: 1last fault: its folder cannot be read"
        )
        expect(notes).to_have_text(["Camera top was lost and is back; in the last minute: 1"])
        expect(notes).to_have_attribute("data-level", "warn")


def test_a_camera_that_has_stopped_is_opened_again(
    page: playwright.Page, tmp_path: Path, inbox: Path
) -> None:
    slow = FOLDER.replace("retry_s = 0.05", "retry_s = 60").replace(
        "longest_retry_s = 0.1", "longest_retry_s = 60"
    )
    with page_of(page, tmp_path, slow):
        camera = page.locator("#cameras li")
        expect(camera).to_have_attribute("data-state", "open")
        inbox.rmdir()
        expect(camera).to_have_attribute("data-state", "reconnecting")
        expect(camera.locator(".camera-state")).to_have_text(re.compile(f"^stopped at {TIME}, reconnecting$"))
        expect(page.locator("#notes li")).to_have_text(
            [re.compile(f"^Camera top stopped at {TIME}: its folder cannot be read$")]
        )


def test_frames_that_are_too_old_or_damaged(page: playwright.Page, tmp_path: Path, inbox: Path) -> None:
    whole = painted_line_picture()
    with page_of(page, tmp_path, f"{FOLDER}\nsilence_s = 2", max_age_s=0.2):
        camera = page.locator("#cameras li")
        expect(camera).to_have_attribute("data-state", "open")
        (inbox / "old.jpg").write_bytes(whole[:-100])
        time.sleep(0.5)  # written slowly: it was taken when it began
        (inbox / "old.jpg").write_bytes(whole)
        expect(camera.locator(".facts")).to_contain_text("not used: 1 too old")
        expect(page.locator("#notes li")).to_have_text(
            ["Camera top, frames not used in the last minute: 1 too old"]
        )
        (inbox / "half.jpg").write_bytes(whole[:-100])
        expect(camera.locator(".facts")).to_contain_text("not used: 1 too old · 1 damaged")
        (inbox / "unplaced.jpg").write_bytes(whole)  # nobody says where the belt is, and nothing passes
        expect(camera.locator(".facts")).to_contain_text("1 too old · 1 without encoder count · 1 damaged")
        expect(page.locator("#notes li")).to_have_text(
            ["Camera top, frames not used in the last minute: 1 too old · 1 damaged"]
        )


def test_a_camera_that_sees_the_wrong_place(page: playwright.Page, tmp_path: Path, inbox: Path) -> None:
    """It is open, and gives pictures: but fruit pass, and none of them is in its pictures."""
    with page_of(page, tmp_path, FOLDER) as address, plc(address) as socket:
        camera = page.locator("#cameras li")
        expect(camera).to_have_attribute("data-state", "open")
        socket.send(EncoderTick(encoder=1000).to_json())
        for number in range(20):
            socket.send(Trigger(fruit_id=number, lane=1, encoder=1000 + 100 * number).to_json())
            socket.recv(timeout=60)
            if camera.get_attribute("data-state") == "silent":
                break
        expect(camera).to_have_attribute("data-state", "silent")
        expect(camera.locator(".camera-state")).to_have_text(re.compile("^open since"))
        expect(page.locator("#notes")).to_contain_text(
            "Camera top is open, but none of its frames shows a fruit"
        )


@pytest.mark.skipif(why_missing() is not None, reason=str(why_missing()))
def test_a_network_camera(page: playwright.Page, tmp_path: Path) -> None:
    with rtsp_camera() as first:
        source = f'kind = "rtsp"\naddress = "{first.address}"\nsilence_s = 0.5\nretry_s = 0.1\nlongest_retry_s = 0.2'
        with page_of(page, tmp_path, source, language="zh"):
            camera = page.locator("#cameras li")
            expect(camera).to_have_attribute("data-state", "open")
            expect(camera.locator(".camera-title")).to_have_text("top网络相机")
            expect(camera.locator(".facts")).to_have_text(re.compile(r"每秒 \d+(\.\d)? 幅尚未拍到果实"))
            first.vanish()
            expect(camera).to_have_attribute("data-state", "gone")
            expect(page.locator("#notes li")).to_have_text(
                [re.compile(f"^相机 top 自 {TIME} 起断开：无法打开 \\(请检查电源、网线和地址\\)$")]
            )
            with rtsp_camera(first.port):
                expect(camera).to_have_attribute("data-state", "open")
                expect(camera.locator(".facts")).to_contain_text("重新连接：1 次上次故障：无法打开")
