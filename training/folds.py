"""`python -m training folds`: every masked and every diseased photograph judged by a network that was not shown it.

The few pictures of `val` say little. Here the pictures of both rot-mask sets and of the disease set are dealt into
folds by group; for each fold a network that knows none of them learns the others and is judged on it. The networks
measure the recipe, not the shipped weights, and none of them is ever promoted: between them they saw everything.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from grader.grade_command import index_mask
from grader.image_io import read_image, write_bytes
from grader.pipeline import GradeOptions, Grader
from grader.types import FIRST_DEFECT_VALUE
from training.annotations import read_rot
from training.condition_suite import true_worst, worst
from training.export import export
from training.frame_grader import FrameGrader
from training.manifest import Photograph, load_manifest, select_photographs
from training.picture_scores import overlap, pooled_iou
from training.produce_network import add_second_opinion
from training.statistics import Figure, bootstrap
from training.train import train
from training.train_config import ConfigError, TrainConfig
from training.weak_cache import IndexEntry, convert

MASKED = ("rot_masks_aabdurrauf", "rot_masks_melo04")
DISEASED = "disease_web_kaggle_st4nsb"
FOLD = " (fold)"
"""End of the name under which a fold's pictures are learned: their data set's own name would bring all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a fold's network said of one picture. both, either: defect pixels in the overlap and in the union with the
    truth, of masked pictures. right: whether the worst defect was called right, of diseased ones."""

    name: str
    dataset: str
    group: str
    both: float = 0.0
    either: float = 0.0
    right: bool | None = None


def deal(photographs: Iterable[Photograph], folds: int) -> dict[str, int]:
    """The fold of each group, 0 to folds - 1: dealt out in turn within each data set and label, in the order of a hash.

    Raises ValueError for fewer than two folds.
    """
    if folds < 2:
        raise ValueError(f"folds: expected two or more, got {folds}")
    kinds: dict[tuple[str, str], list[str]] = {}
    for photo in photographs:
        kind = photo.label if photo.label_file is None else photo.path.stem.rstrip("0123456789-_ ")
        groups = kinds.setdefault((photo.dataset, kind), [])
        if photo.group not in groups:
            groups.append(photo.group)
    fold_of: dict[str, int] = {}
    for number, (_, groups) in enumerate(sorted(kinds.items())):
        for place, group in enumerate(sorted(groups, key=_hash)):
            fold_of.setdefault(group, (place + number) % folds)
    return fold_of


def fold_config(config: TrainConfig, learned: Path, out: Path) -> TrainConfig:
    """The run of one fold. learned: its set of pictures.

    Raises ConfigError when the config names no share of a judged set, or starts from nothing.
    """
    judged = {name: share for name, share in config.photograph_shares.items() if name in (*MASKED, DISEASED)}
    if not judged or not config.start_from:
        raise ConfigError(
            f"{config.out}: expected `start_from`, a network that was shown none of {(*MASKED, DISEASED)}, and "
            f"photograph_shares of some of them, got {config.start_from!r} and {judged}"
        )
    shares = {name: share for name, share in config.photograph_shares.items() if name not in judged}
    return replace(
        config,
        out=str(out),
        photographs=(*config.photographs, str(learned)),
        photograph_shares=shares | {name + FOLD: share for name, share in judged.items()},
    )


def run_folds(config: TrainConfig, data_dir: Path, folds: int, say: Callable[[str], None]) -> list[Answer]:
    """The answers on every picture; what is complete in `config.out` is not done again.

    Raises ManifestError for missing sets, and the errors of training.
    """
    out = Path(config.out)
    judged_sets = frozenset({*MASKED, DISEASED} & set(config.photograph_shares))
    photographs = select_photographs(load_manifest(data_dir), datasets=judged_sets)
    fold_of = deal(photographs, folds)
    index = convert(photographs, out / "labels")
    answers: list[Answer] = []
    for fold in range(folds):
        place = out / f"fold_{fold}"
        done = place / "answers.json"
        if not done.is_file():
            say(f"fold {fold + 1} of {folds}")
            shown = [entry for entry in index if fold_of[entry["group"]] != fold]
            learned = write_learned(place / "learned", out / "labels", shown)
            model = _model(fold_config(config, learned, place / "run"), place / "model")
            kept = [photo for photo in photographs if fold_of[photo.group] == fold]
            found = [asdict(answer) for answer in judge(Grader.load(model), kept)]
            write_bytes(done, json.dumps(found, indent=1).encode())
        answers += [Answer(**row) for row in json.loads(done.read_text(encoding="utf-8"))]
    return answers


def write_learned(folder: Path, labels: Path, entries: Sequence[IndexEntry]) -> Path:
    """A set of links to the converted pictures that a fold may learn, under the names of `FOLD`. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        for suffix in (".jpg", ".npz"):
            link = folder / f"{entry['id']}{suffix}"
            link.unlink(missing_ok=True)
            os.link(labels / link.name, link)
    shown = [{**entry, "split": "train", "dataset": entry["dataset"] + FOLD} for entry in entries]
    (folder / "index.json").write_text(json.dumps(shown, indent=1), encoding="utf-8")
    return folder


def judge(grader: FrameGrader, photographs: Iterable[Photograph]) -> list[Answer]:
    """Grades each picture without a scale."""
    answers = []
    for photo in photographs:
        graded = grader.grade_frame(read_image(photo.path), GradeOptions())
        answer = Answer(name=photo.name, dataset=photo.dataset, group=photo.group)
        if photo.dataset == DISEASED:
            answer = replace(answer, right=worst(graded) == true_worst(photo))
        else:
            found = index_mask(graded) >= FIRST_DEFECT_VALUE
            both, either = overlap(found, read_rot(photo, graded.frame.rgb.shape[:2]))
            answer = replace(answer, both=both, either=either)
        answers.append(answer)
    return answers


def figures(answers: Sequence[Answer]) -> list[Figure]:
    """`folds_defect_iou`, all pixels of all masked pictures together, and `folds_worst_defect_right`; over groups.

    A figure without pictures is left out.
    """
    found = []
    masked = _rows(answers, MASKED, lambda answer: (answer.both, answer.either))
    diseased = _rows(answers, (DISEASED,), lambda answer: (float(bool(answer.right)),))
    if masked:
        found.append(bootstrap("folds_defect_iou", masked, pooled_iou, "IoU"))
    if diseased:
        found.append(
            bootstrap(
                "folds_worst_defect_right", diseased, lambda rows: float(rows.mean()), "share of pictures"
            )
        )
    return found


def _rows(
    answers: Sequence[Answer], datasets: Sequence[str], row: Callable[[Answer], tuple[float, ...]]
) -> list[list[tuple[float, ...]]]:
    groups: dict[str, list[tuple[float, ...]]] = {}
    for answer in answers:
        if answer.dataset in datasets:
            groups.setdefault(answer.group, []).append(row(answer))
    return list(groups.values())


def _model(config: TrainConfig, folder: Path) -> Path:
    checkpoint = train(config)
    export(checkpoint, folder, name="fold", version="0", sets=[], find_side=256, fruit_side=256)
    add_second_opinion(folder)
    return folder


def _hash(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()
