"""Reads a sorting line from a TOML file: strictly, every fault at once, each with file and line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from grader.pipeline import DEFAULT_SKU_TABLE, GradeOptions
from grader.toml_file import TomlTable, read_toml
from grader.turn import Rollers
from grader.types import Crop
from service.errors import LineConfigError
from service.line.line_config import (
    Camera,
    Deadline,
    Encoder,
    LineConfig,
    Outlet,
    Route,
    Source,
    SourceKind,
    Triggers,
)
from service.line.protocol import MAX_LANE, MAX_VIEW, MessageLimits
from service.line.sources.file_names import NamePattern

SCHEMA = "line/1"
PLAIN_LINE = Path(__file__).with_name("plain.toml")
"""The line that ships, to try the service out: it knows nothing of the belt but what the frames say."""
SAMPLE_LINE = Path(__file__).with_name("sample.toml")
"""The line of the sample lots of a demo."""

LINE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""Lines are named in addresses and folders."""
_SOURCE_KINDS: dict[str, SourceKind] = {"folder": "folder", "video": "video", "rtsp": "rtsp", "usb": "usb"}
_MAX_COUNTS = 1_000_000
_LONGEST_S = 60.0


def load_line(path: Path, line_id: str | None = None) -> LineConfig:
    """Read a line. line_id: in place of the `id` in the file.

    Raises:
        LineConfigError: every fault as "file:line: key: expected ..., got ...".
    """
    top = read_toml(path)
    unreadable = tuple(top.problems)
    line = _read(top, path, line_id)
    if problems := unreadable or tuple(top.problems):
        raise LineConfigError("\n".join(problems))
    return line


def _read(top: TomlTable, path: Path, line_id: str | None) -> LineConfig:
    top.text("schema", one_of=(SCHEMA,))
    own_id = top.text("id")
    if own_id and not LINE_NAME.fullmatch(own_id):
        top.problem(f"id: expected up to 80 letters, digits, '_' and '-', got {own_id!r}", "id")
    options = _grading(_section(top, "grading", required=False), path)
    frames = _section(top, "frames", required=False)
    outlet_rows = top.tables("outlets")
    outlets = tuple(_outlet(row) for row in outlet_rows)
    names = tuple(outlet.name for outlet in outlets)
    lanes = _integers(top, "lanes", high=MAX_LANE)
    encoder = _encoder(_section(top, "encoder"))
    triggers: Triggers = "announced" if _triggers(top) == "announced" else "frames"
    line = LineConfig(
        line_id=line_id or own_id,
        lanes=lanes,
        triggers=triggers,
        min_views=_count(top, "min_views", 1, MAX_VIEW, default=1),
        open_fruit=_count(top, "open_fruit_per_lane", 1, 1000, default=32),
        max_views=_count(top, "max_views", 1, MAX_VIEW, default=64),
        max_age_s=frames.number("max_age_s", low=0.01, high=_LONGEST_S, default=1.0),
        max_age_counts=_count(frames, "max_age_counts", 1, _MAX_COUNTS, default=_MAX_COUNTS),
        limits=MessageLimits(
            max_header_bytes=_count(frames, "max_header_bytes", 256, 65536, default=4096),
            max_picture_bytes=_count(frames, "max_picture_kb", 1, 15_000, default=8000) * 1000,
        ),
        encoder=encoder,
        deadline=_deadline(_section(top, "deadline")),
        grading=options,
        cameras=tuple(
            _camera(row, options, path, lanes, encoder, triggers)
            for row in top.tables("cameras", required=False)
        ),
        outlets=outlets,
        recirculate=top.text("recirculate", one_of=names),
        routes=tuple(_route(row, names, lanes) for row in top.tables("routes", required=False)),
    )
    frames.finish()
    top.finish()
    if not top.problems:
        _check(line, top, outlet_rows)
    return line


def _section(top: TomlTable, key: str, *, required: bool = True) -> TomlTable:
    """A sub-table; an empty one where it is absent, so that one fault is not told twice."""
    found = top.table(key, required=required)
    return found or TomlTable({}, path=Path(key), lines={}, problems=[])


def _triggers(top: TomlTable) -> str:
    return top.text("triggers", one_of=("frames", "announced"), default="frames")


def _count(table: TomlTable, key: str, low: int, high: int, default: int | None = None) -> int:
    """A whole number in low <= number <= high."""
    value = table.number(key, low=low, high=high, default=default)
    if value != int(value):
        table.problem(f"{key}: expected a whole number {low}-{high}, got {value}", key)
    return int(value)


def _integers(table: TomlTable, key: str, *, high: int, required: bool = True) -> tuple[int, ...]:
    value = table.raw(key)
    if value is None and not required:
        return ()
    if (
        not isinstance(value, list)
        or not value
        or not all(type(item) is int and 0 <= item <= high for item in value)
        or len(set(value)) != len(value)
    ):
        table.problem(f"{key}: expected a list of different whole numbers 0-{high}, got {value!r}", key)
        return ()
    return tuple(value)


def _encoder(table: TomlTable) -> Encoder:
    encoder = Encoder(
        modulus=_count(table, "modulus", 100, 2**53, default=2**32),
        max_jump_counts=_count(table, "max_jump_counts", 1, _MAX_COUNTS),
        same_cup_counts=_count(table, "same_cup_counts", 0, _MAX_COUNTS),
    )
    table.finish()
    return encoder


def _deadline(table: TomlTable) -> Deadline:
    deadline = Deadline(
        wait_counts=_count(table, "wait_counts", 1, _MAX_COUNTS),
        last_use_counts=_count(table, "last_use_counts", 1, _MAX_COUNTS),
        wait_s=table.number("wait_s", low=0.01, high=_LONGEST_S),
        last_use_s=table.number("last_use_s", low=0.01, high=_LONGEST_S),
    )
    if deadline.wait_counts > deadline.last_use_counts:
        table.problem(
            f"wait_counts: expected at most last_use_counts {deadline.last_use_counts}, "
            f"got {deadline.wait_counts}",
            "wait_counts",
        )
    if deadline.wait_s > deadline.last_use_s:
        table.problem(
            f"wait_s: expected at most last_use_s {deadline.last_use_s:g}, got {deadline.wait_s:g}", "wait_s"
        )
    table.finish()
    return deadline


def _grading(table: TomlTable, path: Path) -> GradeOptions:
    crop = table.text("crop", default="auto")
    try:
        known = None if crop == "auto" else Crop(crop)
    except ValueError:
        table.problem(f"crop: expected auto or the name of a crop (a-z, 0-9, _), got {crop!r}", "crop")
        known = None
    options = _scaled(
        table,
        path,
        GradeOptions(
            crop=known,
            variety=table.text("variety") if table.has("variety") else None,
            standard=table.text("standard") if table.has("standard") else None,
            sku_table=table.text("sku_table", default=DEFAULT_SKU_TABLE),
        ),
    )
    if options.rollers is not None and options.rollers.around_deg is not None:
        table.problem("rollers.around_deg: expected for each camera, got one for all", "rollers")
    table.finish()
    return options


def _scaled(table: TomlTable, path: Path, options: GradeOptions) -> GradeOptions:
    """`options` with the scale and the rollers that this table states. A calibration is a path from the line's file."""
    mm_per_px, calibration = options.mm_per_px, options.calibration
    if table.has("mm_per_px") and table.has("calibration"):
        table.problem("mm_per_px: expected either a calibration or mm_per_px, got both", "mm_per_px")
    elif table.has("mm_per_px"):
        mm_per_px, calibration = table.number("mm_per_px", low=0.001, high=100), None
    elif table.has("calibration"):
        mm_per_px, calibration = None, path.parent / table.text("calibration")
    for key in ("mm_per_px", "calibration"):
        table.raw(key)
    rollers = options.rollers
    if (stated := table.table("rollers", required=False)) is not None:
        rollers = _rollers(stated)
    if rollers is not None and rollers.skin_mm is not None and mm_per_px is None and calibration is None:
        table.problem("rollers.mm_per_count: expected a scale beside it, got none", "rollers")
    return replace(options, mm_per_px=mm_per_px, calibration=calibration, rollers=rollers)


def _rollers(table: TomlTable) -> Rollers | None:
    """What turns the fruit; None where the table is at fault."""
    faults = len(table.problems)
    axis_deg = table.number("axis_deg", low=-360, high=360)
    turning: dict[str, float | None] = {"degrees_per_count": None, "mm_per_count": None}
    for key, most in (("degrees_per_count", 180.0), ("mm_per_count", 1000.0)):
        if table.has(key):
            turning[key] = table.number(key, low=-most, high=most)
    if (turning["degrees_per_count"] is None) == (turning["mm_per_count"] is None):
        got = "neither" if turning["mm_per_count"] is None else "both"
        table.problem(f"rollers: expected either degrees_per_count or mm_per_count, got {got}")
    contact = table.number("contact", low=0.1, high=1, default=1.0)
    away_deg = table.number("away_deg", low=-89, high=89, default=0.0)
    around_deg = table.number("around_deg", low=-360, high=360) if table.has("around_deg") else None
    camera_mm = table.number("camera_mm", low=10, high=100_000) if table.has("camera_mm") else None
    table.finish()
    if len(table.problems) > faults:
        return None
    return Rollers(
        axis_deg=axis_deg,
        degrees=turning["degrees_per_count"],
        skin_mm=turning["mm_per_count"],
        contact=contact,
        camera_mm=camera_mm,
        away_deg=away_deg,
        around_deg=around_deg,
    )


def _camera(
    row: TomlTable,
    options: GradeOptions,
    path: Path,
    lanes: tuple[int, ...],
    encoder: Encoder,
    triggers: Triggers,
) -> Camera:
    size = _integers(row, "size_px", high=20_000, required=False) if row.has("size_px") else ()
    if row.has("size_px") and len(size) != 2:
        row.problem(f"size_px: expected width and height, got {row.raw('size_px')!r}", "size_px")
    camera = Camera(
        name=row.text("name"),
        views=_count(row, "views", 0, MAX_VIEW, default=0),
        first_view_counts=_count(row, "first_view_counts", 0, _MAX_COUNTS, default=0),
        counts_per_view=row.number("counts_per_view", low=0, high=_MAX_COUNTS, default=0.0),
        options=_scaled(row, path, options),
        size_wh_px=(size[0], size[1]) if len(size) == 2 else None,
    )
    section = row.table("source", required=False)
    row.finish()
    if section is None:
        return camera
    return replace(camera, source=_source(section, camera, path, lanes, encoder, triggers))


def _source(
    table: TomlTable,
    camera: Camera,
    path: Path,
    lanes: tuple[int, ...],
    encoder: Encoder,
    triggers: Triggers,
) -> Source:
    """Where the frames of a camera come from. Folders and files are paths from the line's file."""
    kind = _SOURCE_KINDS[table.text("kind", one_of=tuple(_SOURCE_KINDS))]
    address = table.text("address")
    if kind in ("folder", "video"):
        address = str(path.parent / address)
    elif kind == "rtsp" and not re.match(r"rtsps?://.", address):
        table.problem(f"address: expected rtsp://HOST/..., got {address!r}", "address")
    elif kind == "usb" and not re.fullmatch(r"/dev/video\d+", address):
        table.problem(f"address: expected /dev/video and a number, got {address!r}", "address")
    lane = _count(table, "lane", 0, MAX_LANE)
    if lane not in lanes:
        table.problem(f"lane: expected a lane of this line, got {lane}", "lane")
    names = table.text("names") if table.has("names") else ""
    if kind == "folder":
        delete = table.flag("delete", default=False)
        if names:
            try:
                NamePattern(names)
            except ValueError as error:
                table.problem(f"names: {error}", "names")
    else:
        delete = False
        for key in ("names", "delete"):
            if table.has(key):
                table.problem(f"{key}: expected only with kind folder, got kind {kind}", key)
        table.raw("delete")
    table.raw("names")
    between = camera.counts_per_view / 2 if camera.views > 1 else encoder.same_cup_counts
    within = int(min(between, encoder.same_cup_counts))
    if not names:
        if triggers != "announced":
            table.problem(
                f"expected triggers announced, as no client says which fruit it sees, got {triggers}"
            )
        if camera.views < 1 or (camera.views > 1 and not camera.counts_per_view):
            table.problem("expected views and counts_per_view of this camera: they say which fruit it sees")
        within = _count(table, "within_counts", 0, encoder.same_cup_counts, default=within)
    source = Source(
        kind=kind,
        address=address,
        lane=lane,
        within_counts=within,
        names=names,
        delete=delete,
        connect_s=table.number("connect_s", low=0.1, high=_LONGEST_S, default=5.0),
        silence_s=table.number("silence_s", low=0.05, high=_LONGEST_S, default=2.0),
        retry_s=table.number("retry_s", low=0.01, high=_LONGEST_S, default=0.5),
        longest_retry_s=table.number("longest_retry_s", low=0.01, high=600, default=30.0),
        size_wh_px=camera.size_wh_px,
    )
    if source.retry_s > source.longest_retry_s:
        table.problem(
            f"retry_s: expected at most longest_retry_s {source.longest_retry_s:g}, got {source.retry_s:g}",
            "retry_s",
        )
    table.finish()
    return source


def _outlet(row: TomlTable) -> Outlet:
    outlet = Outlet(name=row.text("name"), counts=_count(row, "counts", 1, _MAX_COUNTS))
    row.finish()
    return outlet


def _route(row: TomlTable, outlets: tuple[str, ...], lanes: tuple[int, ...]) -> Route:
    low = row.number("from_mm", low=0, high=1000) if row.has("from_mm") else None
    high = row.number("below_mm", low=0, high=1000) if row.has("below_mm") else None
    if low is not None and high is not None and low >= high:
        row.problem(f"from_mm: expected less than below_mm {high:g}, got {low:g}", "from_mm")
    given = _integers(row, "lanes", high=MAX_LANE, required=False)
    if strange := sorted(set(given) - set(lanes)):
        row.problem(f"lanes: expected lanes of this line, got {strange}", "lanes")
    route = Route(
        lanes=frozenset(given),
        skus=row.texts("skus"),
        table_outlets=frozenset(row.texts("table_outlets")),
        low_mm=low,
        high_mm=high,
        outlet=row.text("outlet", one_of=outlets),
    )
    row.finish()
    return route


def _check(line: LineConfig, top: TomlTable, outlet_rows: tuple[TomlTable, ...]) -> None:
    """What must fit together."""
    last = line.deadline.last_use_counts
    for outlet, row in zip(line.outlets, outlet_rows, strict=True):
        if outlet.counts <= last:
            row.problem(f"counts: expected more than last_use_counts {last}, got {outlet.counts}", "counts")
    farthest = max(outlet.counts for outlet in line.outlets)
    least = 4 * max(farthest, line.encoder.max_jump_counts)
    if line.encoder.modulus < least:
        top.problem(
            f"encoder.modulus: expected at least {least}, four times the farthest outlet and max_jump_counts, "
            f"got {line.encoder.modulus}",
            "encoder",
        )
    for kind, names in (
        ("outlets", [outlet.name for outlet in line.outlets]),
        ("cameras", [camera.name for camera in line.cameras]),
    ):
        if twice := sorted({name for name in names if names.count(name) > 1}):
            top.problem(f"{kind}: expected different names, got {', '.join(twice)} twice", kind)
    for camera in line.cameras:
        if camera.trigger_of(camera.views, 0) < -line.deadline.wait_counts:
            top.problem(
                f"cameras: {camera.name}: expected its last view before wait_counts "
                f"{line.deadline.wait_counts}, got {-camera.trigger_of(camera.views, 0)}",
                "cameras",
            )
