"""Words and colours of the annotated pictures, English and Chinese."""

from __future__ import annotations

from grader.types import REJECT, UNGRADED, Defect, DefectKind, FruitRecord

Rgb = tuple[int, int, int]

LANGUAGES = ("en", "zh")

# Okabe & Ito (2008), told apart with every common kind of colour blindness; brightness falls with the class.
TOP_COLOUR: Rgb = (0, 178, 125)
SECOND_COLOUR: Rgb = (86, 180, 233)
THIRD_COLOUR: Rgb = (240, 228, 66)
REJECT_COLOUR: Rgb = (225, 92, 10)
UNGRADED_COLOUR: Rgb = (200, 200, 205)

_TOP_CLASSES = frozenset({"extra", "extra_fancy", "us_extra_fancy", "premium", "super", "special", "top"})
_SECOND_CLASSES = frozenset({"i", "1", "fancy", "us_fancy", "us_1", "first", "one", "good"})

# Open or spreading damage, pressure and heat, marks of the skin: three families, none the colour of a fruit.
_OPEN_DAMAGE: Rgb = (255, 0, 168)
_PRESSURE: Rgb = (0, 224, 255)
_SKIN_MARK: Rgb = (70, 110, 255)
DEFECT_COLOURS: dict[DefectKind, Rgb] = {
    DefectKind.ROT: _OPEN_DAMAGE,
    DefectKind.PUNCTURE: _OPEN_DAMAGE,
    DefectKind.CRACK: _OPEN_DAMAGE,
    DefectKind.INSECT: _OPEN_DAMAGE,
    DefectKind.BRUISE: _PRESSURE,
    DefectKind.SCALD: _PRESSURE,
    DefectKind.SUNBURN: _PRESSURE,
    DefectKind.SCAB: _SKIN_MARK,
    DefectKind.RUSSET: _SKIN_MARK,
    DefectKind.SCAR: _SKIN_MARK,
    DefectKind.SPOTS: _SKIN_MARK,
    DefectKind.SOOTY: _SKIN_MARK,
    DefectKind.OTHER: _SKIN_MARK,
}

_DEFECTS_ZH: dict[DefectKind, str] = {
    DefectKind.BRUISE: "碰压伤",
    DefectKind.ROT: "腐烂",
    DefectKind.SCAB: "黑星病",
    DefectKind.RUSSET: "果锈",
    DefectKind.SCALD: "虎皮",
    DefectKind.SUNBURN: "日灼",
    DefectKind.PUNCTURE: "刺伤",
    DefectKind.CRACK: "裂口",
    DefectKind.SCAR: "疤痕",
    DefectKind.INSECT: "虫伤",
    DefectKind.SPOTS: "斑点",
    DefectKind.SOOTY: "煤污",
    DefectKind.OTHER: "其他",
}
_CLASSES_EN = {"extra": "Extra", REJECT: "Reject", UNGRADED: "Ungraded"}
_CLASSES_ZH = {
    "extra": "特级",
    "i": "一级",
    "ii": "二级",
    "iii": "三级",
    "1": "一级",
    "2": "二级",
    REJECT: "等外",
    UNGRADED: "未定级",
}


def class_colour(grade_class: str) -> Rgb:
    """Colour of a class id of any standard; classes below the first two share one colour."""
    name = grade_class.lower()
    if name == UNGRADED:
        return UNGRADED_COLOUR
    if name == REJECT:
        return REJECT_COLOUR
    if name in _TOP_CLASSES:
        return TOP_COLOUR
    return SECOND_COLOUR if name in _SECOND_CLASSES else THIRD_COLOUR


def class_text(grade_class: str, language: str) -> str:
    """Name of a class id for people: `I` -> "Class I" / 一级; ids without a translation are spelt out."""
    name = grade_class.lower()
    if language == "zh" and name in _CLASSES_ZH:
        return _CLASSES_ZH[name]
    if name in _CLASSES_EN:
        return _CLASSES_EN[name]
    words = grade_class.replace("_", " ")
    if len(words) <= 3:
        return f"Class {words}"
    return words[0].upper() + words[1:]


def size_text(record: FruitRecord) -> str:
    """Diameter in mm where there is a scale, else in px."""
    size = record.measurement.size
    if size.equatorial_diameter_mm is not None:
        return f"{size.equatorial_diameter_mm.value:.1f} mm"
    return f"{size.diameter_px:.0f} px"


def review_text(language: str) -> str:
    """Mark of a fruit that staff should look at."""
    return "待复核" if language == "zh" else "review"


def kind_text(kind: DefectKind, language: str) -> str:
    """Name of a kind of defect."""
    return _DEFECTS_ZH[kind] if language == "zh" else kind.value


def defect_text(defect: Defect, language: str) -> str:
    """Kind and area: mm² (cm² from 10 cm² up) where there is a scale, else % of the surface seen."""
    kind = kind_text(defect.kind, language)
    if defect.area_mm2 is None:
        share = 100 * defect.area_fraction
        return f"{kind} {share:.1f} %" if share >= 0.1 else f"{kind} <0.1 %"
    if defect.area_mm2 >= 1000:
        return f"{kind} {defect.area_mm2 / 100:.1f} cm²"
    return f"{kind} {defect.area_mm2:.0f} mm²" if defect.area_mm2 >= 1 else f"{kind} <1 mm²"
