"""The ellipsoid found from painted outlines, against the one that was painted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from grader.body_shape import fit_body, from_round, round_frames, to_round
from tests.turning_ball import ball_view, surface_of, turns

AXES = (1.2, 0.9, 0.8)


def outline_of(body: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """What a far camera sees of an ellipsoid x^T Q^-1 x = 1, 60 px a unit."""
    seen = np.linalg.inv((turn @ body @ turn.T)[:2, :2])
    x, y = np.meshgrid(*[(np.arange(180) - 89.5) / 60] * 2)
    mask = seen[0, 0] * x * x + 2 * seen[0, 1] * x * y + seen[1, 1] * y * y <= 1
    view = ball_view(np.eye(3))
    blank = np.zeros((180, 180), np.uint8)
    return surface_of(
        replace(
            view,
            rgb=np.zeros((180, 180, 3), np.uint8),
            mask=mask,
            surface=mask.view(np.uint8).copy(),
            confidence=blank.astype(np.float32),
            net_cover=blank.astype(np.float32),
            box_xyxy_px=(0, 0, 180, 180),
            frame_hw=(180, 180),
        )
    ).outline


def test_a_turning_ellipsoid_is_found_from_its_outlines() -> None:
    start = turns((1.0, 2.0, 0.5), 40.0, 2)[1]
    body = start @ np.diag(np.square(AXES)) @ start.T
    rotations = turns((0.0, 1.0, 0.0), 36.0, 10)
    found = np.sqrt(np.linalg.eigvalsh(fit_body([outline_of(body, turn) for turn in rotations], rotations)))
    assert found / found[0] == pytest.approx(np.array(sorted(AXES)) / min(AXES), rel=0.04)


def test_what_no_view_shows_is_taken_for_round() -> None:
    (width, height, depth) = np.linalg.eigvalsh(
        fit_body([outline_of(np.eye(3), np.eye(3))], np.eye(3)[np.newaxis])
    )
    assert (width, height, depth) == pytest.approx((1, 1, 1), abs=0.02)


def test_frames_draw_the_ball_to_the_body() -> None:
    body = np.diag(np.square(AXES))
    rotations = turns((1.0, 1.0, 0.0), 30.0, 3)
    frames = round_frames(body, rotations)
    for frame, turn in zip(frames, rotations, strict=True):
        assert np.allclose(frame @ frame.T, turn @ body @ turn.T)
        assert np.allclose(frame, np.tril(frame))


def test_the_disc_of_the_ball_and_of_the_view_keep_the_outline() -> None:
    frame = round_frames(np.diag(np.square(AXES)), turns((1.0, 1.0, 0.0), 30.0, 2))[1]
    angles = np.linspace(0, 6, 40)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert np.allclose(np.linalg.norm(from_round(rim, frame), axis=1), 1, atol=1e-5)
    assert np.allclose(to_round(from_round(rim * np.float32(0.6), frame), frame), rim * 0.6, atol=1e-5)
