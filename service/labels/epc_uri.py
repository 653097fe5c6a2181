"""GS1 keys as the URIs that EPCIS events name things by (EPC Tag Data Standard, pure identity URIs)."""

from __future__ import annotations

from service.errors import LabelDataError
from service.labels.check_digit import gtin_14, require_check_digit, require_digits
from service.labels.element_string import lot_element
from service.labels.sscc import check_company_prefix, check_sscc

_ESCAPED = str.maketrans({letter: f"%{ord(letter):02X}" for letter in '"%&/<>?'})


def lgtin_uri(gtin: str, lot: str, company_prefix: str) -> str:
    """The class of all goods of a GTIN and lot: `urn:epc:class:lgtin:6901234.900001.2611-L7`.

    Raises:
        LabelDataError: a key that cannot be, or a GTIN of another company prefix.
    """
    key = gtin_14("gtin", gtin)
    lot_element("lot", lot)
    item = _after_prefix("gtin", key[1:13], company_prefix)
    return f"urn:epc:class:lgtin:{company_prefix}.{key[0]}{item}.{lot.translate(_ESCAPED)}"


def sscc_uri(sscc: str, company_prefix: str) -> str:
    """One pallet: `urn:epc:id:sscc:6901234.3000000001`. Raises LabelDataError as `lgtin_uri`."""
    check_sscc("sscc", sscc)
    serial = _after_prefix("sscc", sscc[1:17], company_prefix)
    return f"urn:epc:id:sscc:{company_prefix}.{sscc[0]}{serial}"


def place_uri(gln: str, company_prefix: str) -> str:
    """A place of the company by its GLN: `urn:epc:id:sgln:6901234.00001.0`. Raises LabelDataError as `lgtin_uri`."""
    check_gln("site_gln", gln)
    return f"urn:epc:id:sgln:{company_prefix}.{_after_prefix('site_gln', gln[:12], company_prefix)}.0"


def party_uri(field: str, gln: str) -> str:
    """Another party by its GLN, whose company prefix need not be known (GS1 Digital Link). Raises LabelDataError."""
    check_gln(field, gln)
    return f"https://id.gs1.org/417/{gln}"


def check_gln(field: str, gln: str) -> None:
    """Refuse what is no GLN: 13 digits with the right check digit. Raises LabelDataError."""
    require_digits(field, gln, (13,))
    require_check_digit(field, gln)


def _after_prefix(field: str, digits: str, company_prefix: str) -> str:
    check_company_prefix(company_prefix)
    if not digits.startswith(company_prefix):
        raise LabelDataError(field, f"expected a number of company prefix {company_prefix}, got {digits}")
    return digits.removeprefix(company_prefix)
