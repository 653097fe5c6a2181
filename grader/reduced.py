"""A part of a frame in fewer pixels: its scale, and what was measured on it in pixels of the frame itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grader.scale import BeltScale, Scale
from grader.types import Box, FruitMeasurement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReducedPart:
    """Where a reduced picture lies in its frame.

    left_px, top_px: its first border in pixels of the frame; outside of the frame where negative. times: pixels of the
    frame per pixel of it, > 0.
    """

    left_px: float = 0.0
    top_px: float = 0.0
    times: float = 1.0

    def of_frame(self, times: float) -> ReducedPart:
        """The same where the frame is itself a larger one with so many times fewer pixels a side."""
        return ReducedPart(left_px=self.left_px * times, top_px=self.top_px * times, times=self.times * times)

    def scale(self, scale: Scale | BeltScale | None) -> Scale | BeltScale | None:
        """The scale of the frame for the pixels of this part."""
        if scale is None:
            return None
        if isinstance(scale, Scale):
            return Scale(mm_per_px=scale.mm_per_px * self.times)
        x, y = scale.principal_xy_px
        return replace(
            scale,
            mm_per_px_belt=scale.mm_per_px_belt * self.times,
            principal_xy_px=(
                (x + 0.5 - self.left_px) / self.times - 0.5,
                (y + 0.5 - self.top_px) / self.times - 0.5,
            ),
        )

    def box(self, box: Box) -> Box:
        """A half-open box of pixels of this part as a box of the frame, to whole pixels."""
        x0, y0, x1, y1 = box
        return (
            round(self.left_px + x0 * self.times),
            round(self.top_px + y0 * self.times),
            round(self.left_px + x1 * self.times),
            round(self.top_px + y1 * self.times),
        )

    def in_frame(self, measurement: FruitMeasurement) -> FruitMeasurement:
        """The same with boxes and diameter in pixels of the frame.

        Values in mm and shares do not change: they were measured with the scale of this part.
        """
        size = replace(measurement.size, diameter_px=measurement.size.diameter_px * self.times)
        return replace(
            measurement,
            box_xyxy_px=self.box(measurement.box_xyxy_px),
            size=size,
            defects=tuple(replace(one, box_xyxy_px=self.box(one.box_xyxy_px)) for one in measurement.defects),
            landmarks=tuple(
                replace(one, box_xyxy_px=self.box(one.box_xyxy_px)) for one in measurement.landmarks
            ),
        )
