"""Whether a fruit keeps its class when the light changes after the calibration: dimmer, warmer, cooler."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from grader.grade_command import index_mask
from grader.pipeline import GradedFruit, GradeOptions
from grader.types import Crop, Frame
from training.case_pictures import light_pictures
from training.class_answers import NOT_FOUND
from training.grade_suite import ViewsGrader
from training.light_change import NEUTRAL_K, Gains, change_light, temperature_gains
from training.simulator import Rendered, render_spec
from training.simulator.camera import distance_for_scale
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator.place import as_rotation, random_fruit, random_ground, random_rotation
from training.simulator.spec import CameraSpec, PlacedFruit, SceneSpec
from training.simulator.studio import STUDIO_LENS, STUDIO_LIGHT
from training.simulator_suite import MM_PER_PX, mean
from training.statistics import Figure, bootstrap
from training.worst_cases import Shown, WorstCases

FIRST_CAST_SEED = FIRST_HELD_OUT_SEED + 60_000_000
SHIFT_K = 600.0
DIMMER = 0.8
CASTS: dict[str, Gains] = {
    "dimmer": (DIMMER, DIMMER, DIMMER),
    "warmer": temperature_gains(NEUTRAL_K - SHIFT_K),
    "cooler": temperature_gains(NEUTRAL_K + SHIFT_K),
}


def draw_neutral(seed: int) -> Rendered:
    """One random apple in random pose under neutral light and a camera without a cast; two of three have defects."""
    rng = np.random.default_rng((seed, 72))
    spec = random_fruit(rng, Crop.APPLE, sound=seed % 3 == 0)
    radius = spec.equatorial_diameter_mm / 2
    focal = float(rng.uniform(900, 2200))
    height = 1.1 * radius
    camera = CameraSpec(
        focal_px=focal,
        distance_mm=distance_for_scale(MM_PER_PX, radius, focal),
        look_at_mm=(0.0, 0.0, height),
    )
    placed = PlacedFruit(fruit=spec, rotation=as_rotation(random_rotation(rng)), centre_mm=(0.0, 0.0, height))
    return render_spec(
        SceneSpec(
            seed=seed,
            preset="neutral",
            size_hw=(480, 640),
            fruits=(placed,),
            camera=camera,
            light=STUDIO_LIGHT,
            ground=random_ground(rng, ("belt", "rollers", "cups", "dark")),
            lens=STUDIO_LENS,
        )
    )


class CastSuite:
    """Grades `count` simulated apples as they are and under every cast, without telling the grader.

    draw: seed -> the picture of one apple under the light the camera was calibrated for.
    """

    def __init__(
        self,
        grader: ViewsGrader,
        count: int,
        draw: Callable[[int], Rendered] = draw_neutral,
        worst: WorstCases | None = None,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self.worst = worst or WorstCases()

    def figures(self) -> Iterator[Figure]:
        """Share of fruit whose class flips, by cast and of all casts together. Not to be found is a class here."""
        flips: dict[str, list[tuple[float, ...]]] = {name: [] for name in CASTS}
        for seed in range(FIRST_CAST_SEED, FIRST_CAST_SEED + self.count):
            frame = Frame(frame_id=f"simulated {seed}", rgb=self.draw(seed).rgb)
            before = self._graded(frame)
            for name, gains in CASTS.items():
                changed = replace(frame, rgb=change_light(frame.rgb, gains))
                after = self._graded(changed)
                flipped = _class(before) != _class(after)
                flips[name].append((float(flipped),))
                if flipped:
                    self._offer(name, (frame, changed), (before, after))
        for name, rows in flips.items():
            yield bootstrap(f"sim_class_flips_{name}", [[row] for row in rows], mean, "share")
        together = [list(rows) for rows in zip(*flips.values(), strict=True)]
        yield bootstrap("sim_class_flips", together, mean, "share")

    def _graded(self, frame: Frame) -> GradedFruit:
        return self.grader.grade_views([frame], GradeOptions(mm_per_px=MM_PER_PX))

    def _offer(self, cast: str, frames: tuple[Frame, Frame], graded: tuple[GradedFruit, GradedFruit]) -> None:
        before, after = (one.record for one in graded)
        sure = 0.0 if before is None else before.grade.confidence
        self.worst.offer(
            "sim_class_flips",
            frames[0].frame_id,
            0.01 + sure + (0.0 if after is None else after.grade.confidence),
            {"cast": cast, "before": _class(graded[0]), "after": _class(graded[1]), "confidence": sure},
            lambda: _shown(frames, graded),
        )


def _class(graded: GradedFruit) -> str:
    return NOT_FOUND if graded.record is None else graded.record.grade.grade_class


def _shown(frames: tuple[Frame, Frame], graded: tuple[GradedFruit, GradedFruit]) -> Shown:
    masks = [
        index_mask(one.frames[0]) if one.frames else np.zeros(frame.rgb.shape[:2], np.uint8)
        for frame, one in zip(frames, graded, strict=True)
    ]
    return light_pictures(frames[0].rgb, frames[1].rgb, (masks[0], masks[1]))
