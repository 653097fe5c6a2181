"""The settings of a training run, read strictly: a typing error must not start hours of wrong training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grader.errors import GraderError
from grader.toml_file import TomlTable, read_toml
from grader.types import DefectKind
from training.networks import NETWORKS

WHOLE = 10**9
BLOCKS = 16
"""Of the backbone."""


class ConfigError(GraderError):
    """A training config that cannot be used. The message names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """A training run. Shares are weights of the sample stream; lengths in pixels; rates per step.

    out: folder of the run. simulated: share by folder pattern. photographs: folders with index.json (one or a list).
    photograph_shares: share by data set name. licences: only photographs under these, None for all.
    simulated_labels: false: of simulated pictures only the answers of `start_from` are kept (`keep`), without labels.
    withheld: kinds of defect that are never shown, see `training/withheld.py`.
    backgrounds: folder of JPEG pictures without fruit, put behind `paste_share` of the simulated pictures; the same
    share of the photographs gets simulated fruit and objects pasted in, 0-1.
    network: one of `networks.NETWORKS`. size: side of the input, a multiple of 32. rate: learning rate of the heads;
    backbone_rate: factor on it, 0-1.
    frozen_blocks: this many first blocks of the backbone, and its stem, stay as they are; with 3, the layers at half
    and quarter resolution, a step takes three quarters of the time. frozen_statistics: the statistics of normalisation
    stay as they are, for runs on few pictures. warm_up: steps. average: 0-1, weight of the past in the averaged
    weights. start_from: checkpoint of another run. keep: weight of the answers of `start_from`, see
    `training/kept_answers.py`; 0: it is not asked.
    """

    out: str
    simulated: dict[str, float]
    photographs: tuple[str, ...] = ()
    photograph_shares: dict[str, float] = field(default_factory=dict)
    licences: tuple[str, ...] | None = None
    simulated_labels: bool = True
    withheld: tuple[str, ...] = ()
    backgrounds: str | None = None
    paste_share: float = 0.0
    network: str = "fruitnet"
    size: int = 224
    batch: int = 16
    steps: int = 4000
    rate: float = 2e-3
    backbone_rate: float = 0.3
    frozen_blocks: int = 0
    frozen_statistics: bool = False
    warm_up: int = 100
    average: float = 0.998
    seed: int = 1
    start_from: str | None = None
    keep: float = 0.0
    threads: int = 2
    save_every: int = 200


def load_config(path: Path) -> TrainConfig:
    """Read a TOML file with the fields of `TrainConfig`; `out` is required, and something to train on.

    Raises ConfigError that names every fault: a missing file, an unknown key, a value out of range.
    """
    table = read_toml(path)
    if table.problems:
        raise ConfigError("\n".join(table.problems))
    usual = TrainConfig(out=".", simulated={})
    config = TrainConfig(
        out=table.text("out"),
        simulated=_shares(table, "simulated"),
        photographs=_folders(table),
        photograph_shares=_shares(table, "photograph_shares"),
        licences=_licences(table),
        simulated_labels=table.flag("simulated_labels", default=usual.simulated_labels),
        withheld=table.texts("withheld"),
        backgrounds=_text(table, "backgrounds"),
        paste_share=table.number("paste_share", low=0, high=1, default=usual.paste_share),
        network=table.text("network", one_of=NETWORKS, default=usual.network),
        size=_whole(table, "size", usual.size, low=32, high=4096),
        batch=_whole(table, "batch", usual.batch, low=1),
        steps=_whole(table, "steps", usual.steps, low=1),
        rate=table.number("rate", low=0, high=1, default=usual.rate),
        backbone_rate=table.number("backbone_rate", low=0, high=1, default=usual.backbone_rate),
        frozen_blocks=_whole(table, "frozen_blocks", usual.frozen_blocks, low=0, high=BLOCKS),
        frozen_statistics=table.flag("frozen_statistics", default=usual.frozen_statistics),
        warm_up=_whole(table, "warm_up", usual.warm_up, low=0),
        average=table.number("average", low=0, high=1, default=usual.average),
        seed=_whole(table, "seed", usual.seed, low=0),
        start_from=_text(table, "start_from"),
        keep=table.number("keep", low=0, high=1000, default=usual.keep),
        threads=_whole(table, "threads", usual.threads, low=1),
        save_every=_whole(table, "save_every", usual.save_every, low=1),
    )
    kinds = {str(kind) for kind in DefectKind}
    if unknown := sorted(set(config.withheld) - kinds):
        table.problem(f"withheld: expected kinds of {sorted(kinds)}, got {unknown}", "withheld")
    if config.size % 32:
        table.problem(f"size: expected a multiple of 32, got {config.size}", "size")
    if config.keep > 0 and not config.start_from:
        table.problem("keep: expected `start_from` too, whose answers are kept", "keep")
    if not config.simulated_labels and not config.keep > 0:
        table.problem("simulated_labels = false: expected `keep` over 0 too", "simulated_labels")
    if config.photograph_shares and not config.photographs:
        table.problem("photograph_shares: expected the folder `photographs` too", "photograph_shares")
    if config.paste_share > 0 and not (config.backgrounds and config.photographs and config.simulated):
        table.problem(
            "paste_share: expected `backgrounds`, `photographs` and [simulated] with it", "paste_share"
        )
    if not sum(config.simulated.values()) + sum(config.photograph_shares.values()) > 0:
        table.problem("expected a share over 0 in [simulated] or [photograph_shares], got none")
    table.finish()
    if table.problems:
        raise ConfigError("\n".join(table.problems))
    return config


def _text(table: TomlTable, key: str) -> str | None:
    chosen = table.text(key, default="none")
    return chosen if table.has(key) else None


def _folders(table: TomlTable) -> tuple[str, ...]:
    """`photographs = "a"` or `photographs = ["a", "b"]`."""
    if isinstance(table.raw("photographs"), str):
        return (table.text("photographs"),)
    return table.texts("photographs")


def _licences(table: TomlTable) -> tuple[str, ...] | None:
    chosen = table.texts("licences")
    return chosen if table.has("licences") else None


def _whole(table: TomlTable, key: str, usual: int, *, low: int, high: int = WHOLE) -> int:
    value = table.number(key, low=low, high=high, default=usual)
    if value != int(value):
        table.problem(f"{key}: expected a whole number, got {value}", key)
    return int(value)


def _shares(table: TomlTable, key: str) -> dict[str, float]:
    part = table.table(key, required=False)
    if part is None:
        return {}
    return {name: part.number(name, low=0, high=WHOLE) for name in part.keys()}
