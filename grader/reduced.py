"""What was measured on a reduced frame, in pixels of the frame itself."""

from __future__ import annotations

from dataclasses import replace

from grader.types import Box, FruitMeasurement


def in_frame_pixels(measurement: FruitMeasurement, times: float) -> FruitMeasurement:
    """The same with boxes and diameter as the frame with `times` as many pixels a side would give them.

    Values in mm and shares do not change: they were measured with the scale of the reduced frame.
    """
    return replace(
        measurement,
        box_xyxy_px=_enlarged(measurement.box_xyxy_px, times),
        size=replace(measurement.size, diameter_px=measurement.size.diameter_px * times),
        defects=tuple(
            replace(defect, box_xyxy_px=_enlarged(defect.box_xyxy_px, times))
            for defect in measurement.defects
        ),
        landmarks=tuple(
            replace(mark, box_xyxy_px=_enlarged(mark.box_xyxy_px, times)) for mark in measurement.landmarks
        ),
    )


def _enlarged(box: Box, times: float) -> Box:
    x0, y0, x1, y1 = (round(side * times) for side in box)
    return x0, y0, x1, y1
