"""From a picture of a grey patch or a chart of 24 colours to the matrix that undoes lamp and camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.calibration import MAX_COLOUR_ERROR_DELTA_E, apply_colour
from grader.colour_card import (
    EDITIONS,
    WHITE_PATCH,
    corner_hypotheses,
    find_card,
    read_patches,
    reference_linear_srgb,
)
from grader.colour_difference import Float64Array, delta_e_2000, lab_of_linear_srgb
from grader.errors import CalibrationError
from grader.types import Box, Frame

CLIPPED_CODE = 252  # one channel at its end: the true value is unknown
DARK_WHITE_CODE = 90  # a white patch below a tenth of full light leaves too few steps for the dark patches
MAX_UNEVEN_CODES = 28.0  # 10-90 % within one patch: glare, shadow, or not a patch
MAX_GAIN = 4.0  # a lamp that needs more than this in a channel hardly gives that colour
MIN_GREY_SIDE_PX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyPatch:
    """A patch of neutral grey or white. box_xyxy_px: half-open, in px of the picture, inside the patch."""

    box_xyxy_px: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart24:
    """The classic chart of 24 colours. corners_xy_px: four points around it, any order; None: look for it."""

    corners_xy_px: tuple[tuple[float, float], ...] | None = None


Card = GreyPatch | Chart24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColourCorrection:
    """What the card says; the fields have the meaning that they have in `Calibration`.

    error_before_delta_e: mean CIEDE2000 of the chart as the camera gave it, white patch as bright.
    patch_delta_e: CIEDE2000 of each of the 24 patches after correction, () without a chart.
    edition: which edition of the chart it is, None without a chart.
    """

    colour_matrix: Float64Array
    grey_gains: tuple[float, float, float]
    colour_error_delta_e: float | None = None
    error_before_delta_e: float | None = None
    patch_delta_e: tuple[float, ...] = ()
    edition: str | None = None


def parse_card(text: str) -> Card:
    """`grey:x0,y0,x1,y1`, `chart24`, or `chart24:x,y,x,y,x,y,x,y` (four corners, px).

    Raises:
        CalibrationError: it reads otherwise.
    """
    kind, _, rest = text.partition(":")
    try:
        numbers = [float(part) for part in rest.split(",")] if rest else []
        if kind == "grey" and len(numbers) == 4:
            x0, y0, x1, y1 = (int(number) for number in numbers)
            return GreyPatch(box_xyxy_px=(x0, y0, x1, y1))
        if kind == "chart24" and not numbers:
            return Chart24()
        if kind == "chart24" and len(numbers) == 8:
            return Chart24(corners_xy_px=tuple(zip(numbers[::2], numbers[1::2], strict=True)))
    except ValueError:
        pass
    expected = "grey:x0,y0,x1,y1 or chart24 or chart24:x,y,x,y,x,y,x,y"
    raise CalibrationError(f"card: expected {expected}, got {text!r}")


def calibrate_colour(frame: Frame, card: Card) -> ColourCorrection:
    """The colour correction of a camera under its lamp.

    Raises:
        CalibrationError: card not found or not inside the picture, over- or underexposed, uneven, or the
            corrected colours stay too far from the published ones. Says what to do.
    """
    if isinstance(card, GreyPatch):
        return _from_grey(frame, card.box_xyxy_px)
    if card.corners_xy_px is None:
        places = find_card(frame.rgb)
    else:
        places = [np.array(card.corners_xy_px, np.float64)]
    best = _best_fit(frame, places)
    if best is None:
        raise CalibrationError(f"{frame.frame_id}: the colour card reaches outside the picture")
    codes, uneven, correction = best
    _check_levels(frame.frame_id, codes)
    error = correction.colour_error_delta_e
    assert error is not None  # always known with a chart
    if error > MAX_COLOUR_ERROR_DELTA_E:
        worst = int(np.argmax(correction.patch_delta_e)) + 1
        raise CalibrationError(
            f"{frame.frame_id}: expected corrected colours within {MAX_COLOUR_ERROR_DELTA_E:g} (mean "
            f"CIEDE2000), got {error:.1f}, worst at patch {worst}; check the corners, glare, fixed white balance"
        )
    if uneven.max() > MAX_UNEVEN_CODES:
        raise CalibrationError(
            f"{frame.frame_id}: patch {int(uneven.argmax()) + 1} of the card is uneven ({uneven.max():.0f} "
            f"codes, expected up to {MAX_UNEVEN_CODES:.0f}): avoid glare and shadow"
        )
    return correction


def _best_fit(
    frame: Frame, places: list[Float64Array]
) -> tuple[Float64Array, Float64Array, ColourCorrection] | None:
    """The reading (codes, unevenness, correction) of the place, turn and edition with the smallest error."""
    best: tuple[Float64Array, Float64Array, ColourCorrection] | None = None
    best_score = np.inf
    for corners in (turned for place in places for turned in corner_hypotheses(place)):
        reading = read_patches(frame.rgb, corners)
        if reading is None:
            continue
        for edition in EDITIONS:
            correction = _fit_chart(reading[0], edition)
            score = np.mean(correction.patch_delta_e) + 0.02 * float(np.mean(reading[1]))
            if score < best_score:
                best, best_score = (*reading, correction), float(score)
    return best


def _fit_chart(codes: Float64Array, edition: str) -> ColourCorrection:
    """Weighted linear least squares in linear light; the white patch is met exactly (Lagrange multiplier).

    The weight Y^(-2/3) makes an error count as the eye sees it (slope of L* over Y).
    """
    measured = np.maximum(apply_colour(codes.round().astype(np.uint8), None).astype(np.float64), 1e-4)
    wanted = reference_linear_srgb(edition)
    luminance = np.maximum(wanted @ np.array([0.2127, 0.7152, 0.0722]), 0.02)
    weight = luminance ** (-4.0 / 3.0)
    white = measured[WHITE_PATCH]
    system = np.zeros((4, 4))
    system[:3, :3] = measured.T @ (measured * weight[:, None])
    system[:3, 3] = system[3, :3] = white
    right = np.vstack([measured.T @ (wanted * weight[:, None]), wanted[WHITE_PATCH]])
    matrix = np.linalg.lstsq(system, right, rcond=None)[0][:3].T
    wanted_lab = lab_of_linear_srgb(wanted)
    after = delta_e_2000(lab_of_linear_srgb(measured @ matrix.T), wanted_lab)
    matched = measured * (wanted[WHITE_PATCH].mean() / white.mean())
    before = delta_e_2000(lab_of_linear_srgb(matched), wanted_lab)
    return ColourCorrection(
        colour_matrix=matrix,
        grey_gains=_gains(white),
        colour_error_delta_e=float(after.mean()),
        error_before_delta_e=float(before.mean()),
        patch_delta_e=tuple(float(value) for value in after),
        edition=edition,
    )


def _from_grey(frame: Frame, box: Box) -> ColourCorrection:
    x0, y0, x1, y1 = box
    height, width = frame.rgb.shape[:2]
    if not (
        0 <= x0 and x0 + MIN_GREY_SIDE_PX <= x1 <= width and 0 <= y0 and y0 + MIN_GREY_SIDE_PX <= y1 <= height
    ):
        raise CalibrationError(
            f"{frame.frame_id}: expected a grey patch of at least {MIN_GREY_SIDE_PX} px a side inside "
            f"{width} x {height}, got {box}"
        )
    pixels = frame.rgb[y0:y1, x0:x1].reshape(-1, 3)
    spread = float(np.max(np.subtract(*np.percentile(pixels, [90, 10], axis=0))))
    if spread > MAX_UNEVEN_CODES:
        raise CalibrationError(
            f"{frame.frame_id}: the grey patch is uneven ({spread:.0f} codes, expected up to "
            f"{MAX_UNEVEN_CODES:.0f}): the box must lie inside the patch, without glare or shadow"
        )
    _check_levels(frame.frame_id, pixels.mean(axis=0)[None].astype(np.float64))
    gains = _gains(apply_colour(pixels, None).mean(axis=0).astype(np.float64))
    if max(gains) > MAX_GAIN or min(gains) < 1 / MAX_GAIN:
        raise CalibrationError(
            f"{frame.frame_id}: expected channel gains of {1 / MAX_GAIN:g} to {MAX_GAIN:g}, got R "
            f"{gains[0]:.2f}, B {gains[2]:.2f}: is the patch grey, is the lamp white?"
        )
    return ColourCorrection(colour_matrix=np.diag(gains), grey_gains=gains)


def _gains(linear: Float64Array) -> tuple[float, float, float]:
    red, green, blue = (max(float(value), 1e-4) for value in linear)
    return green / red, 1.0, green / blue


def _check_levels(frame_id: str, codes: Float64Array) -> None:
    """codes: (N, 3); the brightest colour is the white patch, or the only one."""
    brightest = codes[np.argmax(codes.sum(axis=1))]
    if codes.max() >= CLIPPED_CODE:
        raise CalibrationError(
            f"{frame_id}: the card is overexposed (code {codes.max():.0f}, expected below {CLIPPED_CODE}): "
            "shorten the exposure"
        )
    if brightest.max() < DARK_WHITE_CODE:
        raise CalibrationError(
            f"{frame_id}: the card is too dark (code {brightest.max():.0f}, expected {DARK_WHITE_CODE} and "
            "above): more light or a longer exposure"
        )
