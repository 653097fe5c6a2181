"""Keeps graded uploads: the pictures on disk first, then the records in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from service.errors import StorageError
from service.grade_pictures import GradedPicture, GradedUpload
from service.store.account_store import AccountStore
from service.store.correction_store import CorrectionStore
from service.store.database import database_url, open_database
from service.store.evidence_store import EvidenceStore
from service.store.fruit_store import FruitStore
from service.store.lot_reader import LotReader
from service.store.lot_store import LotStore
from service.store.packing_counts import PackingQuestions
from service.store.packing_store import PackingStore
from service.store.pallet_store import PalletStore
from service.store.picture_folder import PictureFolder
from service.store.record_store import NewGrading, RecordStore, StoredGrading, StoredPicture
from service.store.regrade_store import RegradeStore
from service.store.review_store import ReviewStore
from service.uploads import Upload


class Archive:
    """The database, and in the data folder `pictures/` (as uploaded), `overlays/` (annotated, can be made again) and
    `evidence/` (views of fruit of lots)."""

    def __init__(
        self,
        *,
        records: RecordStore,
        accounts: AccountStore,
        lots: LotStore,
        fruit: FruitStore,
        lot_reader: LotReader,
        regrades: RegradeStore,
        cartons: PackingStore,
        packing: PackingQuestions,
        pallets: PalletStore,
        pictures: PictureFolder,
        overlays: PictureFolder,
        evidence: EvidenceStore,
        corrections: CorrectionStore,
        review: ReviewStore,
        views: PictureFolder,
    ) -> None:
        self.records = records
        self.accounts = accounts
        self.lots = lots
        self.fruit = fruit
        self.lot_reader = lot_reader
        self.regrades = regrades
        self.cartons = cartons
        self.packing = packing
        self.pallets = pallets
        self.pictures = pictures
        self.overlays = overlays
        self.evidence = evidence
        self.corrections = corrections
        self.review = review
        self.views = views

    @classmethod
    def open(cls, data_dir: Path, *, min_free_bytes: int, database: str | None = None) -> Archive:
        """Open or make the data folder, and the database at the URL `database` (None: a file in the folder).

        Raises:
            StorageError
        """
        url = database_url(database, data_dir)
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{data_dir}: cannot be used as data folder: {error.strerror}") from error
        engine = open_database(url)
        return cls(
            records=RecordStore(engine),
            accounts=AccountStore(engine),
            lots=LotStore(engine),
            fruit=FruitStore(engine),
            lot_reader=LotReader(engine),
            regrades=RegradeStore(engine),
            cartons=PackingStore(engine),
            packing=PackingQuestions(engine),
            pallets=PalletStore(engine),
            pictures=PictureFolder(data_dir / "pictures", min_free_bytes=min_free_bytes),
            overlays=PictureFolder(data_dir / "overlays", min_free_bytes=min_free_bytes),
            evidence=EvidenceStore(engine),
            corrections=CorrectionStore(engine),
            review=ReviewStore(engine),
            views=PictureFolder(data_dir / "evidence", min_free_bytes=min_free_bytes),
        )

    def check_space(self, uploads: Sequence[Upload]) -> None:
        """Refuse before any work is done. Annotated pictures are taken to be as large as the uploads.

        Raises:
            StorageFullError
        """
        self.pictures.check_space(2 * sum(len(upload.data) for upload in uploads))

    def keep(self, graded: GradedUpload, *, options: Mapping[str, object]) -> StoredGrading:
        """Store everything; what this returns is on disk.

        Raises:
            StorageError: no record was stored.
        """
        return self.records.add(
            NewGrading(
                graded_at=graded.graded_at,
                duration_ms=graded.duration_ms,
                options=options,
                notes=graded.notes,
                pictures=tuple(self._keep_picture(picture) for picture in graded.pictures),
                records=graded.records,
            )
        )

    def close(self) -> None:
        """Close the database."""
        self.records.close()

    def _keep_picture(self, picture: GradedPicture) -> StoredPicture:
        overlay = next(iter(picture.overlays.values()), None)
        return StoredPicture(
            frame_id=picture.upload.name,
            picture_hash=self.pictures.save(picture.upload.data),
            overlay_hash=None if overlay is None else self.overlays.save(overlay),
            width_px=picture.width_px,
            height_px=picture.height_px,
        )
