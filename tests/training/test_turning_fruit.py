"""What is true of a turning fruit, on one small apple rendered once."""

from __future__ import annotations

import numpy as np
import pytest

from grader.turn import prior_views
from grader.types import DefectKind, SurfaceClass
from training.simulator import DefectSpec, Rendered, fruit_of_views, render_views
from training.true_masks import measure_true, true_view
from training.turning_fruit import _near_groups, rollers_prior, step_errors_deg, true_patches, true_rotations

BRUISE = DefectSpec(kind=DefectKind.BRUISE, area_mm2=300.0, direction=(1.0, 0.2, 0.0), seed=4)
MM = 0.7


@pytest.fixture(scope="module")
def pictures() -> list[Rendered]:
    return render_views(
        7, views=4, size_hw=(160, 160), mm_per_px=MM, sound=True, defects=(BRUISE,), variety="fuji"
    )


def test_patches_are_the_blemishes_that_some_view_shows(pictures: list[Rendered]) -> None:
    fruit = fruit_of_views(7, sound=True, defects=(BRUISE,), variety="fuji")
    rotations = true_rotations(pictures)
    patches = true_patches(fruit, rotations)
    assert patches[0].kind is SurfaceClass.BRUISE
    everywhere = true_patches(
        fruit, np.concatenate([rotations, rotations[:, (1, 2, 0)], rotations[:, (2, 0, 1)]])
    )
    assert sum(patch.area_mm2 for patch in everywhere) == pytest.approx(300.0, rel=0.06)
    behind = rotations[:1].copy()
    behind[0, 2] = np.array(BRUISE.direction) / np.linalg.norm(
        BRUISE.direction
    )  # its depth axis: away from us
    assert true_patches(fruit, behind) == ()


def test_fragments_that_lie_close_are_one_blemish() -> None:
    line = np.column_stack([np.arange(0, 20, 0.5), np.zeros(40), np.zeros(40)])
    assert len(set(_near_groups(line[:20], 1.5))) == 1
    assert len(set(_near_groups(np.vstack([line[:10], line[26:]]), 1.5))) == 2


def test_the_rollers_are_a_little_wrong(pictures: list[Rendered]) -> None:
    priors = [rollers_prior(pictures, seed) for seed in range(40)]
    turns = [prior.turn(1.0, 40.0) for prior in priors]
    errors = np.array(
        [step_errors_deg(prior_views(turn, range(4)), pictures).mean() for turn in turns if turn is not None]
    )
    assert len(errors) == 40
    assert 2.0 < errors.mean() < 8.0  # 5 % of 90 degrees, and the axis
    assert rollers_prior(pictures, 3) == priors[3]
    true = true_rotations(pictures)
    assert step_errors_deg(true @ true[0].T, pictures) == pytest.approx(0.0, abs=0.05)


def test_true_masks_measure_as_a_perfect_network_would(pictures: list[Rendered]) -> None:
    view = true_view(pictures[0])
    assert view.mask.sum() == (pictures[0].instance == 1).sum()
    assert (view.surface[~view.mask] == 0).all()
    measured = measure_true(pictures, MM, rollers_prior(pictures, 1))
    assert measured.view_count == 4
    assert [defect.kind for defect in measured.defects] == [DefectKind.BRUISE]
