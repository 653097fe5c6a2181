"""GS1 element strings: application identifiers, their values, and what a scanner sends for them.

Formats: `standards.md` 7.2 and the GS1 Barcode Syntax Dictionary. A value is checked when its `Element` is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import LabelDataError
from service.labels.check_digit import require_check_digit, require_digits

GS = "\x1d"  # scanners send this control character for a separating FNC1
CHARACTER_SET_82 = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
SYMBOLOGY_PREFIXES = ("]C1", "]d2")  # GS1-128, GS1 DataMatrix
MOST_DECIMALS = 5
WEIGHT_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementFormat:
    """What an application identifier may carry.

    shortest, longest: characters. numeric: digits only; otherwise character set 82. keyed: ends with a check digit.
    dated: YYMMDD, a real day. separated: FNC1 has to follow unless the symbol ends (its length is not predefined).
    """

    title: str
    shortest: int
    longest: int
    numeric: bool = True
    keyed: bool = False
    dated: bool = False
    separated: bool = False


def _key(title: str, digits: int) -> ElementFormat:
    return ElementFormat(title=title, shortest=digits, longest=digits, keyed=True)


def _day(title: str) -> ElementFormat:
    return ElementFormat(title=title, shortest=6, longest=6, dated=True)


def _text(title: str, longest: int) -> ElementFormat:
    return ElementFormat(title=title, shortest=1, longest=longest, numeric=False, separated=True)


def _number(title: str, longest: int) -> ElementFormat:
    return ElementFormat(title=title, shortest=1, longest=longest, separated=True)


def _weights(prefix: str, title: str) -> dict[str, ElementFormat]:
    """prefix + n for n decimals."""
    weight = ElementFormat(title=title, shortest=WEIGHT_DIGITS, longest=WEIGHT_DIGITS)
    return {f"{prefix}{decimals}": weight for decimals in range(MOST_DECIMALS + 1)}


FORMATS: dict[str, ElementFormat] = {
    "00": _key("SSCC", 18),
    "01": _key("GTIN", 14),
    "02": _key("CONTENT", 14),
    "10": _text("BATCH/LOT", 20),
    "11": _day("PROD DATE"),
    "13": _day("PACK DATE"),
    "15": _day("BEST BEFORE"),
    "21": _text("SERIAL", 20),
    "30": _number("VAR. COUNT", 8),
    **_weights("310", "NET WEIGHT (kg)"),
    **_weights("330", "GROSS WEIGHT (kg)"),
    "37": _number("COUNT", 8),
    "412": _key("PURCHASE FROM", 13),
    "414": _key("LOC No.", 13),
    "416": _key("PROD/SERV LOC", 13),
    "422": ElementFormat(title="ORIGIN", shortest=3, longest=3, separated=True),
    "427": _text("ORIGIN SUBDIVISION", 3),
}


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value, both as in the symbol. Raises LabelDataError."""

    ai: str
    value: str

    def __post_init__(self) -> None:
        form = FORMATS.get(self.ai)
        if form is None:
            raise LabelDataError(f"({self.ai})", f"expected one of the identifiers {', '.join(FORMATS)}")
        check_value(f"({self.ai}) {form.title}", self.value, form)

    @property
    def format(self) -> ElementFormat:
        """What its identifier may carry."""
        return FORMATS[self.ai]


def check_value(field: str, value: str, form: ElementFormat) -> None:
    """Refuse a value that does not follow the format. Raises LabelDataError."""
    kind = "digits" if form.numeric else "characters"
    if not form.shortest <= len(value) <= form.longest:
        wanted = f"{form.shortest}" if form.shortest == form.longest else f"{form.shortest} to {form.longest}"
        raise LabelDataError(field, f"expected {wanted} {kind}, got {len(value)} in {value!r}")
    if form.numeric:
        require_digits(field, value, (len(value),))
    elif stray := sorted(set(value) - CHARACTER_SET_82):
        raise LabelDataError(
            field,
            "expected letters A-Z a-z, digits and ! \" % & ' ( ) * + , - . / : ; < = > ? _ without spaces, "
            f"got {' '.join(map(repr, stray))} in {value!r}",
        )
    if form.keyed:
        require_check_digit(field, value)
    if form.dated:
        _require_day(field, value)


def lot_element(field: str, lot: str) -> Element:
    """(10). Raises LabelDataError that names the field."""
    check_value(field, lot, FORMATS["10"])
    return Element("10", lot)


def day_element(ai: str, day: date) -> Element:
    """(11), (13) or (15) of a day."""
    return Element(ai, day.strftime("%y%m%d"))


def weight_element(field: str, prefix: str, weight_kg: Decimal) -> Element:
    """(310n) or (330n) with as many decimals as the number is written with: 10.00 is (3102)001000.

    Args:
        prefix: "310" for the net weight of a trade item, "330" for the gross weight of a logistic unit.

    Raises:
        LabelDataError: not above 0, more than 5 decimals, or more than 6 digits in all.
    """
    if not weight_kg.is_finite() or weight_kg <= 0:
        raise LabelDataError(field, f"expected a weight above 0 kg, got {weight_kg}")
    exponent = weight_kg.as_tuple().exponent
    assert isinstance(exponent, int)  # a finite number
    decimals = max(0, -exponent)
    if decimals > MOST_DECIMALS:
        raise LabelDataError(
            field, f"expected at most {MOST_DECIMALS} decimals, got {decimals} in {weight_kg}"
        )
    number = str(int(weight_kg.scaleb(decimals)))
    if len(number) > WEIGHT_DIGITS:
        most = Decimal(10**WEIGHT_DIGITS - 1).scaleb(-decimals)
        raise LabelDataError(field, f"expected at most {most} kg with {decimals} decimals, got {weight_kg}")
    return Element(f"{prefix}{decimals}", number.zfill(WEIGHT_DIGITS))


def weight_kg(element: Element) -> Decimal:
    """The weight of (310n) or (330n), with its decimals."""
    return Decimal(element.value).scaleb(-int(element.ai[-1]))


def day_of(element: Element, *, today: date) -> date:
    """The day of (11), (13) or (15); of its centuries the one nearest to today.

    The year lies 49 before to 50 after the present one (GS1 General Specifications 7.12).
    """
    year, month, day = (int(element.value[at : at + 2]) for at in (0, 2, 4))
    ahead = (year - today.year) % 100
    return date(today.year + (ahead if ahead <= 50 else ahead - 100), month, day)


def message(elements: Iterable[Element]) -> str:
    """What a scanner sends: values joined, GS where FNC1 separates; no prefix that names the symbology."""
    parts = tuple(elements)
    last = len(parts) - 1
    return "".join(
        part.ai + part.value + (GS if part.format.separated and place < last else "")
        for place, part in enumerate(parts)
    )


def human_readable(elements: Iterable[Element]) -> str:
    """The human readable interpretation: identifiers in parentheses, which are not in the symbol."""
    return "".join(f"({element.ai}){element.value}" for element in elements)


def read_message(scanned: str) -> tuple[Element, ...]:
    """The elements of what a scanner sent, in order; a leading `]C1` or `]d2` and FNC1 are taken off.

    Raises:
        LabelDataError: an unknown identifier, a value that does not follow its format, the same one twice.
    """
    rest = scanned
    for prefix in SYMBOLOGY_PREFIXES:
        rest = rest.removeprefix(prefix)
    rest = rest.removeprefix(GS)
    found: list[Element] = []
    while rest:
        ai = next((rest[:length] for length in (2, 3, 4) if rest[:length] in FORMATS), None)
        if ai is None:
            raise LabelDataError(
                "code",
                f"expected one of the identifiers {', '.join(FORMATS)}, got {rest[:4]!r} in {scanned!r}",
            )
        form, rest = FORMATS[ai], rest[len(ai) :]
        if form.separated:
            value, _, rest = rest.partition(GS)
        else:
            value, rest = rest[: form.longest], rest[form.longest :].removeprefix(GS)
        if any(element.ai == ai for element in found):
            raise LabelDataError("code", f"expected each identifier once, got ({ai}) twice in {scanned!r}")
        found.append(Element(ai, value))
    if not found:
        raise LabelDataError("code", f"expected a GS1 element string, got {scanned!r}")
    return tuple(found)


def _require_day(field: str, value: str) -> None:
    year, month, day = (int(value[at : at + 2]) for at in (0, 2, 4))
    try:
        date(2000 + year, month, day)
    except ValueError as error:
        raise LabelDataError(field, f"expected a real day as YYMMDD, got {value!r}: {error}") from error
