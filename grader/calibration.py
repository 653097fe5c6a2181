"""What is known of one camera: mm per pixel, lens, colour. One JSON file a camera, schema `calibration/1`.

A calibration that does not fit the frame, is too old or was badly made is refused: a wrong scale grades every
fruit of the season wrong, and nobody sees it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.errors import CalibrationError
from grader.image_io import write_bytes
from grader.linear_light import light_of_levels
from grader.scale import STRAIGHT_DOWN, BeltScale, is_belt_normal
from grader.types import FloatArray, UInt8Array

SCHEMA = "calibration/1"
CALIBRATION_OLD = "calibration_old"

# Mounts creep and lamps fade over weeks: renew monthly; a season-old calibration proves nothing any more.
WARN_AFTER = timedelta(days=30)
REFUSE_AFTER = timedelta(days=365)
CLOCK_TOLERANCE = timedelta(days=1)
# A sharp board gives 0.1-0.4 px; 1 px on a fruit of 300 px is 0.3 mm, the most we accept from the lens.
MAX_REPROJECTION_ERROR_PX = 1.0
# Mean CIEDE2000 after the fit: two neighbours of a ground colour chart are some 5 apart.
MAX_COLOUR_ERROR_DELTA_E = 4.0
# A worse conditioned matrix amplifies camera noise by more than this along some colour.
MAX_COLOUR_CONDITION = 20.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """The calibration of one camera in one place; validated, arrays read-only.

    camera_id: name of the camera. created_at: UTC, of the geometry. colour_at: UTC, of the colour, or None.
    image_size_wh: (width, height) in px of every frame it holds for.
    camera_matrix: float64 (3, 3), px. distortion: float64 (5,), k1 k2 p1 p2 k3 as in OpenCV.
    reprojection_error_px: root mean square over all board corners.
    camera_height_mm: from the camera's centre to the belt along the optical axis.
    mm_per_px_belt: scale of the belt where the optical axis meets it: camera_height_mm / focal length in px.
    belt_tilt_deg: angle between the optical axis and the normal of the belt, 0 when it looks straight down.
    belt_normal: that normal as a unit vector in the camera's frame (x right, y down, z ahead), away from the camera. A
    file without it is read as straight down.
    colour_matrix: float64 (3, 3), linear camera RGB -> linear sRGB (D65); None: colours are taken as sRGB.
    colour_error_delta_e: mean CIEDE2000 over the card after correction; None without a card of known colours.
    grey_gains: linear gains of R, G, B that make a grey patch grey, green 1; None without.
    notes: names of what limits it.
    """

    camera_id: str
    created_at: datetime
    colour_at: datetime | None = None
    image_size_wh: tuple[int, int]
    camera_matrix: Matrix
    distortion: Matrix
    reprojection_error_px: float
    mm_per_px_belt: float
    camera_height_mm: float
    belt_tilt_deg: float
    belt_normal: tuple[float, float, float] = STRAIGHT_DOWN
    colour_matrix: Matrix | None = None
    colour_error_delta_e: float | None = None
    grey_gains: tuple[float, float, float] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.camera_id.strip()), "camera_id", "a name", self.camera_id)
        for name in ("created_at", "colour_at"):
            moment = getattr(self, name)
            _require(moment is None or moment.tzinfo is not None, name, "a time with its zone", moment)
        _require(min(self.image_size_wh) > 0, "image_size_wh", "two positive numbers", self.image_size_wh)
        _require_array("camera_matrix", self.camera_matrix, (3, 3))
        _require_array("distortion", self.distortion, (5,))
        focal = self.camera_matrix[0, 0], self.camera_matrix[1, 1]
        _require(min(focal) > 0, "camera_matrix", "positive focal lengths", focal)
        error = self.reprojection_error_px
        _require(
            0 <= error <= MAX_REPROJECTION_ERROR_PX,
            "reprojection_error_px",
            f"0 to {MAX_REPROJECTION_ERROR_PX} px (sharper pictures, a flat board, the right square size)",
            f"{error:.3g} px",
        )
        _require(0 < self.mm_per_px_belt < 100, "mm_per_px_belt", "over 0 and under 100", self.mm_per_px_belt)
        _require(0 < self.camera_height_mm < 1e5, "camera_height_mm", "0 to 1e5", self.camera_height_mm)
        _require(0 <= self.belt_tilt_deg < 80, "belt_tilt_deg", "0 to below 80", self.belt_tilt_deg)
        good = is_belt_normal(self.belt_normal)
        _require(good, "belt_normal", "a unit vector with z > 0", self.belt_normal)
        if self.colour_matrix is not None:
            _require_array("colour_matrix", self.colour_matrix, (3, 3))
            condition = float(np.linalg.cond(self.colour_matrix))
            _require(
                condition <= MAX_COLOUR_CONDITION,
                "colour_matrix",
                f"invertible with condition up to {MAX_COLOUR_CONDITION:g} (check the light and the card)",
                f"condition {condition:.3g}",
            )
            _require(self.colour_at is not None, "colour_at", "a time, as there is a colour_matrix", None)
        delta_e = self.colour_error_delta_e
        _require(
            delta_e is None or 0 <= delta_e <= MAX_COLOUR_ERROR_DELTA_E,
            "colour_error_delta_e",
            f"0 to {MAX_COLOUR_ERROR_DELTA_E:g} (no glare on the card, even light, fixed white balance)",
            delta_e,
        )

    def check(
        self,
        frame_hw: tuple[int, ...],
        now: datetime,
        *,
        warn_after: timedelta = WARN_AFTER,
        refuse_after: timedelta = REFUSE_AFTER,
    ) -> tuple[str, ...]:
        """Whether it may be used on a frame; gives quality flags (`calibration_old`), mostly none.

        Args:
            frame_hw: (height, width) of the frame in px. now: UTC.
            warn_after: flagged at this age and above. refuse_after: refused at this age and above.

        Raises:
            CalibrationError: made for another picture size, too old, or dated in the future.
        """
        height, width = frame_hw[:2]
        if (width, height) != self.image_size_wh:
            expected = "{} x {}".format(*self.image_size_wh)
            raise CalibrationError(
                f"calibration of {self.camera_id}: expected frames of {expected} px, got {width} x {height}; "
                "calibrate at the picture size that the line uses"
            )
        oldest = min(moment for moment in (self.created_at, self.colour_at) if moment is not None)
        age = now - oldest
        if age < -CLOCK_TOLERANCE:
            raise CalibrationError(
                f"calibration of {self.camera_id}: made at {oldest.isoformat()}, after now "
                f"({now.isoformat()}): set the clock of this computer"
            )
        if age >= refuse_after:
            raise CalibrationError(
                f"calibration of {self.camera_id}: expected at most {refuse_after.days} days old, it is "
                f"{age.days} days old; calibrate again"
            )
        return (CALIBRATION_OLD,) if age >= warn_after else ()

    @property
    def focal_px(self) -> float:
        """Focal length in px, the mean of both directions."""
        return float(self.camera_matrix[0, 0] + self.camera_matrix[1, 1]) / 2.0

    def mm_per_px_at(self, height_above_belt_mm: float) -> float:
        """Scale this far above the belt, on the optical axis: (camera height - height) / focal length.

        Raises:
            CalibrationError: the plane is not below the camera.
        """
        distance_mm = self.camera_height_mm - height_above_belt_mm
        if distance_mm <= 0:
            raise CalibrationError(
                f"calibration of {self.camera_id}: expected a height below the camera "
                f"({self.camera_height_mm:.0f} mm), got {height_above_belt_mm:.0f} mm"
            )
        return distance_mm / self.focal_px

    def scale(self) -> BeltScale:
        """What measuring sizes needs."""
        return BeltScale(
            mm_per_px_belt=self.mm_per_px_belt,
            camera_height_mm=self.camera_height_mm,
            principal_xy_px=(float(self.camera_matrix[0, 2]), float(self.camera_matrix[1, 2])),
            distortion=tuple(self.distortion.tolist()),
            belt_normal=self.belt_normal,
        )


def apply_colour(rgb: UInt8Array, matrix: Matrix | None) -> FloatArray:
    """Colours as they would be in daylight: uint8 (..., 3) sRGB-encoded -> float32 (..., 3) linear sRGB.

    Values may lie a little outside 0-1 where the skin's colour is outside sRGB; they are not clipped.
    matrix: float64 (3, 3), linear camera RGB -> linear sRGB; None leaves the colours as they are.
    """
    linear = light_of_levels().astype(np.float32)[rgb]
    if matrix is None:
        return linear
    return np.asarray(linear @ matrix.T.astype(np.float32), dtype=np.float32)


def save_calibration(calibration: Calibration, path: Path) -> None:
    """Write the file, whole or not at all. Raises OutputError."""
    content = {"schema": SCHEMA} | {
        field.name: _to_json(getattr(calibration, field.name)) for field in fields(calibration)
    }
    write_bytes(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())


def load_calibration(path: Path) -> Calibration:
    """Read a file that `save_calibration` wrote. Unknown, missing and impossible values are refused.

    Raises:
        CalibrationError: names the file and the field, says expected and actual.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise CalibrationError(f"{path}: expected a calibration file, cannot be read: {reason}") from exc
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        raise CalibrationError(f"{path}: expected schema {SCHEMA!r}, got {found!r}")
    names = {field.name for field in fields(Calibration)}
    unknown, missing = set(content) - names - {"schema"}, names - set(content) - {"belt_normal"}
    if unknown or missing:
        raise CalibrationError(f"{path}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    try:
        return _from_json(content)
    except CalibrationError as exc:
        raise CalibrationError(f"{path}: {exc}") from exc
    except (TypeError, ValueError, KeyError, AttributeError) as exc:
        raise CalibrationError(f"{path}: a value is of the wrong kind: {exc}") from exc


def _to_json(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _from_json(content: dict[str, object]) -> Calibration:
    values: dict[str, object] = {key: value for key, value in content.items() if key != "schema"}
    for key in ("created_at", "colour_at"):
        moment = values[key]
        values[key] = None if moment is None and key == "colour_at" else datetime.fromisoformat(str(moment))
    for key in ("camera_matrix", "distortion", "colour_matrix"):
        if values[key] is not None or key != "colour_matrix":
            values[key] = np.array(values[key], dtype=np.float64)
    for key in ("reprojection_error_px", "mm_per_px_belt", "camera_height_mm", "belt_tilt_deg"):
        values[key] = _number(key, values[key])
    if values["colour_error_delta_e"] is not None:
        values["colour_error_delta_e"] = _number("colour_error_delta_e", values["colour_error_delta_e"])
    values["image_size_wh"] = tuple(int(side) for side in _list("image_size_wh", values["image_size_wh"], 2))
    if values["grey_gains"] is not None:
        gains = _list("grey_gains", values["grey_gains"], 3)
        values["grey_gains"] = tuple(_number("grey_gains", gain) for gain in gains)
    normal = _list("belt_normal", values.get("belt_normal", list(STRAIGHT_DOWN)), 3)
    values["belt_normal"] = tuple(_number("belt_normal", part) for part in normal)
    notes = values["notes"]
    _require(isinstance(notes, list), "notes", "a list of names", notes)
    values["notes"] = tuple(str(note) for note in _list("notes", notes, None))
    _require(isinstance(values["camera_id"], str), "camera_id", "a name", values["camera_id"])
    return Calibration(**values)  # type: ignore[arg-type]


def _number(name: str, value: object) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    _require(good, name, "a number", value)
    return float(value)  # type: ignore[arg-type]


def _list(name: str, value: object, length: int | None) -> list[float]:
    good = isinstance(value, list) and (length is None or len(value) == length)
    _require(good, name, f"a list of {length}", value)
    return list(value)  # type: ignore[call-overload, no-any-return]


def _require(condition: bool, name: str, expected: str, actual: object) -> None:
    if not condition:
        raise CalibrationError(f"{name}: expected {expected}, got {actual}")


def _require_array(name: str, array: Matrix, shape: tuple[int, ...]) -> None:
    _require(array.shape == shape, name, f"an array of {shape}", array.shape)
    _require(bool(np.isfinite(array).all()), name, "finite numbers", array.tolist())
    array.setflags(write=False)
