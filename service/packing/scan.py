"""What a hand scanner or a person typed -> a carton or a pallet of ours.

Taken are a carton's code, an SSCC, and element strings of our labels: with GS where FNC1 separates, with parentheses as
printed, or with the separators lost, as scanners that act as keyboards send them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from service.errors import LabelDataError
from service.labels.element_string import GS, SYMBOLOGY_PREFIXES, Element, read_message
from service.labels.sscc import check_sscc
from service.packing.company import Company

LONGEST_SCAN = 200
CARTON_CODE = re.compile(r"C[1-9][0-9]{0,9}-[0-9]{4,9}")
_SERIAL_AT_END = re.compile(rf"(01[0-9]{{14}}13.*?)21({CARTON_CODE.pattern})")
_PRINTED = re.compile(r"\(([0-9]{2,4})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """One of both: the code of a carton, or the SSCC of a pallet. gtin, lot: where the label said them."""

    carton: str | None = None
    sscc: str | None = None
    gtin: str | None = None
    lot: str | None = None


def read_scan(text: str, company: Company | None) -> Scanned:
    """What was scanned. company: to tell the labels of other firms; None: labels of any firm are taken for ours.

    Raises:
        LabelDataError: nothing we print, a wrong check digit, a label of another firm, or one that names goods only.
    """
    scanned = text.strip(" \t\r\n")
    if not scanned or len(scanned) > LONGEST_SCAN:
        raise LabelDataError("scan", f"expected 1 to {LONGEST_SCAN} characters, got {len(scanned)}")
    if CARTON_CODE.fullmatch(scanned.upper()):
        return Scanned(carton=scanned.upper())
    if re.fullmatch(r"[0-9]{18}", scanned):
        return _pallet(scanned, company)
    if re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", scanned):
        raise _only_goods(scanned)
    if not scanned.startswith((*SYMBOLOGY_PREFIXES, "(", GS)) and not re.match(r"[0-9]{4}", scanned):
        raise LabelDataError(
            "scan",
            f"expected a carton such as C12-0007, an SSCC of 18 digits or the code of a label, got {scanned!r}",
        )
    parts = {element.ai: element.value for element in _elements(scanned)}
    if "00" in parts:
        return _pallet(parts["00"], company)
    gtin = parts.get("01") or parts.get("02")
    if gtin is not None and company is not None and not company.owns_gtin(gtin):
        raise _other_firm(f"GTIN {gtin}", company)
    serial = parts.get("21")
    if serial is None:
        raise _only_goods(gtin or scanned)
    if not CARTON_CODE.fullmatch(serial):
        raise LabelDataError("scan", f"expected a carton such as C12-0007 in (21), got {serial!r}")
    return Scanned(carton=serial, gtin=gtin, lot=parts.get("10"))


def _elements(scanned: str) -> tuple[Element, ...]:
    plain = scanned
    for prefix in SYMBOLOGY_PREFIXES:
        plain = plain.removeprefix(prefix)
    if plain.startswith("("):
        pieces = _PRINTED.split(plain)[1:]
        return tuple(Element(ai, value) for ai, value in zip(pieces[::2], pieces[1::2], strict=True))
    lost = _SERIAL_AT_END.fullmatch(plain)
    if lost is not None and GS not in plain:  # the GTIN is first and the carton last on every label of ours
        return Element("01", plain[2:16]), Element("21", lost[2])
    return read_message(scanned)


def _pallet(sscc: str, company: Company | None) -> Scanned:
    check_sscc("sscc", sscc)
    if company is not None and not company.owns_sscc(sscc):
        raise _other_firm(f"SSCC {sscc}", company)
    return Scanned(sscc=sscc)


def _only_goods(gtin: str) -> LabelDataError:
    return LabelDataError(
        "scan",
        f"{gtin} names the goods, not one carton: scan the square code of the carton, or type its number",
    )


def _other_firm(what: str, company: Company) -> LabelDataError:
    return LabelDataError(
        "scan",
        f"expected a label of company prefix {company.company_prefix}, got {what}: a label of another firm",
    )
