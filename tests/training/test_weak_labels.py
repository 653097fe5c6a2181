"""Label sets of painted pictures whose truth is known to the pixel."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from grader.image_io import read_image, write_png
from grader.types import BoolArray, Box, Crop, SurfaceClass, UInt8Array
from training.label_canvas import (
    ANY_DEFECT,
    APPLE,
    GROUND,
    NO_OBJECT,
    OTHER_OBJECT,
    SOUND,
    UNKNOWN_FRUIT,
    surface_bits,
)
from training.manifest import ManifestError, Photograph, load_manifest
from training.weak_labels import SURFACE_CLASSES, WeakLabel, label_photograph

DATA = Path(__file__).parents[2].parent / "shared" / "data"
RED, BROWN, WHITE, GREY, ORANGE = (
    (190, 40, 45),
    (95, 60, 35),
    (250, 250, 248),
    (205, 205, 204),
    (240, 140, 20),
)
HW = (200, 240)


def ellipse(centre_xy: tuple[int, int], axes_px: tuple[int, int]) -> BoolArray:
    """axes_px: half axes."""
    mask = np.zeros(HW, np.uint8)
    cv2.ellipse(mask, centre_xy, axes_px, 0, 0, 360, 1, -1)
    return mask.astype(np.bool_)


APPLE_MASK = ellipse((120, 100), (60, 55))
SPOT = ellipse((135, 95), (18, 15))
APPLE_BOX: Box = (60, 45, 181, 156)


def picture(*parts: tuple[BoolArray, tuple[int, int, int]]) -> UInt8Array:
    rgb = np.full((*HW, 3), WHITE, np.uint8)
    for mask, colour in parts:
        rgb[mask] = colour
    return rgb


def photograph(
    folder: Path, kind: str, label: str = "", *, dataset: str = "set", name: str = "p.jpg", content: str = ""
) -> Photograph:
    """A photograph whose label file, if `content` is given, holds that text; its picture is not needed."""
    label_file = folder / "labels" / "p.txt"
    label_file.parent.mkdir(exist_ok=True)
    label_file.write_text(content)
    (folder / "classes.txt").write_text("fresh\nnot_fresh\n")
    return Photograph(
        path=folder / "images" / "kind" / name,
        name="p",
        split="train",
        group="g",
        dataset=dataset,
        crop=Crop.APPLE,
        label=label,
        label_kind=kind,
        label_file=label_file if kind.endswith(("boxes", "mask")) else None,
        licence="MIT",
    )


def with_mask(folder: Path, kind: str, mask: UInt8Array, name: str) -> Photograph:
    photo = photograph(folder, kind, name=name)
    assert photo.label_file is not None
    write_png(photo.label_file, mask)
    return photo


def yolo(index: int, box: Box) -> str:
    x0, y0, x1, y1 = box
    height, width = HW
    return (
        f"{index} {(x0 + x1) / 2 / width} {(y0 + y1) / 2 / height} {(x1 - x0) / width} {(y1 - y0) / height}\n"
    )


def assert_never_wrong(label: WeakLabel, fruit: BoolArray, defect: BoolArray | None = None) -> None:
    """Every pixel's set holds its true class or is empty."""
    defect = np.zeros(HW, np.bool_) if defect is None else defect
    for mask, bits in ((~fruit, GROUND), (fruit & ~defect, SOUND), (defect, ANY_DEFECT)):
        sets = label.surface_set[mask]
        assert ((sets == 0) | ((sets & bits) > 0)).all()
    crops = label.crop_set
    assert ((crops[fruit] == 0) | ((crops[fruit] & APPLE) > 0)).all()
    assert ((crops[~fruit] == 0) | ((crops[~fruit] & NO_OBJECT) > 0)).all()


def test_bits_follow_the_surface_classes() -> None:
    assert SURFACE_CLASSES == tuple(sorted(SurfaceClass))
    assert (GROUND, SOUND) == (0b1, 0b1110)
    assert surface_bits(SurfaceClass.BRUISE, SurfaceClass.OTHER) == (1 << 4) | (1 << 16)
    assert ANY_DEFECT == sum(1 << bit for bit in range(4, 17))


def test_full_mask_gives_exact_sets(tmp_path: Path) -> None:
    mask = APPLE_MASK.astype(np.uint8) + (APPLE_MASK & SPOT)
    photo = with_mask(tmp_path, "fruit_and_defect_mask", mask, "d1.png")
    label = label_photograph(photo, picture((APPLE_MASK, RED), (SPOT, BROWN)))
    assert_never_wrong(label, APPLE_MASK, SPOT)
    rot = surface_bits(SurfaceClass.ROT)
    assert (label.surface_set[95, 135], label.surface_set[100, 80], label.surface_set[5, 5]) == (
        rot,
        SOUND,
        GROUND,
    )
    assert (label.instance[100, 80], label.instance[5, 5]) == (1, 0)
    known = label.surface_set > 0
    assert known.mean() > 0.95
    assert (label.surface_set.dtype, label.crop_set.dtype, label.instance.dtype) == (
        np.uint32,
        np.uint8,
        np.uint8,
    )


@pytest.mark.parametrize(("name", "kind"), [("ROT1.png", SurfaceClass.ROT), ("SCAB1.png", SurfaceClass.SCAB)])
def test_defect_mask_names_its_kind_and_finds_the_fruit(
    tmp_path: Path, name: str, kind: SurfaceClass
) -> None:
    photo = with_mask(tmp_path, "defect_mask", SPOT.astype(np.uint8) * 255, name)
    label = label_photograph(photo, picture((APPLE_MASK, RED), (SPOT, BROWN)))
    assert_never_wrong(label, APPLE_MASK, SPOT)
    assert label.trusted_outlines == 1
    assert label.surface_set[95, 135] & surface_bits(kind)
    assert not label.surface_set[95, 135] & (GROUND | SOUND)
    assert label.surface_set[100, 80] == SOUND


def test_defect_mask_without_a_sure_outline_still_denies_defects_elsewhere(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (*HW, 3), np.uint8)
    photo = with_mask(tmp_path, "defect_mask", SPOT.astype(np.uint8) * 255, "ROT1.png")
    label = label_photograph(photo, noise)
    assert label.trusted_outlines == 0
    assert label.surface_set[5, 5] == GROUND | SOUND
    assert label.crop_set[5, 5] == 0
    assert label.surface_set[95, 135] & surface_bits(SurfaceClass.ROT)


@pytest.mark.parametrize(
    ("index", "surface", "fact"), [(0, SOUND, "no_defect"), (1, SOUND | ANY_DEFECT, "has_defect")]
)
def test_boxes_give_sets_and_facts(tmp_path: Path, index: int, surface: int, fact: str) -> None:
    photo = photograph(tmp_path, "yolo_boxes", content=yolo(index, APPLE_BOX))
    label = label_photograph(photo, picture((APPLE_MASK, RED)))
    assert_never_wrong(label, APPLE_MASK)
    assert (label.fruit, label.trusted_outlines) == (1, 1)
    assert label.surface_set[100, 120] == surface
    (found,) = label.facts
    assert (found.fact, found.kinds, found.box_xyxy) == (fact, ANY_DEFECT, APPLE_BOX)


def test_a_box_without_a_sure_outline_gives_the_middle_only(tmp_path: Path) -> None:
    square: BoolArray = np.zeros(HW, np.bool_)
    square[45:156, 60:181] = True
    photo = photograph(tmp_path, "yolo_boxes", content=yolo(0, APPLE_BOX))
    label = label_photograph(photo, picture((square, RED)))
    assert (label.fruit, label.trusted_outlines) == (1, 0)
    assert label.surface_set[100, 120] == SOUND
    assert label.surface_set[47, 62] == 0


def test_shadow_on_the_ground_is_never_fruit(tmp_path: Path) -> None:
    shadow = ellipse((130, 150), (70, 22))
    photo = photograph(tmp_path, "image_class", "rot")
    label = label_photograph(photo, picture((shadow, (120, 120, 119)), (APPLE_MASK, RED)))
    assert label.trusted_outlines == 1
    assert_never_wrong(label, APPLE_MASK)
    assert label.surface_set[100, 120] & surface_bits(SurfaceClass.ROT)


def test_two_fruit_without_boxes_are_not_guessed(tmp_path: Path) -> None:
    two = ellipse((60, 100), (45, 42)), ellipse((175, 100), (45, 42))
    label = label_photograph(
        photograph(tmp_path, "image_class", "normal"), picture((two[0], RED), (two[1], RED))
    )
    assert label.fruit == 0
    assert not label.surface_set.any()


def voc(*named: tuple[str, Box]) -> str:
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{b[0]}</xmin><ymin>{b[1]}</ymin><xmax>{b[2]}</xmax>"
        f"<ymax>{b[3]}</ymax></bndbox></object>"
        for name, b in named
    )
    size = f"<size><width>{HW[1]}</width><height>{HW[0]}</height></size>"
    return f"<annotation>{size}{objects}</annotation>"


@pytest.mark.parametrize(("colour", "crop"), [(ORANGE, OTHER_OBJECT), (RED, 0)])
def test_an_orange_is_another_object_unless_it_is_not_orange(
    tmp_path: Path, colour: tuple[int, int, int], crop: int
) -> None:
    fruit = ellipse((60, 100), (45, 45))
    content = voc(("fresh_orange", (15, 55, 106, 146)))
    photo = photograph(tmp_path, "voc_boxes", dataset="freshness3_voc_zijian", content=content)
    label = label_photograph(photo, picture((fruit, colour)))
    assert label.fruit == 0
    assert label.crop_set[100, 60] == crop
    assert label.surface_set[100, 60] == (GROUND if crop else 0)
    assert (label.surface_set[5, 200], label.crop_set[5, 200]) == (GROUND, NO_OBJECT)


@pytest.mark.parametrize(("hw", "surface"), [((480, 640), GROUND), ((479, 640), 0)])
def test_only_table_scenes_have_a_box_for_every_fruit(
    tmp_path: Path, hw: tuple[int, int], surface: int
) -> None:
    """A red thing without a box is ground on the table and unknown in a web photograph."""
    rgb = np.random.default_rng(2).integers(0, 255, (*hw, 3), np.uint8)
    rgb[300:400, 400:500] = RED
    content = voc(("fresh_orange", (15, 55, 60, 100)))
    photo = photograph(tmp_path, "voc_boxes", dataset="freshness3_voc_zijian", content=content)
    label = label_photograph(photo, rgb)
    assert label.surface_set[350, 450] == surface


def test_aged_fruit_may_have_any_defect_but_rot(tmp_path: Path) -> None:
    content = voc(("normal_apple", APPLE_BOX))
    photo = photograph(tmp_path, "voc_boxes", dataset="freshness3_voc_zijian", content=content)
    label = label_photograph(photo, picture((APPLE_MASK, RED)))
    rot = surface_bits(SurfaceClass.ROT)
    assert label.surface_set[100, 120] == (SOUND | ANY_DEFECT) & ~rot
    assert [(fact.fact, fact.kinds) for fact in label.facts] == [("no_defect", rot)]


@pytest.mark.parametrize(
    ("label_text", "allowed", "denied"),
    [
        ("sound;axis=r;frame=0;", SurfaceClass.SOUND_SKIN, SurfaceClass.SPOTS),
        ("sound;axis=r;frame=0;few tiny spots", SurfaceClass.SPOTS, SurfaceClass.ROT),
        ("russet;axis=r;frame=0;net", SurfaceClass.RUSSET, SurfaceClass.ROT),
        ("minor_defect;axis=r;frame=0;", SurfaceClass.PUNCTURE, SurfaceClass.BACKGROUND),
    ],
)
def test_turntable_conditions(
    tmp_path: Path, label_text: str, allowed: SurfaceClass, denied: SurfaceClass
) -> None:
    photo = photograph(tmp_path, "turntable_condition", label_text)
    label = label_photograph(photo, picture((APPLE_MASK, RED)))
    middle = int(label.surface_set[100, 120])
    assert middle & surface_bits(allowed)
    assert not middle & surface_bits(denied)
    assert_never_wrong(label, APPLE_MASK)


def test_shop_crates_deny_defects_everywhere(tmp_path: Path) -> None:
    crate = np.random.default_rng(1).integers(60, 110, (*HW, 1), np.uint8).repeat(3, axis=2)
    crate[APPLE_MASK] = RED
    label = label_photograph(photograph(tmp_path, "variety", "Royal-Gala"), crate)
    assert not (label.surface_set & ANY_DEFECT).any()
    assert (label.surface_set[5, 5], label.crop_set[5, 5]) == (
        GROUND | SOUND,
        NO_OBJECT | APPLE | OTHER_OBJECT,
    )
    assert (label.surface_set[100, 120], label.crop_set[100, 120]) == (SOUND, APPLE)
    assert label.instance[100, 120] == UNKNOWN_FRUIT


def test_reviewed_blemish_is_left_open(tmp_path: Path) -> None:
    photo = photograph(tmp_path, "variety", "Honeydew-Melon", name="m.jpg")
    with (tmp_path / "review_visible_defects.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["image", "fruit", "what", "x0", "y0", "x1", "y1"])
        table.writerow(["images/kind/m.jpg", "H1", "scar", 100, 80, 140, 110])
        table.writerow(["images/kind/m.jpg", "H1", "ground_spot_NOT_a_defect", 10, 10, 40, 40])
    label = label_photograph(photo, picture((APPLE_MASK, (220, 190, 40))))
    assert label.surface_set[95, 120] == 0
    assert label.surface_set[25, 25] == GROUND | SOUND
    assert [(fact.box_xyxy, fact.fact) for fact in label.facts] == [((100, 80, 140, 110), "has_defect")]


@pytest.mark.parametrize("kind", ["size", "weight"])
def test_labels_that_say_nothing_of_pixels_give_empty_sets(tmp_path: Path, kind: str) -> None:
    label = label_photograph(photograph(tmp_path, kind, "weight_g=200"), picture((APPLE_MASK, RED)))
    assert not label.surface_set.any()
    assert (label.instance == UNKNOWN_FRUIT).all()


def test_unreadable_labels_are_refused(tmp_path: Path) -> None:
    rgb = picture((APPLE_MASK, RED))
    for kind, content in (("yolo_boxes", "7 0.5 0.5 0.1 0.1"), ("yolo_boxes", "0 0.5"), ("voc_boxes", "<a>")):
        with pytest.raises(ManifestError, match=r"p\.txt"):
            label_photograph(photograph(tmp_path, kind, content=content), rgb)
    with pytest.raises(ManifestError, match="mask picture"):
        label_photograph(photograph(tmp_path, "defect_mask", content="no picture"), rgb)
    with pytest.raises(ManifestError, match="unknown class 'pear'"):
        label_photograph(photograph(tmp_path, "voc_boxes", content=voc(("pear", APPLE_BOX))), rgb)


@pytest.mark.skipif(not (DATA / "manifest.csv").is_file(), reason="photographs of ../shared/data are absent")
def test_outlines_agree_with_masks_drawn_by_hand(tmp_path: Path) -> None:
    """The fruit is found from its picture alone as the hand-drawn masks of another set show it."""
    overlaps: list[float] = []
    for photo in [p for p in load_manifest(DATA) if p.dataset == "rot_masks_melo04"][::4]:
        rgb = read_image(photo.path).rgb
        exact = label_photograph(photo, rgb)
        found = label_photograph(photograph(tmp_path, "image_class", "rot"), rgb)
        if found.trusted_outlines:
            known = (exact.instance < UNKNOWN_FRUIT) & (found.instance < UNKNOWN_FRUIT)
            both = (exact.instance[known] == 1) & (found.instance[known] == 1)
            either = (exact.instance[known] == 1) | (found.instance[known] == 1)
            overlaps.append(both.sum() / either.sum())
    assert len(overlaps) >= 5
    assert min(overlaps) > 0.95
