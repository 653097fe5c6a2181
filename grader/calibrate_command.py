"""`grader calibrate`: from pictures of boards and cards to the calibration file of one camera."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from grader.calibrate_colour import ColourCorrection, calibrate_colour, parse_card
from grader.calibrate_geometry import Geometry, calibrate_geometry, parse_board
from grader.calibration import Calibration, load_calibration, save_calibration
from grader.errors import CalibrationError, GraderError
from grader.image_io import list_inputs, read_image
from grader.types import Frame

EXIT_FAILED = 1
EXIT_WRONG_USE = 2


def calibrate(
    camera: Annotated[str, typer.Option(help="Name of the camera.")],
    out: Annotated[Path, typer.Option(help="Calibration file to write.")],
    geometry: Annotated[Path | None, typer.Option(help="Folder of board pictures.")] = None,
    board: Annotated[
        str | None,
        typer.Option(help="chessboard:9x6:25 (inner corners, mm) or charuco:7x5:30:22:DICT_4X4_50."),
    ] = None,
    belt: Annotated[Path | None, typer.Option(help="Picture of the board lying flat on the belt.")] = None,
    colour: Annotated[Path | None, typer.Option(help="Picture of the grey patch or colour card.")] = None,
    card: Annotated[
        str | None, typer.Option(help="grey:x0,y0,x1,y1, or chart24, or chart24:x,y,x,y,x,y,x,y (corners).")
    ] = None,
    base: Annotated[
        Path | None, typer.Option(help="Earlier calibration that gives the part not made now.")
    ] = None,
) -> None:
    """Calibrate a camera: lens and mm per pixel from a printed board, colours from a grey patch or a card."""
    problem = _wrong_use(geometry, board, belt, colour, card, base)
    if problem:
        raise typer.BadParameter(problem)
    try:
        calibration, rows = make_calibration(
            camera_id=camera,
            board_frames=None if geometry is None else _board_frames(geometry, belt),
            board=board,
            colour_frame=None if colour is None else read_image(colour),
            card=card,
            base=None if base is None else load_calibration(base),
            now=datetime.now(UTC),
        )
        save_calibration(calibration, out)
    except GraderError as exc:
        Console(stderr=True).print(f"calibrate: {exc}", style="red", markup=False, highlight=False)
        raise typer.Exit(EXIT_FAILED) from exc
    _print_report(camera, out, rows)
    summary = {
        "file": str(out),
        "camera_id": camera,
        "image_size_wh": list(calibration.image_size_wh),
        "mm_per_px_belt": calibration.mm_per_px_belt,
        "camera_height_mm": calibration.camera_height_mm,
        "reprojection_error_px": calibration.reprojection_error_px,
        "colour_error_delta_e": calibration.colour_error_delta_e,
    }
    sys.stdout.write(json.dumps(summary, ensure_ascii=False) + "\n")


def make_calibration(
    *,
    camera_id: str,
    board_frames: Sequence[Frame] | None,
    board: str | None,
    colour_frame: Frame | None,
    card: str | None,
    base: Calibration | None,
    now: datetime,
) -> tuple[Calibration, list[tuple[str, str]]]:
    """The calibration, and what to tell about it as (what, value) rows.

    Args:
        board_frames: pictures of the board, in the first it lies on the belt; None takes the geometry of `base`.
        colour_frame: picture of the card; None takes the colour of `base`, if any.

    Raises:
        CalibrationError: a demand is not met, or the picture of the card has another size than the boards.
    """
    rows: list[tuple[str, str]] = []
    if board_frames is not None and board is not None:
        found = calibrate_geometry(board_frames, parse_board(board), belt_index=0)
        rows += _geometry_rows(found, len(board_frames))
        calibration = Calibration(
            camera_id=camera_id,
            created_at=now,
            image_size_wh=found.image_size_wh,
            camera_matrix=found.camera_matrix,
            distortion=found.distortion,
            reprojection_error_px=found.reprojection_error_px,
            mm_per_px_belt=found.mm_per_px_belt,
            camera_height_mm=found.camera_height_mm,
            belt_tilt_deg=found.belt_tilt_deg,
            belt_normal=found.belt_normal,
        )
        if base is not None:
            calibration = _with_colour_of(calibration, base)
    elif base is not None:
        calibration = replace(base, camera_id=camera_id)
    else:
        raise CalibrationError(
            "expected board pictures, or a base calibration that has the geometry; got neither"
        )
    if colour_frame is None or card is None:
        return calibration, rows
    height, width = colour_frame.rgb.shape[:2]
    if (width, height) != calibration.image_size_wh:
        expected = "{} x {}".format(*calibration.image_size_wh)
        raise CalibrationError(f"{colour_frame.frame_id}: expected {expected} px, got {width} x {height}")
    correction = calibrate_colour(colour_frame, parse_card(card))
    rows += _colour_rows(correction)
    coloured = replace(
        calibration,
        colour_at=now,
        colour_matrix=correction.colour_matrix,
        colour_error_delta_e=correction.colour_error_delta_e,
        grey_gains=correction.grey_gains,
    )
    return coloured, rows


def _with_colour_of(calibration: Calibration, base: Calibration) -> Calibration:
    if base.image_size_wh != calibration.image_size_wh:
        raise CalibrationError(
            f"base calibration: expected {calibration.image_size_wh} px, it is for {base.image_size_wh} px"
        )
    return replace(
        calibration,
        colour_at=base.colour_at,
        colour_matrix=base.colour_matrix,
        colour_error_delta_e=base.colour_error_delta_e,
        grey_gains=base.grey_gains,
    )


def _wrong_use(
    geometry: Path | None,
    board: str | None,
    belt: Path | None,
    colour: Path | None,
    card: str | None,
    base: Path | None,
) -> str | None:
    if len({geometry is None, board is None, belt is None}) != 1:
        return "--geometry, --board and --belt belong together"
    if (colour is None) != (card is None):
        return "--colour and --card belong together"
    if geometry is None and colour is None:
        return "give --geometry, --board and --belt, or --colour and --card, or all"
    if geometry is None and base is None:
        return "without --geometry, --base must name a calibration that has it"
    return None


def _board_frames(folder: Path, belt: Path | None) -> list[Frame]:
    """The belt picture first, then the other pictures of the folder."""
    if belt is None:
        raise CalibrationError("expected the picture of the board on the belt, got none")
    inputs = [item for item in list_inputs([folder]) if item.error is not None or item.kind == "image"]
    for item in inputs:
        if item.error is not None:
            raise item.error
    others = [item.path for item in inputs if item.path.resolve() != belt.resolve()]
    return [read_image(path) for path in (belt, *others)]


def _geometry_rows(found: Geometry, given: int) -> list[tuple[str, str]]:
    return [
        ("boards found", f"{len(found.used_frames)} of {given} pictures"),
        ("picture covered", f"{found.coverage_fraction:.0%}"),
        ("focal length", f"{found.camera_matrix[0, 0]:.1f} px ± {found.focal_error_fraction:.2%}"),
        ("reprojection error", f"{found.reprojection_error_px:.2f} px"),
        ("camera above belt", f"{found.camera_height_mm:.1f} mm"),
        ("scale on the belt", f"{found.mm_per_px_belt:.4f} mm/px"),
        ("tilt of the belt", f"{found.belt_tilt_deg:.1f}°"),
    ]


def _colour_rows(correction: ColourCorrection) -> list[tuple[str, str]]:
    red, _, blue = correction.grey_gains
    rows = [("grey gains", f"R {red:.3f}  G 1  B {blue:.3f}")]
    if correction.edition is not None:
        before, after = correction.error_before_delta_e, correction.colour_error_delta_e
        rows.append(("chart", correction.edition.replace("_", " ")))
        rows.append(("colour error (mean CIEDE2000)", f"{before:.1f} before, {after:.1f} after"))
        rows.append(("worst patch", f"{max(correction.patch_delta_e):.1f}"))
    return rows


def _print_report(camera: str, out: Path, rows: Sequence[tuple[str, str]]) -> None:
    table = Table(title=f"camera {camera}", caption=str(out), show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    Console(stderr=True).print(table)
