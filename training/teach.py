"""`python -m training teach`: from a few dozen corrected pictures to a model that may be promoted, in one go.

1. Replay: simulated pictures of what the network knows already, so that it does not forget while it learns.
2. The layers of fine detail are frozen, the others go on learning the new set; on the replay, and where no label of the
   new set speaks against it, the old answers are kept (`training/kept_answers.py`). Labels of the replay would change
   how sure the network is of what it knows, and with it what passes its levels.
3. Candidates on the line from the old weights to the new ones (M. Wortsman et al., "Robust fine-tuning of zero-shot
   models", CVPR 2022): the newest that loses no more than the gate allows on what was known.

Everything is left in the work folder, and what is complete there is not done again.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from grader.errors import GraderError
from grader.model_card import load_card
from grader.pipeline import Grader
from training.blend import blend
from training.compare import ClassChange, JudgedPicture, compare_all, losses
from training.export import export
from training.produce_network import add_second_opinion
from training.simulator.generate import generate
from training.taught_pictures import TAUGHT, taught_pictures
from training.train import train
from training.train_config import TrainConfig

REPLAY = {"single": 240, "turning": 160, "sound": 60, "objects": 80, "touching": 40, "melon": 60}
"""Simulated pictures by preset: in proportion to the shares of `training/configs`."""
REPLAY_SEED = 71_000
REPLAY_SIDE_PX = 320
TAUGHT_SHARE = 0.5
"""Of the samples: fifty pictures in half of 400 x 16 are each seen 64 times, differently lit, turned and cut."""
FEW_PICTURES, FROZEN_BLOCKS = 200, (5, 3)
"""Below so many pictures the first five blocks of the backbone stay (to an eighth of the resolution), else three."""
STEPS, RATE = 400, 4e-3
KEEP = 20.0
"""Weight of the answers given before."""
CANDIDATES = (1.0, 0.75, 0.5, 0.3)
"""Shares of the new weights."""
FEWEST_PICTURES = 10


class TeachError(GraderError):
    """A set from which nothing can be taught, or of which nothing could be learned without loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What is taught to what. taught: an imported and split set. model: models/NAME/VERSION. checkpoint: its last.pt.

    version: of the new model. out: work folder. photographs: folders with old photographs to replay, with
    `photograph_shares` by data set.
    steps: of training. jobs: processes for the simulator. size: side of the training input, px.
    """

    taught: Path
    model: Path
    checkpoint: Path
    version: str
    out: Path
    photographs: tuple[Path, ...] = ()
    photograph_shares: tuple[tuple[str, float], ...] = ()
    replay: tuple[tuple[str, int], ...] = tuple(REPLAY.items())
    steps: int = STEPS
    size: int = 256
    jobs: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A candidate. share: of the new weights, 0-1. checkpoint, model: its files. changes: against the model before."""

    share: float
    checkpoint: Path
    model: Path
    changes: tuple[ClassChange, ...]

    @property
    def lost(self) -> list[ClassChange]:
        """Classes known before on which it loses more than the gate allows."""
        return losses([change for change in self.changes if not change.name.endswith(TAUGHT)])

    @property
    def gained(self) -> float:
        """Mean change of overlap on the classes of the new set, -1 to 1."""
        taught = [change.change for change in self.changes if change.name.endswith(TAUGHT)]
        return sum(taught) / len(taught)


def make_config(lesson: Lesson) -> TrainConfig:
    """The training run of a lesson. Raises TeachError for a set that is too small or was not split."""
    index = json.loads((lesson.taught / "index.json").read_text(encoding="utf-8"))
    sides = Counter(entry["split"] for entry in index)
    if sides["train"] < FEWEST_PICTURES:
        raise TeachError(
            f"{lesson.taught}: expected at least {FEWEST_PICTURES} pictures for training, got {sides['train']}"
        )
    if not sides["val"]:
        raise TeachError(
            f"{lesson.taught}: expected pictures kept back for judging, got none: "
            f"python -m training split {lesson.taught} --val 0.2"
        )
    own = Counter(entry["dataset"] for entry in index if entry["split"] == "train")
    old = dict(lesson.photograph_shares)
    shares = {name: TAUGHT_SHARE * count / sides["train"] for name, count in own.items()}
    rest = 1 - TAUGHT_SHARE
    replayed = rest / 2 if old else rest
    total, pictures = sum(old.values()), sum(count for _, count in lesson.replay)
    return TrainConfig(
        out=str(lesson.out / "run"),
        simulated={
            str(lesson.out / "replay" / preset): replayed * count / pictures
            for preset, count in lesson.replay
        },
        photographs=(str(lesson.taught), *(str(folder) for folder in lesson.photographs)),
        photograph_shares=shares | {name: (rest - replayed) * share / total for name, share in old.items()},
        size=lesson.size,
        steps=lesson.steps,
        rate=RATE,
        frozen_blocks=FROZEN_BLOCKS[sides["train"] >= FEW_PICTURES],
        frozen_statistics=True,
        warm_up=min(50, lesson.steps // 4),
        average=0.98,
        start_from=str(lesson.checkpoint),
        keep=KEEP,
        simulated_labels=False,
    )


def teach(lesson: Lesson, known: Iterator[JudgedPicture], say: Callable[[str], None]) -> Learned:
    """Replay, train, choose. known: pictures of what the model knew before. say: told each step.

    Raises TeachError when every candidate loses too much, and the errors of training.
    """
    config = make_config(lesson)
    for preset, count in lesson.replay:
        say(f"replay: {count} simulated pictures, {preset}")
        folder = lesson.out / "replay" / preset
        generate(folder, count, REPLAY_SEED, preset, (REPLAY_SIDE_PX, REPLAY_SIDE_PX), lesson.jobs)
    say(f"training: {config.steps} steps, {config.frozen_blocks} blocks stay as they are")
    trained = train(config)
    candidates = [_candidate(lesson, config, trained, share) for share in CANDIDATES]
    say(f"judging {len(candidates)} candidates beside the model in production")
    graders = [Grader.load(candidate / "model") for candidate in candidates]
    pictures = chain(taught_pictures(lesson.taught), known)
    for share, candidate, changes in zip(
        CANDIDATES, candidates, compare_all(Grader.load(lesson.model), graders, pictures), strict=True
    ):
        learned = Learned(
            share=share,
            checkpoint=candidate / "last.pt",
            model=candidate / "model",
            changes=tuple(changes),
        )
        worst = min(learned.lost, key=lambda change: change.change, default=None)
        say(
            f"{share:.0%} of the new weights: {100 * learned.gained:+.1f} points on the new set, "
            + (f"loses {-100 * worst.change:.1f} on {worst.name}" if worst else "loses nothing that counts")
        )
        if worst is None:
            break
    return accepted(learned)


def accepted(learned: Learned) -> Learned:
    """The last candidate tried, if it may go on. Raises TeachError when it loses too much or learned nothing."""
    if learned.lost:
        raise TeachError(
            f"every candidate loses too much; the mildest, {learned.share:.0%} of the new weights, on "
            + ", ".join(f"{change.name} {100 * change.change:+.1f}" for change in learned.lost)
        )
    if learned.gained <= 0:
        raise TeachError(f"nothing was learned: {100 * learned.gained:+.1f} points on the new set")
    return learned


def _candidate(lesson: Lesson, config: TrainConfig, trained: Path, share: float) -> Path:
    """A folder with last.pt, config.json and the exported `model`."""
    folder = lesson.out / f"candidate_{share:.2f}"
    if (folder / "model" / "card.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    parts = [(trained, share)] + ([(lesson.checkpoint, 1 - share)] if share < 1 else [])
    checkpoint = blend(parts, config, folder, steps=0)
    before = load_card(lesson.model)
    index = json.loads((lesson.taught / "index.json").read_text(encoding="utf-8"))
    new = sorted({(entry["dataset"], entry["licence"]) for entry in index})
    export(
        checkpoint,
        folder / "new",
        name=before.name,
        version=lesson.version,
        sets=[
            *(dict(one) for one in before.trained_on),
            *({"name": name, "licence": licence} for name, licence in new),
        ],
        find_side=before.input.find_side_px,
        fruit_side=before.input.fruit_side_px,
    )
    add_second_opinion(folder / "new")
    (folder / "new").rename(folder / "model")
    return folder
