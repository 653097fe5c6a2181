from __future__ import annotations

import cv2
import numpy as np
import pytest

from grader.calibrate_colour import Chart24, GreyPatch, calibrate_colour, parse_card
from grader.calibration import apply_colour
from grader.colour_card import WHITE_PATCH, reference_linear_srgb
from grader.errors import CalibrationError
from grader.types import Frame
from tests.grader.painted_boards import paint_chart, srgb_codes

CAST = np.array([[0.75, 0.15, 0.02], [0.05, 0.80, 0.03], [0.00, 0.12, 0.50]])  # a warm lamp, mixing filters


def corners(centres: np.ndarray) -> Chart24:
    return Chart24(corners_xy_px=tuple((float(x), float(y)) for x, y in centres))


@pytest.mark.parametrize("edition", ["before_2014", "after_2014"])
@pytest.mark.parametrize("turn_deg", [0, 12, 95, 180])
@pytest.mark.parametrize("search", [False, True])
def test_a_known_cast_is_undone(edition: str, turn_deg: float, search: bool) -> None:
    frame, centres = paint_chart(CAST, turn_deg=turn_deg, edition=edition, pitch_px=55)
    found = calibrate_colour(frame, Chart24() if search else corners(centres))
    assert found.edition == edition
    assert found.colour_error_delta_e is not None
    assert found.colour_error_delta_e < 0.6
    assert found.error_before_delta_e is not None
    assert found.error_before_delta_e > 5
    assert np.abs(found.colour_matrix @ CAST - np.eye(3)).max() < 0.02


def test_corners_may_be_given_in_any_order_and_at_the_edge_of_the_field() -> None:
    frame, centres = paint_chart(CAST)
    expected = calibrate_colour(frame, corners(centres)).colour_matrix
    for order in ([1, 2, 3, 0], [2, 0, 1, 3], [3, 2, 1, 0]):
        assert np.allclose(calibrate_colour(frame, corners(centres[order])).colour_matrix, expected)
    middle = centres.mean(axis=0)
    field = middle + (centres - middle) * np.array([6 / 5, 4 / 3])
    assert np.allclose(calibrate_colour(frame, corners(field)).colour_matrix, expected, atol=0.01)


def test_white_is_met_exactly() -> None:
    frame, centres = paint_chart(CAST, noise=0)
    found = calibrate_colour(frame, corners(centres))
    x, y = np.round(centres[3]).astype(int)
    white = apply_colour(frame.rgb[y, x][None], found.colour_matrix)[0]
    assert white == pytest.approx(reference_linear_srgb("after_2014")[WHITE_PATCH], abs=1e-4)


def test_a_card_seen_from_the_side_is_found() -> None:
    frame, centres = paint_chart(CAST, pitch_px=60)
    start = np.array([[0, 0], [640, 0], [640, 480], [0, 480]], np.float32)
    tilt = cv2.getPerspectiveTransform(
        start, start + np.array([[40, 20], [-10, 0], [0, -10], [20, -30]], np.float32)
    )
    seen = Frame(
        frame_id="tilted.png",
        rgb=cv2.warpPerspective(frame.rgb, tilt, (640, 480), borderValue=(120, 110, 100)),
    )
    assert np.allclose(
        calibrate_colour(seen, Chart24()).colour_matrix,
        calibrate_colour(frame, corners(centres)).colour_matrix,
        atol=0.05,
    )


def test_grey_patch_gives_channel_gains() -> None:
    linear = np.array([0.40, 0.32, 0.20])
    rgb = np.zeros((60, 80, 3), np.uint8)
    rgb[20:40, 30:60] = srgb_codes(linear)
    found = calibrate_colour(Frame(frame_id="a", rgb=rgb), GreyPatch(box_xyxy_px=(32, 22, 58, 38)))
    assert found.grey_gains == pytest.approx((0.32 / 0.40, 1.0, 0.32 / 0.20), rel=0.02)  # 8-bit steps
    assert np.allclose(found.colour_matrix, np.diag(found.grey_gains))
    assert found.colour_error_delta_e is None
    corrected = apply_colour(rgb[30:31, 40:41], found.colour_matrix)[0, 0]
    assert np.ptp(corrected) < 1e-3


def grey_frame(code: tuple[int, int, int]) -> Frame:
    return Frame(frame_id="grey.png", rgb=np.full((60, 80, 3), code, np.uint8))


@pytest.mark.parametrize(
    ("frame", "box", "message"),
    [
        (grey_frame((120, 120, 120)), (0, 0, 7, 20), "at least 8 px a side inside 80 x 60"),
        (grey_frame((120, 120, 120)), (60, 0, 81, 20), "inside 80 x 60"),
        (grey_frame((252, 200, 200)), (0, 0, 20, 20), "overexposed"),
        (grey_frame((89, 80, 80)), (0, 0, 20, 20), "too dark"),
        (grey_frame((40, 160, 160)), (0, 0, 20, 20), "channel gains of 0.25 to 4"),
    ],
)
def test_a_bad_grey_patch_is_refused(frame: Frame, box: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        calibrate_colour(frame, GreyPatch(box_xyxy_px=box))


def test_levels_at_the_limits_are_taken() -> None:
    for code in ((251, 251, 251), (90, 90, 90)):
        assert calibrate_colour(grey_frame(code), GreyPatch(box_xyxy_px=(0, 0, 20, 20))).grey_gains[0] == 1.0


def test_an_uneven_grey_patch_is_refused() -> None:
    rgb = np.full((60, 80, 3), 120, np.uint8)
    rgb[:, 10:] = 180
    with pytest.raises(CalibrationError, match="uneven"):
        calibrate_colour(Frame(frame_id="a", rgb=rgb), GreyPatch(box_xyxy_px=(0, 0, 20, 20)))


def test_an_overexposed_or_dark_chart_is_refused() -> None:
    bright, centres = paint_chart(1.4 * np.eye(3))
    with pytest.raises(CalibrationError, match="overexposed"):
        calibrate_colour(bright, corners(centres))
    dark, centres = paint_chart(0.08 * np.eye(3))
    with pytest.raises(CalibrationError, match="too dark"):
        calibrate_colour(dark, corners(centres))


def test_glare_on_a_patch_is_refused() -> None:
    frame, centres = paint_chart(0.8 * np.eye(3))
    rgb = frame.rgb.copy()
    x, y = np.round(centres[0] + (centres[1] - centres[0]) * 0.4).astype(int)  # patch 3, half of it
    rgb[y - 12 : y + 12, x - 12 : x - 4] = 240
    with pytest.raises(CalibrationError, match=r"patch 3 of the card is uneven"):
        calibrate_colour(Frame(frame_id="glare.png", rgb=rgb), corners(centres))


def test_wrong_corners_are_refused() -> None:
    frame, centres = paint_chart(CAST)
    with pytest.raises(CalibrationError, match=r"chart\.png: expected corrected colours within 4"):
        calibrate_colour(frame, corners(centres + np.array([60.0, 45.0]) * 0.8))
    with pytest.raises(CalibrationError, match="outside the picture"):
        calibrate_colour(frame, corners(centres + 400))


def test_a_picture_without_a_card_is_refused() -> None:
    fruit = np.full((480, 640, 3), 90, np.uint8)
    cv2.circle(fruit, (300, 200), 120, (200, 40, 40), -1)
    with pytest.raises(CalibrationError, match="expected 24 squares of one size"):
        calibrate_colour(Frame(frame_id="apple.png", rgb=fruit), Chart24())


def test_a_board_is_not_taken_for_a_card() -> None:
    rng = np.random.default_rng(3)
    tiles = np.kron(rng.integers(30, 220, (6, 8, 3)), np.ones((50, 50, 1))).astype(np.uint8)
    tiles[::50] = tiles[:, ::50] = tiles[1::50] = tiles[:, 1::50] = 10
    with pytest.raises(CalibrationError):
        calibrate_colour(Frame(frame_id="tiles.png", rgb=tiles), Chart24())


def test_parse_card() -> None:
    assert parse_card("grey:10,20,50,60") == GreyPatch(box_xyxy_px=(10, 20, 50, 60))
    assert parse_card("chart24") == Chart24()
    assert parse_card("chart24:1,2,3,4,5,6,7,8.5").corners_xy_px == ((1, 2), (3, 4), (5, 6), (7, 8.5))
    for text in ("", "grey", "grey:1,2,3", "chart24:1,2,3", "chart24:a,b,c,d,e,f,g,h", "chart12"):
        with pytest.raises(CalibrationError, match="card: expected grey"):
            parse_card(text)
