"""The models that are installed, from their cards. The weights are not read: loading one verifies it."""

from __future__ import annotations

import json
from pathlib import Path

from grader.errors import ModelError
from grader.production import SHIPPED_MODELS, production_model
from grader.trust import read_trust
from service.schemas import ModelOut


def list_models(model_dir: Path | None, models: Path = SHIPPED_MODELS) -> list[ModelOut]:
    """Every `<models>/<name>/<version>/card.json` and `model_dir`, the one in use marked. Faulty cards are left out."""
    try:
        in_use = (model_dir or production_model(models)).resolve()
    except ModelError:
        in_use = None
    folders = {card.parent.resolve() for card in models.glob("*/*/card.json")}
    if in_use is not None:
        folders.add(in_use)
    listed = (_read_card(folder, in_use=folder == in_use) for folder in sorted(folders))
    return [model for model in listed if model is not None]


def _read_card(folder: Path, *, in_use: bool) -> ModelOut | None:
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        name, version, sha256 = str(card["name"]), str(card["version"]), str(card["sha256"])
        coverage = read_trust(card["trust"]).coverage if "trust" in card else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return ModelOut(
        model_id=f"{name}/{version}+sha256:{sha256[:12]}",
        name=name,
        version=version,
        in_use=in_use,
        coverage=coverage,
    )
