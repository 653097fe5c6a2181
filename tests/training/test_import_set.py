"""A labelled set becomes what training reads, wholly or not at all."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from grader.errors import OutputError
from grader.image_io import read_image, write_jpeg
from grader.types import Crop, SurfaceClass
from tests.training.labelled_sets import (
    HW,
    add_picture,
    index_mask,
    polygon,
    ring,
    write_coco,
    write_corrected,
)
from tests.training.planted import DataFolder
from tests.training.small_disk import fill, small_disk
from training.dataset import photograph_sources, read_sample
from training.frozen import freeze, frozen_json
from training.import_set import ImportReport, ImportWish, import_set
from training.label_canvas import GROUND, surface_bits
from training.labelled_picture import SetError

QUIET = Console(file=io.StringIO())


def wish(source: Path, out: Path) -> ImportWish:
    return ImportWish(source=source, out=out, dataset="yard", licence="CC BY 4.0")


def run(source: Path, out: Path, **more: object) -> ImportReport:
    return import_set(replace(wish(source, out), **more), QUIET)


def coco(folder: Path) -> Path:
    """Two apples, one with a drawn rot; one picture without fruit."""
    return write_coco(
        folder,
        [
            ("day 1/a.jpg", "apple", polygon(ring())),
            ("day 1/a.jpg", "rot", polygon(ring(52, 48, 10))),
            ("day 1/b.jpg", "apple", {"bbox": [28, 12, 72, 72]}),
            ("c.jpg", "_", {}),
        ],
        ["apple", "rot"],
    )


def test_what_training_reads(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "yard"
    report = run(coco(tmp_path / "set"), out)
    assert (report.format, report.pictures, report.groups, report.fruit) == ("coco", 3, 3, 2)
    assert (report.boxes, report.polygons, report.masks) == (1, 2, 0)
    assert {name: (c.means, c.count, c.pictures) for name, c in report.classes.items()} == {
        "apple": ("apple", 2, 2),
        "rot": ("rot", 1, 1),
    }
    assert report.warnings == ("class 'rot': only one picture",)
    assert 0.9 < report.known_fraction <= 1
    assert json.loads(json.dumps(report.to_json()))["classes"]["rot"]["means"] == "rot"

    index = json.loads((out / "index.json").read_text())
    assert [entry["id"] for entry in index] == ["yard__day 1__a_jpg", "yard__day 1__b_jpg", "yard__c_jpg"]
    first = index[0]
    assert (first["split"], first["group"], first["licence"]) == ("train", "day 1/a.jpg", "CC BY 4.0")
    assert (first["crop"], first["classes"], first["size"]) == ("apple", ["apple", "rot"], list(HW))
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["index.json", *(f"{entry['id']}.{end}" for entry in index for end in ("jpg", "npz"))]
    )
    (source,) = photograph_sources([out], {"yard": 1.0})
    sample = read_sample(source, str(out / "yard__day 1__a_jpg"))
    assert sample.surface_set[48, 52] == surface_bits(SurfaceClass.ROT)
    assert sample.surface_set[5, 5] == GROUND
    assert list(out.parent.iterdir()) == [out]


def test_several_sets_are_trained_on_together(tmp_path: Path) -> None:
    outs = [tmp_path / "runs" / "one", tmp_path / "runs" / "two"]
    run(coco(tmp_path / "set"), outs[0])
    add_picture(tmp_path / "other" / "fresh" / "x.jpg", 50)
    add_picture(tmp_path / "other" / "fresh" / "y.jpg", 51)
    import_set(replace(wish(tmp_path / "other", outs[1]), dataset="shed"), QUIET)
    sources = photograph_sources(outs, {"yard": 1.0, "shed": 2.0})
    assert {source.name: (source.weight, len(source.stems)) for source in sources} == {
        "yard": (1.0, 3),
        "shed": (2.0, 2),
    }
    import_set(replace(wish(tmp_path / "other", tmp_path / "runs" / "three"), dataset="yard"), QUIET)
    (both,) = photograph_sources([outs[0], tmp_path / "runs" / "three"], {"yard": 1.0})
    assert len(both.stems) == 5


def test_a_corrected_set_is_exact(tmp_path: Path) -> None:
    rows = [("a.jpg", "f1", "l1", "s1"), ("b.jpg", "f2", "l1", "s1")]
    out = tmp_path / "out"
    report = run(write_corrected(tmp_path / "set", rows), out)
    assert (report.known_fraction, report.masks, report.fruit) == (1.0, 8, 2)
    first = json.loads((out / "index.json").read_text())[0]
    assert (first["group"], first["lot"], first["source"], first["licence"]) == (
        "f1",
        "l1",
        "s1",
        "CC BY 4.0",
    )
    with np.load(out / "yard__a_jpg.npz") as label:
        rot = label["surface_set"] == surface_bits(SurfaceClass.ROT)
        assert (rot == (index_mask() == 11)).all()


def test_what_has_no_label_is_ground_unless_some_fruit_have_none(tmp_path: Path) -> None:
    source = coco(tmp_path / "set")
    for name, partly, corner, core in (("all", False, True, False), ("some", True, False, False)):
        run(source, tmp_path / name, partly_labelled=partly)
        with np.load(tmp_path / name / "yard__day 1__a_jpg.npz") as label:
            assert bool(label["surface_set"][5, 5] == GROUND) is corner
            assert bool(label["surface_set"][48, 80] & GROUND) is core


def test_large_pictures_shrink_with_their_labels(tmp_path: Path) -> None:
    add_picture(tmp_path / "set" / "a.jpg", 1, (480, 768))
    path = write_coco(tmp_path / "set", [("a.jpg", "apple", {"bbox": [300, 150, 200, 200]})], ["apple"])
    content = json.loads(path.read_text())
    content["images"][0] |= {"height": 480, "width": 768}
    path.write_text(json.dumps(content))
    run(path, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "index.json").read_text())[0]["size"] == [240, 384]


def test_all_faults_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    path = write_coco(
        tmp_path / "set",
        [
            ("a.jpg", "aple", {"bbox": [10, 10, 0, 20]}),
            ("b.jpg", "apple", {"bbox": [100, 10, 90, 20]}),
            ("c.jpg", "apple", polygon([(10, 10), (40, 40), (40, 10), (10, 40)])),
            ("d.jpg", "apple", {"bbox": [10, 10, 20, 20]}),
            ("e.jpg", "apple", {"bbox": [10, 10, 20, 20]}),
            ("f.jpg", "apple", {"bbox": [10, 10, 20]}),
        ],
        ["apple", "aple"],
    )
    (tmp_path / "set" / "d.jpg").unlink()
    (tmp_path / "set" / "e.jpg").write_bytes(b"no picture")
    shutil.copy(tmp_path / "set" / "a.jpg", tmp_path / "set" / "f.jpg")
    with pytest.raises(SetError) as caught:
        run(path, tmp_path / "out")
    text = str(caught.value)
    for part in (
        "class 'aple': expected a known name, the nearest known is 'apple'",
        "annotation 0 ('aple'): expected a box of at least 4 px",
        "annotation 1 ('apple'): expected a box inside the picture",
        "annotation 2 ('apple'): expected a polygon that does not cross itself",
        "image 3: expected a picture d.jpg",
        "e.jpg: expected JPEG, PNG",
        "annotation 5: bbox: expected 4 numbers",
        "f.jpg: looks like a.jpg (0 of 256 bits differ), expected one of them, or both in one group",
    ):
        assert part in text
    assert len(text.splitlines()) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_views_of_one_fruit_may_look_alike(tmp_path: Path) -> None:
    for fruit, seed in (("f1", 1), ("f2", 2)):
        for view in (1, 2):
            add_picture(tmp_path / "set" / "fresh" / f"{fruit}_v{view}.jpg", seed)
    with pytest.raises(SetError, match=r"f1_v2\.jpg: looks like fresh/f1_v1\.jpg"):
        run(tmp_path / "set", tmp_path / "out")
    report = run(tmp_path / "set", tmp_path / "out", group=r"(f\d+)_")
    assert (report.pictures, report.groups) == (4, 2)
    assert run(tmp_path / "set", tmp_path / "other", group="folder").groups == 1
    joined = run(tmp_path / "set", tmp_path / "joined", join_alike=True)
    assert joined.groups == 2
    assert joined.warnings == ("2 pairs of pictures look the same and are now in one group each",)
    with pytest.raises(SetError, match=r"f1_v1\.jpg: expected a path that matches --group 'x\.'"):
        run(tmp_path / "set", tmp_path / "third", group="x.")
    with pytest.raises(SetError, match="--group: expected file, folder or a regular expression"):
        run(tmp_path / "set", tmp_path / "third", group="(")


def test_the_crop_can_be_said_once(tmp_path: Path) -> None:
    add_picture(tmp_path / "set" / "rot" / "a.jpg", 1)
    run(tmp_path / "set", tmp_path / "out", crop=Crop.MELON)
    (entry,) = json.loads((tmp_path / "out" / "index.json").read_text())
    assert (entry["crop"], entry["classes"]) == ("melon", ["rot"])


def test_a_mapping_of_names(tmp_path: Path) -> None:
    add_picture(tmp_path / "set" / "K7" / "a.jpg", 1)
    with pytest.raises(SetError, match="class 'K7': expected a known name"):
        run(tmp_path / "set", tmp_path / "out")
    names = tmp_path / "names.toml"
    names.write_text('[names]\nK7 = ["apple", "crack"]\n')
    report = run(tmp_path / "set", tmp_path / "out", names_file=names)
    assert report.classes["K7"].means == "apple crack"


def test_contradicting_classes_of_one_picture(tmp_path: Path) -> None:
    add_picture(tmp_path / "set" / "a.jpg", 1)
    tags = '<tag label="rot"/><tag label="fresh"/>'
    (tmp_path / "set" / "a.xml").write_text(
        f'<annotations><image name="a.jpg" width="128" height="96">{tags}</image></annotations>'
    )
    with pytest.raises(SetError, match=r"a\.xml: image 'a\.jpg': expected one crop, and sound or defects"):
        run(tmp_path / "set", tmp_path / "out")


def test_more_fruit_than_a_label_counts(tmp_path: Path) -> None:
    labels = [("a.jpg", "apple", {"bbox": [10, 10, 20, 20]}) for _ in range(255)]
    with pytest.raises(SetError, match="image 0: expected at most 254 fruit, got 255"):
        run(write_coco(tmp_path / "set", labels, ["apple"]), tmp_path / "out")


def test_a_picture_twice_and_names_that_become_one(tmp_path: Path) -> None:
    labels = [(name, "apple", {"bbox": [10, 10, 20, 20]}) for name in ("a/b.jpg", "a__b.jpg")]
    with pytest.raises(SetError, match=r"a/b\.jpg: expected every picture once, under one name, got 2"):
        run(write_coco(tmp_path / "set", labels, ["apple"]), tmp_path / "out")


def test_an_empty_set(tmp_path: Path) -> None:
    (tmp_path / "set" / "rot").mkdir(parents=True)
    with pytest.raises(SetError, match="expected labelled pictures, found none"):
        run(tmp_path / "set", tmp_path / "out")


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    source, out = coco(tmp_path / "set"), tmp_path / "out"
    run(source, out)
    with pytest.raises(
        SetError, match=r"out: expected a folder that is not there yet \(--force replaces it\)"
    ):
        run(source, out)
    (out / "old.txt").write_text("")
    run(source, out, force=True)
    assert not (out / "old.txt").exists()
    (out / "frozen.json").write_text("{}")
    with pytest.raises(SetError, match="models are judged by this set; import to another folder"):
        run(source, out, force=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(b"x")
    with pytest.raises(SetError, match="expected an imported set to replace, found other files"):
        run(source, tmp_path / "photos", force=True)
    assert (tmp_path / "photos" / "mine.jpg").is_file()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"dataset": "a b"}, "--dataset: expected letters"),
        ({"dataset": "../x"}, "--dataset"),
        ({"licence": " "}, "--licence: expected the licence of the pictures, got nothing"),
    ],
)
def test_wishes_that_cannot_be(more: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(SetError, match=message):
        replace(wish(tmp_path, tmp_path / "out"), **more)


def test_pictures_that_models_are_judged_by_are_refused_or_left_out(tmp_path: Path) -> None:
    """The frozen one lies in a set beside, smaller, mirrored, under another name."""
    source, beside = coco(tmp_path / "set"), tmp_path / "runs" / "judged"
    beside.mkdir(parents=True)
    rgb = read_image(tmp_path / "set" / "c.jpg").rgb
    half = cv2.resize(rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    write_jpeg(beside / "z.jpg", np.ascontiguousarray(half[:, ::-1]), quality=95)
    (beside / "z.npz").write_bytes(b"label")
    (beside / "frozen.json").write_text(frozen_json(freeze(beside, ["z"])))
    out = tmp_path / "runs" / "yard"
    with pytest.raises(SetError, match=r"^c\.jpg: looks like .*judged/z, by which models are judged"):
        run(source, out)
    assert not out.exists()
    report = run(source, out, leave_out_frozen=True)
    assert report.pictures == 2
    assert report.warnings[0] == "1 pictures that look like one for judging are left out"


def test_photographs_for_judging_are_refused(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "data")
    name = "apples/varieties_kayseri/images/Gala/k.png"
    data.add(name, label="Gala", kind="cultivar_sound")
    add_picture(tmp_path / "data" / name, 5)
    add_picture(tmp_path / "set" / "fresh" / "a.jpg", 5)
    with pytest.raises(SetError, match=r"fresh/a\.jpg: looks like .*Gala/k\.png, by which models are judged"):
        run(tmp_path / "set", tmp_path / "out", data=tmp_path / "data")
    with pytest.raises(SetError, match="expected a picture that is not for judging, found none"):
        run(tmp_path / "set", tmp_path / "out", data=tmp_path / "data", leave_out_frozen=True)


def test_the_same_set_gives_the_same_bytes(tmp_path: Path) -> None:
    source = coco(tmp_path / "set")
    for name in ("one", "two"):
        run(source, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_a_full_disk_names_the_file_and_leaves_the_set_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 400) as disk:
        run(coco(tmp_path / "set"), disk / "yard")
        before = {path: path.read_bytes() for path in (disk / "yard").iterdir()}
        fill(disk)
        with pytest.raises(OutputError, match=r"\.jpg: could not be written: No space left on device"):
            run(tmp_path / "set", disk / "yard", force=True)
        assert {path: path.read_bytes() for path in (disk / "yard").iterdir()} == before
        assert not (disk / ".yard.part").exists()
