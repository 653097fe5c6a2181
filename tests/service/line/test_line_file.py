from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.turn import Rollers
from grader.types import Crop
from service.errors import LineConfigError
from service.line.line_config import Deadline, Encoder, Outlet, Source
from service.line.line_file import PLAIN_LINE, load_line
from tests.service.line.lines import ONE_CAMERA, SMALL, small_line, write_line


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(LineConfigError) as refused:
        load_line(write_line(folder, text))
    return str(refused.value).splitlines()


def test_every_key_is_read(tmp_path: Path) -> None:
    line = small_line(tmp_path)
    assert (line.line_id, line.lanes, line.triggers) == ("small", (1, 2), "frames")
    assert (line.min_views, line.open_fruit, line.max_views) == (2, 3, 8)
    assert (line.max_age_s, line.max_age_counts) == (1.0, 200)
    assert line.encoder == Encoder(modulus=65536, max_jump_counts=1000, same_cup_counts=40)
    assert line.deadline == Deadline(wait_counts=400, last_use_counts=600, wait_s=0.5, last_use_s=1.0)
    assert line.outlet("juice") == Outlet(name="juice", counts=1200)
    assert line.outlet("nowhere") is None
    assert line.recirculate == "again"
    top, side = line.cameras
    assert (top.views, top.first_view_counts, top.counts_per_view) == (3, 0, 50)
    assert (top.options.mm_per_px, top.options.crop, top.size_wh_px) == (0.2, Crop.APPLE, None)
    assert (side.options.mm_per_px, side.size_wh_px) == (0.3, (640, 480))
    assert line.camera("side") is side
    assert line.camera("behind") is None
    assert side.trigger_of(1, 1070) == 1000


def test_a_calibration_lies_beside_the_file(tmp_path: Path) -> None:
    line = small_line(tmp_path, SMALL.replace("mm_per_px = 0.3", 'calibration = "side.json"'))
    assert line.cameras[1].options.calibration == tmp_path / "side.json"
    assert line.cameras[1].options.mm_per_px is None


CUPS = "\n[cameras.rollers]\naxis_deg = 90\ndegrees_per_count = 0.72\ncamera_mm = 500\n"
ROLLERS = "\n[cameras.rollers]\naxis_deg = -90\nmm_per_count = 0.5\ncontact = 0.8\n"


def beside_side(text: str) -> str:
    """SMALL with this after the table of the camera `side`."""
    return SMALL.replace("size_px = [640, 480]\n", f"size_px = [640, 480]\n{text}")


def test_what_turns_the_fruit_is_of_the_line_or_of_a_camera(tmp_path: Path) -> None:
    top, side = small_line(tmp_path).cameras
    assert top.options.rollers is None
    assert side.options.rollers is None
    top, side = small_line(tmp_path, beside_side(CUPS)).cameras
    assert top.options.rollers is None
    assert side.options.rollers == Rollers(axis_deg=90.0, degrees=0.72, camera_mm=500.0)
    whole = beside_side(ROLLERS).replace(
        "[encoder]", "[grading.rollers]\naxis_deg = 0\ndegrees_per_count = -1\n\n[encoder]"
    )
    line = small_line(tmp_path, whole)
    assert line.grading.rollers == Rollers(axis_deg=0.0, degrees=-1.0)
    assert line.cameras[0].options.rollers == line.grading.rollers
    assert line.cameras[1].options.rollers == Rollers(axis_deg=-90.0, skin_mm=0.5, contact=0.8)


def test_where_a_camera_stands_to_the_axis(tmp_path: Path) -> None:
    placed = CUPS.replace("camera_mm = 500\n", "away_deg = -89\naround_deg = 360\n")
    side = small_line(tmp_path, beside_side(placed)).cameras[1]
    assert side.options.rollers == Rollers(axis_deg=90.0, degrees=0.72, away_deg=-89.0, around_deg=360.0)
    for_all = "[grading.rollers]\naxis_deg = 0\ndegrees_per_count = -1\naround_deg = 0\n\n[encoder]"
    (problem,) = problems(tmp_path, SMALL.replace("[encoder]", for_all))
    assert "rollers.around_deg: expected for each camera, got one for all" in problem


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("camera_mm = 500", "away_deg = 90", "away_deg: expected -89-89, got 90"),
        ("camera_mm = 500", "around_deg = -361", "around_deg: expected -360-360, got -361"),
        ("axis_deg = 90", "axis_deg = 400", "axis_deg: expected -360-360, got 400"),
        ("axis_deg = 90\n", "", "missing key 'axis_deg'"),
        ("degrees_per_count = 0.72\n", "", "expected either degrees_per_count or mm_per_count, got neither"),
        (
            "degrees_per_count = 0.72",
            "degrees_per_count = 0.72\nmm_per_count = 1",
            "expected either degrees_per_count or mm_per_count, got both",
        ),
        ("camera_mm = 500", "camera_mm = 5", "camera_mm: expected 10-100000, got 5"),
        ("camera_mm = 500", "contact = 0", "contact: expected 0.1-1, got 0"),
        ("camera_mm = 500", "camera = 500", "unknown key 'camera'"),
    ],
)
def test_faults_of_rollers_are_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert CUPS.count(old) == 1
    found = problems(tmp_path, beside_side(CUPS.replace(old, new)))
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("small.toml:") for problem in found)


def test_rollers_need_the_size_of_the_fruit(tmp_path: Path) -> None:
    text = beside_side(ROLLERS).replace("mm_per_px = 0.3\n", "").replace("mm_per_px = 0.2\n", "")
    assert any("rollers.mm_per_count: expected a scale beside it" in one for one in problems(tmp_path, text))


def test_the_line_that_ships_takes_any_camera() -> None:
    line = load_line(PLAIN_LINE, "yard")
    assert line.line_id == "yard"
    camera = line.camera(7)
    assert camera is not None
    assert (camera.name, camera.views, camera.trigger_of(9, 5000)) == ("7", 0, 5000)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'schema = "line/1"',
            'schema = "line/9"',
            "small.toml:1: schema: expected one of line/1, got 'line/9'",
        ),
        ("lanes = [1, 2]", "lanes = []", "small.toml:3: lanes: expected a list of different whole numbers"),
        (
            "lanes = [1, 2]",
            "lanes = [1, 1]",
            "small.toml:3: lanes: expected a list of different whole numbers",
        ),
        (
            'recirculate = "again"',
            'recirculate = "bin"',
            "small.toml:4: recirculate: expected one of pack_first",
        ),
        ("min_views = 2", "min_views = 0", "small.toml:5: min_views: expected 1-999, got 0"),
        (
            "min_views = 2",
            "min_views = 1.5",
            "small.toml:5: min_views: expected a whole number 1-999, got 1.5",
        ),
        ("min_views = 2", "mn_views = 2", "small.toml:5: unknown key 'mn_views'"),
        ("modulus = 65536", "modulus = 5000", "small.toml:13: encoder.modulus: expected at least 6000"),
        (
            "wait_counts = 400",
            "wait_counts = 601",
            "wait_counts: expected at most last_use_counts 600, got 601",
        ),
        ("wait_s = 0.5", "wait_s = 1.5", "wait_s: expected at most last_use_s 1, got 1.5"),
        (
            "wait_counts = 400",
            "wait_counts = 149",
            "cameras: top: expected its last view before wait_counts 149",
        ),
        ("\ncounts = 1000", "\ncounts = 600", "counts: expected more than last_use_counts 600, got 600"),
        ('name = "side"', 'name = "top"', "cameras: expected different names, got top twice"),
        ('name = "juice"', 'name = "again"', "small.toml:57: outlet: expected one of pack_first, again"),
        ("size_px = [640, 480]", "size_px = [640]", "size_px: expected width and height, got [640]"),
        (
            "mm_per_px = 0.3",
            'mm_per_px = 0.3\ncalibration = "a"',
            "expected either a calibration or mm_per_px",
        ),
        (
            'crop = "apple"',
            'crop = "A pear"',
            "crop: expected auto or the name of a crop (a-z, 0-9, _), got 'A pear'",
        ),
        ("lanes = [2]", "lanes = [3]", "lanes: expected lanes of this line, got [3]"),
        ("below_mm = 70", "below_mm = 70\nfrom_mm = 70", "from_mm: expected less than below_mm 70, got 70"),
        ("[encoder]", "[counter]", "missing key 'encoder'"),
        ("[deadline]", "[deadline", "not valid TOML"),
    ],
)
def test_faults_name_file_line_and_what_was_expected(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert SMALL.count(old) >= 1
    found = problems(tmp_path, SMALL.replace(old, new, 1))
    assert any(expected in problem for problem in found), found
    assert all(problem.startswith("small.toml:") for problem in found)


def test_faults_are_told_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("modulus = 65536", "modulus = 1").replace("wait_s = 0.5", 'wait_s = "x"')
    assert len(problems(tmp_path, text)) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LineConfigError, match=r"gone\.toml: cannot be read"):
        load_line(tmp_path / "gone.toml")


SOURCE = """
[cameras.source]
kind = "rtsp"
address = "rtsp://10.0.0.7/top"
lane = 2
"""


def with_source(source: str = SOURCE, text: str = ONE_CAMERA) -> str:
    announced = text.replace("lanes = [1, 2]", 'lanes = [1, 2]\ntriggers = "announced"')
    return announced.replace('name = "top"\nviews = 3\ncounts_per_view = 50\n', f"{TOP}{source}")


TOP = 'name = "top"\nviews = 3\ncounts_per_view = 50\n'


def test_a_camera_that_the_service_opens(tmp_path: Path) -> None:
    assert small_line(tmp_path, with_source()).cameras[0].source == Source(
        kind="rtsp", address="rtsp://10.0.0.7/top", lane=2, within_counts=25
    )
    folder = """
[cameras.source]
kind = "folder"
address = "inbox"
lane = 1
names = "{fruit_id}_{view}"
delete = true
connect_s = 1
silence_s = 3
retry_s = 0.1
longest_retry_s = 4
"""
    source = small_line(tmp_path, with_source(folder)).cameras[0].source
    assert source is not None
    assert (source.address, source.names, source.delete) == (
        str(tmp_path / "inbox"),
        "{fruit_id}_{view}",
        True,
    )
    assert (source.connect_s, source.silence_s, source.retry_s, source.longest_retry_s) == (1, 3, 0.1, 4)
    one_view = with_source().replace("views = 3", "views = 1")
    assert small_line(tmp_path, one_view).cameras[0].source == replace(SOURCE_OF_ONE_VIEW, within_counts=40)


SOURCE_OF_ONE_VIEW = Source(kind="rtsp", address="rtsp://10.0.0.7/top", lane=2, within_counts=0)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"rtsp"', '"ftp"', "small.toml:35: kind: expected one of folder, video, rtsp, usb, got 'ftp'"),
        (
            "rtsp://10.0.0.7/top",
            "http://x",
            "small.toml:36: address: expected rtsp://HOST/..., got 'http://x'",
        ),
        (
            '"rtsp"',
            '"usb"',
            "small.toml:36: address: expected /dev/video and a number, got 'rtsp://10.0.0.7/top'",
        ),
        ("lane = 2", "lane = 7", "small.toml:37: lane: expected a lane of this line, got 7"),
        ("lane = 2", 'lane = 2\nnames = "{view}"', "small.toml:38: names: expected only with kind folder"),
        ("lane = 2", "lane = 2\ndelete = true", "small.toml:38: delete: expected only with kind folder"),
        ("lane = 2", "lane = 2\nwithin_counts = 41", "small.toml:38: within_counts: expected 0-40, got 41"),
        (
            "lane = 2",
            "lane = 2\nretry_s = 40",
            "small.toml:38: retry_s: expected at most longest_retry_s 30, got 40",
        ),
        ("lane = 2", "lane = 2\nlatency = 0", "small.toml:38: unknown key 'latency'"),
        ("views = 3\n", "", "expected views and counts_per_view of this camera"),
        ("counts_per_view = 50\n", "", "expected views and counts_per_view of this camera"),
        ('"announced"', '"frames"', "small.toml:34: expected triggers announced, as no client says"),
    ],
)
def test_faults_of_a_source(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = with_source()
    assert old in text
    found = problems(tmp_path, text.replace(old, new, 1))
    assert any(expected in problem for problem in found), found


def test_a_pattern_of_names_that_says_too_little(tmp_path: Path) -> None:
    text = with_source('\n[cameras.source]\nkind = "folder"\naddress = "in"\nlane = 1\nnames = "{view}"\n')
    assert any(
        "small.toml:38: names: expected {fruit_id} and {view}" in one for one in problems(tmp_path, text)
    )
