"""Brings a labelled set of pictures into the form that training reads: all checks first, then everything or nothing.

The result is what `training/weak_cache.py` writes: <id>.jpg, <id>.npz with the label sets, and `index.json`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from grader.errors import InvalidImageError
from grader.image_io import read_image, write_bytes
from grader.types import Crop
from training.check_labels import label_problems
from training.class_names import Meaning, NamesFile, Role, load_names, merge, understand, words_of
from training.detect_format import Format, detect_format, read_set
from training.frozen import FILE
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, SetError
from training.leaks import look_of
from training.look_alikes import find_twins, like_judged, told_twin
from training.paint_shapes import paint_picture
from training.picture_groups import group_pictures, join_groups
from training.set_meaning import SetMeaning, meaning_of_set
from training.shrink_labels import shrink_labels
from training.weak_cache import IndexEntry, entry_of, write_pair
from training.whole_folder import whole_folder

MOST_FRUIT = 254
"""In one picture: the label counts them in one byte, and 255 is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWish:
    """What to import and how.

    source: folder or annotation file. out: folder to write, not there yet. dataset: its name in `photograph_shares`.
    licence: of pictures for which the set says none. format: None to find out. names_file: see `load_names`.
    pictures: folder of the pictures, None where the set is. group: which pictures show the same fruit: `file` (each its
    own), `folder`, or a regular expression on the path in the set, whose first group (or whole match) is the name.
    partly_labelled: some fruit have no label, so what has none may be fruit; else it is ground.
    join_alike: pictures that look the same are put in one group, not refused.
    crop: of fruit whose class does not say it. data: folder with manifest.csv, whose pictures for judging must not be
    learned, None for none. leave_out_frozen: pictures that look like one for judging are left out, not refused.
    force: replace `out`, unless models are judged by it.
    """

    source: Path
    out: Path
    dataset: str
    licence: str
    format: Format | None = None
    names_file: Path | None = None
    pictures: Path | None = None
    group: str = "file"
    crop: Crop | None = None
    data: Path | None = None
    partly_labelled: bool = False
    join_alike: bool = False
    leave_out_frozen: bool = False
    force: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+", self.dataset) or self.dataset.startswith("."):
            raise SetError(f"--dataset: expected letters, digits, - and _, got {self.dataset!r}")
        if not self.licence.strip():
            raise SetError("--licence: expected the licence of the pictures, got nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """One class of a set. means: words of ours. count: of shapes and of pictures with this class. pictures: with it."""

    means: str
    count: int
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was imported. known_fraction: 0-1, share of all pixels whose set of classes is not empty."""

    dataset: str
    format: Format
    pictures: int
    groups: int
    fruit: int
    boxes: int
    polygons: int
    masks: int
    classes: dict[str, ClassCount]
    known_fraction: float
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def import_set(wish: ImportWish, console: Console) -> ImportReport:
    """Read, check, paint and write a set. console: for the progress.

    Raises SetError with one line for each fault of the set, OutputError when there is no room; `out` is as it was then.
    """
    _check_place(wish)
    named = load_names(wish.names_file) if wish.names_file else NamesFile(names={}, values={})
    kind, path = detect_format(wish.source) if wish.format is None else (wish.format, wish.source)
    found = read_set(kind, path, wish.pictures, named.values)
    problems = list(found.problems)
    used = {shape.name for picture in found.pictures for shape in picture.shapes}
    used |= {name for picture in found.pictures for name in picture.classes}
    complete = any(picture.complete for picture in found.pictures)
    meanings, unknown = understand({*used, *(found.names if complete else ())}, named.names)
    problems += unknown
    problems += _class_problems(found.pictures, meanings)
    groups, ungrouped = group_pictures(found.pictures, wish.group)
    problems += ungrouped
    if not found.pictures:
        raise SetError("\n".join(problems) or f"{path}: expected labelled pictures, found none")
    looks, unreadable = _check_pictures(found.pictures, console)
    problems += unreadable
    problems += _name_problems(found.pictures)
    twins = find_twins(found.pictures, groups, looks)
    if wish.join_alike:
        groups = join_groups(groups, [(first, second) for first, second, _ in twins])
    else:
        problems += [told_twin(found.pictures, twin) for twin in twins]
    frozen, leaked = like_judged(found.pictures, looks, wish.out, wish.data, console)
    warnings = list(found.warnings)
    if wish.join_alike and twins:
        warnings.append(f"{len(twins)} pairs of pictures look the same and are now in one group each")
    if wish.leave_out_frozen and frozen:
        warnings.append(f"{len(frozen)} pictures that look like one for judging are left out")
    else:
        problems += leaked
    if problems:
        raise SetError("\n".join(dict.fromkeys(problems)))
    pictures = [picture for n, picture in enumerate(found.pictures) if n not in frozen]
    kept_groups = [group for n, group in enumerate(groups) if n not in frozen]
    if not pictures:
        raise SetError(f"{path}: expected a picture that is not for judging, found none")
    said = meaning_of_set(pictures, meanings, found.names, wish.crop)
    if wish.partly_labelled:
        said = replace(said, labels_fruit=False)
    index = _write(pictures, kept_groups, said, wish, console)
    report = _report(kind, pictures, index, meanings, wish)
    once = [name for name, count in report.classes.items() if count.pictures == 1]
    warnings += [f"class {name!r}: only one picture" for name in once]
    return replace(report, warnings=tuple(warnings))


def _check_place(wish: ImportWish) -> None:
    if not wish.out.exists():
        return
    if (wish.out / FILE).is_file():
        raise SetError(
            f"{wish.out}: expected a folder without {FILE}, models are judged by this set; import to another folder "
            f"(--leave-out-frozen leaves out what is in it already)"
        )
    if not wish.force:
        raise SetError(f"{wish.out}: expected a folder that is not there yet (--force replaces it)")
    if any(wish.out.iterdir()) and not (wish.out / "index.json").is_file():
        raise SetError(f"{wish.out}: expected an imported set to replace, found other files")


def _class_problems(pictures: Sequence[LabelledPicture], meanings: dict[str, Meaning]) -> list[str]:
    """Classes of one picture that contradict each other, and more fruit than a label can count."""
    problems = []
    for picture in pictures:
        if set(picture.classes) <= set(meanings):
            try:
                merge([meanings[name] for name in picture.classes])
            except SetError as error:
                problems.append(f"{picture.where}: {error}")
        fruit = sum(
            shape.name in meanings and meanings[shape.name].role is Role.FRUIT for shape in picture.shapes
        )
        if fruit > MOST_FRUIT:
            problems.append(f"{picture.where}: expected at most {MOST_FRUIT} fruit, got {fruit}")
    return problems


def _check_pictures(
    pictures: Sequence[LabelledPicture], console: Console
) -> tuple[dict[int, NDArray[np.uint8]], list[str]]:
    """The look of each picture that can be read, by its number, and what is wrong with pictures and labels."""
    looks: dict[int, NDArray[np.uint8]] = {}
    problems = []
    for n, picture in enumerate(track(pictures, "checking", console=console)):
        try:
            rgb = read_image(picture.path).rgb
        except InvalidImageError as error:
            problems.append(str(error))
            continue
        looks[n] = look_of(rgb)
        problems += label_problems(picture, (rgb.shape[0], rgb.shape[1]))
    return looks, problems


def _name_problems(pictures: Sequence[LabelledPicture]) -> list[str]:
    times = Counter(map(_file_name, pictures))
    return [
        f"{picture.name}: expected every picture once, under one name, got {times[_file_name(picture)]}"
        for picture in pictures
        if times[_file_name(picture)] > 1
    ]


def _file_name(picture: LabelledPicture) -> str:
    return picture.name.replace("/", "__").replace(".", "_")


def _write(
    pictures: Sequence[LabelledPicture],
    groups: Sequence[str],
    said: SetMeaning,
    wish: ImportWish,
    console: Console,
) -> list[IndexEntry]:
    index: list[IndexEntry] = []
    with whole_folder(wish.out, "index.json") as part:
        for picture, group in zip(track(pictures, "label sets", console=console), groups, strict=True):
            index.append(_write_picture(picture, group, said, wish, part))
        write_bytes(part / "index.json", json.dumps(index, indent=1).encode())
    return index


def _write_picture(
    picture: LabelledPicture, group: str, said: SetMeaning, wish: ImportWish, folder: Path
) -> IndexEntry:
    rgb = read_image(picture.path).rgb
    name = f"{wish.dataset}__{_file_name(picture)}"
    label = write_pair(folder / name, rgb, paint_picture(*shrink_labels(picture, rgb), said))
    meanings = [said.meanings[each] for each in _names(picture)]
    words = {word for meaning in meanings for word in words_of(meaning)}
    crops = words & {str(crop) for crop in Crop} or {str(said.crop or "")}
    return IndexEntry(
        id=name,
        dataset=wish.dataset,
        licence=picture.licence or wish.licence,
        split="train",
        group=group,
        crop=crops.pop() if len(crops) == 1 else "",
        condition="",
        classes=sorted(words - {"background", "ignore"}),
        lot=picture.lot,
        source=picture.source,
        **entry_of(label),
    )


def _names(picture: LabelledPicture) -> list[str]:
    return [*(shape.name for shape in picture.shapes), *picture.classes]


def _report(
    kind: Format,
    pictures: Sequence[LabelledPicture],
    index: Sequence[IndexEntry],
    meanings: dict[str, Meaning],
    wish: ImportWish,
) -> ImportReport:
    shapes = [shape for picture in pictures for shape in picture.shapes]
    counts = Counter(name for picture in pictures for name in _names(picture))
    shown = Counter(name for picture in pictures for name in set(_names(picture)))
    boxes = sum(isinstance(shape, BoxShape) for shape in shapes)
    masks = sum(isinstance(shape, MaskShape) for shape in shapes)
    pixels = [entry["size"][0] * entry["size"][1] for entry in index]
    known = sum(entry["known_fraction"] * size for entry, size in zip(index, pixels, strict=True))
    return ImportReport(
        dataset=wish.dataset,
        format=kind,
        pictures=len(index),
        groups=len({entry["group"] for entry in index}),
        fruit=sum(entry["fruit"] for entry in index),
        boxes=boxes,
        polygons=len(shapes) - boxes - masks,
        masks=masks,
        classes={
            name: ClassCount(means=_told(meanings[name]), count=counts[name], pictures=shown[name])
            for name in sorted(counts)
        },
        known_fraction=round(known / sum(pixels), 4),
        warnings=(),
    )


def _told(meaning: Meaning) -> str:
    words = words_of(meaning)
    return " ".join(sorted(words))
