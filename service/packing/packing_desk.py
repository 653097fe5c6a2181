"""What pages and routes ask of packing: cartons and pallets with their company, standard and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.errors import GraderError
from grader.lot_tolerances import ToleranceResult
from grader.rules import Standard
from grader.uniformity import SizeSpread
from service.archive import Archive
from service.errors import CompanyError, LabelDataError
from service.judging_rules import JudgingRules
from service.labels.drawing import LabelDrawing
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock, PalletStock
from service.labels.lot_history import LotHistory
from service.labels.typeface import Typeface
from service.packing.carton_label import carton_label
from service.packing.company import Company, read_company
from service.packing.lot_events import lot_history
from service.packing.lot_quality import carton_spread, lot_tolerances
from service.packing.packer import Packer
from service.packing.pallet_label import pallet_label
from service.packing.scan import read_scan
from service.store.packing_counts import FruitInCarton, PackingCounts
from service.store.packing_store import StoredCarton
from service.store.pallet_store import StoredPallet

ALL_CARTONS = 1_000_000
MOST_LABELS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingSummary:
    """Where the fruit of a lot are. waiting: by SKU, in cartons that still fill; not_packed: by SKU without a carton.

    finished_at: when the last cartons were closed. problem: why nothing can be packed. wrong_sums: empty, always.
    """

    counts: PackingCounts
    waiting: Mapping[str, int]
    not_packed: Mapping[str, int]
    finished_at: datetime | None
    problem: str | None
    wrong_sums: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a scan led to: a carton with its fruit, on a pallet or not; or a pallet."""

    carton: StoredCarton | None
    fruit: tuple[FruitInCarton, ...]
    pallet: StoredPallet | None


class PackingDesk:
    """Packing of one service. company_folder: of `company.toml`, which is read each time: a change counts at once."""

    def __init__(self, archive: Archive, rules: JudgingRules, company_folder: Callable[[], Path]) -> None:
        self._archive, self._rules, self._company_folder = archive, rules, company_folder
        self.packer = Packer(archive.lots, archive.cartons, rules)

    def company(self) -> Company:
        """Who packs. Raises CompanyError."""
        return read_company(self._company_folder())

    def summary(self, lot_id: int) -> PackingSummary:
        """Counts of a lot. Raises NotFoundError, StorageError."""
        counts = self._archive.packing.counts(lot_id)
        problem = None
        try:
            packed = self.packer.are_packed(lot_id, counts.loose)
        except GraderError as error:
            packed, problem = (True,) * len(counts.loose), str(error)
        waiting: Counter[str] = Counter()
        not_packed: Counter[str] = Counter()
        for one, is_packed in zip(counts.loose, packed, strict=True):
            (waiting if is_packed else not_packed)[one.sku_code] += one.fruit
        return PackingSummary(
            counts=counts,
            waiting=waiting,
            not_packed=not_packed,
            finished_at=self._archive.cartons.finished_at(lot_id),
            problem=problem,
            wrong_sums=wrong_sums(counts),
        )

    def spreads(self, cartons: Sequence[StoredCarton]) -> Mapping[int, tuple[SizeSpread, ...]]:
        """Size uniformity of cartons, by carton_id; none where standard or table are not here. Raises StorageError."""
        numbers = [one.carton_id for one in cartons]
        sizes = self._archive.packing.sizes(numbers)
        judges = self._archive.packing.judges_of(numbers)
        found: dict[int, tuple[SizeSpread, ...]] = {}
        for one in cartons:
            try:
                standard = self._rules.standard(judges[one.carton_id])
                table = self._rules.table(judges[one.carton_id])
            except GraderError:
                found[one.carton_id] = ()
                continue
            sized_by = next(
                (codes.measure for codes in table.size_codes if codes.crop == standard.crop), None
            )
            found[one.carton_id] = carton_spread(one, sizes[one.carton_id], standard, sized_by)
        return found

    def tolerances(self, lot_id: int) -> tuple[ToleranceResult, ...]:
        """The lot in its cartons against the standard of its first carton; none where it is not here."""
        first = self._archive.cartons.cartons(lot_id, limit=1)
        try:
            standard = self._standard(first[0]) if first else None
        except GraderError:
            standard = None
        return () if standard is None else lot_tolerances(self._archive.packing.packed_as(lot_id), standard)

    def carton_labels(
        self, codes: Sequence[str], stock: CartonStock, language: LabelLanguage, typeface: Typeface
    ) -> tuple[LabelDrawing, ...]:
        """Labels of cartons, in this order. Raises NotFoundError, and as `carton_label`, UnknownVersionError."""
        company = self.company()
        cartons = self._archive.cartons.named(codes)
        lots = {number: self._archive.lots.lot(number) for number in {one.lot_id for one in cartons}}
        return tuple(
            carton_label(one, lots[one.lot_id], company, self._standard(one), stock, language, typeface)
            for one in cartons
        )

    def pallet_label(
        self, sscc: str, stock: PalletStock, language: LabelLanguage, typeface: Typeface
    ) -> LabelDrawing:
        """The label of a pallet. Raises NotFoundError, and as `pallet_label`, UnknownVersionError."""
        company = self.company()
        pallet = self._archive.pallets.pallet(sscc)
        first = self._archive.cartons.named(pallet.cartons[:1])[0]
        lot = self._archive.lots.lot(pallet.lot_id)
        return pallet_label(pallet, first, lot, company, self._standard(first), stock, language, typeface)

    def history(self, lot_id: int) -> LotHistory:
        """A lot as trading partners are told. Raises NotFoundError, and as `lot_history`."""
        return lot_history(
            self._archive.lots.lot(lot_id),
            self._archive.cartons.cartons(lot_id, limit=ALL_CARTONS),
            self._archive.pallets.pallets(limit=ALL_CARTONS, lot_id=lot_id),
            self.company(),
        )

    def trace(self, scan: str) -> Found:
        """What was scanned. Without a company file the labels of any firm are looked up.

        Raises:
            LabelDataError: see `read_scan`; also a label of ours that says another lot than its carton is of.
            NotFoundError, StorageError
        """
        try:
            company = self.company()
        except CompanyError:
            company = None
        scanned = read_scan(scan, company)
        if scanned.carton is None:
            assert scanned.sscc is not None  # a scan is one of both
            return Found(carton=None, fruit=(), pallet=self._archive.pallets.pallet(scanned.sscc))
        (carton,) = self._archive.cartons.named([scanned.carton])
        lot = self._archive.lots.lot(carton.lot_id).code
        if scanned.lot not in (None, lot):
            raise LabelDataError(
                "scan", f"carton {carton.code}: expected lot {lot!r}, the label says {scanned.lot!r}"
            )
        return Found(
            carton=carton,
            fruit=self._archive.packing.fruit_of(carton.carton_id),
            pallet=None if carton.pallet is None else self._archive.pallets.pallet(carton.pallet),
        )

    def _standard(self, carton: StoredCarton) -> Standard:
        judges = self._archive.packing.judges_of([carton.carton_id])
        return self._rules.standard(judges[carton.carton_id])


def wrong_sums(counts: PackingCounts) -> tuple[str, ...]:
    """Sums that do not hold: of the fruit of a lot each is in one place, and cartons hold what they say."""
    loose, said = sum(one.fruit for one in counts.loose), sum(counts.on_labels.values())
    wrong = []
    if counts.stored != counts.again + loose + counts.in_cartons:
        wrong.append(
            f"stored: expected {counts.again} again + {loose} loose + {counts.in_cartons} in cartons, "
            f"got {counts.stored}"
        )
    if counts.in_cartons != said:
        wrong.append(f"in cartons: expected the {said} that the cartons say, got {counts.in_cartons}")
    return tuple(wrong)
