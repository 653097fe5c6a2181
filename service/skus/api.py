"""Routes of rule files: what was published, check, simulate, publish, roll back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from grader.versions import RuleKind
from service.accounts.caller import name_of
from service.accounts.forms import caller_of
from service.api.error_docs import errors
from service.schemas import NAME
from service.services import RunningServices
from service.skus.rule_files import RuleFiles
from service.skus.schemas import (
    MOST_ROWS,
    ChangeOut,
    CheckOut,
    MoveOut,
    PackoutOut,
    PublishStandard,
    PublishTable,
    RollBack,
    SimulateIn,
    SimulationOut,
    StandardDraft,
    TableDraft,
    VersionsOut,
)

router = APIRouter(prefix="/api/v1", tags=["rules"])

RuleName = Annotated[str, Path(pattern=NAME)]


def _rule_files(services: RunningServices) -> RuleFiles:
    return services.rule_files


def _who(request: Request, said: str | None) -> str:
    """The account that is signed in; without a sign-in who is named in the request."""
    caller = caller_of(request)
    return name_of(caller) if caller is not None or said is None else said


Files = Annotated[RuleFiles, Depends(_rule_files)]


def _versions(files: RuleFiles, kind: RuleKind) -> VersionsOut:
    found = files.changes(kind)
    return VersionsOut(
        versions={name: [ChangeOut.of(one) for one in changes] for name, changes in found.items()}
    )


@router.get("/skus/versions", summary="Published SKU tables", responses=errors(422))
def sku_versions(files: Files) -> VersionsOut:
    """Who put what in force when and why, by table, newest first."""
    return _versions(files, RuleKind.SKU_TABLE)


@router.get("/skus/versions/{name}", summary="Versions of a SKU table", responses=errors(404, 422))
def versions_of_table(name: RuleName, files: Files) -> list[ChangeOut]:
    """Newest first; the first is in force."""
    return [ChangeOut.of(one) for one in files.changes_of(RuleKind.SKU_TABLE, name)]


@router.get("/standards/versions", summary="Published standards", responses=errors(422))
def standard_versions(files: Files) -> VersionsOut:
    """Who put what in force when and why, by standard, newest first."""
    return _versions(files, RuleKind.STANDARD)


@router.get("/standards/versions/{name}", summary="Versions of a standard", responses=errors(404, 422))
def versions_of_standard(name: RuleName, files: Files) -> list[ChangeOut]:
    """Newest first; the first is in force."""
    return [ChangeOut.of(one) for one in files.changes_of(RuleKind.STANDARD, name)]


@router.post("/skus/check", summary="Check a SKU table", responses=errors(400, 413, 422))
def check_table(draft: TableDraft, files: Files) -> CheckOut:
    """Every fault of a draft, or what it changes. Nothing is stored."""
    return files.check_table(draft)


@router.post("/standards/check", summary="Check a standard", responses=errors(400, 413, 422))
def check_standard(draft: StandardDraft, files: Files) -> CheckOut:
    """Every fault of a draft, or what it changes. Nothing is stored."""
    return files.check_standard(draft)


@router.post("/skus/simulate", summary="What would change", responses=errors(400, 404, 413, 422))
def simulate(asked: SimulateIn, services: RunningServices) -> SimulationOut:
    """The packout of fruit under two standards and tables, and which fruit move. Nothing is stored."""
    found = services.what_if.answer(asked)
    moved = found.simulation.changed[:MOST_ROWS] if asked.rows else found.simulation.changed[:0]
    return SimulationOut(
        before=PackoutOut.of(found.simulation.before.packout),
        after=PackoutOut.of(found.simulation.after.packout),
        changed=len(found.simulation.changed),
        moves=[MoveOut.model_validate(move, from_attributes=True) for move in found.simulation.moves],
        rows=moved.tolist(),
        lot_fruit_ids=[] if found.lot_fruit_ids is None else found.lot_fruit_ids[moved].tolist(),
        corrected=found.corrected,
        took_ms={"rules": found.rules_ms, "read": found.read_ms, "decide": found.decide_ms},
    )


@router.post("/skus/publish", summary="Publish a SKU table", responses=errors(400, 409, 413, 422, 507))
def publish_table(request: Request, asked: PublishTable, files: Files) -> ChangeOut:
    """Put a draft without faults in force. 409: somebody was quicker."""
    return ChangeOut.of(files.publish_table(asked, _who(request, asked.who)))


@router.post("/standards/publish", summary="Publish a standard", responses=errors(400, 409, 413, 422, 507))
def publish_standard(request: Request, asked: PublishStandard, files: Files) -> ChangeOut:
    """Put a draft without faults in force. 409: somebody was quicker."""
    return ChangeOut.of(files.publish_standard(asked, _who(request, asked.who)))


@router.post(
    "/skus/rollback", summary="Back to an older SKU table", responses=errors(400, 404, 409, 413, 422, 507)
)
def roll_back_table(request: Request, asked: RollBack, files: Files) -> ChangeOut:
    """Put an older version in force again; it becomes the newest change."""
    return ChangeOut.of(files.roll_back(RuleKind.SKU_TABLE, asked, _who(request, asked.who)))


@router.post(
    "/standards/rollback", summary="Back to an older standard", responses=errors(400, 404, 409, 413, 422, 507)
)
def roll_back_standard(request: Request, asked: RollBack, files: Files) -> ChangeOut:
    """Put an older version in force again; it becomes the newest change."""
    return ChangeOut.of(files.roll_back(RuleKind.STANDARD, asked, _who(request, asked.who)))
