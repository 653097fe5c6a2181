"""What the cards of the installed models say. The weights are not read: loading a model verifies them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ModelError
from grader.production import SHIPPED_MODELS, production_model
from grader.trust import Trust, read_trust


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledModel:
    """One card. model_id: as records have it. trust: how far its decisions are to be trusted, None: not measured."""

    model_id: str
    name: str
    version: str
    in_use: bool
    trust: Trust | None


def installed_models(model_dir: Path | None, models: Path = SHIPPED_MODELS) -> tuple[InstalledModel, ...]:
    """Every `<models>/<name>/<version>/card.json` and `model_dir`, the one in use marked. Faulty cards are left out."""
    try:
        in_use = (model_dir or production_model(models)).resolve()
    except ModelError:
        in_use = None
    folders = {card.parent.resolve() for card in models.glob("*/*/card.json")}
    if in_use is not None:
        folders.add(in_use)
    found = (_read_card(folder, in_use=folder == in_use) for folder in sorted(folders))
    return tuple(model for model in found if model is not None)


def installed_trusts(model_dir: Path | None) -> dict[str, Trust]:
    """By `model_id`, of the `installed_models` that state it."""
    return {one.model_id: one.trust for one in installed_models(model_dir) if one.trust is not None}


def _read_card(folder: Path, *, in_use: bool) -> InstalledModel | None:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        name, version, sha256 = str(card["name"]), str(card["version"]), str(card["sha256"])
        trust = read_trust(card["trust"]) if "trust" in card else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return InstalledModel(
        model_id=f"{name}/{version}+sha256:{sha256[:12]}",
        name=name,
        version=version,
        in_use=in_use,
        trust=trust,
    )
