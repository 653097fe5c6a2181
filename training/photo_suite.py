"""The figures on real photographs that a release is judged by, measured through `grader.pipeline`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from grader.grade_command import index_mask
from grader.image_io import read_image
from grader.pipeline import GradedFrame, GradeOptions
from grader.types import FIRST_DEFECT_VALUE, BoolArray, Box, Crop, SurfaceClass
from training.annotations import read_boxes, read_mask, read_review, read_rot
from training.box_files import LabelledBox
from training.case_pictures import SOUND_COLOUR, box_pictures, mask_pictures
from training.frame_grader import FrameGrader
from training.manifest import Photograph, load_manifest, select_photographs
from training.picture_scores import (
    FALSE_DEFECT_SHARE,
    box_iou,
    false_defect_share,
    kinds_of,
    main_crop,
    mean_iou,
    mean_of,
    overlap,
    pooled_iou,
)
from training.statistics import Figure, bootstrap, share
from training.worst_cases import Fact, WorstCases

CAMERA_SCENE_HW = (480, 640)
SINGLE_SHOTS = Path(__file__).with_name("single_fruit_shots.txt")
"""Shop pictures of apples that show one fruit, chosen by eye, one name per line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """Several things in one picture of size hw. boxes: what they are. called: the boxes of fruit that was found."""

    photo: Photograph
    hw: tuple[int, int]
    boxes: tuple[LabelledBox, ...]
    called: tuple[Box, ...]


class PhotoSuite:
    """Runs the grader over the `val` split of a data folder.

    Each figure raises ManifestError when the folder lacks a data set that it needs.
    """

    def __init__(self, grader: FrameGrader, data_dir: Path, worst: WorstCases | None = None) -> None:
        self.grader = grader
        self.worst = worst or WorstCases()
        self.photographs = load_manifest(data_dir)

    def figures(self) -> Iterator[Figure]:
        """All figures, one after the other."""
        yield from self.defect_iou()
        yield from self.false_alarms()
        yield from self.apple_counts()
        yield self.outline_iou()
        yield from self.crop_choice()

    def conditions(self) -> Iterator[Figure]:
        """The figures on defects alone: rot masks, and sound fruit of every set that is accused."""
        yield from self.defect_iou()
        yield from self.false_alarms(shop=True)

    def defect_iou(self) -> Iterator[Figure]:
        """Defect pixels, intersection over union of all pixels together, on both sets of rot masks."""
        rows: dict[str, list[list[tuple[float, ...]]]] = defaultdict(list)
        for photo, graded in self._graded("rot_masks_aabdurrauf", "rot_masks_melo04"):
            wanted = read_rot(photo, graded.frame.rgb.shape[:2])
            found = index_mask(graded) >= FIRST_DEFECT_VALUE
            rows[photo.dataset].append([overlap(found, wanted)])
            self._offer_rot(photo, graded, found, wanted)
        both = [row for group in rows.values() for row in group]
        yield bootstrap("defect_iou", both, pooled_iou, "IoU")
        for dataset, group in sorted(rows.items()):
            yield bootstrap(f"defect_iou_{dataset}", group, pooled_iou, "IoU")

    def false_alarms(self, *, shop: bool = False) -> Iterator[Figure]:
        """Sound fruit on which any defect over 0.5 % of the surface is reported.

        shop: the single fruit of shop pictures too; of these the largest fruit found counts, as piles lie behind it.
        """
        gallery = "false_alarm_all" if shop else "false_alarm"
        views: dict[str, list[tuple[float, ...]]] = defaultdict(list)
        kayseri: list[list[tuple[float, ...]]] = []
        for photo, graded in self._graded("varieties_kayseri"):
            kayseri.append([(self._accused(gallery, photo, graded),)])
        for photo, graded in self._graded(
            "turntable_fruits360_3body", chosen=lambda photo: photo.label.startswith("sound")
        ):
            views[photo.group].append((self._accused(gallery, photo, graded),))
        yield bootstrap("false_alarm_kayseri", kayseri, mean_of, "share of pictures")
        yield bootstrap("false_alarm_turntable", list(views.values()), mean_of, "share of views")
        known = [*kayseri, *views.values()]
        yield bootstrap("false_alarm", known, mean_of, "share of pictures")
        if not shop:
            return
        single: dict[Crop, list[list[tuple[float, ...]]]] = {crop: [] for crop in Crop}
        for photo, graded in self._single_shop_fruit():
            main = max(graded.views, key=lambda view: int(view.mask.sum()), default=None)
            alone = replace(graded, views=() if main is None else (main,))
            single[photo.crop].append([(self._accused(gallery, photo, alone),)])
        for crop, rows in single.items():
            yield bootstrap(f"false_alarm_shop_{crop}s", rows, mean_of, "share of pictures")
            known += rows
        yield bootstrap("false_alarm_all", known, mean_of, "share of pictures")

    def apple_counts(self) -> Iterator[Figure]:
        """Camera scenes with exactly the right number of apples; and where something else was called fruit."""
        hits = scenes = others = accused = 0
        for scene in self._scenes:
            if scene.hw != CAMERA_SCENE_HW:
                continue
            apples = [box for box in scene.boxes if "apple" in box.name]
            scenes += 1
            hits += len(scene.called) == len(apples)
            for box in scene.boxes:
                if "apple" not in box.name:
                    others += 1
                    accused += any(box_iou(box, called) > 0.3 for called in scene.called)
            self._offer_boxes(
                "apple_count_exact",
                scene.photo,
                abs(len(scene.called) - len(apples)),
                {"true": float(len(apples)), "called": float(len(scene.called))},
                [box.box_xyxy_px for box in apples],
                scene.called,
            )
        yield share("apple_count_exact", hits, scenes)
        yield share("other_produce_left_alone", others - accused, others)

    def outline_iou(self) -> Figure:
        """Outline of the fruit against the hand-made masks, mean over pictures."""
        rows: list[list[tuple[float, ...]]] = []
        for photo, graded in self._graded("rot_masks_melo04"):
            truth = read_mask(photo, graded.frame.rgb.shape[:2]) > 0
            rows.append([overlap(index_mask(graded) > 0, truth)])
            both, either = rows[-1][0]
            self._offer_masks(
                "outline_iou_melo04", photo, graded, 1 - both / max(either, 1), {"iou": both / max(either, 1)}
            )
        return bootstrap("outline_iou_melo04", rows, mean_iou, "IoU")

    def crop_choice(self) -> Iterator[Figure]:
        """Single-fruit shop shots called by their crop, oranges and bananas called neither."""
        hits = {Crop.APPLE: 0, Crop.MELON: 0}
        counts = {Crop.APPLE: 0, Crop.MELON: 0}
        for photo, graded in self._single_shop_fruit():
            counts[photo.crop] += 1
            hits[photo.crop] += main_crop(graded) is photo.crop
            if (called := main_crop(graded)) is not photo.crop:
                facts = {"true": str(photo.crop), "called": str(called or "nothing")}
                boxes = [record.measurement.box_xyxy_px for record in graded.records]
                self._offer_boxes("crop_right", photo, 1.0, facts, [], boxes)
        for crop in Crop:
            yield share(f"crop_right_{crop}", hits[crop], counts[crop])
        right = total = 0
        for scene in self._scenes:
            for box in scene.boxes:
                if "apple" in box.name:
                    continue
                total += 1
                right += all(box_iou(box, called) <= 0.3 for called in scene.called)
        yield share("crop_right_neither", right, total)
        yield share("crop_right", right + sum(hits.values()), total + sum(counts.values()))

    def _single_shop_fruit(self) -> Iterator[tuple[Photograph, GradedFrame]]:
        """Shop pictures that show one apple or one melon."""
        apple_names = set(SINGLE_SHOTS.read_text(encoding="utf-8").split())
        for photo, graded in self._graded(
            "varieties_grocerystore",
            "grocerystore-melons",
            chosen=lambda photo: photo.crop is Crop.MELON or "/".join(photo.path.parts[-3:]) in apple_names,
        ):
            if photo.crop is Crop.MELON and not read_review(photo, graded.frame.rgb.shape[:2]).single_fruit:
                continue
            yield photo, graded

    def _accused(self, gallery: str, photo: Photograph, graded: GradedFrame) -> float:
        """1 when a fruit of the picture has more defect than a sound one may show, else 0."""
        worst = max((false_defect_share(view) for view in graded.views), default=0.0)
        if worst <= FALSE_DEFECT_SHARE:
            return 0.0
        facts: dict[str, Fact] = {"share": worst, "dataset": photo.dataset, "kinds": kinds_of(graded)}
        self.worst.offer(
            gallery,
            photo.path.name,
            worst,
            facts,
            lambda: mask_pictures(graded.frame.rgb, None, index_mask(graded)),
            group=photo.group,
        )
        return 1.0

    def _offer_rot(self, photo: Photograph, graded: GradedFrame, found: BoolArray, wanted: BoolArray) -> None:
        """The more pixels of the picture are wrong, the worse, because the figure pools pixels."""
        both, either = overlap(found, wanted)
        facts: dict[str, Fact] = {
            "iou": both / max(either, 1),
            "missed": 1 - both / max(float(wanted.sum()), 1),
            "extra": 1 - both / max(float(found.sum()), 1),
        }
        self.worst.offer(
            "defect_iou",
            photo.path.name,
            (either - both) / found.size,
            facts,
            lambda: mask_pictures(
                graded.frame.rgb,
                np.where(wanted, SurfaceClass.ROT, SurfaceClass.BACKGROUND).astype(np.uint8),
                index_mask(graded),
            ),
        )

    def _offer_masks(
        self, figure: str, photo: Photograph, graded: GradedFrame, score: float, facts: dict[str, Fact]
    ) -> None:
        truth = read_mask(photo, graded.frame.rgb.shape[:2])
        fruit = np.where(truth > 0, SurfaceClass.SOUND_SKIN, SurfaceClass.BACKGROUND).astype(np.uint8)
        self.worst.offer(
            figure,
            photo.path.name,
            score,
            facts,
            lambda: mask_pictures(graded.frame.rgb, fruit, index_mask(graded)),
        )

    def _offer_boxes(
        self,
        figure: str,
        photo: Photograph,
        score: float,
        facts: Mapping[str, Fact],
        true: Sequence[Box],
        called: Sequence[Box],
    ) -> None:
        self.worst.offer(
            figure,
            photo.path.name,
            score,
            facts,
            lambda: box_pictures(
                read_image(photo.path).rgb,
                [(box, SOUND_COLOUR) for box in true],
                [(box, SOUND_COLOUR) for box in called],
            ),
        )

    @cached_property
    def _scenes(self) -> tuple[_Scene, ...]:
        """The scenes with apples and other produce, graded once for all figures."""
        scenes = []
        for photo, graded in self._graded("freshness3_voc_zijian"):
            height, width = graded.frame.rgb.shape[:2]
            boxes = read_boxes(photo, (height, width))
            called = tuple(record.measurement.box_xyxy_px for record in graded.records)
            scenes.append(_Scene(photo=photo, hw=(height, width), boxes=boxes, called=called))
        return tuple(scenes)

    def _graded(
        self, *datasets: str, chosen: Callable[[Photograph], bool] = lambda _: True
    ) -> Iterator[tuple[Photograph, GradedFrame]]:
        return graded_photographs(self.grader, self.photographs, *datasets, chosen=chosen)


def graded_photographs(
    grader: FrameGrader,
    photographs: Sequence[Photograph],
    *datasets: str,
    chosen: Callable[[Photograph], bool] = lambda _: True,
) -> Iterator[tuple[Photograph, GradedFrame]]:
    """The chosen photographs of `val` in some data sets, graded without a scale; ManifestError for an unknown set."""
    for photo in select_photographs(photographs, split="val", datasets=frozenset(datasets)):
        if chosen(photo):
            yield photo, grader.grade_frame(read_image(photo.path), GradeOptions())
