"""The page of a model for people: what it is, what it was trained on, what it measures, where it fails."""

from __future__ import annotations

from typing import Any

from grader.model_card import ModelCard
from training.goals import GOALS

LIMITS = """\
- Bruises, punctures, bitter pit, hail, sunburn and most melon defects were never seen on photographs, only in
  the simulator; their figures are simulation.
- Photographs of rot and scab are web pictures and show severe cases; early rot is learned from the simulator.
- Hami and white honeydew melons are simulated only. Melon photographs are shop piles without outlines.
- A strong colour cast without a colour calibration spoils blush, which is measured in CIELAB.
- One view sees about half of a fruit: a class from one view is provisional and says so.
- A plate of the colour of the apple on it, or a coloured shadow, is at times taken as part of the apple.
- Of apples under strong magenta light some are found in pieces or not at all (`multiview_station_nekoder`).
- Defects at the rim of the view, small pale ones, and those on nearly their own colour are often missed in the
  simulator: the error of the defect area says how often.
- Oranges are known from `produce.onnx`, the backbone's published classifier; other round things only from the
  simulator.
- The kind of a defect is less sure than that there is one: on photographs only rot and scab are labelled."""


def figures_table(figures: dict[str, dict[str, Any]]) -> str:
    """Markdown table of one group of figures, as `training evaluate --json` prints them."""
    rows = ["| figure | value | 95 % interval | n | reach | aim |", "|---|---|---|---|---|---|"]
    for name, figure in figures.items():
        value, low, high = (_number(figure[key], figure["unit"]) for key in ("value", "low", "high"))
        reach, aim = _limits(name, figure["unit"])
        unit = f" ({figure['unit']})" if figure["unit"] not in ("share", "IoU", "mm") else ""
        rows.append(f"| `{name}`{unit} | {value} | {low} to {high} | {figure['n']} | {reach} | {aim} |")
    return "\n".join(rows)


def _quick_look(card: ModelCard) -> str:
    """What is said of the network for the quick look, where there is one."""
    if card.quick is None:
        return ""
    return """\
`quick/` holds a small network in 8-bit integers, with a card of its own: on a line it looks at every view of a turning
fruit and says which deserve a close look (decision 0035). The figures below are of close looks at every view.
"""


def _close_look(card: ModelCard) -> str:
    """What is said of the network for the close looks of a line, where there is one."""
    if card.close is None:
        return ""
    return """\
`close/` holds this network in 8-bit integers for the close looks of a line, which shows it fruit at fewer pixels
(decision 0037).
"""


def model_readme(card: ModelCard, report: dict[str, Any]) -> str:
    """The whole page. report: what `training evaluate --json` printed for this model."""
    if report.get("model_id") != card.model_id:
        raise ValueError(f"expected figures of {card.model_id}, got {report.get('model_id')}")
    sets = "\n".join(f"| {entry['name']} | {entry['licence']} |" for entry in card.trained_on)
    return f"""# {card.name} {card.version}

`{card.model_id}`

One network for finding apples and melons, for their surface (sound skin, stem, calyx, thirteen kinds of defect) and
for the netting of melons. EfficientNet-Lite0 with a small feature pyramid; input RGB, the whole frame at
{card.input.find_side_px} px and each fruit at {card.input.fruit_side_px} px. `card.json` is what the grader reads;
weights that do not match its sha256 are refused. `produce.onnx` gives a second opinion on
oranges, lemons and bananas where the network is not sure.
{_quick_look(card)}{_close_look(card)}
## Measured

Real photographs (`val` split, never trained on): `python -m training evaluate --no-simulated`

{figures_table(report["photographs"])}

Simulated fruit (held-out seeds; one view each unless ten are named; apples at 0.35 mm/px, melons at 0.9):
`python -m training evaluate --no-photographs`

{figures_table(report["simulator"])}

## Trained on

| set | licence as stated |
|---|---|
{sets}

Some of these sets state no licence, or a licence for the labels alone. Training can be restricted (`licences` in
the config); a model for a site with strict rules is one run away.

## Limits

{LIMITS}
"""


def _limits(name: str, unit: str) -> tuple[str, str]:
    goal = GOALS.get(name)
    if goal is None:
        return "", ""
    near = "" if goal.around is None else f"{100 * goal.around:g} % ± "
    shown = (
        f"{limit:g}" if unit == "IoU" else f"{limit:g} mm" if unit == "mm" else f"{100 * limit:g} %"
        for limit in (goal.reach, goal.aim)
    )
    reach, aim = (near + limit for limit in shown)
    return reach, aim


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    if unit == "mm":
        return f"{value:.2f} mm"
    if unit == "IoU":
        return f"{value:.3f}"
    return f"{100 * value:.1f} %"
