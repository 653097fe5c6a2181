"""The company that packs: its GS1 keys and what its labels say, read from `company.toml` in the data folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.toml_file import TomlTable, read_toml
from service.errors import CompanyError, LabelDataError
from service.labels.check_digit import gtin_14
from service.labels.country import country_of
from service.labels.epc_uri import check_gln, lgtin_uri, place_uri
from service.labels.printed_text import require_text
from service.labels.sscc import check_company_prefix

COMPANY_FILE = "company.toml"
COMPANY_SCHEMA = "company/1"
_ANY_LOT = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Who packs. Keys are checked. sscc_extension: first digit of pallet numbers, 0-9. site_gln: of the warehouse.

    address: None where it is not given. origin: country, two letters. time_zone: of the days and hours that are told.
    gtin: 14 digits by SKU. goods_gtin, culls_gtin: by crop, of fruit as delivered and of what is not packed.
    grower_gln: by name of the grower.
    """

    company_prefix: str
    sscc_extension: int
    site_gln: str
    packer: str
    address: str | None
    origin: str
    time_zone: ZoneInfo
    gtin: Mapping[str, str]
    goods_gtin: Mapping[str, str]
    culls_gtin: Mapping[str, str]
    grower_gln: Mapping[str, str]

    def gtin_of(self, sku: str) -> str:
        """The GTIN of the cartons of a SKU. Raises CompanyError: it has none."""
        return _entry(self.gtin, "gtin", sku)

    def goods_gtin_of(self, crop: str) -> str:
        """The GTIN of fruit as delivered. Raises CompanyError: the crop has none."""
        return _entry(self.goods_gtin, "goods_gtin", crop)

    def culls_gtin_of(self, crop: str) -> str:
        """The GTIN of fruit that are not packed. Raises CompanyError: the crop has none."""
        return _entry(self.culls_gtin, "culls_gtin", crop)

    def owns_gtin(self, gtin: str) -> bool:
        """Whether a GTIN of 14 digits has the company's prefix."""
        return gtin[1:].startswith(self.company_prefix)

    def owns_sscc(self, sscc: str) -> bool:
        """Whether an SSCC has the company's prefix."""
        return sscc[1:].startswith(self.company_prefix)


def read_company(folder: Path) -> Company:
    """The company of a data folder.

    Raises:
        CompanyError: the file is missing or has faults; all of them, each with file and line.
    """
    path = folder / COMPANY_FILE
    if not path.is_file():
        raise CompanyError(
            f"{COMPANY_FILE}: expected this file in the data folder, with GS1 prefix, GTINs and packer, found none; "
            "docs/labels.md shows one"
        )
    top = read_toml(path)
    top.text("schema", one_of=(COMPANY_SCHEMA,))
    prefix = _checked(top, "company_prefix", _prefix)
    extension = top.number("sscc_extension", low=0, high=9, default=0)
    if extension != int(extension):
        top.problem(f"sscc_extension: expected a whole number 0-9, got {extension}", "sscc_extension")
    known = bool(prefix)
    site = _checked(top, "site_gln", lambda key, gln: _own_place(key, gln, prefix) if known else gln)
    packer = _checked(top, "packer", _printed)
    address = _checked(top, "address", _printed) if top.has("address") else None
    origin = _checked(top, "origin", country_of)
    zone = top.text("time_zone", default="UTC")
    time_zone = ZoneInfo("UTC")
    try:
        time_zone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.problem(f"time_zone: expected a name such as Asia/Shanghai, got {zone!r}", "time_zone")

    def own_gtin(key: str, gtin: str) -> str:
        whole = gtin_14(key, gtin)
        if known:
            lgtin_uri(whole, _ANY_LOT, prefix)
        return whole

    company = Company(
        company_prefix=prefix,
        sscc_extension=int(extension),
        site_gln=site,
        packer=packer,
        address=address,
        origin=origin,
        time_zone=time_zone,
        gtin=_checked_table(top, "gtin", own_gtin),
        goods_gtin=_checked_table(top, "goods_gtin", own_gtin),
        culls_gtin=_checked_table(top, "culls_gtin", own_gtin),
        grower_gln=_checked_table(top, "grower_gln", _gln),
    )
    top.finish()
    if top.problems:
        raise CompanyError("\n".join(top.problems))
    return company


def _entry(table: Mapping[str, str], name: str, key: str) -> str:
    found = table.get(key)
    if found is None:
        raise CompanyError(f"{COMPANY_FILE}: [{name}]: expected a GTIN for {key!r}, found none")
    return found


Check = Callable[[str, str], str]


def _checked(table: TomlTable, key: str, check: Check) -> str:
    """A text that `check` takes; empty, with the fault noted, where it does not."""
    text = table.text(key)
    if not text:
        return ""
    try:
        return check(key, text)
    except LabelDataError as error:
        table.problem(str(error), key)
        return ""


def _checked_table(top: TomlTable, key: str, check: Check) -> Mapping[str, str]:
    table = top.table(key, required=False)
    if table is None:
        return MappingProxyType({})
    found = {name: _checked(table, name, check) for name in table.keys()}
    table.finish()
    return MappingProxyType(found)


def _prefix(_key: str, value: str) -> str:
    check_company_prefix(value)
    return value


def _own_place(_key: str, gln: str, prefix: str) -> str:
    place_uri(gln, prefix)
    return gln


def _gln(key: str, gln: str) -> str:
    check_gln(key, gln)
    return gln


def _printed(key: str, text: str) -> str:
    require_text(key, text)
    return text
