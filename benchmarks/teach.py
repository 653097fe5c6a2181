"""Teaching a network a defect that it was never shown, from fifty pictures: minutes, gap closed, what is lost.

    python benchmarks/teach.py scald|scab --base MODEL --checkpoint LAST.PT --reference MODEL [--out DIR] [--json]

base, checkpoint: a network that was not shown the defect (training/configs/unseen_256.toml) and its weights. reference:
one that was shown everything, but none of the pictures judged here (fold 0 of `training folds`). The gap is between
those two, in the overlap of the kind itself on other fruit: simulated for scald, masked photographs for scab. `teach`
runs as a user runs it, on a folder of models of its own, promotion and its gate included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from grader.image_io import read_image
from grader.pipeline import Grader
from grader.production import promote
from grader.types import FIRST_DEFECT_VALUE, DefectKind, Frame, UInt8Array
from training.annotations import read_rot
from training.compare import ANY_DEFECT, JudgedPicture, compare_all
from training.folds import DISEASED, MASKED, deal
from training.frozen import FILE, freeze, frozen_json
from training.label_canvas import APPLE, BIT_OF_VALUE, SOUND, WeakLabel, surface_bits
from training.manifest import load_manifest, select_photographs
from training.one_defect import draw_one_defect
from training.simulator import Rendered
from training.simulator_suite import MM_PER_PX
from training.weak_cache import IndexEntry, entry_of, write_pair
from training.weak_labels import label_photograph, shows_scab

PICTURES, KEPT_BACK = 50, 8
"""Of the set that is taught, and of these the ones that `teach` itself judges by."""
TAUGHT_SEED, JUDGED_SEED, JUDGED = 73_000_000, 74_000_000, 60
FOLDS, JUDGED_FOLD = 5, 0


def _single(kind: DefectKind, first_seed: int, count: int) -> Iterator[Rendered]:
    return chain.from_iterable(draw_one_defect(kind, first_seed, count))


def label_of(picture: Rendered) -> WeakLabel:
    """What a person who painted every class would have said of a simulated picture."""
    fruit = picture.instance > 0
    return WeakLabel(
        surface_set=BIT_OF_VALUE[picture.surface],
        crop_set=np.where(fruit, APPLE, 1).astype(np.uint8),
        instance=picture.instance.astype(np.uint8),
        facts=(),
        trusted_outlines=1,
        fruit=1,
    )


def named_exactly(label: WeakLabel, kind: DefectKind) -> WeakLabel:
    """The label as staff would have corrected it: where a defect is painted, it is called by its name."""
    maybe = (label.surface_set & np.uint32(surface_bits(kind.surface_class))) > 0
    defect = maybe & ((label.surface_set & np.uint32(SOUND)) == 0)
    label.surface_set[defect] = surface_bits(kind.surface_class)
    return label


def write_set(folder: Path, pictures: list[tuple[str, str, UInt8Array, WeakLabel]]) -> None:
    """A split set as `import` and `split` leave it; the last pictures are kept back.

    pictures: name, licence, picture and label of each.
    """
    folder.mkdir(parents=True)
    index = []
    for number, (name, licence, rgb, label) in enumerate(pictures):
        label = write_pair(folder / name, rgb, label)
        split = "train" if number < len(pictures) - KEPT_BACK else "val"
        index.append(
            IndexEntry(
                id=name,
                dataset="taught",
                licence=licence,
                split=split,
                group=name,
                crop="apple",
                condition="",
                **entry_of(label),
            )
        )
    (folder / "index.json").write_text(json.dumps(index, indent=1))
    kept = [entry["id"] for entry in index if entry["split"] == "val"]
    (folder / FILE).write_text(frozen_json(freeze(folder, kept)))


def simulated_lesson(kind: DefectKind, folder: Path) -> list[JudgedPicture]:
    """Writes the set to be taught; returns what the networks are judged by."""
    taught = [
        (f"f{number:03d}", "own", picture.rgb, label_of(picture))
        for number, picture in enumerate(_single(kind, TAUGHT_SEED, PICTURES))
    ]
    write_set(folder, taught)
    return [
        JudgedPicture(
            frame=Frame(frame_id=f"{kind} {number}", rgb=picture.rgb),
            mm_per_px=MM_PER_PX,
            wanted={
                str(kind): picture.surface == kind.surface_class,
                ANY_DEFECT: picture.surface >= FIRST_DEFECT_VALUE,
            },
        )
        for number, picture in enumerate(_single(kind, JUDGED_SEED, JUDGED))
    ]


def photographed_lesson(kind: DefectKind, folder: Path, data: Path) -> list[JudgedPicture]:
    """The same from photographs of scab: those of fold 0 are judged, fifty of the others taught, masked ones last."""
    photographs = select_photographs(load_manifest(data), datasets=frozenset({*MASKED, DISEASED}))
    fold_of = deal(photographs, FOLDS)
    shown = [photo for photo in photographs if shows_scab(photo)]
    learned = [photo for photo in shown if fold_of[photo.group] != JUDGED_FOLD]
    masked = [photo for photo in learned if photo.label_kind == "defect_mask"]
    rest = [photo for photo in learned if photo.label_kind != "defect_mask"]
    chosen = [*rest[: PICTURES - len(masked)], *masked][-PICTURES:]
    taught = []
    for photo in chosen:
        rgb = read_image(photo.path).rgb
        taught.append((photo.name, photo.licence, rgb, named_exactly(label_photograph(photo, rgb), kind)))
    write_set(folder, taught)
    judged = [
        photo for photo in shown if fold_of[photo.group] == JUDGED_FOLD and photo.label_kind == "defect_mask"
    ]
    found = []
    for photo in judged:
        frame = read_image(photo.path)
        scab = read_rot(photo, frame.rgb.shape[:2])
        found.append(JudgedPicture(frame=frame, mm_per_px=None, wanted={str(kind): scab, ANY_DEFECT: scab}))
    return found


def main() -> None:
    """Print minutes and overlaps; what was lost elsewhere is in the lines of `teach` on stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=("scald", "scab"))
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("runs/lesson"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    kind, out = DefectKind(asked.kind), asked.out / asked.kind
    shutil.rmtree(out, ignore_errors=True)
    judged = (
        simulated_lesson(kind, out / "set")
        if kind is DefectKind.SCALD
        else photographed_lesson(kind, out / "set", asked.data)
    )
    models = out / "models"
    before = models / "fruitnet" / "0.0.0"
    shutil.copytree(asked.base, before)
    promote(before, "what the lesson starts from", models)
    started = time.monotonic()
    lesson = subprocess.run(
        [
            *(sys.executable, "-m", "training", "teach", out / "set", "--version", "0.0.1", "--reason", kind),
            *("--checkpoint", asked.checkpoint, "--out", out / "work"),
            *("--models", models, "--data", asked.data),
        ],
        check=False,
    )
    minutes = (time.monotonic() - started) / 60
    promoted = lesson.returncode == 0
    candidate = models / "fruitnet" / "0.0.1" if promoted else out / "work" / "candidate_1.00" / "model"
    graders = [Grader.load(candidate), Grader.load(asked.reference)]
    taught, shown = compare_all(Grader.load(before), graders, iter(judged))
    result: dict[str, object] = {"minutes": round(minutes, 1), "promoted": promoted, "pictures": len(judged)}
    for name in (str(kind), ANY_DEFECT):
        one = next(change for change in taught if change.name == name)
        all_of_it = next(change for change in shown if change.name == name)
        result[name] = {
            "before": round(one.champion, 3),
            "taught": round(one.challenger, 3),
            "shown_everything": round(all_of_it.challenger, 3),
            "gap_closed": round(one.change / all_of_it.change, 3) if all_of_it.change > 0 else None,
        }
    lines = "\n".join(f"{key}: {value}" for key, value in result.items())
    sys.stdout.write(f"{json.dumps(result) if asked.json else lines}\n")


if __name__ == "__main__":
    main()
