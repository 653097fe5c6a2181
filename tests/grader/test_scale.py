"""Scale at a fruit: balls on a belt, seen through bent lenses and from tilted cameras, by exact geometry."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from grader.scale import NO_DISTORTION, BeltScale, Scale, face_camera, faced_mm_per_px, outline_mm_per_px

FOCAL_PX, HEIGHT_MM, RADIUS_MM = 1000.0, 700.0, 40.0
PRINCIPAL = (640.0, 480.0)
BARREL = (-0.25, 0.06, 0.0008, -0.0005, 0.0)


def belt(
    distortion: tuple[float, ...] = NO_DISTORTION, tilt_deg: tuple[float, float] = (0.0, 0.0)
) -> BeltScale:
    """Camera over a belt that is tilted about x and y."""
    normal = cv2.Rodrigues(np.radians([*tilt_deg, 0.0]))[0] @ [0.0, 0.0, 1.0]
    return BeltScale(
        mm_per_px_belt=HEIGHT_MM / FOCAL_PX,
        camera_height_mm=HEIGHT_MM,
        principal_xy_px=PRINCIPAL,
        distortion=distortion,
        belt_normal=tuple(normal.tolist()),
    )


def silhouette(scale: BeltScale, towards_xy: tuple[float, float]) -> tuple[np.ndarray, tuple[float, float]]:
    """Outline in px, (N, 2), of a ball on the belt, and its middle. towards_xy: direction of that middle at z = 1."""
    normal = np.array(scale.belt_normal)
    towards = np.array([*towards_xy, 1.0])
    middle = towards * (HEIGHT_MM * normal[2] - RADIUS_MM) / (towards @ normal)
    distance = np.linalg.norm(middle)
    ahead = middle / distance
    side = np.cross(ahead, [0.0, 1.0, 0.0])
    side /= np.linalg.norm(side)
    sine = RADIUS_MM / distance
    turn = np.linspace(0, 2 * np.pi, 256, endpoint=False)[:, np.newaxis]
    around = np.cos(turn) * side + np.sin(turn) * np.cross(ahead, side)
    rays = np.sqrt(1 - sine**2) * ahead + sine * around
    matrix = np.array([[FOCAL_PX, 0, PRINCIPAL[0]], [0, FOCAL_PX, PRINCIPAL[1]], [0, 0, 1]])
    seen, _ = cv2.projectPoints(
        np.vstack([rays, ahead]), np.zeros(3), np.zeros(3), matrix, np.array(scale.distortion)
    )
    points = seen.reshape(-1, 2)
    return points[:-1], (float(points[-1, 0]), float(points[-1, 1]))


@pytest.mark.parametrize("towards_xy", [(0.0, 0.0), (0.3, 0.0), (-0.25, 0.3), (0.0, -0.35)])
@pytest.mark.parametrize("distortion", [NO_DISTORTION, BARREL])
@pytest.mark.parametrize("tilt_deg", [(0.0, 0.0), (12.0, -8.0)])
def test_a_ball_anywhere_on_the_belt_has_its_true_diameter(
    towards_xy: tuple[float, float], distortion: tuple[float, ...], tilt_deg: tuple[float, float]
) -> None:
    scale = belt(distortion, tilt_deg)
    outline, middle = silhouette(scale, towards_xy)
    radii = np.linalg.norm(face_camera(outline, middle, scale), axis=1)
    assert np.ptp(radii) < 0.01
    assert faced_mm_per_px(scale, middle, 2 * radii.mean()) * radii.mean() == pytest.approx(
        RADIUS_MM, rel=1e-4
    )
    seen_px = float(np.linalg.norm(outline - outline.mean(axis=0), axis=1).mean())
    assert outline_mm_per_px(scale, middle, 2 * seen_px) * seen_px == pytest.approx(RADIUS_MM, rel=0.004)


def test_without_the_lens_and_the_tilt_the_same_ball_would_be_percents_off() -> None:
    outline, middle = silhouette(belt(BARREL, (12.0, -8.0)), (-0.25, 0.3))
    plain = belt()
    radius_px = float(np.linalg.norm(face_camera(outline, middle, plain), axis=1).mean())
    assert abs(faced_mm_per_px(plain, middle, 2 * radius_px) * radius_px / RADIUS_MM - 1) > 0.05


def test_on_the_axis_it_is_the_formula_of_the_sphere() -> None:
    s = RADIUS_MM / (HEIGHT_MM - RADIUS_MM)
    diameter_px = 2 * FOCAL_PX * s / np.sqrt(1 - s * s)
    assert outline_mm_per_px(belt(), PRINCIPAL, diameter_px) * diameter_px == pytest.approx(2 * RADIUS_MM)
    assert outline_mm_per_px(Scale(mm_per_px=0.35), (0.0, 0.0), 10.0) == 0.35


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_scales_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="mm_per_px must be > 0"):
        Scale(mm_per_px=value)
    with pytest.raises(ValueError, match="mm_per_px_belt must be > 0"):
        BeltScale(mm_per_px_belt=value, camera_height_mm=1.0, principal_xy_px=(0.0, 0.0))
    with pytest.raises(ValueError, match="camera_height_mm must be > 0"):
        BeltScale(mm_per_px_belt=1.0, camera_height_mm=value, principal_xy_px=(0.0, 0.0))


@pytest.mark.parametrize("normal", [(0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (0.0, 0.3, 1.0)])
def test_a_normal_that_is_none_is_refused(normal: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="belt_normal must be a unit vector"):
        BeltScale(mm_per_px_belt=1.0, camera_height_mm=1.0, principal_xy_px=(0.0, 0.0), belt_normal=normal)
