"""What a figure has to reach, and what it aims at: read by the report and by the page of a model."""

from __future__ import annotations

from dataclasses import dataclass

from training.statistics import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Limits in the unit of the figure, fractions 0-1.

    larger_is_better: the figure has to be at least `reach`; else at most. around: the value to be near to; `reach` and
    `aim` are then the greatest distances from it.
    """

    reach: float
    aim: float
    larger_is_better: bool
    around: float | None = None

    def met_by(self, value: float) -> bool:
        """The value is good enough; exactly at the limit is."""
        if self.around is not None:
            return abs(value - self.around) <= self.reach + 1e-12
        return value >= self.reach if self.larger_is_better else value <= self.reach


def _at_least(reach: float, aim: float) -> Goal:
    return Goal(reach=reach, aim=aim, larger_is_better=True)


def _at_most(reach: float, aim: float) -> Goal:
    return Goal(reach=reach, aim=aim, larger_is_better=False)


GOALS: dict[str, Goal] = {
    "defect_iou": _at_least(0.86, 0.93),
    "false_alarm": _at_most(0.05, 0.01),
    "false_alarm_all": _at_most(0.02, 0.003),
    "apple_count_exact": _at_least(0.90, 0.99),
    "outline_iou_melo04": _at_least(0.95, 0.97),
    "sim_outline_iou": _at_least(0.97, 0.99),
    "crop_right": _at_least(0.95, 0.99),
    "diameter_cv_nekoder": _at_most(0.02, 0.01),
    "diameter_error_ecustfd_fruit": _at_most(0.04, 0.02),
    "sim_diameter_rmse_mm": _at_most(1.0, 0.4),
    "sim_blush_error": _at_most(0.05, 0.02),
    "sim_defect_area_error": _at_most(0.20, 0.08),
    "sim_cavity_called_defect": _at_most(0.02, 0.003),
    "worst_defect_right": _at_least(0.85, 0.95),
    "normal_rotten_ap50": _at_least(0.85, 0.95),
    "sim_defects_found_under_25_mm2": _at_least(0.75, 0.90),
    "sim_defects_found_25_to_100_mm2": _at_least(0.95, 0.99),
    "sim_class_calibration_error_1_view": _at_most(0.03, 0.01),
    "sim_class_calibration_error_10_views": _at_most(0.03, 0.01),
    "sim_intervals_hold_truth": Goal(reach=0.03, aim=0.01, larger_is_better=True, around=0.95),
    "sim_class_flips": _at_most(0.03, 0.01),
    "sim_turning_count_right_network": _at_least(0.95, 0.99),
    "sim_turning_area_error_network": _at_most(0.15, 0.06),
    "sim_turning_same_class_same_lane_network": _at_least(0.97, 0.995),
    "sim_turning_same_class_other_lane_network": _at_least(0.93, 0.98),
    "diameter_left_out_nekoder": _at_most(0.01, 0.005),
}
"""What a release wants to reach, and what it aims at."""


def state_of(figure: Figure) -> str:
    """`met` or `missed` against the goal, by the value; `none` without a goal or without a value."""
    goal = GOALS.get(figure.name)
    if goal is None or figure.n == 0:
        return "none"
    return "met" if goal.met_by(figure.value) else "missed"
