"""Which role may do what: the one table of the service. `gate.py` is the one place that holds to it.

Each route of the service is a row, `METHOD PATH` as the route spells it (`WS`: a WebSocket, `MOUNT`: files). A test
fails for a route without a row; with sign-in on, such a route is refused to everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.accounts.roles import PEOPLE, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use a route.

    roles: those who may. anyone: also without sign-in. here: also without sign-in from this computer.
    own_account: an account is needed also where the service is open (it is about accounts).
    lasting: the answer goes on for long, and ends when its caller may no longer see it.
    """

    roles: frozenset[Role] = frozenset()
    anyone: bool = False
    here: bool = False
    own_account: bool = False
    lasting: bool = False


ANYONE = Access(anyone=True)
ALL = Access(roles=frozenset(Role))
STREAM = Access(roles=frozenset(Role), lasting=True)
PERSON = Access(roles=frozenset(PEOPLE))
LOT_KEEPER = Access(roles=frozenset(Role))
RULE_MAKER = Access(roles=frozenset({Role.QA, Role.ENGINEER, Role.ADMIN}))
LINE_CLIENT = Access(roles=frozenset({Role.INTEGRATOR, Role.ENGINEER, Role.ADMIN}), lasting=True)
WATCHMAN = Access(roles=frozenset({Role.INTEGRATOR, Role.ENGINEER, Role.ADMIN}), here=True)
MEMBER = Access(roles=frozenset(PEOPLE), own_account=True)
KEEPER = Access(roles=frozenset({Role.ADMIN}), own_account=True)

ACCESS: Mapping[str, Access] = MappingProxyType(
    {
        # pictures and records
        "POST /api/v1/grade": ALL,
        "GET /api/v1/gradings/{grading_id}": ALL,
        "GET /api/v1/fruits": ALL,
        "GET /api/v1/fruits/{fruit_id}": ALL,
        "GET /api/v1/pictures/{name}": ALL,
        "GET /api/v1/overlays/{name}": ALL,
        "GET /api/v1/standards": ALL,
        "GET /api/v1/skus": ALL,
        # rules
        "GET /api/v1/skus/versions": ALL,
        "GET /api/v1/skus/versions/{name}": ALL,
        "GET /api/v1/standards/versions": ALL,
        "GET /api/v1/standards/versions/{name}": ALL,
        "POST /api/v1/skus/check": ALL,
        "POST /api/v1/standards/check": ALL,
        "POST /api/v1/skus/simulate": ALL,
        "POST /api/v1/skus/publish": RULE_MAKER,
        "POST /api/v1/standards/publish": RULE_MAKER,
        "POST /api/v1/skus/rollback": RULE_MAKER,
        "POST /api/v1/standards/rollback": RULE_MAKER,
        # models and samples
        "GET /api/v1/models": ALL,
        "GET /api/v1/samples": ALL,
        "GET /api/v1/samples/{name}/pictures/{view}": ALL,
        "GET /api/v1/samples/{name}/overlays/{view}": ALL,
        "GET /api/v1/openapi.json": ALL,
        # lots
        "GET /api/v1/lots": ALL,
        "POST /api/v1/lots": LOT_KEEPER,
        "GET /api/v1/lots/{lot_id}": ALL,
        "POST /api/v1/lots/{lot_id}/close": LOT_KEEPER,
        "POST /api/v1/lots/{lot_id}/regrade": RULE_MAKER,
        "GET /api/v1/lots/{lot_id}/fruits": ALL,
        "GET /api/v1/lots/{lot_id}/fruits/{lot_fruit_id}": ALL,
        # review
        "GET /api/v1/review": PERSON,
        "GET /api/v1/qa": PERSON,
        "GET /api/v1/review/{lot_fruit_id}": PERSON,
        "POST /api/v1/review/{lot_fruit_id}": PERSON,
        "GET /api/v1/review/{lot_fruit_id}/views/{position}/overlay": PERSON,
        "GET /api/v1/evidence/{name}": PERSON,
        # packing
        "GET /api/v1/lots/{lot_id}/cartons": ALL,
        "POST /api/v1/lots/{lot_id}/pack": LOT_KEEPER,
        "GET /api/v1/lots/{lot_id}/epcis": ALL,
        "GET /api/v1/cartons/{code}": ALL,
        "POST /api/v1/cartons/{code}/void": LOT_KEEPER,
        "GET /api/v1/cartons/{code}/label.png": ALL,
        "GET /api/v1/cartons/{code}/label.pdf": ALL,
        "GET /api/v1/labels.pdf": ALL,
        "GET /api/v1/pallets": ALL,
        "POST /api/v1/pallets": LOT_KEEPER,
        "GET /api/v1/pallets/{sscc}": ALL,
        "POST /api/v1/pallets/{sscc}/void": LOT_KEEPER,
        "GET /api/v1/pallets/{sscc}/label.png": ALL,
        "GET /api/v1/pallets/{sscc}/label.pdf": ALL,
        "GET /api/v1/trace": ALL,
        "GET /api/v1/lots/{lot_id}/statement.pdf": ALL,
        "GET /api/v1/lots/{lot_id}/statement.csv": ALL,
        # sorting lines
        "WS /api/v1/lines/{line}/frames": LINE_CLIENT,
        "GET /api/v1/lines": ALL,
        "GET /api/v1/lines/{line}": ALL,
        "GET /api/v1/lines/{line}/days": ALL,
        "GET /api/v1/lines/{line}/events": STREAM,
        "GET /api/v1/lines/{line}/lanes/{lane}/preview.jpg": ALL,
        # the computer
        "GET /healthz": WATCHMAN,
        "GET /readyz": WATCHMAN,
        "GET /metrics": WATCHMAN,
        # pages
        "GET /": PERSON,
        "GET /lines": PERSON,
        "GET /lines/{line}": PERSON,
        "GET /review": PERSON,
        "GET /labels": PERSON,
        "POST /labels/{lot_id}/scan": PERSON,
        "POST /labels/{lot_id}/pallet": PERSON,
        "POST /labels/{lot_id}/rest": PERSON,
        "GET /trace": PERSON,
        "POST /trace/void": PERSON,
        "GET /lots": PERSON,
        "POST /lots": PERSON,
        "GET /lots/open": PERSON,
        "GET /lots/compare": PERSON,
        "GET /lots/{lot_id}": PERSON,
        "GET /lots/{lot_id}/now": PERSON,
        "POST /lots/{lot_id}/close": PERSON,
        "GET /lots/{lot_id}/decide": PERSON,
        "POST /lots/{lot_id}/decide": RULE_MAKER,
        "GET /lots/{lot_id}/fruits": PERSON,
        "GET /lots/{lot_id}/fruits/{lot_fruit_id}": PERSON,
        "GET /lots/{lot_id}/statement": PERSON,
        "GET /growers": PERSON,
        "GET /growers/{grower_id}": PERSON,
        "GET /rules": PERSON,
        "GET /rules/{kind}/{name}": PERSON,
        "POST /rules/{kind}/{name}/draft": PERSON,
        "POST /rules/{kind}/{name}/fruit": PERSON,
        "POST /rules/{kind}/{name}/publish": RULE_MAKER,
        "POST /rules/{kind}/{name}/rollback": RULE_MAKER,
        "MOUNT /static": ANYONE,
        # accounts
        "GET /sign-in": ANYONE,
        "POST /sign-in": ANYONE,
        "GET /link": ANYONE,
        "POST /link": ANYONE,
        "GET /account": MEMBER,
        "POST /account/password": MEMBER,
        "POST /account/sessions": MEMBER,
        "POST /sign-out": MEMBER,
        "GET /users": KEEPER,
        "POST /users": KEEPER,
        "POST /users/{account_id}": KEEPER,
        "GET /keys": KEEPER,
        "POST /keys": KEEPER,
        "POST /keys/{key_id}": KEEPER,
    }
)
