"""CVAT for images 1.1 (XML): boxes, polygons, masks and tags."""

from __future__ import annotations

from math import cos, isfinite, radians, sin
from pathlib import Path
from xml.etree.ElementTree import Element

import defusedxml
from defusedxml import ElementTree

from training.labelled_picture import (
    BoxShape,
    LabelledPicture,
    LabelledSet,
    MaskShape,
    SetError,
    Shape,
    outline_or_box,
)
from training.mask_runs import runs_in_box
from training.set_pictures import SetPictures

KNOWN = ("box", "polygon", "mask", "tag")


def read_cvat(path: Path, pictures: SetPictures) -> LabelledSet:
    """Everything in an annotations.xml. A picture without labels shows nothing of the set's classes.

    Raises SetError with line and column when the file is no such XML, or holds entities (an attack, not a label).
    """
    root = read_xml(path)
    if root.tag != "annotations" or root.find("image") is None:
        raise SetError(
            f"{path}: expected <annotations> with <image>s (CVAT for images 1.1), got <{root.tag}>"
        )
    names = tuple(name.text or "" for name in root.findall("meta//labels/label/name"))
    found: list[LabelledPicture] = []
    problems: list[str] = []
    for image in root.findall("image"):
        stated = image.get("name", "")
        where = f"{path.name}: image {stated!r}"
        picture, wrong = pictures.find(stated)
        if picture is None:
            problems.append(f"{where}: {wrong}")
            continue
        try:
            height, width = _numbers(image, ("height", "width"), where)
        except SetError as error:
            problems.append(str(error))
            continue
        hw = (int(height), int(width))
        shapes: list[Shape] = []
        classes: list[str] = []
        for number, item in enumerate(image, start=1):
            at = f"{where}, label {number}"
            try:
                if item.tag == "tag":
                    classes.append(_name(item, at))
                else:
                    shapes.append(_shape(item, hw, at))
            except SetError as error:
                problems.append(str(error))
        found.append(
            LabelledPicture(
                path=picture,
                name=pictures.name_of(picture),
                where=where,
                hw=hw,
                shapes=tuple(shapes),
                classes=tuple(classes),
            )
        )
    return LabelledSet(pictures=tuple(found), names=names, problems=tuple(problems))


def read_xml(path: Path) -> Element:
    """The root of an XML file without entities. Raises SetError."""
    try:
        return ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        line, column = error.position
        raise SetError(f"{path}:{line}:{column + 1}: expected XML, {error.msg}") from error
    except (defusedxml.DefusedXmlException, OSError, ValueError) as error:
        raise SetError(f"{path}: expected plain XML, got {error!r}") from error


def _shape(item: Element, hw: tuple[int, int], where: str) -> Shape:
    match item.tag:
        case "box":
            return BoxShape(name=_name(item, where), where=where, corners_xyxy_px=_box(item, where))
        case "polygon":
            return outline_or_box(_name(item, where), where, (_points(item.get("points", ""), where),))
        case "mask":
            left, top, width, height = _numbers(item, ("left", "top", "width", "height"), where)
            try:
                counts = [int(count) for count in item.get("rle", "").split(",")]
                runs = runs_in_box(counts, int(left), int(top), int(width), int(height), hw)
            except ValueError as error:
                raise SetError(f"{where}: rle: {error}") from error
            return MaskShape(name=_name(item, where), where=where, runs=runs)
        case _:
            raise SetError(f"{where}: expected {', '.join(KNOWN)}, got {item.tag}")


def _box(item: Element, where: str) -> tuple[float, float, float, float]:
    """The upright box around a box, which may be turned about its middle."""
    x0, y0, x1, y1 = _numbers(item, ("xtl", "ytl", "xbr", "ybr"), where)
    if item.get("rotation") is None:
        return (x0, y0, x1, y1)
    turn = radians(*_numbers(item, ("rotation",), where))
    across = abs((x1 - x0) * cos(turn)) + abs((y1 - y0) * sin(turn))
    down = abs((x1 - x0) * sin(turn)) + abs((y1 - y0) * cos(turn))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return (x - across / 2, y - down / 2, x + across / 2, y + down / 2)


def _name(item: Element, where: str) -> str:
    name = item.get("label")
    if not name:
        raise SetError(f"{where}: expected the attribute label of a {item.tag}, got none")
    return name


def _numbers(item: Element, keys: tuple[str, ...], where: str) -> list[float]:
    try:
        values = [float(item.get(key, "")) for key in keys]
    except ValueError as error:
        raise SetError(f"{where}: expected numbers {', '.join(keys)}, got {item.attrib}") from error
    if not all(map(isfinite, values)):
        raise SetError(f"{where}: expected finite numbers {', '.join(keys)}, got {values}")
    return values


def _points(text: str, where: str) -> tuple[tuple[float, float], ...]:
    try:
        points = [tuple(float(number) for number in pair.split(",")) for pair in text.split(";")]
        ring = tuple((x, y) for x, y in points if isfinite(x) and isfinite(y))
    except ValueError as error:
        raise SetError(f"{where}: expected points x,y;x,y;..., got {text[:60]!r}") from error
    if len(ring) < 3 or len(ring) < len(points):
        raise SetError(f"{where}: expected three or more points, got {text[:60]!r}")
    return ring
