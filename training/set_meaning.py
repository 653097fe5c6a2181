"""What the labels of a whole set say together: which classes it labels wherever they are, and what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader.types import Crop, DefectKind, SurfaceClass
from training.class_names import Meaning, Role
from training.label_canvas import ANY_DEFECT, CROP_BIT, NO_OBJECT, OTHER_OBJECT, SOUND, surface_bits
from training.labelled_picture import LabelledPicture

SKIN = surface_bits(SurfaceClass.SOUND_SKIN)
LANDMARK_BIT = {
    Role.STEM: surface_bits(SurfaceClass.STEM),
    Role.CALYX: surface_bits(SurfaceClass.CALYX),
}
ANY_FRUIT = SOUND | ANY_DEFECT


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMeaning:
    """What a whole set says. meanings: by name. crop: of fruit whose name does not say it; None: apple or melon.

    labelled: bits of the surface classes that the set labels wherever they are seen.
    labels_fruit: every fruit has a shape, so what has none is ground. labels_objects: it has shapes of other objects.
    """

    meanings: Mapping[str, Meaning]
    crop: Crop | None
    labelled: int
    labels_fruit: bool
    labels_objects: bool

    def crop_bits(self, crop: Crop | None) -> int:
        """The crops that a fruit may be."""
        known = crop or self.crop
        return CROP_BIT[known] if known else CROP_BIT[Crop.APPLE] | CROP_BIT[Crop.MELON]

    def skin(self, meaning: Meaning | None = None) -> int:
        """The surface classes that a pixel of a fruit may have, but for what is labelled on it."""
        possible = ANY_FRUIT & ~SKIN & ~self.labelled
        if meaning is None:
            return SKIN | possible
        if meaning.sound:
            possible &= ~ANY_DEFECT
        return SKIN | possible | kind_bits(meaning.kinds)

    @property
    def ground_crop(self) -> int:
        """What lies where no fruit is."""
        return NO_OBJECT if self.labels_objects else NO_OBJECT | OTHER_OBJECT


def kind_bits(kinds: frozenset[DefectKind]) -> int:
    """The kinds as bits of surface classes."""
    return surface_bits(*(kind.surface_class for kind in kinds))


def meaning_of_set(
    pictures: Sequence[LabelledPicture],
    meanings: Mapping[str, Meaning],
    declared: Sequence[str],
    crop: Crop | None,
) -> SetMeaning:
    """What the labels of all pictures say together.

    declared: names the set may use; they count where pictures are labelled completely, else only names in use do.
    """
    shapes = {shape.name for picture in pictures for shape in picture.shapes}
    used = shapes | {name for picture in pictures for name in picture.classes}
    if any(picture.complete for picture in pictures):
        used |= set(declared)
        shapes |= set(declared)
    drawn = [meanings[name] for name in shapes]
    labelled = 0
    for meaning in (meanings[name] for name in used):
        labelled |= kind_bits(meaning.kinds)
    for meaning in drawn:
        labelled |= LANDMARK_BIT.get(meaning.role, 0)
    roles = {meaning.role for meaning in drawn}
    return SetMeaning(
        meanings=meanings,
        crop=crop,
        labelled=labelled,
        labels_fruit=Role.FRUIT in roles,
        labels_objects=Role.OBJECT in roles,
    )
