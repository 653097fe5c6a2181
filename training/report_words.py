"""What the report says, in English and in Chinese: names of figures, and why a picture is among the worst."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.overlay_words import LANGUAGES, class_text, kind_text
from grader.types import Crop, DefectKind
from training.class_answers import NOT_FOUND
from training.worst_cases import Fact

Words = tuple[str, str]
"""The same in English and in Chinese."""

TITLES: dict[str, Words] = {
    "defect_iou": ("Rot outlined: overlap with hand-drawn masks", "腐烂轮廓与人工标注的重叠率"),
    "defect_iou_rot_masks_aabdurrauf": ("… photographs of the set aabdurrauf", "… 数据集 aabdurrauf"),
    "defect_iou_rot_masks_melo04": ("… photographs of the set melo04", "… 数据集 melo04"),
    "false_alarm_kayseri": (
        "Sound apples blamed: studio, 20 varieties and more",
        "完好苹果被误判：影棚多品种",
    ),
    "false_alarm_turntable": ("Sound apples blamed: on a turntable", "完好苹果被误判：转台"),
    "false_alarm": ("Sound apples blamed: studio and turntable", "完好苹果被误判：影棚与转台"),
    "false_alarm_shop_apples": ("Sound apples blamed: in shops", "完好苹果被误判：商店"),
    "false_alarm_shop_melons": ("Sound melons blamed: in shops", "完好甜瓜被误判：商店"),
    "false_alarm_all": ("Sound fruit blamed for a defect: all photographs", "完好果被误判有缺陷：全部照片"),
    "apple_count_exact": ("Scenes in which every apple is counted", "苹果数量完全正确的场景"),
    "other_produce_left_alone": ("Oranges and bananas left alone", "橙子和香蕉未被误认"),
    "outline_iou_melo04": (
        "Outline of the fruit: overlap with hand-drawn masks",
        "果实轮廓与人工标注的重叠率",
    ),
    "crop_right_apple": ("Apples called apples", "苹果识别正确"),
    "crop_right_melon": ("Melons called melons", "甜瓜识别正确"),
    "crop_right_neither": ("Other produce called neither", "其他果蔬未被误认"),
    "crop_right": ("Kind of produce right", "果蔬种类识别正确"),
    "diameter_cv_nekoder": ("Diameter: spread over the views of one apple", "直径：同一苹果各视角的离散度"),
    "diameter_error_ecustfd_fruit": (
        "Diameter error per apple, a coin as scale",
        "直径误差（硬币作比例尺，每果）",
    ),
    "diameter_error_ecustfd_picture": ("… of one picture", "… 每张照片"),
    "diameter_error_ecustfd_naive": ("… without the height of the fruit", "… 未校正果高"),
    "worst_defect_right": (
        "Worst defect named rightly: rot, scab or blotch, none",
        "主要缺陷判断正确：腐烂／黑星或斑／无",
    ),
    "normal_rotten_ap50": ("Normal and rotten apples found and told apart", "正常果与腐烂果的检出与区分"),
    "sim_fruit_found": ("Apples found", "苹果被找到"),
    "sim_outline_iou": ("Outline: overlap with the truth", "轮廓与真值的重叠率"),
    "sim_diameter_rmse_mm": ("Diameter error (root mean square)", "直径误差（均方根）"),
    "sim_diameter_bias_mm": ("Diameter: too large (+) or too small (-) on average", "直径平均偏差"),
    "sim_diameter_interval_holds_truth": (
        "True diameter inside the stated interval",
        "真实直径落在给出区间内",
    ),
    "sim_ring_diameter_mm_interval_holds_truth": (
        "True ring diameter inside the stated interval",
        "真实环径落在给出区间内",
    ),
    "sim_length_mm_interval_holds_truth": (
        "True length inside the stated interval",
        "真实果高落在给出区间内",
    ),
    "sim_volume_cm3_interval_holds_truth": (
        "True volume inside the stated interval",
        "真实体积落在给出区间内",
    ),
    "sim_intervals_hold_truth": (
        "True sizes inside their stated 95 % intervals",
        "真实尺寸落在给出的 95 % 区间内",
    ),
    "sim_blush_error": ("Error of the blush, points of the surface", "着色面积误差（占果面）"),
    "sim_defect_area_error": ("Relative error of the defect area, mean", "缺陷面积相对误差（均值）"),
    "sim_defect_area_error_median": (
        "Relative error of the defect area, median",
        "缺陷面积相对误差（中位数）",
    ),
    "sim_defects_found_under_25_mm2": ("Defects found: under 25 mm²", "缺陷检出：25 mm² 以下"),
    "sim_defects_found_25_to_100_mm2": ("Defects found: 25 to 100 mm²", "缺陷检出：25–100 mm²"),
    "sim_defects_found_over_100_mm2": ("Defects found: over 100 mm²", "缺陷检出：100 mm² 以上"),
    "sim_called_defects_right": ("Called defects that are one", "所报缺陷确为缺陷"),
    "sim_found_defects_named_rightly": ("Found defects with the right name", "检出缺陷名称正确"),
    "sim_cavity_called_defect": ("Sound apples with a cavity called a defect", "梗洼或萼洼被误判为缺陷"),
    "sim_melon_found": ("Melons found", "甜瓜被找到"),
    "sim_melon_called_melon": ("Melons called melons", "甜瓜识别正确"),
    "sim_melon_accused": ("Sound melons blamed for a defect", "完好甜瓜被误判有缺陷"),
    "sim_melon_outline_iou": ("Melons, outline: overlap with the truth", "甜瓜轮廓与真值的重叠率"),
    "sim_melon_diameter_rmse_mm": ("Melons, diameter error (root mean square)", "甜瓜直径误差（均方根）"),
    "sim_melon_length_rmse_mm": ("Melons, length error (root mean square)", "甜瓜长度误差（均方根）"),
    "sim_melon_netting_error": ("Melons, error of the netted share of skin", "甜瓜网纹占比误差"),
    "sim_false_defects_apple": ("False defects per sound apple", "每个完好苹果的误报数"),
    "sim_false_defects_melon": ("False defects per sound melon", "每个完好甜瓜的误报数"),
    "sim_false_defects": ("False defects per sound fruit", "每个完好果的误报数"),
    "sim_class_flips": ("Class changes when the light changes: all three", "光线变化后等级改变：三种合计"),
    "sim_class_flips_dimmer": ("… light 20 % dimmer", "… 光线暗 20 %"),
    "sim_class_flips_warmer": ("… light 600 K warmer", "… 色温低 600 K"),
    "sim_class_flips_cooler": ("… light 600 K cooler", "… 色温高 600 K"),
    "sim_turning_count_right_network": ("Ten views: number of defects right", "十个视角：缺陷个数正确"),
    "sim_turning_area_error_network": (
        "Ten views: relative error of the defect area",
        "十个视角：缺陷面积相对误差",
    ),
    "sim_turning_same_class_same_lane_network": (
        "Same fruit again, same lane: same class",
        "同果复测（同道）：等级一致",
    ),
    "sim_turning_same_class_other_lane_network": (
        "Same fruit again, other lane: same class",
        "同果复测（异道）：等级一致",
    ),
    "diameter_left_out_nekoder": (
        "Diameter of real apples when one view is left out: spread",
        "实拍苹果去掉任一视角后果径的离散度",
    ),
}
"""Of figures that do not depend on the number of views."""

BY_VIEWS: dict[str, Words] = {
    "sim_class_right": ("Class right", "等级正确"),
    "sim_class_calibration_error": (
        "Stated confidence off by (expected calibration error)",
        "置信度校准误差",
    ),
    "sim_defective_accepted": ("Rejects that were accepted", "等外果被放行"),
    "sim_good_rejected": ("Good fruit that was rejected", "好果被判等外"),
    "sim_class_right_without_review": ("Class right where no person is asked", "无需复核时等级正确"),
    "sim_aurc": ("Area under the risk-coverage curve", "风险–覆盖曲线下面积"),
    "sim_graded_alone": ("Fruit graded without asking a person", "无需人工复核的果实"),
    "sim_wrong_when_alone": ("Class wrong where no person is asked", "无需复核时等级错误"),
}
VIEWS: dict[str, Words] = {"1_view": ("one view", "单视角"), "10_views": ("ten views", "十视角")}

PLACES: dict[str, Words] = {
    "stem": ("stem", "果梗"),
    "calyx": ("calyx", "萼部"),
    "glare": ("glare", "反光"),
    "rim": ("rim", "边缘"),
    "net": ("net", "网纹"),
    "elsewhere": ("elsewhere", "其他部位"),
}
TERMS: dict[str, Words] = {
    **PLACES,
    **{str(kind): (kind_text(kind, "en"), kind_text(kind, "zh")) for kind in DefectKind},
    **{
        name: (class_text(name, "en"), class_text(name, "zh"))
        for name in ("extra", "I", "II", "reject", "ungraded")
    },
    "marketable": ("marketable (as a melon)", "合格（按甜瓜）"),
    NOT_FOUND: ("not found", "未找到"),
    str(Crop.APPLE): ("apple", "苹果"),
    str(Crop.MELON): ("melon", "甜瓜"),
    "nothing": ("nothing", "无"),
    "sound": ("sound", "完好"),
    "blotch": ("scab or blotch", "黑星或斑"),
    "dimmer": ("20 % dimmer", "暗 20 %"),
    "warmer": ("600 K warmer", "色温低 600 K"),
    "cooler": ("600 K cooler", "色温高 600 K"),
    "under_25_mm2": ("under 25 mm²", "25 mm² 以下"),
    "25_to_100_mm2": ("25 to 100 mm²", "25–100 mm²"),
    "over_100_mm2": ("over 100 mm²", "100 mm² 以上"),
}
"""Words that stand in facts and heads of tables."""

_MISSED: Words = ("{kind} of {area_mm2:.0f} mm² was not found", "未检出 {area_mm2:.0f} mm² 的{kind}")
_BLAMED: Words = ("{share:.1%} of the skin is called a defect", "{share:.1%} 的果面被误判为缺陷")
_ACCUSED: Words = (
    "{share:.1%} of a sound fruit is called {kinds} ({dataset})",
    "完好果面的 {share:.1%} 被判为{kinds}（{dataset}）",
)
_OUTLINE: Words = ("overlap with the truth {iou:.2f}", "与真值的重叠率 {iou:.2f}")
_CLASS: Words = (
    "true: {true_en}; called: {called_en}; confidence {confidence:.0%}",
    "真实：{true_zh}；判为：{called_zh}；置信度 {confidence:.0%}",
)
_FALSE: Words = ("{place}: {area_mm2:.0f} mm² called {kind}", "{place}：{area_mm2:.0f} mm² 被误判为{kind}")
WHY: dict[str, Words] = {
    "defect_iou": (
        "overlap {iou:.2f}: {missed:.0%} of the rot is missed, {extra:.0%} of what is called lies beside it",
        "重叠率 {iou:.2f}：漏检 {missed:.0%}，误报 {extra:.0%}",
    ),
    "false_alarm": _ACCUSED,
    "false_alarm_all": _ACCUSED,
    "outline_iou_melo04": _OUTLINE,
    "apple_count_exact": (
        "{true:.0f} apples, {called:.0f} counted",
        "实有 {true:.0f} 个苹果，数得 {called:.0f} 个",
    ),
    "crop_right": ("{true}, called {called}", "实为{true}，判为{called}"),
    "worst_defect_right": (
        "true: {true}; called: {called}; defects on {share:.1%} of the skin",
        "真实：{true}；判为：{called}；缺陷占果面 {share:.1%}",
    ),
    "normal_rotten_ap50": (
        "{true_normal:.0f} normal and {true_rotten:.0f} rotten; called {called_normal:.0f} normal and "
        "{called_rotten:.0f} rotten",
        "实有正常 {true_normal:.0f}、腐烂 {true_rotten:.0f}；判为正常 {called_normal:.0f}、腐烂 {called_rotten:.0f}",
    ),
    "sim_outline_iou": _OUTLINE,
    "sim_diameter_rmse_mm": (
        "{called:.1f} mm ({low:.1f} to {high:.1f}) for {true:.1f} mm",
        "测得 {called:.1f} mm（{low:.1f}–{high:.1f}），真实 {true:.1f} mm",
    ),
    "sim_blush_error": ("blush {called:.0%} for {true:.0%}", "着色测得 {called:.0%}，真实 {true:.0%}"),
    "sim_defects_found_under_25_mm2": _MISSED,
    "sim_defects_found_25_to_100_mm2": _MISSED,
    "sim_defects_found_over_100_mm2": _MISSED,
    "sim_called_defects_right": (
        "{area_mm2:.0f} mm² called {kind} where nothing is",
        "无缺陷处 {area_mm2:.0f} mm² 被判为{kind}",
    ),
    "sim_cavity_called_defect": _BLAMED,
    "sim_melon_accused": _BLAMED,
    "sim_melon_diameter_rmse_mm": (
        "{called:.1f} mm for {true:.1f} mm",
        "测得 {called:.1f} mm，真实 {true:.1f} mm",
    ),
    "sim_false_defects_apple": _FALSE,
    "sim_false_defects_melon": _FALSE,
    "sim_class_right_1_view": _CLASS,
    "sim_class_right_10_views": _CLASS,
    "sim_class_flips": (
        "{before} becomes {after} when the light is {cast} (confidence before {confidence:.0%})",
        "光线{cast}时由{before}变为{after}（此前置信度 {confidence:.0%}）",
    ),
}
"""The line below a picture, by figure; the braces are facts of `WorstCase`."""


_PERCENT = re.compile(r"(?<=\d)%")


def title_of(figure: str) -> Words:
    """What a figure is called for people; one without a title keeps its name."""
    if figure in TITLES:
        return TITLES[figure]
    for ending, views in VIEWS.items():
        name = figure.removesuffix(f"_{ending}")
        if name != figure and name in BY_VIEWS:
            return f"{BY_VIEWS[name][0]}, {views[0]}", f"{BY_VIEWS[name][1]}（{views[1]}）"
    return figure, figure


def term(name: str) -> Words:
    """A word of a fact or of the head of a table; an unknown one stays as it is."""
    return TERMS.get(name, (name, name))


def why(figure: str, facts: Mapping[str, Fact]) -> Words:
    """The line below a picture. Raises KeyError for a figure without one, or a fact that is not there."""
    english, chinese = (
        WHY[figure][number].format_map({key: _said(fact, number) for key, fact in facts.items()})
        for number in range(len(LANGUAGES))
    )
    english, chinese = (_PERCENT.sub(" %", line) for line in (english, chinese))
    return english[:1].upper() + english[1:], chinese


def _said(fact: Fact, number: int) -> Fact:
    """A fact in one language; several names are joined by commas."""
    if not isinstance(fact, str):
        return fact
    return (", ", "、")[number].join(term(part)[number] for part in fact.split(", "))
