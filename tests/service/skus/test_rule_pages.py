"""The pages of rules without a browser: every bad input gets a message that says file, line, expected and actual."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from grader.sku import SKU_TABLES_FOLDER
from grader.versions import RuleKind
from service.accounts.roles import Role
from tests.grader.test_sku_faults import SIZES, TABLE
from tests.service.accounts.conftest import guarded, hands
from tests.service.accounts.people import Visitor, add_person
from tests.service.running import RunningService, error_code
from tests.service.skus.rule_lot import fill_lot
from tests.service.skus.test_api import EU_TEXT, STRICTER, post

__all__ = ["guarded", "hands"]

STANDARD = "/rules/standards/apple_eu_2023_2429"
SITE = "/rules/skus/site"
BAD_STANDARDS = [
    (('key = "bruise"', 'kye = "bruise"'), "missing key 'key'", "a typo in a key"),
    (("I = 1.0, II = 1.5", "I = 1.0, III = 1.5"), "II: expected a number", "a typo in a class"),
    (("extra = 60, I = 60, II = 60", "extra = 6, I = 6, II = 6"), "cm", "cm for mm"),
    (
        ("I = 1.0, II = 1.5", "I = 2.0, II = 1.5"),
        "class I (2) allows more than class II (1.5)",
        "a wrong order",
    ),
]
BAD_TABLES = [
    (('"I", "II"]', '"I", "Two"]'), "", "expected class", "a typo in a class"),
    (('crops = ["apple"]', 'crop = ["apple"]'), "", "crop", "a typo in a key"),
    (('sizes = ["L"]', 'sizes = ["XL"]'), "", "XL", "an unknown size"),
    (('[[rules]]\ncode = "REST"\noutlet = "juice"\n', ""), "", "last", "a gap: no rule takes the rest"),
    (("from = 70 }", "from = 72 }"), "sizes", "70", "a gap between sizes"),
    (("to = 70 }", "to = 74 }"), "sizes", "overlaps", "an overlap of sizes"),
    (("from = 60, to = 70", "from = 6, to = 7"), "sizes", "cm", "cm for mm"),
    (
        ('classes = ["I", "II"]', 'classes = ["extra"]\nsizes = ["L"]\ncolours = ["RED"]'),
        "",
        "no fruit ever comes to rule",
        "unreachable",
    ),
]


def draft(visitor: Visitor, page: str, **fields: str) -> str:
    """What the page says of a text, as words."""
    answer = visitor.form(page, f"{page}/draft", source="text", **fields)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


@pytest.fixture
def visitor(service: RunningService) -> Visitor:
    return Visitor(service)


@pytest.fixture
def site(service: RunningService) -> dict[str, Any]:
    """A table with a size table of its own, in force."""
    found: dict[str, Any] = post(
        service, "skus/publish", draft={"text": TABLE, "sizes": {"site_sizes": SIZES}}, reason="first"
    )
    return found


@pytest.mark.parametrize(("change", "said", "what"), BAD_STANDARDS, ids=[one[2] for one in BAD_STANDARDS])
def test_a_bad_standard_is_told_on_page_and_api(
    service: RunningService, visitor: Visitor, change: tuple[str, str], said: str, what: str
) -> None:
    text = EU_TEXT.replace(*change, 1)
    assert text != EU_TEXT, what
    (fault, *_) = post(service, "standards/check", text=text)["faults"]
    assert fault.startswith("standard.toml:")
    assert said in fault
    assert fault in draft(visitor, STANDARD, text=text)
    assert error_code(
        service.post("/api/v1/standards/publish", json={"draft": {"text": text}, "reason": "x"}), 422
    )
    refused = visitor.form(STANDARD, f"{STANDARD}/publish", source="text", text=text, reason="x")
    assert refused.status_code == 422
    assert fault in unescape(refused.text)
    assert service.get("/api/v1/standards/versions").json() == {"versions": {}}


@pytest.mark.parametrize(("change", "part", "said", "what"), BAD_TABLES, ids=[one[3] for one in BAD_TABLES])
def test_a_bad_table_is_told_on_page_and_api(
    service: RunningService,
    visitor: Visitor,
    site: dict[str, Any],
    change: tuple[str, str],
    part: str,
    said: str,
    what: str,
) -> None:
    text, sizes = (TABLE, SIZES.replace(*change, 1)) if part else (TABLE.replace(*change, 1), SIZES)
    assert (text, sizes) != (TABLE, SIZES), what
    faults = post(service, "skus/check", text=text, sizes={"site_sizes": sizes})["faults"]
    assert faults
    assert said in "\n".join(faults)
    fields = {"text": text, "size-text:site_sizes": sizes}
    assert faults[0] in draft(visitor, SITE, **fields)
    refused = visitor.form(
        SITE, f"{SITE}/publish", source="text", reason="x", replaces=site["sha256"], **fields
    )
    assert refused.status_code == 422
    assert faults[0] in unescape(refused.text)
    assert [one["number"] for one in service.get("/api/v1/skus/versions/site").json()] == [1]


def test_half_a_file_is_told(service: RunningService, visitor: Visitor) -> None:
    half = EU_TEXT[: EU_TEXT.index("maximum = { extra = 0, I = 1.0") + 20]
    (fault, *_) = post(service, "standards/check", text=half)["faults"]
    assert fault.startswith("standard.toml")
    assert fault in draft(visitor, STANDARD, text=half)


def test_a_file_of_another_name_is_told(visitor: Visitor) -> None:
    text = EU_TEXT.replace('id = "apple_eu_2023_2429"', 'id = "mine"', 1).replace(
        "default_for_crop = true", "default_for_crop = false"
    )
    assert "id: expected 'apple_eu_2023_2429', got 'mine'" in draft(visitor, STANDARD, text=text)


def test_a_body_of_any_size_is_refused_while_it_comes(service: RunningService) -> None:
    """5 GB are never read: it ends at the first bytes over the limit (1 MB here)."""
    taken = 0

    async def endless() -> Any:
        nonlocal taken
        while taken < 5_000_000_000:
            taken += 65_536
            yield b"#" * 65_536

    for path in (
        "/api/v1/skus/check",
        "/api/v1/standards/publish",
        f"{STANDARD}/draft",
        f"{STANDARD}/publish",
    ):
        taken = 0
        answer = service.post(path, content=endless())
        assert error_code(answer, 413) == "upload_too_large"
        assert "expected a body of at most 1,000,000 bytes" in answer.json()["error"]["message"]
        assert taken < 2_000_000


def test_publishing_over_a_newer_version_is_told_in_words(service: RunningService, visitor: Visitor) -> None:
    post(service, "standards/publish", draft={"text": STRICTER}, reason="quicker")
    late = visitor.form(
        STANDARD, f"{STANDARD}/publish", source="text", text=EU_TEXT, reason="late", replaces="0" * 64
    )
    assert late.status_code == 409
    said = unescape(late.text)
    assert "somebody put another version in force after you opened this page" in said
    assert "expected 000000000000 in force, " in said
    assert "quicker" in said


def test_an_unknown_lot_or_rule_is_told(service: RunningService, visitor: Visitor) -> None:
    fill_lot(service.services.archive, "L1", 3)
    said = draft(visitor, STANDARD, text=EU_TEXT, lots="lot:99")
    assert "no lot 99" in said
    assert "expected lot:NUMBER" in draft(visitor, STANDARD, text=EU_TEXT, lots="lot:x")
    season = {"lots": "season:apple", "first": "2020-01-01", "last": "2020-01-02"}
    assert "expected lots of apple that arrived 2020-01-01" in draft(
        visitor, STANDARD, text=EU_TEXT, **season
    )
    assert visitor.get("/rules/standards/nothing").status_code == 404
    assert visitor.get("/rules/other/nothing").status_code == 422


def test_without_a_reason_nothing_is_published_or_rolled_back(
    service: RunningService, visitor: Visitor
) -> None:
    for action in ("publish", "rollback"):
        refused = visitor.form(STANDARD, f"{STANDARD}/{action}", source="text", text=STRICTER, reason="  ")
        assert refused.status_code == 422
        assert "say why" in refused.text
    assert service.get("/api/v1/standards/versions").json() == {"versions": {}}


def test_the_default_of_a_crop_stays_one(service: RunningService) -> None:
    text = EU_TEXT.replace('id = "apple_eu_2023_2429"', 'id = "mine"', 1).replace('["unece_ffv50"]', "[]")
    refused = service.post("/api/v1/standards/publish", json={"draft": {"text": text}, "reason": "x"})
    assert error_code(refused, 422) == "invalid_standard"
    assert "apple_eu_2023_2429 is the default of apple already" in refused.text
    none = {"text": EU_TEXT.replace("default_for_crop = true", "default_for_crop = false")}
    refused = service.post("/api/v1/standards/publish", json={"draft": none, "reason": "x"})
    assert error_code(refused, 422) == "invalid_standard"
    assert "expected true and crop 'apple', nothing else is its default; got false" in refused.text
    assert service.get("/api/v1/standards/versions").json() == {"versions": {}}


def test_who_publishes_is_who_is_signed_in(guarded: RunningService) -> None:
    accounts = guarded.services.accounts
    add_person(accounts, "Wang Wei", Role.QA)
    add_person(accounts, "李娜", Role.STAFF)
    staff, checker = Visitor(guarded), Visitor(guarded)
    staff.sign_in("李娜")
    checker.sign_in("Wang Wei")
    seen = staff.get(STANDARD)
    assert seen.status_code == 200
    assert "Publish</button>" not in seen.text
    assert (
        staff.form(STANDARD, f"{STANDARD}/publish", source="text", text=STRICTER, reason="x").status_code
        == 403
    )
    done = checker.form(
        STANDARD, f"{STANDARD}/publish", source="text", text=STRICTER, reason="customer", who="boss"
    )
    assert (done.status_code, done.headers["location"]) == (303, f"{STANDARD}?done=published")
    changes = guarded.services.rule_files.changes_of(RuleKind.STANDARD, "apple_eu_2023_2429")
    newest = changes[0]
    assert (newest.who, newest.reason) == ("Wang Wei", "customer")


def test_an_installed_table_can_be_gone_back_to(service: RunningService, visitor: Visitor) -> None:
    page = "/rules/skus/default"
    text = (SKU_TABLES_FOLDER / "default.toml").read_text(encoding="utf-8")
    sizes = service.services.rule_files.rules.sku_table("default").files[1:]
    fields = {f"size-text:{name.removesuffix('.toml')}": content.decode() for name, content in sizes}
    moved = text.replace('outlet = "pack_second"', 'outlet = "juice"')
    done = visitor.form(
        page, f"{page}/publish", source="text", text=moved, reason="juice is paid better", **fields
    )
    assert done.status_code == 303, done.text
    first, second = reversed(service.get("/api/v1/skus/versions/default").json())
    assert (first["reason"], second["reason"]) == ("as installed", "juice is paid better")
    back = visitor.form(page, f"{page}/rollback", to=first["sha256"], replaces=second["sha256"], reason="no")
    assert back.status_code == 303
    assert service.services.rules.sku_table("default").sha256 == first["sha256"]
