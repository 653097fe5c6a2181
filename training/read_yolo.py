"""YOLO: a text file of boxes or polygons for every picture, names in data.yaml or classes.txt."""

from __future__ import annotations

from pathlib import Path

import yaml

from training.box_files import YoloLine, read_yolo_lines
from training.labelled_picture import (
    BoxShape,
    LabelledPicture,
    LabelledSet,
    SetError,
    Shape,
    outline_or_box,
)
from training.set_pictures import SetPictures, picture_hw

YAML_NAMES = ("data.yaml", "data.yml", "dataset.yaml")
TEXT_NAMES = ("classes.txt", "obj.names", "labels/classes.txt")
NO_LABELS = ("classes.txt", "notes.txt")


def read_yolo(folder: Path, pictures: SetPictures) -> LabelledSet:
    """Every picture below the folder that has a label file: beside it, or in `labels` where it is in `images`.

    An empty label file says that nothing is there; a picture without one is left out, with a warning.
    Raises SetError without names.
    """
    names = read_names(folder)
    found: list[LabelledPicture] = []
    problems: list[str] = []
    used: set[Path] = set()
    left_out = []
    for path in pictures.paths:
        label = label_of(path)
        if label is None:
            left_out.append(pictures.name_of(path))
            continue
        used.add(label)
        hw = picture_hw(path)
        try:
            lines, wrong = read_yolo_lines(label, names)
        except UnicodeDecodeError:
            problems.append(f"{label}: expected a text file of labels")
            continue
        problems += wrong
        if hw is None:
            problems.append(f"{path}: expected a picture, cannot be read")
            continue
        where = label.relative_to(folder).as_posix()
        found.append(
            LabelledPicture(
                path=path,
                name=pictures.name_of(path),
                where=where,
                shapes=tuple(_shape(line, f"{where}:{line.number}", hw) for line in lines),
            )
        )
    lone = [
        path
        for path in sorted(folder.rglob("*.txt"))
        if "labels" in path.relative_to(folder).parts and path not in used and path.name not in NO_LABELS
    ]
    problems += [f"{path}: expected a picture of this name, found none" for path in lone]
    told = f"such as {left_out[0]}" if left_out else ""
    return LabelledSet(
        pictures=tuple(found),
        names=names,
        problems=tuple(problems),
        warnings=(f"{len(left_out)} pictures without label file are left out, {told}",) if left_out else (),
    )


def read_names(folder: Path) -> tuple[str, ...]:
    """The names of the classes by number. Raises SetError without a file of names, or when it is damaged."""
    for path in (folder / name for name in YAML_NAMES):
        if path.is_file():
            return _names_of_yaml(path)
    for path in (folder / name for name in TEXT_NAMES):
        if path.is_file():
            lines = _text_of(path).splitlines()
            return tuple(line.strip() for line in lines if line.strip())
    raise SetError(f"{folder}: expected the names of the classes in data.yaml or classes.txt, found none")


def _names_of_yaml(path: Path) -> tuple[str, ...]:
    try:
        content = yaml.safe_load(_text_of(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise SetError(f"{path}:{line}: expected YAML, {getattr(error, 'problem', error)}") from error
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise SetError(f"{path}: expected `names`, a list or a table of 0, 1, ..., got {names!r}")
    return tuple(map(str, names))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SetError(f"{path}: expected names in UTF-8, got other bytes at {error.start}") from error


def label_of(picture: Path) -> Path | None:
    """The label file of a picture, None where there is none."""
    parts = picture.with_suffix(".txt").parts
    candidates = [picture.with_suffix(".txt")]
    if "images" in parts:
        at = len(parts) - 1 - parts[::-1].index("images")
        candidates.insert(0, Path(*parts[:at], "labels", *parts[at + 1 :]))
    return next((path for path in candidates if path.is_file()), None)


def _shape(line: YoloLine, where: str, hw: tuple[int, int]) -> Shape:
    points = tuple((x * hw[1], y * hw[0]) for x, y in line.points_xy)
    if len(points) == 2:
        return BoxShape(name=line.name, where=where, corners_xyxy_px=(*points[0], *points[1]))
    return outline_or_box(line.name, where, (points,))
