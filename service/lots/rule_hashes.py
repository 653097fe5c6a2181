"""Which standard and SKU table judge the fruit of a line: ids, and the hashes of their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.errors import RecordError
from grader.pipeline import GradeOptions
from grader.rules import Standard
from grader.sku import load_sku_table
from grader.standard import load_standard
from service.store.judges import JudgedBy


class RuleHashes:
    """Hashes of rule files, each read once, when it is first asked for. standards: those that are installed."""

    def __init__(self, standards: Sequence[Standard]) -> None:
        self._standards = {standard.standard_id: standard.sha256 for standard in standards}
        self._files: dict[str, str] = {}

    def judged_by(self, record: Mapping[str, object], options: GradeOptions) -> JudgedBy:
        """What a record rests on. options: those it was graded with.

        Raises:
            RecordError: the record is no `fruit/1`. StandardError, SkuTableError: a file is not there any more.
        """
        grade, sku = record.get("grade"), record.get("sku")
        if not isinstance(grade, Mapping) or not isinstance(sku, Mapping):
            raise RecordError("grade, sku: expected objects")
        standard_id = str(grade.get("standard_id"))
        return JudgedBy(
            model_id=str(record.get("model_id")),
            standard_id=standard_id,
            standard_sha256=self._standard(standard_id, options.standard),
            sku_table_id=str(sku.get("table_id")),
            sku_table_sha256=self._sku_table(options.sku_table),
        )

    def _standard(self, standard_id: str, given: str | None) -> str:
        if given is not None and given.endswith(".toml"):
            if given not in self._files:
                self._files[given] = load_standard(given).sha256
            return self._files[given]
        return self._standards.get(standard_id, "")

    def _sku_table(self, given: str) -> str:
        if given not in self._files:
            self._files[given] = load_sku_table(given).sha256
        return self._files[given]
