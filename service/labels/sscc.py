"""The number of a pallet: serial shipping container code (SSCC, GS1 General Specifications 2.2.1 and 3.2)."""

from __future__ import annotations

from service.errors import LabelDataError, SsccExhaustedError
from service.labels.check_digit import check_digit, require_check_digit, require_digits

SHORTEST_PREFIX, LONGEST_PREFIX = 4, 12
BODY_DIGITS = 16  # company prefix and serial reference together


def serials_of(company_prefix: str) -> int:
    """How many pallets a company prefix can number under one extension digit. Raises LabelDataError."""
    check_company_prefix(company_prefix)
    return int(10 ** (BODY_DIGITS - len(company_prefix)))


def allocate_sscc(company_prefix: str, extension: int, serial: int) -> str:
    """The SSCC of a pallet: extension digit, company prefix, serial reference, check digit; 18 digits.

    `allocate_sscc("6901234", 3, 1)` is `"369012340000000017"`. Who calls it keeps the serial and never gives one twice
    (GS1 asks for at least a year).

    Raises:
        LabelDataError: a prefix or an extension that cannot be, a negative serial.
        SsccExhaustedError: the serial needs more digits than the prefix leaves.
    """
    available = serials_of(company_prefix)
    if not 0 <= extension <= 9:
        raise LabelDataError("extension", f"expected 0 to 9, got {extension}")
    if serial < 0:
        raise LabelDataError("serial", f"expected 0 or more, got {serial}")
    if serial >= available:
        raise SsccExhaustedError(
            f"serial: expected at most {available - 1} under company prefix {company_prefix} and extension "
            f"{extension}, got {serial}; all its numbers are given out, take another extension digit"
        )
    body = f"{extension}{company_prefix}{serial:0{BODY_DIGITS - len(company_prefix)}d}"
    return body + check_digit(body)


def check_company_prefix(company_prefix: str) -> None:
    """Refuse what is no GS1 company prefix (4 to 12 digits). Raises LabelDataError."""
    require_digits("company_prefix", company_prefix, tuple(range(SHORTEST_PREFIX, LONGEST_PREFIX + 1)))


def check_sscc(field: str, sscc: str) -> None:
    """Refuse what is no SSCC: 18 digits with the right check digit. Raises LabelDataError."""
    require_digits(field, sscc, (18,))
    require_check_digit(field, sscc)
